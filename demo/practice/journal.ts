// The journal of one person's requests to Handoff, for the panel that shows a developer what happens. It is masked when it is
// written (mask.ts): what must not be shown is not kept either.

import { maskJson, maskPath, maskReceived, maskSent, maskText } from './mask.ts';

type Message = { headers: [name: string, value: string][]; body: unknown };

export type Exchange = {
  /** Counts up from 1. */
  exchange_id: number;
  started_at: string;
  duration_ms: number;
  method: string;
  /** Below the origin, with its ids and its query hidden. */
  path: string;
  request: Message;
  /** Null when none came. */
  answer: (Message & { status: number }) | null;
  /** Of the answer; leads to the receipt. */
  request_id: string | null;
};

const MOST_EXCHANGES = 50;

function maskBody(text: string | undefined): unknown {
  if (text === undefined || text === '') return null;
  try {
    return maskJson(JSON.parse(text));
  } catch {
    // Not JSON: a proxy's page, or an answer that broke off.
    return maskText(text.slice(0, 2_000));
  }
}

export type Journal = {
  /** Newest first. */
  list(): readonly Exchange[];
  /** A fetch that writes down what it sends and gets. */
  fetch: typeof globalThis.fetch;
};

export function createJournal(): Journal {
  const exchanges: Exchange[] = [];
  let count = 0;

  function note(exchange: Omit<Exchange, 'exchange_id'>): void {
    count += 1;
    exchanges.unshift({ exchange_id: count, ...exchange });
    exchanges.length = Math.min(exchanges.length, MOST_EXCHANGES);
  }

  return {
    list: () => exchanges,
    async fetch(input, init) {
      const started = Date.now();
      const clock = performance.now();
      const { method, url, headers } = new Request(input, init);
      const { pathname, search } = new URL(url);
      const sent = {
        started_at: new Date(started).toISOString(),
        method,
        path: maskPath(pathname + search),
        request: { headers: maskSent(headers), body: maskBody(typeof init?.body === 'string' ? init.body : '') },
      };
      const took = () => Math.round(performance.now() - clock);
      try {
        const response = await globalThis.fetch(input, init);
        const body = maskBody(await response.clone().text());
        const answer = { status: response.status, headers: maskReceived(response.headers), body };
        note({ ...sent, duration_ms: took(), answer, request_id: response.headers.get('x-request-id') });
        return response;
      } catch (error) {
        note({ ...sent, duration_ms: took(), answer: null, request_id: null });
        throw error;
      }
    },
  };
}
