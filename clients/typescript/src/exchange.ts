// One request, one answer: how long it may take, and what an error may say when none comes.

import type { Received } from './answer.ts';
import { HandoffConnectionError } from './errors.ts';
import { orAborted } from './platform.ts';
import type { Settings } from './settings.ts';

export type ApiRequest = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the base URL, made with `pathOf`. */
  path: string;
  query?: Record<string, string | number | undefined>;
  headers: Record<string, string>;
  body?: object | undefined;
  /** For a deletion: not found after a try whose answer was lost means that this try has done it. */
  absentIsDone?: boolean;
};

/** Rejects with HandoffConnectionError, or with the reason of the caller's signal. */
export type Exchange = (request: ApiRequest, signal: AbortSignal | undefined) => Promise<Received>;

// Changes with package.json; a test compares the two.
const USER_AGENT = 'handoff-client/0.1.0';

/** `/v1/…` with what is variable in it encoded. @throws TypeError for what would lead to another address */
export function pathOf(parts: TemplateStringsArray, ...values: string[]): string {
  return parts.reduce((path, part, index) => {
    const value: unknown = values[index - 1];
    if (typeof value !== 'string' || value === '' || value === '.' || value === '..') {
      throw new TypeError('An id in the address of a request must be a string that is not empty');
    }
    return `${path}${encodeURIComponent(value)}${part}`;
  });
}

function urlOf(baseUrl: string, { path, query = {} }: ApiRequest): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) given.set(name, String(value));
  const text = given.toString();
  return `${baseUrl}${path}${text === '' ? '' : `?${text}`}`;
}

/**
 * An answer is for one person, and some frameworks (Next.js) keep what `fetch` gets unless told otherwise. Older Workers have no
 * such member and refuse it.
 */
function cacheMember(): { cache?: 'no-store' } {
  try {
    void new Request('https://api.example.com/', { cache: 'no-store' });
    return { cache: 'no-store' };
  } catch {
    return {};
  }
}

function initOf({ method, headers, body }: ApiRequest): RequestInit {
  const json = body !== undefined && { 'content-type': 'application/json' };
  return {
    method,
    headers: { accept: 'application/json', 'user-agent': USER_AGENT, ...json, ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // Not followed: the secrets would go along. ('error' would say it better, but Workers do not have it.)
    redirect: 'manual',
  };
}

/** The system's word for what went wrong, such as ECONNREFUSED; its sentence may hold anything. */
function systemCode(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && typeof cause.code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(cause.code))
      return cause.code;
  }
  return undefined;
}

export function createExchange({ baseUrl, fetch, timeoutMs }: Settings): Exchange {
  const { origin } = new URL(baseUrl);
  const cache = cacheMember();

  async function receive(url: string, init: RequestInit): Promise<Received> {
    const response = await fetch(url, init);
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  function noAnswer(error: unknown, isLate: boolean): HandoffConnectionError {
    const detail = `No answer from ${origin}`;
    return isLate
      ? new HandoffConnectionError({
          slug: 'timed-out',
          title: 'Timed out',
          detail: `${detail} within ${timeoutMs} ms`,
        })
      : new HandoffConnectionError({
          slug: 'connection-failed',
          title: 'Connection failed',
          detail,
          code: systemCode(error),
        });
  }

  return async (request, signal) => {
    signal?.throwIfAborted();
    const [url, init] = [urlOf(baseUrl, request), initOf(request)];
    // By hand: AbortSignal.any is younger than Node 18.
    const limit = new AbortController();
    const giveUp = () => limit.abort();
    const timer = setTimeout(giveUp, timeoutMs);
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      // A fetch of the caller's own may not look at the signal.
      return await orAborted(receive(url, { ...init, ...cache, signal: limit.signal }), limit.signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw noAnswer(error, limit.signal.aborted);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', giveUp);
    }
  };
}
