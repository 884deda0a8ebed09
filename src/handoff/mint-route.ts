// POST /v1/sso: a partner's server asks for a link. The order of the checks is part of the contract: headers, credentials,
// body, enabled, user.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { Deps } from '../deps.ts';
import { isChosenId } from '../foundation/ids.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { readJson } from '../http/body.ts';
import { type AppContext, type AppEnv, type Caller, header, prove } from '../http/context.ts';
import { getCaller, PARTNER_HEADERS } from '../partners/caller.ts';
import { allowedPrefixes } from '../partners/path-prefixes.ts';
import { getEnabledStanding } from '../partners/standing.ts';
import { findUserByPartnerId } from '../users/partner-member-store.ts';
import { mintSsoToken } from './mint.ts';
import { judgeRedirectPath, type RedirectPathRules } from './redirect-path.ts';
import { ownPaths } from './own-paths.ts';

/** The body; which paths are allowed is for judgeRedirectPath. */
export const SSO_REQUEST = z.object({ redirect_path: z.string().min(1).max(2048) });

/**
 * The user is named by our id, or by the partner's own. @throws Problem invalid-request when both are there: they may be two
 */
function requiredHeaders(c: AppContext): string[] {
  const field = 'x-partner-user-id';
  if (!header(c, field)) return [...PARTNER_HEADERS, 'x-user-id'];
  if (header(c, 'x-user-id'))
    throw invalidRequest([{ field, message: 'Send x-user-id or x-partner-user-id, not both', code: 'conflict' }]);
  return [...PARTNER_HEADERS];
}

/** An x-user-id of the form of an id is an authentic claim of an authenticated caller, and recorded whatever becomes of it. */
function noteUser(c: AppContext): void {
  const user_id = header(c, 'x-user-id') ?? '';
  if (isChosenId(user_id)) prove(c, { user_id });
}

/** The user whom the request names. @throws Problem user-not-found, unless the caller may do nothing at all */
async function getUserId({ db }: Deps, c: AppContext, caller: Caller): Promise<string> {
  const partner_user_id = header(c, 'x-partner-user-id') ?? '';
  if (partner_user_id === '') return header(c, 'x-user-id') ?? '';
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
function requireRedirectPath(
  redirect_path: string,
  narrowed: string[] | undefined,
  { allowed_prefixes, ...rules }: RedirectPathRules,
): void {
  const verdict = judgeRedirectPath(redirect_path, {
    ...rules,
    allowed_prefixes: allowedPrefixes(allowed_prefixes, narrowed),
  });
  if (!verdict.ok) throw invalidRequest([{ field: 'redirect_path', message: verdict.message, code: verdict.code }]);
}

/** To be mounted under the API's base path. */
export function mintRoutes(deps: Deps): Hono<AppEnv> {
  const { PORTAL_URL, REDIRECT_PATH_PREFIXES } = deps.config;
  const rules = {
    portal_origin: PORTAL_URL,
    allowed_prefixes: REDIRECT_PATH_PREFIXES,
    own_paths: ownPaths(deps.config),
  };
  const routes = new Hono<AppEnv>();
  routes.post('/v1/sso', recordPartnerRefusals(deps, 'sso_token.minted'), async (c) => {
    const caller = await getCaller(deps, c, requiredHeaders);
    noteUser(c);
    const { redirect_path } = await readJson(c, SSO_REQUEST);
    prove(c, { redirect_path });
    const { partner_id, organization_id } = caller;
    const requirePath = (narrowed: string[] | undefined) => requireRedirectPath(redirect_path, narrowed, rules);
    requirePath(caller.redirect_path_prefixes);
    const user_id = await getUserId(deps, c, caller);
    const subject = { partner_id, organization_id, user_id, redirect_path };
    const data = await mintSsoToken(deps, subject, { request: c.get('request'), requirePath });
    return success(c, deps, { message: 'SSO token created successfully', data });
  });
  return routes;
}
