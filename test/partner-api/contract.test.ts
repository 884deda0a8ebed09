// The partner API's contract, line by line, as a partner's software sends it that was written for the original: a base path, the
// portal on another host. Answers are compared member by member; what is below /users is in users-contract.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { disableIntegration, enableIntegration, getIntegration } from '../../src/partners/integration.ts';
import { type Answer, call, CLICK, FRAME, partnerHeaders, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { accessToken, bearer, bearerHeaders, partnerHeaders4, requestToken } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { failureOf, successOf } from './envelope.ts';

const API = 'https://api.clinic.example/external';
const PORTAL = 'https://portal.clinic.example';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: API, PORTAL_URL: PORTAL } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const success = (answer: Answer, members: object) => successOf(handoff, answer, members);
const failure = (answer: Answer, slug: string, words: { title: string; detail: string }) =>
  failureOf(handoff, answer, { slug, ...words });

/** The body with tokens masked: a failed test must not print them. */
const masked = ({ text }: Answer): unknown => JSON.parse(text.replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token>'));

describe('POST /v1/sso', () => {
  const PATHS = [
    '/dashboard/patients/p-1',
    '/dashboard/patients/p-1/prescriptions',
    '/embed/patients/p-1/prescriptions',
    '/embed/patients/p-1/prescriptions/rx-1',
    '/embed/prescriptions/approval',
    '/dashboard',
  ];

  test.each(PATHS)('answers with a link to the portal, good for 300 seconds: %s', async (redirect_path) => {
    const answer = await requestSso(handoff, sample, { redirect_path });
    expect(answer.status).toBe(200);
    expect(masked(answer)).toEqual(
      success(answer, {
        message: 'SSO token created successfully',
        data: {
          sso_token: '<token>',
          redirect_url: `${PORTAL}/auth/sso?token=<token>&redirect=${encodeURIComponent(redirect_path)}`,
          expires_in: 300,
        },
      }),
    );
    const { data } = answer.json as { data: { sso_token: string; redirect_url: string } };
    expect(new URL(data.redirect_url).searchParams.get('token') === data.sso_token, 'the same token').toBe(true);
  });

  test.each(PATHS)('whose query survives to the page: %s', async (path) => {
    const redirect_path = `${path}?tab=history&from=2026-01-01&note=a%26b+c&empty=`;
    const { json } = await requestSso(handoff, sample, { redirect_path });
    const { pathname, search } = new URL((json as { data: { redirect_url: string } }).data.redirect_url);
    const headers = path.startsWith('/embed/') ? FRAME : CLICK;
    const landed = await call(handoff, pathname + search, { headers });
    expect(landed.status).toBe(303);
    expect(new URL(landed.headers.get('location') ?? '', PORTAL).href).toBe(PORTAL + redirect_path);
  });

  const HEADERS = ['x-partner-id', 'x-partner-secret', 'x-organization-id', 'x-organization-secret', 'x-user-id'];

  async function expectMissing(names: string[]): Promise<void> {
    const answer = await requestSso(handoff, sample, { headers: Object.fromEntries(names.map((name) => [name, ''])) });
    expect(answer.status).toBe(400);
    const detail = `Missing required headers: ${names.join(', ')}`;
    expect(answer.json).toEqual(failure(answer, 'invalid-request', { title: 'Invalid request', detail }));
  }

  test.each(HEADERS)('without %s says so, in the contract’s words', (name) => expectMissing([name]));

  test('without several headers names them in their order', async () => {
    await expectMissing(['x-partner-id', 'x-organization-secret']);
    await expectMissing(HEADERS);
  });

  test('with wrong credentials says so, in the contract’s words', async () => {
    const answer = await requestSso(handoff, sample, { headers: { 'x-partner-secret': 'wrong' } });
    expect(answer.status).toBe(401);
    const words = { title: 'Unauthorized', detail: 'Invalid partner credentials' };
    expect(answer.json).toEqual(failure(answer, 'authentication-required', words));
    expect(answer.headers.get('www-authenticate')).toBe('Handoff-Partner');
  });

  test('needs no access token, and reads none', async () => {
    expect((await requestSso(handoff, sample, { headers: { authorization: 'Bearer whatever' } })).status).toBe(200);
  });
});

test('nothing is outside the base path, and CORS is enabled nowhere', async () => {
  const preflight = { origin: 'https://page.example', 'access-control-request-method': 'POST' };
  for (const path of ['/v1/sso', '/v1/token', `/v1/organizations/${sample.organization_id}/validate`]) {
    const answer = await call(handoff, `/external${path}`, { method: 'OPTIONS', headers: preflight });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect((await call(handoff, path, { method: 'POST' })).status).toBe(404);
  }
});

describe('POST /v1/token', () => {
  test('with the contract’s own body answers with the contract’s own members', async () => {
    const answer = await requestToken(handoff, sample, { scope: ['create:user', 'read:users'] });
    expect(answer.status).toBe(200);
    expect(masked(answer)).toEqual(
      success(answer, {
        message: 'Access token created successfully',
        data: {
          accessToken: '<token>',
          expiresIn: 3600,
          tokenType: 'Bearer',
          scope: ['create:user', 'read:users'],
        },
      }),
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('grants approved scopes alone', async () => {
    const one = await createSample(handoff.deps, { integration: { scopes: ['read:users'] } });
    const answer = await requestToken(handoff, one, { scope: ['create:user', 'read:users'] });
    expect(answer.json).toMatchObject({ data: { scope: ['read:users'] } });
  });

  test('takes the headers of /v1/sso, and wants no user', async () => {
    const body = JSON.stringify({ grantType: 'client_credentials' });
    for (const headers of [partnerHeaders(sample), partnerHeaders4(sample)]) {
      expect((await call(handoff, '/external/v1/token', { method: 'POST', headers, body })).status).toBe(200);
    }
    const { 'x-partner-id': _, ...headers } = partnerHeaders4(sample);
    const answer = await call(handoff, '/external/v1/token', { method: 'POST', headers, body });
    const words = { title: 'Invalid request', detail: 'Missing required headers: x-partner-id' };
    expect(answer.json).toEqual(failure(answer, 'invalid-request', words));
  });
});

describe('GET /v1/organizations/{organization_id}/validate', () => {
  const validate = (headers: Record<string, string>, organization_id = sample.organization_id) =>
    call(handoff, `/external/v1/organizations/${organization_id}/validate`, { headers });

  test('says that token and secret are good', async () => {
    const answer = await validate(await bearer(handoff, sample));
    expect(answer.status).toBe(200);
    const members = { message: 'Successfully validated token', data: { validated: true } };
    expect(answer.json).toEqual(success(answer, members));
  });

  test('marks the organization as connected, the first time and for good', async () => {
    const { db } = handoff.deps;
    const one = await createSample(handoff.deps);
    const { partner_id, organization_id } = one;
    const key = { partner_id, organization_id };
    const connectedAt = async () => (await getIntegration(db, key)).connected_at;
    const headers = await bearer(handoff, one);
    expect(await connectedAt()).toBeNull();
    const first = timestamp(handoff.clock.now());
    await validate(headers, organization_id);
    handoff.clock.advance(1_000);
    await validate(headers, organization_id);
    await disableIntegration(db, key, handoff.deps);
    await enableIntegration(db, { ...key, options: {} }, handoff.deps);
    expect(await connectedAt()).toBe(first);
    const events = await listEvents(db, { partner_id, action: 'integration.connected' }, { limit: 10 });
    expect(events.map(({ actor, occurred_at, detail }) => ({ actor, occurred_at, detail }))).toEqual([
      { actor: 'partner', occurred_at: first, detail: null },
    ]);
  });

  test('is not connected by a refused attempt', async () => {
    const one = await createSample(handoff.deps);
    await validate({ ...(await bearer(handoff, one)), 'x-organization-secret': 'wrong' }, one.organization_id);
    expect((await getIntegration(handoff.deps.db, one)).connected_at).toBeNull();
  });

  test('needs no scope of its own', async () => {
    expect((await validate(await bearer(handoff, sample, ['delete:user']))).status).toBe(200);
  });

  test.each([
    ['a wrong token', { authorization: 'Bearer wrong' }],
    ['no token', { authorization: '' }],
  ])('with %s says so, in the contract’s words', async (_, headers) => {
    const answer = await validate({ ...(await bearer(handoff, sample)), ...headers });
    expect(answer.status).toBe(401);
    const words = { title: 'Unauthorized', detail: 'invalid token' };
    expect(answer.json).toEqual(failure(answer, 'authentication-required', words));
    expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test.each([
    ['without', { 'x-organization-secret': undefined }],
    ['with an empty', { 'x-organization-secret': '' }],
  ])('%s x-organization-secret says so, in the contract’s words', async (_, secret) => {
    const given = Object.entries({ ...bearerHeaders(await accessToken(handoff, sample), sample), ...secret });
    const headers = given.filter((pair): pair is [string, string] => pair[1] !== undefined);
    const answer = await validate(Object.fromEntries(headers));
    expect(answer.status).toBe(401);
    const words = { title: 'Unauthorized', detail: 'Missing x-organization-secret' };
    expect(answer.json).toEqual(failure(answer, 'authentication-required', words));
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });
});
