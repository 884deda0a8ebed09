// A sample back end of a partner: practice software whose "Prescribe" button opens the portal, signed in, on the right
// patient. It is here to be copied from; what stands in for your own code says so.

import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { join } from 'node:path';
import express, { type ErrorRequestHandler, type Express, type Request, type Response } from 'express';

export type Settings = {
  /** The base URL of the API, which may have a path: `https://api.example.com/external`. */
  api_url: string;
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
  /** The user_id in the portal of the sample clinician, and of a second one where there is one. */
  user_id: string;
  second_user_id: string | undefined;
};

type Log = (line: string) => void;

/** Somebody who works with the practice software. */
type Person = { name: string; may_prescribe: boolean; portal_user_id: string | undefined };

type People = Map<string, Person>;

// Stands in for your user table. Keep the portal's user_id beside your own user, from when the user was created there.
function samplePeople({ user_id, second_user_id }: Settings): People {
  const people: People = new Map([
    ['clinician', { name: 'Pat, clinician', may_prescribe: true, portal_user_id: user_id }],
    ['receptionist', { name: 'Robin, receptionist', may_prescribe: false, portal_user_id: undefined }],
  ]);
  if (second_user_id !== undefined) {
    people.set('colleague', { name: 'Alex, clinician', may_prescribe: true, portal_user_id: second_user_id });
  }
  return people;
}

// Stands in for your own sign-in. What matters: who is asking comes from your session, never from what the page sends, or
// anybody could sign on as anybody.
class SampleSessions {
  readonly #people_by_session = new Map<string, Person>();

  signIn(person: Person, response: Response): void {
    const session_id = randomBytes(16).toString('hex');
    this.#people_by_session.set(session_id, person);
    // SameSite keeps other sites' pages from sending it along, and with it from asking for links.
    response.cookie('practice_session', session_id, { httpOnly: true, sameSite: 'strict' });
  }

  find(request: Request): Person | undefined {
    const [, session_id] = /(?:^|;\s*)practice_session=([0-9a-f]{32})(?:;|$)/.exec(request.headers.cookie ?? '') ?? [];
    return session_id === undefined ? undefined : this.#people_by_session.get(session_id);
  }
}

/** What POST /v1/sso answers, as far as it is used here. */
type SsoAnswer = {
  success?: boolean;
  data?: { redirect_url?: string };
  error?: { title?: string; detail?: string };
  requestId?: string;
};

/** A proxy in between may answer with something other than JSON. */
function parseAnswer(text: string): SsoAnswer {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

// A clinician is waiting in front of an empty tab.
const TIMEOUT_MILLISECONDS = 10_000;

/** Asks for a link. Server to server: the two secrets must never reach a page. */
async function requestLink(
  settings: Settings,
  { portal_user_id, redirect_path }: { portal_user_id: string; redirect_path: string },
): Promise<{ status: number; answer: SsoAnswer }> {
  const response = await fetch(`${settings.api_url}/v1/sso`, {
    method: 'POST',
    headers: {
      'x-partner-id': settings.partner_id,
      'x-partner-secret': settings.partner_secret,
      'x-organization-id': settings.organization_id,
      'x-organization-secret': settings.organization_secret,
      'x-user-id': portal_user_id,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ redirect_path }),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  });
  return { status: response.status, answer: parseAnswer(await response.text()) };
}

/** Where to land; the start page unless the page asked for something else. The portal judges whether it may be linked to. */
function redirectPath(body: unknown): string {
  const asked = typeof body === 'object' && body !== null && 'redirect_path' in body ? body.redirect_path : undefined;
  return typeof asked === 'string' && asked !== '' ? asked : '/dashboard';
}

/** The back end. `log` gets a line of JSON for each attempt: no secret, no link, and no path, which holds a patient's id. */
export function createPartnerBackend(settings: Settings, log: Log = console.log): Express {
  const people = samplePeople(settings);
  const sessions = new SampleSessions();
  const app = express();
  app.disable('x-powered-by');

  // Express 5 hands a rejection on to answerError below
  app.post('/api/sso', express.json({ limit: '16kb' }), async (request, response) => {
    const person = sessions.find(request);
    const note = (facts: object) => log(JSON.stringify({ event: 'sso', person: person?.name ?? null, ...facts }));
    if (person?.portal_user_id === undefined || !person.may_prescribe) {
      note({ status: 403 });
      response.status(403).json({ error: 'User not authorized' });
      return;
    }
    const { portal_user_id } = person;
    const redirect_path = redirectPath(request.body);
    const { status, answer } = await requestLink(settings, { portal_user_id, redirect_path });
    // The request id leads the portal's support to their log.
    note({ status, request_id: answer.requestId ?? null });
    const redirect_url = answer.data?.redirect_url;
    if (status === 200 && answer.success === true && redirect_url !== undefined) {
      // The link signs in whoever opens it: it is for this page alone, and for no cache in between.
      response.set('Cache-Control', 'no-store').json({ redirect_url });
      return;
    }
    const message = answer.error?.detail ?? 'The portal could not make a link';
    response.status(status >= 400 ? status : 502).json({ error: message });
  });

  app.get('/api/people', (request, response) => {
    const current = sessions.find(request)?.name ?? null;
    response.json({ current, people: [...people].map(([id, { name }]) => ({ id, name })) });
  });

  app.post('/sign-in', express.urlencoded({ extended: false }), (request, response) => {
    const person = people.get(String(request.body?.person));
    if (person !== undefined) sessions.signIn(person, response);
    response.redirect(303, '/');
  });

  app.get('/', (_request, response) => {
    response.sendFile(join(import.meta.dirname, 'page.html'));
  });

  // Express hands over here what a handler throws: the API is away, or took too long. Details are for the log.
  const answerError: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    const refused = typeof error === 'object' && error !== null && 'type' in error && 'expose' in error && error.expose;
    log(JSON.stringify({ event: 'error', name: error instanceof Error ? error.name : 'unknown' }));
    if (refused === true) response.status(400).json({ error: 'The body is not valid JSON' });
    else response.status(500).json({ error: 'Internal server error' });
  };
  app.use(answerError);
  return app;
}

function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = environment[name] ?? '';
    if (value === '') missing.push(name);
    return value;
  };
  const settings = {
    api_url: (environment['HANDOFF_API_URL'] ?? 'http://localhost:8787').replace(/\/+$/, ''),
    partner_id: read('HANDOFF_PARTNER_ID'),
    partner_secret: read('HANDOFF_PARTNER_SECRET'),
    organization_id: read('HANDOFF_ORGANIZATION_ID'),
    organization_secret: read('HANDOFF_ORGANIZATION_SECRET'),
    user_id: read('HANDOFF_USER_ID'),
    second_user_id: environment['HANDOFF_SECOND_USER_ID'],
  };
  if (missing.length === 0) return settings;
  console.error(`Set ${missing.join(', ')}: npm start in the repository's root prints them on its first start.`);
  return process.exit(1);
}

if (import.meta.main) {
  const port = Number(process.env['PORT'] ?? 8788);
  // 127.0.0.1 and localhost are different sites to a browser, as the partner's software and the portal are.
  const server: Server = createPartnerBackend(readSettings(process.env)).listen(port, '127.0.0.1', (error) => {
    if (error !== undefined) throw error;
    const address = server.address();
    console.log(`Open http://127.0.0.1:${typeof address === 'object' ? address?.port : port}/ in a browser.`);
  });
}
