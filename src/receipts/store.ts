// Attempts as rows: the audit event of each POST /v1/sso, and what has become of its token since.

import type { ExpressionBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import type { AuditEventsTable, Tables } from '../db/tables.ts';
import { firstId } from '../foundation/ids.ts';

export const OUTCOMES = ['refused', 'minted', 'opened', 'redeemed', 'expired', 'revoked'] as const;
export type Outcome = (typeof OUTCOMES)[number];

type TokenMoment = 'expires_at' | 'opened_at' | 'redeemed_at' | 'revoked_at';

export type AttemptRow = AuditEventsTable & Record<TokenMoment, string | null>;

/** What has become of an attempt at a moment; hasOutcome says the same in SQL. */
export function outcomeOf(row: AttemptRow, now: string): Outcome {
  if (row.outcome === 'refused') return 'refused';
  if (row.redeemed_at !== null) return 'redeemed';
  if (row.revoked_at !== null) return 'revoked';
  if (row.expires_at === null || row.expires_at <= now) return 'expired';
  return row.opened_at === null ? 'minted' : 'opened';
}

function hasOutcome(outcome: Outcome, now: string) {
  return (eb: ExpressionBuilder<Tables, 'audit_events' | 'sso_tokens'>) => {
    const unspent = eb.and([eb('redeemed_at', 'is', null), eb('revoked_at', 'is', null)]);
    switch (outcome) {
      case 'refused':
        return eb('audit_events.outcome', '=', 'refused');
      case 'redeemed':
        return eb('redeemed_at', 'is not', null);
      case 'revoked':
        return eb('revoked_at', 'is not', null);
      case 'expired':
        return eb.and([unspent, eb('expires_at', '<=', now)]);
      case 'opened':
        return eb.and([unspent, eb('expires_at', '>', now), eb('opened_at', 'is not', null)]);
      case 'minted':
        return eb.and([unspent, eb('expires_at', '>', now), eb('opened_at', 'is', null)]);
    }
  };
}

/** Moments in milliseconds since the epoch: what is older is not kept as a receipt, and what counts as expired. */
export type Horizon = { oldest: number; now: string };

export type Integration = { partner_id: string; organization_id: string };

function attempts(db: Database, partner_id: string, { oldest }: Horizon) {
  return db
    .selectFrom('audit_events')
    .leftJoin('sso_tokens', 'sso_tokens.jti', 'audit_events.jti')
    .selectAll('audit_events')
    .select(['sso_tokens.expires_at', 'sso_tokens.opened_at', 'sso_tokens.redeemed_at', 'sso_tokens.revoked_at'])
    .where('audit_events.action', '=', 'sso_token.minted')
    .where('audit_events.partner_id', '=', partner_id)
    .where('audit_events.event_id', '>=', firstId('evt', oldest));
}

export type AttemptFilter = {
  user_id?: string | undefined;
  request_id?: string | undefined;
  outcome?: Outcome | undefined;
  /** Milliseconds: from (inclusive) and until (exclusive). */
  from?: number | undefined;
  until?: number | undefined;
};

/** Newest first; `before` is the event_id that the page before ended with. */
export async function listAttempts(
  db: Database,
  { integration, filter, horizon }: { integration: Integration; filter: AttemptFilter; horizon: Horizon },
  page: { limit: number; before?: string | undefined },
): Promise<AttemptRow[]> {
  const { user_id, request_id, outcome, from, until } = filter;
  let query = attempts(db, integration.partner_id, horizon)
    .where('audit_events.organization_id', '=', integration.organization_id)
    .orderBy('audit_events.event_id', 'desc')
    .limit(page.limit);
  if (user_id !== undefined) query = query.where('audit_events.user_id', '=', user_id);
  if (request_id !== undefined) query = query.where('audit_events.request_id', '=', request_id);
  if (outcome !== undefined) query = query.where(hasOutcome(outcome, horizon.now));
  if (from !== undefined) query = query.where('audit_events.event_id', '>=', firstId('evt', from));
  if (until !== undefined) query = query.where('audit_events.event_id', '<', firstId('evt', until));
  if (page.before !== undefined) query = query.where('audit_events.event_id', '<', page.before);
  return query.execute();
}

/** Also finds an attempt in which only the partner's own secret was right, and which belongs to no organization therefore. */
export async function findAttempt(
  db: Database,
  { integration, request_id, horizon }: { integration: Integration; request_id: string; horizon: Horizon },
): Promise<AttemptRow | undefined> {
  return attempts(db, integration.partner_id, horizon)
    .where('audit_events.request_id', '=', request_id)
    .where((eb) =>
      eb.or([
        eb('audit_events.organization_id', '=', integration.organization_id),
        eb('audit_events.organization_id', 'is', null),
      ]),
    )
    .executeTakeFirst();
}

// A reload opens a link once more. Nobody reads on after so many.
const MOST_EVENTS = 50;

/** Everything that happened to an attempt's token, oldest first. Found by user, since the trail has no index by token. */
export async function listTokenEvents(
  db: Database,
  { event_id, user_id, jti }: AttemptRow,
): Promise<AuditEventsTable[]> {
  if (jti === null || user_id === null) return [];
  return db
    .selectFrom('audit_events')
    .selectAll()
    .where('user_id', '=', user_id)
    .where('event_id', '>=', event_id)
    .where('jti', '=', jti)
    .orderBy('event_id')
    .limit(MOST_EVENTS)
    .execute();
}
