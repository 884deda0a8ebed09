// The session a browser holds already, before anything new is decided about it.

import type { SessionKind, SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import type { AppContext } from '../http/context.ts';
import { readSessionCookie } from './cookies.ts';
import { findLiveSession } from './session.ts';

/** The live session in this browser's cookie of a kind, whatever its user's standing. */
export async function findBrowserSession(
  { db, clock }: Deps,
  c: AppContext,
  kind: SessionKind,
): Promise<SessionsTable | undefined> {
  const token = readSessionCookie(c, kind);
  return token === undefined ? undefined : findLiveSession(db, token, clock());
}
