// A portal of two kinds of page, behind a proxy as docs/proxies has it: Handoff has /auth/, and says for every other page who
// is signed in. Its embedded page is a shell that signs in with handoff-portal/browser, or made by the server.

import { request as sendRequest, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Context, Hono } from 'hono';
import { html } from 'hono/html';
import { call } from '../../support/client.ts';
import { type Handoff, startHandoff } from '../../support/handoff.ts';
import type { Certificate } from './certificate.ts';
import { listenerOf, type Site, startSite } from './site.ts';
import { staticScripts } from './static-scripts.ts';

/** `bearer`: EMBED_WITHOUT_COOKIE=bearer, a single-page app in the frame. `tab`: its pages are made by the server. */
export type PortalKind = 'bearer' | 'tab';

export type Portal = Site & { handoff: Handoff };

const KIT = fileURLToPath(new URL('../../../clients/portal/src/browser/', import.meta.url));
const PAGES = fileURLToPath(new URL('pages/', import.meta.url));

const PARTITION: Record<string, string> = { partitioned: '; Partitioned' };

/** What a client must not say for itself. */
const PROXYS_OWN = /^x-(?:forwarded|original)-/;

function forward(upstream: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const kept = Object.entries(incoming.headers).filter(([name]) => !PROXYS_OWN.test(name));
  const address = incoming.socket.remoteAddress ?? '';
  const headers = { ...Object.fromEntries(kept), 'x-forwarded-for': address, 'x-forwarded-proto': 'https' };
  const sent = sendRequest(upstream + (incoming.url ?? ''), { method: incoming.method ?? 'GET', headers });
  sent.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(outgoing);
  });
  sent.on('error', () => outgoing.destroy());
  incoming.pipe(sent);
}

type Answer = Awaited<ReturnType<typeof call>>;

/** Asks Handoff about a page, with the headers that the recipes pass on. */
async function ask(handoff: Handoff, c: Context, path: '/auth/verify' | '/auth/framing'): Promise<Answer> {
  const passed = ['cookie', 'authorization', 'referer', 'accept', 'handoff-subject', 'origin'];
  const fetch_metadata = ['sec-fetch-site', 'sec-fetch-mode', 'sec-fetch-dest'];
  const headers = [...passed, ...fetch_metadata].flatMap((name): [string, string][] => {
    const value = c.req.header(name);
    return value === undefined ? [] : [[name, value]];
  });
  return call(handoff, path, { headers: [...headers, ['x-forwarded-uri', new URL(c.req.url).pathname]] });
}

function refuse(c: Context, { headers, text }: Answer): Response {
  c.header('content-type', headers.get('content-type') ?? 'text/plain');
  c.header('content-security-policy', headers.get('content-security-policy') ?? '');
  c.header('cache-control', 'no-store');
  return c.body(text, 401);
}

/** Whose page it is, and who may frame it: no more of Handoff's answer is needed here. */
function show(c: Context, { headers }: Answer): Response | Promise<Response> {
  c.header('content-security-policy', headers.get('x-auth-content-security-policy') ?? "frame-ancestors 'none'");
  c.header('cache-control', 'no-store');
  const user_id = headers.get('x-auth-user-id') ?? '';
  return c.html(html`<!doctype html>
<html lang="en">
<title>Sample portal</title>
<main>
<h1>Sample portal</h1>
<p>Signed in as <strong id="who">${user_id}</strong>.</p>
<p><label>Note <input id="note"></label></p>
<form method="post" action="/auth/logout"><button id="sign-out">Sign out</button></form>
</main>
</html>`);
}

async function showShell(handoff: Handoff, c: Context): Promise<Response> {
  const framing = await ask(handoff, c, '/auth/framing');
  const policy = framing.headers.get('x-auth-content-security-policy') ?? "frame-ancestors 'none'";
  c.header('content-security-policy', `default-src 'self'; ${policy}`);
  c.header('cache-control', 'no-store');
  return c.html(html`<!doctype html>
<html lang="en">
<title>Sample portal</title>
<script type="module" src="/pages/shell.js"></script>
<main>
<h1>Sample portal</h1>
<p>Signed in as <strong id="who"></strong>.</p>
<p><label>Note <input id="note"></label></p>
<p><button id="save">Save</button> <span id="saved"></span></p>
<p><button id="next">Next page</button> Page <span id="page">1</span></p>
<p><a id="another" href="/embed/another">Another page</a></p>
<p><button id="sign-out">Sign out</button></p>
<div id="notice"></div>
</main>
</html>`);
}

/** For what the browser itself does: a cookie of the session's kind, set on the way to a page that says whether it came back. */
function addCookiePages(app: Hono): void {
  app.get('/try-cookie/:name{[a-z]+}', (c) => {
    const name = c.req.param('name');
    c.header('set-cookie', `__Host-${name}=1; Path=/; Secure; HttpOnly; SameSite=None${PARTITION[name] ?? ''}`);
    return c.redirect(`/show-cookie/${name}`, 303);
  });
  app.get('/show-cookie/:name{[a-z]+}', (c) => {
    const came_back = (c.req.header('cookie') ?? '').includes(`__Host-${c.req.param('name')}=1`);
    return c.html(`<!doctype html><title>Cookie</title><p id="cookie">${came_back ? 'came back' : 'none'}</p>`);
  });
}

/** The pages that the proxy lets through. */
function createPages(kind: PortalKind, handoff: Handoff): Hono {
  const app = new Hono();
  app.route('/kit', staticScripts(KIT));
  app.route('/pages', staticScripts(PAGES));
  app.get('/favicon.ico', (c) => c.body(null, 204));
  addCookiePages(app);
  app.get('/embed/api/me', async (c) => {
    const answer = await ask(handoff, c, '/auth/verify');
    if (answer.status !== 200) {
      c.header('content-type', 'application/problem+json');
      return c.body(answer.text, 401);
    }
    const session = c.req.header('authorization') === undefined ? 'cookie' : 'bearer';
    c.header('cache-control', 'no-store');
    return c.json({ user_id: answer.headers.get('x-auth-user-id'), session });
  });
  const guarded = async (c: Context) => {
    const answer = await ask(handoff, c, '/auth/verify');
    return answer.status === 200 ? show(c, answer) : refuse(c, answer);
  };
  app.get('/embed/*', (c) => (kind === 'bearer' ? showShell(handoff, c) : guarded(c)));
  app.get('/dashboard/*', guarded);
  return app;
}

/** Starts a Handoff and the portal in front of it, on one origin. */
export async function startPortal(
  host: string,
  certificate: Certificate,
  { kind, environment }: { kind: PortalKind; environment?: Record<string, string> },
): Promise<Portal> {
  let handoff: Handoff | undefined;
  const site = await startSite(host, certificate, async (origin): Promise<RequestListener> => {
    const urls = { API_URL: origin, PORTAL_URL: origin, TRUSTED_PROXIES: 'loopback' };
    const started = await startHandoff({ environment: { ...urls, EMBED_WITHOUT_COOKIE: kind, ...environment } });
    handoff = started;
    const pages = listenerOf(createPages(kind, started));
    return (incoming, outgoing) => {
      const to_handoff = /^\/(?:auth|v1|\.well-known)\//.test(incoming.url ?? '');
      if (to_handoff) forward(started.url, incoming, outgoing);
      else pages(incoming, outgoing);
    };
  });
  if (handoff === undefined) throw new Error('Handoff did not start');
  const { close } = handoff;
  const closeAll = async () => {
    await site.close();
    await close();
  };
  return { ...site, handoff, close: closeAll };
}
