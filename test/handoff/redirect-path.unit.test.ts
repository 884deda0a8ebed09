import { posix } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { RedirectPathFault, RedirectPathRules } from '../../src/handoff/redirect-path.ts';
import { isEmbedPath, judgeRedirectPath } from '../../src/handoff/redirect-path.ts';
import { isUnderPrefix } from '../../src/partners/path-prefixes.ts';
import { escapedList, hostilePaths, list } from './hostile-redirect-paths.ts';

const portal: RedirectPathRules = {
  portal_origin: 'https://portal.example.test',
  allowed_prefixes: ['/dashboard', '/embed'],
  own_paths: ['/auth', '/v1', '/.well-known', '/errors'],
};
const anywhere: RedirectPathRules = { ...portal, allowed_prefixes: ['/'] };

// Each value beside its nearest acceptable neighbour, so that no check passes its test by refusing too much.
const neighbours: Record<RedirectPathFault, readonly (readonly [refused: unknown, accepted: string])[]> = {
  missing: [[undefined, '/dashboard']],
  wrong_type: [[['/dashboard'], '/dashboard']],
  empty: [['', '/dashboard']],
  too_long: [
    [`/dashboard?${'a'.repeat(2_038)}`, `/dashboard?${'a'.repeat(2_037)}`],
    [`/dashboard/${'a'.repeat(2_038)}`, `/dashboard/${'a'.repeat(2_037)}`],
  ],
  not_absolute: [
    ['dashboard', '/dashboard'],
    ['https://portal.example.test/dashboard', '/dashboard'],
  ],
  network_path: [
    ['//dashboard', '/dashboard//'],
    ['/\\dashboard', '/dashboard'],
  ],
  backslash: [
    ['/dashboard\\x', '/dashboard/x'],
    ['/dashboard?q=\\', '/dashboard?q=%5C'],
  ],
  control_character: [
    ['/dashboard?q=a\nb', '/dashboard?q=a%0Ab'],
    ['/dashboard?q=\u001f', '/dashboard?q=!'],
    ['/dashboard#\u007f', '/dashboard#~'],
  ],
  space: [['/dashboard/Jane Doe', '/dashboard/Jane%20Doe']],
  non_ascii: [
    ['/dashboard/José', '/dashboard/Jos%C3%A9'],
    ['/dashboard?name=José', '/dashboard?name=Jos%E9'],
  ],
  invalid_percent_escape: [
    ['/dashboard/100%', '/dashboard/100%25'],
    ['/dashboard?q=%4', '/dashboard?q=%4a'],
  ],
  invalid_utf8_escape: [
    ['/dashboard/Jos%E9', '/dashboard/Jos%C3%A9'],
    ['/dashboard/%c0%ae', '/dashboard?x=%c0%ae'],
  ],
  encoded_separator: [
    ['/dashboard/a%2Fb', '/dashboard/a%2Db'],
    ['/dashboard/a%5cb', '/dashboard/a%5bb'],
    ['/dashboard/a%252fb', '/dashboard?x=a%252fb'],
    ['/dashboard/%ef%bc%8f', '/dashboard/%ef%bc%90'],
  ],
  encoded_control_character: [
    ['/dashboard/%1f', '/dashboard/%20'],
    ['/dashboard/%7f', '/dashboard/%7e'],
    ['/dashboard/%0d%0a', '/dashboard#%0d%0a'],
  ],
  dot_segment: [
    ['/dashboard/..', '/dashboard/...'],
    ['/dashboard/.', '/dashboard/.x'],
    ['/dashboard/%2e%2e', '/dashboard/%2e%2ex'],
    ['/dashboard/..;x', '/dashboard/x;..'],
    ['/dashboard/..%3fx', '/dashboard/x%3f..'],
    ['/dashboard/..?x', '/dashboard?/../x'],
  ],
  nested_percent_encoding: [
    ['/dashboard/%25252541', '/dashboard/%252541'],
    ['/dashboard/%25252541', '/dashboard?x=%25252541'],
  ],
  leaves_portal: [], // the rules' fault, never the value's: tested below
  changed_by_url_parser: [
    ['/dashboard/{id}', '/dashboard/%7Bid%7D'],
    ['/dashboard/"x"', "/dashboard/'x'"],
    ['/dashboard/<', '/dashboard/|'],
  ],
  not_allowed_prefix: [
    ['/dashboards', '/dashboard/s'],
    ['/Embed', '/embed'],
    ['/', '/embed/'],
  ],
  own_path: [
    ['/auth', '/author'],
    ['/V1/token', '/v10/token'],
    ['/%61uth', '/x/%61uth'],
    ['/auth?x', '/x?/auth'],
    ['/errors//x', '/error/s'],
    ['/.well-known;x', '/well-known;x'],
  ],
};

const patient = '/dashboard/patients/1234-5678-3456-2345';
const embedded = '/embed/patients/1234-5678-3456-2345/prescriptions';
const benignPaths = list(`
  /dashboard /dashboard/ /embed /embed/prescriptions/approval /dashboard? /dashboard# /dashboard?# ${patient}
  ${patient}/prescriptions ${embedded} ${embedded}/rx_01J9ZK3T ${embedded}/4f0c2a9e-6f5b-4c7e-9a77
  ${patient}?tab=scripts&draft=1 ${patient}/prescriptions?medicine=amoxicillin%20500mg#new ${embedded}?dark#top
  /embed/prescriptions/approval?ids=1,2,3&return=%2Fx%0A /embed/prescriptions/approval#row-3 ${embedded}/1?a=b?c=d
  /dashboard?return=%2Fdashboard%2F..%2Fauth /dashboard?next=https://example.test//x /dashboard?next=//example.test
  /dashboard?q=%00%ff%c0%ae /dashboard?a=%252e%252e /dashboard#/patients/../x /dashboard#//x /dashboard?/../..
  /dashboard?name=O'Brien /dashboard?a[]=1&a[]=2 /dashboard?a={"b":1} /dashboard?a=b+c /dashboard?a=<b>
  /dashboard/Jos%C3%A9 /dashboard/%E5%B1%B1%E7%94%B0 /dashboard/%F0%9F%98%80 /dashboard/e%cc%81 /dashboard/100%25
  /dashboard/50%25%20off /dashboard/a%2520b /dashboard/a%3Fb /dashboard/a%23b /dashboard/... /dashboard/a..b
  /dashboard/..a /dashboard/a.. /dashboard/.hidden /dashboard/v1.2 /dashboard//x /dashboard/x// /dashboard/a;b=c
  /dashboard/a:b@c /dashboard/!$&'()*+,;=-._~ /dashboard/[1]|2 /dashboard/auth /dashboard/v1/errors /embed/.well-known`);

describe('a redirect_path is refused', () => {
  const pairs = Object.entries(neighbours).flatMap(([code, rows]) =>
    rows.map(([refused, accepted]) => ({ code, refused, accepted, rules: code === 'own_path' ? anywhere : portal })),
  );

  test.each(pairs)(
    'as $code, but not its nearest acceptable neighbour ($refused)',
    ({ code, refused, accepted, rules }) => {
      expect(judgeRedirectPath(refused, rules)).toMatchObject({ ok: false, code });
      expect(judgeRedirectPath(accepted, rules)).toEqual({ ok: true, redirect_path: accepted });
    },
  );

  const hostile = Object.entries(hostilePaths).map(([code, values]) => {
    const rules = code === 'not_allowed_prefix' ? portal : anywhere;
    return { code, verdicts: values.map((value) => ({ value, verdict: judgeRedirectPath(value, rules) })) };
  });

  test.each(hostile)('as $code for every hostile value of that kind', ({ code, verdicts }) => {
    const mistaken = verdicts.filter(({ verdict }) => verdict.ok || verdict.code !== code);
    expect(mistaken).toEqual([]);
    expect(new Set(verdicts.map(({ value }) => value)).size).toBe(verdicts.length);
  });

  test.each(hostile)(
    'as $code in one sentence that begins with the field and holds nothing of the value',
    ({ verdicts }) => {
      const messages = new Set(verdicts.map(({ verdict }) => (verdict.ok ? '' : verdict.message)));
      expect(messages.size).toBeLessThanOrEqual(1); // the same words for every value cannot hold any part of one
      for (const message of messages) expect(message).toMatch(/^redirect_path (is|must) [^.\n]+/);
    },
  );

  test('with the allowed prefixes named when it lies outside them', () => {
    expect(judgeRedirectPath('/patients/1234', portal)).toMatchObject({
      message: 'redirect_path must be or lie under one of: /dashboard, /embed',
    });
  });

  test('whatever it is, if the rules name no true origin, no prefix, or the whole portal as our own', () => {
    const origins = ['https://portal.example.test/', 'https://user@portal.example.test', 'portal://x', 'no origin', ''];
    for (const portal_origin of origins) {
      const verdict = judgeRedirectPath('/dashboard', { ...portal, portal_origin });
      expect({ portal_origin, verdict }).toMatchObject({ verdict: { ok: false, code: 'leaves_portal' } });
    }
    for (const allowed_prefixes of [[], ['']]) {
      const verdict = judgeRedirectPath('/dashboard', { ...portal, allowed_prefixes });
      expect(verdict).toMatchObject({ ok: false, code: 'not_allowed_prefix' });
    }
    expect(judgeRedirectPath('/dashboard', { ...portal, own_paths: ['/'] })).toMatchObject({
      ok: false,
      code: 'own_path',
    });
    expect(judgeRedirectPath('/dashboard', portal)).toMatchObject({ ok: true });
  });

  test('on an own path inside an allowed prefix, however the rules spell it', () => {
    for (const own of ['/dashboard/sign-out', '/dashboard/sign-out/', '/Dashboard//Sign-Out']) {
      const rules = { ...portal, own_paths: [own] };
      expect(judgeRedirectPath('/dashboard//SIGN-out/now', rules)).toMatchObject({ ok: false, code: 'own_path' });
      expect(judgeRedirectPath('/dashboard/sign-outs', rules)).toMatchObject({ ok: true });
    }
  });
});

describe('a redirect_path is accepted', () => {
  test.each(benignPaths)('byte for byte: %s', (path) => {
    expect(judgeRedirectPath(path, portal)).toEqual({ ok: true, redirect_path: path });
  });

  test('from one character up to 2,048', () => {
    for (const path of ['/', `/${'a'.repeat(2_047)}`, `/${'a/'.repeat(1_023)}b`, `/?${'%00'.repeat(682)}`]) {
      expect(judgeRedirectPath(path, anywhere)).toEqual({ ok: true, redirect_path: path });
    }
  });
});

describe('a path lies under a prefix', () => {
  test.each([
    {
      prefix: '/a',
      under: ['/a', '/a/', '/a/b', '/a//'],
      outside: ['/ab', '/', '/A', '/b/a', 'a', '', '/a?b', '/%61'],
    },
    { prefix: '/a/', under: ['/a/', '/a/b'], outside: ['/a', '/ab'] },
    { prefix: '/', under: ['/', '/a', '//'], outside: ['', 'a'] },
    { prefix: '', under: [], outside: ['', '/', '/a'] },
  ])('"$prefix"', ({ prefix, under, outside }) => {
    expect([...under, ...outside].filter((path) => isUnderPrefix(path, prefix))).toEqual(under);
  });

  test('and is made for an iframe under /embed only', () => {
    const embedPages = list('/embed /embed/ /embed/x /embed?x /embed#x /embed?/../dashboard /embed/x?a#b');
    const others = list('/embedded /embed-x /Embed /dashboard/embed /?/embed /dashboard#/embed / embed');
    expect([...embedPages, ...others].filter((path) => isEmbedPath(path))).toEqual(embedPages);
  });
});

const isWithin = (path: string, prefix: string) => prefix === '/' || path === prefix || path.startsWith(`${prefix}/`);

/** What must be true of an accepted path, said without the code under test. */
function expectSafe(path: string, rules: RedirectPathRules): void {
  const written = path.replace(/[?#].*$/, '');
  const once = new URL(path, rules.portal_origin);
  const twice = new URL(once.pathname + once.search + once.hash, once);
  for (const { origin, username, password, pathname } of [once, twice]) {
    expect([origin, username + password, pathname]).toEqual([rules.portal_origin, '', written]);
  }
  expect(rules.allowed_prefixes.some((prefix) => isWithin(written, prefix))).toBe(true);
  expect(path).toMatch(/^\/[!-~]{0,2047}$/);
  expect(new Headers({ location: path }).get('location')).toBe(path);
  // Servers that decode no, one, two or three times and only then resolve dots and merge slashes.
  for (let decodings = 0, decoded = written; decodings <= 3; decodings += 1) {
    const routed = posix.normalize(decoded);
    expect(new URL(decoded, rules.portal_origin).origin).toBe(rules.portal_origin);
    expect(rules.allowed_prefixes.some((prefix) => isWithin(routed, prefix))).toBe(true);
    const bare = routed.toLowerCase().replace(/[;?#].*$/, '');
    expect(rules.own_paths.some((own) => isWithin(bare, own))).toBe(false);
    decoded = decodeURIComponent(decoded.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  }
}

const harmless = list('/ a dashboard embed patients 1234 - ? # = & ; : @ %20 %C3%A9');
const dangerous = escapedList(String.raw`
  // . .. /.. /../ /./ ..; ;x %2e %2E %252e %2f %2F %252f %5c %25 % 25 2e 2f %61uth auth AUTH v1 .well-known errors
  %3f %23 %3b %00 %0d%0a \\ \t \r\n \u0000 \u0020 é \u2028 \ud800 %c0%ae %e9 %ef%bc%8e %ef%bc%8f %e2%80%a5 \" < { |
  evil.test https: javascript: %2525 %cc%87 %u002e`);
const hostileBiased = fc
  .tuple(
    fc.constantFrom('/', '/', '/dashboard', '/dashboard/', '/embed/', ''),
    fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(...harmless) },
        { weight: 2, arbitrary: fc.constantFrom(...dangerous) },
      ),
      { maxLength: 10 },
    ),
  )
  .map(([start, tokens]) => start + tokens.join(''));

const plainPath = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...list('dashboard Dashboard dashboards dash embed EMBED auth Auth author v1 V1 v10 errors Errors'),
      ),
      fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((segments) => `/${segments.join('/')}`);

const anyText = fc.string({ unit: 'grapheme', maxLength: 40 }).map(encodeURIComponent);
const benignSegment = fc
  .tuple(
    fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
    fc.constantFrom('', '.', '..', '~', '%20x', '%C3%A9', ':@', ';v=1', '%25'),
  )
  .map(([name, end]) => name + end);
const benignPath = fc
  .record({
    start: fc.constantFrom('/dashboard', '/embed'),
    segments: fc.array(benignSegment, { maxLength: 8 }),
    query: fc.option(fc.array(fc.tuple(anyText, anyText), { maxLength: 4 })),
    fragment: fc.option(anyText),
  })
  .map(({ start, segments, query, fragment }) => {
    const search = query === null ? '' : `?${query.map(([name, value]) => `${name}=${value}`).join('&')}`;
    return [start, ...segments].join('/') + search + (fragment === null ? '' : `#${fragment}`);
  })
  .filter((path) => path.length <= 2_048);

describe('for any redirect_path', () => {
  test('what is accepted is safe for every reader, and enough is accepted for that to mean something', () => {
    let accepted = 0;
    const runs = 10_000;
    const sample = fc.property(fc.constantFrom(portal, anywhere), hostileBiased, (rules, path) => {
      const verdict = judgeRedirectPath(path, rules);
      if (!verdict.ok) return;
      accepted += 1;
      expect(verdict.redirect_path).toBe(path);
      expectSafe(path, rules);
    });
    fc.assert(sample, { numRuns: runs });
    expect(accepted / runs).toBeGreaterThan(0.1);
    expect(accepted / runs).toBeLessThan(0.6); // and enough is refused for the samples to deserve their name
  });

  // Plain paths are judged by fewer checks. A slash at the end, or an escape in the query, makes the same path an address that all
  // of them look at.
  test('a plain path is judged as any other way to write the same address', () => {
    const codes = new Set<string>();
    const nowhere = { ...anywhere, portal_origin: 'https://portal.example.test/' };
    fc.assert(
      fc.property(fc.constantFrom(portal, anywhere, nowhere), plainPath, (rules, path) => {
        const verdict = judgeRedirectPath(path, rules);
        codes.add(verdict.ok ? 'ok' : verdict.code);
        for (const written of [`${path}/`, `${path}?a=%20`, `${path}//?/#`]) {
          const expected = verdict.ok ? { ...verdict, redirect_path: written } : verdict;
          expect(judgeRedirectPath(written, rules)).toEqual(expected);
        }
        if (verdict.ok) expectSafe(path, rules);
      }),
      { numRuns: 2_000 },
    );
    expect([...codes].toSorted()).toEqual(['leaves_portal', 'not_allowed_prefix', 'ok', 'own_path']);
  });

  test('ordinary pages with ordinary queries are always accepted, and are safe', () => {
    fc.assert(
      fc.property(benignPath, (path) => {
        expect(judgeRedirectPath(path, portal)).toEqual({ ok: true, redirect_path: path });
        expectSafe(path, portal);
      }),
      { numRuns: 2_000 },
    );
  });

  test('what is accepted comes back byte for byte from the redirect= parameter', () => {
    fc.assert(
      fc.property(fc.oneof(benignPath, hostileBiased), (path) => {
        fc.pre(judgeRedirectPath(path, portal).ok);
        for (const encoded of [
          new URLSearchParams({ redirect: path }).toString(),
          `redirect=${encodeURIComponent(path)}`,
        ]) {
          const link = new URL(`https://portal.example.test/auth/sso?token=x&${encoded}`);
          expect(link.searchParams.get('redirect')).toBe(path);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('and any other value there is a verdict, never an exception', () => {
    const value = fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true }), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(value, (anything) => {
        expect(judgeRedirectPath(anything, anywhere)).toHaveProperty('ok');
      }),
    );
  });
});

describe('the work is bounded', () => {
  test('nothing is decoded, resolved or looked up for a value that is too long', () => {
    const decode = vi.spyOn(globalThis, 'decodeURIComponent');
    const parse = vi.spyOn(URL, 'parse');
    const untouchable = new Proxy(portal, {
      get: () => {
        throw new Error('the rules were read');
      },
    });
    expect(judgeRedirectPath(`/dashboard/%${'25'.repeat(2_000)}2f`, untouchable)).toMatchObject({ code: 'too_long' });
    expect([decode.mock.calls.length, parse.mock.calls.length]).toEqual([0, 0]);
    vi.restoreAllMocks();
  });

  test('a path is decoded at most four times, however deep its encoding goes', () => {
    const decode = vi.spyOn(globalThis, 'decodeURIComponent');
    expect(judgeRedirectPath(`/%${'25'.repeat(1_020)}2f`, anywhere)).toMatchObject({ code: 'nested_percent_encoding' });
    expect(decode).toHaveBeenCalledTimes(4);
    vi.restoreAllMocks();
  });
});
