// A portal's origin with a stub of Handoff on it, and a partner's page on another site, for the portal kit's browser side: the kit's
// sources as they are, a page with a strict Content-Security-Policy, and a page around it that says what a test wants.

import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json as readJson } from 'node:stream/consumers';
import type { Frame, Page } from 'playwright-core';
import { expect } from 'vitest';
import { answerRefusal, refusalOf } from '../../clients/portal/src/refusal.ts';
import type { Session } from '../../clients/portal/src/signed-in.ts';
import { EMBEDDED } from './portal-stub.ts';

const SOURCES = new URL('../../clients/portal/src/browser/', import.meta.url);
const MINUTE = 60_000;

/** What the page's script is to show to a test; the session itself is in the kit alone. */
const PAGE_SCRIPT = `
import { connect } from '/kit/handoff-portal.js';
const told = [];
const options = Object.fromEntries(
  ['onSignedIn', 'onExpired', 'onError', 'onSubjectChanged']
    .filter((name) => !location.search.includes('without=' + name))
    .map((name) => [name, (what) => told.push([name, what?.user?.user_id ?? what?.problem ?? null])]),
);
window.told = told;
window.handoff = connect(options);
const call = async (path, init) => {
  const response = await window.handoff.fetch(path, init);
  return [response.status, await response.text()];
};
window.call = (path, init) => call(path, init).catch((error) => [error.name, error.problem ?? error.message]);
`;

const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Prescribing</title>
<script type="module" src="/page.js"></script></head>
<body><main id="main"><h1>Prescribing</h1><input id="note" aria-label="Note"></main></body></html>`;

const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";

export type Asked = { method: string; path: string; headers: IncomingMessage['headers']; body: unknown };

/** `told`: messages that it gets. What it answers is for a test to say, by a global function of the page. */
const AROUND = `<!doctype html><html lang="en"><head><title>Practice</title></head><body><script>
window.told = [];
window.links = [];
window.post = (message, origin) => frames[0].postMessage({ protocol: 'handoff-embed/1', ...message }, origin);
addEventListener('message', (event) => {
  told.push([event.origin, event.source === frames[0], event.data]);
  const { type, request_id } = event.data;
  if (type !== 'link-needed' || links.length === 0) return;
  post({ request_id, ...links.shift() }, event.origin);
});
window.greet = (origin, subject) => {
  const told_before = told.length;
  const again = setInterval(() => {
    if (told.length > told_before) clearInterval(again);
    else post({ type: 'hello', subject }, origin);
  }, 100);
};
</script></body></html>`;

export class StubPortal {
  /** Whom the cookie of whatever browser is of. */
  cookie: Session | undefined;
  /** Whom the cookie of its tabs is of. */
  tab: Session | undefined;
  keeps_cookies = true;
  /** Sessions by their bearer. */
  readonly bearers = new Map<string, Session>();
  readonly asked: Asked[] = [];
  /** Problems that POST /auth/sso answers with, in turn; then it signs in. */
  readonly refusals: string[] = [];
  /** Whom the next tokens are for. */
  user_id = EMBEDDED.user.user_id;
  is_away = false;
  /** Links that were opened in a tab. */
  opened_links = 0;
  idle_milliseconds = 15 * MINUTE;
  /** Moves on with the browser's clock. */
  now = () => Date.now();
  #servers: Server[] = [];
  #count = 0;
  url = '';
  around_url = '';

  async start(): Promise<void> {
    this.url = `http://localhost:${await this.#listen((request, response) => this.#answer(request, response))}`;
    const around = await this.#listen((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(AROUND);
    });
    this.around_url = `http://127.0.0.1:${around}`;
  }

  async close(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    }
  }

  reset(): void {
    this.cookie = undefined;
    this.tab = undefined;
    this.keeps_cookies = true;
    this.bearers.clear();
    this.asked.length = 0;
    this.refusals.length = 0;
    this.user_id = EMBEDDED.user.user_id;
    this.is_away = false;
    this.idle_milliseconds = 15 * MINUTE;
    this.now = () => Date.now();
  }

  /** A session that begins now. */
  session(user_id = this.user_id): Session {
    const at = (milliseconds: number) => new Date(this.now() + milliseconds).toISOString();
    this.#count += 1;
    return {
      ...EMBEDDED,
      session_id: `ses_${String(this.#count).padStart(32, '0')}`,
      user: { ...EMBEDDED.user, user_id },
      embed_origins: [this.around_url],
      created_at: at(0),
      idle_expires_at: at(this.idle_milliseconds),
      expires_at: at(240 * MINUTE),
    };
  }

  /** A link of the partner's for the user; the token is as readable as a real one. */
  link(user_id = this.user_id): { type: 'link'; token: string; redirect_path: string } {
    this.#count += 1;
    const claims = { sub: user_id, org: EMBEDDED.organization.organization_id, client_id: EMBEDDED.partner.partner_id };
    const token = `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${this.#count}`;
    return { type: 'link', token, redirect_path: '/embed/page' };
  }

  posts(): Asked[] {
    return this.asked.filter(({ path }) => path === '/auth/sso');
  }

  async #listen(
    listener: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
  ): Promise<number> {
    const server = createServer((request, response) => void listener(request, response)).listen(0, '127.0.0.1');
    this.#servers.push(server);
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  #carried({ authorization = '' }: IncomingMessage['headers']): Session | undefined {
    return authorization === '' ? this.cookie : this.bearers.get(authorization.replace('Bearer ', ''));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    if (pathname.startsWith('/kit/')) return sendFile(response, new URL(pathname.slice(5), SOURCES));
    if (pathname === '/page.js') return send(response, 200, PAGE_SCRIPT, { 'content-type': 'text/javascript' });
    if (pathname.startsWith('/embed/page') || pathname === '/dashboard') return sendPage(response);
    if (pathname === '/auth/sso' && request.method === 'GET') this.opened_links += 1;
    if (pathname === '/embed/refused') return sendRefusal(response);
    const { method = 'GET', headers } = request;
    const body: unknown = method === 'POST' ? await readJson(request).catch(() => undefined) : undefined;
    this.asked.push({ method, path: pathname, headers, body });
    if (this.is_away) return sendJson(response, 503, {});
    if (pathname === '/auth/session') return this.#answerSession(headers, searchParams.get('place'), response);
    return this.#answerHandoff(pathname, { headers, body }, response);
  }

  #answerSession(headers: IncomingMessage['headers'], place: string | null, response: ServerResponse): void {
    const session = place === 'embed' ? (this.cookie ?? this.tab) : (this.tab ?? this.cookie);
    if (headers.authorization !== undefined || session === undefined) return sendProblem(response, 'session-required');
    return this.#sendSession(response, session);
  }

  #answerHandoff(path: string, { headers, body }: Pick<Asked, 'headers' | 'body'>, response: ServerResponse): void {
    const session = this.#carried(headers);
    if (path === '/auth/sso')
      return this.#exchange((body ?? this.link()) as { token: string; session: string }, { headers, response });
    if (path === '/auth/logout') return this.#signOut(headers, response);
    if (path === '/elsewhere') return send(response, 302, '', { location: `${this.around_url}/` });
    if (session === undefined)
      return sendProblem(response, headers.authorization === undefined ? 'session-required' : 'session-expired');
    const subject = `${session.user.user_id}/${session.organization.organization_id}`;
    if (headers['handoff-subject'] !== subject) return sendProblem(response, 'session-changed');
    return sendJson(response, 200, { user_id: session.user.user_id, body });
  }

  #exchange(
    body: { token: string; session: string },
    { headers, response }: { headers: IncomingMessage['headers']; response: ServerResponse },
  ): void {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return sendProblem(response, refusal, 403);
    const { sub } = JSON.parse(Buffer.from(body.token.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
    const session = this.session(sub);
    this.bearers.delete((headers.authorization ?? '').replace('Bearer ', ''));
    if (body.session === 'cookie') {
      this.cookie = this.keeps_cookies ? session : undefined;
      return this.#sendSession(response, session);
    }
    const session_token = `${session.session_id}.${'s'.repeat(43)}`;
    this.bearers.set(session_token, session);
    return this.#sendSession(response, { ...session, session_token });
  }

  #signOut({ authorization }: IncomingMessage['headers'], response: ServerResponse): void {
    if (authorization === undefined) this.cookie = undefined;
    else this.bearers.delete(authorization.replace('Bearer ', ''));
    response.writeHead(204).end();
  }

  #sendSession(response: ServerResponse, data: object): void {
    sendJson(response, 200, { success: true, data, timestamp: new Date(this.now()).toISOString() });
  }
}

function send(response: ServerResponse, status: number, body: string, headers: Record<string, string>): void {
  response.writeHead(status, { 'cache-control': 'no-store', ...headers }).end(body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  send(response, status, JSON.stringify(body), { 'content-type': 'application/json' });
}

function sendProblem(response: ServerResponse, slug: string, status = 401): void {
  const body = JSON.stringify({ type: `https://api.example.com/errors/${slug}`, status });
  send(response, status, body, { 'content-type': 'application/problem+json' });
}

function sendPage(response: ServerResponse): void {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': PAGE_POLICY };
  send(response, 200, PAGE, { ...headers, 'set-cookie': 'theme=dark; Path=/; Secure; SameSite=None; Partitioned' });
}

/** The kit's own page for somebody who is not let in. */
async function sendRefusal(response: ServerResponse): Promise<void> {
  const refusal = refusalOf(401, 'session-expired', true);
  const { status, headers, body } = await answerRefusal(refusal, { problemBaseUrl: '', onRefused: undefined });
  send(response, status, body, headers);
}

async function sendFile(response: ServerResponse, file: URL): Promise<void> {
  send(response, 200, await readFile(file, 'utf8'), { 'content-type': 'text/javascript' });
}

/** `expect` of what will be so in a while, on a machine however busy. */
export function expectSoon<T>(look: () => T, message = 'in a while') {
  return expect.poll(look, { timeout: 15_000, message });
}

export type Told = [origin: string, from_frame: boolean, message: Record<string, unknown> & { type: string }];

/** The page in the frame, and the page around it. */
export type Opened = { around: Page; frame: Frame };

export const SUBJECT = {
  user_id: EMBEDDED.user.user_id,
  organization_id: EMBEDDED.organization.organization_id,
  partner_id: EMBEDDED.partner.partner_id,
};

type OpenOptions = {
  /** Whom the page around the frame asks for; undefined when it says nothing. */
  subject?: object | undefined;
  /** What it answers to requests for links, in turn. */
  links?: object[];
  path?: string;
};

/** Opens the portal's page in a frame of the partner's. */
export async function openFrame(around: Page, stub: StubPortal, options: OpenOptions = {}): Promise<Opened> {
  const { links = [], path = '/embed/page' } = options;
  const subject = 'subject' in options ? options.subject : SUBJECT;
  await around.goto(stub.around_url);
  await around.evaluate('links.push(...' + JSON.stringify(links) + ')');
  await around.evaluate((src) => {
    const page = globalThis as unknown as {
      document: { createElement: (name: string) => { src: string }; body: { append: (element: object) => void } };
    };
    const iframe = page.document.createElement('iframe');
    iframe.src = src;
    page.document.body.append(iframe);
  }, stub.url + path);
  if (subject !== undefined) await around.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(subject)})`);
  await expectSoon(() => around.frames().length).toBe(2);
  const frame = around.frames().find((one) => one !== around.mainFrame());
  if (frame === undefined) throw new Error('no frame');
  // (waitForFunction is what the page's policy forbids.)
  await expectSoon(() => frame.evaluate('globalThis.handoff !== undefined').catch(() => false)).toBe(true);
  return { around, frame };
}

/** What the page around the frame was told, each message. */
export async function toldAround({ around }: Opened): Promise<Told[2][]> {
  const told = (await around.evaluate('told')) as Told[];
  return told.filter(([, from_frame]) => from_frame).map(([, , message]) => message);
}

export async function typesTold(opened: Opened): Promise<string[]> {
  return (await toldAround(opened)).map(({ type }) => type).filter((type) => type !== 'resize');
}

/** What the portal's page was told by the kit: name of the callback, user or problem. */
export async function toldPage({ frame }: Pick<Opened, 'frame'>): Promise<[string, string | null][]> {
  return (await frame.evaluate('told')) as [string, string | null][];
}

/** handoff.fetch in the portal's page: status and body, or the error's name and problem. */
export async function callFrom({ frame }: Pick<Opened, 'frame'>, path: string, init: object = {}): Promise<unknown[]> {
  return (await frame.evaluate(`call(${JSON.stringify(path)}, ${JSON.stringify(init)})`)) as unknown[];
}
