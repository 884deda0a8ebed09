// The sessions that a request carries already, in cookies or as a bearer, before anything new is decided about it.

import type { SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { type AppContext, header } from '../http/context.ts';
import { readSessionCookie, SESSION_KINDS } from './cookies.ts';
import { findLiveSession } from './session.ts';

/** The live sessions in this browser's cookies, of both kinds, whatever their users' standing. */
export async function listBrowserSessions({ db, clock }: Deps, c: AppContext): Promise<SessionsTable[]> {
  const sessions: SessionsTable[] = [];
  for (const kind of SESSION_KINDS) {
    const token = readSessionCookie(c, kind);
    const session = token === undefined ? undefined : await findLiveSession(db, token, clock());
    if (session?.kind === kind) sessions.push(session);
  }
  return sessions;
}

/**
 * RFC 6750, 2.1; undefined when there is no session token of ours in the Authorization header. A portal may use that header
 * for tokens of its own, and those must not hide a good cookie.
 */
export function bearerToken(c: AppContext): string | undefined {
  return /^Bearer (ses_[\w.-]{1,128})$/i.exec(header(c, 'authorization') ?? '')?.[1];
}
