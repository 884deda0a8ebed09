// The caller of an operation below /v1/organizations/{organization_id}: a partner's server with an access token and the
// organization's secret.

import type { MiddlewareHandler } from 'hono';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { Problem } from '../foundation/problem.ts';
import { type AppContext, type AppEnv, prove, requireSingleHeaders, header } from '../http/context.ts';
import { authenticateOrganization } from '../partners/authentication.ts';
import { refuseBrowsers } from '../partners/caller.ts';
import { findCredential, isActiveCredential } from '../partners/credential-store.ts';
import type { Scope } from '../partners/scopes.ts';
import { getEnabledStanding } from '../partners/standing.ts';
import { TokenFault } from '../signing-keys/signed-token.ts';
import { type AccessGrant, verifyAccessToken } from './access-token.ts';

/** RFC 6750, 3.1: one answer for whatever is wrong with a token; the log has the reason. */
function invalidToken(cause: string): Problem {
  return new Problem('authentication-required', 'invalid token', {
    headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    cause,
  });
}

function bearerToken(c: AppContext): string {
  const [, token] = /^Bearer +(\S+)$/i.exec(header(c, 'authorization') ?? '') ?? [];
  if (token === undefined) throw invalidToken('no bearer token');
  return token;
}

async function getGrant(deps: Deps, c: AppContext): Promise<AccessGrant> {
  const token = bearerToken(c);
  const grant = await verifyAccessToken(deps, token).catch((error: unknown) => {
    throw error instanceof TokenFault ? invalidToken(error.message) : error;
  });
  const now = deps.clock();
  if (now >= grant.expires_at) throw invalidToken('expired');
  const credential = await findCredential(deps.db, grant.credential_id);
  if (credential === undefined || !isActiveCredential(credential, timestamp(now)))
    throw invalidToken('the secret it was got with has ended');
  return grant;
}

/** Checks the organization's secret, which comes along with every call. */
async function requireOrganizationSecret(deps: Deps, c: AppContext, grant: AccessGrant): Promise<string> {
  const organization_secret = header(c, 'x-organization-secret') ?? '';
  const headers = { 'www-authenticate': 'Bearer' };
  if (organization_secret === '')
    throw new Problem('authentication-required', 'Missing x-organization-secret', { headers });
  const { partner_id, organization_id } = grant;
  try {
    const given = { partner_id, organization_id, organization_secret };
    const { credential_id } = await authenticateOrganization({ db: deps.db, now: deps.clock() }, given);
    return credential_id;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Problem(error.slug, error.detail, { headers, cause: error.cause });
  }
}

/** Of the token's scopes those that the integration is still approved for. @throws Problem insufficient-scope */
function requireScope(grant: AccessGrant, approved: readonly Scope[], scope: Scope): void {
  if (grant.scopes.includes(scope) && approved.includes(scope)) return;
  throw new Problem('insufficient-scope', `This operation needs the scope ${scope}`, {
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  });
}

/**
 * For an operation of the organization in the path. @throws Problem browser-request-refused, authentication-required,
 * not-found for another organization, partner-suspended and the like, insufficient-scope
 */
export function authenticateBearer(deps: Deps, scope?: Scope): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    requireSingleHeaders(c);
    refuseBrowsers(c);
    const grant = await getGrant(deps, c);
    const { partner_id, organization_id } = grant;
    prove(c, { partner_id });
    const credential_id = await requireOrganizationSecret(deps, c, grant);
    prove(c, { organization_id });
    if (c.req.param('organization_id') !== organization_id)
      throw new Problem('not-found', 'The access token is not for this organization');
    const { integration } = await getEnabledStanding(deps.db, grant);
    if (scope !== undefined) requireScope(grant, integration.scopes, scope);
    c.set('caller', { partner_id, organization_id, credential_ids: [grant.credential_id, credential_id] });
    await next();
  };
}
