// Embed Doctor on the page in the frame: each fault of its headers and its markup, and beside it the page that has none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckId, Verdict } from '../../src/embed-doctor/report.ts';
import { checkOf, examine, troubles, wordsOf } from './doctor.ts';
import { startStub, type Stub, type StubAnswer } from './stub.ts';

const ALLOWING = 'frame-ancestors https://practice.example';

const GOOD = { 'content-security-policy': ALLOWING, 'cache-control': 'no-store' };

let answer: StubAnswer = {};
let stub: Stub;
beforeAll(async () => {
  stub = await startStub(() => answer);
});
afterAll(() => stub.close());

function opened(given: StubAnswer) {
  answer = given;
  return examine(`${stub.url}/embed/patients/sample`);
}

test('a page that may be framed has nothing to mend', async () => {
  const report = await opened({
    headers: GOOD,
    body: '<img src="/a.png"><script src="https://cdn.example/a.js"></script>',
  });
  expect(troubles(report)).toEqual({});
  expect(report).toMatchObject({ kind: 'page', ok: true, link_spent: null, session_ended: null });
  const about_frame = report.checks.filter(({ about }) => about === 'frame').map(({ verdict }) => verdict);
  expect(new Set(about_frame)).toEqual(new Set(['ok']));
  expect(checkOf(report, 'link').verdict).toBe('not-checked');
});

type Case = [what: string, answer: StubAnswer, check: CheckId, verdict: Verdict, says: RegExp];

const withHeaders = (headers: StubAnswer['headers']): StubAnswer => ({ headers: { ...GOOD, ...headers } });
const withBody = (body: string): StubAnswer => ({ headers: GOOD, body });
const withPolicy = (policy: string): StubAnswer => withHeaders({ 'content-security-policy': policy });

const CASES: Case[] = [
  ['where nobody is signed in', { status: 401, headers: GOOD }, 'page-status', 'not-checked', /Give a link/],
  ['that is not there', { status: 404, headers: GOOD }, 'page-status', 'fault', /answers 404[^]*another redirect_path/],
  ['that is broken', { status: 502, headers: GOOD }, 'page-status', 'fault', /answers 502/],
  [
    'that is not HTML',
    withHeaders({ 'content-type': 'application/json' }),
    'page-status',
    'warning',
    /application\/json/,
  ],
  [
    'that is not HTML is not read',
    withHeaders({ 'content-type': 'application/pdf' }),
    'mixed-content',
    'not-checked',
    /not HTML/,
  ],

  [
    'that nobody may frame',
    withPolicy("frame-ancestors 'none'"),
    'frame-ancestors',
    'fault',
    /does not allow https:\/\/practice/,
  ],
  [
    'for another page',
    withPolicy('frame-ancestors https://other.example'),
    'frame-ancestors',
    'fault',
    /x-auth-content/,
  ],
  ['for its own origin', withPolicy("frame-ancestors 'self'"), 'frame-ancestors', 'fault', /'self' does not allow/],
  [
    'with two policies, one of which refuses',
    withPolicy(`${ALLOWING}, frame-ancestors 'self'`),
    'frame-ancestors',
    'fault',
    /There are 2 policies/,
  ],
  ['for everybody', withPolicy('frame-ancestors *'), 'frame-ancestors', 'warning', /lets any page show it/],
  ['for every https page', withPolicy('frame-ancestors https:'), 'frame-ancestors', 'warning', /lets any page show it/],
  [
    'without a policy',
    withHeaders({ 'content-security-policy': "default-src 'self'" }),
    'frame-ancestors',
    'warning',
    /no frame-ancestors/,
  ],
  [
    'whose frame-ancestors is in a meta',
    {
      headers: { 'cache-control': 'no-store' },
      body: `<meta http-equiv="Content-Security-Policy" content="${ALLOWING}">`,
    },
    'frame-ancestors',
    'warning',
    /meta element, where browsers ignore it/,
  ],
  [
    'with a policy that is only reported',
    withHeaders({ 'content-security-policy-report-only': "frame-ancestors 'none'" }),
    'frame-ancestors',
    'ok',
    /practice/,
  ],

  [
    'with X-Frame-Options alone',
    { headers: { 'x-frame-options': 'DENY', 'cache-control': 'no-store' } },
    'x-frame-options',
    'fault',
    /DENY[^]*No page of another origin/,
  ],
  [
    'with X-Frame-Options beside a policy',
    withHeaders({ 'x-frame-options': 'SAMEORIGIN' }),
    'x-frame-options',
    'warning',
    /old ones do not/,
  ],

  [
    'with a sandbox',
    withPolicy(`${ALLOWING}; sandbox allow-scripts`),
    'isolation',
    'fault',
    /allow-same-origin, allow-forms/,
  ],
  [
    'with a sandbox that allows all it needs',
    withPolicy(`${ALLOWING}; sandbox allow-scripts allow-same-origin allow-forms`),
    'isolation',
    'ok',
    /^$/,
  ],
  [
    'of its own origin alone',
    withHeaders({ 'cross-origin-resource-policy': 'same-origin' }),
    'isolation',
    'warning',
    /Cross-Origin-Resource-Policy: same-origin/,
  ],
  [
    'of its own site alone',
    withHeaders({ 'cross-origin-resource-policy': 'same-site' }),
    'isolation',
    'warning',
    /same-site/,
  ],
  [
    'that opens no windows to others',
    withHeaders({ 'cross-origin-opener-policy': 'same-origin' }),
    'isolation',
    'ok',
    /^$/,
  ],

  [
    'without clipboard',
    withHeaders({ 'permissions-policy': 'geolocation=(), clipboard-write=()' }),
    'permissions',
    'warning',
    /takes clipboard-write away/,
  ],
  [
    'without passkeys',
    withHeaders({ 'permissions-policy': 'publickey-credentials-get=("https://other.example")' }),
    'permissions',
    'warning',
    /publickey-credentials-get/,
  ],
  [
    'with clipboard and passkeys',
    withHeaders({ 'permissions-policy': 'clipboard-write=(self), publickey-credentials-get=*' }),
    'permissions',
    'ok',
    /^$/,
  ],

  [
    'without Cache-Control',
    { headers: { 'content-security-policy': ALLOWING } },
    'caching',
    'warning',
    /no Cache-Control/,
  ],
  [
    'that a browser may keep',
    withHeaders({ 'cache-control': 'private, max-age=60' }),
    'caching',
    'warning',
    /private, max-age=60/,
  ],
  [
    'that caches may keep',
    withHeaders({ 'cache-control': 'max-age=60', vary: 'Accept' }),
    'caching',
    'fault',
    /by Accept alone/,
  ],
  ['out of a cache', withHeaders({ age: '12' }), 'caching', 'fault', /came out of a cache/],
  ['out of a CDN’s cache', withHeaders({ 'x-cache': 'Hit from cloud' }), 'caching', 'fault', /came out of a cache/],

  [
    'with a script of http',
    withBody('<script src="http://cdn.example/a.js?v=1"></script>'),
    'mixed-content',
    'fault',
    /<script> http:\/\/cdn\.example\/…\?…/,
  ],
  [
    'with a style sheet of http',
    withBody('<link rel="stylesheet" href="http://cdn.example/a.css">'),
    'mixed-content',
    'fault',
    /<link>/,
  ],
  [
    'with a form to http',
    withBody('<form action="http://portal.example/send"></form>'),
    'mixed-content',
    'fault',
    /<form>/,
  ],
  [
    'with a relative script below an http base',
    withBody('<base href="http://cdn.example/"><script src="a.js"></script>'),
    'mixed-content',
    'fault',
    /cdn\.example/,
  ],
  ['with an image of http', withBody('<img src="http://cdn.example/a.png">'), 'mixed-content', 'warning', /<img>/],
  [
    'that upgrades requests',
    {
      headers: { ...GOOD, 'content-security-policy': `${ALLOWING}; upgrade-insecure-requests` },
      body: '<script src="http://cdn.example/a.js"></script>',
    },
    'mixed-content',
    'ok',
    /^$/,
  ],
  [
    'with a link to http, and a script in a template',
    withBody(
      '<a href="http://a.example">a</a><link rel="canonical" href="http://a.example"><template><script src="http://a.example/a.js"></script></template>',
    ),
    'mixed-content',
    'ok',
    /^$/,
  ],
];

describe('a page', () => {
  test.each(CASES)('%s', async (_, given, check, verdict, says) => {
    const report = await opened(given);
    expect(checkOf(report, check).verdict, wordsOf(report, check)).toBe(verdict);
    expect(wordsOf(report, check)).toMatch(says);
    expect(checkOf(report, check).mended_by === null).toBe(verdict === 'ok' || verdict === 'not-checked');
  });
});

test('a page nested without end is read all the same', async () => {
  const report = await opened(withBody(`${'<div>'.repeat(100_000)}<script src="http://cdn.example/a.js"></script>`));
  expect(checkOf(report, 'mixed-content').verdict).toBe('fault');
});

test('what a server sends is shown in one line, without what a terminal would obey', async () => {
  const report = await opened(withBody('<script src="http://cdn.example/&#27;[31mred\u202e"></script>'));
  expect(/[\p{Cc}\p{Cf}]/u.test(JSON.stringify(report))).toBe(false);
  const long = await opened(withPolicy(`frame-ancestors ${'https://a.example '.repeat(100)}`));
  expect(wordsOf(long, 'frame-ancestors').length).toBeLessThan(800);
});
