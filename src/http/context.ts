// What a request carries through its middleware, and how it begins and ends: request id, client address, one log line.

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import proxyaddr from 'proxy-addr';
import { type Makers, newId } from '../foundation/ids.ts';
import type { Log } from '../foundation/log.ts';
import { invalidRequest } from '../foundation/problem.ts';
import type { RequestContext } from '../foundation/request-context.ts';

/** Whom an error page sends the clinician back to. */
export type ReturnTo = { partner_name: string; return_url: string | undefined };

/** Only what a credential or a signature vouches for, never what a stranger claimed. */
export type Proved = Partial<
  Record<'partner_id' | 'organization_id' | 'user_id' | 'session_id' | 'jti' | 'redirect_path', string>
>;

/** Whose secrets came with the request, and which of them. */
export type Caller = {
  partner_id: string;
  organization_id: string;
  /** The credentials that vouch for it. */
  credential_ids: string[];
};

export type AppEnv = {
  Bindings: HttpBindings;
  Variables: {
    request: RequestContext;
    /** Set once it is known; error pages name the partner and link back. */
    return_to?: ReturnTo;
    /** Who may frame the answer, as CSP sources; nobody unless a route says so. */
    frame_ancestors?: string[];
    /** What has been established so far, for the audit event and, but for the path, the log line. */
    proved: Proved;
    /** Set by what authenticates a partner's server; nothing behind that reads the headers again. */
    caller: Caller;
    /** A stranger's failed request is counted once. */
    failure_counted?: boolean;
    /** The pattern of the address, where no route of its own answered. */
    route?: string;
    /** The problem's slug and private reason, for the log line. */
    refusal?: { problem: string; reason?: string };
  };
};

export type AppContext = Context<AppEnv>;

// A second one of these is a smuggled one: proxies and servers differ in which they read.
const SINGLE_HEADERS = new Set([
  'host',
  'authorization',
  'content-type',
  'content-length',
  'origin',
  'referer',
  'x-partner-id',
  'x-partner-secret',
  'x-organization-id',
  'x-organization-secret',
  'x-user-id',
  'x-partner-user-id',
  'idempotency-key',
  'handoff-subject',
  'x-original-uri',
  'x-original-url',
  'x-forwarded-uri',
]);

/** A request's header by its name in lower case. From node:http's own object: a web one would be made for each request. */
export function header(c: AppContext, name: string): string | undefined {
  const value = c.env.incoming.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/**
 * Sets a header of the answer, or takes it back. On node:http's own answer, whatever the app answers with afterwards: a web one's
 * headers cost as much as the rest of the way.
 */
export function setHeader(c: AppContext, name: string, value: string | undefined): void {
  if (value === undefined) c.env.outgoing.removeHeader(name);
  else c.env.outgoing.setHeader(name, value);
}

/** Adds to what has been established about a request. */
export function prove(c: AppContext, facts: Proved): void {
  Object.assign(c.get('proved'), facts);
}

/** Names that arrived more than once. node:http has merged or dropped the copies by now; rawHeaders still has them. */
function repeatedHeaders({ headers, rawHeaders: raw_headers }: IncomingMessage): string[] {
  // As many names as headers: the common case.
  if (Object.keys(headers).length * 2 === raw_headers.length) return [];
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (let index = 0; index < raw_headers.length; index += 2) {
    const name = raw_headers[index]?.toLowerCase() ?? '';
    if (!SINGLE_HEADERS.has(name)) continue;
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
  }
  return [...repeated];
}

/** @throws Problem invalid-request that names each header that arrived twice */
export function requireSingleHeaders(c: AppContext): void {
  const repeated = repeatedHeaders(c.env.incoming);
  if (repeated.length === 0) return;
  throw invalidRequest(
    repeated.map((field) => ({ field, message: `The header ${field} arrived more than once`, code: 'repeated' })),
  );
}

/** The nearest address that is not one of our proxies; what a proxy wrote down is believed only if it is an address. */
function clientAddress(c: AppContext, isTrusted: ((address: string, index: number) => boolean) | undefined): string {
  const direct = c.env.incoming.socket.remoteAddress ?? '';
  if (isTrusted === undefined) return direct;
  const claimed = proxyaddr(c.env.incoming, isTrusted);
  return isIP(claimed) === 0 ? direct : claimed;
}

/** The pattern, not the path: paths hold patient ids, and queries hold tokens. A middleware's only where there is no other. */
function routeOf(c: AppContext): string | undefined {
  const routes = matchedRoutes(c);
  return (routes.findLast(({ method }) => method !== 'ALL') ?? routes.at(-1))?.path;
}

function logLine(c: AppContext, log: Log, started: number): void {
  const { request_id, client_address } = c.get('request');
  // Patient ids stand in the path, which therefore goes to the audit trail alone.
  const { redirect_path: _, ...proved } = c.get('proved');
  const fields = {
    request_id,
    client_address,
    method: c.req.method,
    route: c.get('route') ?? routeOf(c),
    status: c.res.status,
    duration_ms: Math.round((performance.now() - started) * 10) / 10,
    ...proved,
    ...c.get('refusal'),
  };
  if (c.res.status >= 500) log.error(fields, 'request');
  else log.info(fields, 'request');
}

/** On every answer; a page replaces the policy with its own. */
const SECURITY_HEADERS = Object.entries({
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
});

type RequestOptions = Makers & { log: Log; trusted_proxies: string[]; readiness: { draining: boolean } };

/**
 * The first middleware: gives the request its id and context, and writes one log line when the answer is made. While the process
 * drains it closes each connection with its answer: one that a proxy keeps alive would hold the process up, and bring new requests
 * until it is cut off.
 */
export function requestContext(options: RequestOptions): MiddlewareHandler<AppEnv> {
  const { log, readiness, trusted_proxies } = options;
  const isTrusted = trusted_proxies.length === 0 ? undefined : proxyaddr.compile(trusted_proxies);
  let warned = isTrusted !== undefined;
  const warnOnce = (c: AppContext) => {
    if (warned || header(c, 'x-forwarded-for') === undefined) return;
    warned = true;
    log.warn('a request came through a proxy, but TRUSTED_PROXIES is not set: all clients look like one address');
  };
  return async (c, next) => {
    const started = performance.now();
    const request_id = newId('req', options);
    c.set('proved', {});
    c.set('request', {
      request_id,
      client_address: clientAddress(c, isTrusted),
      user_agent: header(c, 'user-agent'),
    });
    setHeader(c, 'x-request-id', request_id);
    for (const [name, value] of SECURITY_HEADERS) setHeader(c, name, value);
    warnOnce(c);
    await next();
    if (readiness.draining) c.env.outgoing.shouldKeepAlive = false;
    logLine(c, log, started);
  };
}

/** Refuses a header that arrived twice. Where attempts are recorded it stands behind that, because this one is an attempt. */
export function singleHeaders(): MiddlewareHandler<AppEnv> {
  return (c, next) => {
    requireSingleHeaders(c);
    return next();
  };
}
