// schema.sql is what people read, the migrations are what runs, and src/db/tables.ts is what the code believes: all three have to
// say the same, on the engine of this run.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Database, openDatabase, parseDatabaseUrl } from '../../src/db/database.ts';
import { listMigrations, migrateDatabase, splitStatements } from '../../src/db/migrate.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { describeSchema, type Schema } from './describe-schema.ts';

const SCHEMA_SQL = new URL('../../schema.sql', import.meta.url);
const MAIN_TS = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const TABLES_TS = fileURLToPath(new URL('../../src/db/tables.ts', import.meta.url));

const execNode = promisify(execFile);

function open({ url }: TestDatabase): Database {
  const parsed = parseDatabaseUrl(url);
  if (parsed === undefined) throw new Error('no database');
  return openDatabase(parsed, () => undefined);
}

/** Makes a database, lets `build` fill it, and describes what it is then. */
async function describeBuilt(build: (db: Database) => Promise<unknown>): Promise<Schema> {
  const database = await createDatabase();
  const db = open(database);
  try {
    await build(db);
    return await describeSchema(db);
  } finally {
    await db.destroy();
    await database.drop();
  }
}

/** What a script makes, in a transaction that is taken back: one empty database serves them all. */
async function describeScript(empty: Database, script: string): Promise<Schema> {
  const tx = await empty.startTransaction().execute();
  try {
    for (const statement of splitStatements(script)) await sql.raw(statement).execute(tx);
    return await describeSchema(tx);
  } finally {
    await tx.rollback().execute();
  }
}

let script: string;
let migrated: Schema;
beforeAll(async () => {
  script = await readFile(SCHEMA_SQL, 'utf8');
  migrated = await describeBuilt(migrateDatabase);
});

describe('schema.sql and the migrations', () => {
  let written: Schema;
  let database: TestDatabase;
  let empty: Database;
  beforeAll(async () => {
    database = await createDatabase();
    empty = open(database);
    written = await describeScript(empty, script);
  });
  afterAll(async () => {
    await empty.destroy();
    await database.drop();
  });

  test('make the same database', () => {
    expect(written.lines.length).toBeGreaterThan(100);
    expect(migrated.lines).toEqual(written.lines);
  });

  test.each([
    ['a column is missing', '  hint TEXT NOT NULL,\n', ''],
    ['a column is new', '  hint TEXT NOT NULL,\n', '  hint TEXT NOT NULL,\n  more TEXT,\n'],
    ['a column has another name', 'user_agent TEXT', 'agent TEXT'],
    ['a column has another type', '  minted_at TEXT', '  minted_at INTEGER'],
    ['a column may be null', '  secret_hash TEXT NOT NULL', '  secret_hash TEXT'],
    ['a column has a default', '  jti TEXT NOT NULL,', "  jti TEXT NOT NULL DEFAULT '',"],
    ['a primary key is another', 'PRIMARY KEY (user_id, organization_id)', 'PRIMARY KEY (organization_id, user_id)'],
    ['a foreign key is missing', '  user_id TEXT NOT NULL REFERENCES users (user_id),', '  user_id TEXT NOT NULL,'],
    ['a foreign key deletes', 'REFERENCES users (user_id),', 'REFERENCES users (user_id) ON DELETE CASCADE,'],
    ['a check is missing', ',\n  CHECK ((ended_at IS NULL) = (end_reason IS NULL))', ''],
    ['a check allows more', "('top_level', 'embed')", "('top_level', 'embed', 'other')"],
    ['an index is missing', 'CREATE INDEX sessions_by_user ON sessions (user_id);', ''],
    ['an index is not unique', 'CREATE UNIQUE INDEX sessions_by_jti', 'CREATE INDEX sessions_by_jti'],
    [
      'an index has another order',
      'audit_events (user_id, partner_id, event_id)',
      'audit_events (partner_id, user_id, event_id)',
    ],
    ['an index covers other rows', "WHERE state = 'active'", "WHERE state = 'retiring'"],
    ['an index covers all rows', " WHERE state = 'next'", ''],
    ['a table is new', 'CREATE TABLE users (', 'CREATE TABLE extra (x TEXT);\nCREATE TABLE users ('],
  ])('would be told apart if %s', async (_, from, to) => {
    const changed = script.replace(from, to);
    expect(changed).not.toBe(script);
    const { lines } = await describeScript(empty, changed);
    expect(lines).not.toEqual(written.lines);
  });

  test('leave nothing to do for a second start', async () => {
    await describeBuilt(async (db) => {
      const first = await migrateDatabase(db);
      expect(first.length).toBeGreaterThan(0);
      expect(await migrateDatabase(db)).toEqual([]);
      expect(await listMigrations(db)).toEqual({ applied: first, pending: [] });
    });
  });

  test.runIf(inject('test_database') === 'sqlite')('keep the rows of each table under its primary key', async () => {
    const filled = await createDatabase();
    const db = open(filled);
    await migrateDatabase(db);
    const { rows } = await sql<{ name: string; wr: number }>`pragma table_list`.execute(db);
    const ours = rows.filter(({ name }) => migrated.lines.some((line) => line.includes(name)));
    expect(ours.length).toBeGreaterThanOrEqual(12);
    expect(ours.filter(({ wr }) => wr === 0)).toEqual([]);
    await db.destroy();
    await filled.drop();
  });

  test('let one of many starting processes do the work', async () => {
    const fresh = await createDatabase();
    const env = { ...process.env, DATABASE_URL: fresh.url };
    const migrate = () => execNode(process.execPath, [MAIN_TS, 'migrate', '--json'], { env });
    const done = await Promise.all(Array.from({ length: 3 }, migrate));
    const migrated_by = done.map(({ stdout }) => (JSON.parse(stdout) as { migrated: string[] }).migrated);
    await fresh.drop();
    expect(migrated_by.filter((names) => names.length > 0)).toEqual([expect.arrayContaining(['0001_first'])]);
  });

  test('are done or not done: one that fails half-way leaves nothing', async () => {
    const { lines } = await describeBuilt(async (db) => {
      await sql`create table audit_events (in_the_way text)`.execute(db);
      await expect(migrateDatabase(db)).rejects.toThrow(/audit_events/);
      await sql`drop table audit_events`.execute(db);
    });
    expect(lines).toEqual([]);
  });
});

type Member = { table: string; column: string; nullable: boolean; values: string[] };

/** The members of `Tables`, as the compiler understands them. */
function membersOfTables(): Member[] {
  const program = ts.createProgram([TABLES_TS], { strict: true, noEmit: true, types: [], noLib: true });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(TABLES_TS);
  const alias = source?.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === 'Tables');
  if (alias === undefined) throw new Error('no Tables');
  return checker
    .getTypeAtLocation(alias)
    .getProperties()
    .flatMap((table) => {
      const columns = checker.getTypeOfSymbolAtLocation(table, alias).getProperties();
      return columns.map((column) => {
        const type = checker.getTypeOfSymbolAtLocation(column, alias);
        const parts = type.isUnion() ? type.types : [type];
        const values = parts.filter((part) => part.isStringLiteral()).map((part) => part.value);
        const nullable = parts.some((part) => (part.flags & ts.TypeFlags.Null) !== 0);
        return { table: table.name, column: column.name, nullable, values: values.toSorted() };
      });
    });
}

const spelled = ({ table, column, nullable }: Omit<Member, 'values'>) =>
  `${table}.${column}${nullable ? ' or null' : ''}`;

describe('src/db/tables.ts', () => {
  let members: Member[];
  beforeAll(() => {
    members = membersOfTables();
  });

  test('has a member for each column, null where the column may be', () => {
    expect(members.length).toBeGreaterThan(50);
    expect(members.map(spelled).toSorted()).toEqual(migrated.columns.map(spelled).toSorted());
  });

  test('has the values that the checks allow, and no others', () => {
    const allowed = [...script.matchAll(/^ {2}(\w+) TEXT.*CHECK \(\1 IN \((.*)\)\)/gm)].map(
      ([, column, list = '']) => ({
        column,
        values: [...list.matchAll(/'(\w+)'/g)].map(([, value]) => value ?? '').toSorted(),
      }),
    );
    const closed = members.filter(({ values }) => values.length > 0).map(({ column, values }) => ({ column, values }));
    expect(allowed.length).toBe(6);
    expect(closed).toEqual(allowed);
  });
});
