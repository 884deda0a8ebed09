// A sample portal, mounted in the sandbox only, so that a link leads somewhere: pages under /dashboard and /embed that say who
// is signed in. It uses the same session check as a real portal's proxy does.

import { Hono } from 'hono';
import { html } from 'hono/html';
import type { Deps } from '../deps.ts';
import { isEmbedPath } from '../handoff/redirect-path.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { type Markup, page } from '../http/page.ts';
import { getSignedIn } from '../portal/session-check.ts';
import type { SignedIn } from '../partners/signed-in.ts';

/** `prescriptions/approval` becomes "Prescriptions · approval"; an id stays as it is. */
function headingOf(path: string): string {
  const [first = 'home', ...rest] = path
    .split('/')
    .filter((segment) => segment !== '')
    .slice(1);
  const words = [first.charAt(0).toUpperCase() + first.slice(1), ...rest];
  return words.map((word) => decodeURIComponent(word)).join(' · ');
}

const MINUTE_OF_DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function inMinutes(moment: string): string {
  return `${MINUTE_OF_DAY.format(Date.parse(moment))} UTC`;
}

function whoPanel({ session, standing, member }: SignedIn): Markup {
  return html`<dl>
<dt>Signed in as</dt><dd><strong>${member.given_name} ${member.family_name}</strong> (${member.email})</dd>
<dt>Roles</dt><dd>${member.access_roles.join(', ')}</dd>
<dt>Organization</dt><dd>${standing.organization.name}</dd>
<dt>Sent by</dt><dd>${standing.partner.name}</dd>
<dt>Until</dt><dd>${inMinutes(session.expires_at)}, or ${inMinutes(session.idle_expires_at)} without use</dd>
</dl>`;
}

function signOutForm(): Markup {
  return html`<form method="post" action="/auth/logout"><p class="actions"><button class="button quiet" type="submit">Sign out</button></p></form>`;
}

async function samplePage(deps: Deps, c: AppContext): Promise<Response> {
  const embed = isEmbedPath(c.req.path);
  const signed_in = await getSignedIn(deps, c, embed ? 'embed' : 'anywhere_else');
  const title = headingOf(c.req.path);
  // The sign-out form posts to this origin; a policy of no-referrer would make its Origin header say "null".
  c.header('referrer-policy', 'same-origin');
  c.header('cache-control', 'no-store');
  c.set('frame_ancestors', embed ? signed_in.standing.integration.embed_origins : []);
  const query = new URL(c.req.url).search;
  const body = html`<span class="tag">${embed ? 'Sample portal, embedded' : 'Sample portal'}</span>
<h1>${title}</h1>
${whoPanel(signed_in)}
${query === '' ? '' : html`<p>This page was opened with <code>${query}</code></p>`}
${embed ? '' : signOutForm()}`;
  return page(c, { title, body, wide: true });
}

function welcome(c: AppContext): Response | Promise<Response> {
  const body = html`<span class="tag">Sandbox</span>
<h1>Handoff is running</h1>
<p>A partner’s server calls <code>POST /v1/sso</code> and gets a link. Opening the link in this browser leads to a page of a small sample portal, signed in.</p>
<p>The first start printed four credentials, the ids of three users and a command to try. To see the ids again, or to make new secrets, run <code>npm run handoff -- --help</code>.</p>
<ul><li><a href="/dashboard">The sample portal</a></li><li><a href="/auth/session">Who is signed in</a></li></ul>`;
  return page(c, { title: 'Handoff sandbox', body });
}

export function samplePortalRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', welcome);
  for (const path of ['/dashboard', '/dashboard/*', '/embed', '/embed/*']) routes.get(path, (c) => samplePage(deps, c));
  return routes;
}
