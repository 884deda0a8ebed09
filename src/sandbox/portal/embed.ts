// The sample portal inside another's page: one document for every address, without anybody's data and without navigation, whose
// script signs in and asks for the data (browser/embed.js, with the portal kit), and the small API that it asks.

import { Hono } from 'hono';
import { html } from 'hono/html';
import { ageAt, dayInWords, samplePatient } from '../patients.ts';
import type { PortalParts } from './dashboard.ts';
import { documentOf, PAGE_HEADERS } from './layout.ts';
import { MEDICINE_NAMES, parseOrder, type Prescription } from './prescriptions.ts';
import { mayPrescribe, type PortalEnv } from './visitor.ts';
import { type PortalContext, write } from './write.ts';

function shell() {
  return documentOf({
    title: 'Prescriptions',
    scripts: ['embed.js'],
    body: html`<body class="pane">
<main id="portal"><p class="loading" role="status">Opening the prescriptions…</p></main>
<noscript><p class="notice">This page needs JavaScript.</p></noscript>
</body>`,
  });
}

const inWords = ({ prescribed_on, ...prescription }: Prescription) => ({
  ...prescription,
  prescribed_on: dayInWords(prescribed_on),
});

/** A script of another origin cannot send JSON without asking first, which nobody answers. */
async function readFields(c: PortalContext): Promise<unknown> {
  try {
    return await c.req.json();
  } catch {
    return undefined;
  }
}

export function embedRoutes({ clock, prescriptions }: PortalParts): Hono<PortalEnv> {
  const routes = new Hono<PortalEnv>();
  const shelfOf = (c: PortalContext) => {
    const { organization_id } = c.get('visitor');
    return { organization_id, patient: samplePatient(c.req.param('patient_id') ?? '') };
  };
  routes.get('/api/patients/:patient_id', (c) => {
    const shelf = shelfOf(c);
    const { date_of_birth, ...patient } = shelf.patient;
    return c.json({
      patient: { ...patient, born: `${dayInWords(date_of_birth)} (${ageAt(date_of_birth, clock())})` },
      prescriptions: prescriptions.list(shelf).map(inWords),
      may_prescribe: mayPrescribe(c.get('visitor')),
      medicines: MEDICINE_NAMES,
    });
  });
  routes.post('/api/patients/:patient_id/prescriptions', async (c) => {
    if (!mayPrescribe(c.get('visitor'))) return c.json({ error: 'Your role may not prescribe' }, 403);
    const { patient } = shelfOf(c);
    const parsed = parseOrder(await readFields(c), patient);
    if (!parsed.ok) return c.json({ errors: parsed.errors }, 422);
    const written = await write(c, { prescriptions, clock, patient, order: parsed.order });
    return c.json({ prescription: inWords(written) }, 201);
  });
  routes.all('/api/*', (c) => c.json({ error: 'There is nothing at this address' }, 404));
  routes.get('*', (c) => c.html(shell(), 200, PAGE_HEADERS));
  return routes;
}
