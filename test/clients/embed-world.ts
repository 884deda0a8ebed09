// A partner's page and a portal on two sites (127.0.0.1 and localhost are different ones to a browser), for the tests of
// handoff-embed. The page's policy is strict; the portal's page is a stub that says what a test tells it to.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Frame, Page } from 'playwright-core';
import { expect } from 'vitest';

const SOURCES = fileURLToPath(new URL('../../clients/embed/src/', import.meta.url));

export const SUBJECT = { user_id: 'usr_sample', organization_id: 'org_sample', partner_id: 'ptr_sample' };

type Subject = typeof SUBJECT;

/** Waits for what a browser does when it gets round to it. */
export function expectSoon<Value>(look: () => Value) {
  return expect.poll(look, { timeout: 20_000 });
}

/** Looks like a link of Handoff's; the stub portal believes everything. */
export function linkTo(portal: string, redirect_path: string, subject: Subject = SUBJECT): string {
  const claims = { sub: subject.user_id, org: subject.organization_id, client_id: subject.partner_id };
  const token = `header.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature`;
  return `${portal}/auth/sso?${new URLSearchParams({ token, redirect: redirect_path }).toString()}`;
}

/** The token of a link, as the frame should get it. */
export const tokenOf = (link: string): string => new URL(link).searchParams.get('token') ?? '';

const FRAME_PAGE =
  '<!doctype html><html lang="en"><title>Sample portal</title><script src="/stub.js"></script><p>Sample';

// Notes what it hears, and says what a test has it say: say({ type: 'ready' }).
const STUB = `
const heard = [];
let around;
addEventListener('message', ({ source, origin, data }) => {
  heard.push({ from_parent: source === parent, origin, data });
  if (data.type === 'hello' && around === undefined) {
    around = origin;
    for (const message of answers) say(message);
  }
});
const say = (message, protocol = 'handoff-embed/1') => parent.postMessage({ protocol, ...message }, around ?? '*');
// What it answers to the first hello: in its own address, or nothing.
const answers = JSON.parse(new URLSearchParams(location.search).get('answers') ?? '[]');
`;

const PRACTICE_PAGE = `<!doctype html><html lang="en"><head><title>Sample practice</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="/practice.css"><script type="module" src="/practice.js"></script></head>
<body><main><h1>Sample patient</h1><button id="before">Before</button><div id="pane"></div><div id="other"></div></main></body></html>`;

const PRACTICE_CSS = `#pane, #other { height: 300px; margin: 16px 0 } p { color: #f00; font-size: 8px } section { display: none }`;

// start('pane') mounts; what getLink does is in the page's \`give\`, which a test replaces.
const PRACTICE = `
import { HandoffEmbedError, mount } from '/sources/handoff-embed.js';
const EVENTS = ['ready', 'signed-in', 'expired', 'error', 'resize', 'navigate'];
globalThis.mount = mount;
globalThis.asked = [];
globalThis.give = async ({ target, signal }) => (await fetch('/link/' + target, { signal })).text();
globalThis.embeds = {};
globalThis.start = (id, options = {}) => {
  const events = [];
  const getLink = async (request) => {
    const { target, reason } = request;
    asked.push({ id, target, reason });
    return give({ ...request, id });
  };
  const embed = mount(document.getElementById(id), { getLink, ...options });
  for (const type of EVENTS) {
    embed.on(type, (detail) => {
      events.push(detail instanceof HandoffEmbedError ? { type, code: detail.code, message: detail.message } : { type, ...detail });
    });
  }
  embeds[id] = { embed, events };
};
document.documentElement.dataset.loaded = 'yes';
`;

/** A request that the portal got. */
export type Visit = { url: URL; referer: string | undefined; destination: string | string[] | undefined };

export type World = {
  practice: string;
  portal: string;
  /** Another portal, or a hostile site: on a port of its own. */
  elsewhere: string;
  visits: Visit[];
  /** Where a link lands; by default on its path. */
  land: (link: URL) => string;
  /** More of the practice's server, by path: type and body. */
  files: Map<string, { type: string; body: string }>;
  /** What the practice's server answers for each target. */
  links: { frame: string; tab: string };
  close: () => Promise<void>;
};

function send(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(body);
}

async function answerPractice({ pathname }: URL, response: ServerResponse, world: World) {
  const { portal, elsewhere, links } = world;
  if (pathname.startsWith('/sources/')) {
    return send(response, 'text/javascript', await readFile(join(SOURCES, pathname.slice('/sources/'.length)), 'utf8'));
  }
  if (pathname === '/practice.js') return send(response, 'text/javascript', PRACTICE);
  if (pathname === '/practice.css') return send(response, 'text/css', PRACTICE_CSS);
  if (pathname === '/link/frame' || pathname === '/link/tab') {
    return send(response, 'text/plain', pathname === '/link/tab' ? links.tab : links.frame);
  }
  const file = world.files.get(pathname);
  const sources = `script-src 'self'; style-src 'self'; connect-src 'self'; frame-src ${portal} ${elsewhere}`;
  response.setHeader('content-security-policy', `default-src 'none'; ${sources}; base-uri 'none'`);
  return send(response, file?.type ?? 'text/html', file?.body ?? PRACTICE_PAGE);
}

function answerPortal(url: URL, request: IncomingMessage, response: ServerResponse, { visits, land }: World) {
  if (url.pathname === '/stub.js') return send(response, 'text/javascript', STUB);
  visits.push({ url, referer: request.headers.referer, destination: request.headers['sec-fetch-dest'] });
  if (url.pathname === '/auth/sso') {
    response.writeHead(303, { location: land(url) }).end();
    return undefined;
  }
  // As a portal that has not registered the page.
  if (url.pathname === '/embed/refused') response.setHeader('content-security-policy', "frame-ancestors 'none'");
  return send(response, 'text/html', FRAME_PAGE);
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export const landOnPath = (link: URL): string => link.searchParams.get('redirect') ?? '/';

export async function startWorld(): Promise<World> {
  const world = { visits: [], files: new Map(), land: landOnPath } as unknown as World;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
    if (url.origin === world.practice) void answerPractice(url, response, world);
    else answerPortal(url, request, response, world);
  };
  const servers = [createServer(answer), createServer(answer)] as const;
  const [port, other_port] = [await listen(servers[0]), await listen(servers[1])];
  world.practice = `http://127.0.0.1:${port}`;
  world.portal = `http://localhost:${port}`;
  world.elsewhere = `http://localhost:${other_port}`;
  world.links = {
    frame: linkTo(world.portal, '/embed/patients/sample'),
    tab: linkTo(world.portal, '/dashboard/sample'),
  };
  world.close = async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  return world;
}

/** A path of the stub portal that answers the first hello with these messages. */
export const answering = (...messages: object[]): string =>
  `/embed/patients/sample?${new URLSearchParams({ answers: JSON.stringify(messages) }).toString()}`;

export type Heard = { from_parent: boolean; origin: string; data: Record<string, unknown> };
export type Told = { type: string } & Record<string, unknown>;

/** The partner's page in a browser of its own. */
export class Practice {
  readonly page: Page;
  readonly #world: World;

  constructor(page: Page, world: World) {
    this.page = page;
    this.#world = world;
  }

  /** Runs JavaScript in the partner's page. */
  run<Result>(script: string): Promise<Result> {
    return this.page.evaluate(`(async () => { ${script} })()`);
  }

  start(id = 'pane', options: Record<string, unknown> = {}): Promise<void> {
    return this.run(`start(${JSON.stringify(id)}, ${JSON.stringify(options)})`);
  }

  events(id = 'pane'): Promise<Told[]> {
    return this.run(`return embeds[${JSON.stringify(id)}].events`);
  }

  asked(): Promise<{ id: string; target: string; reason: string }[]> {
    return this.run('return asked');
  }

  /** The document in the frame, once it is there. */
  async frame(id = 'pane'): Promise<Frame> {
    const element = await this.page.waitForSelector(`#${id} iframe`, { state: 'attached' });
    const frame = await element.contentFrame();
    if (frame === null) throw new Error('the iframe shows nothing');
    await frame.waitForLoadState();
    return frame;
  }

  /** What the frame has heard so far, of one type. */
  async heard(type: string, id = 'pane'): Promise<Heard[]> {
    const all = await (await this.frame(id)).evaluate<Heard[]>('heard');
    return all.filter(({ data }) => data['type'] === type);
  }

  /** Has the frame say something. */
  async say(message: object, id = 'pane'): Promise<void> {
    await (await this.frame(id)).evaluate(`say(${JSON.stringify(message)})`);
  }

  /** Lets the browser's clock jump ahead, the frames' too. */
  pass(ms: number): Promise<void> {
    return this.page.clock.fastForward(ms);
  }

  async goTo(path: string): Promise<void> {
    await this.page.goto(`${this.#world.practice}${path}`);
    await this.page.waitForSelector('html[data-loaded]');
  }
}

/** Opens the partner's page, and closes the browser's window afterwards. */
export async function inPractice(
  { browser, world, path = '/' }: { browser: Browser; world: World; path?: string },
  act: (practice: Practice) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(20_000);
  await context.clock.install();
  try {
    const practice = new Practice(await context.newPage(), world);
    await practice.goTo(path);
    await act(practice);
  } finally {
    await context.close();
  }
}
