// What stands before the sample portal, as a proxy stands before a real one (docs/proxies): it asks Handoff about each request,
// takes out what only Handoff may say, and hands the rest on. The portal behind it knows nothing of sessions and cookies.

import { ServerResponse } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import { type Handler, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { boundedBody } from '../../http/body.ts';
import type { AppContext, AppEnv } from '../../http/context.ts';
import type { PortalEnv } from './visitor.ts';

/** `handoff`: the app itself, asked in process as a proxy asks over the network. */
type Places = { handoff: Hono<AppEnv>; portal: Hono<PortalEnv> };

const FROM_THE_CHECK = /^x-auth-/;
/** Which page is asked about is for the front to say, in X-Forwarded-Uri; a body stays with the request that it came with. */
const NOT_FOR_THE_CHECK = new Set([
  'x-forwarded-uri',
  'x-original-uri',
  'x-original-url',
  'content-type',
  'content-length',
  'transfer-encoding',
]);

/** The address as the client sent it: a parsed URL would have folded its dot segments already. */
function rawAddress(c: AppContext): string {
  return c.env.incoming.url ?? '';
}

/** The same connection with another exchange on it; what reads the socket, such as the client's address, stays as it is. */
function sameConnection(c: AppContext, address: string, headers: Headers): HttpBindings {
  const pairs = [...headers];
  const incoming: HttpBindings['incoming'] = Object.create(c.env.incoming, {
    url: { value: address },
    headers: { value: Object.fromEntries(pairs) },
    rawHeaders: { value: pairs.flat() },
  });
  return { incoming, outgoing: new ServerResponse(incoming) };
}

/** Asks Handoff with everything that the client sent, about the page that it asked for. */
async function askHandoff(c: AppContext, handoff: Hono<AppEnv>, address: string): Promise<Response> {
  const sent = [...c.req.raw.headers].filter(([name]) => !FROM_THE_CHECK.test(name) && !NOT_FOR_THE_CHECK.has(name));
  const headers = new Headers([...sent, ['x-forwarded-uri', rawAddress(c)]]);
  const request = new Request(new URL(address, c.req.url), { headers });
  const connection = sameConnection(c, address, headers);
  return withAllHeaders(await handoff.fetch(request, connection), connection.outgoing);
}

/** The answer with those headers too that Handoff sets on node:http's own (http/context.ts), where the answer has none of the name. */
function withAllHeaders(answer: Response, outgoing: HttpBindings['outgoing']): Response {
  const headers = new Headers(answer.headers);
  for (const [name, value] of Object.entries(outgoing.getHeaders()))
    if (value !== undefined && !headers.has(name)) headers.set(name, String(value));
  return new Response(answer.body, { status: answer.status, headers });
}

/** With the headers that every answer of the app has. */
function relay(c: AppContext, answer: Response, more: Record<string, string> = {}): Response {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any status of an answer is one that may be answered with
  const status = answer.status as ContentfulStatusCode;
  return c.newResponse(answer.body, status, { ...Object.fromEntries(answer.headers), ...more });
}

/** The portal says nothing of frames in its own policy: who may frame a page is not its decision. */
function withFraming(answer: Response, framing: string): Record<string, string> {
  const own = answer.headers.get('content-security-policy');
  return { 'content-security-policy': own === null ? framing : `${own}; ${framing}` };
}

const FRAMING = 'x-auth-content-security-policy';

/** The request as the portal gets it: no cookie, no bearer, and x-auth-* of the check only. */
async function portalRequest(c: AppContext, check: Response): Promise<Request> {
  const passed = ['accept', 'content-type', 'origin', 'sec-fetch-site'].flatMap((name) => {
    const value = c.req.header(name);
    return value === undefined ? [] : [[name, value] satisfies [string, string]];
  });
  const headers = new Headers([...passed, ...[...check.headers].filter(([name]) => FROM_THE_CHECK.test(name))]);
  const { method } = c.req;
  const body = method === 'GET' || method === 'HEAD' ? null : await c.req.text();
  return new Request(c.req.url, { method, headers, body });
}

function behindCheck({ handoff, portal }: Places): Handler<AppEnv> {
  return async (c) => {
    const check = await askHandoff(c, handoff, '/auth/verify');
    // 401 comes with Handoff's own page or problem, which says it better than the portal could.
    if (check.status !== 200) return relay(c, check);
    const askSession = () => askHandoff(c, handoff, '/auth/session');
    const answer = await portal.fetch(await portalRequest(c, check), { askSession });
    const framing = check.headers.get(FRAMING) ?? "frame-ancestors 'none'";
    return relay(c, answer, { 'cache-control': 'no-store', ...withFraming(answer, framing) });
  };
}

/** A document without anybody's data: who may frame it is asked, who is signed in is not. */
function behindFraming({ handoff, portal }: Places): Handler<AppEnv> {
  return async (c) => {
    const check = await askHandoff(c, handoff, '/auth/framing');
    if (check.status !== 200) return relay(c, check);
    const request = new Request(c.req.url, { headers: { accept: 'text/html' } });
    const answer = await portal.fetch(request, { askSession: () => askHandoff(c, handoff, '/auth/session') });
    const framing = check.headers.get(FRAMING) ?? "frame-ancestors 'none'";
    return relay(c, answer, { 'cache-control': 'no-store', ...withFraming(answer, framing) });
  };
}

const FORM = 'application/x-www-form-urlencoded';

/** The portal's addresses on the origin that it shares with Handoff. */
export function portalFront(places: Places): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const checked = behindCheck(places);
  for (const path of ['/dashboard', '/dashboard/*', '/embed/api/*']) {
    routes.get(path, checked);
    routes.post(path, boundedBody('application/json', FORM), checked);
  }
  for (const path of ['/embed', '/embed/*']) routes.get(path, behindFraming(places));
  return routes;
}
