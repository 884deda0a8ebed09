// GET /auth/framing: who may frame a page that is the same for everybody and served before anybody is signed in. Never everybody.

import type { Deps } from '../deps.ts';
import { success } from '../http/answer.ts';
import { type AppContext, header, setHeader } from '../http/context.ts';
import { embeddingOrigin } from '../http/fetch-metadata.ts';
import { frameAncestors } from '../http/page.ts';
import { findSignedIn } from '../partners/signed-in.ts';
import { readSessionCookie } from '../sessions/cookies.ts';

// Such a page may be in any frame that a portal's page is in already.
const ANY_PAGE: Record<string, string[]> = { 'https:': ['https:'], 'http:': ['https:', 'http:'] };

/** The pages that may embed the session of this browser's frame. */
async function sessionsOrigins({ db, clock }: Deps, c: AppContext): Promise<string[]> {
  const token = readSessionCookie(c, 'embed');
  const signed_in = token === undefined ? undefined : await findSignedIn(db, token, clock());
  return signed_in?.standing.integration.embed_origins ?? [];
}

/**
 * The page around the frame, if it is registered. A frame that goes on to another page of the portal's, or loads its own anew, names the
 * portal and not what is around it. Where embedded pages use a bearer, nobody knows then who that is, and the page is empty: it asks
 * the server about the pages around it before there is anything in it (`embedders`, in handoff/exchange.ts).
 */
async function aroundTheFrame({ config, embedders }: Deps, c: AppContext): Promise<string[]> {
  const embedder = embeddingOrigin(c);
  if (embedder === undefined) return [];
  if (embedder !== config.PORTAL_URL) return (await embedders.list()).has(embedder) ? [embedder] : [];
  const is_moving_on = (header(c, 'sec-fetch-site') ?? 'same-origin') === 'same-origin';
  if (config.EMBED_WITHOUT_COOKIE !== 'bearer' || !is_moving_on) return [];
  return ANY_PAGE[new URL(config.PORTAL_URL).protocol] ?? [];
}

export async function answerFraming(deps: Deps, c: AppContext): Promise<Response> {
  const own = await sessionsOrigins(deps, c);
  const is_known = own.length > 0 && embeddingOrigin(c) === deps.config.PORTAL_URL;
  const around = is_known ? [] : await aroundTheFrame(deps, c);
  const frame_ancestors = [...new Set([...own, ...around])];
  setHeader(c, 'x-auth-content-security-policy', frameAncestors(frame_ancestors));
  return success(c, deps, { message: 'Who may frame the page', data: { frame_ancestors } });
}
