// The sample practice's server against a real Handoff: each branch of its links, over HTTP.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { suspendUser } from '../../src/users/user.ts';
import { findLeaks } from '../support/leaks.ts';
import { call, CLICK, cookieOf, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { askForLink, type Practice, type Pressed, startSamplePractice, workAs } from './practice.ts';

let handoff: Handoff;
let sample: Sample;
let second_user_id: string;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  second_user_id = await createSampleUser(handoff.deps, sample.organization_id);
});
afterAll(() => handoff.close());

const practices: Practice[] = [];
const servers: Server[] = [];
afterEach(async () => {
  for (const practice of practices.splice(0)) await practice.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Replaced = Partial<Parameters<typeof startSamplePractice>[1]>;

async function open(replaced: Replaced = {}): Promise<Practice> {
  const practice = await startSamplePractice(sample, { api_url: handoff.url, second_user_id, ...replaced });
  practices.push(practice);
  return practice;
}

async function listen(server: Server): Promise<string> {
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function press(practice: Practice, person: string, body?: string): Promise<Pressed> {
  return askForLink(practice, await workAs(practice, person), body);
}

/** Where a link leads, opened as a browser opens it. */
async function follow(redirect_url: string | undefined): Promise<{ location: string | null; cookie: string }> {
  const { pathname, search } = new URL(redirect_url ?? '');
  const answer = await call(handoff, pathname + search, { headers: CLICK });
  return { location: answer.headers.get('location'), cookie: cookieOf(answer) ?? '' };
}

test('a clinician gets a link to the page that was asked for', async () => {
  const pressed = await press(await open(), 'clinician', JSON.stringify({ redirect_path: PATIENT_PATH }));
  expect(pressed.status).toBe(200);
  expect(Object.keys(pressed.body)).toEqual(['redirect_url']);
  const { location } = await follow(pressed.body.redirect_url);
  expect(location).toBe(PATIENT_PATH);
});

test('without a path the link leads to the start page', async () => {
  const practice = await open();
  for (const body of ['{}', '{"redirect_path":""}', '{"redirect_path":7}', '[]', 'null']) {
    const pressed = await press(practice, 'clinician', body);
    expect((await follow(pressed.body.redirect_url)).location).toBe('/dashboard');
  }
});

test('each of the practice’s clinicians is signed in as herself', async () => {
  const practice = await open();
  for (const [person, user_id] of [
    ['clinician', sample.user_id],
    ['colleague', second_user_id],
  ] as const) {
    const { cookie } = await follow((await press(practice, person)).body.redirect_url);
    const session = await call(handoff, '/auth/session', { headers: { cookie } });
    expect(session.json).toMatchObject({ data: { user: { user_id } } });
  }
});

test('the form answers with the way to the patient’s page, which a new tab follows', async () => {
  const practice = await open();
  const cookie = await workAs(practice, 'clinician');
  const answer = await fetch(`${practice.url}/patients/1234-5678-3456-2345/prescribe`, {
    method: 'POST',
    headers: { cookie },
    redirect: 'manual',
  });
  expect(answer.status).toBe(303);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const { location } = await follow(answer.headers.get('location') ?? '');
  expect(location).toBe(PATIENT_PATH);
});

test('the form’s tab says why there is no link, with the reference for support and without the path', async () => {
  const user_id = await createSampleUser(handoff.deps, sample.organization_id);
  await suspendUser(handoff.deps.db, user_id, handoff.deps);
  const practice = await open({ suspended_user_id: user_id });
  const cookie = await workAs(practice, 'suspended');
  const url = `${practice.url}/patients/1234-5678-3456-2345/prescribe`;
  const answer = await fetch(url, { method: 'POST', headers: { cookie }, redirect: 'manual' });
  const page = await answer.text();
  expect(answer.status).toBe(403);
  expect(page).toContain('This user is suspended.');
  expect(page).toMatch(/<code>req_[0-9a-f]{32}<\/code>/);
  expect(findLeaks(page)).toEqual([]);
});

test('who may not prescribe, and who is not signed in to the practice, is refused without asking the API', async () => {
  const practice = await open({ api_url: 'http://127.0.0.1:1' });
  expect(await press(practice, 'receptionist')).toEqual({ status: 403, body: { error: 'User not authorized' } });
  for (const person of ['nobody', 'constructor']) {
    const refused = { error: 'User not authorized', reason: 'signed-out' };
    expect(await press(practice, person)).toEqual({ status: 403, body: refused });
  }
});

test('a refusal of the API is passed on with its status and reason', async () => {
  const wrong_secret = await press(await open({ organization_secret: 'wrong' }), 'clinician');
  expect(wrong_secret).toEqual({ status: 401, body: { error: 'Invalid organization credentials' } });

  const outside = await press(await open(), 'clinician', '{"redirect_path":"https://elsewhere.example/"}');
  expect(outside.status).toBe(400);
  expect(outside.body.error).toMatch(/redirect_path|path/);

  const unknown = await press(await open({ user_id: 'usr_00000000000000000000000000000000' }), 'clinician');
  expect(unknown.status).toBe(404);
});

test('an answer without success, or not from the API at all, is not taken for a link', async () => {
  const answers: [number, string, number][] = [
    [200, '{"success":false,"data":{"redirect_url":"https://elsewhere.example/"}}', 502],
    [200, '{"success":true}', 502],
    [200, '{"success":true,"data":{"redirect_url":"javascript:alert(1)"}}', 502],
    [200, '<html>', 502],
    [503, '<html>', 503],
  ];
  for (const [status, body, expected] of answers) {
    const api_url = await listen(
      createServer((_request, response) => {
        response.writeHead(status).end(body);
      }),
    );
    const pressed = await press(await open({ api_url }), 'clinician');
    expect(pressed).toEqual({ status: expected, body: { error: 'The portal could not make a link' } });
  }
});

test('when the API cannot be reached it says "Internal server error" and nothing of the cause', async () => {
  const pressed = await press(await open({ api_url: 'http://127.0.0.1:1' }), 'clinician');
  expect(pressed).toEqual({ status: 500, body: { error: 'Internal server error' } });
});

test('a body that is not JSON, or too large, is refused', async () => {
  const practice = await open();
  expect(await press(practice, 'clinician', '{')).toMatchObject({ status: 400 });
  expect(await press(practice, 'clinician', JSON.stringify({ redirect_path: 'x'.repeat(20_000) }))).toMatchObject({
    status: 413,
  });
});

test('its log has a line for each attempt, with the request id and without secret, link or patient', async () => {
  const practice = await open();
  await press(practice, 'clinician', JSON.stringify({ redirect_path: PATIENT_PATH }));
  await press(practice, 'receptionist');
  const [granted, refused] = practice.lines.map((line): unknown => JSON.parse(line));
  const request_id: unknown = expect.stringMatching(/^req_/);
  expect(granted).toEqual({ event: 'sso', person: 'clinician', status: 200, request_id });
  expect(refused).toEqual({ event: 'sso', person: 'receptionist', status: 403 });
  expect(findLeaks(practice.lines.join('\n'))).toEqual([]);
});

const SERVER = new URL('../../demo/practice/server.ts', import.meta.url).pathname;

function startAlone(environment: Record<string, string>) {
  const { PATH } = process.env;
  return spawn(process.execPath, [SERVER], { env: { PATH, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
}

test('it starts alone with its settings from the environment, and ends with 0 on SIGTERM', async () => {
  const child = startAlone({
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
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(chunk.toString()) ?? [];
    expect((await askForLink({ url }, await workAs({ url }, 'clinician'))).status).toBe(200);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  } finally {
    child.kill('SIGKILL');
  }
});

test('it does not start without them, and names each', async () => {
  const child = startAlone({ HANDOFF_PARTNER_ID: 'ptr_sample' });
  const [complaint, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  expect(code).toBe(1);
  expect(complaint).toMatch(
    /HANDOFF_PARTNER_SECRET, HANDOFF_ORGANIZATION_ID, HANDOFF_ORGANIZATION_SECRET, HANDOFF_USER_ID/,
  );
});
