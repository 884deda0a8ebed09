// The examples of the client, one for each framework, against a real server: the link, and each way not to get one.

import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { suspendUser } from '../../src/users/user.ts';
import { findLeaks } from '../support/leaks.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { environmentOf, follow } from './real-client.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

type Route = (request: Request) => Promise<Response>;

const servers: Server[] = [];

/** A framework that takes Node's requests, spoken to over HTTP. */
async function overHttp(listener: RequestListener): Promise<Route> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return async (request) => {
    const body = await request.text();
    const url = new URL(new URL(request.url).pathname, `http://127.0.0.1:${port}`);
    return fetch(url, { method: request.method, headers: request.headers, body, redirect: 'manual' });
  };
}

const EXAMPLES = '../../clients/typescript/examples';

const LOADERS: Record<string, () => Promise<Route>> = {
  express: async () => overHttp((await import(`${EXAMPLES}/express/prescribe.ts`)).app as RequestListener),
  hono: async () => async (request) => (await import(`${EXAMPLES}/hono/prescribe.ts`)).app.fetch(request) as Response,
  fastify: async () => {
    const { app } = (await import(`${EXAMPLES}/fastify/prescribe.ts`)) as { app: FastifyInstance };
    await app.ready();
    return overHttp((request, response) => app.routing(request, response));
  },
  nextjs: async () => (await import(`${EXAMPLES}/nextjs/app/prescribe/route.ts`)).POST as Route,
};

let logged: string[];
beforeAll(() => {
  vi.spyOn(console, 'error').mockImplementation((line: unknown) => void logged.push(String(line)));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

/** Loads an example anew: its client is made from the environment when it is first imported. */
async function load(name: string, environment: Record<string, string> = {}): Promise<Route> {
  const settings = { ...environmentOf(handoff, sample), ...environment };
  for (const [key, value] of Object.entries(settings)) vi.stubEnv(key, value);
  vi.resetModules();
  logged = [];
  return LOADERS[name]?.() ?? Promise.reject(new Error(`no example ${name}`));
}

const sends_json = (name: string) => name === 'fastify';

function press(name: string, person: string, patient_id: string): Request {
  const type = sends_json(name) ? 'application/json' : 'application/x-www-form-urlencoded';
  const body = sends_json(name) ? JSON.stringify({ patient_id }) : new URLSearchParams({ patient_id }).toString();
  const headers = { 'content-type': type, cookie: `theme=dark; practice_session=${person}` };
  return new Request('https://practice.example/prescribe', { method: 'POST', headers, body });
}

/** The sentence for the clinician. */
async function told(name: string, answer: Response): Promise<string> {
  if (!sends_json(name)) return answer.text();
  const { error } = (await answer.json()) as { error: string };
  return error;
}

/** The link, and what else the page is given. */
async function linkOf(name: string, answer: Response): Promise<{ link: string; rest: object }> {
  if (!sends_json(name)) return { link: answer.headers.get('location') ?? '', rest: {} };
  const { redirect_url, ...rest } = (await answer.json()) as { redirect_url: string };
  return { link: redirect_url, rest };
}

describe.each(Object.keys(LOADERS))('the example for %s', (name) => {
  test('leads the clinician to the patient’s page', async () => {
    const route = await load(name);
    const answer = await route(press(name, 'sample-clinician', 'MRN 12?34&x=1'));
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.status).toBe(sends_json(name) ? 200 : 303);
    const { link, rest } = await linkOf(name, answer);
    expect(rest).toEqual({});
    const { status, location } = await follow(handoff, link);
    expect([status, location]).toEqual([303, '/dashboard/patients/MRN%2012%3F34%26x%3D1']);
    expect(logged).toEqual([]);
  });

  test('refuses who may not prescribe, and who is not signed in, without asking', async () => {
    const route = await load(name, { HANDOFF_API_URL: 'http://127.0.0.1:1' });
    for (const person of ['sample-receptionist', 'nobody']) {
      const answer = await route(press(name, person, '1234'));
      expect([answer.status, await told(name, answer)]).toEqual([403, 'You may not prescribe.']);
    }
    expect(logged).toEqual([]);
  });

  test('tells a clinician without access whom to ask, with a reference', async () => {
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    await suspendUser(handoff.deps.db, user_id, handoff.deps);
    for (const HANDOFF_USER_ID of [user_id, 'usr_nobody']) {
      const route = await load(name, { HANDOFF_USER_ID });
      const answer = await route(press(name, 'sample-clinician', '1234'));
      expect(answer.status).toBe(403);
      const [, reference] =
        /ask your clinic’s administrator\. Reference: (req_\w+)$/.exec(await told(name, answer)) ?? [];
      expect(JSON.parse(logged[0] ?? '')).toMatchObject({ event: 'handoff_failed', request_id: reference });
    }
  });

  test('asks for patience when the API is away', async () => {
    const route = await load(name, { HANDOFF_API_URL: 'http://127.0.0.1:1' });
    const answer = await route(press(name, 'sample-clinician', '1234'));
    expect([answer.status, await told(name, answer)]).toEqual([
      503,
      'The portal does not answer. Please try again in a minute.',
    ]);
  });

  test('does not show the clinician what is wrong with the credentials', async () => {
    const HANDOFF_PARTNER_SECRET = 'hps_0000000000000000000000000000000000';
    const route = await load(name, { HANDOFF_PARTNER_SECRET });
    const answer = await route(press(name, 'sample-clinician', '1234'));
    expect(answer.status).toBe(500);
    const sentence = await told(name, answer);
    expect(sentence).toMatch(/^The portal could not be opened\. Reference: req_\w+$/);
    expect(findLeaks(sentence + logged.join('\n'))).toEqual([]);
    expect(JSON.parse(logged[0] ?? '')).toMatchObject({ slug: 'authentication-required', status: 401 });
  });
});

test('the examples do not start without their settings', async () => {
  await expect(
    load('hono', { HANDOFF_PARTNER_SECRET: '' }).then((route) => route(press('hono', 'x', '1'))),
  ).rejects.toThrow('Set HANDOFF_PARTNER_SECRET');
});
