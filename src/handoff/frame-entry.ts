// A link that a frame opens: who frames it, and whether the browser keeps a cookie there. Browsers differ, by setting and by the
// day, so that nothing is guessed: a cookie is set and the browser sent once more to the same address.

import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import type { AppContext } from '../http/context.ts';
import { embeddingOrigin } from '../http/fetch-metadata.ts';
import { hasProbeCookie, writeProbeCookie } from '../sessions/cookies.ts';
import { type Arrival, otherFramesSession, strangersSession } from './arrival.ts';
import { requireEmbedders, requireUnspent } from './redeem.ts';

/** `embed=1`: the page around the frame speaks docs/embed-protocol.md. `probe=1`: the browser has been here, and was given a cookie. */
const SPEAKS = 'embed';
const PROBED = 'probe';

export type FrameEntry =
  // The cookie sticks: the link is spent as in a tab.
  | 'cookie'
  // Sent on with nothing spent: the page in the frame signs in through the page around it, and keeps a bearer.
  | 'bearer'
  // Sent to the same address again, with a cookie to bring along.
  | 'probe';

/**
 * True when this browser has shown that it keeps a cookie of ours in this frame. That of a session that is over shows nothing: some
 * browsers bring along what they would not take any more.
 */
function keepsCookies(c: AppContext, { held }: Arrival): boolean {
  return hasProbeCookie(c) || held.some(({ kind }) => kind === 'embed');
}

/** True when the cookie that the frame would get is somebody else's, or another frame's of another partner. */
function isTaken(arrival: Arrival): boolean {
  return (otherFramesSession(arrival) ?? strangersSession(arrival)) !== undefined;
}

function registeredOrigins({ standing }: Arrival): string[] {
  return standing?.integration.embed_origins ?? [];
}

/** @throws Problem embedding-refused */
export function requireRegisteredEmbedder({ config }: Deps, c: AppContext, arrival: Arrival): void {
  requireEmbedders([embeddingOrigin(c)], [...registeredOrigins(arrival), config.PORTAL_URL]);
}

/** How a link's frame is to be entered. @throws Problem embedding-refused, cookie-refused, or why the token cannot be spent */
export async function chooseFrameEntry(deps: Deps, c: AppContext, arrival: Arrival): Promise<FrameEntry> {
  const { config, db } = deps;
  requireRegisteredEmbedder(deps, c, arrival);
  const bearer = config.EMBED_WITHOUT_COOKIE === 'bearer' && c.req.query(SPEAKS) === '1';
  const keeps = keepsCookies(c, arrival);
  if (keeps && !(bearer && isTaken(arrival))) return 'cookie';
  // Nobody is sent on with a link that leads nowhere.
  await requireUnspent(db, arrival.verified);
  if (keeps) return 'bearer';
  if (c.req.query(PROBED) !== '1') return 'probe';
  if (bearer) return 'bearer';
  // The page has a button, so that only the pages that may embed the portal may frame it.
  c.set('frame_ancestors', registeredOrigins(arrival));
  throw new Problem('cookie-refused', 'The browser keeps no cookie for the portal inside this page');
}

/** Gives the browser a cookie to come back with; returns the address to come back to, which is that of the link. */
export function startProbe(c: AppContext): string {
  const here = new URL(c.req.url);
  here.searchParams.set(PROBED, '1');
  writeProbeCookie(c);
  return `${here.pathname}${here.search}`;
}
