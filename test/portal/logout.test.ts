// POST /auth/logout: ends what this browser or bearer holds, and only when a page of the portal, or no page, asks for it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  problemOf,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, textOf } from '../support/html.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const signIn = async () => openLink(handoff, await mintLink(handoff, sample));

async function signInFrame(): Promise<string> {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  return cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
}

const logOut = (headers: Record<string, string>) => call(handoff, '/auth/logout', { method: 'POST', headers });
const isSignedIn = async (headers: Record<string, string>) =>
  (await call(handoff, '/auth/session', { headers })).status === 200;
const bearer = (cookie: string) => ({ authorization: `Bearer ${cookie.split('=')[1]}` });

/** The attributes have to be those the cookie was set with, or the browser keeps it. */
const CLEARED = [
  '__Host-handoff=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
  '__Host-handoff-embed=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
];

function expectDone(answer: Answer): void {
  expect(answer.status).toBe(204);
  expect(answer.text).toBe('');
  expect(answer.headers.getSetCookie()).toEqual(CLEARED);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

describe('signing out', () => {
  test('ends the session and clears the cookies', async () => {
    const cookie = await signIn();
    expect(await isSignedIn({ cookie })).toBe(true);
    expectDone(await logOut({ cookie }));
    expect(problemOf(await call(handoff, '/auth/session', { headers: { cookie } }))).toBe('session-expired');
  });

  test('of a browser with two sessions ends both', async () => {
    const [top_level, embed] = [await signIn(), await signInFrame()];
    expectDone(await logOut({ cookie: `${embed}; ${top_level}` }));
    expect([await isSignedIn({ cookie: top_level }), await isSignedIn({ cookie: embed })]).toEqual([false, false]);
  });

  test('of a frame leaves the session of the tabs alone, whose cookie it does not have', async () => {
    const [top_level, embed] = [await signIn(), await signInFrame()];
    expectDone(await logOut({ cookie: embed, origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' }));
    expect([await isSignedIn({ cookie: top_level }), await isSignedIn({ cookie: embed })]).toEqual([true, false]);
  });

  test('of one browser leaves the same user’s others alone', async () => {
    const [here, there] = [await signIn(), await signIn()];
    expectDone(await logOut({ cookie: here }));
    expect(await isSignedIn({ cookie: there })).toBe(true);
  });

  test('is recorded with the user, the session and the reason', async () => {
    const cookie = await signIn();
    const answer = await logOut({ cookie });
    const { db } = handoff.deps;
    const request_id = answer.headers.get('x-request-id');
    const session_id = /ses_[0-9a-f]{32}/.exec(cookie)?.[0];
    const columns = ['action', 'actor', 'outcome', 'user_id', 'session_id'] as const;
    const events = await db.selectFrom('audit_events').select(columns).where('request_id', '=', request_id).execute();
    const { user_id } = sample;
    expect(events).toEqual([{ action: 'session.ended', actor: 'browser', outcome: 'granted', user_id, session_id }]);
    const ended = db
      .selectFrom('sessions')
      .select('end_reason')
      .where('session_id', '=', session_id ?? '');
    expect(await ended.execute()).toEqual([{ end_reason: 'signed_out' }]);
  });

  test('by bearer ends that session and no other', async () => {
    const [one, other] = [await signIn(), await signIn()];
    const answer = await logOut({ ...bearer(one), cookie: other });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([204, []]);
    expect([await isSignedIn(bearer(one)), await isSignedIn(bearer(other))]).toEqual([false, true]);
  });

  test.each([
    ['with nothing', {}],
    ['with a session that is unknown', { cookie: `__Host-handoff=ses_${'0'.repeat(32)}.${'A'.repeat(43)}` }],
    ['with what is no session', { cookie: '__Host-handoff=1; __Host-handoff-embed=2' }],
  ])('%s is done at once', async (_, headers) => {
    expectDone(await logOut(headers));
  });

  test('twice is as good as once, and records one end', async () => {
    const cookie = await signIn();
    for (let times = 0; times < 2; times += 1) expectDone(await logOut({ cookie }));
    const session_id = /ses_[0-9a-f]{32}/.exec(cookie)?.[0] ?? '';
    const events = handoff.deps.db.selectFrom('audit_events').select('action').where('session_id', '=', session_id);
    const ends = (await events.execute()).filter(({ action }) => action === 'session.ended');
    expect(ends).toHaveLength(1);
  });

  test('with the id of a session and not its secret ends nothing', async () => {
    const cookie = await signIn();
    expectDone(await logOut({ cookie: cookie.replace(/.{43}$/, 'A'.repeat(43)) }));
    expect(await isSignedIn({ cookie })).toBe(true);
  });
});

describe('a page that signs out by a form', () => {
  test('leads to a page that says so', async () => {
    const cookie = await signIn();
    const form = { ...CLICK, origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' };
    const answer = await logOut({ ...form, cookie, 'content-type': 'application/x-www-form-urlencoded' });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/auth/signed-out');
    expect(answer.headers.getSetCookie()).toEqual(CLEARED);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await isSignedIn({ cookie })).toBe(false);
  });

  test('and that page is plain and kind, and says nothing about anybody', async () => {
    const page = await call(handoff, '/auth/signed-out', { headers: { ...CLICK, cookie: await signIn() } });
    expect(page.status).toBe(200);
    expectPlainPage(page);
    expect(textOf(page)).toMatch(/^You are signed out To open the portal again, go back to your practice software/);
    expect(page.text).not.toContain('Pat');
    expect(page.headers.getSetCookie()).toEqual([]);
  });
});

describe('nobody else can sign a person out', () => {
  test.each([
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'https://other.example' }],
    ['a form on another site’s page', { ...CLICK, origin: 'https://other.example' }],
    ['a page of a neighbour', { 'sec-fetch-site': 'same-site', origin: 'https://other.portal.example' }],
    ['a page of another site in an old browser', { origin: 'https://other.example' }],
    ['a page without an origin in an old browser', { origin: 'null' }],
    ['a page of the same host on another port', { origin: 'http://localhost:8788' }],
    ['a page of the same host over another scheme', { origin: 'https://localhost:8787' }],
    ['a page of a host whose name goes on', { origin: `${PUBLIC_URL}.other.example` }],
  ])('%s', async (_, headers: Record<string, string>) => {
    const cookie = await signIn();
    const answer = await logOut({ ...headers, accept: 'application/json', cookie });
    expect([answer.status, problemOf(answer)]).toEqual([403, 'cross-site-request']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await isSignedIn({ cookie })).toBe(true);
  });

  test.each([
    ['a page of the portal', { origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' }],
    ['a page of the portal in an old browser', { origin: PUBLIC_URL }],
    ['a server', {}],
  ])('but %s can', async (_, headers: Record<string, string>) => {
    const cookie = await signIn();
    expectDone(await logOut({ ...headers, cookie }));
    expect(await isSignedIn({ cookie })).toBe(false);
  });

  test.each(['GET', 'PUT', 'DELETE'])('and %s does nothing: an image could send it', async (method) => {
    const cookie = await signIn();
    const answer = await call(handoff, '/auth/logout', { method, headers: { cookie } });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'OPTIONS, POST']);
    expect(await isSignedIn({ cookie })).toBe(true);
  });
});
