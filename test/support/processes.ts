// Real server processes, as an operator runs them: `node bin/handoff.mjs serve`, several on one database.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Config, parseConfig } from '../../src/config.ts';
import { openDatabase } from '../../src/db/database.ts';
import type { Deps } from '../../src/deps.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemRandom } from '../../src/foundation/ids.ts';
import { call } from './client.ts';
import type { TestDatabase } from './database.ts';
import { newLogFile } from './output.ts';
import { freePort } from './ports.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type Variables = Record<string, string>;

/** What every process of one deployment is given; the public URLs are those of the first one's port. */
export async function deploymentOn(database: TestDatabase, variables: Variables = {}): Promise<Variables> {
  const url = `http://localhost:${await freePort()}`;
  const MASTER_KEY = randomBytes(32).toString('base64');
  return { DATABASE_URL: database.url, API_URL: url, PORTAL_URL: url, MASTER_KEY, DRAIN_SECONDS: '30', ...variables };
}

type Exit = { code: number | null; signal: string | null };

/** Runs the `handoff` command; what it says goes to a log file that the run searches for secrets. */
function run(args: string[], variables: Variables): { child: ChildProcess; exit: Promise<Exit>; log_file: string } {
  const log_file = newLogFile('process');
  const log = openSync(log_file, 'a');
  // Nothing of this process's environment: a test runner's has settings of its own.
  const env = { PATH: process.env['PATH'], ...variables };
  const child = spawn(process.execPath, ['bin/handoff.mjs', ...args], { cwd: ROOT, env, stdio: ['ignore', log, log] });
  closeSync(log);
  const exit = once(child, 'exit').then(([code, signal]: (number | string | null)[]) => ({ code, signal }) as Exit);
  return { child, exit, log_file };
}

/** Runs a command to its end. */
export async function runCommand(
  args: string[],
  variables: Variables,
): Promise<{ code: number | null; output: string }> {
  const { exit, log_file } = run(args, variables);
  const { code } = await exit;
  return { code, output: readFileSync(log_file, 'utf8') };
}

export type ServerProcess = {
  url: string;
  config: Config;
  /** Sends a signal and does not wait. */
  signal: (signal: NodeJS.Signals) => void;
  exit: Promise<Exit>;
  log: () => string;
};

/** Starts `handoff serve` and waits until it is ready. @throws when it ends before that */
export async function startProcess(variables: Variables, port?: number): Promise<ServerProcess> {
  const PORT = String(port ?? (await freePort()));
  const config = parseConfig({ ...variables, PORT }, 'production');
  const { child, exit, log_file } = run(['serve'], { ...variables, PORT });
  const server: ServerProcess = {
    url: `http://127.0.0.1:${PORT}`,
    config,
    signal: (signal) => void child.kill(signal),
    exit,
    log: () => readFileSync(log_file, 'utf8'),
  };
  let ended = false;
  void exit.then(() => (ended = true));
  while (!(await isReady(server))) {
    if (ended) throw new Error('the server ended before it was ready');
    await pause(25);
  }
  return server;
}

async function isReady(server: ServerProcess): Promise<boolean> {
  const answer = await call(server, '/readyz').catch(() => undefined);
  return answer?.status === 200;
}

/** Kills whatever of these still runs. */
export async function endAll(servers: readonly ServerProcess[]): Promise<void> {
  for (const server of servers) server.signal('SIGKILL');
  await Promise.all(servers.map(({ exit }) => exit));
}

/** The database that the processes are on, for what a test prepares and counts. */
export function openDeployment(variables: Variables): Deps & { close: () => Promise<void> } {
  const config = parseConfig(variables, 'production');
  const db = openDatabase(config.DATABASE_URL, () => undefined);
  const unused = {} as Pick<Deps, 'log' | 'keyring' | 'failures' | 'embedders'>; // what prepares and counts neither logs nor signs
  return { ...unused, config, db, clock: systemClock, random: systemRandom, close: () => db.destroy() };
}
