// What a request to the practice carries: who is signed in to it, from its own cookie; and what each page may load.

import type { Context, MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Session, Sessions } from './people.ts';
import type { Settings } from './settings.ts';

export type Env = { Variables: { session: Session | undefined } };
export type PracticeContext = Context<Env>;

const COOKIE = 'practice_session';

/** Who is asking comes from here, never from what a page sends, or anybody could sign on as anybody. */
export function withSession(sessions: Sessions): MiddlewareHandler<Env> {
  return async (c, next) => {
    c.set('session', sessions.find(getCookie(c, COOKIE)));
    await next();
  };
}

/** Lax, because a link of the portal's leads back here; that other sites' pages post nothing is ownRequests' affair. */
export function signIn(c: PracticeContext, session_id: string, { public_url }: Settings): void {
  const secure = public_url.startsWith('https:');
  setCookie(c, COOKIE, session_id, { httpOnly: true, sameSite: 'Lax', path: '/', secure });
}

export function signOut(c: PracticeContext, sessions: Sessions): void {
  const session = c.get('session');
  if (session !== undefined) sessions.end(session.session_id);
  deleteCookie(c, COOKIE, { path: '/' });
}

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Answers under its own name only. Under another one, `localhost` above all, it would be of the same site as the sample portal
 * to a browser, which is not what production is like; and a name that a stranger points here would be the stranger's site.
 */
export function ownHost({ public_url }: Settings): MiddlewareHandler<Env> {
  const own = new URL(public_url);
  return async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (host === own.host) return next();
    const { pathname, search } = new URL(c.req.url);
    const is_near = LOOPBACK_HOSTS.has(host.replace(/:\d+$/, '')) && c.req.method === 'GET';
    return is_near ? c.redirect(`${public_url}${pathname}${search}`, 302) : c.text('Not the address of this site', 421);
  };
}

/** What changes something, or gets a link, has to come from a page of this site, or from no page at all. */
export function ownRequests({ public_url }: Settings): MiddlewareHandler<Env> {
  return async (c, next) => {
    const [site, origin] = [c.req.header('sec-fetch-site'), c.req.header('origin')];
    const is_own = (site === undefined || site === 'same-origin') && (origin === undefined || origin === public_url);
    return c.req.method === 'GET' || is_own ? next() : c.json({ error: 'This request came from another site' }, 403);
  };
}

/**
 * The portal may be framed, and the form that opens it in a tab may be sent on to it: browsers hold a form's redirections to
 * form-action as well.
 */
export function securityHeaders({ portal_url }: Settings): MiddlewareHandler<Env> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    `frame-src ${portal_url}`,
    `form-action 'self' ${portal_url}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  return async (c, next) => {
    await next();
    c.header('content-security-policy', policy);
    c.header('x-content-type-options', 'nosniff');
    // The portal learns which origin frames it, which it has to, and not which patient is open.
    c.header('referrer-policy', 'strict-origin-when-cross-origin');
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
  };
}
