// Requests of clients that a proxy has noted the address of, for the tests of the limit on failures.

import { type Answer, call, type CallOptions } from '../support/client.ts';
import type { Server } from '../support/partner-api.ts';

export const LIMIT = 3;

/** Three failures a minute, of clients whose addresses the test makes up. */
export const ENVIRONMENT = { FAILURES_PER_MINUTE: String(LIMIT), TRUSTED_PROXIES: 'loopback' };

export type Client = Record<string, string>;

let clients = 0;

/** A client that has not been here before. */
export function newClient(): Client {
  clients += 1;
  return { 'x-forwarded-for': `203.0.113.${clients}` };
}

export type Try = (from: Client) => Promise<Answer>;

type TryOptions = Omit<CallOptions, 'headers'> & { headers?: Record<string, string> };

/** A request that any client may send. */
export function request(server: () => Server, path: string, { headers = {}, ...options }: TryOptions = {}): Try {
  return (from) => call(server(), path, { ...options, headers: { ...headers, ...from } });
}

/** What comes of the same request, sent so many times. */
export async function statusesOf(times: number, one: () => Promise<Answer>): Promise<number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < times; count += 1) statuses.push((await one()).status);
  return statuses;
}
