// Express 5; Express 4 is the same but for its wildcard: '/embed/*'.

import express, { type Express } from 'express';
import { guard, embedShell } from 'handoff-portal/express';
import { embedPage, patientPage, welcomePage } from '../pages.ts';
import { portal } from '../portal.ts';

export const app: Express = express();

app.get('/', guard(portal, { required: false }), (request, response) => {
  response.send(welcomePage(request.signedIn));
});

app.use(['/dashboard', '/embed/api'], guard(portal));

app.get('/dashboard/patients/:patient', (request, response) => {
  // The middleware lets nobody else come here; the types cannot know.
  if (request.signedIn === undefined) throw new Error('not guarded');
  response.send(patientPage(request.params.patient, request.signedIn));
});

// Refused when a page of another site sends it.
app.post('/dashboard/patients/:patient/notes', (_request, response) => {
  response.status(204).end();
});

app.get('/embed/api/me', (request, response) => {
  response.json({ user_id: request.signedIn?.userId, embed: request.signedIn?.embed });
});

app.get('/embed/*page', embedShell(portal), (_request, response) => {
  response.send(embedPage());
});
