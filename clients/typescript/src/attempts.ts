// Receipts: what became of each request for a link.

import type { Api } from './api.ts';
import { iteratePages, type Page, type PageOptions, readPage } from './page.ts';
import { pathOf } from './exchange.ts';
import type { CallOptions } from './transport.ts';
import type { Attempt, AttemptOutcome, AttemptWithEvents } from './types.ts';

export type AttemptFilter = PageOptions & {
  userId?: string;
  outcome?: AttemptOutcome;
  /** This moment and later. */
  from?: Date | string;
  /** Before this moment. */
  until?: Date | string;
  requestId?: string;
};

export type Attempts = {
  /** One page, newest first. */
  list: (filter?: AttemptFilter, options?: CallOptions) => Promise<Page<Attempt>>;
  /** All of them, page after page. */
  iterate: (filter?: AttemptFilter, options?: CallOptions) => AsyncGenerator<Attempt, void, undefined>;
  /** What became of a link, or why there was none: with the `requestId` of the link or of the error. */
  get: (requestId: string, options?: CallOptions) => Promise<AttemptWithEvents>;
  /** Withdraws a link that nobody has used yet. Error `not-revocable` when it is too late. */
  revoke: (requestId: string, options?: CallOptions) => Promise<AttemptWithEvents>;
};

function momentOf(value: Date | string | undefined): string | undefined {
  return value instanceof Date ? value.toISOString() : value;
}

export function createAttempts({ asPartner }: Api): Attempts {
  const one = (requestId: string) => pathOf`/v1/sso/attempts/${requestId}`;

  const list: Attempts['list'] = async ({ limit, lastKey, userId, outcome, requestId, from, until } = {}, options) => {
    const moments = { from: momentOf(from), until: momentOf(until) };
    const query = { limit, lastKey, user_id: userId, outcome, ...moments, request_id: requestId };
    return readPage(await asPartner<Attempt[]>({ method: 'GET', path: '/v1/sso/attempts', query }, options));
  };

  return {
    list,
    iterate: (filter, options) => iteratePages(list, filter, options),
    get: async (requestId, options) =>
      (await asPartner<AttemptWithEvents>({ method: 'GET', path: one(requestId) }, options)).data,
    revoke: async (requestId, options) =>
      (await asPartner<AttemptWithEvents>({ method: 'DELETE', path: one(requestId) }, options)).data,
  };
}
