// Attempts as rows: the audit event of each POST /v1/sso, and what has become of its token since.

import { sql } from 'kysely';
import type { Database } from '../db/database.ts';
import type { AuditEventsTable, IntegrationKey } from '../db/tables.ts';
import { firstId } from '../foundation/ids.ts';

export const OUTCOMES = ['refused', 'minted', 'opened', 'redeemed', 'expired', 'revoked'] as const;
export type Outcome = (typeof OUTCOMES)[number];

type TokenMoment = 'expires_at' | 'opened_at' | 'redeemed_at' | 'revoked_at';

export type AttemptRow = AuditEventsTable & Record<TokenMoment, string | null>;

/** What has become of an attempt at a moment. */
export function outcomeOf(row: AttemptRow, now: string): Outcome {
  if (row.outcome === 'refused') return 'refused';
  if (row.redeemed_at !== null) return 'redeemed';
  if (row.revoked_at !== null) return 'revoked';
  if (row.expires_at === null || row.expires_at <= now) return 'expired';
  return row.opened_at === null ? 'minted' : 'opened';
}

/** Moments: what is older is not kept as a receipt (milliseconds), and what counts as expired (RFC 3339). */
export type Horizon = { oldest: number; now: string };

// A literal, because SQLite takes a partial index only for what it can read in the statement.
const MINTED = sql.lit('sso_token.minted');

function attempts(db: Database, { oldest }: Horizon) {
  return (
    db
      .selectFrom('audit_events')
      .leftJoin('sso_tokens', 'sso_tokens.jti', 'audit_events.jti')
      .selectAll('audit_events')
      .select(['sso_tokens.expires_at', 'sso_tokens.opened_at', 'sso_tokens.redeemed_at', 'sso_tokens.revoked_at'])
      .where('audit_events.action', '=', MINTED)
      // What became of a token that is not kept any more, nobody can tell.
      .where((eb) => eb.or([eb('sso_tokens.jti', 'is not', null), eb('audit_events.outcome', '=', 'refused')]))
      .where('audit_events.event_id', '>=', firstId('evt', oldest))
  );
}

/** An attempt of the integration, or one in which only the partner's own secret was right: it is in no organization. */
export async function findAttempt(
  db: Database,
  { integration, request_id, horizon }: { integration: IntegrationKey; request_id: string; horizon: Horizon },
): Promise<AttemptRow | undefined> {
  const row = await attempts(db, horizon).where('audit_events.request_id', '=', request_id).executeTakeFirst();
  if (row === undefined || row.partner_id !== integration.partner_id) return undefined;
  return row.organization_id === null || row.organization_id === integration.organization_id ? row : undefined;
}

export type AttemptFilter = {
  user_id?: string | undefined;
  outcome?: Outcome | undefined;
  /** Milliseconds: from (inclusive) and until (exclusive). */
  from?: number | undefined;
  until?: number | undefined;
};

export type AttemptQuery = { integration: IntegrationKey; filter: AttemptFilter; horizon: Horizon };

/** Newest first, along one index: the user's events where one is asked for, the integration's attempts otherwise. */
async function scan(
  db: Database,
  { integration, filter, horizon }: AttemptQuery,
  page: { limit: number; before: string | undefined },
): Promise<AttemptRow[]> {
  const { user_id, from, until } = filter;
  let query = attempts(db, horizon)
    .where('audit_events.partner_id', '=', integration.partner_id)
    .where('audit_events.organization_id', '=', integration.organization_id)
    .orderBy('audit_events.event_id', 'desc')
    .limit(page.limit);
  if (user_id !== undefined) query = query.where('audit_events.user_id', '=', user_id);
  if (from !== undefined) query = query.where('audit_events.event_id', '>=', firstId('evt', from));
  if (until !== undefined) query = query.where('audit_events.event_id', '<', firstId('evt', until));
  if (page.before !== undefined) query = query.where('audit_events.event_id', '<', page.before);
  return query.execute();
}

// What one request may read, however rare what it looks for is: some milliseconds of work. The rest is on the next page.
const CHUNK = 500;
const MOST_CHUNKS = 4;

/**
 * A page of attempts, newest first, and the event_id that the next page goes on behind (null on the last). A page may hold
 * fewer than `limit`, or none, and not be the last.
 */
export async function listAttempts(
  db: Database,
  query: AttemptQuery,
  { limit, before }: { limit: number; before: string | undefined },
): Promise<{ rows: AttemptRow[]; next: string | null }> {
  const { filter, horizon } = query;
  const isWanted = (row: AttemptRow) => filter.outcome === undefined || outcomeOf(row, horizon.now) === filter.outcome;
  const size = filter.outcome === undefined ? limit + 1 : CHUNK;
  const found: AttemptRow[] = [];
  let cursor = before;
  for (let chunk = 0; chunk < MOST_CHUNKS; chunk += 1) {
    const rows = await scan(db, query, { limit: size, before: cursor });
    found.push(...rows.filter(isWanted));
    const last = found[limit - 1];
    if (found.length > limit && last !== undefined) return { rows: found.slice(0, limit), next: last.event_id };
    cursor = rows.at(-1)?.event_id ?? cursor;
    if (rows.length < size) return { rows: found, next: null };
  }
  return { rows: found, next: cursor ?? null };
}

// A reload opens a link once more. Nobody reads on after so many.
const MOST_EVENTS = 50;

// The clock of the process that a browser came to may be behind that of the one that made the link.
const CLOCK_SKEW_MILLISECONDS = 60_000;

/** Everything that happened to an attempt's token, oldest first. Found by user, since the trail has no index by token. */
export async function listTokenEvents(
  db: Database,
  { occurred_at, partner_id, user_id, jti }: AttemptRow,
): Promise<AuditEventsTable[]> {
  if (jti === null || user_id === null) return [];
  return db
    .selectFrom('audit_events')
    .selectAll()
    .where('user_id', '=', user_id)
    .where('partner_id', '=', partner_id)
    .where('event_id', '>=', firstId('evt', Date.parse(occurred_at) - CLOCK_SKEW_MILLISECONDS))
    .where('jti', '=', jti)
    .orderBy('event_id')
    .limit(MOST_EVENTS)
    .execute();
}
