// Migrations: NNNN_name.sql, or NNNN_name.sqlite.sql and NNNN_name.postgres.sql where the engines must differ. kysely's
// Migrator keeps the record and the lock that lets one of many starting processes do the work. A released one is never edited.

import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration';
import { OperatorError } from '../foundation/operator-error.ts';
import { type Database, isPostgres } from './database.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

/** Splits a script into statements: a semicolon at the end of a line ends one. Lines that are comments are left out. */
export function splitStatements(script: string): string[] {
  const code = script.replaceAll(/^\s*--.*$/gm, '');
  return code
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '');
}

function migration(file: string): Migration {
  return {
    async up(db) {
      const script = await readFile(new URL(file, FOLDER), 'utf8');
      for (const statement of splitStatements(script)) await sql.raw(statement).execute(db);
    },
  };
}

class SqlFiles implements MigrationProvider {
  readonly #engine: string;

  constructor(engine: 'sqlite' | 'postgres') {
    this.#engine = engine;
  }

  async getMigrations(): Promise<Record<string, Migration>> {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql'));
    const migrations: Record<string, Migration> = {};
    for (const file of files) {
      const [name, engine] = file.split('.');
      if (name === undefined) continue;
      if (engine === 'sql' || engine === this.#engine) migrations[name] = migration(file);
    }
    return migrations;
  }
}

function migrator(db: Database): Migrator {
  return new Migrator({
    db,
    provider: new SqlFiles(isPostgres(db) ? 'postgres' : 'sqlite'),
    migrationTableName: 'migrations',
    migrationLockTableName: 'migrations_lock',
  });
}

// kysely's words for a migration that has run and is not in the folder.
const NEWER_DATABASE = /^corrupted migrations: previously executed migration \S+ is missing$/;

/** Brings the database to the newest migration and returns the names of those that ran. @throws what a migration threw */
export async function migrateDatabase(db: Database): Promise<string[]> {
  const { error, results } = await migrator(db).migrateToLatest();
  if (error instanceof Error && NEWER_DATABASE.test(error.message)) {
    throw new OperatorError('the database was migrated by a newer version than this: run that version');
  }
  if (error !== undefined) throw error instanceof Error ? error : new Error('migration failed', { cause: error });
  return (results ?? []).map((result) => result.migrationName);
}

/** The state of the record: names that have run and names that have not, in order. */
export async function listMigrations(db: Database): Promise<{ applied: string[]; pending: string[] }> {
  const all = await migrator(db).getMigrations();
  const names = (done: boolean) => all.filter((one) => (one.executedAt !== undefined) === done).map((one) => one.name);
  return { applied: names(true), pending: names(false) };
}
