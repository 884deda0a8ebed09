// A database of its own for each test file: a SQLite file in a temporary folder, or a database on the run's PostgreSQL.

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { inject } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { SqliteFileAdapter } from '../../src/db/sqlite.ts';

export type TestDatabase = { url: string; drop: () => Promise<void> };

async function sqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-test-'));
  return { url: `sqlite:${join(folder, 'handoff.db')}`, drop: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs statements on the maintenance database. */
export async function asSuperuser(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: inject('postgres_url') });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

async function postgresDatabase(): Promise<TestDatabase> {
  const name = `handoff_${randomBytes(6).toString('hex')}`;
  await asSuperuser(`create database ${name}`);
  const url = new URL(inject('postgres_url'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => asSuperuser(`drop database if exists ${name} with (force)`) };
}

/** An empty database on the engine this project of the run is for. */
export async function createDatabase(): Promise<TestDatabase> {
  return inject('test_database') === 'postgres' ? postgresDatabase() : sqliteDatabase();
}

/** Has a connection to SQLite give up sooner where another process writes; five seconds a statement would only make a test slow. */
export function setPatience(db: Database, milliseconds: number): void {
  const { adapter } = db.getExecutor();
  if (adapter instanceof SqliteFileAdapter) adapter.file.writer.patience = milliseconds;
}
