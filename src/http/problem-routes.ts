// The pages behind the `type` URIs of problems.

import { Hono } from 'hono';
import { isProblemSlug } from '../foundation/problem-catalogue.ts';
import type { AppEnv } from './context.ts';
import { page } from './page.ts';
import { problemIndexPage, problemTypePage } from './problem-page.ts';

export function problemRoutes(): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  routes.get('/errors/', (c) => page(c, problemIndexPage()));
  routes.get('/errors/:slug', async (c, next) => {
    const slug = c.req.param('slug');
    return isProblemSlug(slug) ? page(c, problemTypePage(slug)) : next();
  });
  return routes;
}
