// Fastify: a script on your page asks here with JSON and opens the link. Let it open the tab in the click itself and send it on when
// the answer is there; a tab opened after waiting may be blocked as a popup.
//
//   button.addEventListener('click', async () => {
//     const tab = window.open('about:blank', '_blank');
//     const answer = await fetch('/prescribe', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
//     …
//     tab.location.replace((await answer.json()).redirect_url);
//   });

import fastify, { type FastifyInstance } from 'fastify';
import { findClinician, pathOfPatient } from '../clinician.ts';
import { describeFailure } from '../failure.ts';
import { handoff } from '../handoff.ts';

type Prescribe = { Body: { patient_id: string } };

const schema = {
  body: { type: 'object', required: ['patient_id'], properties: { patient_id: { type: 'string', minLength: 1 } } },
};

export const app: FastifyInstance = fastify();

app.post<Prescribe>('/prescribe', { schema }, async (request, reply) => {
  // The link signs in whoever opens it: it is for this browser alone, and for no cache in between.
  reply.header('cache-control', 'no-store');
  const clinician = findClinician(request.headers.cookie);
  if (clinician === undefined) return reply.code(403).send({ error: 'You may not prescribe.' });
  try {
    const { redirectUrl } = await handoff.createSsoLink({
      userId: clinician.portalUserId,
      redirectPath: pathOfPatient(request.body.patient_id),
    });
    // The address alone goes to the page.
    return await reply.send({ redirect_url: redirectUrl });
  } catch (error) {
    const { status, sentence } = describeFailure(error);
    return reply.code(status).send({ error: sentence });
  }
});
