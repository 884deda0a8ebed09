// A folder's scripts as they are, with no build between: what the packages' sources promise.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';

export function staticScripts(folder: string): Hono {
  const app = new Hono();
  app.get('/:name{[a-z-]+\\.js}', async (c) => {
    c.header('content-type', 'text/javascript; charset=utf-8');
    c.header('cache-control', 'no-cache');
    return c.body(await readFile(join(folder, c.req.param('name')), 'utf8'));
  });
  return app;
}
