// Opening a database by its URL, and the few things in which SQLite and PostgreSQL differ: how a transaction begins, how
// access is locked, and which driver errors mean "the database is away". Tables and queries belong to the folders above.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  sql,
  SqliteAdapter,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type Transaction,
} from 'kysely';
import { Pool } from 'pg';
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

const BUSY_TIMEOUT_MILLISECONDS = 5_000;
const CONNECTION_TIMEOUT_MILLISECONDS = 3_000;
const STATEMENT_TIMEOUT_MILLISECONDS = 5_000;
const LOCK_TIMEOUT_MILLISECONDS = 2_000;

// SQLite upgrades a deferred transaction to a writing one only if nobody wrote since it began, and fails without waiting
// otherwise. Beginning as a writer makes a second process wait its turn instead.
class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }
}

// SQLite does roll back DDL; kysely is told so, and then runs all migrations in one transaction: of two processes that start
// at once one waits for the other, and one that dies half-way leaves nothing behind.
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class ImmediateSqliteDialect extends SqliteDialect {
  readonly #config: SqliteDialectConfig;

  constructor(config: SqliteDialectConfig) {
    super(config);
    this.#config = config;
  }

  override createAdapter(): SqliteAdapter {
    return new TransactionalDdlAdapter();
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver(this.#config);
  }
}

function openSqlite(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new BetterSqlite3(path, { timeout: BUSY_TIMEOUT_MILLISECONDS });
  database.pragma('journal_mode = WAL');
  // FULL: what a caller was told is done survives a power cut.
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  return new Kysely<Tables>({ dialect: new ImmediateSqliteDialect({ database }) });
}

function openPostgres(connection_string: string, onIdleError: (error: unknown) => void): Database {
  const pool = new Pool({
    connectionString: connection_string,
    max: 10,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MILLISECONDS,
    statement_timeout: STATEMENT_TIMEOUT_MILLISECONDS,
    query_timeout: STATEMENT_TIMEOUT_MILLISECONDS + 1_000,
  });
  // An idle connection that the server closes is an event without a listener otherwise, and ends the process.
  pool.on('error', onIdleError);
  // The same for one that is in use: the pool listens to idle connections only. Whoever uses it hears of it by its query.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
}

/** Opens a database; makes a SQLite file and its folder if they are missing. `onIdleError` hears of lost connections. */
export function openDatabase(url: DatabaseUrl, onIdleError: (error: unknown) => void): Database {
  return url.engine === 'sqlite' ? openSqlite(url.path) : openPostgres(url.connection_string, onIdleError);
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

// Connection, resources, shutdown, system, a conflict that a second try may not meet (40), a lock not got in time, read-only;
// and what is said to whoever connects to a database that is not there, closed, or not open to these credentials any more
// (3D000, 55000, 28).
const POSTGRES_AWAY =
  /^(08|28|40|53|57P|58)|^(25006|3D000|55000|55P03)$|^E(CONN|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)/;
const SQLITE_AWAY = /^SQLITE_(BUSY|LOCKED|IOERR|FULL|CANTOPEN|READONLY|NOTADB|CORRUPT)/;
// node-postgres says these in words only.
const AWAY_IN_WORDS =
  /connection terminated|timeout exceeded when trying to connect|query read timeout|connection is not open/i;

/** True when an error says that the database could not do its work now, as opposed to a fault of ours. */
export function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseAway);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return POSTGRES_AWAY.test(code) || SQLITE_AWAY.test(code) || code === '57014' || AWAY_IN_WORDS.test(error.message);
}

/** True when an insert met a row that already has this key: SQLite's and PostgreSQL's word for it. */
export function isUniqueViolation(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error)) return false;
  return (
    error.code === '23505' || error.code === 'SQLITE_CONSTRAINT_UNIQUE' || error.code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
  );
}

/** True on SQLite, and where PostgreSQL's transactions begin at the level that this service is made for. */
export async function isReadCommitted(db: Database): Promise<boolean> {
  if (!isPostgres(db)) return true;
  const { rows } = await sql<{
    level: string;
  }>`select current_setting('default_transaction_isolation') as level`.execute(db);
  return rows[0]?.level === 'read committed';
}

/** Deletes in steps until one finds nothing more: a statement that waits for a month's rows would hold up everybody else's. */
export async function inBatches(deleteSome: (limit: number) => Promise<number>): Promise<void> {
  const limit = 1_000;
  // SQLite works in this very thread: requests get their turn between two steps.
  while ((await deleteSome(limit)) === limit) await setImmediate();
}

/** Resolves when the database answers. @throws the driver's error otherwise */
export async function pingDatabase(db: Database): Promise<void> {
  // A table, because SQLite answers `select 1` without looking at its file.
  await sql`select kid from signing_keys limit 1`.execute(db);
}
