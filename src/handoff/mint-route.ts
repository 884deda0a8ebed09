// POST /v1/sso: a partner's server asks for a link. The order of the checks is part of the contract: headers, credentials,
// body, enabled, user.

import { Hono, type MiddlewareHandler } from 'hono';
import { z } from 'zod';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { Deps } from '../deps.ts';
import { isChosenId } from '../foundation/ids.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import { type AppContext, type AppEnv, prove } from '../http/context.ts';
import { authenticateCaller, PARTNER_HEADERS } from '../partners/caller.ts';
import { allowedPrefixes } from '../partners/path-prefixes.ts';
import { findStanding, getEnabledStanding } from '../partners/standing.ts';
import { findUserByPartnerId } from '../users/partner-member-store.ts';
import { mintSsoToken } from './mint.ts';
import { judgeRedirectPath } from './redirect-path.ts';
import { ownPaths } from './own-paths.ts';
import type { TokenSubject } from './sso-token.ts';

/** The body; which paths are allowed is for judgeRedirectPath. */
export const SSO_REQUEST = z.object({ redirect_path: z.string().min(1).max(2048) });

/**
 * The user is named by our id, or by the partner's own. @throws Problem invalid-request when both are there: they may be two
 */
function requiredHeaders(c: AppContext): string[] {
  const field = 'x-partner-user-id';
  if (!c.req.header(field)) return [...PARTNER_HEADERS, 'x-user-id'];
  if (c.req.header('x-user-id'))
    throw invalidRequest([{ field, message: 'Send x-user-id or x-partner-user-id, not both', code: 'conflict' }]);
  return [...PARTNER_HEADERS];
}

/** An x-user-id of the form of an id is an authentic claim of an authenticated caller, and recorded whatever becomes of it. */
function noteUser(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const user_id = c.req.header('x-user-id') ?? '';
    if (isChosenId(user_id)) prove(c, { user_id });
    await next();
  };
}

/** The user whom the request names. @throws Problem user-not-found, unless the caller may do nothing at all */
async function getUserId({ db }: Deps, c: AppContext): Promise<string> {
  const partner_user_id = c.req.header('x-partner-user-id') ?? '';
  if (partner_user_id === '') return c.req.header('x-user-id') ?? '';
  const caller = c.get('caller');
  const user_id = await findUserByPartnerId(db, { ...caller, partner_user_id });
  if (user_id === undefined) {
    await getEnabledStanding(db, caller);
    throw new Problem('user-not-found', 'There is no user with this partner_user_id in this organization', {
      received: 'an x-partner-user-id that no user of yours has here',
    });
  }
  prove(c, { user_id });
  return user_id;
}

/** @throws Problem invalid-request with the rule that the path breaks */
async function requireRedirectPath(deps: Deps, subject: Omit<TokenSubject, 'user_id'>): Promise<void> {
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
    recordPartnerRefusals(deps, 'sso_token.minted'),
    authenticateCaller(deps, requiredHeaders),
    noteUser(),
    boundedBody('application/json'),
    jsonBody(SSO_REQUEST),
    async (c) => {
      const { partner_id, organization_id } = c.get('caller');
      const { redirect_path } = c.req.valid('json');
      prove(c, { redirect_path });
      await requireRedirectPath(deps, { partner_id, organization_id, redirect_path });
      const user_id = await getUserId(deps, c);
      const data = await mintSsoToken(deps, { partner_id, organization_id, user_id, redirect_path }, c.get('request'));
      return success(c, deps, { message: 'SSO token created successfully', data });
    },
  );
  return routes;
}
