// POST /v1/token: what a token says, which scopes it is given, and what is refused. What is kept of either is in
// token-audit.test.ts, how a token is used in bearer.test.ts, and the members of the answer in contract.test.ts.

import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { type Scope, SCOPES } from '../../src/partners/scopes.ts';
import { requestIdOf } from '../handoff/expect-refusal.ts';
import { type Answer, call, mintLink, openLink, PATIENT_PATH, problemOf } from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import {
  accessToken,
  bearer,
  callUsers,
  dataOf,
  type Headers4,
  partnerHeaders4,
  refusalOf,
  requestToken,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const scopesOf = (answer: Answer) => dataOf<{ scope: string[] }>(answer).scope;

/** POST /v1/token with a body of any kind. */
const send = (body: string, headers: Headers4 = {}) =>
  call(handoff, '/v1/token', { method: 'POST', headers: { ...partnerHeaders4(sample), ...headers }, body });

describe('the token', () => {
  test('says for whom it is good, at whose place, for what, and for an hour', async () => {
    const claims = decodeJwt(await accessToken(handoff, sample, ['read:users', 'create:user']));
    const { partner_id, organization_id } = sample;
    const now = handoff.clock.now() / 1000;
    expect(claims).toEqual({
      iss: PUBLIC_URL,
      aud: `${PUBLIC_URL}/v1`,
      sub: partner_id,
      client_id: partner_id,
      org: organization_id,
      credential_id: expect.stringMatching(/^crd_[0-9a-f]{32}$/) as unknown,
      scope: 'create:user read:users',
      jti: expect.stringMatching(/^atk_[0-9a-f]{32}$/) as unknown,
      iat: now,
      exp: now + 3600,
    });
  });

  test('names its key, its type and ES256 in its header, and nothing else', async () => {
    expect(decodeProtectedHeader(await accessToken(handoff, sample))).toEqual({
      alg: 'ES256',
      kid: expect.stringMatching(/^key_[0-9a-f]{32}$/) as unknown,
      typ: 'at+jwt',
    });
  });

  test('can be verified with the published keys, for the API’s operations and nothing else', async () => {
    const token = await accessToken(handoff, sample);
    const keys = createLocalJWKSet((await call(handoff, '/.well-known/jwks.json')).json as JSONWebKeySet);
    const verify = (audience: string) =>
      jwtVerify(token, keys, {
        issuer: PUBLIC_URL,
        audience,
        typ: 'at+jwt',
        currentDate: new Date(handoff.clock.now()),
      });
    await expect(verify(`${PUBLIC_URL}/v1`)).resolves.toBeDefined();
    await expect(verify(PUBLIC_URL), 'the portal’s origin, which sso_tokens are for').rejects.toThrow(/aud/);
  });

  test('is another one each time', async () => {
    const tokens = await Promise.all(Array.from({ length: 5 }, () => accessToken(handoff, sample)));
    expect(new Set(tokens.map((token) => decodeJwt(token).jti)).size).toBe(5);
  });
});

describe('a token of one kind is none of the other', () => {
  const exchange = (token: string) =>
    call(handoff, '/auth/sso', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });

  test('an access token opens no link and starts no session', async () => {
    const token = await accessToken(handoff, sample);
    const link = await mintLink(handoff, sample);
    const parameters = new URLSearchParams({ token, redirect: PATIENT_PATH });
    const opened = await call(handoff, `/auth/sso?${parameters.toString()}`, {
      headers: { accept: 'application/json' },
    });
    expect(problemOf(opened)).toBe('token-invalid');
    expect(problemOf(await exchange(token))).toBe('token-invalid');
    expect((await exchange(link.sso_token)).status).toBe(200);
  });

  test('an access token is no session', async () => {
    const headers = { authorization: `Bearer ${await accessToken(handoff, sample)}` };
    expect((await call(handoff, '/auth/session', { headers })).status).toBe(401);
    expect((await call(handoff, '/auth/verify', { headers })).status).toBe(401);
  });

  test('neither an sso_token nor a session token is an access token', async () => {
    const headers = await bearer(handoff, sample);
    const { sso_token } = await mintLink(handoff, sample);
    const session_token = (await openLink(handoff, await mintLink(handoff, sample))).split('=')[1];
    for (const token of [sso_token, session_token]) {
      const answer = await callUsers(handoff, sample, { headers: { ...headers, authorization: `Bearer ${token}` } });
      expect(refusalOf(answer)).toMatchObject({ status: 401, detail: 'invalid token' });
    }
    expect((await callUsers(handoff, sample, { headers })).status).toBe(200);
  });
});

describe('scopes', () => {
  const of = (scopes: Scope[]) => createSample(handoff.deps, { integration: { scopes } });

  test('are all that are approved when none is asked for', async () => {
    expect(scopesOf(await requestToken(handoff, sample))).toEqual([...SCOPES]);
    const one = await of(['update:user', 'read:user']);
    expect(scopesOf(await requestToken(handoff, one))).toEqual(['read:user', 'update:user']);
  });

  test.each([
    ['in any order', ['update:user', 'read:user'], ['read:user', 'update:user']],
    ['repeated', ['read:user', 'read:user'], ['read:user']],
    ['that are not approved are left out', ['delete:user', 'read:user'], ['read:user']],
    ['that nobody knows are left out', ['read:user', 'write:prescription', 'READ:USER', '!~'], ['read:user']],
    ['at their greatest number and length', ['read:user', ...Array<string>(19).fill('s'.repeat(64))], ['read:user']],
  ])('%s', async (_, scope, granted) => {
    const one = await of(['read:user', 'update:user']);
    const answer = await requestToken(handoff, one, { scope });
    expect([answer.status, scopesOf(answer)]).toEqual([200, granted]);
    const { accessToken: token } = dataOf<{ accessToken: string }>(answer);
    expect(decodeJwt(token)['scope']).toBe(granted.join(' '));
  });

  test('none of which is granted are refused, with those that would be', async () => {
    const one = await of(['read:user', 'update:user']);
    expect(refusalOf(await requestToken(handoff, one, { scope: ['delete:user', 'x'] }))).toEqual({
      status: 403,
      slug: 'insufficient-scope',
      detail: 'None of these scopes is approved for this integration; approved: read:user, update:user',
    });
  });

  test('are refused where none is approved, asked for or not', async () => {
    const none = await of([]);
    for (const scope of [undefined, ['read:user']]) {
      const answer = await requestToken(handoff, none, { scope });
      expect(problemOf(answer)).toBe('insufficient-scope');
      expect(refusalOf(answer).detail).toMatch(/; approved: none$/);
    }
  });
});

describe('a body that is not as documented is refused', () => {
  const GRANT = { grantType: 'client_credentials' };

  test.each([
    ['no grant type', {}, 'grantType invalid_value'],
    ['another grant type', { grantType: 'password' }, 'grantType invalid_value'],
    ['grant_type, as OAuth spells it', { grant_type: 'client_credentials' }, 'grantType invalid_value'],
    ['scopes as one text', { ...GRANT, scope: 'read:user update:user' }, 'scope invalid_type'],
    ['null as scopes', { ...GRANT, scope: null }, 'scope invalid_type'],
    ['an empty list of scopes', { ...GRANT, scope: [] }, 'scope too_small'],
    ['21 scopes', { ...GRANT, scope: Array<string>(21).fill('read:user') }, 'scope too_big'],
    ['a scope of 65 characters', { ...GRANT, scope: ['s'.repeat(65)] }, 'scope.0 invalid_format'],
    ['an empty scope', { ...GRANT, scope: ['read:user', ''] }, 'scope.1 invalid_format'],
    ['a scope with a space', { ...GRANT, scope: ['read:user update:user'] }, 'scope.0 invalid_format'],
    ['a scope with a quote', { ...GRANT, scope: ['"'] }, 'scope.0 invalid_format'],
    ['a scope with a backslash', { ...GRANT, scope: ['\\'] }, 'scope.0 invalid_format'],
    ['a scope with a NUL', { ...GRANT, scope: ['read:user\0'] }, 'scope.0 invalid_format'],
    ['a scope that is a number', { ...GRANT, scope: [1] }, 'scope.0 invalid_type'],
    ['a list', [GRANT], 'body invalid_type'],
    ['null', null, 'body invalid_type'],
    ['a text', 'client_credentials', 'body invalid_type'],
  ])('%s', async (_, body, field) => {
    expect(refusalOf(await send(JSON.stringify(body)))).toEqual({
      status: 422,
      slug: 'validation-error',
      detail: 'There were some problems with your input.',
      fields: [field],
    });
  });

  test.each([
    ['not JSON', '{', {}, 400, 'invalid-request'],
    ['nothing', '', {}, 400, 'invalid-request'],
    [
      'a form, as OAuth has it',
      'grantType=client_credentials',
      { 'content-type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported-media-type',
    ],
    ['too large', JSON.stringify({ ...GRANT, more: 'x'.repeat(16_384) }), {}, 413, 'payload-too-large'],
  ])('%s', async (_, body, headers, status, slug) => {
    const answer = await send(body, headers);
    expect([answer.status, problemOf(answer)]).toEqual([status, slug]);
  });

  test('members that nobody knows are ignored', async () => {
    expect((await send(JSON.stringify({ ...GRANT, clientId: 'x', __proto__: 1 }))).status).toBe(200);
  });
});

describe('who asks', () => {
  test.each([
    ['an origin', { origin: 'https://page.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['a script’s mode', { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'empty' }],
  ])('must be no web page: %s', async (_, headers) => {
    const answer = await requestToken(handoff, sample, { headers });
    expect([answer.status, problemOf(answer)]).toEqual([403, 'browser-request-refused']);
    expect((await requestToken(handoff, sample)).status).toBe(200);
  });

  test.each(['x-partner-id', 'x-partner-secret', 'x-organization-id', 'x-organization-secret', 'content-type'])(
    'must not say it twice: %s',
    async (name) => {
      const [headers, body] = [partnerHeaders4(sample), JSON.stringify({ grantType: 'client_credentials' })];
      const twice: [string, string][] = [...Object.entries(headers), [name.toUpperCase(), headers[name] ?? '']];
      const answer = await call(handoff, '/v1/token', { method: 'POST', headers: twice, body });
      expect(refusalOf(answer)).toMatchObject({ status: 400, slug: 'invalid-request', fields: [`${name} repeated`] });
    },
  );

  test.each([
    ['partner', 'x-partner-secret', () => ({})],
    ['organization', 'x-organization-secret', () => ({ partner_id: sample.partner_id })],
  ])('must have the %s’s own secret', async (whose, name, proved) => {
    const other = partnerHeaders4(await createSample(handoff.deps));
    for (const secret of ['wrong', other[name] ?? '']) {
      const answer = await requestToken(handoff, sample, { headers: { [name]: secret } });
      expect(refusalOf(answer)).toEqual({
        status: 401,
        slug: 'authentication-required',
        detail: `Invalid ${whose} credentials`,
        authenticate: 'Handoff-Partner',
      });
      const [event] = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 2 });
      expect(event).toMatchObject({ partner_id: null, organization_id: null, ...proved() });
    }
  });

  const concerning = WITHDRAWALS.filter(({ problem }) => !problem.startsWith('user-'));

  test.each(concerning)('is refused while $what, and granted afterwards', async ({ problem, withdraw, restore }) => {
    const place = await createPlace(handoff.deps);
    await withdraw(handoff.deps, place);
    expect(problemOf(await requestToken(handoff, place))).toBe(problem);
    await restore(handoff.deps, place);
    expect((await requestToken(handoff, place)).status).toBe(200);
  });
});
