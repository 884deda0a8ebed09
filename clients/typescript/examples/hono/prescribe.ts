// Hono, on Node, Bun, Deno or Cloudflare Workers: a form on your page posts here, with target="_blank", and the new tab opens the
// portal. On Workers the settings come with each request (`c.env`): create the client from them once, and keep it in a variable of
// the module.

import { Hono } from 'hono';
import { findClinician, pathOfPatient } from '../clinician.ts';
import { describeFailure } from '../failure.ts';
import { handoff } from '../handoff.ts';

export const app = new Hono();

app.post('/prescribe', async (c) => {
  // The link signs in whoever opens it: it is for this browser alone, and for no cache in between.
  c.header('Cache-Control', 'no-store');
  const clinician = findClinician(c.req.header('cookie'));
  if (clinician === undefined) return c.text('You may not prescribe.', 403);
  const { patient_id } = await c.req.parseBody();
  try {
    const { redirectUrl } = await handoff.createSsoLink(
      { userId: clinician.portalUserId, redirectPath: pathOfPatient(patient_id) },
      // Who closes the tab does not need a link any more.
      { signal: c.req.raw.signal },
    );
    return c.redirect(redirectUrl, 303);
  } catch (error) {
    const { status, sentence } = describeFailure(error);
    return c.text(sentence, status);
  }
});
