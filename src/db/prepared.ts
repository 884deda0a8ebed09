// Queries that are compiled once. Building and compiling a query costs several times what the database takes to run it; those of
// every sign-on are compiled when they are first run, and after that only their parameters change. They go past kysely, which lets
// one caller at a time have a connection: a statement on a SQLite file is over before another can begin, and PostgreSQL takes many at
// a time and answers them in their order.

import { type Compilable, type CompiledQuery, type DatabaseConnection, sql } from 'kysely';
import { type Database, isPostgres } from './database.ts';
import { TransactionOver } from './errors.ts';
import { keepStatement } from './kept-statements.ts';
import { SqliteFileAdapter } from './sqlite.ts';
import type { SqliteConnection, SqliteFile } from './sqlite-file.ts';
import type { Tables } from './tables.ts';
import { type Asking, together } from './together.ts';

/** Stands in a compiled query where a parameter goes. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

type Parameters = Record<string, unknown>;

const PLACEHOLDERS = new Proxy(
  {},
  {
    get: (_, name) => new Placeholder(String(name)),
    // `...rest` of placeholders would be empty, and a query without its conditions.
    ownKeys: () => {
      throw new Error('name each parameter of a prepared query');
    },
  },
);

function valuesFor({ parameters }: CompiledQuery, values: Parameters): unknown[] {
  return parameters.map((value) => (value instanceof Placeholder ? values[value.name] : value));
}

/**
 * SQLite plans a join anew for each value that is bound to it, which takes five times as long as to run it; a subquery's value it
 * does not look at. So an index that is there for some values only (WHERE) would not be used: no prepared query needs one.
 */
function plannedOnce<R>(query: CompiledQuery<R>): CompiledQuery<R> {
  if (query.query.kind !== 'SelectQueryNode') return query;
  return { ...query, sql: query.sql.replaceAll('?', '(select ?)') };
}

type Run<R> = { query: CompiledQuery<R>; values: unknown[] };

function isSelect({ query }: Run<unknown>): boolean {
  return query.query.kind === 'SelectQueryNode';
}

// The connections of transactions that are asked for many things at once.
const HELD = new WeakMap<Database, DatabaseConnection>();

/** @throws kysely's error when the transaction has ended */
async function connectionOf(tx: Database): Promise<DatabaseConnection> {
  return HELD.get(tx) ?? tx.getExecutor().provideConnection(async (connection) => connection);
}

/**
 * Has the prepared queries of a transaction run side by side, until `work` is done. kysely lets one at a time have the connection, and
 * wakes all who wait for it each time.
 */
export async function sideBySide<T>(tx: Database, work: () => Promise<T>): Promise<T> {
  HELD.set(tx, await connectionOf(tx));
  try {
    return await work();
  } finally {
    HELD.delete(tx);
  }
}

function rowsOf<R>(connection: SqliteConnection, { query, values }: Run<R>): R[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows are of the type that the query was written for
  return connection.run(query.sql, values).rows as R[];
}

async function runOnFile<R>(db: Database, file: SqliteFile, run: Run<R>): Promise<R[]> {
  if (db.isTransaction) {
    if (!HELD.has(db)) await connectionOf(db);
    if (!file.writer.in_transaction) throw new TransactionOver('the transaction has ended');
    return rowsOf(file.writer, run);
  }
  // The reader of each attempt: by then the writer may be in a transaction.
  if (isSelect(run)) return file.reader.inTurn(() => rowsOf(file.reader, run));
  // What writes outside of a transaction waits its turn.
  return (await db.executeQuery<R>({ ...run.query, parameters: run.values })).rows;
}

async function executeOn<R>(connection: DatabaseConnection, { query, values }: Run<R>): Promise<R[]> {
  return (await connection.executeQuery<R>({ ...query, parameters: values })).rows;
}

async function runOnPostgres<R>(db: Database, run: Run<R>): Promise<R[]> {
  if (db.isTransaction) return executeOn(await connectionOf(db), run);
  return db.getExecutor().provideConnection(async (connection) => executeOn(connection, run));
}

/**
 * A read on PostgreSQL shares a connection with those of its turn that ask the same: to get one takes as long as to be answered. The
 * same only, so that a table which is locked holds up nobody who does not ask for it; and no writes, which wait for each other.
 */
function sharedRead<R>() {
  return together(async (db: Database, asking: readonly Asking<Run<R>, R[]>[]) =>
    db.getExecutor().provideConnection(async (connection) => {
      await Promise.all(
        asking.map(async ({ question, resolve, reject }) => executeOn(connection, question).then(resolve, reject)),
      );
    }),
  );
}

/**
 * A query with named parameters, as a function of the database and their values. `build` may not decide anything by a parameter: it
 * runs once for each kind of database, and sees placeholders.
 */
export function prepared<P extends Parameters, R>(
  build: (db: Database, parameters: P) => Compilable<R>,
): (db: Database, values: P) => Promise<R[]> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- kysely takes any value for a parameter, and looks at none
  const compile = (db: Database) => build(db, PLACEHOLDERS as P).compile();
  let on_sqlite: CompiledQuery<R> | undefined;
  let on_postgres: CompiledQuery<R> | undefined;
  const readTogether = sharedRead<R>();
  return async (db, given) => {
    const { adapter, plugins } = db.getExecutor();
    // A plugin is owed every query as it is built.
    if (plugins.length > 0) return (await db.executeQuery(build(db, given).compile())).rows;
    if (!(adapter instanceof SqliteFileAdapter)) {
      on_postgres ??= keepStatement(compile(db));
      const run = { query: on_postgres, values: valuesFor(on_postgres, given) };
      return isSelect(run) && !db.isTransaction ? readTogether(db, run) : runOnPostgres(db, run);
    }
    on_sqlite ??= plannedOnce(compile(db));
    return runOnFile(db, adapter.file, { query: on_sqlite, values: valuesFor(on_sqlite, given) });
  };
}

type Row = Record<string, unknown>;

/**
 * An insert of one row, all of its columns named and of type text. Where the rows of many come side by side, PostgreSQL gets those of
 * one turn as a single statement: each would take as long as all of them.
 */
export function preparedInsert<T extends keyof Tables>(
  table: T,
  columns: readonly (keyof Tables[T] & string)[],
): (db: Database, row: Tables[T]) => Promise<void> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const insertOne = prepared((db, row: Row) => {
    const values = sql.join(columns.map((column) => row[column]));
    const insert = sql`insert into ${sql.table(table)} (${names}) values (${values})`;
    return { compile: () => insert.compile(db) };
  });
  const insertMany = prepared((db, lists: Row) => {
    const values = sql.join(columns.map((column) => sql`${lists[column]}::text[]`));
    const insert = sql`insert into ${sql.table(table)} (${names}) select ${names} from unnest(${values}) as rows (${names})`;
    return { compile: () => insert.compile(db) };
  });
  const insertTogether = together(async (tx: Database, asking: readonly Asking<Tables[T], void>[]) => {
    const lists = columns.map((column) => [column, asking.map(({ question }) => question[column])] as const);
    await insertMany(tx, Object.fromEntries(lists));
    for (const { resolve } of asking) resolve();
  });
  return async (db, row) => {
    if (HELD.has(db) && isPostgres(db)) await insertTogether(db, row);
    else await insertOne(db, row);
  };
}
