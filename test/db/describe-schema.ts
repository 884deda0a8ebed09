// A database's schema as sorted lines of text, read from the engine's own catalogue, so that two databases can be compared by
// what they are instead of by the scripts that made them.

import { sql } from 'kysely';
import { type Database, isPostgres } from '../../src/db/database.ts';

export type Column = { table: string; column: string; nullable: boolean };

export type Schema = { columns: Column[]; lines: string[] };

/** The record of migrations is no part of what they make. */
const OWN_TABLES = new Set(['migrations', 'migrations_lock']);

/** One spelling for what may be written in several: space, quotes, case of keywords outside of quotes. */
function normalized(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\( | \)/g, (match) => match.trim())
    .trim();
}

/** The conditions of CHECK in a statement, with their brackets balanced. */
function checksOf(statement: string): string[] {
  const checks: string[] = [];
  for (const { index } of statement.matchAll(/\bCHECK\s*\(/gi)) {
    const start = statement.indexOf('(', index);
    let [depth, end] = [0, start];
    do {
      const character = statement.charAt(end);
      depth += character === '(' ? 1 : character === ')' ? -1 : 0;
      end += 1;
    } while (depth > 0 && end < statement.length);
    checks.push(normalized(statement.slice(start, end)));
  }
  return checks;
}

type SqliteColumn = {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
};
type SqliteKey = {
  id: number;
  seq: number;
  table: string;
  from: string;
  to: string;
  on_update: string;
  on_delete: string;
};
type SqliteIndex = { name: string; unique: number; origin: string; partial: number };

async function pragma<T>(db: Database, name: string, of: string): Promise<T[]> {
  const { rows } = await sql<T>`select * from ${sql.raw(`pragma_${name}`)}(${of})`.execute(db);
  return rows;
}

async function describeSqliteIndexes(db: Database, table: string): Promise<string[]> {
  const lines: string[] = [];
  for (const index of await pragma<SqliteIndex>(db, 'index_list', table)) {
    const parts = await pragma<{ name: string | null; desc: number; coll: string; key: number }>(
      db,
      'index_xinfo',
      index.name,
    );
    const keys = parts.filter(({ key }) => key === 1).map(({ name, desc, coll }) => `${name} ${desc} ${coll}`);
    const { rows } = await sql<{
      sql: string | null;
    }>`select sql from sqlite_master where name = ${index.name}`.execute(db);
    const where = normalized(/\bWHERE\b.*$/is.exec(rows[0]?.sql ?? '')?.[0] ?? '');
    lines.push(`${table} index ${index.name} ${index.origin} unique=${index.unique} (${keys.join(', ')}) ${where}`);
  }
  return lines;
}

async function describeSqlite(db: Database): Promise<Schema> {
  const { rows } = await sql<{ name: string; sql: string }>`
    select name, sql from sqlite_master where type = 'table' and name not like 'sqlite_%'`.execute(db);
  const columns: Column[] = [];
  const lines: string[] = [];
  for (const { name: table, sql: statement } of rows.filter(({ name }) => !OWN_TABLES.has(name))) {
    for (const one of await pragma<SqliteColumn>(db, 'table_xinfo', table)) {
      columns.push({ table, column: one.name, nullable: one.notnull === 0 });
      lines.push(
        `${table} column ${one.name} ${one.type} notnull=${one.notnull} default=${one.dflt_value} pk=${one.pk}`,
      );
    }
    for (const key of await pragma<SqliteKey>(db, 'foreign_key_list', table)) {
      const actions = `update ${key.on_update} delete ${key.on_delete}`;
      lines.push(`${table} foreign key part ${key.seq}: ${key.from} to ${key.table}.${key.to} ${actions}`);
    }
    lines.push(...checksOf(statement).map((check) => `${table} check ${check}`));
    lines.push(...(await describeSqliteIndexes(db, table)));
  }
  return { columns, lines: lines.toSorted() };
}

type PostgresColumn = { table: string; column: string; type: string; nullable: string; default: string | null };

async function describePostgres(db: Database): Promise<Schema> {
  const { rows: columns } = await sql<PostgresColumn>`
    select table_name as "table", column_name as "column", data_type as "type", is_nullable as "nullable",
      column_default as "default" from information_schema.columns where table_schema = 'public'`.execute(db);
  const { rows: constraints } = await sql<{ table: string; text: string }>`
    select c.relname as "table", k.contype::text || ' ' || pg_get_constraintdef(k.oid) as "text" from pg_constraint k
      join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public'`.execute(
    db,
  );
  const { rows: indexes } = await sql<{ table: string; text: string }>`
    select tablename as "table", indexdef as "text" from pg_indexes where schemaname = 'public'`.execute(db);
  const mine = columns.filter(({ table }) => !OWN_TABLES.has(table));
  const lines = [
    ...mine.map(
      (one) => `${one.table} column ${one.column} ${one.type} nullable=${one.nullable} default=${one.default}`,
    ),
    ...constraints
      .filter(({ table }) => !OWN_TABLES.has(table))
      .map(({ table, text }) => `${table} constraint ${text}`),
    ...indexes.filter(({ table }) => !OWN_TABLES.has(table)).map(({ table, text }) => `${table} index ${text}`),
  ];
  return {
    columns: mine.map(({ table, column, nullable }) => ({ table, column, nullable: nullable === 'YES' })),
    lines: lines.toSorted(),
  };
}

export function describeSchema(db: Database): Promise<Schema> {
  return isPostgres(db) ? describePostgres(db) : describeSqlite(db);
}
