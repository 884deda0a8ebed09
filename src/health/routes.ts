// Liveness and readiness. /healthz says that the process answers; /readyz that it can do its work: not draining, and the
// database answers.

import { Hono } from 'hono';
import { pingDatabase } from '../db/database.ts';
import { toProblem, unavailable } from '../db/problem.ts';
import type { Deps } from '../deps.ts';
import type { AppEnv } from '../http/context.ts';

export type Readiness = { draining: boolean };

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
