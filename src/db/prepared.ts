// Queries that are compiled once. Building and compiling a query costs several times what the database takes to run it; those of
// every sign-on are compiled when they are first run, and after that only their parameters change. They go past kysely, which lets
// one caller at a time have a connection: a statement on a SQLite file is over before another can begin, and PostgreSQL takes many at
// a time and answers them in their order.

import type { Compilable, CompiledQuery, DatabaseConnection } from 'kysely';
import type { Database } from './database.ts';
import { TransactionOver } from './errors.ts';
import { keepStatement } from './kept-statements.ts';
import { SqliteFileAdapter } from './sqlite.ts';
import type { SqliteConnection, SqliteFile } from './sqlite-file.ts';

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

function runOn<R>(connection: SqliteConnection, { query, values }: Run<R>): R[] {
  const statement = connection.prepare(query.sql);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- rows are of the type that the query was written for
  if (statement.reader) return statement.all(...values) as R[];
  statement.run(...values);
  return [];
}

/** The connection of a transaction. @throws kysely's error when the transaction has ended */
async function connectionOf(tx: Database): Promise<DatabaseConnection> {
  return tx.getExecutor().provideConnection(async (connection) => connection);
}

async function runOnFile<R>(db: Database, file: SqliteFile, run: Run<R>): Promise<R[]> {
  if (db.isTransaction) {
    await connectionOf(db);
    if (!file.writer.inTransaction) throw new TransactionOver('the transaction has ended');
    return runOn(file.writer, run);
  }
  if (run.query.query.kind === 'SelectQueryNode') return runOn(file.reader, run);
  // What writes outside of a transaction waits its turn.
  return (await db.executeQuery<R>({ ...run.query, parameters: run.values })).rows;
}

async function runOnPostgres<R>(db: Database, { query, values }: Run<R>): Promise<R[]> {
  const compiled = { ...query, parameters: values };
  const { rows } = db.isTransaction
    ? await (await connectionOf(db)).executeQuery<R>(compiled)
    : await db.executeQuery<R>(compiled);
  return rows;
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
  return async (db, given) => {
    const { adapter, plugins } = db.getExecutor();
    // A plugin is owed every query as it is built.
    if (plugins.length > 0) return (await db.executeQuery(build(db, given).compile())).rows;
    if (!(adapter instanceof SqliteFileAdapter)) {
      on_postgres ??= keepStatement(compile(db));
      return runOnPostgres(db, { query: on_postgres, values: valuesFor(on_postgres, given) });
    }
    on_sqlite ??= plannedOnce(compile(db));
    return runOnFile(db, adapter.file, { query: on_sqlite, values: valuesFor(on_sqlite, given) });
  };
}
