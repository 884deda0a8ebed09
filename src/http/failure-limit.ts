// How many requests of strangers an address may fail with in a minute. Each one costs a look-up and a row in the audit trail;
// a partner whose secret was right is no stranger, whatever else was wrong, and is never limited here.

import type { MiddlewareHandler } from 'hono';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../foundation/problem.ts';
import type { AppEnv } from './context.ts';

const WINDOW_SECONDS = 60;

function tooMany(milliseconds: number): Problem {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1000));
  return new Problem(
    'too-many-requests',
    `Too many requests from this address have failed; try again in ${seconds} seconds`,
    {
      headers: { 'retry-after': String(seconds) },
    },
  );
}

/** `per_minute` 0: no limit. Counted in this process. @throws Problem too-many-requests */
export function limitFailures(per_minute: number): MiddlewareHandler<AppEnv> {
  if (per_minute === 0) return async (_, next) => next();
  const limiter = new RateLimiterMemory({ points: per_minute, duration: WINDOW_SECONDS });
  return async (c, next) => {
    const { client_address } = c.get('request');
    const counted = await limiter.get(client_address);
    if (counted !== null && counted.remainingPoints <= 0) throw tooMany(counted.msBeforeNext);
    await next();
    if (c.error === undefined || c.get('proved').partner_id !== undefined || c.res.status >= 500) return;
    await limiter.consume(client_address).catch((error: unknown) => {
      // The one that goes over the limit has its answer already; the next one is refused.
      if (!(error instanceof RateLimiterRes)) throw error;
    });
  };
}
