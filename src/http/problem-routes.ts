// The pages behind the `type` URIs of problems.

import { Hono } from 'hono';
import { Problem } from '../foundation/problem.ts';
import { isProblemSlug } from '../foundation/problem-catalogue.ts';
import type { AppEnv } from './context.ts';
import { page } from './page.ts';
import { problemIndexPage, problemTypePage } from './problem-page.ts';

export function problemRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/errors/', (c) => page(c, problemIndexPage()));
  routes.get('/errors/:slug', (c) => {
    const slug = c.req.param('slug');
    if (!isProblemSlug(slug)) throw new Problem('not-found', 'There is no problem of this name');
    return page(c, problemTypePage(slug));
  });
  return routes;
}
