// Express 5: a form on your page posts here, with target="_blank", and the new tab opens the portal.
//
//   <form method="post" action="/prescribe" target="_blank">
//     <input type="hidden" name="patient_id" value="…"><button>Prescribe</button>
//   </form>

import express, { type Express } from 'express';
import { findClinician, pathOfPatient } from '../clinician.ts';
import { describeFailure } from '../failure.ts';
import { handoff } from '../handoff.ts';

export const app: Express = express();

app.post('/prescribe', express.urlencoded({ extended: false }), async (request, response) => {
  // The link signs in whoever opens it: it is for this browser alone, and for no cache in between.
  response.set('Cache-Control', 'no-store');
  const clinician = findClinician(request.headers.cookie);
  if (clinician === undefined) {
    response.status(403).type('text').send('You may not prescribe.');
    return;
  }
  try {
    const { redirectUrl } = await handoff.createSsoLink({
      userId: clinician.portalUserId,
      redirectPath: pathOfPatient(request.body?.patient_id),
    });
    response.redirect(303, redirectUrl);
  } catch (error) {
    const { status, sentence } = describeFailure(error);
    response.status(status).type('text').send(sentence);
  }
});
