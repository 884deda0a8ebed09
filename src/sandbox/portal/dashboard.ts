// The sample portal in a tab: its addresses under /dashboard. How the pages look is in pages.ts.

import { Hono } from 'hono';
import type { Clock } from '../../foundation/clock.ts';
import type { Markup } from '../../http/page.ts';
import { nameOf, samplePatient } from '../patients.ts';
import { PAGE_HEADERS, portalPage } from './layout.ts';
import {
  newPrescriptionContent,
  noticeContent,
  type PatientView,
  patientAddress,
  patientContent,
  patientsContent,
  prescriptionsContent,
} from './pages.ts';
import { type OrderErrors, parseOrder, type Prescriptions } from './prescriptions.ts';
import { findWho, mayPrescribe, type PortalEnv, subjectOf } from './visitor.ts';
import { type PortalContext, write } from './write.ts';

export type PortalParts = { clock: Clock; prescriptions: Prescriptions };

type Page = { title: string; content: Markup; status?: 200 | 403 | 404 | 409 | 422 };

async function send(c: PortalContext, { title, content, status = 200 }: Page): Promise<Response> {
  const who = await findWho(c.env);
  // The session ended between the check and this question; the check says so better.
  if (who === undefined) return c.redirect(c.req.path, 303);
  return c.html(portalPage({ title, who, content }), status, PAGE_HEADERS);
}

function patientOf(c: PortalContext) {
  return samplePatient(c.req.param('patient_id') ?? '');
}

function viewOf(c: PortalContext, prescriptions: Prescriptions): PatientView {
  const [patient, visitor] = [patientOf(c), c.get('visitor')];
  const { organization_id } = visitor;
  return {
    patient,
    prescriptions: prescriptions.list({ organization_id, patient }),
    may_prescribe: mayPrescribe(visitor),
    saved: c.req.query('saved') === '1',
  };
}

async function sendForm(
  c: PortalContext,
  { clock }: PortalParts,
  filled: { values: Record<string, string>; errors: OrderErrors },
): Promise<Response> {
  const form = { patient: patientOf(c), subject: subjectOf(c.get('visitor')), ...filled };
  const title = `New prescription for ${nameOf(form.patient)}`;
  const status = Object.keys(filled.errors).length === 0 ? 200 : 422;
  return send(c, { title, content: newPrescriptionContent(form, clock()), status });
}

/** Undefined when this visitor may write; the page in front of her was made for her, and not for who was signed in before. */
async function refuse(c: PortalContext, made_for: string | undefined): Promise<Response | undefined> {
  const visitor = c.get('visitor');
  if (!mayPrescribe(visitor)) {
    const title = 'Your role may not prescribe';
    return send(c, { title, content: noticeContent(title, 'Somebody with the role of a provider may.'), status: 403 });
  }
  if (made_for === undefined || made_for === subjectOf(visitor)) return undefined;
  const title = 'Somebody else has signed in';
  const sentence = 'Nothing was saved. Open the patient again, and write the prescription as yourself.';
  return send(c, { title, content: noticeContent(title, sentence), status: 409 });
}

async function submit(c: PortalContext, parts: PortalParts): Promise<Response> {
  const values = Object.fromEntries(new URLSearchParams(await c.req.text()));
  const refused = await refuse(c, values['subject'] ?? '');
  if (refused !== undefined) return refused;
  const patient = patientOf(c);
  const parsed = parseOrder(values, patient);
  if (!parsed.ok) return sendForm(c, parts, { values, errors: parsed.errors });
  await write(c, { ...parts, patient, order: parsed.order });
  return c.redirect(`${patientAddress(patient)}?saved=1`, 303);
}

function sendNotFound(c: PortalContext): Promise<Response> {
  const sentence = `A real portal may have a page at ${c.req.path}. This one has patients and their prescriptions.`;
  const content = noticeContent('Nothing at this address', sentence);
  return send(c, { title: 'Nothing at this address', content, status: 404 });
}

export function dashboardRoutes(parts: PortalParts): Hono<PortalEnv> {
  const { clock, prescriptions } = parts;
  const routes = new Hono<PortalEnv>();
  routes.get('/', (c) => send(c, { title: 'Patients', content: patientsContent(clock()) }));
  routes.get('/patients', (c) => send(c, { title: 'Patients', content: patientsContent(clock()) }));
  routes.get('/patients/:patient_id', (c) => {
    const view = viewOf(c, prescriptions);
    return send(c, { title: nameOf(view.patient), content: patientContent(view, clock()) });
  });
  routes.get('/patients/:patient_id/prescriptions', (c) => {
    const view = viewOf(c, prescriptions);
    const title = `Prescriptions for ${nameOf(view.patient)}`;
    return send(c, { title, content: prescriptionsContent(view, clock()) });
  });
  routes.get(
    '/patients/:patient_id/prescriptions/new',
    async (c) => (await refuse(c, undefined)) ?? sendForm(c, parts, { values: { repeats: '0' }, errors: {} }),
  );
  routes.post('/patients/:patient_id/prescriptions', (c) => submit(c, parts));
  routes.get('*', sendNotFound);
  return routes;
}
