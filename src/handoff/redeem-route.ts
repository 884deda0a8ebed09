// /auth/sso: a browser opens a link and lands signed in (GET, or POST from the page that asks first), or a portal exchanges the
// token itself (POST with JSON).

import { Hono } from 'hono';
import { recordRefusals } from '../audit/refusals.ts';
import type { Deps } from '../deps.ts';
import { boundedBody, jsonBody } from '../http/body.ts';
import { type AppContext, type AppEnv, singleHeaders, header } from '../http/context.ts';
import { isFromBrowser, placementOf } from '../http/fetch-metadata.ts';
import { ANY_FRAME } from '../http/page.ts';
import { EXCHANGE_REQUEST, exchangeForPortal } from './exchange.ts';
import { openLink, submitForm } from './open-link.ts';
import { recordArrival } from './redeem.ts';

const FORM = 'application/x-www-form-urlencoded';

function isForm(c: AppContext): boolean {
  return (header(c, 'content-type') ?? '').toLowerCase().startsWith(FORM);
}

/** To be mounted at the root of the portal's origin. */
export function redeemRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const path = '/auth/sso';
  const refusals = recordRefusals(deps, {
    action: 'sso_token.redeemed',
    actorOf: (c) => (c.req.method === 'GET' || isForm(c) || isFromBrowser(c) ? 'browser' : 'portal'),
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
