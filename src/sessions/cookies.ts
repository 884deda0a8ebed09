// The session cookies. `__Host-` binds them to one host, https and the whole path (RFC 6265bis, 4.1.3.2). A session cookie
// without an age ends with the browser, which is right on a shared workstation.

import { deleteCookie, setCookie } from 'hono/cookie';
import { type CookieOptions, parse } from 'hono/utils/cookie';
import type { SessionKind } from '../db/tables.ts';
import { type AppContext, header } from '../http/context.ts';

export const SESSION_KINDS: readonly SessionKind[] = ['top_level', 'embed'];

const NAMES: Record<SessionKind, string> = { top_level: 'handoff', embed: 'handoff-embed' };

const PROBE = 'handoff-probe';

// Partitioned (CHIPS): the one kind of cookie that browsers still keep in another site's frame, one jar for each such site.
const OPTIONS: Record<SessionKind, CookieOptions> = {
  top_level: { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' },
  embed: { prefix: 'host', path: '/', secure: true, httpOnly: true, sameSite: 'None', partitioned: true },
};

/** One with the prefix that Hono writes for `host`. Hono's own getCookie would make a web request's headers first. */
function readCookie(c: AppContext, name: string): string | undefined {
  const full_name = `__Host-${name}`;
  return parse(header(c, 'cookie') ?? '', full_name)[full_name];
}

export function readSessionCookie(c: AppContext, kind: SessionKind): string | undefined {
  return readCookie(c, NAMES[kind]);
}

/** Sets the cookie of a new session, and clears those of the kinds it took the place of. */
export function writeSessionCookie(
  c: AppContext,
  { kind, session_token, replaces }: { kind: SessionKind; session_token: string; replaces: { kind: SessionKind }[] },
): void {
  for (const replaced of replaces) if (replaced.kind !== kind) clearSessionCookie(c, replaced.kind);
  setCookie(c, NAMES[kind], session_token, OPTIONS[kind]);
}

export function hasProbeCookie(c: AppContext): boolean {
  return readCookie(c, PROBE) !== undefined;
}

/** Of the very kind of the session's cookie, so that what becomes of it tells what would become of that. */
export function writeProbeCookie(c: AppContext): void {
  setCookie(c, PROBE, '1', OPTIONS.embed);
}

export function clearSessionCookie(c: AppContext, kind: SessionKind): void {
  deleteCookie(c, NAMES[kind], OPTIONS[kind]);
}
