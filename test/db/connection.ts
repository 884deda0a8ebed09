// A database for tests that speak to it directly: a connection of their own, and the rows that others refer to.

import { type Database, openDatabase, parseDatabaseUrl } from '../../src/db/database.ts';
import { migrateDatabase } from '../../src/db/migrate.ts';

export const NOW = '2026-03-01T09:00:00.000Z';
export const LATER = '2026-03-01T09:05:00.000Z';

/** A pool of its own, as another process has it. */
export function connectTo(url: string): Database {
  const parsed = parseDatabaseUrl(url);
  if (parsed === undefined) throw new Error('no database');
  return openDatabase(parsed, () => undefined);
}

export async function insertUser(db: Database, user_id: string, email: string): Promise<void> {
  const row = { user_id, organization_id: 'org_1', email, given_name: 'Pat', family_name: 'Provider' };
  await db
    .insertInto('users')
    .values({ ...row, created_at: NOW, suspended_at: null })
    .execute();
}

/** Migrates, and makes ptr_1 enabled for org_1, and usr_1 of it. */
export async function prepareDatabase(db: Database): Promise<void> {
  await migrateDatabase(db);
  const names = { name: 'Sample', created_at: NOW, suspended_at: null };
  await db
    .insertInto('partners')
    .values({ partner_id: 'ptr_1', ...names })
    .execute();
  await db
    .insertInto('organizations')
    .values({ organization_id: 'org_1', parent_organization_id: null, ...names })
    .execute();
  const pair = { partner_id: 'ptr_1', organization_id: 'org_1' };
  const options = { embed_origins: '[]', redirect_path_prefixes: null, scopes: '[]', return_url: null };
  await db
    .insertInto('integrations')
    .values({ ...pair, ...options, created_at: NOW, disabled_at: null })
    .execute();
  await insertUser(db, 'usr_1', 'pat@clinic.example');
}

/** What a promise is rejected with. */
export async function errorOf(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing went wrong');
}

/** A driver's own word for an error. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string }).code;
}

export function fileOf(sqlite_url: string): string {
  return sqlite_url.slice('sqlite:'.length);
}
