// The environment as an operator meets it: what may be left out, and one line for each thing that is wrong, with the variable's
// name and the fix, and never the value.

import { randomBytes } from 'node:crypto';
import { compile } from 'proxy-addr';
import { describe, expect, test } from 'vitest';
import { type Config, ConfigError, parseConfig, parseDatabaseConfig, parseMasterKey } from '../src/config.ts';

type Variables = Record<string, string | undefined>;

const master_key = randomBytes(32).toString('base64');

const REQUIRED = {
  API_URL: 'https://api.clinic.example/external',
  PORTAL_URL: 'https://portal.clinic.example',
  MASTER_KEY: master_key,
};

const parse = (variables: Variables = {}): Config => parseConfig({ ...REQUIRED, ...variables }, 'production');

/** One line for each problem; none when the settings are good. */
function problemsOf(variables: Variables, parseAll: (variables: Variables) => unknown = parse): string[] {
  try {
    parseAll(variables);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message
      .split('\n')
      .filter((line) => line !== 'Some settings are missing or wrong:')
      .map((line) => line.replace(/^ {2}- /, ''));
  }
}

describe('what is not set', () => {
  test('has a default, but for the two addresses and the key', () => {
    expect(parse()).toEqual({
      mode: 'production',
      PORT: 8787,
      HOST: '127.0.0.1',
      DATABASE_URL: { engine: 'sqlite', path: './data/handoff.db' },
      API_URL: 'https://api.clinic.example/external',
      PORTAL_URL: 'https://portal.clinic.example',
      MASTER_KEY: Buffer.from(master_key, 'base64'),
      PROBLEM_BASE_URL: 'https://api.clinic.example/external/errors',
      REDIRECT_PATH_PREFIXES: ['/dashboard', '/embed'],
      REDEEM: 'direct',
      SESSION_IDLE_MINUTES: 30,
      SESSION_ABSOLUTE_MINUTES: 720,
      EMBED_SESSION_IDLE_MINUTES: 15,
      EMBED_SESSION_ABSOLUTE_MINUTES: 240,
      EMBED_WITHOUT_COOKIE: 'tab',
      PROVIDER_DETAILS: 'complete',
      RECEIPT_DAYS: 30,
      FAILURES_PER_MINUTE: 300,
      TRUSTED_PROXIES: [],
      LOG_LEVEL: 'info',
      DRAIN_SECONDS: 10,
    } satisfies Config);
  });

  test('is named with what to set it to; an empty variable is one that is not set', () => {
    const expected = [
      'API_URL is not set: the public base URL of the API, for example https://api.example.com/external',
      'PORTAL_URL is not set: the public origin of the portal, for example https://portal.example.com',
      'MASTER_KEY is not set: 32 random bytes in base64; make one with: openssl rand -base64 32',
    ];
    expect(problemsOf({ API_URL: undefined, PORTAL_URL: undefined, MASTER_KEY: undefined })).toEqual(expected);
    expect(problemsOf({ API_URL: '', PORTAL_URL: '', MASTER_KEY: '', PORT: '', LOG_LEVEL: '' })).toEqual(expected);
  });
});

test('the settings cannot be changed any more', () => {
  expect(Object.isFrozen(parse())).toBe(true);
});

test('every problem is told at once, those between two variables included', () => {
  const variables = {
    PORT: '70000',
    DATABASE_URL: 'mysql://localhost/handoff',
    API_URL: 'http://api.clinic.example',
    PORTAL_URL: 'https://portal.clinic.example/app',
    MASTER_KEY: Buffer.alloc(32).toString('base64'),
    PROBLEM_BASE_URL: 'problems',
    REDIRECT_PATH_PREFIXES: 'dashboard',
    REDEEM: 'maybe',
    SESSION_IDLE_MINUTES: '0',
    SESSION_ABSOLUTE_MINUTES: 'long',
    EMBED_SESSION_IDLE_MINUTES: '500',
    EMBED_SESSION_ABSOLUTE_MINUTES: '499',
    TRUSTED_PROXIES: 'proxy.example',
    LOG_LEVEL: 'verbose',
    DRAIN_SECONDS: '-1',
  };
  expect(problemsOf(variables)).toEqual([
    'PORT must be a whole number from 0 to 65535',
    'DATABASE_URL must be sqlite:<path> or postgres://<user>:<password>@<host>/<database>',
    'API_URL must begin with https://; http:// is allowed for localhost, 127.0.0.1 and [::1] only',
    'PORTAL_URL must be an origin: scheme, host and port, without a path',
    'MASTER_KEY is not random; make one with: openssl rand -base64 32',
    'PROBLEM_BASE_URL must be an absolute https:// URL without user, query or fragment',
    'REDIRECT_PATH_PREFIXES must be a comma-separated list of paths such as /dashboard,/embed',
    'REDEEM must be direct or confirm',
    'SESSION_IDLE_MINUTES must be a whole number from 1 to 1440',
    'SESSION_ABSOLUTE_MINUTES must be a whole number from 1 to 43200',
    'TRUSTED_PROXIES must be a comma-separated list of IP addresses, CIDR ranges, or loopback, linklocal, uniquelocal',
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
    'DRAIN_SECONDS must be a whole number from 0 to 600',
    'EMBED_SESSION_IDLE_MINUTES must not be greater than EMBED_SESSION_ABSOLUTE_MINUTES',
  ]);
});

describe('an address', () => {
  test.each([
    ['https://api.clinic.example', 'https://api.clinic.example'],
    ['https://api.clinic.example/', 'https://api.clinic.example'],
    ['https://API.clinic.example:443/external//', 'https://api.clinic.example/external'],
    ['http://localhost:8787', 'http://localhost:8787'],
    ['http://127.0.0.1:8787/external', 'http://127.0.0.1:8787/external'],
    ['http://[::1]', 'http://[::1]'],
  ])('may be %s, without a slash at its end', (API_URL, expected) => {
    expect(parse({ API_URL }).API_URL).toBe(expected);
  });

  const UNSAFE = 'must begin with https://; http:// is allowed for localhost, 127.0.0.1 and [::1] only';
  const NO_BASE = 'must be an absolute https:// URL without user, query or fragment';

  test.each([
    ['http://api.clinic.example', UNSAFE],
    ['http://localhost.clinic.example', UNSAFE],
    ['http://192.168.0.1', UNSAFE],
    ['http://127.0.0.1.clinic.example', UNSAFE],
    ['api.clinic.example', NO_BASE],
    ['/external', NO_BASE],
    ['ftp://api.clinic.example', NO_BASE],
    ['https://user@api.clinic.example', NO_BASE],
    ['https://api.clinic.example?x=1', NO_BASE],
    ['https://api.clinic.example/#top', NO_BASE],
    ['https://api.clinic.example/?', NO_BASE],
    ['https://api.clinic.example/#', NO_BASE],
  ])('must not be %s', (address, message) => {
    expect(problemsOf({ API_URL: address, PORTAL_URL: address })).toEqual([
      `API_URL ${message}`,
      `PORTAL_URL ${message}`,
    ]);
  });

  test('of the portal has no path', () => {
    expect(parse({ PORTAL_URL: 'https://portal.clinic.example:8443/' }).PORTAL_URL).toBe(
      'https://portal.clinic.example:8443',
    );
    expect(problemsOf({ PORTAL_URL: 'https://portal.clinic.example/app' })).toHaveLength(1);
  });

  test('of the problems may be another one', () => {
    const PROBLEM_BASE_URL = 'https://docs.clinic.example/problems/';
    expect(parse({ PROBLEM_BASE_URL }).PROBLEM_BASE_URL).toBe('https://docs.clinic.example/problems');
  });
});

describe('MASTER_KEY', () => {
  const NO_KEY = 'MASTER_KEY must be 32 random bytes in base64; make one with: openssl rand -base64 32';
  const WEAK = 'MASTER_KEY is not random; make one with: openssl rand -base64 32';
  const key = (bytes: number[]) => Buffer.from(bytes).toString('base64');
  const bytes = (byteAt: (index: number) => number) => Array.from({ length: 32 }, (_, index) => byteAt(index) % 256);

  test('is good whenever it is random', () => {
    for (let round = 0; round < 1000; round += 1) {
      expect(problemsOf({ MASTER_KEY: randomBytes(32).toString('base64') })).toEqual([]);
    }
  });

  test.each([
    ['one byte short', randomBytes(31).toString('base64')],
    ['one byte long', randomBytes(33).toString('base64')],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['base64url', key(bytes((index) => 255 - index)).replaceAll('/', '_')],
    ['without its padding', master_key.replace('=', '')],
    ['with a line break', `${master_key}\n`],
    ['a pass phrase', 'correct horse battery staple'],
  ])('is refused when it is %s', (_, MASTER_KEY) => {
    expect(problemsOf({ MASTER_KEY })).toEqual([NO_KEY]);
  });

  test.each([
    ['all zeros', key(bytes(() => 0))],
    ['one byte repeated', key(bytes(() => 0xa5))],
    ['a short pattern repeated', key(bytes((index) => [1, 200, 37, 99][index % 4] ?? 0))],
    ['a pattern of seven repeated', key(bytes((index) => (index % 7) * 37))],
    ['one half repeated', key(bytes((index) => (index % 16) * 37))],
    ['counted up', key(bytes((index) => index))],
    ['counted down', key(bytes((index) => 200 - index * 3))],
  ])('is refused when it is %s', (_, MASTER_KEY) => {
    expect(problemsOf({ MASTER_KEY })).toEqual([WEAK]);
  });
});

describe('lifetimes', () => {
  test('may be equal', () => {
    expect(problemsOf({ SESSION_IDLE_MINUTES: '60', SESSION_ABSOLUTE_MINUTES: '60' })).toEqual([]);
  });

  test('must not have the idle one above the absolute one, defaults included', () => {
    expect(problemsOf({ SESSION_IDLE_MINUTES: '721', EMBED_SESSION_ABSOLUTE_MINUTES: '14' })).toEqual([
      'SESSION_IDLE_MINUTES must not be greater than SESSION_ABSOLUTE_MINUTES',
      'EMBED_SESSION_IDLE_MINUTES must not be greater than EMBED_SESSION_ABSOLUTE_MINUTES',
    ]);
  });

  test.each(['1.5', '1e3', '0x10', ' 5', '-5', '1440.0', '999999999999'])('must not be %s', (SESSION_IDLE_MINUTES) => {
    expect(problemsOf({ SESSION_IDLE_MINUTES })).toEqual([
      'SESSION_IDLE_MINUTES must be a whole number from 1 to 1440',
    ]);
  });
});

describe('TRUSTED_PROXIES', () => {
  test.each([
    ['10.0.0.1', ['10.0.0.1']],
    ['10.0.0.0/8, 2001:db8::/32', ['10.0.0.0/8', '2001:db8::/32']],
    ['loopback,linklocal,uniquelocal', ['loopback', 'linklocal', 'uniquelocal']],
    [' ::1/128 , ', ['::1/128']],
  ])('may be %s, and is then understood by what uses it', (TRUSTED_PROXIES, expected) => {
    const { TRUSTED_PROXIES: list } = parse({ TRUSTED_PROXIES });
    expect(list).toEqual(expected);
    expect(compile(list)).toBeTypeOf('function');
  });

  test.each([
    'proxy.example',
    '10.0.0.0/33',
    '::/129',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/',
    '/8',
    '10.0.0/8',
    '10.0.0.0/8/8',
    '*',
    'all',
    'true',
  ])('must not be %s', (TRUSTED_PROXIES) => {
    expect(problemsOf({ TRUSTED_PROXIES })).toEqual([
      'TRUSTED_PROXIES must be a comma-separated list of IP addresses, CIDR ranges, or loopback, linklocal, uniquelocal',
    ]);
  });
});

describe('REDIRECT_PATH_PREFIXES', () => {
  test.each([
    ['/', ['/']],
    ['/portal', ['/portal']],
    [' /a/b-c , /d.e_~f,', ['/a/b-c', '/d.e_~f']],
  ])('may be %s', (REDIRECT_PATH_PREFIXES, expected) => {
    expect(parse({ REDIRECT_PATH_PREFIXES }).REDIRECT_PATH_PREFIXES).toEqual(expected);
  });

  test.each([
    ',',
    'dashboard',
    '/dashboard/',
    '//dashboard',
    '/a//b',
    '/a/../b',
    '/.',
    '/a?b',
    '/a%2Fb',
    '/ä',
    '/a b',
    '/dashboard,embed',
    'https://x.example/',
  ])('must not be %s', (REDIRECT_PATH_PREFIXES) => {
    expect(problemsOf({ REDIRECT_PATH_PREFIXES })).toEqual([
      'REDIRECT_PATH_PREFIXES must be a comma-separated list of paths such as /dashboard,/embed',
    ]);
  });
});

describe('DATABASE_URL', () => {
  test.each([
    ['sqlite:/var/lib/handoff/handoff.db', { engine: 'sqlite', path: '/var/lib/handoff/handoff.db' }],
    [
      'postgres://u:p@db.example/handoff',
      { engine: 'postgres', connection_string: 'postgres://u:p@db.example/handoff' },
    ],
    ['postgresql://db.example/x', { engine: 'postgres', connection_string: 'postgresql://db.example/x' }],
  ])('may be %s', (DATABASE_URL, expected) => {
    expect(parse({ DATABASE_URL }).DATABASE_URL).toEqual(expected);
    expect(parseDatabaseConfig({ DATABASE_URL })).toEqual(expected);
  });

  test.each(['sqlite:', 'handoff.db', 'file:handoff.db', 'mysql://db.example/x', 'postgres:', 'postgres://[/x'])(
    'must not be %s, for the server and for a command',
    (DATABASE_URL) => {
      const message = 'DATABASE_URL must be sqlite:<path> or postgres://<user>:<password>@<host>/<database>';
      expect(problemsOf({ DATABASE_URL })).toEqual([message]);
      expect(problemsOf({ DATABASE_URL }, parseDatabaseConfig)).toEqual([message]);
    },
  );
});

test('no value is repeated, whatever is wrong with it', () => {
  const SECRET = 'sample-secret-value';
  const names = Object.keys(parse()).filter((name) => name !== 'mode' && name !== 'HOST');
  const variables = Object.fromEntries(names.map((name) => [name, SECRET]));
  const told = problemsOf({ ...variables, DATABASE_URL: `mysql://handoff:${SECRET}@db.example/handoff` });
  expect(told).toHaveLength(names.length);
  expect(told.join('\n').includes(SECRET)).toBe(false);
  expect(problemsOf({ MASTER_KEY: SECRET }, parseMasterKey).join('\n').includes(SECRET)).toBe(false);
});
