// Shared workstations: a link for one person arrives in a browser where another is signed in. If no person started that, a
// page asks first. The page is a form, and nothing is spent before it is sent.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  type Link,
  mintLink,
  PROBE_COOKIE,
  openLink,
  problemOf,
} from '../support/client.ts';
import { resumeUser, suspendUser } from '../../src/users/user.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, formOf, frameAncestorsOf, textOf } from '../support/html.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
/** Somebody else of the same clinic. */
let colleague: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, { integration: { embed_origins: ['https://practice.example'] } });
  colleague = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id) };
});
afterAll(() => handoff.close());

const without = (headers: Record<string, string>, name: string) =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));

/** A navigation that another site's page started by itself. */
const UNPROMPTED = without(CLICK, 'sec-fetch-user');

/** What a browser sends for the form on a page of ours, whose policy of no-referrer makes the Origin null. */
const SUBMIT = {
  accept: 'application/json',
  'content-type': 'application/x-www-form-urlencoded',
  origin: 'null',
  'sec-fetch-site': 'same-origin',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

function submit(page: Answer, headers: Record<string, string> = {}): Promise<Answer> {
  const form = formOf(page);
  if (form === undefined) throw new Error('there is no form on this page');
  expect([form.method, form.action]).toEqual(['post', '/auth/sso']);
  return call(handoff, '/auth/sso', { method: 'POST', headers: { ...SUBMIT, ...headers }, body: form.body });
}

const isSignedIn = async (cookie: string | undefined) =>
  (await call(handoff, '/auth/session', { headers: { cookie: cookie ?? '' } })).status === 200;

async function isUnspent({ sso_token }: Link): Promise<boolean> {
  const { jti } = JSON.parse(Buffer.from(sso_token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  const query = handoff.deps.db.selectFrom('sso_tokens').select('redeemed_at').where('jti', '=', jti);
  return (await query.executeTakeFirstOrThrow()).redeemed_at === null;
}

describe('a link for another user that no person opened', () => {
  let cookie: string;
  let link: Link;
  let page: Answer;
  beforeAll(async () => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    link = await mintLink(handoff, colleague, '/dashboard/patients/7?a=1&b="2"#<c>');
    page = await call(handoff, link.path, { headers: { ...UNPROMPTED, cookie } });
  });

  test('shows a page that asks, and changes nothing', async () => {
    expect(page.status).toBe(200);
    expectPlainPage(page);
    expect(page.text).toContain('<h1>Continue as Pat Provider?</h1>');
    expect(textOf(page)).toContain('This browser is signed in as Pat Provider.');
    expect(textOf(page)).toContain('Sample Practice Software asks to continue as');
    expect(textOf(page)).toContain('in Sample Clinic, which signs the other person out.');
    expect(page.headers.getSetCookie()).toEqual([]);
    expect(frameAncestorsOf(page)).toBe("'none'");
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect([await isUnspent(link), await isSignedIn(cookie)]).toEqual([true, true]);
  });

  test.each(['cross-site', 'same-site', 'none'])('its form is refused when it comes %s', async (site) => {
    const answer = await submit(page, { 'sec-fetch-site': site, cookie });
    expect(problemOf(answer)).toBe('cross-site-request');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect([await isUnspent(link), await isSignedIn(cookie)]).toEqual([true, true]);
  });

  test('its form is refused when an old browser sends it from another origin', async () => {
    const form = { 'content-type': SUBMIT['content-type'], origin: 'https://other.example', cookie };
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers: form, body: formOf(page)?.body ?? '' });
    expect(problemOf(answer)).toBe('cross-site-request');
    expect(await isUnspent(link)).toBe(true);
  });

  test('its form is refused in a frame, where the page does not belong', async () => {
    expect(problemOf(await submit(page, { 'sec-fetch-dest': 'iframe', cookie }))).toBe('frame-refused');
    expect(await isUnspent(link)).toBe(true);
  });

  test('its form, with another path filled in, is refused', async () => {
    const form = formOf(page);
    const body = new URLSearchParams(form?.body);
    body.set('redirect', '/dashboard');
    const headers = { ...SUBMIT, cookie };
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers, body: body.toString() });
    expect(problemOf(answer)).toBe('redirect-mismatch');
    expect(await isUnspent(link)).toBe(true);
  });

  test.each(['token', 'redirect'])('its form without %s is refused with the name of what is missing', async (field) => {
    const body = new URLSearchParams(formOf(page)?.body);
    body.delete(field);
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers: SUBMIT, body: body.toString() });
    expect(problemOf(answer)).toBe('invalid-request');
    expect((answer.json as { detail: string }).detail).toBe(`${field} is required`);
  });

  test('switches when the form is sent, and leads to the very bytes that were signed', async () => {
    const answer = await submit(page, { cookie });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/dashboard/patients/7?a=1&b="2"#<c>');
    expect([await isSignedIn(cookie), await isSignedIn(cookieOf(answer))]).toEqual([false, true]);
    const again = await submit(page, { cookie: cookieOf(answer) ?? '' });
    expect([again.status, again.headers.getSetCookie()], 'the double click').toEqual([303, []]);
    expect(problemOf(await submit(page)), 'another browser').toBe('token-used');
  });
});

describe('nobody is asked', () => {
  const opened = async (headers: Record<string, string>, who = colleague) =>
    (await call(handoff, (await mintLink(handoff, who)).path, { headers })).status;

  test('when nobody is signed in', async () => {
    expect(await opened(UNPROMPTED)).toBe(303);
  });

  test('when the same user is signed in', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    expect(await opened({ ...UNPROMPTED, cookie }, sample)).toBe(303);
    expect(await isSignedIn(cookie), 'the old session').toBe(false);
  });

  test('when the other user’s session is over', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    handoff.clock.advance(30 * 60_000);
    expect(await opened({ ...UNPROMPTED, cookie })).toBe(303);
  });

  test.each([
    ['when a person clicked', CLICK],
    ['when it came from the address bar', { ...UNPROMPTED, 'sec-fetch-site': 'none' }],
    ['when it came from the portal itself', { ...UNPROMPTED, 'sec-fetch-site': 'same-origin' }],
    ['when the browser does not tell', { accept: 'text/html' }],
  ])('%s', async (_, headers) => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    expect(await opened({ ...headers, cookie })).toBe(303);
    expect(await isSignedIn(cookie), 'the old session').toBe(false);
  });
});

test('in a frame the page may be shown by the registered origins alone, and switches there', async () => {
  const first = await call(handoff, (await mintLink(handoff, sample, EMBED_PATH)).path, { headers: FRAME });
  const cookie = cookieOf(first) ?? '';
  const link = await mintLink(handoff, colleague, EMBED_PATH);
  const page = await call(handoff, link.path, { headers: { ...FRAME, cookie } });
  expect(page.status).toBe(200);
  expect(frameAncestorsOf(page)).toBe('https://practice.example');
  expect(page.headers.get('x-frame-options')).toBeNull();
  expect(await isUnspent(link)).toBe(true);
  expect((await submit(page, { 'sec-fetch-dest': 'iframe', cookie })).status).toBe(303);
});

describe('a link that is of no use any more is refused at once, without the name of whom it was for', () => {
  async function refused(spoil: (link: Link, who: Sample) => Promise<unknown>): Promise<string | undefined> {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const who = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id) };
    const link = await mintLink(handoff, who);
    await spoil(link, who);
    const answer = await call(handoff, link.path, { headers: { ...UNPROMPTED, accept: 'application/json', cookie } });
    expect(await isSignedIn(cookie), 'the user who was signed in').toBe(true);
    return problemOf(answer);
  }

  test('when it is spent', async () => {
    expect(await refused((link) => openLink(handoff, link))).toBe('token-used');
  });

  test('when its user is suspended, and after that', async () => {
    const { deps } = handoff;
    expect(await refused((_, { user_id }) => suspendUser(deps.db, user_id, deps))).toBe('user-suspended');
    const come_and_go = async (user_id: string) => {
      await suspendUser(deps.db, user_id, deps);
      await resumeUser(deps.db, user_id, deps);
    };
    expect(await refused((_, { user_id }) => come_and_go(user_id))).toBe('token-revoked');
  });

  test('when it is unknown', async () => {
    const forget = () => handoff.deps.db.deleteFrom('sso_tokens').where('redeemed_at', 'is', null).execute();
    expect(await refused(forget)).toBe('token-unknown');
  });
});

describe('two people are never signed in in one browser, one in a tab and one in a frame', () => {
  async function signInFrame(who: Sample, headers: Record<string, string> = {}): Promise<Answer> {
    return call(handoff, (await mintLink(handoff, who, EMBED_PATH)).path, { headers: { ...FRAME, ...headers } });
  }

  test('a link for a tab ends the other user’s session in a frame, and clears its cookie', async () => {
    const embed = cookieOf(await signInFrame(sample)) ?? '';
    const link = await mintLink(handoff, colleague);
    const answer = await call(handoff, link.path, { headers: { ...CLICK, cookie: embed } });
    const names = answer.headers
      .getSetCookie()
      .map((set) => set.replace(/=ses_[^;]*/, '=<session token>').split('; ', 2));
    expect(names).toEqual([
      ['__Host-handoff-embed=', 'Max-Age=0'],
      ['__Host-handoff=<session token>', 'Path=/'],
    ]);
    expect(await isSignedIn(embed)).toBe(false);
  });

  test('a link for a frame asks when the other user is signed in in a tab', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    const page = await signInFrame(colleague, { cookie: `${cookie}; ${PROBE_COOKIE}` });
    expect(formOf(page)?.action).toBe('/auth/sso');
    expect((await submit(page, { 'sec-fetch-dest': 'iframe', cookie })).status).toBe(303);
    expect(await isSignedIn(cookie)).toBe(false);
  });

  test('one person may be signed in in both', async () => {
    const top_level = await openLink(handoff, await mintLink(handoff, sample));
    const embed = cookieOf(await signInFrame(sample, { cookie: `${top_level}; ${PROBE_COOKIE}` }));
    expect([await isSignedIn(top_level), await isSignedIn(embed)]).toEqual([true, true]);
  });
});
