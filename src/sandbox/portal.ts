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

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** `/embed/prescriptions/approval` becomes "Prescriptions" and "Approval"; an id stays as it is. */
function placeOf(path: string): { above: string; heading: string } {
  const words = path
    .split('/')
    .filter((segment) => segment !== '')
    .slice(1)
    .map(decoded)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return { above: words.slice(0, -1).join(' · '), heading: words.at(-1) ?? 'Home' };
}

const MINUTE_OF_DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });

function inMinutes(moment: string): string {
  return `${MINUTE_OF_DAY.format(Date.parse(moment))} UTC`;
}

function whoPanel({ session, standing, member }: SignedIn, query: string): Markup {
  return html`<dl>
<div><dt>Signed in as</dt><dd><strong>${member.given_name} ${member.family_name}</strong><small>${member.email}</small></dd></div>
<div><dt>Roles</dt><dd>${member.access_roles.join(', ')}</dd></div>
<div><dt>Organization</dt><dd>${standing.organization.name}</dd></div>
<div><dt>Sent by</dt><dd>${standing.partner.name}</dd></div>
<div><dt>Until</dt><dd>${inMinutes(session.expires_at)}<small>Without use: until ${inMinutes(session.idle_expires_at)}</small></dd></div>
${query === '' ? '' : html`<div><dt>Opened with</dt><dd><code>${query}</code></dd></div>`}
</dl>`;
}

function signOutForm(): Markup {
  return html`<form method="post" action="/auth/logout"><p class="actions"><button class="button quiet" type="submit">Sign out</button></p></form>`;
}

async function samplePage(deps: Deps, c: AppContext): Promise<Response> {
  const embed = isEmbedPath(c.req.path);
  // Without a session this is an error page, which may be read in whatever frame it is: it holds nothing to act upon.
  if (embed) c.set('frame_ancestors', ['https:', 'http:']);
  const signed_in = await getSignedIn(deps, c, embed ? 'embed' : 'anywhere_else');
  const { above, heading } = placeOf(c.req.path);
  // The sign-out form posts to this origin; a policy of no-referrer would make its Origin header say "null".
  c.header('referrer-policy', 'same-origin');
  c.header('cache-control', 'no-store');
  c.set('frame_ancestors', embed ? signed_in.standing.integration.embed_origins : []);
  const tag = [embed ? 'Sample portal, embedded' : 'Sample portal', above].filter((part) => part !== '').join(' · ');
  const body = html`<p class="tag">${tag}</p>
<h1>${heading}</h1>
${whoPanel(signed_in, new URL(c.req.url).search)}
${embed ? '' : signOutForm()}`;
  return page(c, { title: `${heading} · Sample portal`, body, wide: true });
}

function welcome(c: AppContext): Response | Promise<Response> {
  const body = html`<p class="tag">Sandbox</p>
<h1>Handoff is running</h1>
<p>A partner’s server calls <code>POST /v1/sso</code> and gets a link. Opened in this browser, the link leads to a page of a small sample portal, signed in.</p>
<p>The first start printed four credentials, the ids of three users and a command to try. A later start prints the ids again, and how to make new secrets.</p>
<p class="actions"><a class="button" href="/dashboard">Open the sample portal</a></p>`;
  return page(c, { title: 'Handoff sandbox', body });
}

export function samplePortalRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/', welcome);
  for (const path of ['/dashboard', '/dashboard/*', '/embed', '/embed/*']) routes.get(path, (c) => samplePage(deps, c));
  return routes;
}
