// A browser opens a link, or sends the form of the page that asked first. The steps in order: read, own session, not over, right
// place, right frame, ask where somebody has to be asked, sign in.

import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import { type AppContext, prove, setHeader } from '../http/context.ts';
import { embeddingOrigin, isNavigation, isUnprompted, placementOf, requireOwnForm } from '../http/fetch-metadata.ts';
import { countAttempt } from '../http/failure-limit.ts';
import { page } from '../http/page.ts';
import { writeSessionCookie } from '../sessions/cookies.ts';
import { type Arrival, ownSession, parseArrival, strangersSession } from './arrival.ts';
import { continuePage, switchUserPage } from './confirm-page.ts';
import { chooseFrameEntry, requireRegisteredEmbedder, startProbe } from './frame-entry.ts';
import { isEmbedPath } from './redirect-path.ts';
import {
  exchangeSsoToken,
  recordArrival,
  replacedBy,
  requirePlacement,
  requireUnexpired,
  requireUnspent,
} from './redeem.ts';

type Reopened = { session_id: string; redirect_path: string };

type Noted = { action: 'sso_token.reopened' | 'sso_token.held'; detail?: Record<string, string> };

async function record(deps: Deps, c: AppContext, noted: Noted): Promise<void> {
  if (noted.action === 'sso_token.held') await countAttempt(c, deps.failures);
  await recordArrival(deps, { actor: 'browser', ...noted, ...c.get('proved'), request: c.get('request') });
}

/**
 * On to the page, and nothing about the way here: no cache, and no handle for the page that opened the tab. In a frame the next
 * page may know which origin is around it, and no more: the referrer of a redirect is the page that made the frame.
 */
function goOn(c: AppContext, location: string): Response {
  setHeader(c, 'cache-control', 'no-store');
  setHeader(c, 'cross-origin-opener-policy', 'same-origin');
  if (placementOf(c) === 'frame') setHeader(c, 'referrer-policy', 'strict-origin');
  return c.body(null, 303, { location });
}

/** Asks a person before the token is spent; undefined when there is no need to. */
async function askFirst(deps: Deps, c: AppContext, arrival: Arrival): Promise<Response | undefined> {
  const { token, verified, standing } = arrival;
  const current = isUnprompted(c) ? strangersSession(arrival) : undefined;
  if (standing === undefined || (current === undefined && deps.config.REDEEM === 'direct')) return undefined;
  await requireUnspent(deps.db, verified);
  const content = current
    ? await switchUserPage(deps, { token, verified, standing, current })
    : continuePage(token, verified, standing);
  await record(deps, c, { action: 'sso_token.held' });
  // This page acts, so only the pages that may embed the portal may frame it.
  c.set('frame_ancestors', placementOf(c) === 'frame' ? standing.integration.embed_origins : []);
  setHeader(c, 'cache-control', 'no-store');
  return page(c, content);
}

async function signIn(deps: Deps, c: AppContext, { verified, held }: Arrival): Promise<Response> {
  const replaces = replacedBy(verified, held);
  const exchange = { verified, replaces, actor: 'browser', request: c.get('request') } as const;
  const { session, session_token } = await exchangeSsoToken(deps, exchange);
  prove(c, { session_id: session.session_id });
  writeSessionCookie(c, { kind: session.kind, session_token, replaces });
  return goOn(c, verified.redirect_path);
}

/** Undefined when the link is to be spent here and now, as in a tab. */
async function enterFrame(deps: Deps, c: AppContext, arrival: Arrival): Promise<Response | undefined> {
  const entry = await chooseFrameEntry(deps, c, arrival);
  switch (entry) {
    case 'cookie':
      return undefined;
    case 'probe':
      return goOn(c, startProbe(c));
    case 'bearer':
      await record(deps, c, { action: 'sso_token.held', detail: { reason: 'bearer' } });
      return goOn(c, arrival.verified.redirect_path);
  }
}

/** The reload and the double click of a link that this browser has spent. */
async function reopen(deps: Deps, c: AppContext, { session_id, redirect_path }: Reopened): Promise<Response> {
  prove(c, { session_id });
  await record(deps, c, { action: 'sso_token.reopened' });
  return goOn(c, redirect_path);
}

/** What has to happen before the token is spent; undefined when nothing has. */
async function beforeSpending(deps: Deps, c: AppContext, arrival: Arrival): Promise<Response | undefined> {
  const placement = placementOf(c);
  const entered = placement === 'frame' ? await enterFrame(deps, c, arrival) : undefined;
  // A browser that does not say where it shows the page is not asked who is around it, but heard if it says.
  if (placement === 'unknown' && isEmbedPath(arrival.verified.redirect_path) && embeddingOrigin(c) !== undefined)
    requireRegisteredEmbedder(deps, c, arrival);
  return entered ?? askFirst(deps, c, arrival);
}

/** The way in that a link and the page that asked have in common. */
async function enter(deps: Deps, c: AppContext, arrival: Arrival & { confirmed: boolean }): Promise<Response> {
  const own = ownSession(arrival);
  if (own) return reopen(deps, c, { ...arrival.verified, ...own });
  requireUnexpired(arrival.verified, deps.clock());
  requirePlacement(arrival.verified, placementOf(c));
  const answered = arrival.confirmed ? undefined : await beforeSpending(deps, c, arrival);
  return answered ?? signIn(deps, c, arrival);
}

/** GET of a link. @throws Problem navigation-required, or why it cannot be spent */
export async function openLink(deps: Deps, c: AppContext): Promise<Response> {
  if (!isNavigation(c))
    throw new Problem('navigation-required', 'This link has to be opened by a person, in a tab or an iframe');
  const arrival = await parseArrival(deps, c, new URL(c.req.url).searchParams);
  return enter(deps, c, { ...arrival, confirmed: false });
}

/** POST of the form on the page that asked. @throws Problem cross-site-request, or why the link cannot be spent */
export async function submitForm(deps: Deps, c: AppContext): Promise<Response> {
  requireOwnForm(c, deps.config.PORTAL_URL);
  const arrival = await parseArrival(deps, c, new URLSearchParams(await c.req.text()));
  return enter(deps, c, { ...arrival, confirmed: true });
}
