// POST /auth/sso by the script of a page in a frame: how the session is carried, who may be around the frame, and renewal.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import {
  type Answer,
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  PRACTICE_ORIGIN,
  problemOf,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let colleague: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, {
    integration: { embed_origins: [PRACTICE_ORIGIN, 'https://ehr.example'] },
  });
  colleague = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id) };
});
afterAll(() => handoff.close());

/** What a browser adds to a script's request to the page's own origin. */
const SCRIPT = {
  'content-type': 'application/json',
  accept: 'application/problem+json, application/json',
  origin: PUBLIC_URL,
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'cors',
  'sec-fetch-dest': 'empty',
};

async function exchange(of: Sample, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  const { sso_token } = await mintLink(handoff, of, EMBED_PATH);
  const body = JSON.stringify({ token: sso_token, redirect: EMBED_PATH, ...more });
  return call(handoff, '/auth/sso', { method: 'POST', headers: { ...SCRIPT, ...headers }, body });
}

type Data = { session_token?: string; user: { user_id: string }; embed_origins: string[] };
const dataOf = (answer: Answer) => (answer.json as { data: Data }).data;
const bearerOf = (answer: Answer) => ({ authorization: `Bearer ${dataOf(answer).session_token ?? ''}` });

async function stateOf(headers: Record<string, string>): Promise<string> {
  const answer = await call(handoff, '/auth/session', { headers });
  return answer.status === 200 ? dataOf(answer).user.user_id : (problemOf(answer) ?? '');
}

describe('the session', () => {
  test('is a bearer by default, and no cookie', async () => {
    const answer = await exchange(sample, { session: 'bearer' });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect(await stateOf(bearerOf(answer))).toBe(sample.user_id);
    expect(dataOf(answer).embed_origins).toEqual([PRACTICE_ORIGIN, 'https://ehr.example']);
  });

  test('is the partitioned cookie where that is asked for, and then no token is in the answer', async () => {
    const answer = await exchange(sample, { session: 'cookie' });
    expect(dataOf(answer)).not.toHaveProperty('session_token');
    expect(answer.text.includes('ses_') && /ses_[0-9a-f]{32}\./.test(answer.text)).toBe(false);
    expect(answer.headers.getSetCookie()[0]).toMatch(
      /^__Host-handoff-embed=ses_[^;]+; Path=\/; HttpOnly; Secure; SameSite=None; Partitioned$/,
    );
    expect(await stateOf({ cookie: cookieOf(answer) ?? '' })).toBe(sample.user_id);
  });

  test('is recorded as the browser’s', async () => {
    const answer = await exchange(sample);
    const request_id = answer.headers.get('x-request-id') ?? '';
    const events = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([['sso_token.redeemed', 'browser']]);
  });
});

describe('renewal', () => {
  test('of a bearer ends the one before', async () => {
    const first = await exchange(sample);
    const second = await exchange(sample, {}, bearerOf(first));
    expect([await stateOf(bearerOf(first)), await stateOf(bearerOf(second))]).toEqual([
      'session-expired',
      sample.user_id,
    ]);
  });

  test('of a cookie ends the one before', async () => {
    const first = cookieOf(await exchange(sample, { session: 'cookie' })) ?? '';
    const second = cookieOf(await exchange(sample, { session: 'cookie' }, { cookie: first })) ?? '';
    expect([await stateOf({ cookie: first }), await stateOf({ cookie: second })]).toEqual([
      'session-expired',
      sample.user_id,
    ]);
  });

  test('of a bearer leaves the cookie’s session alone, which may be somebody else’s', async () => {
    const cookie = cookieOf(await exchange(colleague, { session: 'cookie' })) ?? '';
    const answer = await exchange(sample, { session: 'bearer' }, { cookie });
    expect([await stateOf({ cookie }), await stateOf(bearerOf(answer))]).toEqual([colleague.user_id, sample.user_id]);
  });

  test('by cookie for somebody else ends whatever session that cookie’s browser had', async () => {
    const tab = await openLink(handoff, await mintLink(handoff, colleague));
    const embedded = cookieOf(await exchange(colleague, { session: 'cookie' })) ?? '';
    const answer = await exchange(sample, { session: 'cookie' }, { cookie: `${tab}; ${embedded}` });
    expect(answer.headers.getSetCookie().some((set) => set.startsWith('__Host-handoff=; Max-Age=0'))).toBe(true);
    expect([await stateOf({ cookie: tab }), await stateOf({ cookie: embedded })]).toEqual([
      'session-expired',
      'session-expired',
    ]);
  });

  test('that is refused ends nothing', async () => {
    const first = await exchange(sample);
    const refused = await exchange(sample, { embedders: ['https://evil.example'] }, bearerOf(first));
    expect([refused.status, await stateOf(bearerOf(first))]).toEqual([403, sample.user_id]);
  });
});

describe('the pages around the frame', () => {
  test.each([
    ['a registered one', [PRACTICE_ORIGIN]],
    ['two, one around the other', [PRACTICE_ORIGIN, 'https://ehr.example']],
    ['a page of the portal’s own', [PUBLIC_URL]],
  ])('may be %s', async (_, embedders) => {
    expect((await exchange(sample, { embedders })).status).toBe(200);
  });

  test.each([
    ['another site', ['https://evil.example']],
    ['another site around a registered one', [PRACTICE_ORIGIN, 'https://evil.example']],
    ['a registered one with a path', [`${PRACTICE_ORIGIN}/`]],
    ['one without an origin', ['null']],
  ])('may not be %s, and nothing is spent', async (_, embedders) => {
    const { sso_token } = await mintLink(handoff, sample, EMBED_PATH);
    const post = (body: object) =>
      call(handoff, '/auth/sso', { method: 'POST', headers: SCRIPT, body: JSON.stringify(body) });
    const refused = await post({ token: sso_token, embedders });
    expect([refused.status, problemOf(refused)]).toEqual([403, 'embedding-refused']);
    expect((await post({ token: sso_token, embedders: [PRACTICE_ORIGIN] })).status).toBe(200);
  });

  test.each([
    ['no list', 'https://practice.example', 'embedders'],
    ['an empty list', [], 'embedders'],
    ['a number', [1], 'embedders.0'],
    ['a long list', Array.from({ length: 11 }, () => PRACTICE_ORIGIN), 'embedders'],
  ])('have to be told as documented: %s', async (_, embedders, field) => {
    const answer = await exchange(sample, { embedders });
    expect([answer.status, (answer.json as { validation: { field: string }[] }).validation[0]?.field]).toEqual([
      400,
      field,
    ]);
  });
});

test('the token of a page in a tab is not exchanged in a frame', async () => {
  const { sso_token } = await mintLink(handoff, sample);
  const post = (more: object) =>
    call(handoff, '/auth/sso', {
      method: 'POST',
      headers: SCRIPT,
      body: JSON.stringify({ token: sso_token, ...more }),
    });
  expect(problemOf(await post({ embedders: [PRACTICE_ORIGIN] }))).toBe('frame-refused');
  expect((await post({})).status).toBe(200);
});

test('a session of another kind than the two is refused by name', async () => {
  const answer = await exchange(sample, { session: 'url' });
  expect(answer.json).toMatchObject({
    validation: [{ field: 'session', message: 'session must be one of bearer, cookie' }],
  });
});

test('a page of another site can do none of it', async () => {
  const answer = await exchange(
    sample,
    { session: 'cookie' },
    { origin: PRACTICE_ORIGIN, 'sec-fetch-site': 'cross-site' },
  );
  expect([answer.status, problemOf(answer), answer.headers.getSetCookie()]).toEqual([403, 'cross-site-request', []]);
});

test('signing out the bearer of a frame leaves the cookies of the browser where they are', async () => {
  const cookie = cookieOf(await exchange(colleague, { session: 'cookie' })) ?? '';
  const own = await exchange(sample);
  const { accept: _, ...headers } = { ...FRAME, ...SCRIPT, ...bearerOf(own), cookie };
  const answer = await call(handoff, '/auth/logout', { method: 'POST', headers });
  expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []]);
  expect([await stateOf(bearerOf(own)), await stateOf({ cookie })]).toEqual(['session-expired', colleague.user_id]);
});
