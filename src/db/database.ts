// Opening a database by its URL, and the few things in which SQLite and PostgreSQL differ: how a transaction begins, and how
// access is locked. What their errors mean is in errors.ts. Tables and queries belong to the folders above.

import { setTimeout as pause } from 'node:timers/promises';
import { Kysely, PostgresAdapter, PostgresDialect, sql, type Transaction } from 'kysely';
import { SqliteFileDialect } from './sqlite.ts';
import type { Tables } from './tables.ts';

export type Database = Kysely<Tables>;
export type DatabaseTransaction = Transaction<Tables>;

export type DatabaseUrl = { engine: 'sqlite'; path: string } | { engine: 'postgres'; connection_string: string };

/** Reads `sqlite:<path>` or `postgres://…`; undefined for anything else. */
export function parseDatabaseUrl(url: string): DatabaseUrl | undefined {
  if (url.startsWith('sqlite:') && url.length > 'sqlite:'.length) {
    return { engine: 'sqlite', path: url.slice('sqlite:'.length) };
  }
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { engine: 'postgres', connection_string: url };
  return undefined;
}

const LOCK_TIMEOUT_MILLISECONDS = 2_000;

/** Opens a database; makes a SQLite file and its folder if they are missing. `onIdleError` hears of lost connections. */
export function openDatabase(url: DatabaseUrl, onIdleError: (error: unknown) => void): Database {
  if (url.engine === 'sqlite') return new Kysely<Tables>({ dialect: new SqliteFileDialect(url.path) });
  // Loaded where it is needed: a service on SQLite does without.
  const pool = async () => (await import('./postgres.ts')).openPool(url.connection_string, onIdleError);
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

export function isPostgres(db: Database): boolean {
  return db.getExecutor().adapter instanceof PostgresAdapter;
}

// Any number will do, as long as nothing else in the database uses it.
const ACCESS_LOCK = 728_346_001;

/**
 * The first thing in a transaction, held to its end: shared by those who grant access (mint, redeem), exclusive by those who
 * withdraw it. Without it a redemption that read "active" just before a suspension could insert its session just after. On
 * SQLite a writing transaction is alone already.
 */
export async function lockAccess(tx: DatabaseTransaction, mode: 'shared' | 'exclusive'): Promise<void> {
  if (!isPostgres(tx)) return;
  const statements = [
    // Under a stricter level, which may be a database's default, what is read would be older than the lock.
    'set transaction isolation level read committed',
    // Whoever waits too long gives up, and leaves the connection to those who need no lock.
    ...(mode === 'shared' ? [`set local lock_timeout = ${LOCK_TIMEOUT_MILLISECONDS}`] : []),
    `select pg_advisory_xact_lock${mode === 'shared' ? '_shared' : ''}(${ACCESS_LOCK})`,
  ];
  // Together, because each would be a way to the database and back.
  await sql.raw(statements.join('; ')).execute(tx);
}

/** True on SQLite, and where PostgreSQL's transactions begin at the level that this service is made for. */
export async function isReadCommitted(db: Database): Promise<boolean> {
  if (!isPostgres(db)) return true;
  const { rows } = await sql<{
    level: string;
  }>`select current_setting('default_transaction_isolation') as level`.execute(db);
  return rows[0]?.level === 'read committed';
}

const ROWS_IN_A_STEP = 100;
/** Of the time that a step took: whoever signs on meanwhile shall not notice. */
const REST_TIMES = 9;

/**
 * Deletes in steps until one finds nothing more, or the signal aborts, and rests between two: a statement that waits for a month's
 * rows would hold up everybody else's.
 */
export async function inBatches(deleteSome: (limit: number) => Promise<number>, signal?: AbortSignal): Promise<void> {
  for (;;) {
    const started = performance.now();
    if (signal?.aborted === true || (await deleteSome(ROWS_IN_A_STEP)) < ROWS_IN_A_STEP) return;
    await pause((performance.now() - started) * REST_TIMES);
  }
}

/** Resolves when the database answers. @throws the driver's error otherwise */
export async function pingDatabase(db: Database): Promise<void> {
  // A table, because SQLite answers `select 1` without looking at its file.
  await sql`select kid from signing_keys limit 1`.execute(db);
}
