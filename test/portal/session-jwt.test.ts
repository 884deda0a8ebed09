// The session JWT, which a portal verifies by the public keys alone, and `Handoff-Subject`, by which a page says whom it is for.

import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  PATIENT_PATH,
  problemOf,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let cookie: string;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { SESSION_IDLE_MINUTES: '1' } });
  sample = await createSample(handoff.deps, { access_roles: ['provider', 'admin'] });
});
afterAll(() => handoff.close());

const ask = (path: string, headers: Record<string, string> = {}) => call(handoff, path, { headers });

/** @throws unless a public key of the service's, the issuer, the audience and the age are right */
async function verify(jwt: string): Promise<JWTPayload> {
  const keys = createLocalJWKSet((await ask('/.well-known/jwks.json')).json as JSONWebKeySet);
  const currentDate = new Date(handoff.clock.now());
  const expected = { issuer: PUBLIC_URL, audience: PUBLIC_URL, typ: 'session+jwt', algorithms: ['ES256'], currentDate };
  return (await jwtVerify(jwt, keys, expected)).payload;
}

const jwtInBody = (answer: Answer) => (answer.json as { data: { session_jwt?: string } }).data.session_jwt;
const jwtInHeader = (answer: Answer) => answer.headers.get('x-auth-session-jwt') ?? undefined;

describe('the session JWT', () => {
  test.each([
    ['GET /auth/session', '/auth/session', jwtInBody],
    ['GET /auth/verify', '/auth/verify', jwtInHeader],
  ])('of %s says who is signed in, for a minute', async (_, path, read) => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    const answer = await ask(`${path}?session_jwt=1`, { cookie });
    const jwt = read(answer) ?? '';
    expect(Object.keys(decodeProtectedHeader(jwt)).toSorted()).toEqual(['alg', 'kid', 'typ']);
    const { iat = 0, ...claims } = await verify(jwt);
    expect(iat).toBe(Math.floor(handoff.clock.now() / 1000));
    const { user_id, organization_id, partner_id } = sample;
    expect(claims).toEqual({
      iss: PUBLIC_URL,
      aud: PUBLIC_URL,
      sub: user_id,
      sid: /ses_[0-9a-f]{32}/.exec(cookie)?.[0],
      org: organization_id,
      client_id: partner_id,
      roles: ['admin', 'provider'],
      embed: false,
      exp: iat + 60,
    });
  });

  test('is made only where it is asked for', async () => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    expect(jwtInBody(await ask('/auth/session', { cookie }))).toBeUndefined();
    expect(jwtInHeader(await ask('/auth/verify', { cookie }))).toBeUndefined();
    expect(jwtInHeader(await ask('/auth/verify?session_jwt=0', { cookie }))).toBeUndefined();
  });

  test('never outlives the session', async () => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    // Used within a tenth of the idle limit of a minute, which is then not moved on.
    handoff.clock.advance(5_000);
    const { iat = 0, exp } = await verify(jwtInBody(await ask('/auth/session?session_jwt=1', { cookie })) ?? '');
    expect(exp).toBe(iat + 55);
  });

  test('of an embedded session says so', async () => {
    const { path } = await mintLink(handoff, sample, EMBED_PATH);
    const embed = cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
    expect(await verify(jwtInBody(await ask('/auth/session?session_jwt=1', { cookie: embed })) ?? '')).toMatchObject({
      embed: true,
    });
  });

  test('cannot stand in for a session, an sso_token or an access token', async () => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    const jwt = jwtInBody(await ask('/auth/session?session_jwt=1', { cookie })) ?? '';
    expect(problemOf(await ask('/auth/session', { authorization: `Bearer ${jwt}` }))).toBe('session-required');
    const redeemed = await ask(`/auth/sso?token=${jwt}&redirect=${encodeURIComponent(PATIENT_PATH)}`);
    expect(problemOf(redeemed)).toBe('token-invalid');
    const headers = { authorization: `Bearer ${jwt}`, 'x-organization-id': sample.organization_id };
    const users = await ask(`/v1/organizations/${sample.organization_id}/users`, {
      ...headers,
      'x-organization-secret': sample.organization_secret,
    });
    expect(users.status).toBe(401);
  });
});

describe('Handoff-Subject', () => {
  test.each(['/auth/session', '/auth/verify'])('is whom the page is for: %s', async (path) => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    const subject = `${sample.user_id}/${sample.organization_id}`;
    expect((await ask(path, { cookie, 'handoff-subject': subject })).status).toBe(200);
    const other = await createSample(handoff.deps);
    for (const wrong of [
      `${other.user_id}/${sample.organization_id}`,
      `${sample.user_id}/x`,
      sample.user_id,
      '',
      '/',
    ]) {
      const answer = await ask(path, { cookie, 'handoff-subject': wrong });
      expect([answer.status, problemOf(answer)]).toEqual([401, 'session-changed']);
    }
  });

  test('that arrives twice is refused', async () => {
    cookie = await openLink(handoff, await mintLink(handoff, sample));
    const subject = `${sample.user_id}/${sample.organization_id}`;
    const headers: [string, string][] = [
      ['cookie', cookie],
      ['handoff-subject', subject],
      ['handoff-subject', subject],
    ];
    expect((await call(handoff, '/auth/session', { headers })).status).toBe(400);
  });
});

describe('GET /auth/session for a certain page', () => {
  test.each(['x-forwarded-uri', 'x-original-uri', 'x-original-url'])('told in %s', async (name) => {
    const { path } = await mintLink(handoff, sample, EMBED_PATH);
    const embed = cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
    expect((await ask('/auth/session', { cookie: embed, [name]: EMBED_PATH })).status).toBe(200);
    expect(problemOf(await ask('/auth/session', { cookie: embed, [name]: PATIENT_PATH }))).toBe('session-embed-only');
    expect((await ask('/auth/session', { cookie: embed })).status).toBe(200);
    expect((await ask('/auth/session?a=1', { cookie: embed, [name]: '/auth/session?a=1' })).status).toBe(200);
  });
});

describe('GET /auth/session for an embedded page', () => {
  const embedded = async () => {
    const { path } = await mintLink(handoff, sample, EMBED_PATH);
    return cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
  };
  const kindOf = (answer: Answer) => (answer.json as { data: { embed: boolean } }).data.embed;

  test('tells of the frame’s session, where there is one of the tabs beside it', async () => {
    const both = `${await openLink(handoff, await mintLink(handoff, sample))}; ${await embedded()}`;
    expect(kindOf(await ask('/auth/session?place=embed', { cookie: both }))).toBe(true);
    expect(kindOf(await ask('/auth/session', { cookie: both }))).toBe(false);
  });

  test('tells of the tabs’ where that is the only one', async () => {
    const only = await openLink(handoff, await mintLink(handoff, sample));
    expect(kindOf(await ask('/auth/session?place=embed', { cookie: only }))).toBe(false);
  });
});
