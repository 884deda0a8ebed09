// GET /auth/verify as the common proxies ask it: nginx names the original path in X-Original-URI, Traefik and Caddy in
// X-Forwarded-Uri, Envoy appends it and keeps the method. An embedded session must open embedded pages and nothing else.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, CLICK, cookieOf, EMBED_PATH, FRAME, mintLink, openLink, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage } from '../support/html.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

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
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
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

const EMBEDDED = [
  '/embed',
  '/embed/',
  '/embed/patients/7/prescriptions',
  '/embed?next=/dashboard',
  '/embed/a?b=../../dashboard&c=%2e%2e%2f#d',
  '/embed/caf%C3%A9/a%20b',
];

const ELSEWHERE = [
  '/',
  '/dashboard',
  '/embedded',
  '/embed-other/x',
  '/Embed/x',
  '/EMBED',
  '/%65mbed/x',
  '/dashboard/embed/x',
  '/dashboard?x=/embed/',
  '/dashboard#/embed/',
  '/embed/../dashboard',
  '/embed/../embed/../dashboard',
  '/embed/./../dashboard',
  '/embed//../dashboard',
  '/embed/..',
  '/embed/%2e%2e/dashboard',
  '/embed/.%2E/dashboard',
  '/embed/%2e./dashboard',
  '/embed/..%2fdashboard',
  '/embed/%2e%2e%2fdashboard',
  '/embed%2f..%2fdashboard',
  '/embed/..%5cdashboard',
  '/embed/%252e%252e/dashboard',
  '/embed/%25252e%25252e/dashboard',
  '/embed/%252e%252e%252fdashboard',
  '/embed/..;/dashboard',
  '/embed/..;a=b/dashboard',
  '/embed/%c0%ae%c0%ae/dashboard',
  '/embed/%uff0e%uff0e/dashboard',
  '/embed/%ef%bc%8e%ef%bc%8e/dashboard',
  '/embed/%00/../dashboard',
  '/embed%00/dashboard',
  '/embed/%0d%0a/x',
  '/embed/..%00/dashboard',
  '/embed/%',
  '//embed/x',
  '///embed/x',
  '/./embed/x',
  '/dashboard/../embed/x',
];

/** These cannot stand in a request line, but a header may hold them. */
const IN_HEADERS_ONLY = [
  '',
  'embed/x',
  'https://portal.example/embed/x',
  '/embed/..\\dashboard',
  '/embed\\..\\dashboard',
  '/\\embed/x',
  '/embed /../dashboard',
  '/embed/x, /dashboard',
  '/embed/x, /embed/y',
  '/embed\t/x',
];

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
