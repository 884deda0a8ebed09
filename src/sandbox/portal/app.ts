// The sample portal itself: a small application of its own behind the front (front.ts), which tells it who is there. Mounted in
// the sandbox only, so that a link leads somewhere.

import { Hono } from 'hono';
import type { Clock } from '../../foundation/clock.ts';
import { dashboardRoutes } from './dashboard.ts';
import { embedRoutes } from './embed.ts';
import { createPrescriptions } from './prescriptions.ts';
import { type PortalEnv, readVisitor } from './visitor.ts';
import { isOwnRequest } from './write.ts';

export function createPortal({ clock, portal_url }: { clock: Clock; portal_url: string }): Hono<PortalEnv> {
  const parts = { clock, prescriptions: createPrescriptions() };
  const portal = new Hono<PortalEnv>();
  portal.use(async (c, next) => {
    const visitor = readVisitor((name) => c.req.header(name));
    if (visitor !== undefined) c.set('visitor', visitor);
    await next();
  });
  portal.post('*', async (c, next) =>
    isOwnRequest(c, portal_url) ? next() : c.text('This came from another site', 403),
  );
  portal.route('/dashboard', dashboardRoutes(parts));
  portal.route('/embed', embedRoutes(parts));
  return portal;
}
