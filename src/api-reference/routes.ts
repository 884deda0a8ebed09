// The API reference for people (/docs) and tools (/openapi.yaml), below the API's base path. Swagger UI, from its package,
// draws the page; everything it needs comes from this process. What the document says is openapi.yaml's business.

import { Hono } from 'hono';
import type { Deps } from '../deps.ts';
import { Problem } from '../foundation/problem.ts';
import type { AppEnv } from '../http/context.ts';
import { type Asset, assets } from './assets.ts';
import { readDocument } from './document.ts';
import { referencePage } from './page.ts';

const MAX_AGE_SECONDS = 300;

/** Made at the first call, and again only if that failed. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  const remake = (error: unknown) => {
    made = undefined;
    throw error;
  };
  return () => (made ??= make().catch(remake));
}

/** RFC 9110, 12.5.3, as far as browsers and proxies use it. */
function takesGzip(accept_encoding = ''): boolean {
  return accept_encoding.split(',').some((coding) => /^\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*$).*)?$/i.test(coding));
}

export function apiReferenceRoutes({ config }: Pick<Deps, 'config'>): Hono<AppEnv> {
  const documentText = once(() => readDocument(config));
  const assetsByName = once(async () => new Map((await assets()).map((asset): [string, Asset] => [asset.name, asset])));

  const routes = new Hono<AppEnv>();
  routes.get('/docs', async (c) => referencePage(c, [...(await assetsByName()).values()]));
  routes.get('/docs/assets/:name', async (c) => {
    const asset = (await assetsByName()).get(c.req.param('name'));
    if (asset === undefined) throw new Problem('not-found', 'There is nothing at this address');
    // The name has a hash of the content in it.
    c.header('cache-control', 'public, max-age=31536000, immutable');
    c.header('vary', 'accept-encoding');
    c.header('content-type', asset.media_type);
    if (!takesGzip(c.req.header('accept-encoding'))) return c.body(asset.content);
    c.header('content-encoding', 'gzip');
    return c.body(asset.gzipped);
  });
  routes.get('/openapi.yaml', async (c) => {
    c.header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`);
    return c.body(await documentText(), 200, { 'content-type': 'application/yaml; charset=utf-8' });
  });
  return routes;
}
