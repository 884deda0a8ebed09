// The portal kit's examples, one for each framework, against a real Handoff.

import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  PATIENT_PATH,
  PRACTICE_ORIGIN,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { callPortal, closeAll, type PortalCall, serve } from './portal-apps.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());
afterEach(async () => {
  vi.unstubAllEnvs();
  await closeAll();
});

const EXAMPLES = '../../clients/portal/examples';

const LOADERS: Record<string, () => Promise<RequestListener>> = {
  hono: async () => {
    const { app } = (await import(`${EXAMPLES}/hono/portal.ts`)) as {
      app: { fetch: (request: Request) => Promise<Response> };
    };
    const listener = getRequestListener(app.fetch);
    return (request, response) => void listener(request, response);
  },
  express: async () => ((await import(`${EXAMPLES}/express/portal.ts`)) as { app: RequestListener }).app,
  fastify: async () => {
    const { app } = (await import(`${EXAMPLES}/fastify/portal.ts`)) as { app: FastifyInstance };
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
};

/** Loads an example anew: its check is made from the environment when it is first imported. */
async function load(name: string, environment: Record<string, string> = {}) {
  const settings = { HANDOFF_URL: handoff.url, HANDOFF_API_URL: PUBLIC_URL, PORTAL_URL: PUBLIC_URL, ...environment };
  for (const [key, value] of Object.entries(settings)) vi.stubEnv(key, value);
  vi.resetModules();
  const url = await serve(await (LOADERS[name]?.() ?? Promise.reject(new Error(`no example ${name}`))));
  return (path: string, options?: PortalCall) => callPortal(url + path, options);
}

async function embedCookie(): Promise<string> {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  return cookieOf(await call(handoff, path, { headers: { ...FRAME, cookie: '__Host-handoff-probe=1' } })) ?? '';
}

describe.each(Object.keys(LOADERS))('the example for %s', (name) => {
  test('shows the patient’s page to who is signed in, and to nobody else', async () => {
    const ask = await load(name);
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const page = await ask(PATIENT_PATH, { headers: { cookie } });
    expect([page.status, page.headers.get('content-type')?.toLowerCase()]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.text).toContain('<p>Signed in: Pat</p>');
    expect(page.text).toContain(`content="${sample.user_id}/${sample.organization_id}"`);
    expect(page.headers.get('content-security-policy')).toBe("frame-ancestors 'none'");
    const nobody = await ask(PATIENT_PATH);
    expect([nobody.status, nobody.json()]).toEqual([
      401,
      expect.objectContaining({ type: `${PUBLIC_URL}/errors/session-required` }),
    ]);
    expect((await ask('/')).text).toContain('Open it from your practice software.');
    expect((await ask('/', { headers: { cookie } })).text).toContain('Welcome.');
  });

  test('takes notes from its own pages only', async () => {
    const ask = await load(name);
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const write = (headers: Record<string, string>) =>
      ask(`${PATIENT_PATH}/notes`, { method: 'POST', headers: { cookie, ...headers } });
    expect((await write({ 'sec-fetch-site': 'same-origin' })).status).toBe(204);
    expect((await write({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await write({ origin: PRACTICE_ORIGIN })).status).toBe(403);
  });

  test('serves the embedded page to everybody, and what it shows to who is signed in', async () => {
    const ask = await load(name);
    const shell = await ask(EMBED_PATH, { headers: { referer: `${PRACTICE_ORIGIN}/` } });
    expect([shell.status, shell.headers.get('content-security-policy')]).toEqual([
      200,
      `frame-ancestors ${PRACTICE_ORIGIN}`,
    ]);
    const cookie = await embedCookie();
    const authorization = `Bearer ${cookie.split('=')[1]}`;
    for (const headers of [{ cookie }, { authorization }]) {
      const answer = await ask('/embed/api/me', { headers });
      expect([answer.status, answer.json()]).toEqual([200, { user_id: sample.user_id, embed: true }]);
      expect((await ask(PATIENT_PATH, { headers })).status, 'elsewhere').toBe(401);
    }
    expect((await ask('/embed/api/me')).status).toBe(401);
  });

  test('does the same with the JWT that a proxy passes on', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: handoff.clock.now() });
    try {
      const ask = await load(name, { HANDOFF_CHECK: 'offline' });
      const cookie = await openLink(handoff, await mintLink(handoff, sample));
      const verified = await call(handoff, '/auth/verify?session_jwt=1', {
        headers: { cookie, 'x-forwarded-uri': PATIENT_PATH },
      });
      const headers = { 'x-auth-session-jwt': verified.headers.get('x-auth-session-jwt') ?? '' };
      expect((await ask(PATIENT_PATH, { headers })).text).toContain(`<p>Signed in: ${sample.user_id}</p>`);
      expect((await ask(PATIENT_PATH, { headers: { cookie } })).status, 'the cookie alone').toBe(401);
    } finally {
      vi.useRealTimers();
    }
  });

  test('says 503 when Handoff is away', async () => {
    const ask = await load(name, { HANDOFF_URL: 'http://127.0.0.1:1' });
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    expect((await ask(PATIENT_PATH, { headers: { cookie } })).status).toBe(503);
  });
});

test('the examples do not start without their settings', async () => {
  await expect(load('hono', { HANDOFF_URL: '' })).rejects.toThrow('Set HANDOFF_URL');
});
