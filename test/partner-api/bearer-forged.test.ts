// Access tokens that are not ours, or not whole. Each is wrong in one thing only and gets the same answer as any other; the same
// maker with nothing wrong is believed, which is its positive twin.

import { createHmac } from 'node:crypto';
import { type CryptoKey, exportSPKI, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call } from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { accessToken, bearerHeaders, refusalOf } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { encode, goodClaims, goodHeader, type Members, signActive, signStrange } from './forge.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const validate = (authorization: string): Promise<Answer> =>
  call(handoff, `/v1/organizations/${sample.organization_id}/validate`, {
    headers: { ...bearerHeaders('', sample), authorization },
  });

const INVALID = {
  status: 401,
  slug: 'authentication-required',
  detail: 'invalid token',
  authenticate: 'Bearer error="invalid_token"',
};

async function expectInvalid(token: string): Promise<void> {
  expect(refusalOf(await validate(`Bearer ${token}`))).toEqual(INVALID);
}

async function expectGood(token: string): Promise<void> {
  expect((await validate(`Bearer ${token}`)).status, 'the twin with nothing wrong').toBe(200);
}

const sign = async (header: Members = {}, claims: Members = {}) =>
  signActive(
    handoff,
    { ...(await goodHeader(handoff)), ...header },
    { ...(await goodClaims(handoff, sample)), ...claims },
  );

test('a token that is signed well is believed', async () => {
  await expectGood(await sign());
});

test.each([
  ['alg none', { alg: 'none' }],
  ['no alg', { alg: undefined }],
  ['alg HS256', { alg: 'HS256' }],
  ['alg ES384', { alg: 'ES384' }],
  ['typ JWT', { typ: 'JWT' }],
  ['no typ', { typ: undefined }],
  ['the typ of an sso_token', { typ: 'sso+jwt' }],
  ['typ with application/', { typ: 'application/at+jwt' }],
  ['no kid', { kid: undefined }],
  ['an unknown kid', { kid: `key_${'0'.repeat(32)}` }],
  ['a kid that is a path', { kid: '../../dev/null' }],
  ['a kid with a NUL', { kid: 'key_\0' }],
  ['a key of its own', { jwk: { kty: 'EC' } }],
  ['jku', { jku: 'https://keys.example/jwks.json' }],
  ['crit', { crit: ['exp'] }],
] as [string, Members][])('in its header: %s', async (_, header) => {
  await expectInvalid(await sign(header));
  await expectGood(await sign());
});

const HOUR = 3_600;

test.each([
  ['another issuer', () => ({ iss: 'https://issuer.example' })],
  ['the issuer with a slash', () => ({ iss: `${PUBLIC_URL}/` })],
  ['the audience of an sso_token', () => ({ aud: PUBLIC_URL })],
  ['another audience', () => ({ aud: 'https://api.example/v1' })],
  ['a list of audiences', () => ({ aud: [`${PUBLIC_URL}/v1`] })],
  ['no audience', () => ({ aud: undefined })],
  ['no organization', () => ({ org: undefined })],
  ['no client', () => ({ client_id: undefined })],
  ['no scope', () => ({ scope: undefined })],
  ['scopes as a list', () => ({ scope: ['read:user'] })],
  ['no credential', () => ({ credential_id: undefined })],
  ['a credential that nobody knows', () => ({ credential_id: `crd_${'0'.repeat(32)}` })],
  ['no jti', () => ({ jti: undefined })],
  ['a claim that nobody knows', () => ({ admin: true })],
  ['nbf', (iat: number) => ({ nbf: iat })],
  ['no expiry', () => ({ exp: undefined })],
  ['a longer life', (iat: number) => ({ exp: iat + HOUR + 1 })],
  ['a shorter life', (iat: number) => ({ exp: iat + HOUR - 1 })],
  ['an expiry in words', (iat: number) => ({ exp: String(iat + HOUR) })],
  ['a broken second', (iat: number) => ({ iat: iat + 0.5, exp: iat + 0.5 + HOUR })],
  ['a future that no clock’s fault explains', (iat: number) => ({ iat: iat + 61, exp: iat + 61 + HOUR })],
] as [string, (iat: number) => Members][])('in its claims: %s', async (_, claims) => {
  await expectInvalid(await sign({}, claims(Math.floor(handoff.clock.now() / 1000))));
  await expectGood(await sign());
});

test('a token issued within a minute from now is good: clocks differ a little', async () => {
  const iat = Math.floor(handoff.clock.now() / 1000) + 60;
  await expectGood(await sign({}, { iat, exp: iat + HOUR }));
});

describe('in its signature', () => {
  test('another key, under the name of ours', async () => {
    await expectInvalid(await signStrange(await goodHeader(handoff), await goodClaims(handoff, sample)));
  });

  test('another token’s', async () => {
    const [one, other] = [await sign(), await sign()];
    await expectInvalid([...one.split('.').slice(0, 2), other.split('.')[2]].join('.'));
    await expectGood(one);
  });

  test('none, with and without its dot', async () => {
    const [header = '', claims = ''] = (await sign()).split('.');
    const none = encode({ ...(await goodHeader(handoff)), alg: 'none' });
    for (const token of [`${header}.${claims}.`, `${header}.${claims}`, `${none}.${claims}.`])
      await expectInvalid(token);
  });

  test('the public key as a password', async () => {
    const { kid } = await goodHeader(handoff);
    const jwk = (await handoff.deps.keyring.publicKeys()).keys.find((key) => key.kid === kid) as JWK;
    const pem = await exportSPKI((await importJWK(jwk, 'ES256')) as CryptoKey);
    const input = `${encode({ alg: 'HS256', kid, typ: 'at+jwt' })}.${encode(await goodClaims(handoff, sample))}`;
    for (const secret of [pem, JSON.stringify(jwk)])
      await expectInvalid(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  });

  test('one bit that has changed, in any part', async () => {
    const token = await sign();
    for (const index of [4, token.indexOf('.') + 4, token.lastIndexOf('.') + 4, token.length - 10]) {
      const other = token.charAt(index) === 'A' ? 'B' : 'A';
      await expectInvalid(token.slice(0, index) + other + token.slice(index + 1));
    }
    await expectGood(token);
  });
});

test.each([
  ['padded', (token: string) => `${token}==`],
  ['padded inside', (token: string) => token.replace('.', '=.')],
  ['with a fourth part', (token: string) => `${token}.e30`],
  ['cut off', (token: string) => token.slice(0, -1)],
  ['twice', (token: string) => `${token}${token}`],
  ['in ordinary base64', (token: string) => `${token.slice(0, -3)}+/=`],
  ['quoted', (token: string) => `"${token}"`],
  ['with a comma', (token: string) => `${token},`],
  ['too long', (token: string) => `${token}${'A'.repeat(9_000)}`],
  ['two of them', (token: string) => `${token} ${token}`],
  ['nothing', () => ''],
])('a token that is written otherwise is refused: %s', async (_, change) => {
  const token = await accessToken(handoff, sample);
  await expectInvalid(change(token));
  await expectGood(token);
});

test('the scheme may be written in any case, and must be Bearer', async () => {
  const token = await accessToken(handoff, sample);
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer ']) {
    expect((await validate(`${scheme} ${token}`)).status).toBe(200);
  }
  const basic = Buffer.from(`${sample.partner_id}:${sample.partner_secret}`).toString('base64');
  for (const authorization of [
    '',
    'Bearer',
    token,
    `Token ${token}`,
    `Bearer:${token}`,
    `Basic ${basic}`,
    `DPoP ${token}`,
  ]) {
    expect(refusalOf(await validate(authorization))).toEqual(INVALID);
  }
});

test('a token that arrives twice is refused as a smuggled one', async () => {
  const headers = Object.entries(bearerHeaders(await accessToken(handoff, sample), sample));
  const path = `/v1/organizations/${sample.organization_id}/validate`;
  for (const name of ['authorization', 'x-organization-secret']) {
    const twice = headers.filter(([header]) => header === name);
    const answer = await call(handoff, path, { headers: [...headers, ...twice] });
    expect(refusalOf(answer)).toMatchObject({ status: 400, slug: 'invalid-request', fields: [`${name} repeated`] });
  }
  expect((await call(handoff, path, { headers })).status).toBe(200);
});

test('what is wrong cannot be told from the answer', async () => {
  const wrong = [
    'x',
    await sign({ typ: 'JWT' }),
    await sign({}, { aud: PUBLIC_URL }),
    await sign({}, { org: undefined }),
  ];
  const answers = await Promise.all(wrong.map((token) => validate(`Bearer ${token}`)));
  const seen = answers.map(({ text, headers }) => {
    const names = [...headers].map(([name, value]) => [name, ['x-request-id', 'date'].includes(name) ? '' : value]);
    return { text: text.replaceAll(/req_[0-9a-f]{32}|urn:uuid:[0-9a-f-]{36}/g, '<request>'), names };
  });
  for (const one of seen) expect(one).toEqual(seen[0]);
});
