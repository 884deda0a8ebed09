// POST /v1/sso: a partner's server asks for a link. The order of the checks is part of the contract: headers, credentials,
// body, enabled, user.

import { Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { isChosenId } from '../foundation/ids.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import { type AppContext, type AppEnv, prove, singleHeaders } from '../http/context.ts';
import { isFromScript } from '../http/fetch-metadata.ts';
import { authenticateOrganization, authenticatePartner } from '../partners/authentication.ts';
import { findStanding } from '../partners/standing.ts';
import { recordRefusals } from './attempt.ts';
import { mintSsoToken } from './mint.ts';
import { isUnderPrefix, judgeRedirectPath } from './redirect-path.ts';
import { ownPaths } from './own-paths.ts';
import type { TokenSubject } from './sso-token.ts';

/** In the documented order, which a refusal lists them in. */
const REQUIRED_HEADERS = [
  'x-partner-id',
  'x-partner-secret',
  'x-organization-id',
  'x-organization-secret',
  'x-user-id',
] as const;

/** The body; which paths are allowed is for judgeRedirectPath. */
export const SSO_REQUEST = z.object({ redirect_path: z.string().min(1).max(2048) });

/** @throws Problem browser-request-refused */
function refuseBrowsers(c: AppContext): void {
  if (!isFromScript(c)) return;
  throw new Problem(
    'browser-request-refused',
    'This request came from a web page. Secrets do not belong in a browser: call this operation from your server',
  );
}

function header(c: AppContext, name: (typeof REQUIRED_HEADERS)[number]): string {
  return c.req.header(name) ?? '';
}

/** @throws Problem invalid-request */
function requireHeaders(c: AppContext): void {
  const missing = REQUIRED_HEADERS.filter((name) => header(c, name) === '');
  if (missing.length > 0) throw new Problem('invalid-request', `Missing required headers: ${missing.join(', ')}`);
}

/** Establishes partner and organization; x-user-id is then an authentic claim, and recorded if it has the form of an id. */
async function authenticate({ db, clock }: Deps, c: AppContext): Promise<void> {
  const given = {
    partner_id: header(c, 'x-partner-id'),
    partner_secret: header(c, 'x-partner-secret'),
    organization_id: header(c, 'x-organization-id'),
    organization_secret: header(c, 'x-organization-secret'),
  };
  await authenticatePartner(db, given, clock());
  prove(c, { partner_id: given.partner_id });
  await authenticateOrganization(db, given, clock());
  const user_id = header(c, 'x-user-id');
  prove(c, { organization_id: given.organization_id, ...(isChosenId(user_id) && { user_id }) });
}

function authenticateCaller(deps: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    refuseBrowsers(c);
    requireHeaders(c);
    await authenticate(deps, c);
    await next();
  };
}

/** What both the deployment and the integration allow: of two prefixes, one inside the other, the inner one. */
function allowedPrefixes(deployment: string[], integration: string[] | undefined): string[] {
  if (integration === undefined) return deployment;
  return deployment.flatMap((outer) =>
    integration.flatMap((prefix) => {
      if (isUnderPrefix(prefix, outer)) return [prefix];
      return isUnderPrefix(outer, prefix) ? [outer] : [];
    }),
  );
}

/** @throws Problem invalid-request with the rule that the path breaks */
async function requireRedirectPath(deps: Deps, subject: TokenSubject): Promise<void> {
  const { PORTAL_URL, REDIRECT_PATH_PREFIXES } = deps.config;
  const standing = await findStanding(deps.db, subject);
  const verdict = judgeRedirectPath(subject.redirect_path, {
    portal_origin: PORTAL_URL,
    allowed_prefixes: allowedPrefixes(REDIRECT_PATH_PREFIXES, standing?.integration.redirect_path_prefixes),
    own_paths: ownPaths(deps.config),
  });
  if (!verdict.ok) throw invalidRequest([{ field: 'redirect_path', message: verdict.message, code: verdict.code }]);
}

/** To be mounted under the API's base path. */
export function mintRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post(
    '/v1/sso',
    recordRefusals(deps, 'sso_token.minted', () => 'partner'),
    singleHeaders(),
    authenticateCaller(deps),
    boundedBody('application/json'),
    jsonBody(SSO_REQUEST),
    async (c) => {
      const subject: TokenSubject = {
        partner_id: header(c, 'x-partner-id'),
        organization_id: header(c, 'x-organization-id'),
        user_id: header(c, 'x-user-id'),
        redirect_path: c.req.valid('json').redirect_path,
      };
      prove(c, { redirect_path: subject.redirect_path });
      await requireRedirectPath(deps, subject);
      const data = await mintSsoToken(deps, subject, c.get('request'));
      return success(c, deps, { message: 'SSO token created successfully', data });
    },
  );
  return routes;
}
