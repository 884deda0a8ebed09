// The portal kit's `check: 'offline'`: which session JWTs are good, and what becomes of Handoff's keys over time.

import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPortal, HandoffAwayError, type Identity } from '../../clients/portal/src/handoff-portal.ts';
import type { OfflineOptions } from '../../clients/portal/src/settings.ts';
import {
  claims,
  COOKIE,
  createKey,
  ISSUER,
  json,
  type Key,
  keySet,
  PORTAL,
  stubFetch,
  SUBJECT,
} from './portal-stub.ts';

let key: Key;
let next_key: Key;
beforeAll(async () => {
  [key, next_key] = await Promise.all([createKey('key_1'), createKey('key_2')]);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-03-01T09:00:00.000Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);

type Replies = Parameters<typeof stubFetch>;

function portalWith(replies: Replies = [keySet(key)], options: Partial<OfflineOptions> = {}) {
  const { fetch, asked } = stubFetch(...replies);
  const portal = createPortal({ check: 'offline', issuer: ISSUER, portalUrl: PORTAL, fetch, ...options });
  const identify = (token: string, path = '/dashboard', headers: Record<string, string> = {}) =>
    portal.identify({ headers: { 'x-auth-session-jwt': token, ...headers }, path });
  return { portal, identify, asked };
}

async function codeOf(work: Promise<Identity>): Promise<string | undefined> {
  try {
    return (await work).reason;
  } catch (error) {
    if (error instanceof HandoffAwayError) return error.code;
    throw error;
  }
}

describe('who is signed in', () => {
  test('is in the JWT that the proxy passes on', async () => {
    const { identify, asked } = portalWith();
    expect(await identify(await key.sign(claims()))).toEqual({
      reason: undefined,
      signedIn: {
        userId: 'usr_sample',
        organizationId: 'org_sample',
        partnerId: 'ptr_sample',
        roles: ['admin', 'provider'],
        sessionId: claims()['sid'],
        embed: false,
        subject: SUBJECT,
        frameAncestors: "frame-ancestors 'none'",
      },
    });
    expect(asked.map(({ url }) => url)).toEqual([`${ISSUER}/.well-known/jwks.json`]);
    expect([...(asked[0]?.headers.keys() ?? [])]).toEqual(['accept']);
  });

  test('can come as a bearer, behind what the proxy passes on', async () => {
    const { portal, identify } = portalWith();
    const authorization = `Bearer ${await key.sign(claims())}`;
    const bearing = { headers: new Headers({ authorization }), path: '/dashboard' };
    expect((await portal.identify(bearing)).signedIn?.userId).toBe('usr_sample');
    const other = await key.sign(claims({ sub: 'usr_other' }));
    expect((await identify(other, '/dashboard', { authorization })).signedIn?.userId).toBe('usr_other');
    expect((await identify('forged.jwt.here', '/dashboard', { authorization })).reason).toBe('session-invalid');
  });

  test.each([
    ['nothing', {}],
    ['a cookie, which says nothing here', { cookie: COOKIE }],
    ['a session token, which says nothing here', { authorization: `Bearer ses_1.${'a'.repeat(43)}` }],
    ['an empty header', { 'x-auth-session-jwt': '' }],
    ['headers that only an asking proxy would set', { 'x-auth-user-id': 'usr_forged' }],
  ])('is nobody with %s', async (_, headers) => {
    const { portal, asked } = portalWith();
    expect((await portal.identify({ headers, path: '/dashboard' })).reason).toBe('session-required');
    expect(asked).toHaveLength(0);
  });

  test('may frame an embedded page as the proxy passes it on, and nobody where it does not', async () => {
    const { identify } = portalWith();
    const token = await key.sign(claims({ embed: true }));
    const policyFor = async (policy?: string) => {
      const headers = policy === undefined ? {} : { 'x-auth-content-security-policy': policy };
      return (await identify(token, '/embed/a', headers)).signedIn?.frameAncestors;
    };
    expect(await policyFor('frame-ancestors https://practice.example')).toBe(
      'frame-ancestors https://practice.example',
    );
    for (const other of [
      undefined,
      '',
      'frame-ancestors *',
      'default-src *',
      "frame-ancestors https://a.example; script-src 'x'",
    ])
      expect(await policyFor(other)).toBe("frame-ancestors 'none'");
  });
});

describe('an embedded session', () => {
  test('opens embedded pages and no other', async () => {
    const { identify } = portalWith();
    const token = await key.sign(claims({ embed: true }));
    expect((await identify(token, '/embed/patients/7')).signedIn?.embed).toBe(true);
    for (const path of [
      '/dashboard',
      '/',
      '',
      '/embedded',
      '/embed/../dashboard',
      '/embed/%2e%2e/dashboard',
      '/embed//a',
    ])
      expect((await identify(token, path)).reason, path).toBe('session-embed-only');
  });
});

test('a page that was made for somebody else is refused', async () => {
  const { identify } = portalWith();
  const token = await key.sign(claims());
  expect((await identify(token, '/dashboard', { 'handoff-subject': 'usr_other/org_sample' })).reason).toBe(
    'session-changed',
  );
  expect((await identify(token, '/dashboard', { 'handoff-subject': SUBJECT })).signedIn).toBeDefined();
});

describe('a JWT is not good', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const WRONG: [string, () => Promise<string>][] = [
    ['of another issuer', () => key.sign(claims({ iss: 'https://evil.example' }))],
    ['of an issuer that begins alike', () => key.sign(claims({ iss: `${ISSUER}/` }))],
    ['for another portal', () => key.sign(claims({ aud: 'https://other.example' }))],
    ['for several portals', () => key.sign(claims({ aud: [PORTAL, 'https://other.example'] }))],
    ['of another type: a link’s', () => key.sign(claims(), { typ: 'sso+jwt' })],
    ['of another type: an access token', () => key.sign(claims(), { typ: 'at+jwt' })],
    ['of no type', () => key.sign(claims(), { typ: undefined })],
    ['of its type in another spelling', () => key.sign(claims(), { typ: 'application/session+jwt' })],
    ['without a key id', () => key.sign(claims(), { kid: undefined })],
    ['with a key of its own', () => key.sign(claims(), { jwk: key.public_jwk })],
    ['with the address of a key', () => key.sign(claims(), { jku: 'https://evil.example/jwks.json' })],
    ['with rules of its own', () => key.sign(claims(), { b64: true, crit: ['b64'] })],
    ['without a user', () => key.sign(claims({ sub: undefined }))],
    ['with an empty user', () => key.sign(claims({ sub: '' }))],
    ['without a session', () => key.sign(claims({ sid: undefined }))],
    ['without an organization', () => key.sign(claims({ org: undefined }))],
    ['without a partner', () => key.sign(claims({ client_id: undefined }))],
    ['with roles that are none', () => key.sign(claims({ roles: 'admin' }))],
    ['with an embed that is neither', () => key.sign(claims({ embed: 'false' }))],
    ['without an end', () => key.sign(claims({ exp: undefined }))],
    ['without a beginning', () => key.sign(claims({ iat: undefined }))],
    ['from the future', () => key.sign(claims({ iat: now() + 6, exp: now() + 66 }))],
    ['not yet good', () => key.sign(claims({ nbf: now() + 6 }))],
    ['signed by another key', async () => (await createKey('key_1')).sign(claims())],
    ['signed by a key that is not published', () => next_key.sign(claims())],
    ['unsigned', async () => new UnsecuredJWT(claims()).encode()],
    [
      'signed with the public key as a shared secret',
      () =>
        new SignJWT(claims())
          .setProtectedHeader({ alg: 'HS256', kid: 'key_1', typ: 'session+jwt' })
          .sign(new TextEncoder().encode(JSON.stringify(key.public_jwk))),
    ],
    [
      'with another algorithm',
      async () => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(claims())
          .setProtectedHeader({ alg: 'RS256', kid: 'key_1', typ: 'session+jwt' })
          .sign(privateKey);
      },
    ],
    [
      'changed',
      async () => (await key.sign(claims())).replace(/\.(.)/, (_, letter) => `.${letter === 'a' ? 'b' : 'a'}`),
    ],
    ['cut', async () => (await key.sign(claims())).slice(0, -1)],
    ['there twice', async () => [await key.sign(claims()), await key.sign(claims())].join(', ')],
    ['of two parts', async () => 'a.b'],
    ['not JSON', async () => 'YQ.YQ.YQ'],
    ['far too long', async () => `${'a'.repeat(9_000)}.b.c`],
  ];
  test.each(WRONG)('%s', async (_, make) => {
    const { identify } = portalWith();
    expect((await identify(await key.sign(claims()))).signedIn, 'a good one').toBeDefined();
    pass(11 * SECOND);
    expect(await identify(await make())).toEqual({ signedIn: undefined, reason: 'session-invalid' });
  });

  test('a few seconds after its end, and is until then', async () => {
    const { identify } = portalWith();
    const token = await key.sign(claims());
    pass(64 * SECOND);
    expect((await identify(token)).signedIn).toBeDefined();
    pass(2 * SECOND);
    expect((await identify(token)).reason).toBe('session-expired');
  });

  test('after a minute, even if it says that it is', async () => {
    const { identify } = portalWith();
    const token = await key.sign(claims({ exp: now() + 3_600 }));
    expect((await identify(token)).signedIn).toBeDefined();
    pass(66 * SECOND);
    expect((await identify(token)).reason).toBe('session-expired');
  });
});

describe('Handoff’s keys', () => {
  test('are fetched once, also for many requests at the same time', async () => {
    const { identify, asked } = portalWith();
    const token = await key.sign(claims());
    await Promise.all(Array.from({ length: 10 }, () => identify(token)));
    for (let minute = 0; minute < 9; minute += 1) {
      pass(MINUTE);
      expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    }
    expect(asked).toHaveLength(1);
  });

  test('are fetched again after a rotation, and the old one is good while it is published', async () => {
    const { identify, asked } = portalWith([keySet(key), keySet(key, next_key)]);
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    pass(11 * SECOND);
    expect((await identify(await next_key.sign(claims()))).signedIn).toBeDefined();
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    expect(asked).toHaveLength(2);
  });

  test('are not fetched for each made-up key id', async () => {
    const { identify, asked } = portalWith();
    await identify(await key.sign(claims()));
    pass(11 * SECOND);
    for (let times = 0; times < 20; times += 1) {
      const made_up = await key.sign(claims(), { kid: `key_${times}9` });
      expect((await identify(made_up)).reason).toBe('session-invalid');
    }
    expect(asked).toHaveLength(2);
  });

  test('are fetched again in time, so that one that is withdrawn is not believed', async () => {
    const { identify } = portalWith([keySet(key, next_key), keySet(next_key)]);
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    pass(10 * MINUTE + SECOND);
    expect((await identify(await key.sign(claims()))).reason).toBe('session-invalid');
    expect((await identify(await next_key.sign(claims()))).signedIn).toBeDefined();
  });

  test('stay good for a day while they cannot be fetched, and no longer', async () => {
    const { identify, asked } = portalWith([keySet(key), new TypeError('fetch failed')]);
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    pass(23 * 60 * MINUTE);
    for (let times = 0; times < 5; times += 1)
      expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    expect(asked, 'one try for all of them').toHaveLength(2);
    pass(61 * MINUTE);
    expect(await codeOf(identify(await key.sign(claims())))).toBe('keys-unavailable');
  });

  const NO_KEYS: [string, Response | Error][] = [
    ['no answer', new TypeError('fetch failed')],
    ['an error', json(500, {})],
    ['another page', new Response('<h1>Hello</h1>')],
    ['no keys', json(200, { keys: [] })],
    ['keys that are none', json(200, { keys: ['key'] })],
    ['a redirection', new Response(null, { status: 302, headers: { location: 'https://evil.example' } })],
  ];
  test.each(NO_KEYS)('nobody can say who is signed in when there is %s instead', async (_, reply) => {
    const { identify } = portalWith([reply, keySet(key)]);
    expect(await codeOf(identify(await key.sign(claims())))).toBe('keys-unavailable');
    expect((await identify(await key.sign(claims()))).signedIn, 'the next time').toBeDefined();
  });

  test('nobody can say what is signed with a key that may be new, while they cannot be fetched', async () => {
    const { identify } = portalWith([keySet(key), new TypeError('fetch failed')]);
    await identify(await key.sign(claims()));
    pass(11 * SECOND);
    expect(await codeOf(identify(await next_key.sign(claims())))).toBe('keys-unavailable');
    expect(await codeOf(identify(await next_key.sign(claims()))), 'without another try').toBe('keys-unavailable');
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
  });

  test('a key that is published for another algorithm, or as a private one, is no key', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const private_jwk = { ...(await exportJWK(privateKey)), kid: 'key_1', alg: 'ES256' };
    const { identify } = portalWith([json(200, { keys: [private_jwk] })]);
    expect(await codeOf(identify(await key.sign(claims())))).toBe('keys-unavailable');
    const other = portalWith([json(200, { keys: [{ ...key.public_jwk, alg: 'ES384' }] })]);
    expect(await codeOf(other.identify(await key.sign(claims())))).toBe('session-invalid');
  });

  test('can be elsewhere', async () => {
    const { identify, asked } = portalWith([keySet(key)], { jwksUrl: 'http://handoff.internal/.well-known/jwks.json' });
    expect((await identify(await key.sign(claims()))).signedIn).toBeDefined();
    expect(asked[0]?.url).toBe('http://handoff.internal/.well-known/jwks.json');
  });
});

test('wrong options are told by name', () => {
  const create = (options: object) => () =>
    createPortal({ check: 'offline', issuer: ISSUER, portalUrl: PORTAL, ...options });
  expect(create({ issuer: undefined })).toThrow('issuer is missing');
  expect(create({ portalUrl: undefined })).toThrow('portalUrl is missing');
  expect(create({ portalUrl: `${PORTAL}/dashboard` })).toThrow('portalUrl must be an origin');
  expect(create({ jwksUrl: 'jwks.json' })).toThrow('jwksUrl must be');
  vi.stubGlobal('crypto', undefined);
  try {
    expect(create({})).toThrow('Web Crypto');
  } finally {
    vi.unstubAllGlobals();
  }
  expect(create({})).not.toThrow();
});
