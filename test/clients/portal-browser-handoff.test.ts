// The portal kit's browser side with a real Handoff, in a frame of another site: the cookie, the bearer, renewal, the end. The page
// around the frame asks its own server for links, as a partner's does.

import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type Server,
  type ServerResponse,
} from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPortal } from '../../clients/portal/src/handoff-portal.ts';
import { guard, embedShell } from '../../clients/portal/src/express.ts';
import express from 'express';
import { hideAddresses, OFFLINE, startBrowser } from '../browser/browser.ts';
import { EMBED_PATH, mintLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { expectSoon } from './portal-browser-stub.ts';

const SOURCES = new URL('../../clients/portal/src/browser/', import.meta.url);
const MINUTE = 60_000;

const SHELL = `<!doctype html><html lang="en"><head><title>Prescribing</title><script type="module" src="/assets/page.js"></script></head>
<body><main><h1>Prescribing</h1><p id="who"></p><input id="note" aria-label="Note"></main></body></html>`;

const PAGE_SCRIPT = `
import { connect } from '/assets/kit/handoff-portal.js';
window.told = [];
window.handoff = connect({
  onSignedIn: () => told.push('signed-in'),
  onExpired: () => told.push('expired'),
  onError: (error) => told.push(error.problem),
  onSubjectChanged: (session) => told.push(session.user.user_id),
});
window.me = async () => {
  const response = await handoff.fetch('/embed/api/me');
  return [response.status, await response.text()];
};
`;

/** A partner's page: it greets the frame, and gets links from its server. */
const AROUND = `<!doctype html><html lang="en"><head><title>Practice</title></head><body><script>
window.told = [];
const protocol = 'handoff-embed/1';
addEventListener('message', async ({ source, origin, data }) => {
  if (source !== frames[0] || data.protocol !== protocol) return;
  told.push(data.type === 'signed-in' ? data.type + ' ' + data.session : data.type);
  if (data.type !== 'link-needed') return;
  const answer = await fetch('/link');
  const { request_id } = data;
  if (!answer.ok) return source.postMessage({ protocol, type: 'link-refused', request_id, reason: 'signed-out' }, origin);
  const { searchParams } = new URL(await answer.text());
  const [token, redirect_path] = [searchParams.get('token'), searchParams.get('redirect')];
  source.postMessage({ protocol, type: 'link', request_id, token, redirect_path }, origin);
});
window.embed = (src, subject) => {
  const iframe = document.createElement('iframe');
  iframe.referrerPolicy = 'strict-origin-when-cross-origin';
  iframe.src = src;
  document.body.append(iframe);
  const greet = () => told.length === 0 && frames[0].postMessage({ protocol, type: 'hello', subject }, new URL(src).origin);
  setInterval(greet, 100);
};
</script></body></html>`;

let handoff: Handoff;
let sample: Sample;
let servers: Server[];
let portal_url: string;
let practice_url: string;
let other_practice_url: string;
let browser: Browser;
let context: BrowserContext;
let page: Page;
/** Of the partner's server: whom it gives links for; nobody when its own user is signed out. */
let user_id: string | undefined;

/** What a proxy does with /auth/. */
function passOn(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers, url: path } = incoming;
  const sent = sendRequest(handoff.url + path, { method, headers, agent: false }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  incoming.pipe(sent);
}

async function linkFor(who: string): Promise<string> {
  const link = await mintLink(handoff, { ...sample, user_id: who }, EMBED_PATH);
  return portal_url + link.path;
}

async function answerPractice(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (incoming.url !== '/link') return void outgoing.writeHead(200, { 'content-type': 'text/html' }).end(AROUND);
  if (user_id === undefined) return void outgoing.writeHead(403).end();
  outgoing.writeHead(200).end(await linkFor(user_id));
}

function portalApp() {
  const portal = createPortal({ check: 'ask', handoffUrl: handoff.url, portalUrl: portal_url });
  const app = express();
  app.use('/auth', (incoming, outgoing) => {
    incoming.url = incoming.originalUrl;
    passOn(incoming, outgoing);
  });
  app.get('/assets/page.js', (_, response) => void response.type('js').send(PAGE_SCRIPT));
  app.use('/assets/kit', express.static(fileURLToPath(SOURCES)));
  app.get('/embed/api/me', guard(portal), (request, response) => void response.send(request.signedIn?.userId));
  app.get('/embed/*page', embedShell(portal), (_, response) => void response.type('html').send(SHELL));
  return app;
}

beforeAll(async () => {
  const [portal_port, practice_port, other_port] = [await freePort(), await freePort(), await freePort()];
  portal_url = `http://localhost:${portal_port}`;
  practice_url = `http://127.0.0.1:${practice_port}`;
  other_practice_url = `http://127.0.0.1:${other_port}`;
  const environment = { PORTAL_URL: portal_url, API_URL: portal_url, EMBED_WITHOUT_COOKIE: 'bearer' };
  handoff = await startHandoff({ environment });
  sample = await createSample(handoff.deps, { integration: { embed_origins: [practice_url] } });
  await createSample(handoff.deps, { integration: { embed_origins: [other_practice_url] } });
  servers = [
    createServer(portalApp()).listen(portal_port, '127.0.0.1'),
    createServer((...exchange) => void answerPractice(...exchange)).listen(practice_port, '127.0.0.1'),
    createServer((...exchange) => void answerPractice(...exchange)).listen(other_port, '127.0.0.1'),
  ];
  await Promise.all(servers.map((server) => once(server, 'listening')));
  browser = await startBrowser(OFFLINE);
});
afterAll(async () => {
  await browser.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  await handoff.close();
});
beforeEach(async () => {
  user_id = sample.user_id;
  context = await browser.newContext();
  await context.clock.install();
  page = await context.newPage();
});
afterEach(() => context.close());
afterEach(hideAddresses);

/** `shell` opens the page itself, as Handoff does where no cookie sticks; `link` a link, as a partner's page does. */
async function embed(how: 'shell' | 'link'): Promise<Frame> {
  await page.goto(practice_url);
  const src = how === 'shell' ? portal_url + EMBED_PATH : `${await linkFor(sample.user_id)}&embed=1`;
  const { user_id: user, organization_id, partner_id } = sample;
  await page.evaluate(
    `embed(${JSON.stringify(src)}, ${JSON.stringify({ user_id: user, organization_id, partner_id })})`,
  );
  await expectSoon(() => page.frames().length).toBe(2);
  const frame = page.frames().find((one) => one !== page.mainFrame());
  if (frame === undefined) throw new Error('no frame');
  await expectSoon(() => frame.evaluate('globalThis.told').catch(() => undefined)).toEqual(['signed-in']);
  return frame;
}

async function told(): Promise<string[]> {
  const all: string[] = await page.evaluate('told');
  return all.filter((type) => type !== 'resize');
}

async function liveSessions(who = sample.user_id): Promise<number> {
  const now = new Date(handoff.clock.now()).toISOString();
  const live = handoff.deps.db
    .selectFrom('sessions')
    .select('session_id')
    .where('user_id', '=', who)
    .where('ended_at', 'is', null);
  return (await live.where('idle_expires_at', '>', now).execute()).length;
}

async function pass(milliseconds: number): Promise<void> {
  handoff.clock.advance(milliseconds);
  await context.clock.fastForward(milliseconds);
}

test('a link signs the frame in by cookie, and the session is renewed in place', { timeout: 60_000 }, async () => {
  const frame = await embed('link');
  await expectSoon(told).toEqual(['ready', 'signed-in cookie']);
  expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
  await frame.evaluate("document.getElementById('note').value = 'not lost'");
  const before = await liveSessions();
  await pass(13 * MINUTE);
  await expectSoon(told).toEqual(['ready', 'signed-in cookie', 'link-needed', 'signed-in cookie']);
  expect(await liveSessions(), 'one for the other').toBe(before);
  expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
  expect(await frame.evaluate("document.getElementById('note').value")).toBe('not lost');
  await pass(14 * MINUTE);
  expect(await frame.evaluate('me()'), 'past the first session’s end').toEqual([200, sample.user_id]);
});

test('a page of another integration gets nothing of the cookie’s session', { timeout: 60_000 }, async () => {
  await embed('link');
  await page.goto(other_practice_url);
  // It says nothing; the frame may be shown there, because that page is registered as well.
  await page.evaluate(`(() => {
    const iframe = document.createElement('iframe');
    iframe.src = ${JSON.stringify(portal_url + EMBED_PATH)};
    document.body.append(iframe);
  })()`);
  await expectSoon(() => page.frames().length).toBe(2);
  const [, frame] = page.frames();
  await expectSoon(() => frame?.evaluate('globalThis.told !== undefined').catch(() => false)).toBe(true);
  await context.clock.fastForward(1_000);
  await expectSoon(() => frame?.evaluate('told')).toEqual(['embedding-refused']);
  expect(await frame?.evaluate('me().catch((error) => error.problem)')).toBe('embedding-refused');
});

test(
  'a page without a cookie signs in by bearer, is renewed, and ends when the partner says so',
  { timeout: 60_000 },
  async () => {
    const frame = await embed('shell');
    await expectSoon(told).toEqual(['ready', 'link-needed', 'signed-in bearer']);
    expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
    const before = await liveSessions();
    await pass(13 * MINUTE);
    await expectSoon(async () => (await told()).filter((type) => type === 'signed-in bearer').length).toBe(2);
    expect(await liveSessions()).toBe(before);
    expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
    user_id = undefined;
    await pass(13 * MINUTE);
    await expectSoon(async () => (await told()).filter((type) => type === 'link-needed').length).toBe(3);
    await pass(3 * MINUTE);
    await expectSoon(() => frame.evaluate('told')).toEqual(['signed-in', 'expired']);
    expect(await frame.evaluate('me().catch((error) => error.problem)')).toBe('session-expired');
    user_id = sample.user_id;
    await frame.evaluate('handoff.signInAgain()');
    expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
  },
);

test(
  'a session that was ended is mended by a fresh link, for the request that met it',
  { timeout: 60_000 },
  async () => {
    const frame = await embed('shell');
    await handoff.deps.db
      .updateTable('sessions')
      .set({ ended_at: new Date(handoff.clock.now()).toISOString(), end_reason: 'revoked' })
      .execute();
    expect(await frame.evaluate('me()')).toEqual([200, sample.user_id]);
    expect((await told()).filter((type) => type === 'link-needed')).toHaveLength(2);
  },
);

test('signing out ends the session at Handoff', { timeout: 60_000 }, async () => {
  const frame = await embed('shell');
  const before = await liveSessions();
  await frame.evaluate('handoff.signOut()');
  expect(before - (await liveSessions())).toBe(1);
  await expectSoon(async () => (await told()).at(-1)).toBe('expired');
});

test('a page is told when the partner’s page gives a link of another user', { timeout: 60_000 }, async () => {
  const frame = await embed('shell');
  user_id = await createSampleUser(handoff.deps, sample.organization_id);
  const before = await liveSessions();
  await pass(13 * MINUTE);
  await expectSoon(() => frame.evaluate('told')).toEqual(['signed-in', user_id]);
  expect(await frame.evaluate('me()')).toEqual([200, user_id]);
  expect([before - (await liveSessions()), await liveSessions(user_id)], 'one for the other').toEqual([1, 1]);
});
