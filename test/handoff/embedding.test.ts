// Who may frame a link: the origins that the integration has registered, and nobody else, decided before the token is spent.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import {
  type Answer,
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  partnerHeaders,
  PRACTICE_ORIGIN,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, {
    integration: { embed_origins: [PRACTICE_ORIGIN, 'https://second.example:8443'] },
  });
});
afterAll(() => handoff.close());

/** FRAME as a page sends it whose Referer is another one, or none. */
function framedBy(referer: string | undefined): Record<string, string> {
  const { referer: _, ...headers } = FRAME;
  return referer === undefined ? headers : { ...headers, referer };
}

async function open(path: string, referer: string | undefined, accept = FRAME.accept): Promise<Answer> {
  return call(handoff, path, { headers: { ...framedBy(referer), accept } });
}

test.each([
  ['its origin alone, as browsers send it by default', `${PRACTICE_ORIGIN}/`],
  ['its whole address', `${PRACTICE_ORIGIN}/patients/1?tab=2`],
  ['a second origin, with a port', 'https://second.example:8443/'],
  ['an origin without a slash', PRACTICE_ORIGIN],
])('a registered page that sends %s gets the session', async (_, referer) => {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  const answer = await open(path, referer);
  expect(answer.status).toBe(303);
  expect(cookieOf(answer)).toMatch(/^__Host-handoff-embed=ses_/);
});

test('a page of the portal’s own gets it too', async () => {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  expect((await open(path, `${handoff.config.PORTAL_URL}/`)).status).toBe(303);
});

describe('a page that is not registered is refused, and the token is not spent:', () => {
  test.each([
    ['another site', 'https://evil.example/', 'https://evil.example'],
    ['another port', 'https://practice.example:8443/', 'https://practice.example:8443'],
    ['another scheme', 'http://practice.example/', 'http://practice.example'],
    ['a part of the site', 'https://sub.practice.example/', 'https://sub.practice.example'],
    ['a name that begins alike', 'https://practice.example.evil.example/', 'https://practice.example.evil.example'],
    ['a user name that looks alike', 'https://practice.example@evil.example/', 'https://evil.example'],
  ])('%s', async (_, referer, origin) => {
    const { path } = await mintLink(handoff, sample, EMBED_PATH);
    const answer = await open(path, referer, 'application/problem+json');
    expect([answer.status, problemOf(answer)]).toEqual([403, 'embedding-refused']);
    expect(answer.json).toMatchObject({ detail: `The origin ${origin} is not registered with the portal` });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await open(path, `${PRACTICE_ORIGIN}/`)).status).toBe(303);
  });

  test.each([
    ['a page that sends no Referer', undefined],
    ['a Referer that is no address', 'practice.example'],
    ['a page without an origin', 'data:text/html,x'],
  ])('%s', async (_, referer) => {
    const { path } = await mintLink(handoff, sample, EMBED_PATH);
    const answer = await open(path, referer, 'application/problem+json');
    expect([answer.status, problemOf(answer)]).toEqual([403, 'embedding-refused']);
    expect(answer.json).toMatchObject({ detail: 'The page around the portal does not say which page it is' });
    expect((await open(path, `${PRACTICE_ORIGIN}/`)).status).toBe(303);
  });

  test('any page, where none is registered', async () => {
    const bare = await createSample(handoff.deps, { integration: { embed_origins: [] } });
    const { path } = await mintLink(handoff, bare, EMBED_PATH);
    expect((await open(path, `${PRACTICE_ORIGIN}/`)).status).toBe(403);
  });

  test('one that another integration has registered', async () => {
    const options = { integration: { embed_origins: ['https://other.example'] } };
    const other = await createSample(handoff.deps, options);
    const own = await mintLink(handoff, sample, EMBED_PATH);
    expect((await open(own.path, 'https://other.example/')).status).toBe(403);
    const theirs = await mintLink(handoff, other, EMBED_PATH);
    expect((await open(theirs.path, 'https://other.example/')).status).toBe(303);
  });
});

test('the refusal can be read in the frame, names the origin to register, and holds nothing to act upon', async () => {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  const answer = await open(path, 'https://evil.example/');
  expect(answer.headers.get('content-security-policy')).toContain('frame-ancestors https: http:');
  expect(answer.headers.has('x-frame-options')).toBe(false);
  expect(answer.text).toContain('The origin https://evil.example is not registered with the portal');
  expect(answer.text).not.toMatch(/<form|<button/);
});

test('it is recorded with the origin', async () => {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  const answer = await open(path, 'https://evil.example/');
  const request_id = answer.headers.get('x-request-id') ?? '';
  const [event] = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
  expect(event).toMatchObject({ action: 'sso_token.redeemed', outcome: 'refused', problem: 'embedding-refused' });
  expect(JSON.parse(event?.detail ?? '{}')).toMatchObject({ received: 'https://evil.example' });
});

test('the receipt of the link tells the partner which origin to register', async () => {
  const link = await mintLink(handoff, sample, EMBED_PATH);
  handoff.clock.advance(1_000);
  await open(link.path, 'https://evil.example/');
  const { 'x-user-id': _, ...headers } = partnerHeaders(sample);
  const receipt = await call(handoff, `/v1/sso/attempts/${link.request_id}`, { headers });
  expect(receipt.json).toMatchObject({
    data: {
      outcome: 'opened',
      events: [{}, { problem: { detail: 'The origin https://evil.example is not registered with the portal' } }],
    },
  });
});

test('a link that opens in a tab is not asked who leads there', async () => {
  const { path } = await mintLink(handoff, sample);
  const answer = await call(handoff, path, {
    headers: { ...FRAME, referer: 'https://evil.example/', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' },
  });
  expect(answer.status).toBe(303);
});
