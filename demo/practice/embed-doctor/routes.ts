// Embed Doctor in the sample practice: examines an embed of the portal as `handoff embed check` does, on this practice's page, and
// shows beside it what the visitor's own browser does with one.

import { Hono } from 'hono';
import { isLoopback } from '../../../src/embed-doctor/address.ts';
import { type Examination, examineEmbed, type Report } from '../../../src/embed-doctor/examine.ts';
import { parseAddress, parseOrigin, parseTarget } from '../../../src/embed-doctor/target.ts';
import { OperatorError } from '../../../src/foundation/operator-error.ts';
import { SAMPLE_PATIENTS } from '../../../src/sandbox/patients.ts';
import type { Env, PracticeContext } from '../context.ts';
import type { Session } from '../people.ts';
import type { Settings } from '../settings.ts';
import { doctorPage, type Field, type Values } from './page.ts';

/**
 * A server that fetches what a visitor types: the portal and this machine, and nothing else. It is bounded because somebody waits;
 * src/embed-doctor/walk.ts bounds the redirects.
 */
function limitsOf({ portal_url }: Settings) {
  return {
    timeout: 5_000,
    size: 1_000_000,
    isAllowed: (url: URL) => url.origin === portal_url || isLoopback(url),
  };
}

/** The patient on whom a link is made. */
const [{ patient_id } = { patient_id: 'sample' }] = SAMPLE_PATIENTS;
const EMBED_PATH = `/embed/patients/${patient_id}/prescriptions`;

type Outcome = { report?: Report; errors?: Partial<Record<Field, string>> };

function mayAsk({ person }: Session): boolean {
  return person.may_prescribe && person.portal_user_id !== undefined;
}

/** One field's problem, in a sentence. */
class FieldError extends Error {
  override readonly name = 'FieldError';
  readonly field: Field;

  constructor(field: Field, sentence: string) {
    super(sentence);
    this.field = field;
  }
}

/** @throws FieldError in place of an OperatorError */
function parseField<T>(field: Field, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    throw new FieldError(field, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`);
  }
}

/** @throws FieldError why there is none */
async function newLink(session: Session): Promise<string> {
  const { person, connection } = session;
  if (!mayAsk(session) || person.portal_user_id === undefined) {
    throw new FieldError('what', 'Reception has no access to the portal: give an address, or sign in as a clinician.');
  }
  const { portal_user_id } = person;
  const answer = await connection.requestLink({ portal_user_id, redirect_path: EMBED_PATH });
  if (!answer.ok) throw new FieldError('what', `There is no link: ${answer.error}.`);
  return answer.redirect_url;
}

/** @throws FieldError */
async function toExamination(values: Values, session: Session): Promise<Examination> {
  const page_origin = parseField('origin', () => parseOrigin(values.origin));
  const page = values.page === '' ? undefined : parseField('page', () => parseAddress(values.page, 'the page'));
  // Last, so that no link is made for a form that is sent again.
  const address = values.what === 'link' ? await newLink(session) : values.address;
  return { target: parseField('address', () => parseTarget(address)), page_origin, page, speaks: true };
}

async function examine(values: Values, session: Session, settings: Settings): Promise<Outcome> {
  try {
    const examination = await toExamination(values, session);
    return { report: await examineEmbed(examination, { limits: limitsOf(settings), clock: Date.now }) };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    return { errors: { [error.field]: error.message } };
  }
}

async function readValues(c: PracticeContext, { public_url }: Settings): Promise<Values> {
  const fields = await c.req.parseBody();
  const read = (name: string) => (typeof fields[name] === 'string' ? fields[name].trim().slice(0, 20_000) : '');
  const what = read('what') === 'address' ? 'address' : 'link';
  return { what, address: read('address'), origin: read('origin') || public_url, page: read('page') };
}

export function embedDoctorRoutes(settings: Settings): Hono<Env> {
  const routes = new Hono<Env>();
  const shown = (session: Session) => ({ person: session.person, may_ask: mayAsk(session), patient_id });
  routes.get('/embed-doctor', (c) => {
    const session = c.get('session');
    if (session === undefined) return c.redirect('/', 303);
    const what = mayAsk(session) ? 'link' : 'address';
    const values = { what, address: '', origin: settings.public_url, page: '' } as const;
    return c.html(doctorPage({ ...shown(session), values }));
  });
  routes.post('/embed-doctor', async (c) => {
    const session = c.get('session');
    if (session === undefined) return c.redirect('/', 303);
    const values = await readValues(c, settings);
    const { report, errors } = await examine(values, session, settings);
    // A link is no text for a page, not even for the one it came from.
    const kept = values.address.includes('token=') ? { ...values, address: '' } : values;
    return c.html(doctorPage({ ...shown(session), values: kept, report, errors }), report === undefined ? 422 : 200);
  });
  return routes;
}
