// How often the requests of strangers from one address may fail in a minute before they get 429 instead of an answer that costs
// a row in the audit trail. Whoever shows a right secret, token or link is answered whatever others behind the same address do.

import type { MiddlewareHandler } from 'hono';
import ipaddr from 'ipaddr.js';
import { Problem } from '../foundation/problem.ts';
import type { AppContext, AppEnv } from './context.ts';

const WINDOW_SECONDS = 60;

/** Counts a failure; the milliseconds that are left of the minute when it was one too many. */
export type FailureLimit = (address: string) => Promise<number | undefined>;

/** One customer has a whole /64 of IPv6 (RFC 6177); an address that came mapped is one of IPv4. */
function customerOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv6' ? parsed.toByteArray().slice(0, 8).join('.') : parsed.toString();
}

async function loadLimiter(per_minute: number) {
  const { RateLimiterMemory, RateLimiterRes } = await import('rate-limiter-flexible');
  return { limiter: new RateLimiterMemory({ points: per_minute, duration: WINDOW_SECONDS }), RateLimiterRes };
}

/** `per_minute` 0: no limit. Counted in this process. */
export function createFailureLimit(per_minute: number): FailureLimit {
  if (per_minute === 0) return async () => undefined;
  // Loaded when something fails: it is many files, and a start waits for each.
  let loading: ReturnType<typeof loadLimiter> | undefined;
  return async (address) => {
    loading ??= loadLimiter(per_minute);
    const { limiter, RateLimiterRes } = await loading.catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    try {
      await limiter.consume(customerOf(address));
      return undefined;
    } catch (error) {
      if (error instanceof RateLimiterRes) return error.msBeforeNext;
      throw error;
    }
  };
}

/** Whose failures are counted: those of a stranger's address, and those of a link, which anybody may hold who saw it. */
function countedBy(c: AppContext): string | undefined {
  const { partner_id, jti } = c.get('proved');
  return jti ?? (partner_id === undefined ? c.get('request').client_address : undefined);
}

/** Counts a failed request of a stranger, or with a link, once. @throws Problem too-many-requests */
export async function countFailure(c: AppContext, failures: FailureLimit): Promise<void> {
  if (c.error === undefined || c.res.status >= 500) return;
  await countAttempt(c, failures);
}

/** The same for what is no failure and spends nothing, but leaves a row each time. @throws Problem too-many-requests */
export async function countAttempt(c: AppContext, failures: FailureLimit): Promise<void> {
  const counted_by = countedBy(c);
  if (counted_by === undefined || c.get('failure_counted') === true) return;
  c.set('failure_counted', true);
  const milliseconds = await failures(counted_by);
  if (milliseconds === undefined) return;
  const { jti } = c.get('proved');
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  throw new Problem(
    'too-many-requests',
    `Too many requests ${jti === undefined ? 'from this address' : 'with this link'} have failed; try again in ${seconds} seconds`,
    {
      headers: { 'retry-after': String(seconds) },
    },
  );
}

/** For addresses whose refusals nobody records; recordRefusals counts those it would record. */
export function limitFailures({ failures }: { failures: FailureLimit }): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    if (c.error !== undefined) await countFailure(c, failures);
  };
}
