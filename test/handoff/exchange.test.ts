// POST /auth/sso with JSON: a portal that keeps its own session exchanges the token on its server.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  call,
  CLICK,
  EMBED_PATH,
  type Link,
  mintLink,
  PRACTICE_ORIGIN,
  openLink,
  PATIENT_PATH,
  problemOf,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, { access_roles: ['provider', 'admin'] });
});
afterAll(() => handoff.close());

const JSON_HEADERS = { 'content-type': 'application/json' };

const exchange = (body: unknown, headers: Record<string, string> = {}) =>
  call(handoff, '/auth/sso', {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

type Data = Record<string, unknown> & { session_token: string };
const dataOf = (answer: Answer) => (answer.json as { data: Data }).data;
const bearer = (answer: Answer) => ({ authorization: `Bearer ${dataOf(answer).session_token}` });

async function expectStillGood({ sso_token: token }: Link): Promise<void> {
  expect((await exchange({ token })).status, 'the right request, afterwards').toBe(200);
}

describe('a good token', () => {
  test('becomes a session with all that the portal has to know, and no cookie', async () => {
    const { sso_token } = await mintLink(handoff, sample);
    const answer = await exchange({ token: sso_token, redirect: PATIENT_PATH });
    expect(answer.status).toBe(200);
    const { data, requestId, timestamp, ...envelope } = answer.json as Record<string, unknown> & { data: Data };
    expect(envelope).toEqual({ success: true, statusCode: 200, message: 'Session created successfully' });
    expect(requestId).toBe(answer.headers.get('x-request-id'));
    expect(timestamp).toBe(new Date(handoff.clock.now()).toISOString());
    const { session_token, session_id, user, ...rest } = data;
    expect(/^ses_[0-9a-f]{32}\.[\w-]{43}$/.test(session_token), 'the form of the session token').toBe(true);
    expect(session_token.startsWith(`${String(session_id)}.`)).toBe(true);
    const { email, ...person } = user as Record<string, unknown>;
    expect(email).toMatch(/@clinic\.example$/);
    const { user_id, organization_id, partner_id } = sample;
    expect(person).toEqual({
      user_id,
      given_name: 'Pat',
      family_name: 'Provider',
      access_roles: ['admin', 'provider'],
    });
    const at = (minutes: number) => new Date(handoff.clock.now() + minutes * 60_000).toISOString();
    expect(rest['redirect_path'] === PATIENT_PATH, 'redirect_path is the signed one').toBe(true);
    expect({ ...rest, redirect_path: 'the signed one' }).toEqual({
      redirect_path: 'the signed one',
      embed: false,
      organization: { organization_id, name: 'Sample Clinic' },
      partner: { partner_id, name: 'Sample Practice Software' },
      embed_origins: [PRACTICE_ORIGIN],
      created_at: at(0),
      idle_expires_at: at(30),
      expires_at: at(720),
    });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('may come without the path, which the answer tells', async () => {
    const redirect_path = '/dashboard/patients/7?a=%20b#c';
    const { sso_token } = await mintLink(handoff, sample, redirect_path);
    expect(dataOf(await exchange({ token: sso_token }))['redirect_path']).toBe(redirect_path);
  });

  test('gives a session token that works as bearer, until it is signed out', async () => {
    const answer = await exchange({ token: (await mintLink(handoff, sample)).sso_token });
    const session = await call(handoff, '/auth/session', { headers: bearer(answer) });
    expect(session.status).toBe(200);
    expect((session.json as { data: { user: unknown } }).data.user).toEqual(dataOf(answer)['user']);
    const verified = await call(handoff, '/auth/verify', { headers: bearer(answer) });
    expect([verified.status, verified.headers.get('x-auth-user-id')]).toEqual([200, sample.user_id]);
    await call(handoff, '/auth/logout', { method: 'POST', headers: bearer(answer) });
    expect(problemOf(await call(handoff, '/auth/session', { headers: bearer(answer) }))).toBe('session-expired');
  });

  test('for an embedded page gives a session that is good there and nowhere else', async () => {
    const answer = await exchange({ token: (await mintLink(handoff, sample, EMBED_PATH)).sso_token });
    expect(dataOf(answer)['embed']).toBe(true);
    const verify = (path: string) =>
      call(handoff, '/auth/verify', { headers: { ...bearer(answer), 'x-original-uri': path } });
    expect((await verify('/embed/patients')).status).toBe(200);
    expect(problemOf(await verify('/dashboard'))).toBe('session-embed-only');
  });

  test('leaves the session of the browser’s cookie alone: the caller is a server', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    const { sso_token } = await mintLink(handoff, { ...sample, user_id });
    expect((await exchange({ token: sso_token }, { cookie })).status).toBe(200);
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
  });

  test.each([
    ['a server', {}],
    ['a page of the portal', { origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }],
    ['a page of the portal in an old browser', { origin: PUBLIC_URL }],
    ['an encoding by name', { 'content-type': 'application/json; charset=utf-8' }],
  ])('is taken from %s', async (_, headers) => {
    const { sso_token } = await mintLink(handoff, sample);
    expect((await exchange({ token: sso_token }, headers)).status).toBe(200);
  });
});

describe('a token is refused, with bare problem details and unspent,', () => {
  test.each([
    ['by a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['by a page of a neighbour', { 'sec-fetch-site': 'same-site' }],
    ['by a page of another site in an old browser', { origin: 'https://other.example' }],
    ['by a page without an origin in an old browser', { origin: 'null' }],
    ['by a page on another port', { origin: 'http://localhost:8788' }],
  ])('when it is sent %s', async (_, headers: Record<string, string>) => {
    const link = await mintLink(handoff, sample);
    const answer = await exchange({ token: link.sso_token }, headers);
    expect(problemOf(answer)).toBe('cross-site-request');
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    await expectStillGood(link);
  });

  test('when the path is another one', async () => {
    const link = await mintLink(handoff, sample);
    const answer = await exchange({ token: link.sso_token, redirect: '/dashboard' });
    expect([answer.status, problemOf(answer)]).toEqual([400, 'redirect-mismatch']);
    await expectStillGood(link);
  });

  test.each([
    ['no type', ''],
    ['text', 'text/plain'],
    ['XML', 'application/xml'],
    ['a form with files', 'multipart/form-data; boundary=x'],
    ['another encoding', 'application/json; charset=latin1'],
    ['almost JSON', 'application/jsonx'],
  ])('when the body is %s', async (_, type) => {
    const link = await mintLink(handoff, sample);
    const body = JSON.stringify({ token: link.sso_token });
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers, body });
    expect([answer.status, problemOf(answer)]).toEqual([415, 'unsupported-media-type']);
    await expectStillGood(link);
  });

  test('when the body is said to be compressed', async () => {
    const link = await mintLink(handoff, sample);
    const answer = await exchange({ token: link.sso_token }, { 'content-encoding': 'gzip' });
    expect(problemOf(answer)).toBe('unsupported-media-type');
    await expectStillGood(link);
  });

  test('when the body is larger than 16 KiB', async () => {
    const link = await mintLink(handoff, sample);
    const answer = await exchange({ token: link.sso_token, padding: 'x'.repeat(16_384) });
    expect([answer.status, problemOf(answer)]).toEqual([413, 'payload-too-large']);
    await expectStillGood(link);
  });

  const MALFORMED: [string, string, string][] = [
    ['nothing', '', 'body'],
    ['cut off', '{"token":"<token>"', 'body'],
    ['a list', '["<token>"]', 'body'],
    ['text', '"<token>"', 'body'],
    ['null', 'null', 'body'],
    ['without a token', '{}', 'token'],
    ['with an empty token', '{"token":""}', 'token'],
    ['with a number for a token', '{"token":7}', 'token'],
    ['with a list of tokens', '{"token":["<token>"]}', 'token'],
    ['with a number for a path', '{"token":"<token>","redirect":7}', 'redirect'],
    ['with an empty path', '{"token":"<token>","redirect":""}', 'redirect'],
    ['with null for a path', '{"token":"<token>","redirect":null}', 'redirect'],
  ];
  test.each(MALFORMED)('when the body is %s', async (_, body, field) => {
    const link = await mintLink(handoff, sample);
    const answer = await exchange(body.replace('<token>', link.sso_token));
    expect([answer.status, problemOf(answer)]).toEqual([400, 'invalid-request']);
    const { validation } = answer.json as { validation: { field: string }[] };
    expect(validation.map((entry) => entry.field)).toEqual([field]);
    expect(answer.text.includes('eyJ'), 'the token in the answer').toBe(false);
    await expectStillGood(link);
  });
});

describe('a token is good once, whichever way', () => {
  test('exchanged twice', async () => {
    const { sso_token: token } = await mintLink(handoff, sample);
    expect((await exchange({ token })).status).toBe(200);
    expect(problemOf(await exchange({ token }))).toBe('token-used');
  });

  test('opened and then exchanged, exchanged and then opened', async () => {
    const [opened, exchanged] = [await mintLink(handoff, sample), await mintLink(handoff, sample)];
    await openLink(handoff, opened);
    expect(problemOf(await exchange({ token: opened.sso_token }))).toBe('token-used');
    await exchange({ token: exchanged.sso_token });
    const headers = { ...CLICK, accept: 'application/json' };
    expect(problemOf(await call(handoff, exchanged.path, { headers }))).toBe('token-used');
  });

  test('and not after 300 seconds', async () => {
    const { sso_token: token } = await mintLink(handoff, sample);
    handoff.clock.advance(300_000);
    expect(problemOf(await exchange({ token }))).toBe('token-expired');
  });

  test.each(WITHDRAWALS)('and not when $what', async ({ problem, withdraw }) => {
    const place = await createPlace(handoff.deps);
    const { sso_token: token } = await mintLink(handoff, place);
    await withdraw(handoff.deps, place);
    expect(problemOf(await exchange({ token }))).toBe(problem);
  });

  test('and not when it is none', async () => {
    expect(problemOf(await exchange({ token: 'a.b.c' }))).toBe('token-invalid');
  });
});
