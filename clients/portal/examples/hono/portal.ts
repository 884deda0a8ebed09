// Hono 4.

import { guard, embedShell, type MaybeSignedInEnv, type SignedInEnv } from 'handoff-portal/hono';
import { Hono } from 'hono';
import { embedPage, patientPage, welcomePage } from '../pages.ts';
import { portal } from '../portal.ts';

const dashboard = new Hono<SignedInEnv>()
  .use(guard(portal))
  .get('/patients/:patient', (c) => c.html(patientPage(c.req.param('patient'), c.get('signedIn'))))
  // Refused when a page of another site sends it.
  .post('/patients/:patient/notes', (c) => c.body(null, 204));

const embedApi = new Hono<SignedInEnv>()
  .use(guard(portal))
  .get('/me', (c) => c.json({ user_id: c.get('signedIn').userId, embed: c.get('signedIn').embed }));

export const app = new Hono<MaybeSignedInEnv>();

app.get('/', guard(portal, { required: false }), (c) => c.html(welcomePage(c.get('signedIn'))));
app.route('/dashboard', dashboard);
app.route('/embed/api', embedApi);
app.get('/embed/*', embedShell(portal), (c) => c.html(embedPage()));
