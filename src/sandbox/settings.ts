// What the sandbox fills in so that `npm start` needs no settings. Production never reads any of this.

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withoutEmpty } from '../config.ts';
import { parseDatabaseUrl } from '../db/database.ts';
import { OperatorError } from '../foundation/operator-error.ts';

// The same as in config.ts, where it is part of the schema.
const DEFAULT_DATABASE_URL = 'sqlite:./data/handoff.db';

const DEFAULT_PORT = '8787';

export type Variables = Record<string, string | undefined>;

/** Where the sandbox keeps what is its own: beside the SQLite file, or in ./data for PostgreSQL. */
function sandboxFolder({ DATABASE_URL }: Variables): string {
  const url = parseDatabaseUrl(DATABASE_URL ?? DEFAULT_DATABASE_URL);
  return url?.engine === 'sqlite' ? dirname(url.path) : './data';
}

function keyFile(variables: Variables): string {
  return join(sandboxFolder(variables), 'sandbox-master-key');
}

/** Where the sample's credentials are kept, for the sample practice and for whoever tries them out. */
export function credentialsFile(variables: Variables): string {
  return join(sandboxFolder(variables), 'sandbox-credentials.env');
}

/** The port of the sample practice: the next one, unless DEMO_PORT says otherwise. @throws OperatorError */
export function practicePort({ PORT, DEMO_PORT }: Variables): number {
  const port = DEMO_PORT === undefined ? Number(PORT ?? DEFAULT_PORT) + 1 : Number(DEMO_PORT);
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port;
  throw new OperatorError('DEMO_PORT, the port of the sample practice, must be a whole number from 1 to 65535');
}

/**
 * The origin of the sample practice. To a browser 127.0.0.1 and localhost are different sites, as a partner's software and the
 * portal are.
 */
export function practiceUrl(variables: Variables): string {
  return `http://127.0.0.1:${practicePort(variables)}`;
}

/** The sandbox's own MASTER_KEY; undefined where no sandbox has been started. */
export function readSandboxKey(variables: Variables): string | undefined {
  const file = keyFile(variables);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
}

function makeSandboxKey(variables: Variables): string {
  const file = keyFile(variables);
  const key = randomBytes(32).toString('base64');
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' });
  return key;
}

/** The environment with whatever is missing for a sandbox filled in. */
export function sandboxVariables(environment: Variables): Variables {
  const variables = withoutEmpty(environment);
  const url = `http://localhost:${variables['PORT'] ?? DEFAULT_PORT}`;
  const master_key = variables['MASTER_KEY'] ?? readSandboxKey(variables) ?? makeSandboxKey(variables);
  const standard = { API_URL: url, PORTAL_URL: url, LOG_LEVEL: 'warn', EMBED_WITHOUT_COOKIE: 'bearer' };
  return { ...standard, ...variables, MASTER_KEY: master_key };
}
