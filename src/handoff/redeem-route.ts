// /auth/sso: a browser opens a link and lands signed in (GET, or POST from the page that asks first), or a portal that keeps
// its own session exchanges the token (POST with JSON).

import { Hono } from 'hono';
import { z } from 'zod';
import { recordRefusals } from '../audit/refusals.ts';
import type { SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { invalidRequest, Problem } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import { type AppContext, type AppEnv, prove, singleHeaders } from '../http/context.ts';
import {
  embeddingOrigin,
  isNavigation,
  isUnprompted,
  placementOf,
  requireOwnForm,
  requireSameOrigin,
} from '../http/fetch-metadata.ts';
import { page } from '../http/page.ts';
import { describeSession } from '../partners/signed-in.ts';
import { findStanding, type Standing } from '../partners/standing.ts';
import { listBrowserSessions } from '../sessions/browser-session.ts';
import { clearSessionCookie, writeSessionCookie } from '../sessions/cookies.ts';
import { continuePage, switchUserPage } from './confirm-page.ts';
import {
  exchangeSsoToken,
  recordArrival,
  requireEmbedder,
  requirePlacement,
  requireSamePath,
  requireUnexpired,
  requireUnspent,
  sessionKind,
} from './redeem.ts';
import { type VerifiedToken, verifySsoToken } from './sso-token.ts';

const FORM = 'application/x-www-form-urlencoded';

export const EXCHANGE_REQUEST = z.object({
  token: z.string().min(1).max(8192),
  redirect: z.string().min(1).max(2048).optional(),
});

type Link = { token: string; redirect: string };

/** @throws Problem invalid-request for a parameter that is missing or there twice */
function parseLink(parameters: URLSearchParams): Link {
  const read = (field: keyof Link): string => {
    const [value, ...more] = parameters.getAll(field);
    if (value === undefined || value === '')
      throw invalidRequest([{ field, message: `${field} is required`, code: 'missing' }]);
    if (more.length > 0)
      throw invalidRequest([{ field, message: `${field} arrived more than once`, code: 'repeated' }]);
    return value;
  };
  return { token: read('token'), redirect: read('redirect') };
}

// An error page holds nothing to act upon, so it may be shown in whatever frame the link was opened in: a sentence that
// helps instead of the browser's "refused to connect".
const ANY_FRAME = ['https:', 'http:'];

/** Verifies the token and notes what it vouches for, so that every later refusal can name the partner and lead back. */
async function readToken(
  deps: Deps,
  c: AppContext,
  token: string,
): Promise<{ verified: VerifiedToken; standing: Standing | undefined }> {
  const { keyring, config } = deps;
  const verified = await verifySsoToken(token, { keyring, config, now: deps.clock() });
  const { expires_at: _, ...facts } = verified;
  prove(c, facts);
  const standing = await findStanding(deps.db, verified);
  if (standing)
    c.set('return_to', { partner_name: standing.partner.name, return_url: standing.integration.return_url });
  return { verified, standing };
}

/** What came with a link, the live sessions that the browser holds already, and whether a person has been asked. */
type Arrival = Link & {
  verified: VerifiedToken;
  standing: Standing | undefined;
  held: SessionsTable[];
  confirmed: boolean;
};

async function parseArrival(
  deps: Deps,
  c: AppContext,
  parameters: URLSearchParams,
): Promise<Omit<Arrival, 'confirmed'>> {
  const link = parseLink(parameters);
  const { verified, standing } = await readToken(deps, c, link.token);
  requireSamePath(verified, link.redirect);
  return { ...link, verified, standing, held: await listBrowserSessions(deps, c) };
}

type OwnSession = { session_id: string; redirect_path: string };

/** This browser's session that came from this very token: the reload and the double click. */
function ownSession({ held, verified: { jti, redirect_path } }: Arrival): OwnSession | undefined {
  const own = held.find((session) => session.jti === jti);
  return own && { session_id: own.session_id, redirect_path };
}

/** A session of somebody else, in a tab or in a frame: two people must not be signed in in one browser. */
function strangersSession({ held, verified }: Arrival): SessionsTable | undefined {
  return held.find((session) => session.user_id !== verified.user_id);
}

/** On to the page, and nothing about the way here: no referrer, no cache, and no handle for the page that opened the tab. */
function goOn(c: AppContext, redirect_path: string): Response {
  c.header('cache-control', 'no-store');
  c.header('cross-origin-opener-policy', 'same-origin');
  return c.redirect(redirect_path, 303);
}

async function record(deps: Deps, c: AppContext, action: 'sso_token.reopened' | 'sso_token.held'): Promise<void> {
  await recordArrival(deps, { actor: 'browser', action, ...c.get('proved'), request: c.get('request') });
}

async function reopen(deps: Deps, c: AppContext, { session_id, redirect_path }: OwnSession): Promise<Response> {
  prove(c, { session_id });
  await record(deps, c, 'sso_token.reopened');
  return goOn(c, redirect_path);
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
  await record(deps, c, 'sso_token.held');
  // This page acts, so only the pages that may embed the portal may frame it.
  c.set('frame_ancestors', placementOf(c) === 'frame' ? standing.integration.embed_origins : []);
  c.header('cache-control', 'no-store');
  return page(c, content);
}

async function signIn(deps: Deps, c: AppContext, { verified, held }: Arrival): Promise<Response> {
  const kind = sessionKind(verified.redirect_path);
  const replaces = held.filter((session) => session.kind === kind || session.user_id !== verified.user_id);
  const exchange = { verified, replaces, actor: 'browser', request: c.get('request') } as const;
  const { session, session_token } = await exchangeSsoToken(deps, exchange);
  prove(c, { session_id: session.session_id });
  for (const replaced of replaces) if (replaced.kind !== kind) clearSessionCookie(c, replaced.kind);
  writeSessionCookie(c, kind, session_token);
  return goOn(c, verified.redirect_path);
}

/** The way in that a link and the page that asked have in common. */
async function enter(deps: Deps, c: AppContext, arrival: Arrival): Promise<Response> {
  const own = ownSession(arrival);
  if (own) return reopen(deps, c, own);
  requireUnexpired(arrival.verified, deps.clock());
  requirePlacement(arrival.verified, placementOf(c));
  if (!arrival.confirmed && placementOf(c) === 'frame') {
    const registered = arrival.standing?.integration.embed_origins ?? [];
    requireEmbedder(embeddingOrigin(c), [...registered, deps.config.PORTAL_URL]);
  }
  const asked = arrival.confirmed ? undefined : await askFirst(deps, c, arrival);
  return asked ?? signIn(deps, c, arrival);
}

async function openLink(deps: Deps, c: AppContext): Promise<Response> {
  if (!isNavigation(c))
    throw new Problem('navigation-required', 'This link has to be opened by a person, in a tab or an iframe');
  const arrival = await parseArrival(deps, c, new URL(c.req.url).searchParams);
  return enter(deps, c, { ...arrival, confirmed: false });
}

async function submitForm(deps: Deps, c: AppContext): Promise<Response> {
  requireOwnForm(c, deps.config.PORTAL_URL);
  const arrival = await parseArrival(deps, c, new URLSearchParams(await c.req.text()));
  return enter(deps, c, { ...arrival, confirmed: true });
}

async function exchangeForPortal(
  deps: Deps,
  c: AppContext,
  { token, redirect }: z.output<typeof EXCHANGE_REQUEST>,
): Promise<Response> {
  requireSameOrigin(c, deps.config.PORTAL_URL);
  const { verified } = await readToken(deps, c, token);
  if (redirect !== undefined) requireSamePath(verified, redirect);
  requireUnexpired(verified, deps.clock());
  const exchange = { verified, replaces: [], actor: 'portal', request: c.get('request') } as const;
  const { session_token, ...signed_in } = await exchangeSsoToken(deps, exchange);
  prove(c, { session_id: signed_in.session.session_id });
  const data = { session_token, redirect_path: verified.redirect_path, ...describeSession(signed_in) };
  return success(c, deps, { message: 'Session created successfully', data });
}

function isForm(c: AppContext): boolean {
  return (c.req.header('content-type') ?? '').toLowerCase().startsWith(FORM);
}

/** To be mounted at the root of the portal's origin. */
export function redeemRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const path = '/auth/sso';
  const refusals = recordRefusals(deps, {
    action: 'sso_token.redeemed',
    actorOf: (c) => (c.req.method === 'GET' || isForm(c) ? 'browser' : 'portal'),
    record: recordArrival,
  });
  routes.use(path, async (c, next) => {
    // Hono would answer HEAD with the handler of GET: a mail scanner's HEAD must not spend a token.
    if (c.req.method === 'HEAD') return c.body(null, 200, { 'cache-control': 'no-store' });
    if (placementOf(c) === 'frame') c.set('frame_ancestors', ANY_FRAME);
    return next();
  });
  routes.get(path, refusals, singleHeaders(), (c) => openLink(deps, c));
  routes.post(
    path,
    refusals,
    singleHeaders(),
    boundedBody('application/json', FORM),
    (c, next) => (isForm(c) ? submitForm(deps, c) : next()),
    jsonBody(EXCHANGE_REQUEST),
    (c) => exchangeForPortal(deps, c, c.req.valid('json')),
  );
  return routes;
}
