// POST /v1/token: a partner's server trades its secrets for an access token (RFC 6749, 4.4, in the contract's own spelling), and
// GET …/validate: it shows that token and secret work, which marks the integration as connected.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordEvent } from '../audit/audit.ts';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { Problem, validationError } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { authenticateCaller, byPartner } from '../partners/caller.ts';
import { type Scope, SCOPES } from '../partners/scopes.ts';
import { getEnabledStanding } from '../partners/standing.ts';
import { updateIntegrationConnected } from '../partners/store.ts';
import { ACCESS_TOKEN_LIFETIME_SECONDS, signAccessToken } from './access-token.ts';
import { authenticateBearer } from './bearer.ts';

/** RFC 6749, 3.3 scope-token. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]{1,64}$/;

export const TOKEN_REQUEST = z.object({
  grantType: z.literal('client_credentials'),
  scope: z.array(z.string().regex(SCOPE_TOKEN, 'must be a scope such as read:user')).min(1).max(20).optional(),
});

/** Those that are asked for and approved; whatever else is asked for is not granted, and the answer shows it. */
async function getGrantedScopes(deps: Deps, c: AppContext, asked: readonly string[] = SCOPES): Promise<Scope[]> {
  const { integration } = await getEnabledStanding(deps.db, c.get('caller'));
  const approved = integration.scopes;
  const granted = approved.filter((scope) => asked.includes(scope));
  if (granted.length > 0) return granted;
  const what = approved.length === 0 ? 'none' : approved.join(', ');
  throw new Problem('insufficient-scope', `None of these scopes is approved for this integration; approved: ${what}`);
}

async function issue(deps: Deps, c: AppContext, asked: readonly string[] | undefined): Promise<Response> {
  const { partner_id, organization_id, credential_ids } = c.get('caller');
  const scopes = await getGrantedScopes(deps, c, asked);
  const grant = { partner_id, organization_id, credential_id: credential_ids[0] ?? '', scopes };
  const { access_token, jti } = await signAccessToken(deps, grant);
  const event = {
    action: 'access_token.issued',
    target_id: jti,
    partner_id,
    organization_id,
    detail: { scopes },
  } as const;
  await recordEvent(deps.db, { ...byPartner(c), ...event }, deps);
  const data = {
    accessToken: access_token,
    expiresIn: ACCESS_TOKEN_LIFETIME_SECONDS,
    tokenType: 'Bearer',
    scope: scopes,
  };
  return success(c, deps, { message: 'Access token created successfully', data });
}

/** Notes the first time. */
async function connect(deps: Deps, c: AppContext): Promise<void> {
  const { partner_id, organization_id } = c.get('caller');
  await deps.db.transaction().execute(async (tx) => {
    const connected_at = timestamp(deps.clock());
    if (!(await updateIntegrationConnected(tx, { partner_id, organization_id }, connected_at))) return;
    await recordEvent(tx, { ...byPartner(c), action: 'integration.connected', partner_id, organization_id }, deps);
  });
}

/** To be mounted under the API's base path. */
export function accessTokenRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.post(
    '/v1/token',
    recordPartnerRefusals(deps, 'access_token.issued'),
    authenticateCaller(deps),
    boundedBody('application/json'),
    jsonBody(TOKEN_REQUEST, validationError),
    (c) => issue(deps, c, c.req.valid('json').scope),
  );
  routes.get('/v1/organizations/:organization_id/validate', authenticateBearer(deps), async (c) => {
    await connect(deps, c);
    return success(c, deps, { message: 'Successfully validated token', data: { validated: true } });
  });
  return routes;
}
