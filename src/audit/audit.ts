// The audit trail: one row for every attempt and every change, granted or refused. This folder owns the rows and the list
// of actions; each flow decides what it records and in which transaction. Identifiers in a redirect_path are kept here and
// nowhere else.

import type { Database } from '../db/database.ts';
import { preparedInsert } from '../db/prepared.ts';
import type { AuditActor, AuditEventsTable, AuditOutcome } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { firstId, type Makers, newId } from '../foundation/ids.ts';
import type { ProblemSlug } from '../foundation/problem-catalogue.ts';
import type { RequestContext } from '../foundation/request-context.ts';

export type AuditAction =
  | 'sso_token.minted'
  | 'sso_token.redeemed'
  // The same browser came again with a spent link, and its session is alive.
  | 'sso_token.reopened'
  // A page was shown that asks a person before the token is spent.
  | 'sso_token.held'
  // The partner took back a link that had not been used.
  | 'sso_token.revoked'
  | 'session.ended'
  | 'partner.created'
  | 'partner.suspended'
  | 'partner.resumed'
  | 'organization.created'
  | 'organization.suspended'
  | 'organization.resumed'
  | 'integration.enabled'
  | 'integration.disabled'
  // The partner showed for the first time that its credentials work.
  | 'integration.connected'
  | 'integration.updated'
  | 'access_token.issued'
  | 'credential.created'
  | 'credential.rotated'
  | 'credential.revoked'
  | 'user.created'
  | 'user.updated'
  | 'user.disabled'
  | 'user.enabled'
  | 'user.deleted'
  // A user whom a partner made became the organization's own.
  | 'user.released'
  | 'user.suspended'
  | 'user.resumed'
  | 'membership.set'
  | 'membership.removed'
  | 'signing_key.created'
  | 'signing_key.rotated';

/** Whom and what an event speaks of: ids that are known to exist, or that an authenticated caller named; never what a stranger claimed. */
export type AuditSubject = Partial<
  Record<'target_id' | 'partner_id' | 'organization_id' | 'user_id' | 'session_id' | 'jti' | 'redirect_path', string>
>;

/** Who brings an event about, and with which request. */
export type Author = { actor: AuditActor; request?: RequestContext };

/** Whoever sits at the command line. */
export const OPERATOR: Author = { actor: 'operator' };

export type AuditEvent = AuditSubject &
  Author & {
    action: AuditAction;
    /** The problem that an attempt was refused with; absent when it was granted. */
    problem?: ProblemSlug;
    /** What else somebody who reads the row wants to know; never a secret. */
    detail?: Record<string, unknown>;
  };

// A browser's user agent has some 100 to 300 characters.
const USER_AGENT_LENGTH = 512;

/** PostgreSQL's text cannot hold U+0000, which a path that was refused may contain; its picture stands for it. */
function storable(subject: AuditSubject): AuditSubject {
  const { redirect_path, ...ids } = subject;
  return redirect_path === undefined ? ids : { ...ids, redirect_path: redirect_path.replaceAll('\0', '\u2400') };
}

function requestColumns(request: RequestContext | undefined) {
  if (request === undefined) return {};
  const { request_id, client_address, user_agent } = request;
  return { request_id, client_address, user_agent: user_agent?.slice(0, USER_AGENT_LENGTH) ?? null };
}

const NOTHING_KNOWN = {
  target_id: null,
  partner_id: null,
  organization_id: null,
  user_id: null,
  session_id: null,
  jti: null,
  redirect_path: null,
  request_id: null,
  client_address: null,
  user_agent: null,
};

const insert = preparedInsert('audit_events', [
  'event_id',
  'occurred_at',
  'actor',
  'action',
  'outcome',
  'problem',
  'target_id',
  'partner_id',
  'organization_id',
  'user_id',
  'session_id',
  'jti',
  'redirect_path',
  'request_id',
  'client_address',
  'user_agent',
  'detail',
]);

/** Writes one event, in the caller's transaction if it hands one down. */
export async function recordEvent(db: Database, event: AuditEvent, makers: Makers): Promise<void> {
  const { actor, action, problem, request, detail, ...subject } = event;
  // One moment for both: lists find their way by event_id alone, and ask for moments.
  const now = makers.clock();
  await insert(db, {
    ...NOTHING_KNOWN,
    event_id: newId('evt', { ...makers, clock: () => now }),
    occurred_at: timestamp(now),
    actor,
    action,
    outcome: problem === undefined ? 'granted' : 'refused',
    problem: problem ?? null,
    ...requestColumns(request),
    detail: detail === undefined ? null : JSON.stringify(detail),
    ...storable(subject),
  });
}

export type AuditFilter = {
  action?: string;
  outcome?: AuditOutcome;
  partner_id?: string;
  organization_id?: string;
  user_id?: string;
  request_id?: string;
  /** RFC 3339 moments: from (inclusive) and until (exclusive). */
  from?: string;
  until?: string;
};

const EQUAL_COLUMNS = ['action', 'outcome', 'partner_id', 'organization_id', 'user_id', 'request_id'] as const;

/** Newest first; `before` is the event_id that the page before ended with. */
export async function listEvents(
  db: Database,
  filter: AuditFilter,
  page: { limit: number; before?: string },
): Promise<AuditEventsTable[]> {
  let query = db.selectFrom('audit_events').selectAll().orderBy('event_id', 'desc').limit(page.limit);
  for (const column of EQUAL_COLUMNS) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (filter.from !== undefined) query = query.where('event_id', '>=', firstId('evt', Date.parse(filter.from)));
  if (filter.until !== undefined) query = query.where('event_id', '<', firstId('evt', Date.parse(filter.until)));
  if (page.before !== undefined) query = query.where('event_id', '<', page.before);
  return query.execute();
}
