// A server under test: in this process, on a free port, with a clock that tests move, spoken to over HTTP.

import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { type Config, type Mode, parseConfig } from '../../src/config.ts';
import type { Deps } from '../../src/deps.ts';
import { createLog } from '../../src/foundation/log.ts';
import { startServer } from '../../src/server.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { newLogFile } from './output.ts';

/** Stands still until it is moved, so that no test depends on how long it takes. */
export class TestClock {
  #now = Date.parse('2026-03-01T09:00:00.000Z');

  readonly now = (): number => this.#now;

  /** Moves time on, in milliseconds. */
  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}

export type Handoff = {
  /** Where it listens; the public URLs are the same unless `environment` says otherwise. */
  url: string;
  config: Config;
  deps: Deps;
  clock: TestClock;
  database: TestDatabase;
  /** File that the server logs to. */
  log_file: string;
  close: () => Promise<void>;
};

export type HandoffOptions = {
  environment?: Record<string, string>;
  mode?: Mode;
  /** A database that other servers use too; the caller drops it. */
  database?: TestDatabase;
};

// The public URL has to be known before the port is; these tests reach the server by the port it got.
export const PUBLIC_URL = 'http://localhost:8787';

/** Starts a server on a database of its own. `close` stops it and drops the database. */
export async function startHandoff(options: HandoffOptions = {}): Promise<Handoff> {
  const database = options.database ?? (await createDatabase());
  const clock = new TestClock();
  const variables = {
    PORT: '0',
    DATABASE_URL: database.url,
    API_URL: PUBLIC_URL,
    PORTAL_URL: PUBLIC_URL,
    MASTER_KEY: randomBytes(32).toString('base64'),
    DRAIN_SECONDS: '1',
    // Tests fail on purpose, many times a second; those of the limit set one.
    FAILURES_PER_MINUTE: '0',
    ...options.environment,
  };
  const config = parseConfig(variables, options.mode ?? 'production');
  const log_file = newLogFile('server');
  const destination = pino.destination({ dest: log_file, sync: true });
  const log = createLog('trace', destination);
  const server = await startServer(config, { clock: clock.now, log });
  const close = async () => {
    await server.close();
    // Dropping the database may end a connection that is still closing, and its event comes when the file is closed.
    log.level = 'silent';
    destination.end();
    if (options.database === undefined) await database.drop();
  };
  return { url: `http://127.0.0.1:${server.port}`, config, deps: server.deps, clock, database, log_file, close };
}
