// What FAILURES_PER_MINUTE does not count, what goes on meanwhile, and who one client is.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { call, CLICK, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { accessToken, bearerHeaders, partnerHeaders4, usersPath } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { mint } from './receipts.ts';
import { type Client, ENVIRONMENT, LIMIT, newClient, request as requestOf, statusesOf, type Try } from './strangers.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: ENVIRONMENT });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const request = (path: string, headers: Record<string, string> = {}): Try =>
  requestOf(() => handoff, path, { headers });
const rightly = () => partnerHeaders4(sample);
const withToken = async () => bearerHeaders(await accessToken(handoff, sample), sample);

describe('what is not counted', () => {
  async function expectUncounted(from: Client, tries: Try[], statuses: number[]): Promise<void> {
    for (let round = 0; round <= LIMIT; round += 1) {
      const seen: number[] = [];
      for (const one of tries) seen.push((await one(from)).status);
      expect(seen).toEqual(statuses);
    }
    // The first real failure after all these is the first.
    expect((await request('/v1/credentials')(from)).status).toBe(400);
  }

  test('requests that are good', async () => {
    const token = await withToken();
    const minted: Try = (from) => requestSso(handoff, sample, { headers: from });
    const tries = [minted, request('/v1/integration', rightly()), request(usersPath(handoff, sample), token)];
    await expectUncounted(newClient(), tries, [200, 200, 200]);
  });

  test('requests of a partner whose own secret was right, whatever else was wrong', async () => {
    const stranger = { 'x-organization-secret': newSecret('hos', systemRandom) };
    const token = await withToken();
    const sso =
      (headers: Record<string, string>, redirect_path = '/dashboard'): Try =>
      (from) =>
        requestSso(handoff, sample, { redirect_path, headers: { ...headers, ...from } });
    await expectUncounted(
      newClient(),
      [
        sso(stranger),
        sso({}, '//evil.test'),
        sso({ 'x-user-id': 'nobody' }),
        sso({ 'content-type': 'text/plain' }),
        request('/v1/integration', { ...rightly(), ...stranger }),
        request('/v1/sso/attempts?limit=0', rightly()),
        request('/v1/sso/attempts/req_1', rightly()),
        request(usersPath(handoff, sample), { ...token, ...stranger }),
        request(usersPath(handoff, sample, '/usr_1'), token),
      ],
      [401, 400, 404, 415, 401, 400, 404, 401, 404],
    );
  });

  test('links of ours that have been used, or are opened in the wrong place: they are counted each for itself', async () => {
    const { path } = await mint(handoff, sample);
    const headers = { ...CLICK, accept: 'application/json' };
    expect((await call(handoff, path, { headers })).status).toBe(303);
    const framed = await mint(handoff, sample, { redirect_path: '/embed/patients' });
    const from = newClient();
    expect(await statusesOf(LIMIT + 1, () => request(path, headers)(from))).toEqual([410, 410, 410, 429]);
    expect(await statusesOf(LIMIT + 1, () => request(framed.path, headers)(from))).toEqual([403, 403, 403, 429]);
    expect((await request('/v1/credentials')(from)).status).toBe(400);
  });

  test('addresses where there is nothing, and pages that say so', async () => {
    await expectUncounted(newClient(), [request('/v1/nothing'), request('/nothing')], [404, 404]);
  });
});

test('health, session checks and the pages of problems are answered all the same, and count nothing', async () => {
  const from = newClient();
  expect((await statusesOf(LIMIT + 1, () => request('/v1/credentials')(from))).at(-1)).toBe(429);
  const paths = ['/healthz', '/readyz', '/errors/too-many-requests', '/.well-known/jwks.json'];
  for (const path of paths) expect((await request(path)(from)).status).toBe(200);
  for (let times = 0; times <= LIMIT; times += 1) {
    expect((await request('/auth/session')(from)).status).toBe(401);
    expect((await request('/auth/verify', { 'x-forwarded-uri': '/dashboard' })(from)).status).toBe(401);
  }
});

describe('one customer is', () => {
  const inTurn = async (addresses: string[]) => {
    const statuses: number[] = [];
    for (const one of addresses) statuses.push((await request('/v1/credentials')({ 'x-forwarded-for': one })).status);
    return statuses;
  };

  test('an address of IPv4, also when it came mapped', async () => {
    const addresses = ['198.51.100.1', '::ffff:198.51.100.1', '198.51.100.1', '::ffff:198.51.100.1', '198.51.100.2'];
    expect(await inTurn(addresses)).toEqual([400, 400, 400, 429, 400]);
  });

  test('a /64 of IPv6, whichever of its addresses is used', async () => {
    const addresses = ['2001:db8::1', '2001:db8::2', '2001:db8:0:0:ffff::1', '2001:0db8::7', '2001:db8:0:1::1'];
    expect(await inTurn(addresses)).toEqual([400, 400, 400, 429, 400]);
  });
});

test('a header that nobody trusts is not believed: the address is the connection’s', async () => {
  const untrusting = await startHandoff({ environment: { FAILURES_PER_MINUTE: '2' } });
  try {
    const ask = () => call(untrusting, '/v1/credentials', { headers: newClient() });
    expect(await statusesOf(3, ask)).toEqual([400, 400, 429]);
  } finally {
    await untrusting.close();
  }
});

test('0 is no limit', async () => {
  const unlimited = await startHandoff({ environment: { FAILURES_PER_MINUTE: '0' } });
  try {
    const statuses = await statusesOf(320, () => call(unlimited, '/v1/credentials'));
    expect([...new Set(statuses)]).toEqual([400]);
  } finally {
    await unlimited.close();
  }
});
