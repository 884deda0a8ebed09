// FAILURES_PER_MINUTE: how many requests of strangers an address may fail with, before the next one is told to wait and leaves no
// trace. Whoever shows a right secret, token or link is no stranger, and is answered whatever others behind that address do.

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { type Answer, call, CLICK, partnerHeaders, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, textOf } from '../support/html.ts';
import { accessToken, bearerHeaders, partnerHeaders4 } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { mint } from './receipts.ts';
import { ENVIRONMENT, LIMIT, newClient, request as requestOf, statusesOf, type Try } from './strangers.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: ENVIRONMENT });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());
afterEach(() => {
  vi.useRealTimers();
});

const countEvents = async () => (await handoff.deps.db.selectFrom('audit_events').select('event_id').execute()).length;

function expectTooMany(answer: Answer): void {
  expect([answer.status, problemOf(answer)]).toEqual([429, 'too-many-requests']);
  const seconds = Number(answer.headers.get('retry-after'));
  expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, 'seconds from 1 to 60').toBe(true);
  expect(answer.json).toMatchObject({
    error: { detail: `Too many requests from this address have failed; try again in ${seconds} seconds` },
  });
}

const request = (path: string, options?: Parameters<typeof requestOf>[2]): Try =>
  requestOf(() => handoff, path, options);

const wrong = (): Record<string, string> => ({
  ...partnerHeaders(sample),
  'x-partner-secret': newSecret('hps', systemRandom),
});

type Kind = { what: string; fail: () => Try; status: number; good: () => Promise<Try>; fine: number };

const json = { 'content-type': 'application/json' };
const users = () => `/v1/organizations/${sample.organization_id}/users`;
const rightly = async () => partnerHeaders4(sample);
const withToken = async () => bearerHeaders(await accessToken(handoff, sample), sample);

const asPartner = (method: string, path: string, fine: number, body?: string): Kind => ({
  what: `${method} ${path} with a wrong secret`,
  fail: () => request(path, { method, headers: wrong(), ...(body !== undefined && { body }) }),
  status: 401,
  good: async () => request(path, { method, headers: await rightly(), ...(body !== undefined && { body }) }),
  fine,
});
const asBearer = (what: string, rest: string, method = 'GET'): Kind => ({
  what: `${method} ${what} with a wrong token`,
  fail: () => request(users() + rest, { method, headers: { ...json, authorization: 'Bearer x' } }),
  status: 401,
  good: async () => request(users(), { headers: await withToken() }),
  fine: 200,
});

const goodLink = async (): Promise<Try> => {
  const { request_id: _, path } = await mint(handoff, sample);
  return request(path, { headers: { ...CLICK, accept: 'application/json' } });
};

const KINDS: Kind[] = [
  {
    what: 'POST /v1/sso with a wrong secret',
    fail: () => request('/v1/sso', { method: 'POST', headers: wrong(), body: '{}' }),
    status: 401,
    good: async () =>
      request('/v1/sso', { method: 'POST', headers: partnerHeaders(sample), body: '{"redirect_path":"/dashboard"}' }),
    fine: 200,
  },
  {
    what: 'POST /v1/sso without headers',
    fail: () => request('/v1/sso', { method: 'POST', headers: json, body: '{}' }),
    status: 400,
    good: async () =>
      request('/v1/sso', { method: 'POST', headers: partnerHeaders(sample), body: '{"redirect_path":"/dashboard"}' }),
    fine: 200,
  },
  asPartner('POST', '/v1/token', 200, '{"grantType":"client_credentials"}'),
  asPartner('GET', '/v1/sso/attempts', 200),
  asPartner('GET', '/v1/credentials', 200),
  asPartner('POST', '/v1/credentials/partner/rotate', 422, '{"overlap_hours":-1}'),
  asPartner('GET', '/v1/integration', 200),
  asPartner('PATCH', '/v1/integration', 200, '{}'),
  asBearer('users', ''),
  asBearer('a user', '/usr_1'),
  asBearer('sessions', '/usr_1/sessions', 'DELETE'),
  {
    what: 'GET …/validate without a token',
    fail: () => request(`/v1/organizations/${sample.organization_id}/validate`),
    status: 401,
    good: async () => request(`/v1/organizations/${sample.organization_id}/validate`, { headers: await withToken() }),
    fine: 200,
  },
  {
    what: 'GET /auth/sso with a token that is none',
    fail: () =>
      request('/auth/sso?token=x&redirect=%2Fdashboard', { headers: { ...CLICK, accept: 'application/json' } }),
    status: 400,
    good: goodLink,
    fine: 303,
  },
  {
    what: 'GET /auth/sso without a token',
    fail: () => request('/auth/sso', { headers: { ...CLICK, accept: 'application/problem+json' } }),
    status: 400,
    good: goodLink,
    fine: 303,
  },
  {
    what: 'POST /auth/sso with a token that is none',
    fail: () => request('/auth/sso', { method: 'POST', headers: json, body: '{"token":"x"}' }),
    status: 400,
    good: goodLink,
    fine: 303,
  },
];

describe.each(KINDS)('$what', ({ fail, status, good, fine }) => {
  test(`is answered ${LIMIT} times a minute, and from then on not, while what is good is`, async () => {
    const [from, another] = [newClient(), newClient()];
    expect(await statusesOf(LIMIT, () => fail()(from))).toEqual([status, status, status]);
    const before = await countEvents();
    expect(await statusesOf(3, () => fail()(from))).toEqual([429, 429, 429]);
    expect(await countEvents()).toBe(before);
    const well_meant = await good();
    expect((await well_meant(from)).status).toBe(fine);
    expect((await fail()(from)).status).toBe(429);
    expect((await fail()(another)).status).toBe(status);
  });
});

test('all kinds of failures of an address are counted together', async () => {
  const from = newClient();
  const statuses: number[] = [];
  for (const { fail } of KINDS) statuses.push((await fail()(from)).status);
  expect(statuses).toEqual(KINDS.map(({ status }, index) => (index < LIMIT ? status : 429)));
});

test('a failure that is told to wait is one all the same: it has no event, no receipt and no session', async () => {
  const from = newClient();
  const before = await countEvents();
  await statusesOf(10, () => request('/v1/sso', { method: 'POST', headers: wrong(), body: '{}' })(from));
  expect(await countEvents()).toBe(before + LIMIT);
});

test('whoever is told to wait is told how long, in the form that was asked for', async () => {
  const from = newClient();
  const sso = (accept: string) =>
    call(handoff, '/v1/sso', { method: 'POST', headers: { ...wrong(), ...from, accept }, body: '{}' });
  await statusesOf(LIMIT, () => sso('*/*'));
  expectTooMany(await sso('*/*'));
  const bare = await sso('application/problem+json');
  expect(bare.json).toMatchObject({ status: 429, title: 'Too many requests' });
  const page = await call(handoff, '/auth/sso?token=x&redirect=%2F', { headers: { ...CLICK, ...from } });
  expect(page.status).toBe(429);
  expectPlainPage(page);
  expect(textOf(page)).toMatch(/^Please wait a minute .* Reference for support: req_/);
  expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('a minute after the first failure an address may fail as often as before', async () => {
  const timers = ['setTimeout', 'clearTimeout', 'Date'] as const;
  vi.useFakeTimers({ toFake: [...timers], now: Date.now() });
  const from = newClient();
  const fail = request('/v1/sso/attempts');
  await statusesOf(LIMIT, () => fail(from));
  vi.advanceTimersByTime(59_000);
  const limited = await fail(from);
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '1']);
  vi.advanceTimersByTime(1_000);
  expect(await statusesOf(LIMIT + 1, () => fail(from))).toEqual([400, 400, 400, 429]);
});
