// The files that the practice's pages load: a fixed list, read once, from this site alone. No path of a request leads to a file.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Hono } from 'hono';
import type { Env } from './context.ts';

const MEDIA_TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

// `handoff-embed` as it is in the repository: its modules run in a browser without a build. A real page loads the built file, or
// imports the package.
const FOLDERS = [
  { url: new URL('./', import.meta.url), under: '/assets/' },
  { url: new URL('browser/', import.meta.url), under: '/assets/' },
  { url: new URL('../../clients/embed/src/', import.meta.url), under: '/handoff-embed/' },
];

export function assetRoutes(): Hono<Env> {
  const routes = new Hono<Env>();
  for (const { url, under } of FOLDERS.filter((folder) => existsSync(folder.url))) {
    for (const name of readdirSync(url)) {
      const media_type = MEDIA_TYPES[name.split('.').at(-1) ?? ''];
      if (media_type === undefined) continue;
      const content = readFileSync(new URL(name, url), 'utf8');
      routes.get(under + name, (c) =>
        c.body(content, 200, { 'content-type': media_type, 'cache-control': 'no-cache' }),
      );
    }
  }
  return routes;
}
