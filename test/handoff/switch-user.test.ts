// Shared workstations: a link for one person arrives in a browser where another is signed in. If no person started that, a
// page asks first; REDEEM=confirm asks always. The page is a form, and nothing is spent before it is sent.

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
  openLink,
  PATIENT_PATH,
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

function submit(page: Answer, headers: Record<string, string> = {}, on = handoff): Promise<Answer> {
  const form = formOf(page);
  if (form === undefined) throw new Error('there is no form on this page');
  expect([form.method, form.action]).toEqual(['post', '/auth/sso']);
  return call(on, '/auth/sso', { method: 'POST', headers: { ...SUBMIT, ...headers }, body: form.body });
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
    expect(textOf(page)).toContain('Pat Provider is signed in in this browser.');
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

describe('with REDEEM=confirm', () => {
  let careful: Handoff;
  let clinic: Sample;
  beforeAll(async () => {
    careful = await startHandoff({ environment: { REDEEM: 'confirm' } });
    clinic = await createSample(careful.deps);
  });
  afterAll(() => careful.close());

  test.each([
    ['a click', CLICK],
    ['a scanner', { accept: '*/*' }],
  ])('%s gets a page with a button, any number of times, and spends nothing', async (_, headers) => {
    const link = await mintLink(careful, clinic);
    for (let times = 0; times < 3; times += 1) {
      const page = await call(careful, link.path, { headers });
      expect(page.status).toBe(200);
      expectPlainPage(page);
      expect(textOf(page)).toContain('Sample Practice Software sent you here to work in Sample Clinic.');
      expect(page.text, 'the name of the user, which is no business of a scanner').not.toContain('Pat Provider');
      expect(page.headers.getSetCookie()).toEqual([]);
    }
    const submitted = await submit(await call(careful, link.path, { headers }), {}, careful);
    expect([submitted.status, cookieOf(submitted)?.split('=')[0]]).toEqual([303, '__Host-handoff']);
  });

  test('the button works without anything from Fetch Metadata, and once', async () => {
    const page = await call(careful, (await mintLink(careful, clinic)).path);
    const headers = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' };
    const press = () => call(careful, '/auth/sso', { method: 'POST', headers, body: formOf(page)?.body ?? '' });
    expect([(await press()).status, problemOf(await press())]).toEqual([303, 'token-used']);
  });

  test('another site cannot press the button', async () => {
    const link = await mintLink(careful, clinic);
    const page = await call(careful, link.path, { headers: CLICK });
    expect(problemOf(await submit(page, { 'sec-fetch-site': 'cross-site' }, careful))).toBe('cross-site-request');
    expect((await submit(page, {}, careful)).status).toBe(303);
  });

  test('the reload goes on without asking again, and a spent or expired link says so at once', async () => {
    const link = await mintLink(careful, clinic);
    const cookie = cookieOf(await submit(await call(careful, link.path, { headers: CLICK }), {}, careful)) ?? '';
    const reload = await call(careful, link.path, { headers: { ...CLICK, cookie } });
    expect([reload.status, reload.headers.get('location') === PATIENT_PATH]).toEqual([303, true]);
    expect(problemOf(await call(careful, link.path))).toBe('token-used');
    const late = await mintLink(careful, clinic);
    const page = await call(careful, late.path, { headers: CLICK });
    careful.clock.advance(300_000);
    expect(problemOf(await call(careful, late.path))).toBe('token-expired');
    expect(problemOf(await submit(page, {}, careful))).toBe('token-expired');
  });
});
