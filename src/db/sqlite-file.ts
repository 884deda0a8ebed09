// A SQLite file and its two connections: one that writes, which kysely hands to one caller at a time, and one that only reads, for
// whoever comes while somebody writes. Statements are prepared once: to prepare one costs more than most of them take to run.

import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { isBusy, TransactionOver } from './errors.ts';

const PATIENCE_MILLISECONDS = 5_000;
/** Most transactions of another process are over in a few. One of this process asks at a time. */
const ASK_AGAIN_MILLISECONDS = 1;

// The service has some two hundred statements of its own; lists with filters and batches make a few more.
const MOST_STATEMENTS = 500;

type Row = Record<string, unknown>;
type Statement = BetterSqlite3.Statement<unknown[], Row>;

export class SqliteConnection implements DatabaseConnection {
  readonly #database: BetterSqlite3.Database;
  readonly #statements = new Map<string, Statement>();
  /** How long somebody waits for another process, in milliseconds. */
  patience = PATIENCE_MILLISECONDS;
  #in_transaction = false;
  #is_over = false;

  constructor(database: BetterSqlite3.Database) {
    this.#database = database;
    // inTurn waits.
    database.pragma('busy_timeout = 0');
  }

  /** From begin to commit or rollback. */
  get in_transaction(): boolean {
    return this.#in_transaction;
  }

  // SQLite upgrades a deferred transaction to a writing one only if nobody wrote since it began, and fails without waiting
  // otherwise. Beginning as a writer makes a second process wait its turn instead.
  async begin(): Promise<void> {
    await this.inTurn(() => {
      this.run('begin immediate');
      this.#in_transaction = true;
    });
  }

  commit(): void {
    this.run('commit');
    this.#in_transaction = false;
  }

  rollback(): void {
    this.#is_over = false;
    if (this.#database.inTransaction) this.run('rollback');
    this.#in_transaction = false;
  }

  /**
   * Runs what another process may be in the way of, if need be again and again. SQLite would wait in this thread, so that nobody here could
   * so much as read meanwhile; it has been told not to.
   */
  inTurn<T>(attempt: () => T): T | Promise<T> {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      return this.#untilFree(attempt);
    }
  }

  async #untilFree<T>(attempt: () => T): Promise<T> {
    const last = performance.now() + this.patience;
    for (;;) {
      await pause(ASK_AGAIN_MILLISECONDS);
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= last) throw error;
      }
    }
  }

  #prepare(text: string): Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
    const statement = this.#database.prepare<unknown[], Row>(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /**
   * The rows of a statement, or of one that has none how many it changed. @throws TransactionOver when SQLite has ended the transaction by itself, or the
   * statement would be one of its own; otherwise the driver's error
   */
  run(text: string, values: readonly unknown[] = []): { rows: Row[]; changes?: number } {
    if (this.#is_over) throw new TransactionOver('SQLite has ended the transaction');
    try {
      const statement = this.#prepare(text);
      if (statement.reader) return { rows: statement.all(...values) };
      return { rows: [], changes: statement.run(...values).changes };
    } catch (error) {
      // As it does when its disk is full or fails.
      this.#is_over = this.#in_transaction && !this.#database.inTransaction;
      throw error;
    }
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const run = () => this.run(sql, parameters);
    const { rows, changes } = this.#in_transaction ? run() : await this.inTurn(run);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows are of the type that the query was written for
    return { rows: rows as R[], ...(changes !== undefined && { numAffectedRows: BigInt(changes) }) };
  }

  streamQuery(): never {
    throw new Error('nothing is streamed here');
  }
}

function connect(path: string): BetterSqlite3.Database {
  const database = new BetterSqlite3(path, { timeout: PATIENCE_MILLISECONDS });
  database.pragma('journal_mode = WAL');
  // KiB. better-sqlite3's own would be 16 MB for each connection; the system keeps the file's pages in memory anyway.
  database.pragma('cache_size = -8000');
  return database;
}

export class SqliteFile {
  readonly writer: SqliteConnection;
  readonly #path: string;
  readonly #databases: BetterSqlite3.Database[];
  #reader: SqliteConnection | undefined;

  /** Makes the file and its folder if they are missing. */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const database = connect(path);
    // FULL: what a caller was told is done survives a power cut.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // Pages that many commits change are copied into the file once for all of them: every 16 MB instead of every 4.
    database.pragma('wal_autocheckpoint = 4000');
    this.#path = path;
    this.#databases = [database];
    this.writer = new SqliteConnection(database);
  }

  /**
   * For a statement that reads, outside of any transaction: it sees what is committed, and needs no turn. The writer while it is free,
   * because its pages are in memory; what it has begun to write is nobody else's business.
   */
  get reader(): SqliteConnection {
    if (!this.writer.in_transaction) return this.writer;
    if (this.#reader !== undefined) return this.#reader;
    const database = connect(this.#path);
    database.pragma('query_only = ON');
    this.#databases.push(database);
    this.#reader = new SqliteConnection(database);
    return this.#reader;
  }

  close(): void {
    for (const database of this.#databases) database.close();
  }
}
