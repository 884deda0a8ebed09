// Migrations: NNNN_name.sql, or NNNN_name.sqlite.sql and NNNN_name.postgres.sql where the engines must differ. kysely's
// Migrator keeps the record and the lock that lets one of many starting processes do the work. A released one is never edited.

import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Migration, MigrationProvider, Migrator } from 'kysely/migration';
import { OperatorError } from '../foundation/operator-error.ts';
import { type Database, isPostgres } from './database.ts';
import { isDatabaseAway } from './errors.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/** Splits a script into statements: a semicolon at the end of a line ends one. Lines that are comments are left out. */
export function splitStatements(script: string): string[] {
  const code = script.replaceAll(/^\s*--.*$/gm, '');
  return code
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

/**
 * SQLite keeps the rows of a table under a number of its own, and the text that is their primary key in a second tree; without the
 * number there is one tree to look through, and to write.
 */
function asOnSqlite(statement: string): string {
  return /^CREATE TABLE\b/i.test(statement) ? `${statement} WITHOUT ROWID` : statement;
}

function migration(file: string, engine: Engine): Migration {
  return {
    async up(db) {
      const script = await readFile(new URL(file, FOLDER), 'utf8');
      for (const statement of splitStatements(script))
        await sql.raw(engine === 'sqlite' ? asOnSqlite(statement) : statement).execute(db);
    },
  };
}

type Engine = 'sqlite' | 'postgres';

class SqlFiles implements MigrationProvider {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql'));
    const migrations: Record<string, Migration> = {};
    for (const file of files) {
      const [name, engine] = file.split('.');
      if (name === undefined) continue;
      if (engine === 'sql' || engine === this.#engine) migrations[name] = migration(file, this.#engine);
    }
    return migrations;
  }
}

function sqlFilesFor(db: Database): SqlFiles {
  return new SqlFiles(isPostgres(db) ? 'postgres' : 'sqlite');
}

const RECORD = 'migrations';

/** Loaded where it is needed: most starts find nothing to do. */
async function createMigrator(db: Database): Promise<Migrator> {
  const { Migrator } = await import('kysely/migration');
  return new Migrator({
    db,
    provider: sqlFilesFor(db),
    migrationTableName: RECORD,
    migrationLockTableName: 'migrations_lock',
  });
}

// kysely's words for a migration that has run and is not in the folder.
const NEWER_DATABASE = /^corrupted migrations: previously executed migration \S+ is missing$/;

/** True when the record has just the names that the folder has. @throws when the database is away */
async function isUpToDate(db: Database): Promise<boolean> {
  const known = Object.keys(await sqlFilesFor(db).getMigrations());
  try {
    const { rows } = await sql<{ name: string }>`select name from ${sql.table(RECORD)}`.execute(db);
    const recorded = rows.map(({ name }) => name);
    return recorded.toSorted().join() === known.toSorted().join();
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    // There is no record yet, or whatever else it is will be met again by the migrator.
    return false;
  }
}

/** Brings the database to the newest migration and returns the names of those that ran. @throws what a migration threw */
export async function migrateDatabase(db: Database): Promise<string[]> {
  if (await isUpToDate(db)) return [];
  const migrator = await createMigrator(db);
  const { error, results } = await migrator.migrateToLatest();
  if (error instanceof Error && NEWER_DATABASE.test(error.message)) {
    throw new OperatorError('the database was migrated by a newer version than this: run that version');
  }
  if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}

/** The state of the record: names that have run and names that have not, in order. */
export async function listMigrations(db: Database): Promise<{ applied: string[]; pending: string[] }> {
  const migrator = await createMigrator(db);
  const all = await migrator.getMigrations();
  const names = (done: boolean) => all.filter((one) => (one.executedAt !== undefined) === done).map((one) => one.name);
  return { applied: names(true), pending: names(false) };
}
