// Tokens made by somebody who knows the format, or even holds a key. Each is wrong in one thing only; the same maker with
// nothing wrong is believed, which is its positive twin.

import { sign as signBytes } from 'node:crypto';
import { createHmac, randomBytes } from 'node:crypto';
import { CompactSign, exportSPKI, generateKeyPair, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, CLICK, PATIENT_PATH, problemOf } from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

function open(token: string) {
  const parameters = new URLSearchParams({ token, redirect: PATIENT_PATH });
  return call(handoff, `/auth/sso?${parameters.toString()}`, { headers: { ...CLICK, accept: 'application/json' } });
}

type Members = Record<string, unknown>;

/** What the service itself would sign for the sample's user. */
function goodClaims(): Members {
  const iat = Math.floor(handoff.clock.now() / 1000);
  return {
    iss: PUBLIC_URL,
    aud: PUBLIC_URL,
    sub: sample.user_id,
    org: sample.organization_id,
    client_id: sample.partner_id,
    redirect_path: PATIENT_PATH,
    jti: `sso_${randomBytes(16).toString('hex')}`,
    iat,
    exp: iat + 300,
  };
}

/** Claims as good as any, and the row that makes a token of them good. */
async function knownClaims(): Promise<Members> {
  const claims = goodClaims();
  const { user_id, partner_id, organization_id } = sample;
  const minted_at = new Date(handoff.clock.now()).toISOString();
  const expires_at = new Date(handoff.clock.now() + 300_000).toISOString();
  const row = { jti: String(claims['jti']), user_id, partner_id, organization_id, minted_at, expires_at };
  const unspent = { ...row, request_id: 'req_test', redeemed_at: null, revoked_at: null };
  await handoff.deps.db.insertInto('sso_tokens').values(unspent).execute();
  return claims;
}

async function goodHeader(): Promise<Members> {
  const { kid } = await handoff.deps.keyring.active();
  return { alg: 'ES256', kid, typ: 'sso+jwt' };
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A right signature of the active key over any header and payload, also those that jose will not write. */
async function sign(header: unknown, payload: unknown): Promise<string> {
  const { private_key } = await handoff.deps.keyring.active();
  const input = `${encode(header)}.${encode(payload)}`;
  const signature = signBytes('sha256', Buffer.from(input), { key: private_key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

async function activePublicKey(): Promise<JWK> {
  const { kid } = await goodHeader();
  const { keys } = await handoff.deps.keyring.publicKeys();
  return keys.find((key) => key.kid === kid) ?? {};
}

/** With nothing wrong, the same claims are accepted: whatever was refused before was refused for the one thing. */
async function expectTwinAccepted(claims: Members): Promise<void> {
  expect((await open(await sign(await goodHeader(), claims))).status, 'the twin with nothing wrong').toBe(303);
}

async function expectInvalid(token: string): Promise<void> {
  const answer = await open(token);
  expect(problemOf(answer)).toBe('token-invalid');
  expect((answer.json as { detail: string }).detail, 'no word on which check failed').toBe('The token is not valid');
  expect(answer.headers.getSetCookie()).toEqual([]);
}

describe('a token that is signed well', () => {
  test('by jose is accepted when there is a row for it', async () => {
    const { kid, private_key } = await handoff.deps.keyring.active();
    const payload = new TextEncoder().encode(JSON.stringify(await knownClaims()));
    const header = { alg: 'ES256', kid, typ: 'sso+jwt' };
    expect((await open(await new CompactSign(payload).setProtectedHeader(header).sign(private_key))).status).toBe(303);
  });

  test('is unknown when there is no row: a signature alone opens nothing', async () => {
    const answer = await open(await sign(await goodHeader(), goodClaims()));
    expect(problemOf(answer)).toBe('token-unknown');
    expect(answer.status).toBe(404);
  });

  test.each(['sub', 'org', 'client_id'])('is unknown when its %s is not the one in the row', async (claim) => {
    const other = await createSample(handoff.deps);
    const colleague = await createSampleUser(handoff.deps, sample.organization_id);
    const claims = await knownClaims();
    const changed = { sub: colleague, org: other.organization_id, client_id: other.partner_id }[claim];
    expect(problemOf(await open(await sign(await goodHeader(), { ...claims, [claim]: changed })))).toBe(
      'token-unknown',
    );
    await expectTwinAccepted(claims);
  });
});

const HEADERS: [string, Members][] = [
  ['alg none', { alg: 'none' }],
  ['alg None', { alg: 'None' }],
  ['no alg', { alg: undefined }],
  ['alg ES384', { alg: 'ES384' }],
  ['alg es256', { alg: 'es256' }],
  ['alg RS256', { alg: 'RS256' }],
  ['a list of algs', { alg: ['ES256'] }],
  ['typ JWT', { typ: 'JWT' }],
  ['no typ', { typ: undefined }],
  ['typ at+jwt', { typ: 'at+jwt' }],
  ['typ in capitals', { typ: 'SSO+JWT' }],
  ['typ with application/', { typ: 'application/sso+jwt' }],
  ['no kid', { kid: undefined }],
  ['an empty kid', { kid: '' }],
  ['an unknown kid', { kid: `key_${'0'.repeat(32)}` }],
  ['a kid that is a path', { kid: '../../dev/null' }],
  ['a kid that is SQL', { kid: "' or '1'='1" }],
  ['a number as kid', { kid: 1 }],
  ['jku', { jku: 'https://keys.example/jwks.json' }],
  ['x5u', { x5u: 'https://keys.example/certificate.pem' }],
  ['x5c', { x5c: ['MIIB'] }],
  ['x5t#S256', { 'x5t#S256': 'AAAA' }],
  ['crit', { crit: ['exp'], exp: 1 }],
  ['an empty crit', { crit: [] }],
  ['b64 true', { b64: true }],
  ['b64 false', { b64: false, crit: ['b64'] }],
  ['cty', { cty: 'JWT' }],
  ['zip', { zip: 'DEF' }],
  ['any other member', { anything: 'else' }],
  ['__proto__', JSON.parse('{"__proto__":{"alg":"none"}}') as Members],
];

describe('a header with anything but alg, typ and kid as they should be is not valid', () => {
  test.each(HEADERS)('%s', async (_, change) => {
    const claims = await knownClaims();
    const header = { ...(await goodHeader()) };
    for (const name of Object.keys(change)) {
      Object.defineProperty(header, name, { value: change[name], enumerable: true });
    }
    await expectInvalid(await sign(header, claims));
    await expectTwinAccepted(claims);
  });

  test('its own public key (jwk), with a signature that fits it', async () => {
    const claims = await knownClaims();
    await expectInvalid(await sign({ ...(await goodHeader()), jwk: await activePublicKey() }, claims));
    await expectTwinAccepted(claims);
  });

  test.each(['null', '[]', '"ES256"', '{', '{"alg":"ES256"} '])('a header that is %s', async (header) => {
    await expectInvalid(await sign(header, await knownClaims()));
  });
});

describe('a signature of nobody who may sign is not valid', () => {
  test('alg none, and nothing for a signature', async () => {
    const claims = await knownClaims();
    const unsigned = `${encode({ ...(await goodHeader()), alg: 'none' })}.${encode(claims)}`;
    await expectInvalid(`${unsigned}.`);
    await expectInvalid(unsigned);
    await expectTwinAccepted(claims);
  });

  // RFC 8725, 2.1: a library that lets the token choose takes the public key for an HMAC key.
  test.each(['pem', 'jwk'])('HS256 with the public key as %s for a secret', async (form) => {
    const claims = await knownClaims();
    const jwk = await activePublicKey();
    const key = await importJWK(jwk, 'ES256');
    if (key instanceof Uint8Array) throw new Error('not a public key');
    const secret = form === 'pem' ? await exportSPKI(key) : JSON.stringify(jwk);
    const input = `${encode({ ...(await goodHeader()), alg: 'HS256' })}.${encode(claims)}`;
    await expectInvalid(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
    await expectTwinAccepted(claims);
  });

  test('a key of the same kind under the kid of the active one', async () => {
    const claims = await knownClaims();
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', kid: String((await goodHeader())['kid']), typ: 'sso+jwt' };
    const payload = new TextEncoder().encode(JSON.stringify(claims));
    await expectInvalid(await new CompactSign(payload).setProtectedHeader(header).sign(privateKey));
    await expectTwinAccepted(claims);
  });
});

const CLAIMS: [string, (claims: Members) => Members][] = [
  ['another issuer', () => ({ iss: 'https://other.example' })],
  ['the issuer with a slash', () => ({ iss: `${PUBLIC_URL}/` })],
  ['no issuer', () => ({ iss: undefined })],
  ['another audience', () => ({ aud: 'https://other.example' })],
  ['a list of audiences', () => ({ aud: [PUBLIC_URL, 'https://other.example'] })],
  ['no audience', () => ({ aud: undefined })],
  ['no subject', () => ({ sub: undefined })],
  ['no organization', () => ({ org: undefined })],
  ['no partner', () => ({ client_id: undefined })],
  ['no path', () => ({ redirect_path: undefined })],
  ['no jti', () => ({ jti: undefined })],
  ['no expiry', () => ({ exp: undefined })],
  ['an expiry in words', () => ({ exp: 'never' })],
  ['an expiry a second later', ({ exp }) => ({ exp: Number(exp) + 1 })],
  ['an expiry in a year', ({ exp }) => ({ exp: Number(exp) + 31_536_000 })],
  ['half a second', ({ iat, exp }) => ({ iat: Number(iat) + 0.5, exp: Number(exp) + 0.5 })],
  ['its issue 61 seconds from now', ({ iat, exp }) => ({ iat: Number(iat) + 61, exp: Number(exp) + 61 })],
  ['nbf', ({ iat }) => ({ nbf: iat })],
  ['a role of its own', () => ({ access_roles: ['admin'] })],
];

describe('claims that the service would not have written are not valid', () => {
  test.each(CLAIMS)('%s', async (_, change) => {
    const claims = await knownClaims();
    await expectInvalid(await sign(await goodHeader(), { ...claims, ...change(claims) }));
    await expectTwinAccepted(claims);
  });

  test.each(['null', '[]', '"sub"', '1', '{', '', ' '])('a payload that is %j', async (payload) => {
    await expectInvalid(await sign(await goodHeader(), payload));
  });

  test('bytes that are not UTF-8', async () => {
    const claims = await knownClaims();
    const { private_key } = await handoff.deps.keyring.active();
    const payload = Buffer.from(JSON.stringify(claims).replace('sso_', 'ss\xE9_'), 'latin1');
    const { kid } = await goodHeader();
    const signer = new CompactSign(payload).setProtectedHeader({ alg: 'ES256', kid: String(kid), typ: 'sso+jwt' });
    await expectInvalid(await signer.sign(private_key));
    await expectTwinAccepted(claims);
  });

  test('a token issued within a minute from now is good: clocks differ a little', async () => {
    const claims = await knownClaims();
    const later = { ...claims, iat: Number(claims['iat']) + 60, exp: Number(claims['exp']) + 60 };
    expect((await open(await sign(await goodHeader(), later))).status).toBe(303);
  });
});
