// Speaking to Handoff: what goes along, how long it may take, and what is no answer.

import { HandoffAwayError } from './errors.ts';
import type { ReadRequest } from './request.ts';
import type { Settings } from './settings.ts';

const OUR_COOKIES = new Set(['__Host-handoff', '__Host-handoff-embed']);

/** The portal's own cookies are nobody else's business. Undefined when there is none of ours. */
function ourCookies(header: string | undefined): string | undefined {
  const cookies = (header ?? '')
    .split(';')
    .map((cookie) => cookie.trim())
    .filter((cookie) => OUR_COOKIES.has(cookie.slice(0, Math.max(cookie.indexOf('='), 0))));
  return cookies.length === 0 ? undefined : cookies.join('; ');
}

/** A session token of Handoff's; the portal may use the header for tokens of its own. */
function ourBearer(header: string | undefined): string | undefined {
  return /^Bearer ses_[\w.-]{1,128}$/i.test(header ?? '') ? header : undefined;
}

/** The credentials of Handoff's in a request, and nothing else of it. */
export function credentialsOf({ header }: ReadRequest): Record<string, string> {
  const cookie = ourCookies(header('cookie'));
  const authorization = ourBearer(header('authorization'));
  return { ...(cookie !== undefined && { cookie }), ...(authorization !== undefined && { authorization }) };
}

/** Some frameworks (Next.js) keep what `fetch` gets unless told otherwise. Older Workers have no such member and refuse it. */
function cacheMember(): { cache?: 'no-store' } {
  try {
    void new Request('https://portal.example/', { cache: 'no-store' });
    return { cache: 'no-store' };
  } catch {
    return {};
  }
}

const cache = cacheMember();

export type Received = { status: number; text: string };

/** GETs an address of Handoff's. @throws HandoffAwayError when no answer comes in time */
export async function askHandoff(
  { fetch, timeoutMs }: Settings,
  url: string,
  headers: Record<string, string> = {},
): Promise<Received> {
  const signal = AbortSignal.timeout(timeoutMs);
  // Not followed: cookies would go along. ('error' would say it better, but Workers do not have it.)
  const init: RequestInit = {
    headers: { accept: 'application/json', ...headers },
    redirect: 'manual',
    signal,
    ...cache,
  };
  try {
    const response = await fetch(url, init);
    return { status: response.status, text: await response.text() };
  } catch {
    // What was caught is not passed on: a fetch may quote a header in its error.
    if (signal.aborted) throw new HandoffAwayError('timed-out', `No answer from Handoff in ${timeoutMs} ms`);
    throw new HandoffAwayError('connection-failed', 'No answer from Handoff');
  }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function unexpected(status: number): HandoffAwayError {
  return new HandoffAwayError('unexpected-answer', `Handoff answered ${status}, which is not what it says`, status);
}
