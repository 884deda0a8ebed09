// The sample partner back end against a real server: each of its branches, over HTTP.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createPartnerBackend, type Settings } from '../../demo/partner-backend/server.ts';
import { suspendUser } from '../../src/users/user.ts';
import { findLeaks } from '../support/leaks.ts';
import { call, CLICK, cookieOf, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let second_user_id: string;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  second_user_id = await createSampleUser(handoff.deps, sample.organization_id);
});
afterAll(() => handoff.close());

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
});

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Backend = { url: string; lines: string[] };

async function startBackend(replaced: Partial<Settings> = {}): Promise<Backend> {
  const lines: string[] = [];
  const settings = { api_url: handoff.url, ...sample, second_user_id, ...replaced };
  const app = createPartnerBackend(settings, (line) => lines.push(line));
  return { url: await listen(createServer(app as RequestListener)), lines };
}

/** Signs in to the practice software, and returns its cookie. */
async function workAs({ url }: Backend, person: string): Promise<string> {
  const body = new URLSearchParams({ person });
  const answer = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

type Pressed = { status: number; body: { redirect_url?: string; error?: string } };

/** Presses "Prescribe" as one of the practice's people. */
async function press(backend: Backend, person: string, body: string = JSON.stringify({})): Promise<Pressed> {
  const cookie = await workAs(backend, person);
  const headers = { 'content-type': 'application/json', cookie };
  const answer = await fetch(`${backend.url}/api/sso`, { method: 'POST', headers, body });
  return { status: answer.status, body: (await answer.json()) as Pressed['body'] };
}

/** Where a link leads, opened as a browser opens it. */
async function follow(redirect_url: string | undefined): Promise<{ location: string | null; cookie: string }> {
  const { pathname, search } = new URL(redirect_url ?? '');
  const answer = await call(handoff, pathname + search, { headers: CLICK });
  return { location: answer.headers.get('location'), cookie: cookieOf(answer) ?? '' };
}

test('a clinician gets a link to the page that was asked for', async () => {
  const pressed = await press(await startBackend(), 'clinician', JSON.stringify({ redirect_path: PATIENT_PATH }));
  expect(pressed.status).toBe(200);
  expect(Object.keys(pressed.body)).toEqual(['redirect_url']);
  const { location } = await follow(pressed.body.redirect_url);
  expect(location).toBe(PATIENT_PATH);
});

test('without a path the link leads to the start page', async () => {
  const backend = await startBackend();
  for (const body of ['{}', '{"redirect_path":""}', '{"redirect_path":7}']) {
    const pressed = await press(backend, 'clinician', body);
    expect((await follow(pressed.body.redirect_url)).location).toBe('/dashboard');
  }
});

test('each of the practice’s clinicians is signed in as herself', async () => {
  const backend = await startBackend();
  for (const [person, user_id] of [
    ['clinician', sample.user_id],
    ['colleague', second_user_id],
  ] as const) {
    const { cookie } = await follow((await press(backend, person)).body.redirect_url);
    const session = await call(handoff, '/auth/session', { headers: { cookie } });
    expect(session.json).toMatchObject({ data: { user: { user_id } } });
  }
});

test('who may not prescribe, and who is not signed in to the practice software, is refused without asking the API', async () => {
  const backend = await startBackend({ api_url: 'http://127.0.0.1:1' });
  for (const person of ['receptionist', 'nobody', 'constructor']) {
    expect(await press(backend, person)).toEqual({ status: 403, body: { error: 'User not authorized' } });
  }
});

test('a refusal of the API is passed on with its status and reason', async () => {
  const wrong_secret = await press(await startBackend({ organization_secret: 'wrong' }), 'clinician');
  expect(wrong_secret).toEqual({ status: 401, body: { error: 'Invalid organization credentials' } });

  const backend = await startBackend();
  const outside = await press(backend, 'clinician', JSON.stringify({ redirect_path: 'https://elsewhere.example/' }));
  expect(outside.status).toBe(400);
  expect(outside.body.error).toMatch(/redirect_path|path/);

  const user_id = await createSampleUser(handoff.deps, sample.organization_id);
  await suspendUser(handoff.deps.db, user_id, handoff.deps);
  const suspended = await press(await startBackend({ user_id }), 'clinician');
  expect(suspended).toEqual({ status: 403, body: { error: 'This user is suspended' } });
});

test('an answer without success, or not from the API at all, is not taken for a link', async () => {
  const answers: [number, string, number][] = [
    [200, '{"success":false,"data":{"redirect_url":"https://elsewhere.example/"}}', 502],
    [200, '{"success":true}', 502],
    [200, '<html>', 502],
    [503, '<html>', 503],
  ];
  for (const [status, body, expected] of answers) {
    const api_url = await listen(
      createServer((_request, response) => {
        response.writeHead(status).end(body);
      }),
    );
    const pressed = await press(await startBackend({ api_url }), 'clinician');
    expect(pressed).toEqual({ status: expected, body: { error: 'The portal could not make a link' } });
  }
});

test('when the API cannot be reached it says "Internal server error" and nothing of the cause', async () => {
  const pressed = await press(await startBackend({ api_url: 'http://127.0.0.1:1' }), 'clinician');
  expect(pressed).toEqual({ status: 500, body: { error: 'Internal server error' } });
});

test('a body that is not JSON is refused', async () => {
  expect(await press(await startBackend(), 'clinician', '{')).toMatchObject({ status: 400 });
});

test('its log has a line for each attempt, with the request id and without secret, link or patient', async () => {
  const backend = await startBackend();
  await press(backend, 'clinician', JSON.stringify({ redirect_path: PATIENT_PATH }));
  await press(backend, 'receptionist');
  const [granted, refused] = backend.lines.map((line): unknown => JSON.parse(line));
  expect(granted).toEqual({
    event: 'sso',
    person: 'Pat, clinician',
    status: 200,
    request_id: expect.stringMatching(/^req_/),
  });
  expect(refused).toEqual({ event: 'sso', person: 'Robin, receptionist', status: 403 });
  expect(findLeaks(backend.lines.join('\n'))).toEqual([]);
});

test('its page names who works with it, and holds no credential', async () => {
  const backend = await startBackend();
  const cookie = await workAs(backend, 'clinician');
  const people = await fetch(`${backend.url}/api/people`, { headers: { cookie } });
  expect(await people.json()).toMatchObject({ current: 'Pat, clinician', people: { length: 3 } });
  const page = await (await fetch(backend.url)).text();
  expect(page).toContain('Prescribe');
  for (const secret of [sample.partner_secret, sample.organization_secret]) expect(page.includes(secret)).toBe(false);
});

const SERVER = new URL('../../demo/partner-backend/server.ts', import.meta.url).pathname;

function startProcess(environment: Record<string, string>) {
  const { PATH } = process.env;
  return spawn(process.execPath, [SERVER], { env: { PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
}

test('it starts with its settings from the environment', async () => {
  const child = startProcess({
    PORT: '0',
    HANDOFF_API_URL: `${handoff.url}/`,
    HANDOFF_PARTNER_ID: sample.partner_id,
    HANDOFF_PARTNER_SECRET: sample.partner_secret,
    HANDOFF_ORGANIZATION_ID: sample.organization_id,
    HANDOFF_ORGANIZATION_SECRET: sample.organization_secret,
    HANDOFF_USER_ID: sample.user_id,
  });
  try {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(chunk.toString()) ?? [];
    expect((await press({ url: url ?? '', lines: [] }, 'clinician')).status).toBe(200);
  } finally {
    child.kill();
  }
});

test('it does not start without them, and names each', async () => {
  const child = startProcess({ HANDOFF_PARTNER_ID: 'tacklit' });
  const [[chunk], [code]] = (await Promise.all([once(child.stderr, 'data'), once(child, 'exit')])) as [
    [Buffer],
    [number],
  ];
  expect(code).toBe(1);
  expect(chunk.toString()).toMatch(
    /HANDOFF_PARTNER_SECRET, HANDOFF_ORGANIZATION_ID, HANDOFF_ORGANIZATION_SECRET, HANDOFF_USER_ID/,
  );
});
