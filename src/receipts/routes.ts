// Receipts: a partner looks up what became of its attempts to sign users on, and takes back a link that nobody has used.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordEvent } from '../audit/audit.ts';
import type { Database } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { queryParameters } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { pageCursor, pageLimit, paginate } from '../http/pagination.ts';
import { authenticateCaller, requireEnabledCaller } from '../partners/caller.ts';
import { revokeUnspentToken } from '../sso-tokens/store.ts';
import { describeAttempt, describeEvent } from './receipt.ts';
import {
  type AttemptRow,
  findAttempt,
  type Horizon,
  listAttempts,
  listTokenEvents,
  outcomeOf,
  OUTCOMES,
} from './store.ts';

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

const moment = z.iso
  .datetime({ offset: true, error: 'must be a moment with its zone, such as 2026-11-22T05:30:00Z' })
  .transform((text) => Date.parse(text));

const LIST_QUERY = z.object({
  limit: pageLimit,
  lastKey: pageCursor('evt'),
  user_id: z.string().max(64).optional(),
  outcome: z.enum(OUTCOMES).optional(),
  request_id: z.string().max(64).optional(),
  from: moment.optional(),
  until: moment.optional(),
});

function horizonOf({ config, clock }: Deps): Horizon {
  const now = clock();
  return { oldest: now - config.RECEIPT_DAYS * DAY_MILLISECONDS, now: timestamp(now) };
}

async function list(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<Response> {
  const { limit, lastKey: before, ...filter } = query;
  const horizon = horizonOf(deps);
  const wanted = { integration: c.get('caller'), filter, horizon };
  const rows = await listAttempts(deps.db, wanted, { limit: limit + 1, before });
  const { page, pagination } = paginate(rows, limit, (row) => row.event_id);
  const data = page.map((row) => describeAttempt(row, deps.config, horizon.now));
  return success(c, deps, { message: `Retrieved ${page.length} attempts successfully`, data, pagination });
}

/** @throws Problem attempt-not-found */
async function getAttempt(db: Database, c: AppContext, horizon: Horizon): Promise<AttemptRow> {
  const request_id = c.req.param('request_id') ?? '';
  const attempt = await findAttempt(db, { integration: c.get('caller'), request_id, horizon });
  if (attempt === undefined) throw new Problem('attempt-not-found', 'There is no attempt with this request id');
  return attempt;
}

async function describeWithEvents(deps: Deps, c: AppContext): Promise<object> {
  const horizon = horizonOf(deps);
  const attempt = await getAttempt(deps.db, c, horizon);
  const later = await listTokenEvents(deps.db, attempt);
  const events = (later.length === 0 ? [attempt] : later).map((event) => describeEvent(event, deps.config));
  return { ...describeAttempt(attempt, deps.config, horizon.now), events };
}

const NOT_REVOCABLE = {
  refused: 'The attempt was refused: there is no link',
  redeemed: 'The link has been used already',
  expired: 'The link has expired already',
} as const;

/** False when it was revoked before. @throws Problem attempt-not-found or not-revocable */
async function revoke(deps: Deps, c: AppContext): Promise<boolean> {
  return deps.db.transaction().execute(async (tx) => {
    const horizon = horizonOf(deps);
    const { jti, user_id } = await getAttempt(tx, c, horizon);
    if (jti !== null && (await revokeUnspentToken(tx, jti, horizon.now))) {
      const { partner_id, organization_id } = c.get('caller');
      const subject = { partner_id, organization_id, jti, ...(user_id !== null && { user_id }) };
      const author = { actor: 'partner', request: c.get('request') } as const;
      await recordEvent(tx, { ...author, action: 'sso_token.revoked', ...subject }, deps);
      return true;
    }
    // Read again: a browser may have come first just now.
    const outcome = outcomeOf(await getAttempt(tx, c, horizon), horizon.now);
    if (outcome === 'redeemed' || outcome === 'expired' || outcome === 'refused')
      throw new Problem('not-revocable', NOT_REVOCABLE[outcome]);
    return false;
  });
}

/** To be mounted under the API's base path. */
export function receiptRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const attempts = '/v1/sso/attempts';
  const caller = [authenticateCaller(deps), requireEnabledCaller(deps)] as const;
  routes.get(attempts, ...caller, queryParameters(LIST_QUERY), (c) => list(deps, c, c.req.valid('query')));
  routes.get(`${attempts}/:request_id`, ...caller, async (c) => {
    const data = await describeWithEvents(deps, c);
    return success(c, deps, { message: 'Attempt retrieved successfully', data });
  });
  routes.delete(`${attempts}/:request_id`, ...caller, async (c) => {
    const revoked = await revoke(deps, c);
    const message = revoked ? 'SSO link revoked successfully' : 'SSO link is already revoked';
    return success(c, deps, { message, data: await describeWithEvents(deps, c) });
  });
  return routes;
}
