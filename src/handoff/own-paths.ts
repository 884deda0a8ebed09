// The paths that this service answers itself, which no link may lead to.

import type { Config } from '../config.ts';

const OWN_PATHS = ['/auth', '/v1', '/.well-known', '/errors', '/docs', '/openapi.yaml', '/healthz', '/readyz'];

/** Own paths at the root, and everything under the API's base path where it has one. */
export function ownPaths(config: Config): string[] {
  const base_path = new URL(config.API_URL).pathname;
  return base_path === '/' ? OWN_PATHS : [...OWN_PATHS, base_path];
}
