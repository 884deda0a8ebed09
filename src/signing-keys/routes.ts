// The public half of the signing keys, for whoever wants to verify a token of ours (RFC 7517).

import { Hono } from 'hono';
import type { Deps } from '../deps.ts';
import { type AppEnv, setHeader } from '../http/context.ts';

// As long as an sso_token lives. Rotate no faster than this where others verify tokens by this document.
const MAX_AGE_SECONDS = 300;

export function signingKeyRoutes({ keyring }: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/.well-known/jwks.json', async (c) => {
    const keys = await keyring.publicKeys();
    setHeader(c, 'cache-control', `public, max-age=${MAX_AGE_SECONDS}`);
    return c.body(JSON.stringify(keys), 200, { 'content-type': 'application/jwk-set+json' });
  });
  return routes;
}
