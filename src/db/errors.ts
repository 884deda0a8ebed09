// What the errors of the two drivers mean. Of a row's values, which they quote, nothing goes further.

import { isAbortedTransactionError } from 'kysely';

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

// Connection, resources, shutdown, system, a conflict that a second try may not meet (40), a lock not got in time, read-only;
// and what is said to whoever connects to a database that is not there, closed, or not open to these credentials any more
// (3D000, 55000, 28). A kept statement that is not there, was changed by a migration or is there already (26000, 0A000, 42P05): the
// connection ends, and the next one has it.
const POSTGRES_AWAY =
  /^(08|28|40|53|57P|58)|^(0A000|25006|26000|3D000|42P05|55000|55P03)$|^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)/;
const SQLITE_AWAY = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOTADB|CORRUPT)/;
// node-postgres says these in words only.
const AWAY_IN_WORDS =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|connection is not open|not queryable/i;

/** A transaction that SQLite has ended by itself, as it does when its disk is full. */
export class TransactionOver extends Error {
  override readonly name = 'TransactionOver';
}

/** True when an error says that the database could not do its work now, as opposed to a fault of ours. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  if (error instanceof TransactionOver) return true;
  const code = codeOf(error);
  return POSTGRES_AWAY.test(code) || SQLITE_AWAY.test(code) || code === '57014' || AWAY_IN_WORDS.test(error.message);
}

/** True when an insert met a row that already has this key: SQLite's and PostgreSQL's word for it. */
export function isUniqueViolation(error: unknown): boolean {
  return /^(23505|SQLITE_CONSTRAINT_(UNIQUE|PRIMARYKEY))$/.test(codeOf(error));
}

/** True when two transactions were in each other's way, so that a second try may do (PostgreSQL, class 40). */
export function isConflict(error: unknown): boolean {
  return codeOf(error).startsWith('40') || isAbortedTransactionError(error);
}

/** True when another process has SQLite's file, so that the same statement may do in a moment. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_BUSY(_RECOVERY)?$/.test(codeOf(error));
}

/** True for what a statement gets because another one of its transaction has failed (PostgreSQL 25P02). */
export function isVictim(error: unknown): boolean {
  return codeOf(error) === '25P02' || error instanceof TransactionOver;
}
