// A user's sessions from the partner's side: those that this partner's links have opened in this organization, and no others.

import { Hono } from 'hono';
import { z } from 'zod';
import { authenticateBearer } from '../access-tokens/bearer.ts';
import { recordEvent } from '../audit/audit.ts';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import { lockAccess } from '../db/database.ts';
import type { SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { isChosenId } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { queryParameters } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { pageCursor, pageLimit, paginate } from '../http/pagination.ts';
import { byPartner } from '../partners/caller.ts';
import { closeSession } from '../sessions/session.ts';
import { revokeUnspentTokens } from '../sso-tokens/store.ts';
import { endSessions, findSession, listSessions } from '../sessions/store.ts';
import { getPartnerMember, type MemberKey } from './member.ts';
import { memberKey } from './request.ts';

const SESSIONS = '/v1/organizations/:organization_id/users/:user_id/sessions';

const LIST_QUERY = z.object({
  limit: pageLimit,
  lastKey: pageCursor('ses'),
});

function describe({ session_id, kind, created_at, idle_expires_at, expires_at }: SessionsTable) {
  return { session_id, embed: kind === 'embed', created_at, idle_expires_at, expires_at };
}

async function list(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<Response> {
  const { limit, lastKey: before } = query;
  const key = memberKey(c);
  await getPartnerMember(deps.db, key);
  const filter = { ...key, live_at: timestamp(deps.clock()) };
  const rows = await listSessions(deps.db, filter, { limit: limit + 1, ...(before !== undefined && { before }) });
  const { page, pagination } = paginate(rows, limit, (row) => row.session_id);
  const message = `Retrieved ${page.length} sessions successfully`;
  return success(c, deps, { message, data: page.map(describe), pagination });
}

/** Ends the sessions, and the links that would start another one. */
async function endAll(deps: Deps, c: AppContext): Promise<Response> {
  const key = memberKey(c);
  const ended = await deps.db.transaction().execute(async (tx) => {
    await lockAccess(tx, 'exclusive');
    await getPartnerMember(tx, key);
    const now = timestamp(deps.clock());
    const links_revoked = await revokeUnspentTokens(tx, key, now);
    const sessions_ended = await endSessions(tx, key, { ended_at: now, end_reason: 'revoked' });
    const detail = { reason: 'revoked', sessions_ended, tokens_revoked: links_revoked };
    await recordEvent(tx, { ...byPartner(c), action: 'session.ended', ...key, detail }, deps);
    return { sessions_ended, links_revoked };
  });
  const message = `Ended ${ended.sessions_ended} sessions successfully`;
  return success(c, deps, { message, data: { user_id: key.user_id, ...ended } });
}

function isOf(session: SessionsTable, { partner_id, organization_id, user_id }: MemberKey): boolean {
  return (
    session.partner_id === partner_id && session.organization_id === organization_id && session.user_id === user_id
  );
}

async function endOne(deps: Deps, c: AppContext, session_id: string): Promise<Response> {
  const key = memberKey(c);
  await deps.db.transaction().execute(async (tx) => {
    await getPartnerMember(tx, key);
    const session = isChosenId(session_id) ? await findSession(tx, session_id) : undefined;
    const is_own = session !== undefined && isOf(session, key);
    if (!is_own || !(await closeSession(tx, { session_id, reason: 'revoked', ...byPartner(c) }, deps)))
      throw new Problem('not-found', 'This user has no such session');
  });
  return c.body(null, 204);
}

/** To be mounted under the API's base path. */
export function userSessionRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get(SESSIONS, authenticateBearer(deps, 'read:user'), queryParameters(LIST_QUERY), (c) =>
    list(deps, c, c.req.valid('query')),
  );
  const refusals = recordPartnerRefusals(deps, 'session.ended');
  routes.delete(SESSIONS, refusals, authenticateBearer(deps, 'update:user'), (c) => endAll(deps, c));
  routes.delete(`${SESSIONS}/:session_id`, refusals, authenticateBearer(deps, 'update:user'), (c) =>
    endOne(deps, c, c.req.param('session_id')),
  );
  return routes;
}
