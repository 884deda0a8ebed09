// What the sandbox fills in so that `npm start` needs no settings. Production never reads any of this.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutEmpty } from '../config.ts';
import { parseDatabaseUrl } from '../db/database.ts';

// The same as in config.ts, where it is part of the schema.
const DEFAULT_DATABASE_URL = 'sqlite:./data/handoff.db';

type Variables = Record<string, string | undefined>;

/** Beside the SQLite file, or in ./data for PostgreSQL. */
function keyFile(database_url: string | undefined): string {
  const url = parseDatabaseUrl(database_url ?? '');
  return join(url?.engine === 'sqlite' ? dirname(url.path) : './data', 'sandbox-master-key');
}

/** The sandbox's own MASTER_KEY; undefined where no sandbox has been started. */
export function readSandboxKey(variables: Variables): string | undefined {
  const file = keyFile(variables['DATABASE_URL'] ?? DEFAULT_DATABASE_URL);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function makeSandboxKey(variables: Variables): string {
  const file = keyFile(variables['DATABASE_URL'] ?? DEFAULT_DATABASE_URL);
  const key = randomBytes(32).toString('base64');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}

/** The environment with whatever is missing for a sandbox filled in. */
export function sandboxVariables(environment: Variables): Variables {
  const variables = withoutEmpty(environment);
  const url = `http://localhost:${variables['PORT'] ?? '8787'}`;
  const master_key = variables['MASTER_KEY'] ?? readSandboxKey(variables) ?? makeSandboxKey(variables);
  return { API_URL: url, PORTAL_URL: url, LOG_LEVEL: 'warn', ...variables, MASTER_KEY: master_key };
}
