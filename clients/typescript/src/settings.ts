// The options of a client, judged once. A message names the option and the fix, never the value: it may be a secret, or one put
// into the wrong place.

import type { Scope } from './types.ts';

export type HandoffClientOptions = {
  /** Base URL of the API, with its path if it has one: `https://api.example.com/external`. */
  baseUrl: string;
  partnerId: string;
  partnerSecret: string;
  organizationId: string;
  organizationSecret: string;
  /** What the access token is for, as `['read:users']`. Default: everything that is approved. */
  scope?: readonly Scope[];
  /** Instead of the global one: for a proxy, or a test. */
  fetch?: typeof globalThis.fetch;
  /** How long to wait for each try's whole answer. Default 10 000. */
  timeoutMs?: number;
  /** How often to try again after an error that may pass. Default 2. */
  retries?: number;
};

export type Settings = Required<Omit<HandoffClientOptions, 'scope'>> & { scope: readonly Scope[] | undefined };

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function parseBaseUrl(value: unknown): string {
  const url = typeof value === 'string' ? parseUrl(value) : undefined;
  if (url === undefined) throw new TypeError('baseUrl must be a URL, such as https://api.example.com/external');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.has(url.hostname))) {
    throw new TypeError('baseUrl must begin with https:// (http:// is for localhost, 127.0.0.1 and [::1] only)');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new TypeError('baseUrl must have no user name, password, query or fragment');
  }
  return url.href.replace(/\/+$/, '');
}

/** Undefined for what is no absolute URL. */
export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** Checked here, because a fetch that is given a broken header quotes its value in the error. @throws TypeError */
export function parseVisible(value: unknown, name: string): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value)) return value;
  if (value === undefined || value === '') throw new TypeError(`${name} is missing`);
  throw new TypeError(`${name} must be visible ASCII without spaces (did a line break come with it?)`);
}

function parseNumber(
  value: number | undefined,
  name: string,
  limits: { standard: number; least: number; most: number },
) {
  const { standard, least, most } = limits;
  const number = value ?? standard;
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new TypeError(`${name} must be a whole number from ${least} to ${most}`);
  }
  return number;
}

type Fetch = typeof globalThis.fetch;

function parseFetch(value: Fetch | undefined): Fetch {
  // Looked up with each call: frameworks and tests replace the global one.
  if (value === undefined) return (...request) => globalThis.fetch(...request);
  if (typeof value !== 'function') throw new TypeError('fetch must be a function like the global fetch');
  return value;
}

function parseScope(value: readonly Scope[] | undefined): readonly Scope[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.some((item) => typeof item !== 'string')) {
    throw new TypeError("scope must be a list of scopes, such as ['read:users']");
  }
  return value;
}

/** @throws TypeError naming the option */
export function parseSettings(options: HandoffClientOptions): Settings {
  return {
    baseUrl: parseBaseUrl(options.baseUrl),
    partnerId: parseVisible(options.partnerId, 'partnerId'),
    partnerSecret: parseVisible(options.partnerSecret, 'partnerSecret'),
    organizationId: parseVisible(options.organizationId, 'organizationId'),
    organizationSecret: parseVisible(options.organizationSecret, 'organizationSecret'),
    scope: parseScope(options.scope),
    fetch: parseFetch(options.fetch),
    timeoutMs: parseNumber(options.timeoutMs, 'timeoutMs', { standard: 10_000, least: 1, most: 600_000 }),
    retries: parseNumber(options.retries, 'retries', { standard: 2, least: 0, most: 10 }),
  };
}
