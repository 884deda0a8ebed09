// Who is signed in: from the cookies of a browser or the bearer token of a portal that keeps its own, to a session that is
// live, of a user who may still act. The one answer that /auth/session, /auth/verify and the sample portal share.

import type { SessionKind } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import type { AppContext } from '../http/context.ts';
import { findSignedIn, type SignedIn } from '../partners/signed-in.ts';
import { readSessionCookie } from '../sessions/cookies.ts';
import { lifetimesOf, prolongSession } from '../sessions/session.ts';

/** RFC 6750, 2.1; undefined when there is no Authorization header of that form. */
export function bearerToken(c: AppContext): string | undefined {
  return /^Bearer ([\w.-]{1,128})$/i.exec(c.req.header('authorization') ?? '')?.[1];
}

/** Every session token the request carries that may be of one of these kinds, the preferred first. */
function carriedTokens(c: AppContext, kinds: readonly SessionKind[]): string[] {
  const bearer = bearerToken(c);
  if (bearer !== undefined) return [bearer];
  return kinds.map((kind) => readSessionCookie(c, kind)).filter((token) => token !== undefined);
}

/** Where a session may be used: its kind decides. An embed session opens embed pages only. */
export type Place = 'embed' | 'anywhere_else';

const KINDS_BY_PLACE: Record<Place, readonly SessionKind[]> = {
  embed: ['embed', 'top_level'],
  anywhere_else: ['top_level', 'embed'],
};

/**
 * Who is signed in at a place; prolongs the session, since being asked for is what use means.
 * @throws Problem session-required, session-expired or session-embed-only
 */
export async function getSignedIn(deps: Deps, c: AppContext, place: Place): Promise<SignedIn> {
  const tokens = carriedTokens(c, KINDS_BY_PLACE[place]);
  if (tokens.length === 0) throw new Problem('session-required', 'There is no session in this request');
  let embed_only = false;
  for (const token of tokens) {
    const signed_in = await findSignedIn(deps.db, token, deps.clock());
    if (signed_in === undefined) continue;
    if (place === 'embed' || signed_in.session.kind === 'top_level') return prolong(deps, signed_in);
    embed_only = true;
  }
  if (embed_only) throw new Problem('session-embed-only', 'This session is good for /embed/ pages only');
  throw new Problem('session-expired', 'The session has ended');
}

async function prolong(deps: Deps, signed_in: SignedIn): Promise<SignedIn> {
  const options = { now: deps.clock(), lifetimes: lifetimesOf(deps.config) };
  return { ...signed_in, session: await prolongSession(deps.db, signed_in.session, options) };
}
