// The portal's side: GET /auth/session (who is signed in), /auth/verify (forward-auth for a proxy), /auth/framing (who may frame
// a page before anybody is signed in), POST /auth/logout. How a session begins is in handoff/.

import { Hono, type MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import type { Deps } from '../deps.ts';
import { success } from '../http/answer.ts';
import { type AppContext, type AppEnv, header, setHeader } from '../http/context.ts';
import { placementOf, requireSameOrigin } from '../http/fetch-metadata.ts';
import { ANY_FRAME, frameAncestors, page } from '../http/page.ts';
import { describeSession } from '../partners/signed-in.ts';
import { bearerToken } from '../sessions/carried-session.ts';
import { clearSessionCookie, readSessionCookie, SESSION_KINDS } from '../sessions/cookies.ts';
import { closeSession, findLiveSession } from '../sessions/session.ts';
import { answerFraming } from './framing.ts';
import { originalPlace, statedPlace } from './original-place.ts';
import { getSignedIn } from './session-check.ts';
import { signSessionJwt } from './session-jwt.ts';

/** A signature costs as much as the rest of the check, so that it is made where it is asked for. */
function wantsJwt(c: AppContext): boolean {
  return c.req.query('session_jwt') === '1';
}

async function answerSession(deps: Deps, c: AppContext): Promise<Response> {
  const place = c.req.query('place') === 'embed' ? 'embed' : statedPlace(c, deps.config.PORTAL_URL);
  const signed_in = await getSignedIn(deps, c, place);
  const session_jwt = wantsJwt(c) ? { session_jwt: await signSessionJwt(deps, signed_in) } : {};
  return success(c, deps, { message: 'Signed in', data: { ...describeSession(signed_in), ...session_jwt } });
}

async function answerVerify(deps: Deps, c: AppContext): Promise<Response> {
  const signed_in = await getSignedIn(deps, c, originalPlace(c, deps.config.PORTAL_URL));
  const { session, standing, member } = signed_in;
  setHeader(c, 'cache-control', 'no-store');
  setHeader(c, 'x-auth-user-id', member.user_id);
  setHeader(c, 'x-auth-organization-id', standing.organization.organization_id);
  setHeader(c, 'x-auth-partner-id', standing.partner.partner_id);
  setHeader(c, 'x-auth-roles', member.access_roles.join(','));
  setHeader(c, 'x-auth-session-id', session.session_id);
  setHeader(c, 'x-auth-embed', String(session.kind === 'embed'));
  const framing = session.kind === 'embed' ? standing.integration.embed_origins : [];
  setHeader(c, 'x-auth-content-security-policy', frameAncestors(framing));
  if (wantsJwt(c)) setHeader(c, 'x-auth-session-jwt', await signSessionJwt(deps, signed_in));
  return c.body(null, 200);
}

async function signOut(deps: Deps, c: AppContext): Promise<void> {
  const bearer = bearerToken(c);
  const tokens = bearer === undefined ? SESSION_KINDS.map((kind) => readSessionCookie(c, kind)) : [bearer];
  const actor = bearer === undefined ? 'browser' : 'portal';
  for (const token of tokens) {
    const session = token === undefined ? undefined : await findLiveSession(deps.db, token, deps.clock());
    if (session === undefined) continue;
    const { session_id } = session;
    await deps.db.transaction().execute(async (tx) => {
      await closeSession(tx, { session_id, reason: 'signed_out', actor, request: c.get('request') }, deps);
    });
  }
}

function signedOutPage(c: AppContext): Response | Promise<Response> {
  setHeader(c, 'cache-control', 'no-store');
  const body = html`<h1>You are signed out</h1>
<p>To open the portal again, go back to your practice software and press the button there.</p>`;
  return page(c, { title: 'Signed out', body, tone: 'done' });
}

const showInFrames: MiddlewareHandler<AppEnv> = (c, next) => {
  if (placementOf(c) === 'frame') c.set('frame_ancestors', ANY_FRAME);
  return next();
};

export function portalRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  // What these refuse, a proxy shows in the place of the page that was asked for, which may be in a frame.
  routes.use('/auth/verify', showInFrames);
  routes.use('/auth/verify/*', showInFrames);
  routes.get('/auth/session', (c) => answerSession(deps, c));
  routes.get('/auth/framing', (c) => answerFraming(deps, c));
  routes.get('/auth/verify', (c) => answerVerify(deps, c));
  // Envoy's ext_authz appends the original path and keeps the original method.
  routes.all('/auth/verify/*', (c) => answerVerify(deps, c));
  routes.post('/auth/logout', async (c) => {
    requireSameOrigin(c, deps.config.PORTAL_URL);
    await signOut(deps, c);
    // Whoever brings a bearer signs that out; the cookies of this browser may be somebody else's.
    if (bearerToken(c) === undefined) for (const kind of SESSION_KINDS) clearSessionCookie(c, kind);
    setHeader(c, 'cache-control', 'no-store');
    const from_page = (header(c, 'accept') ?? '').includes('text/html');
    return from_page ? c.redirect('/auth/signed-out', 303) : c.body(null, 204);
  });
  routes.get('/auth/signed-out', signedOutPage);
  return routes;
}
