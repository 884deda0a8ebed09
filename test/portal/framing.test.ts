// GET /auth/framing: who may frame a page that is served before anybody is signed in. Never everybody.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, cookieOf, EMBED_PATH, FRAME, mintLink, PRACTICE_ORIGIN } from '../support/client.ts';
import { disableIntegration } from '../../src/partners/integration.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

async function framing(headers: Record<string, string>, of: Handoff = handoff): Promise<string[]> {
  const answer = await call(of, '/auth/framing', { headers });
  expect(answer.status).toBe(200);
  const { frame_ancestors } = (answer.json as { data: { frame_ancestors: string[] } }).data;
  const sources = frame_ancestors.length === 0 ? "'none'" : frame_ancestors.join(' ');
  expect(answer.headers.get('x-auth-content-security-policy')).toBe(`frame-ancestors ${sources}`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return frame_ancestors;
}

test('the page around the frame, where an integration has registered it', async () => {
  expect(await framing({ referer: `${PRACTICE_ORIGIN}/patients` })).toEqual([PRACTICE_ORIGIN]);
});

test.each([
  ['no page', undefined],
  ['a page that nobody registered', 'https://evil.example/'],
  ['the portal’s own, which registers nothing', 'http://localhost:8787/embed/patients'],
  ['a page that is none', 'practice.example'],
])('nobody for %s', async (_, referer) => {
  expect(await framing(referer === undefined ? {} : { referer })).toEqual([]);
});

test('the pages of the browser’s embed session', async () => {
  const other = await createSample(handoff.deps, { integration: { embed_origins: ['https://second.example'] } });
  const { path } = await mintLink(handoff, other, EMBED_PATH);
  const opened = await call(handoff, path, { headers: { ...FRAME, referer: 'https://second.example/' } });
  const cookie = cookieOf(opened) ?? '';
  expect(await framing({ cookie })).toEqual(['https://second.example']);
  expect(await framing({ cookie, referer: `${PRACTICE_ORIGIN}/` })).toEqual([
    'https://second.example',
    PRACTICE_ORIGIN,
  ]);
  expect(await framing({ cookie: cookie.replace(/.$/, '!') })).toEqual([]);
});

test('an integration that is disabled registers nothing any more, within five seconds', async () => {
  const referer = 'https://leaving.example/';
  const leaving = await createSample(handoff.deps, { integration: { embed_origins: ['https://leaving.example'] } });
  handoff.clock.advance(5_000);
  expect(await framing({ referer })).toEqual(['https://leaving.example']);
  const { partner_id, organization_id } = leaving;
  await disableIntegration(handoff.deps.db, { partner_id, organization_id }, handoff.deps);
  handoff.clock.advance(5_000);
  expect(await framing({ referer })).toEqual([]);
});

test('asking is no use of a session', async () => {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  const cookie = cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
  handoff.clock.advance(8 * 60_000);
  await framing({ cookie });
  handoff.clock.advance(8 * 60_000);
  expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(401);
});

describe('a frame that goes on to another page of the portal’s, and names the portal alone', () => {
  let bearer: Handoff;
  beforeAll(async () => {
    bearer = await startHandoff({
      environment: { EMBED_WITHOUT_COOKIE: 'bearer', PORTAL_URL: 'https://portal.example' },
    });
  });
  afterAll(() => bearer.close());
  const referer = 'https://portal.example/embed/patients/1';

  test('may stay in its frame, where embedded pages use a bearer; no partner is told of', async () => {
    await createSample(bearer.deps);
    expect(await framing({ referer, 'sec-fetch-site': 'same-origin' }, bearer)).toEqual(['https:']);
    expect(await framing({ referer }, bearer)).toEqual(['https:']);
  });

  test('may not when another site’s page brings it about', async () => {
    expect(await framing({ referer, 'sec-fetch-site': 'cross-site' }, bearer)).toEqual([]);
    expect(await framing({ referer: 'https://evil.example/' }, bearer)).toEqual([]);
  });

  test('may stay on the pages of its session, where it has one', async () => {
    const { path } = await mintLink(bearer, await createSample(bearer.deps), EMBED_PATH);
    const cookie = cookieOf(await call(bearer, path, { headers: FRAME })) ?? '';
    expect(await framing({ referer, cookie }, bearer)).toEqual([PRACTICE_ORIGIN]);
  });

  test('may not where embedded pages need a cookie', async () => {
    expect(await framing({ referer: `${handoff.config.PORTAL_URL}/embed/patients/1` })).toEqual([]);
  });
});
