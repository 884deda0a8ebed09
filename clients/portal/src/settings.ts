// The options of createPortal, judged once. A message names the option and the fix.

type Fetch = typeof globalThis.fetch;

type CommonOptions = {
  /** Instead of the global one: for a proxy, or a test. */
  fetch?: Fetch;
  /** How long Handoff may take for its whole answer, in milliseconds. Default 5 000. */
  timeoutMs?: number;
};

/** Each request is asked about. A suspension shows at once. */
export type AskOptions = CommonOptions & {
  check: 'ask';
  /** Where this server reaches Handoff: `http://handoff.internal:8787`. Cookies go there. */
  handoffUrl: string;
  /** Public origin of the portal; sharpens the check of cross-site requests. */
  portalUrl?: string;
  /** Handoff's API_URL; problems then lead to its pages. */
  issuer?: string;
};

/** The JWT that the proxy got is verified here. A suspension shows within a minute. */
export type OfflineOptions = CommonOptions & {
  check: 'offline';
  /** Handoff's API_URL: who signed. */
  issuer: string;
  /** Handoff's PORTAL_URL: for whom. */
  portalUrl: string;
  /** Where the public keys are. Default `<issuer>/.well-known/jwks.json`. */
  jwksUrl?: string;
  /** Where this server reaches Handoff; needed for embedShell only. */
  handoffUrl?: string;
};

export type PortalOptions = AskOptions | OfflineOptions;

export type Settings = {
  fetch: Fetch;
  timeoutMs: number;
  handoffUrl: string | undefined;
  portalUrl: string | undefined;
  issuer: string | undefined;
};

export function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const BASE = 'a URL that begins with https:// or http://, without user name, query or fragment';

function parseBase(value: unknown, name: string): string {
  const url = typeof value === 'string' && !/[?#]/.test(value) ? parseUrl(value) : undefined;
  const web = url !== undefined && (url.protocol === 'https:' || url.protocol === 'http:');
  if (!web || url.username !== '' || url.password !== '') throw new TypeError(`${name} must be ${BASE}`);
  return url.href.replace(/\/+$/, '');
}

function parseOrigin(value: unknown, name: string): string {
  const base = parseBase(value, name);
  if (new URL(base).origin !== base) throw new TypeError(`${name} must be an origin: scheme, host and port, no path`);
  return base;
}

function optional(value: unknown, name: string, parse: typeof parseBase): string | undefined {
  return value === undefined ? undefined : parse(value, name);
}

function parseTimeout(value: number | undefined): number {
  const timeoutMs = value ?? 5_000;
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= 60_000) return timeoutMs;
  throw new TypeError('timeoutMs must be a whole number from 1 to 60000');
}

function parseFetch(value: Fetch | undefined): Fetch {
  // Looked up with each call: frameworks and tests replace the global one.
  if (value === undefined) return (...request) => globalThis.fetch(...request);
  if (typeof value !== 'function') throw new TypeError('fetch must be a function like the global fetch');
  return value;
}

/** @throws TypeError naming the option */
export function parseSettings(options: PortalOptions): Settings {
  return {
    fetch: parseFetch(options.fetch),
    timeoutMs: parseTimeout(options.timeoutMs),
    handoffUrl: optional(options.handoffUrl, 'handoffUrl', parseOrigin),
    portalUrl: optional(options.portalUrl, 'portalUrl', parseOrigin),
    issuer: optional(options.issuer, 'issuer', parseBase),
  };
}

export function parseJwksUrl({ jwksUrl }: OfflineOptions, issuer: string): string {
  return jwksUrl === undefined ? `${issuer}/.well-known/jwks.json` : parseBase(jwksUrl, 'jwksUrl');
}

/** @throws TypeError */
export function needed<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new TypeError(`${name} is missing`);
  return value;
}
