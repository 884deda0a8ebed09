// The portal's links, asked for on a click and never kept: `POST /api/sso` for the page's scripts, and the "Prescribe" form, which
// opens a tab by itself and is sent on to the portal. Both for who is signed in here, and may prescribe.

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Env, PracticeContext } from './context.ts';
import type { LinkAnswer } from './handoff.ts';
import { problemPage } from './pages/problem.ts';

export type Log = (line: string) => void;

const REFUSED = { ok: false, status: 403, error: 'User not authorized', request_id: null } as const;

async function requestLink(c: PracticeContext, redirect_path: string, log: Log): Promise<LinkAnswer> {
  const session = c.get('session');
  const { person_id = null, may_prescribe = false, portal_user_id } = session?.person ?? {};
  // No secret, no link, and no path, which holds a patient's id. The request id leads the portal's support to their log.
  const note = (facts: object) => log(JSON.stringify({ event: 'sso', person: person_id, ...facts }));
  if (session === undefined || portal_user_id === undefined || !may_prescribe) {
    note({ status: REFUSED.status });
    return REFUSED;
  }
  const answer = await session.connection.requestLink({ portal_user_id, redirect_path });
  note({ status: answer.ok ? 200 : answer.status, request_id: answer.request_id });
  return answer;
}

/** Where to land; the start page unless the page asked for something else. The portal judges whether it may be linked to. */
function redirectPath(body: unknown): string {
  const asked = typeof body === 'object' && body !== null && 'redirect_path' in body ? body.redirect_path : undefined;
  return typeof asked === 'string' && asked !== '' ? asked : '/dashboard';
}

const NOT_JSON = Symbol('not JSON');

export function linkRoutes(log: Log): Hono<Env> {
  const routes = new Hono<Env>();
  routes.use('/api/*', bodyLimit({ maxSize: 16_384, onError: (c) => c.json({ error: 'The body is too large' }, 413) }));

  routes.post('/api/sso', async (c) => {
    const body: unknown = await c.req.json().catch(() => NOT_JSON);
    if (body === NOT_JSON) return c.json({ error: 'The body is not valid JSON' }, 400);
    const answer = await requestLink(c, redirectPath(body), log);
    if (answer.ok) return c.json({ redirect_url: answer.redirect_url });
    // The script in the page tells the pane which of the two it is.
    const signed_out = c.get('session') === undefined ? { reason: 'signed-out' } : {};
    return c.json({ error: answer.error, ...signed_out }, answer.status);
  });

  // The form's target is a new tab: the browser opens it with the click, sends this request from it, and follows the answer.
  routes.post('/patients/:patient_id/prescribe', async (c) => {
    const answer = await requestLink(c, `/dashboard/patients/${encodeURIComponent(c.req.param('patient_id'))}`, log);
    if (answer.ok) return c.redirect(answer.redirect_url, 303);
    return c.html(problemPage('The portal could not be opened', answer), answer.status);
  });
  return routes;
}
