// 405 for what exists but does not take a method (RFC 9110, 15.5.6), from the routes themselves, so that none is forgotten.

import type { Hono } from 'hono';
import { Problem } from '../foundation/problem.ts';
import type { AppEnv } from './context.ts';

const EVERY_METHOD = 'ALL';

/** Adds to each registered path an answer for all other methods. To be called when every route is there. */
export function answerOtherMethods(app: Hono<AppEnv>): void {
  const methods_by_path = new Map<string, Set<string>>();
  for (const { path, method } of app.routes) {
    if (method === EVERY_METHOD) continue;
    const methods = methods_by_path.get(path) ?? new Set();
    methods_by_path.set(path, methods.add(method));
    if (method === 'GET') methods.add('HEAD');
  }
  for (const [path, methods] of methods_by_path) {
    const allow = [...methods, 'OPTIONS'].toSorted().join(', ');
    app.all(path, (c) => {
      if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow });
      throw new Problem('method-not-allowed', `This address takes ${allow}`, { headers: { allow } });
    });
  }
}
