// Fastify 5: hooks of a plugin hold for its routes, hooks of a route for that one.

import fastify, { type FastifyInstance } from 'fastify';
import { guard, embedShell } from 'handoff-portal/fastify';
import { embedPage, patientPage, welcomePage } from '../pages.ts';
import { portal } from '../portal.ts';

type Patient = { Params: { patient: string } };

const HTML = 'text/html; charset=utf-8';

export const app: FastifyInstance = fastify();

app.get('/', { onRequest: guard(portal, { required: false }) }, async (request, reply) =>
  reply.type(HTML).send(welcomePage(request.signedIn)),
);

app.register(async (guarded) => {
  guarded.addHook('onRequest', guard(portal));

  guarded.get<Patient>('/dashboard/patients/:patient', async (request, reply) => {
    // The hook lets nobody else come here; the types cannot know.
    if (request.signedIn === undefined) throw new Error('not guarded');
    return reply.type(HTML).send(patientPage(request.params.patient, request.signedIn));
  });

  // Refused when a page of another site sends it.
  guarded.post('/dashboard/patients/:patient/notes', async (_request, reply) => reply.code(204).send());

  guarded.get('/embed/api/me', async ({ signedIn }) => ({ user_id: signedIn?.userId, embed: signedIn?.embed }));
});

app.get('/embed/*', { onRequest: embedShell(portal) }, async (_request, reply) => reply.type(HTML).send(embedPage()));
