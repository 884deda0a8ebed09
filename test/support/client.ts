// HTTP as tests speak it: no redirect is followed, no header is added, and the few calls that nearly every test makes. Each
// answer is held against openapi.yaml.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { expectDocumented } from './contract.ts';
import type { Handoff } from './handoff.ts';
import { basePathOf } from './openapi.ts';
import type { Sample } from './sample.ts';

/** `headers` as pairs may name a header twice. */
export type CallOptions = { method?: string; headers?: Record<string, string> | [string, string][]; body?: string };

export type Answer = { status: number; headers: Headers; text: string; json: unknown };

/** node:http, because fetch adds and overrides headers (Sec-Fetch-Mode among them) and merges those given twice. */
async function send(url: string, { method = 'GET', headers = {}, body }: CallOptions): Promise<Omit<Answer, 'json'>> {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const length: [string, string][] = body === undefined ? [] : [['content-length', String(Buffer.byteLength(body))]];
  const { host } = new URL(url);
  const sent = request(url, { method, agent: false, headers: [['host', host], ...pairs, ...length].flat() });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const received = new Headers();
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    received.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '');
  }
  return { status: response.statusCode ?? 0, headers: received, text: await text(response) };
}

/** Sends a request and reads the whole answer; checks it against the document. */
export async function call(
  handoff: Pick<Handoff, 'url' | 'config'>,
  path: string,
  options: CallOptions = {},
): Promise<Answer> {
  const received = await send(handoff.url + path, options);
  const is_json = received.text !== '' && /\bjson\b/.test(received.headers.get('content-type') ?? '');
  const answer = { ...received, json: is_json ? (JSON.parse(received.text) as unknown) : undefined };
  expectDocumented(handoff.config, { method: options.method ?? 'GET', path }, answer);
  return answer;
}

export function partnerHeaders(sample: Sample): Record<string, string> {
  return {
    'x-partner-id': sample.partner_id,
    'x-partner-secret': sample.partner_secret,
    'x-organization-id': sample.organization_id,
    'x-organization-secret': sample.organization_secret,
    'x-user-id': sample.user_id,
    'content-type': 'application/json',
  };
}

export const PATIENT_PATH = '/dashboard/patients/1234-5678-3456-2345';
export const EMBED_PATH = '/embed/patients/1234-5678-3456-2345/prescriptions';

/** POST /v1/sso with the sample's headers, some of them replaced. */
export async function requestSso(
  handoff: Pick<Handoff, 'url' | 'config'>,
  sample: Sample,
  { redirect_path = PATIENT_PATH, headers = {} }: { redirect_path?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const body = JSON.stringify({ redirect_path });
  return call(handoff, `${basePathOf(handoff.config)}/v1/sso`, {
    method: 'POST',
    headers: { ...partnerHeaders(sample), ...headers },
    body,
  });
}

/** `request_id` is of the request that asked for it. */
export type Link = { sso_token: string; redirect_url: string; path: string; request_id: string };

/** A freshly minted link; `path` is the redirect_url without its origin. */
export async function mintLink(
  handoff: Pick<Handoff, 'url' | 'config'>,
  sample: Sample,
  redirect_path = PATIENT_PATH,
): Promise<Link> {
  const answer = await requestSso(handoff, sample, { redirect_path });
  if (answer.status !== 200) throw new Error(`no link: ${answer.status}`);
  const { data } = answer.json as { data: { sso_token: string; redirect_url: string } };
  const url = new URL(data.redirect_url);
  return { ...data, path: url.pathname + url.search, request_id: answer.headers.get('x-request-id') ?? '' };
}

/** What a browser sends when a person clicks a link that opens a tab, from another site. */
export const CLICK = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

/** The page that a sample partner shows the portal on. */
export const PRACTICE_ORIGIN = 'https://practice.example';

/** What a browser brings along that keeps cookies in a frame, and has been asked once whether it does. */
export const PROBE_COOKIE = '__Host-handoff-probe=1';

/** What such a browser sends for the src of an iframe on that page. */
export const FRAME = {
  cookie: PROBE_COOKIE,
  referer: `${PRACTICE_ORIGIN}/`,
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'iframe',
};

/** The session cookie that an answer sets, as the browser sends it back; undefined when it sets none. */
export function cookieOf(answer: Answer): string | undefined {
  const set = answer.headers.getSetCookie().find((cookie) => cookie.includes('=ses_'));
  return set?.split(';')[0];
}

/** Opens a link as a clicking person does and returns the cookie to go on with. */
export async function openLink(handoff: Handoff, link: Link, headers: Record<string, string> = {}): Promise<string> {
  const answer = await call(handoff, link.path, { headers: { ...CLICK, ...headers } });
  const cookie = cookieOf(answer);
  if (answer.status !== 303 || cookie === undefined) throw new Error(`not signed in: ${answer.status}`);
  return cookie;
}

/** The last part of the `type` URI of a problem, in the envelope or bare. */
export function problemOf(answer: Answer): string | undefined {
  const body = answer.json as { type?: string; error?: { type?: string } } | undefined;
  return (body?.type ?? body?.error?.type)?.split('/').at(-1);
}
