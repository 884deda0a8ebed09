// Liveness and readiness. /healthz says that the process answers; /readyz that it can do its work: not draining, and the
// database answers.

import { Hono, type MiddlewareHandler } from 'hono';
import { pingDatabase } from '../db/database.ts';
import { toProblem, unavailable } from '../db/problem.ts';
import type { Deps } from '../deps.ts';
import type { AppEnv } from '../http/context.ts';

export type Readiness = { draining: boolean };

/**
 * Closes each connection with its answer while the process drains: one that a proxy keeps alive would hold the process up,
 * and bring new requests until it is cut off.
 */
export function closeWhenDraining(readiness: Readiness): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    if (readiness.draining) c.env.outgoing.shouldKeepAlive = false;
  };
}

export function healthRoutes({ db }: Deps, readiness: Readiness): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/healthz', (c) => c.json({ status: 'ok' }, 200, { 'cache-control': 'no-store' }));
  routes.get('/readyz', async (c) => {
    if (readiness.draining) throw unavailable('This process is shutting down');
    await pingDatabase(db).catch((error: unknown) => {
      throw toProblem(error);
    });
    return c.json({ status: 'ready' }, 200, { 'cache-control': 'no-store' });
  });
  return routes;
}
