// GET /auth/framing: who may frame a page that is the same for everybody and served before anybody is signed in. Never everybody.

import type { Deps } from '../deps.ts';
import { success } from '../http/answer.ts';
import type { AppContext } from '../http/context.ts';
import { embeddingOrigin } from '../http/fetch-metadata.ts';
import { frameAncestors } from '../http/page.ts';
import { findSignedIn } from '../partners/signed-in.ts';
import { readSessionCookie } from '../sessions/cookies.ts';

// What proxies and browsers take for one header without being told, with room for others.
const MOST_BYTES = 16_384;

/** The pages that may embed the session of this browser's frame. */
async function sessionsOrigins({ db, clock }: Deps, c: AppContext): Promise<string[]> {
  const token = readSessionCookie(c, 'embed');
  const signed_in = token === undefined ? undefined : await findSignedIn(db, token, clock());
  return signed_in?.standing.integration.embed_origins ?? [];
}

/**
 * The page around the frame, if it is registered. A frame that goes on to another page of the portal's, or loads its own anew, names
 * the portal, and not what is around it; without a cookie nobody knows who that was, so that the browser has to compare it with all
 * who are registered.
 */
async function aroundTheFrame({ config, embedders }: Deps, c: AppContext): Promise<string[]> {
  const embedder = embeddingOrigin(c);
  if (embedder === undefined) return [];
  const registered = await embedders.list();
  if (embedder !== config.PORTAL_URL) return registered.has(embedder) ? [embedder] : [];
  const all = [...registered];
  return config.EMBED_WITHOUT_COOKIE === 'bearer' && frameAncestors(all).length <= MOST_BYTES ? all : [];
}

export async function answerFraming(deps: Deps, c: AppContext): Promise<Response> {
  const own = await sessionsOrigins(deps, c);
  const around = own.length > 0 && embeddingOrigin(c) === deps.config.PORTAL_URL ? [] : await aroundTheFrame(deps, c);
  const frame_ancestors = [...new Set([...own, ...around])];
  c.header('x-auth-content-security-policy', frameAncestors(frame_ancestors));
  return success(c, deps, { message: 'Who may frame the page', data: { frame_ancestors } });
}
