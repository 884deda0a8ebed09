// The files that the sample portal's pages load: a fixed list, read once. No path of a request leads to a file.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Hono } from 'hono';
import { Problem } from '../../foundation/problem.ts';
import type { AppEnv } from '../../http/context.ts';

/** Public, and the same for everybody: nothing here is about anybody. */
export const ASSETS_PATH = '/portal-assets';

const MEDIA_TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

// The portal kit's scripts for the browser are modules as they are, so that this portal needs no build; `handoff-portal/browser`
// is what a real one imports. A deployment may have left the packages for others out, and has no pane to show then.
const FOLDERS = [
  { url: new URL('./', import.meta.url), under: '' },
  { url: new URL('browser/', import.meta.url), under: '' },
  { url: new URL('../../../clients/portal/src/browser/', import.meta.url), under: 'handoff-portal/' },
];

type Asset = { media_type: string; content: string };

function readAssets(): Map<string, Asset> {
  const assets = new Map<string, Asset>();
  for (const { url, under } of FOLDERS.filter((folder) => existsSync(folder.url))) {
    for (const name of readdirSync(url)) {
      const media_type = MEDIA_TYPES[name.split('.').at(-1) ?? ''];
      if (media_type === undefined) continue;
      assets.set(`${ASSETS_PATH}/${under}${name}`, { media_type, content: readFileSync(new URL(name, url), 'utf8') });
    }
  }
  return assets;
}

export function assetRoutes(): Hono<AppEnv> {
  const assets = readAssets();
  const routes = new Hono<AppEnv>();
  routes.get(`${ASSETS_PATH}/*`, (c) => {
    const asset = assets.get(c.req.path);
    if (asset === undefined) throw new Problem('not-found', 'There is nothing at this address');
    // The files of the next version have the same names.
    return c.body(asset.content, 200, { 'content-type': asset.media_type, 'cache-control': 'no-cache' });
  });
  return routes;
}
