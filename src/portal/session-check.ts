// Who is signed in: from the cookies of a browser or the bearer token of a portal that keeps its own, to a session that is
// live, of a user who may still act. The one answer that /auth/session, /auth/verify and the sample portal share.

import type { SessionKind } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import type { AppContext } from '../http/context.ts';
import { findSignedIn, type SignedIn } from '../partners/signed-in.ts';
import { readSessionCookie } from '../sessions/cookies.ts';
import { lifetimesOf, prolongSession } from '../sessions/session.ts';

/**
 * RFC 6750, 2.1; undefined when there is no session token of ours in the Authorization header. A portal may use that header
 * for tokens of its own, and those must not hide a good cookie.
 */
export function bearerToken(c: AppContext): string | undefined {
  return /^Bearer (ses_[\w.-]{1,128})$/i.exec(c.req.header('authorization') ?? '')?.[1];
}

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
  return bearerToken(c) ?? preferred.map((kind) => readSessionCookie(c, kind)).find((token) => token !== undefined);
}

/**
 * Who is signed in at a place; prolongs the session, since being asked for is what use means.
 * @throws Problem session-required, session-expired or session-embed-only
 */
export async function getSignedIn(deps: Deps, c: AppContext, place: Place): Promise<SignedIn> {
  const { preferred, good } = KINDS_BY_PLACE[place];
  const token = carriedToken(c, preferred);
  if (token === undefined) throw new Problem('session-required', 'There is no session in this request');
  const signed_in = await findSignedIn(deps.db, token, deps.clock());
  if (signed_in === undefined) throw new Problem('session-expired', 'The session has ended');
  if (good.includes(signed_in.session.kind)) return prolong(deps, signed_in);
  throw new Problem('session-embed-only', 'This session is good for /embed/ pages only');
}

async function prolong(deps: Deps, signed_in: SignedIn): Promise<SignedIn> {
  const options = { now: deps.clock(), lifetimes: lifetimesOf(deps.config) };
  return { ...signed_in, session: await prolongSession(deps.db, signed_in.session, options) };
}
