// REDEEM=confirm, for portals whose links meet scanners that open them as a browser does: a page with a button comes first.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, call, CLICK, cookieOf, mintLink, PATIENT_PATH, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, formOf, textOf } from '../support/html.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { REDEEM: 'confirm' } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Presses the button as the browser does. */
function press(page: Answer, headers: Record<string, string> = {}): Promise<Answer> {
  const fetch_metadata = {
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  };
  const sent = { ...FORM, origin: 'null', ...fetch_metadata, accept: 'application/json', ...headers };
  return call(handoff, '/auth/sso', { method: 'POST', headers: sent, body: formOf(page)?.body ?? '' });
}

test.each([
  ['a click', CLICK],
  ['a scanner', { accept: '*/*' }],
])('%s gets a page with a button, any number of times, and spends nothing', async (_, headers) => {
  const link = await mintLink(handoff, sample);
  for (let times = 0; times < 3; times += 1) {
    const page = await call(handoff, link.path, { headers });
    expect(page.status).toBe(200);
    expectPlainPage(page);
    expect(textOf(page)).toContain('Sample Practice Software sent you here to work in Sample Clinic.');
    expect(page.text, 'the name of the user, which is no business of a scanner').not.toContain('Pat Provider');
    expect(page.headers.getSetCookie()).toEqual([]);
  }
  const submitted = await press(await call(handoff, link.path, { headers }));
  expect([submitted.status, cookieOf(submitted)?.split('=')[0]]).toEqual([303, '__Host-handoff']);
});

test('the button works without anything from Fetch Metadata, and once', async () => {
  const page = await call(handoff, (await mintLink(handoff, sample)).path);
  const headers = { 'content-type': 'Application/X-WWW-Form-Urlencoded; charset=UTF-8' };
  const send = () => call(handoff, '/auth/sso', { method: 'POST', headers, body: formOf(page)?.body ?? '' });
  expect([(await send()).status, problemOf(await send())]).toEqual([303, 'token-used']);
});

test('another site cannot press the button', async () => {
  const link = await mintLink(handoff, sample);
  const page = await call(handoff, link.path, { headers: CLICK });
  expect(problemOf(await press(page, { 'sec-fetch-site': 'cross-site' }))).toBe('cross-site-request');
  expect((await press(page)).status).toBe(303);
});

test('the reload goes on without asking again, and a spent or expired link says so at once', async () => {
  const link = await mintLink(handoff, sample);
  const cookie = cookieOf(await press(await call(handoff, link.path, { headers: CLICK }))) ?? '';
  const reload = await call(handoff, link.path, { headers: { ...CLICK, cookie } });
  expect([reload.status, reload.headers.get('location') === PATIENT_PATH]).toEqual([303, true]);
  expect(problemOf(await call(handoff, link.path))).toBe('token-used');
  const late = await mintLink(handoff, sample);
  const page = await call(handoff, late.path, { headers: CLICK });
  handoff.clock.advance(300_000);
  expect(problemOf(await call(handoff, late.path))).toBe('token-expired');
  expect(problemOf(await press(page))).toBe('token-expired');
});
