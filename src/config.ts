// The environment as one frozen Config. Every problem is reported at once, with the variable's name and the fix. The
// README's table is compared with ENVIRONMENT by a test.

import { isIP } from 'node:net';
import { z } from 'zod';
import { type DatabaseUrl, parseDatabaseUrl } from './db/database.ts';
import { LOG_LEVELS } from './foundation/log.ts';

/** `sandbox` may fill in what `production` insists on. */
export type Mode = 'production' | 'sandbox';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

function parseBaseUrl(text: string): URL | undefined {
  // In the text, because a parsed URL cannot tell an empty query or fragment from none and yet keeps its "?" or "#".
  if (!URL.canParse(text) || /[?#]/.test(text)) return undefined;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '';
  return plain && /^https?:$/.test(url.protocol) ? url : undefined;
}

function isSecureOrLoopback(url: URL): boolean {
  return url.protocol === 'https:' || LOOPBACK_HOSTS.has(url.hostname);
}

const baseUrl = z.string().transform((text, context) => {
  const url = parseBaseUrl(text);
  if (url === undefined) {
    context.addIssue('must be an absolute https:// URL without user, query or fragment');
    return z.NEVER;
  }
  if (!isSecureOrLoopback(url)) {
    context.addIssue('must begin with https://; http:// is allowed for localhost, 127.0.0.1 and [::1] only');
    return z.NEVER;
  }
  if (!isPathPrefix(url.pathname.replace(/(?<=.)\/+$/, ''))) {
    context.addIssue('must have a path of letters, digits, ".", "_", "~" and "-" only, or none');
    return z.NEVER;
  }
  return url.href.replace(/\/+$/, '');
});

const origin = baseUrl.refine(
  (text) => new URL(text).origin === text,
  'must be an origin: scheme, host and port, without a path',
);

const databaseUrl = z.string().transform((text, context): DatabaseUrl => {
  const url = parseDatabaseUrl(text);
  if (url !== undefined && !(url.engine === 'sqlite' && url.path === ':memory:')) return url;
  context.addIssue('must be sqlite:<path> or postgres://<user>:<password>@<host>/<database>');
  return z.NEVER;
});

const MASTER_KEY_BYTES = 32;

/** A repeated byte or pattern, or bytes that count up or down, are a placeholder that somebody forgot to replace. */
function isWeakKey(key: Buffer): boolean {
  const half = MASTER_KEY_BYTES / 2;
  const steps = new Set(key.subarray(1).map((byte, index) => byte - (key[index] ?? 0)));
  // Of 32 random bytes 30 differ on average; fewer than 16 do in less than one of 2^50 keys.
  return new Set(key).size < half || steps.size === 1 || key.subarray(0, half).equals(key.subarray(half));
}

const masterKey = z.string().transform((text, context): Buffer => {
  const key = Buffer.from(text, 'base64');
  if (key.length !== MASTER_KEY_BYTES || key.toString('base64') !== text) {
    context.addIssue('must be 32 random bytes in base64; make one with: openssl rand -base64 32');
    return z.NEVER;
  }
  if (isWeakKey(key)) {
    context.addIssue('is not random; make one with: openssl rand -base64 32');
    return z.NEVER;
  }
  return key;
});

function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message);
}

function commaList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const PATH_PREFIX = /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*)?$/;

/** True for a path prefix that may stand in REDIRECT_PATH_PREFIXES or be given to an integration. */
export function isPathPrefix(text: string): boolean {
  return PATH_PREFIX.test(text) && !/\/\.{1,2}(?:\/|$)/.test(text);
}

const pathPrefixes = z
  .string()
  .transform(commaList)
  .refine(
    (list) => list.length > 0 && list.every(isPathPrefix),
    'must be a comma-separated list of paths such as /dashboard,/embed',
  );

function isAddressRange(text: string): boolean {
  const [address, bits, ...rest] = text.split('/');
  const version = isIP(address ?? '');
  if (version === 0 || rest.length > 0) return false;
  // Not /0: every client would be a proxy, and could write down any address as its own.
  return bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

const NAMED_RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);

const trustedProxies = z
  .string()
  .transform(commaList)
  .refine(
    (list) => list.every((entry) => NAMED_RANGES.has(entry) || isAddressRange(entry)),
    'must be a comma-separated list of IP addresses, CIDR ranges, or loopback, linklocal, uniquelocal',
  );

/** Every variable the service reads, in the README's order. */
export const ENVIRONMENT = z.object({
  PORT: wholeNumber(0, 65_535).default(8787),
  HOST: z.string().default('127.0.0.1'),
  DATABASE_URL: databaseUrl.prefault('sqlite:./data/handoff.db'),
  API_URL: baseUrl,
  PORTAL_URL: origin,
  MASTER_KEY: masterKey,
  PROBLEM_BASE_URL: baseUrl.optional(),
  REDIRECT_PATH_PREFIXES: pathPrefixes.default(['/dashboard', '/embed']),
  REDEEM: z.enum(['direct', 'confirm'], 'must be direct or confirm').default('direct'),
  SESSION_IDLE_MINUTES: wholeNumber(1, 1_440).default(30),
  SESSION_ABSOLUTE_MINUTES: wholeNumber(1, 43_200).default(720),
  EMBED_SESSION_IDLE_MINUTES: wholeNumber(1, 1_440).default(15),
  EMBED_SESSION_ABSOLUTE_MINUTES: wholeNumber(1, 43_200).default(240),
  EMBED_WITHOUT_COOKIE: z.enum(['tab', 'bearer'], 'must be tab or bearer').default('tab'),
  PROVIDER_DETAILS: z.enum(['complete', 'optional'], 'must be complete or optional').default('complete'),
  RECEIPT_DAYS: wholeNumber(1, 3_650).default(30),
  FAILURES_PER_MINUTE: wholeNumber(0, 100_000).default(300),
  TRUSTED_PROXIES: trustedProxies.default([]),
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`).default('info'),
  DRAIN_SECONDS: wholeNumber(0, 600).default(10),
});

type Environment = z.output<typeof ENVIRONMENT>;
export type Config = Readonly<Environment & { mode: Mode; PROBLEM_BASE_URL: string }>;

/** What a settings problem looks like to the operator: one line a variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(problems: string[]) {
    super(`Some settings are missing or wrong:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

type Variables = Record<string, string | undefined>;

// An empty variable is how many tools write "not set".
export function withoutEmpty(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
}

const HOW_TO_SET: Record<string, string> = {
  API_URL: 'the public base URL of the API, for example https://api.example.com/external',
  PORTAL_URL: 'the public origin of the portal, for example https://portal.example.com',
  MASTER_KEY: '32 random bytes in base64; make one with: openssl rand -base64 32',
};

function describeIssue(issue: z.core.$ZodIssue, variables: Variables): string {
  const name = String(issue.path[0]);
  return variables[name] === undefined
    ? `${name} is not set: ${HOW_TO_SET[name] ?? 'give it a value'}`
    : `${name} ${issue.message}`;
}

/** Relations between variables that no single one can check; those of a wrong variable are nobody's concern yet. */
function relationProblems(variables: Variables): string[] {
  const pairs = [
    ['SESSION_IDLE_MINUTES', 'SESSION_ABSOLUTE_MINUTES'],
    ['EMBED_SESSION_IDLE_MINUTES', 'EMBED_SESSION_ABSOLUTE_MINUTES'],
  ] as const;
  return pairs
    .filter(([idle, absolute]) => {
      const [shorter, longer] = [idle, absolute].map((name) => ENVIRONMENT.shape[name].safeParse(variables[name]).data);
      return shorter !== undefined && longer !== undefined && shorter > longer;
    })
    .map(([idle, absolute]) => `${idle} must not be greater than ${absolute}`);
}

/** Parses the environment. @throws ConfigError naming every variable that is missing or wrong */
export function parseConfig(variables: Variables, mode: Mode): Config {
  const given = withoutEmpty(variables);
  const parsed = ENVIRONMENT.safeParse(given);
  const issues = parsed.error?.issues ?? [];
  const problems = [...issues.map((issue) => describeIssue(issue, given)), ...relationProblems(given)];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({
    ...parsed.data,
    mode,
    PROBLEM_BASE_URL: parsed.data.PROBLEM_BASE_URL ?? `${parsed.data.API_URL}/errors`,
  });
}

/** Parses DATABASE_URL alone, for commands that need nothing else. @throws ConfigError */
export function parseDatabaseConfig(variables: Variables): DatabaseUrl {
  const given = withoutEmpty(variables);
  const parsed = ENVIRONMENT.pick({ DATABASE_URL: true }).safeParse(given);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => describeIssue(issue, given)));
  return parsed.data.DATABASE_URL;
}

/** Parses MASTER_KEY alone. @throws ConfigError */
export function parseMasterKey(variables: Variables): Buffer {
  const given = withoutEmpty(variables);
  const parsed = ENVIRONMENT.pick({ MASTER_KEY: true }).safeParse(given);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => describeIssue(issue, given)));
  return parsed.data.MASTER_KEY;
}
