// Receipts: a partner looks up what became of its attempts to sign users on, and takes back a link that nobody has used.

import { Hono } from 'hono';
import { z } from 'zod';
import { recordEvent } from '../audit/audit.ts';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { Database } from '../db/database.ts';
import type { Deps } from '../deps.ts';
import { DAY_MILLISECONDS, timestamp } from '../foundation/clock.ts';
import { isChosenId } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { queryParameters } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { pageCursor, pageLimit } from '../http/pagination.ts';
import { authenticateCaller, byPartner, requireEnabledCaller } from '../partners/caller.ts';
import { revokeUnspentToken } from '../sso-tokens/store.ts';
import { describeAttempt, describeEvent } from './receipt.ts';
import {
  type AttemptQuery,
  type AttemptRow,
  findAttempt,
  type Horizon,
  listAttempts,
  listTokenEvents,
  outcomeOf,
  OUTCOMES,
} from './store.ts';

const moment = z.iso
  .datetime({ offset: true, error: 'must be a moment with its zone, such as 2026-11-22T05:30:00Z (write a + as %2B)' })
  .transform((text) => Date.parse(text));

/** PostgreSQL would not even look for a U+0000. */
const id = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\x21-\x7e]*$/, 'must have visible ASCII characters only');

const LIST_QUERY = z.object({
  limit: pageLimit,
  lastKey: pageCursor('evt'),
  user_id: id.optional(),
  outcome: z.enum(OUTCOMES).optional(),
  request_id: id.optional(),
  from: moment.optional(),
  until: moment.optional(),
});

function horizonOf({ config, clock }: Deps): Horizon {
  const now = clock();
  return { oldest: now - config.RECEIPT_DAYS * DAY_MILLISECONDS, now: timestamp(now) };
}

/** A request id finds one attempt, which has to be what else is asked for. */
async function lookUp(deps: Deps, query: AttemptQuery & { request_id: string }): Promise<AttemptRow[]> {
  const { integration, filter, horizon, request_id } = query;
  const attempt = await findAttempt(deps.db, { integration, request_id, horizon });
  if (attempt === undefined) return [];
  const { user_id = attempt.user_id, outcome = outcomeOf(attempt, horizon.now) } = filter;
  const { from = 0, until = Number.POSITIVE_INFINITY } = filter;
  const at = Date.parse(attempt.occurred_at);
  const fits = user_id === attempt.user_id && outcome === outcomeOf(attempt, horizon.now) && from <= at && at < until;
  return fits ? [attempt] : [];
}

async function list(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<Response> {
  const { limit, lastKey: before, request_id, ...filter } = query;
  const { partner_id, organization_id } = c.get('caller');
  const wanted = { integration: { partner_id, organization_id }, filter, horizon: horizonOf(deps) };
  const { rows, next } =
    request_id === undefined
      ? await listAttempts(deps.db, wanted, { limit, before })
      : { rows: await lookUp(deps, { ...wanted, request_id }), next: null };
  const data = rows.map((row) => describeAttempt(row, deps.config, wanted.horizon.now));
  const pagination = { count: rows.length, hasNext: next !== null, limit, lastKey: next };
  return success(c, deps, { message: `Retrieved ${rows.length} attempts successfully`, data, pagination });
}

/** @throws Problem attempt-not-found */
async function getAttempt(db: Database, c: AppContext, horizon: Horizon): Promise<AttemptRow> {
  const request_id = c.req.param('request_id') ?? '';
  const wanted = { integration: c.get('caller'), request_id, horizon };
  const attempt = isChosenId(request_id) ? await findAttempt(db, wanted) : undefined;
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
      await recordEvent(tx, { ...byPartner(c), action: 'sso_token.revoked', ...subject }, deps);
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
  routes.delete(`${attempts}/:request_id`, recordPartnerRefusals(deps, 'sso_token.revoked'), ...caller, async (c) => {
    const revoked = await revoke(deps, c);
    const message = revoked ? 'SSO link revoked successfully' : 'SSO link is already revoked';
    return success(c, deps, { message, data: await describeWithEvents(deps, c) });
  });
  return routes;
}
