// The rows of sessions. Whether a session is good at a moment is said here, in one place (isLive, and the same in SQL in
// live); whether its user may still act is said by partners/standing.ts.

import type { ExpressionBuilder } from 'kysely';
import { type Database, inBatches, isPostgres } from '../db/database.ts';
import { prepared, preparedInsert } from '../db/prepared.ts';
import type { SessionEndReason, SessionsTable, Tables } from '../db/tables.ts';
import { type Asking, together } from '../db/together.ts';

const COLUMNS = [
  'session_id',
  'secret_hash',
  'kind',
  'jti',
  'partner_id',
  'organization_id',
  'user_id',
  'created_at',
  'idle_expires_at',
  'expires_at',
  'ended_at',
  'end_reason',
] as const satisfies (keyof SessionsTable)[];

/** For queries that join other tables. */
export const SESSION_COLUMNS = COLUMNS.map((column) => `sessions.${column}` as const);

/** The session of a wider row, and nothing else of it. */
export function pickSession(row: SessionsTable): SessionsTable {
  const { session_id, secret_hash, kind, jti, partner_id, organization_id, user_id } = row;
  const { created_at, idle_expires_at, expires_at, ended_at, end_reason } = row;
  const ids = { session_id, secret_hash, kind, jti, partner_id, organization_id, user_id };
  return { ...ids, created_at, idle_expires_at, expires_at, ended_at, end_reason };
}

export const insertSession = preparedInsert('sessions', COLUMNS);

const select = prepared((db, { session_id }: { session_id: string }) =>
  db.selectFrom('sessions').select(COLUMNS).where('session_id', '=', session_id),
);

export async function findSession(db: Database, session_id: string): Promise<SessionsTable | undefined> {
  const [row] = await select(db, { session_id });
  return row;
}

/** True when the session has neither ended, nor been idle too long, nor reached its greatest age. */
export function isLive(session: SessionsTable, now: string): boolean {
  return session.ended_at === null && session.idle_expires_at > now && session.expires_at > now;
}

function live(now: string) {
  return (eb: ExpressionBuilder<Tables, 'sessions'>) =>
    eb.and([eb('ended_at', 'is', null), eb('idle_expires_at', '>', now), eb('expires_at', '>', now)]);
}

type Touch = Pick<SessionsTable, 'session_id' | 'idle_expires_at'>;

const touch = prepared((db, { session_id, idle_expires_at }: Touch) =>
  db
    .updateTable('sessions')
    .set({ idle_expires_at })
    .where('session_id', '=', session_id)
    .where('ended_at', 'is', null)
    .where('idle_expires_at', '<', idle_expires_at),
);

const touchTogether = together(async (db: Database, asking: readonly Asking<Touch, void>[]) => {
  await db.transaction().execute(async (tx) => {
    for (const { question } of asking) await touch(tx, question);
  });
  for (const { resolve } of asking) resolve();
});

/**
 * Moves the idle limit on; never past the end of a session, and never backwards. Everybody who is signed in brings one a minute: on SQLite
 * those of one turn share a commit. PostgreSQL would keep each row locked to the end of it, and whoever withdraws access takes the same
 * rows in another order.
 */
export async function touchSession(db: Database, moved: Touch): Promise<void> {
  if (isPostgres(db)) await touch(db, moved);
  else await touchTogether(db, moved);
}

/** Whose access is meant: exactly one member of the union, or a pair for an integration. */
export type AccessScope =
  | { user_id: string }
  | { partner_id: string }
  | { organization_ids: string[] }
  | { partner_id: string; organization_id: string }
  | { user_id: string; organization_id: string }
  | { user_id: string; organization_id: string; partner_id: string };

type ScopedColumns = 'user_id' | 'partner_id' | 'organization_id';

/** The scope as equalities and lists over the three columns that sessions and sso_tokens share. */
export function scopeConditions(scope: AccessScope): [ScopedColumns, string[]][] {
  const conditions: [ScopedColumns, string[]][] = [];
  if ('user_id' in scope) conditions.push(['user_id', [scope.user_id]]);
  if ('partner_id' in scope) conditions.push(['partner_id', [scope.partner_id]]);
  if ('organization_id' in scope) conditions.push(['organization_id', [scope.organization_id]]);
  if ('organization_ids' in scope) conditions.push(['organization_id', scope.organization_ids]);
  return conditions;
}

type End = { ended_at: string; end_reason: SessionEndReason };

/** Ends one session; the row when this call ended it, undefined when it was over already. */
export async function endSession(db: Database, session_id: string, end: End): Promise<SessionsTable | undefined> {
  return db
    .updateTable('sessions')
    .set(end)
    .where('session_id', '=', session_id)
    .where(live(end.ended_at))
    .returningAll()
    .executeTakeFirst();
}

/** Ends every live session of a scope and says how many there were. */
export async function endSessions(db: Database, scope: AccessScope, end: End): Promise<number> {
  let query = db.updateTable('sessions').set(end).where(live(end.ended_at));
  for (const [column, values] of scopeConditions(scope)) query = query.where(column, 'in', values);
  const { numUpdatedRows } = await query.executeTakeFirst();
  return Number(numUpdatedRows);
}

export type SessionFilter = { user_id?: string; organization_id?: string; partner_id?: string; live_at?: string };

/** Newest first; `before` is the session_id that the page before ended with. */
export async function listSessions(
  db: Database,
  filter: SessionFilter,
  page: { limit: number; before?: string },
): Promise<SessionsTable[]> {
  let query = db.selectFrom('sessions').selectAll().orderBy('session_id', 'desc').limit(page.limit);
  for (const column of ['user_id', 'organization_id', 'partner_id'] as const) {
    const value = filter[column];
    if (value !== undefined) query = query.where(column, '=', value);
  }
  if (filter.live_at !== undefined) query = query.where(live(filter.live_at));
  if (page.before !== undefined) query = query.where('session_id', '<', page.before);
  return query.execute();
}

/** Removes sessions that were over before a moment. */
export async function deleteOldSessions(db: Database, expired_before: string, signal?: AbortSignal): Promise<void> {
  await inBatches(async (limit) => {
    const old = db.selectFrom('sessions').select('session_id').where('expires_at', '<', expired_before).limit(limit);
    const { numDeletedRows } = await db.deleteFrom('sessions').where('session_id', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  }, signal);
}
