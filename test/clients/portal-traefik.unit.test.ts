// docs/proxies/traefik.yml and traefik-routes.yml. There is no Traefik to run them in: that they read as they should, name nothing that
// is not there, and let no way to the portal be without a check.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (name: string): unknown =>
  parse(readFileSync(new URL(`../../docs/proxies/${name}`, import.meta.url), 'utf8'));

type Router = {
  rule: string;
  priority: number;
  entryPoints: string[];
  middlewares: string[];
  service: string;
  tls: object;
};
type Middleware = {
  headers?: { customRequestHeaders?: Record<string, string>; customResponseHeaders?: Record<string, string> };
  forwardAuth?: { address: string; trustForwardHeader: boolean; authResponseHeadersRegex?: string };
};

const started = read('traefik.yml') as {
  entryPoints: Record<string, { http: { aliasHeadersStrategy: string } }>;
  accessLog: { fields: { defaultMode: string; names: Record<string, string>; headers: { defaultMode: string } } };
};
const { http } = read('traefik-routes.yml') as {
  http: { services: object; middlewares: Record<string, Middleware>; routers: Record<string, Router> };
};
const routers = Object.entries(http.routers);

/** What GET /auth/verify tells a proxy. */
const TOLD = [
  'x-auth-user-id',
  'x-auth-organization-id',
  'x-auth-partner-id',
  'x-auth-roles',
  'x-auth-session-id',
  'x-auth-embed',
  'x-auth-session-jwt',
  'x-auth-content-security-policy',
];

describe.each(routers)('the route %s', (name, router) => {
  test('names what is there', () => {
    expect(Object.keys(started.entryPoints)).toEqual(expect.arrayContaining(router.entryPoints));
    expect(Object.keys(http.middlewares)).toEqual(expect.arrayContaining(router.middlewares));
    expect(Object.keys(http.services)).toContain(router.service);
    expect(router.tls).toEqual({});
  });

  test('takes nothing from clients that only a proxy may say', () => {
    expect(router.middlewares[0]).toBe('strip');
  });

  test('leads to the portal with a check, or to nothing that is anybody’s', () => {
    const is_handoffs = router.service === 'handoff' && router.rule.includes('PathPrefix(`/auth/`)');
    const is_open = is_handoffs || name === 'assets' || name === 'embed-shells';
    expect([router.service === 'handoff', router.middlewares.includes('signed-in')]).toEqual([is_handoffs, !is_open]);
  });
});

test('the page that nothing else matches is guarded', () => {
  const least = routers.toSorted(([, one], [, other]) => one.priority - other.priority)[0]?.[1];
  expect(least?.rule).toBe('Host(`portal.example`)');
  expect(least?.middlewares).toContain('signed-in');
  expect(new Set(routers.map(([, { priority }]) => priority)).size, 'each has its place').toBe(routers.length);
});

test('what Handoff tells is taken from clients and given to the portal', () => {
  const stripped = Object.keys(http.middlewares['strip']?.headers?.customRequestHeaders ?? {}).map((name) =>
    name.toLowerCase(),
  );
  expect(stripped).toEqual(expect.arrayContaining([...TOLD, 'x-original-uri', 'x-original-url']));
  const {
    address,
    trustForwardHeader,
    authResponseHeadersRegex = '',
  } = http.middlewares['signed-in']?.forwardAuth ?? {};
  expect([address, trustForwardHeader]).toEqual(['http://127.0.0.1:8787/auth/verify?session_jwt=1', false]);
  expect(authResponseHeadersRegex).toBe('(?i)^X-Auth-');
});

test('no client sends the same under a name that some servers read alike', () => {
  const strategies = Object.values(started.entryPoints).map(
    ({ http: { aliasHeadersStrategy } }) => aliasHeadersStrategy,
  );
  expect(strategies).toEqual(['delete', 'delete']);
});

test('no cache keeps a shell', () => {
  expect(http.routers['embed-shells']?.middlewares).toContain('shell-headers');
  expect(http.middlewares['shell-headers']?.headers?.customResponseHeaders).toEqual({
    'Cache-Control': 'no-store',
    Vary: 'Cookie, Referer',
  });
});

/** RE2's (?i) is a flag in JavaScript. */
function matches(router: string, path: string): boolean {
  const pattern = /PathRegexp\(`(?:\(\?i\))?(.*?)`\)/.exec(http.routers[router]?.rule ?? '')?.[1] ?? '';
  const is_folding = http.routers[router]?.rule.includes('(?i)') === true;
  return new RegExp(pattern, is_folding ? 'i' : '').test(path);
}

test.each([
  ['/embed/api', true],
  ['/embed/api/me', true],
  ['/embed/API/me', true],
  ['/embed/api.json', true],
  ['/embed/apiary', false],
  ['/embed/x/api', false],
])('the way to the data is guarded before there is a shell: %s %s', (path, expected) => {
  expect(matches('embed-api', path)).toBe(expected);
  expect(http.routers['embed-api']?.priority).toBeGreaterThan(http.routers['embed-shells']?.priority ?? Infinity);
});

test.each([
  ['/assets/style.css', true],
  ['/assets/fonts/logo@2x-B_9~.png', true],
  ['/assets/..;/dashboard', false],
  ['/assets/../dashboard', false],
  ['/assets/..\\dashboard', false],
  ['/assets/%252e%252e/dashboard', false],
  ['/assets/．．/dashboard', false],
  ['/assets//dashboard', false],
  ['/ASSETS/x', false],
])('the address of a file is plain: %s %s', (path, expected) => {
  expect(matches('assets', path)).toBe(expected);
});

test.each([
  ['/embed/patients/7', true],
  ['/embed/patients/1234-5678/prescriptions', true],
  ['/embed/patients/sample.pdf/~a_b', true],
  ['/embed/.hidden', false],
  ['/embed/ａpi/x', false],
  ['/embed', false],
  ['/embed/', false],
  ['/embed/../dashboard', false],
  ['/embed/%2e%2e/dashboard', false],
  ['/embed//dashboard', false],
  ['/embed/a;b', false],
  ['/embedded/a', false],
  ['/dashboard/embed/a', false],
])('the address of a shell is plain: %s %s', (path, expected) => {
  expect(matches('embed-shells', path)).toBe(expected);
});

test('no path, query or header is logged', () => {
  const { fields } = started.accessLog;
  expect([fields.defaultMode, fields.headers.defaultMode]).toEqual(['drop', 'drop']);
  expect(Object.keys(fields.names).filter((name) => /Path|Line|Addr|Referer|Agent|Host$/.test(name))).toEqual([
    'ClientHost',
  ]);
});
