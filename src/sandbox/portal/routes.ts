// What the sandbox has besides the service: a welcome page, and the sample portal behind its front. Production mounts none of it.

import { Hono } from 'hono';
import { html } from 'hono/html';
import type { Deps } from '../../deps.ts';
import type { AppContext, AppEnv } from '../../http/context.ts';
import { page } from '../../http/page.ts';
import { createPortal } from './app.ts';
import { assetRoutes } from './assets.ts';
import { portalFront } from './front.ts';

function welcome(c: AppContext): Response | Promise<Response> {
  const body = html`<p class="tag">Sandbox</p>
<h1>Handoff is running</h1>
<p>A partner’s server calls <code>POST /v1/sso</code> and gets a link. Opened in a browser, the link leads to a page of a small sample portal, signed in.</p>
<p>To see it happen, open the sample practice, at the address that <code>npm start</code> printed first, and press “Prescribe” there. The sample portal alone asks you to come from there.</p>
<p class="actions"><a class="button" href="/dashboard">Open the sample portal</a></p>`;
  return page(c, { title: 'Handoff sandbox', body });
}

/** `handoff` is the whole app: the front asks it about each request to the portal. */
export function samplePortalRoutes(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  handoff: Hono<AppEnv>,
): Hono<AppEnv> {
  const portal = createPortal({ clock, portal_url: config.PORTAL_URL });
  const routes = new Hono<AppEnv>();
  routes.get('/', welcome);
  routes.route('/', assetRoutes());
  routes.route('/', portalFront({ handoff, portal }));
  return routes;
}
