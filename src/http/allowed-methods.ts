// 405 for what exists but does not take a method (RFC 9110, 15.5.6), from the routes themselves, so that none is forgotten.

import type { Hono } from 'hono';
import { TrieRouter } from 'hono/router/trie-router';
import { Problem } from '../foundation/problem.ts';
import type { AppContext, AppEnv } from './context.ts';

const EVERY_METHOD = 'ALL';

/** Which methods each registered path takes. */
function methodsByPath({ routes }: Hono<AppEnv>): Map<string, Set<string>> {
  const methods_by_path = new Map<string, Set<string>>();
  for (const { path, method } of routes) {
    if (method === EVERY_METHOD) continue;
    const methods = methods_by_path.get(path) ?? new Set();
    methods_by_path.set(path, methods.add(method));
    if (method === 'GET') methods.add('HEAD');
  }
  return methods_by_path;
}

/**
 * Answers in the place of a route that is not there: to OPTIONS with the methods that the address takes. Undefined where it takes none.
 * A router of its own, because handlers of all methods beside the others keep Hono from its fast one. To be called when every route
 * is there.
 */
export function otherMethods(app: Hono<AppEnv>): (c: AppContext) => Response | Problem | undefined {
  const addresses = new TrieRouter<{ path: string; allow: string }>();
  for (const [path, methods] of methodsByPath(app)) {
    addresses.add(EVERY_METHOD, path, { path, allow: [...methods, 'OPTIONS'].toSorted().join(', ') });
  }
  return (c) => {
    const [[address] = []] = addresses.match(EVERY_METHOD, c.req.path)[0];
    if (address === undefined) return undefined;
    const { path, allow } = address;
    c.set('route', path);
    if (c.req.method === 'OPTIONS') return c.body(null, 204, { allow });
    return new Problem('method-not-allowed', `This address takes ${allow}`, { headers: { allow } });
  };
}
