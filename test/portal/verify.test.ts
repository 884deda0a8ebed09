// GET /auth/verify as the common proxies ask it: nginx names the original path in X-Original-URI, Traefik and Caddy in
// X-Forwarded-Uri, Envoy appends it and keeps the method. An embedded session must open embedded pages and nothing else.

import { enableIntegration } from '../../src/partners/integration.ts';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  PRACTICE_ORIGIN,
  mintLink,
  openLink,
  problemOf,
} from '../support/client.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, frameAncestorsOf } from '../support/html.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { ELSEWHERE, EMBEDDED, IN_HEADERS_ONLY } from './original-paths.ts';

let handoff: Handoff;
let sample: Sample;
let top_level: string;
let embed: string;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, { access_roles: ['provider', 'admin'] });
  top_level = await openLink(handoff, await mintLink(handoff, sample));
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  embed = cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
});
afterAll(() => handoff.close());

const sessionIdOf = (cookie: string) => /ses_[0-9a-f]{32}/.exec(cookie)?.[0];
const verify = (headers: Record<string, string> | [string, string][]) => call(handoff, '/auth/verify', { headers });

/** As Envoy sends it: the path byte for byte, which a URL would tidy up. */
async function verifyAppended(original_path: string, cookie: string, method = 'GET'): Promise<number | undefined> {
  const { hostname: host, port } = new URL(handoff.url);
  const sent = request({ host, port, path: `/auth/verify${original_path}`, method, headers: { cookie }, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

describe('the proxy is told', () => {
  test('who it is, in headers to pass on, and nothing else', async () => {
    const answer = await verify({ cookie: top_level, 'x-original-uri': '/dashboard/patients/7' });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('');
    const told = [...answer.headers].filter(([name]) => name.startsWith('x-auth-'));
    expect(Object.fromEntries(told)).toEqual({
      'x-auth-user-id': sample.user_id,
      'x-auth-organization-id': sample.organization_id,
      'x-auth-partner-id': sample.partner_id,
      'x-auth-roles': 'admin,provider',
      'x-auth-session-id': sessionIdOf(top_level),
      'x-auth-embed': 'false',
      'x-auth-content-security-policy': "frame-ancestors 'none'",
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('who may frame the page of an embed session: the registered origins, as they are now', async () => {
    const policyOf = async () => {
      const answer = await verify({ cookie: embed, 'x-original-uri': EMBED_PATH });
      return answer.headers.get('x-auth-content-security-policy');
    };
    expect(await policyOf()).toBe(`frame-ancestors ${PRACTICE_ORIGIN}`);
    const { partner_id, organization_id } = sample;
    const agree = (embed_origins: string[]) =>
      enableIntegration(handoff.deps.db, { partner_id, organization_id, options: { embed_origins } }, handoff.deps);
    await agree(['https://one.example', 'https://two.example:8443']);
    expect(await policyOf()).toBe('frame-ancestors https://one.example https://two.example:8443');
    await agree([]);
    expect(await policyOf()).toBe("frame-ancestors 'none'");
    await agree([PRACTICE_ORIGIN]);
  });

  test.each([
    ['nothing', {}],
    ['a forged session', { cookie: `__Host-handoff=ses_${'0'.repeat(32)}.${'A'.repeat(43)}` }],
    ['headers of the client’s own', { 'x-auth-user-id': 'usr_1', 'x-auth-roles': 'admin' }],
  ])('nothing about anybody when there is no session, but %s', async (_, headers) => {
    const answer = await verify({ ...headers, 'x-original-uri': '/dashboard' });
    expect(answer.status).toBe(401);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('x-auth-'))).toEqual([]);
  });

  test('in a page when a person is behind it', async () => {
    const page = await verify({ accept: CLICK.accept, 'x-forwarded-uri': '/dashboard' });
    expect(page.status).toBe(401);
    expectPlainPage(page);
    expect(page.text).toContain('<h1>You are not signed in</h1>');
  });

  test('and asking prolongs the session', async () => {
    const cookie = await openLink(handoff, await mintLink(handoff, sample));
    for (let times = 0; times < 3; times += 1) {
      handoff.clock.advance(10 * 60_000);
      for (const used of [top_level, embed]) await verify({ cookie: used, 'x-original-uri': '/embed' });
    }
    const answers = await Promise.all([cookie, top_level].map((one) => verify({ cookie: one })));
    expect(answers.map(({ status }) => status)).toEqual([401, 200]);
  });
});

const WAYS: [string, (path: string, cookie: string) => Promise<number | undefined>][] = [
  ['nginx (X-Original-URI)', async (path, cookie) => (await verify({ cookie, 'x-original-uri': path })).status],
  [
    'Traefik and Caddy (X-Forwarded-Uri)',
    async (path, cookie) => (await verify({ cookie, 'x-forwarded-uri': path })).status,
  ],
  ['ingress-nginx (X-Original-URL)', async (path, cookie) => (await verify({ cookie, 'x-original-url': path })).status],
  ['Envoy (the path itself)', (path, cookie) => verifyAppended(path.replace(/#.*/, ''), cookie)],
];

describe.each(WAYS)('%s', (name, ask) => {
  const everywhere = name.startsWith('Envoy') ? ELSEWHERE : [...ELSEWHERE, ...IN_HEADERS_ONLY];

  test.each(EMBEDDED)('an embedded session is good at %s', async (path) => {
    expect([await ask(path, embed), await ask(path, top_level), await ask(path, '')]).toEqual([200, 200, 401]);
  });

  test.each(everywhere)('an embedded session is not good at %s, where another is', async (path) => {
    expect([await ask(path, embed), await ask(path, top_level), await ask(path, '')]).toEqual([401, 200, 401]);
  });

  test('with both cookies an embedded page gets the embedded user, any other the other', async () => {
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    const { path } = await mintLink(handoff, { ...sample, user_id }, EMBED_PATH);
    const other = cookieOf(await call(handoff, path, { headers: FRAME }));
    const cookie = `${top_level}; ${other}`;
    expect([await ask('/embed/x', cookie), await ask('/dashboard', cookie)]).toEqual([200, 200]);
    const users = ['/embed/x', '/dashboard'].map((uri) => verify({ cookie, 'x-original-uri': uri }));
    const told = (await Promise.all(users)).map(({ headers }) => headers.get('x-auth-user-id'));
    expect(told).toEqual([user_id, sample.user_id]);
  });
});

describe('a session in the wrong place is no session', () => {
  test('an embedded one in the cookie of the other kind is good at embedded pages only', async () => {
    const cookie = embed.replace('__Host-handoff-embed', '__Host-handoff');
    const asked = ['/embed/x', '/dashboard'].map((uri) => verify({ cookie, 'x-original-uri': uri }));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 401]);
  });

  test('when the one that belongs there is over, the other does not silently take its place', async () => {
    const over = '__Host-handoff-embed=' + top_level.split('=')[1]?.replace(/.{43}$/, 'A'.repeat(43));
    expect(problemOf(await verify({ cookie: `${over}; ${top_level}`, 'x-original-uri': '/embed/x' }))).toBe(
      'session-expired',
    );
    expect((await verify({ cookie: `${over}; ${top_level}`, 'x-original-uri': '/dashboard' })).status).toBe(200);
  });
});

describe('an embedded session in doubt is refused', () => {
  const both = (one: string, other: string) => ({ cookie: embed, 'x-original-uri': one, 'x-forwarded-uri': other });

  test('when there is no original path', async () => {
    expect(problemOf(await verify({ cookie: embed }))).toBe('session-embed-only');
    expect((await verify({ cookie: top_level })).status).toBe(200);
  });

  test('when two headers disagree, and not when they agree', async () => {
    expect(problemOf(await verify(both('/embed/x', '/dashboard')))).toBe('session-embed-only');
    expect(problemOf(await verify(both('/dashboard', '/embed/x')))).toBe('session-embed-only');
    expect(problemOf(await verify({ ...both('/embed/x', '/embed/x'), 'x-original-url': '/dashboard' }))).toBe(
      'session-embed-only',
    );
    expect((await verify(both('/embed/x', '/embed/x'))).status).toBe(200);
  });

  test('when a header disagrees with the path, whichever the client made up', async () => {
    const ask = async (path: string, uri: string) =>
      (await call(handoff, `/auth/verify${path}`, { headers: { cookie: embed, 'x-forwarded-uri': uri } })).status;
    expect([await ask('/dashboard', '/embed/x'), await ask('/embed/x', '/dashboard')]).toEqual([401, 401]);
    expect(await ask('/embed/x', '/embed/x')).toBe(200);
  });

  // One of the two is the client's, and nobody knows which.
  test('when X-Original-URL names another origin, and not when it names the portal’s', async () => {
    const ask = async (url: string) => (await verify({ cookie: embed, 'x-original-url': url })).status;
    expect(await ask(`${PUBLIC_URL}/embed/x`)).toBe(200);
    expect([await ask('http://localhost:8788/embed/x'), await ask(`${PUBLIC_URL}/embed/../dashboard`)]).toEqual([
      401, 401,
    ]);
  });

  test.each(['x-original-uri', 'x-forwarded-uri', 'x-original-url'])('when %s arrives twice', async (name) => {
    const twice = (...paths: string[]) =>
      verify([['cookie', embed], ...paths.map((path): [string, string] => [name, path])]);
    const answers = await Promise.all([twice('/embed/x', '/dashboard'), twice('/dashboard', '/embed/x')]);
    expect(answers.every(({ status }) => status === 400 || status === 401)).toBe(true);
    expect((await twice('/embed/x')).status).toBe(200);
  });
});

describe('behind Envoy', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'the original method %s is asked about',
    async (method) => {
      const ask = (path: string, cookie: string) => verifyAppended(path, cookie, method);
      expect([await ask('/dashboard', top_level), await ask('/dashboard', ''), await ask('/', '')]).toEqual([
        200, 401, 401,
      ]);
      expect([await ask('/embed/x', embed), await ask('/dashboard', embed)]).toEqual([200, 401]);
    },
  );

  // Resolved, these are addresses of this service that answer 200 to anybody, which would let the client through.
  test.each([
    '/../../healthz',
    '/dashboard/../../../healthz',
    '/dashboard/%2e%2e/%2e%2e/%2E%2e/readyz',
    '/../signed-out',
    '/../../errors/',
    '/embed/../../../.well-known/jwks.json',
    '/embed/../../session?embed=true',
    '/../sso',
  ])('%s is a path of the portal, not one of this service', async (path) => {
    expect([await verifyAppended(path, ''), await verifyAppended(path, embed)]).toEqual([401, 401]);
    expect(await verifyAppended(path, top_level)).toBe(200);
  });
});

test('in a frame the refusal can be read, and tells the page around it what it is', async () => {
  const answer = await call(handoff, '/auth/verify', { headers: { ...FRAME, 'x-forwarded-uri': EMBED_PATH } });
  expectPlainPage(answer);
  expect([answer.status, frameAncestorsOf(answer)]).toEqual([401, 'https: http:']);
  expect(answer.headers.get('x-frame-options')).toBeNull();
  expect(answer.text).toContain('data-problem="session-required"');
  const in_a_tab = await call(handoff, '/auth/verify', { headers: { ...CLICK, 'x-forwarded-uri': EMBED_PATH } });
  expect([in_a_tab.status, frameAncestorsOf(in_a_tab)]).toEqual([401, "'none'"]);
});
