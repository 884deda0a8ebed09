// Who is signed in: from the cookies of a browser or the bearer token of a portal that keeps its own, to a session that is
// live, of a user who may still act. The one answer that /auth/session, /auth/verify and the sample portal share.

import type { SessionKind } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import { type AppContext, header } from '../http/context.ts';
import { findSignedIn, type SignedIn } from '../partners/signed-in.ts';
import { bearerToken } from '../sessions/carried-session.ts';
import { readSessionCookie } from '../sessions/cookies.ts';
import { lifetimesOf, prolongSession } from '../sessions/session.ts';

/** The page that is asked about: an embed session opens embed pages only. `unstated` asks who is signed in at all. */
export type Place = 'embed' | 'anywhere_else' | 'unstated';

/** Which cookie is looked at first, and which kinds are good there. */
const KINDS_BY_PLACE: Record<Place, { preferred: readonly SessionKind[]; good: readonly SessionKind[] }> = {
  embed: { preferred: ['embed', 'top_level'], good: ['embed', 'top_level'] },
  anywhere_else: { preferred: ['top_level', 'embed'], good: ['top_level'] },
  unstated: { preferred: ['top_level', 'embed'], good: ['top_level', 'embed'] },
};

/** One token and no second choice: where the preferred session is over, another must not silently take its place. */
function carriedToken(c: AppContext, preferred: readonly SessionKind[]): string | undefined {
  const bearer = bearerToken(c);
  if (bearer !== undefined) return bearer;
  for (const kind of preferred) {
    const token = readSessionCookie(c, kind);
    if (token !== undefined) return token;
  }
  return undefined;
}

/**
 * A page says whom it was made for, so that it never acts as somebody who has signed in since in another tab: cookies are the
 * whole browser's.
 */
function requireSubject(c: AppContext, { session }: SignedIn): void {
  const subject = header(c, 'handoff-subject');
  if (subject === undefined || subject === `${session.user_id}/${session.organization_id}`) return;
  throw new Problem('session-changed', 'Somebody else has signed in since the page was made');
}

/**
 * Who is signed in at a place; prolongs the session, since being asked for is what use means.
 * @throws Problem session-required, session-expired, session-changed or session-embed-only
 */
export async function getSignedIn(deps: Deps, c: AppContext, place: Place): Promise<SignedIn> {
  const { preferred, good } = KINDS_BY_PLACE[place];
  const token = carriedToken(c, preferred);
  if (token === undefined) throw new Problem('session-required', 'There is no session in this request');
  const signed_in = await findSignedIn(deps.db, token, deps.clock());
  if (signed_in === undefined) throw new Problem('session-expired', 'The session has ended');
  requireSubject(c, signed_in);
  if (good.includes(signed_in.session.kind)) return prolong(deps, signed_in);
  throw new Problem('session-embed-only', 'This session is good for /embed/ pages only');
}

async function prolong(deps: Deps, signed_in: SignedIn): Promise<SignedIn> {
  const options = { now: deps.clock(), lifetimes: lifetimesOf(deps.config) };
  return { ...signed_in, session: await prolongSession(deps.db, signed_in.session, options) };
}
