// What browsers, scanners and previews send, and which of it is a person opening a link. Whatever is not leaves the link good.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  type Link,
  mintLink,
  openLink,
  PATIENT_PATH,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { REDIRECT_PATH_PREFIXES: '/dashboard,/embed,/embedded' } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const NAVIGATION = { ...CLICK, accept: 'application/json' };
const FRAME_NAVIGATION = { ...FRAME, accept: 'application/json' };

const open = (link: Link, headers: Record<string, string>) => call(handoff, link.path, { headers });

/** The session_id alone: a failed test must not print a whole token. */
const sessionIdOf = (cookie: string | undefined) => /=(ses_[0-9a-f]{32})\./.exec(cookie ?? '')?.[1];

async function sessionsOf({ sso_token }: Link) {
  const claims = JSON.parse(Buffer.from(sso_token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  return handoff.deps.db
    .selectFrom('sessions')
    .select(['session_id', 'end_reason'])
    .where('jti', '=', claims.jti)
    .execute();
}

describe('a link is not spent by', () => {
  test('HEAD, which answers as little as it says', async () => {
    const link = await mintLink(handoff, sample);
    const answer = await call(handoff, link.path, { method: 'HEAD', headers: CLICK });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    await openLink(handoff, link);
  });

  test('OPTIONS, which names the methods and nobody else’s origin', async () => {
    const link = await mintLink(handoff, sample);
    const headers = { origin: 'https://other.example', 'access-control-request-method': 'GET' };
    const answer = await call(handoff, link.path, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    await openLink(handoff, link);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'PROPFIND'])('%s, which the address does not take', async (method) => {
    const link = await mintLink(handoff, sample);
    const answer = await call(handoff, link.path, { method, headers: NAVIGATION });
    expect(problemOf(answer)).toBe('method-not-allowed');
    expect(answer.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    await openLink(handoff, link);
  });

  const NOT_A_PERSON: [string, string][] = [
    ['sec-purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['sec-purpose', 'prefetch;anonymous-client-ip'],
    ['sec-purpose', 'prefetch, prerender'],
    ['sec-purpose', 'Prefetch'],
    ['purpose', 'prefetch'],
    ['purpose', 'preview'],
    ['x-purpose', 'preview'],
    ['x-purpose', 'prefetch'],
    ['x-moz', 'prefetch'],
    ['x-moz', 'PREFETCH'],
    ...['image', 'script', 'empty', 'object', 'embed', 'style', 'font', 'frame', 'video', 'worker', 'webidentity'].map(
      (destination): [string, string] => ['sec-fetch-dest', destination],
    ),
    ...['cors', 'no-cors', 'same-origin', 'websocket', ''].map((mode): [string, string] => ['sec-fetch-mode', mode]),
  ];
  test.each(NOT_A_PERSON)('%s: %s', async (name, value) => {
    const link = await mintLink(handoff, sample);
    const answer = await open(link, { ...NAVIGATION, [name]: value });
    expect(problemOf(answer)).toBe('navigation-required');
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await openLink(handoff, link);
  });

  test('a script that says so and nothing else', async () => {
    const link = await mintLink(handoff, sample);
    expect(problemOf(await open(link, { 'sec-fetch-mode': 'cors', 'user-agent': 'Mozilla/5.0' }))).toBe(
      'navigation-required',
    );
    await openLink(handoff, link);
  });
});

describe('a link is spent by', () => {
  const PEOPLE: [string, Record<string, string>][] = [
    ['a click', CLICK],
    ['a bookmark or the address bar', { ...CLICK, 'sec-fetch-site': 'none' }],
    ['a window that a page opened without a click', { ...CLICK, 'sec-fetch-user': '' }],
    ['curl', { accept: '*/*', 'user-agent': 'curl/8.14.1' }],
    ['an old browser', { accept: 'text/html', 'user-agent': 'Mozilla/5.0' }],
    ['nothing but the request line', {}],
    ['fetch of Node, which is no browser', { 'sec-fetch-mode': 'cors', 'accept-language': '*', 'user-agent': 'node' }],
    ['a purpose that is none of the known ones', { ...CLICK, purpose: 'prescribing' }],
  ];
  test.each(PEOPLE)('%s', async (_, headers) => {
    const link = await mintLink(handoff, sample);
    expect((await open(link, headers)).status).toBe(303);
    expect(await sessionsOf(link)).toHaveLength(1);
  });

  test('a frame, and an old browser that does not tell, when it is for an embedded page', async () => {
    expect((await open(await mintLink(handoff, sample, EMBED_PATH), FRAME_NAVIGATION)).status).toBe(303);
    expect((await open(await mintLink(handoff, sample, EMBED_PATH), {})).status).toBe(303);
  });
});

describe('where a page is shown', () => {
  test('a link to an embedded page is refused in a tab and still works in a frame', async () => {
    const link = await mintLink(handoff, sample, EMBED_PATH);
    expect(problemOf(await open(link, NAVIGATION))).toBe('frame-required');
    expect((await open(link, FRAME_NAVIGATION)).status).toBe(303);
  });

  test('a link to a full page is refused in a frame and still works in a tab', async () => {
    const link = await mintLink(handoff, sample);
    expect(problemOf(await open(link, FRAME_NAVIGATION))).toBe('frame-refused');
    expect((await open(link, NAVIGATION)).status).toBe(303);
  });

  test('/embedded is a page like any other, not one for a frame', async () => {
    expect(problemOf(await open(await mintLink(handoff, sample, '/embedded'), FRAME_NAVIGATION))).toBe('frame-refused');
    const embedded = await mintLink(handoff, sample, '/embed?back=/dashboard');
    expect(problemOf(await open(embedded, NAVIGATION))).toBe('frame-required');
  });
});

describe('a link that this browser has spent', () => {
  test('goes on to the page on reload, with the session it has', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    const again = await open(link, { ...NAVIGATION, cookie });
    expect(again.status).toBe(303);
    expect(again.headers.get('location')).toBe(PATIENT_PATH);
    expect(again.headers.get('cache-control')).toBe('no-store');
    expect(again.headers.getSetCookie()).toEqual([]);
    expect(await sessionsOf(link)).toEqual([{ session_id: sessionIdOf(cookie), end_reason: null }]);
  });

  test('goes on to the page after the link has expired, as long as the session lives', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    handoff.clock.advance(30 * 60_000 - 1);
    expect((await open(link, { ...NAVIGATION, cookie })).status).toBe(303);
    handoff.clock.advance(1);
    expect(problemOf(await open(link, { ...NAVIGATION, cookie }))).toBe('token-expired');
  });

  test('goes on in a frame, too', async () => {
    const link = await mintLink(handoff, sample, EMBED_PATH);
    const cookie = cookieOf(await open(link, FRAME_NAVIGATION)) ?? '';
    const again = await open(link, { ...FRAME_NAVIGATION, cookie });
    expect([again.status, again.headers.get('location') === EMBED_PATH]).toEqual([303, true]);
    expect(problemOf(await open(link, FRAME_NAVIGATION))).toBe('token-used');
  });

  test('goes on to the signed path only', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    const elsewhere = { ...link, path: link.path.replace(/redirect=.*/, 'redirect=%2Fdashboard') };
    expect(problemOf(await open(elsewhere, { ...NAVIGATION, cookie }))).toBe('redirect-mismatch');
  });

  test('does not go on for a prefetch', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    expect(problemOf(await open(link, { ...NAVIGATION, cookie, purpose: 'prefetch' }))).toBe('navigation-required');
  });

  test('does not go on after signing out', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie } });
    expect(problemOf(await open(link, { ...NAVIGATION, cookie }))).toBe('token-used');
  });

  test('does not go on for a browser with another session, which keeps it', async () => {
    const link = await mintLink(handoff, sample);
    await openLink(handoff, link);
    const other = await openLink(handoff, await mintLink(handoff, sample));
    expect(problemOf(await open(link, { ...NAVIGATION, cookie: other }))).toBe('token-used');
    expect((await call(handoff, '/auth/session', { headers: { cookie: other } })).status).toBe(200);
  });

  test('does not go on for who knows the session’s id and not its secret', async () => {
    const link = await mintLink(handoff, sample);
    const cookie = await openLink(handoff, link);
    const forged = cookie.replace(/.{43}$/, 'A'.repeat(43));
    expect(problemOf(await open(link, { ...NAVIGATION, cookie: forged }))).toBe('token-used');
  });
});

describe('a browser that is signed in already', () => {
  test.each(['another user', 'the same user'])(
    'and opens a link of %s gets a new session, and the old one ends',
    async (who) => {
      const first = await mintLink(handoff, sample);
      const old_cookie = await openLink(handoff, first);
      const user_id =
        who === 'the same user' ? sample.user_id : await createSampleUser(handoff.deps, sample.organization_id);
      const second = await mintLink(handoff, { ...sample, user_id });
      const new_cookie = await openLink(handoff, second, { cookie: old_cookie });
      expect(await sessionsOf(first)).toEqual([{ session_id: sessionIdOf(old_cookie), end_reason: 'replaced' }]);
      expect(await sessionsOf(second)).toEqual([{ session_id: sessionIdOf(new_cookie), end_reason: null }]);
      expect(sessionIdOf(new_cookie)).not.toBe(sessionIdOf(old_cookie));
      const answers = [old_cookie, new_cookie].map((cookie) => call(handoff, '/auth/session', { headers: { cookie } }));
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([401, 200]);
    },
  );

  test('keeps its session when the link is refused', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const used = await mintLink(handoff, sample);
    await openLink(handoff, used);
    expect(problemOf(await open(used, { ...NAVIGATION, cookie }))).toBe('token-used');
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
  });
});
