// The sample practice: the software of a partner, on an origin of its own. A person signs in to it, picks a patient, and opens the
// portal on her, in a tab or in a pane. Here to be looked into and copied from; what stands in for one's own code says so.

import { Hono } from 'hono';
import { SAMPLE_PATIENTS, findPatient } from '../../src/sandbox/patients.ts';
import { assetRoutes } from './assets.ts';
import { type Env, ownHost, ownRequests, securityHeaders, signIn, signOut, withSession } from './context.ts';
import { embedDoctorRoutes } from './embed-doctor/routes.ts';
import { type Log, linkRoutes } from './links.ts';
import { createSessions, samplePeople } from './people.ts';
import { notFoundPage } from './pages/problem.ts';
import { patientPage } from './pages/patient.ts';
import { matchingPatients, patientsPage } from './pages/patients.ts';
import { signInPage } from './pages/sign-in.ts';
import type { Settings } from './settings.ts';

function journalRoutes(): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get('/api/exchanges', (c) => c.json({ exchanges: c.get('session')?.connection.journal.list() ?? [] }));
  // The receipt of a link that this person asked for, and of no other.
  routes.post('/api/receipts/:request_id', async (c) => {
    const connection = c.get('session')?.connection;
    const request_id = c.req.param('request_id');
    const is_own = connection?.journal.list().some((exchange) => exchange.request_id === request_id);
    if (connection === undefined || is_own !== true) return c.json({ error: 'There is no such request' }, 404);
    await connection.requestReceipt(request_id);
    return c.body(null, 204);
  });
  return routes;
}

function pageRoutes(): Hono<Env> {
  const routes = new Hono<Env>();
  // Every page but the first is for who is signed in.
  routes.use('/patients/*', async (c, next) => (c.get('session') === undefined ? c.redirect('/', 303) : next()));
  routes.get('/patients', (c) => {
    const search = c.req.query('q') ?? '';
    const patients = matchingPatients(SAMPLE_PATIENTS, search);
    return c.html(patientsPage({ person: c.get('session')?.person, patients, search, now: Date.now() }));
  });
  routes.get('/patients/:patient_id', (c) => {
    const [person, patient] = [c.get('session')?.person, findPatient(c.req.param('patient_id'))];
    if (patient === undefined) return c.html(notFoundPage(person), 404);
    return c.html(patientPage({ person, patient, now: Date.now() }));
  });
  return routes;
}

/** `log` gets a line of JSON for each attempt to get a link, and for each fault. */
export function createPractice(settings: Settings, log: Log = console.log): Hono<Env> {
  const people = samplePeople(settings);
  const sessions = createSessions(settings);
  const app = new Hono<Env>();

  app.use(securityHeaders(settings), ownHost(settings));
  app.route('/', assetRoutes());
  app.use(ownRequests(settings), withSession(sessions));

  app.get('/', (c) => (c.get('session') === undefined ? c.html(signInPage(people)) : c.redirect('/patients', 303)));
  app.post('/sign-in', async (c) => {
    const { person: person_id } = await c.req.parseBody();
    const person = people.find((one) => one.person_id === person_id);
    if (person !== undefined) signIn(c, sessions.start(person).session_id, settings);
    return c.redirect(person === undefined ? '/' : '/patients', 303);
  });
  app.post('/sign-out', (c) => {
    signOut(c, sessions);
    return c.redirect('/', 303);
  });
  app.route('/', linkRoutes(log));
  app.route('/', journalRoutes());
  app.route('/', pageRoutes());
  app.route('/', embedDoctorRoutes(settings));

  app.notFound((c) => c.html(notFoundPage(c.get('session')?.person), 404));
  // Details are for the log, and the name of an error is all of it that is known to be harmless.
  app.onError((error, c) => {
    log(JSON.stringify({ event: 'error', name: error.name }));
    return c.json({ error: 'Internal server error' }, 500);
  });
  return app;
}
