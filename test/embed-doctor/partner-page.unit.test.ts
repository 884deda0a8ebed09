// Embed Doctor on the page around the frame: each fault of its headers, its metas and its iframe, and beside it the page that has none.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CheckId, Verdict } from '../../src/embed-doctor/report.ts';
import { checkOf, examine, troubles, wordsOf } from './doctor.ts';
import { startStub, type Stub, type StubAnswer } from './stub.ts';

let portal_answer: StubAnswer = {};
let page_answer: (path: string) => StubAnswer = () => ({});
let portal: Stub;
let practice: Stub;
beforeAll(async () => {
  [portal, practice] = await Promise.all([startStub(() => portal_answer), startStub((path) => page_answer(path))]);
});
afterAll(() => Promise.all([portal.close(), practice.close()]));

const framable = () => ({
  'content-security-policy': `frame-ancestors ${practice.url}`,
  'cache-control': 'no-store',
});

async function opened(answer: StubAnswer | ((path: string) => StubAnswer), more: StubAnswer['headers'] = {}) {
  portal_answer = { headers: { ...framable(), ...more } };
  page_answer = typeof answer === 'function' ? answer : () => answer;
  const page = new URL(`${practice.url}/patients/sample?tab=1`);
  return examine(`${portal.url}/embed/sample`, { page_origin: practice.url, page });
}

const ALLOW = 'clipboard-write; publickey-credentials-get; publickey-credentials-create';

/** The iframe as it should be, with what a test changes. */
function iframe(attributes: string, src = `${portal.url}/embed/sample`): string {
  return `<iframe src="${src}" title="Sample" allow="${ALLOW}" ${attributes}></iframe>`;
}

const SCRIPT = '<script type="module" src="/scripts/handoff-embed.js"></script>';

test('a page that does everything right has nothing to mend', async () => {
  const policy = `default-src 'none'; script-src 'self'; frame-src ${portal.url}`;
  const headers = { 'content-security-policy': policy, 'referrer-policy': 'strict-origin-when-cross-origin' };
  const report = await opened({ headers, body: `${SCRIPT}${iframe('')}` });
  expect(troubles(report)).toEqual({});
  const about_page = report.checks.filter(({ about }) => about === 'page').map(({ verdict }) => verdict);
  expect(new Set(about_page)).toEqual(new Set(['ok']));
  expect(report.page).toBe(`${practice.url}/patients/…?…`);
});

test('the page is asked for as a browser opens it in a tab', async () => {
  await opened({});
  expect(practice.requests.at(-1)?.headers).toMatchObject({ 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' });
  expect(practice.requests.at(-1)?.headers.referer).toBeUndefined();
});

type Case = {
  what: string;
  answer: () => StubAnswer | ((path: string) => StubAnswer);
  portal?: StubAnswer['headers'];
  check: CheckId;
  verdict: Verdict;
  says: RegExp;
};

const policy =
  (text: () => string, body = '') =>
  () => ({ headers: { 'content-security-policy': text() }, body });
const markup =
  (body: () => string, headers = {}) =>
  () => ({ headers, body: body() });
const REFERRER = { 'referrer-policy': 'no-referrer' };

const READING: Case[] = [
  {
    what: 'that needs a sign-in',
    answer: () => ({ status: 401 }),
    check: 'partner-page',
    verdict: 'not-checked',
    says: /answers 401[^]*behind a sign-in/,
  },
  {
    what: 'that is not there',
    answer: () => ({ status: 404 }),
    check: 'partner-page',
    verdict: 'fault',
    says: /answers 404/,
  },
  {
    what: 'that is no page',
    answer: () => ({ headers: { 'content-type': 'application/json' } }),
    check: 'partner-page',
    verdict: 'fault',
    says: /not with a page/,
  },
  {
    what: 'that leads to a sign-in elsewhere',
    answer: () => ({ status: 302, headers: { location: 'https://sign-in.example/?next=x' } }),
    check: 'partner-page',
    verdict: 'not-checked',
    says: /leads to https:\/\/sign-in\.example\/\?…/,
  },
  {
    what: 'that leads on and on',
    answer: () => ({ status: 302, headers: { location: '/again' } }),
    check: 'partner-page',
    verdict: 'not-checked',
    says: /on and on/,
  },
  {
    what: 'that leads to another page',
    answer: () => (path: string) => (path === '/sign-in' ? {} : { status: 302, headers: { location: '/sign-in' } }),
    check: 'partner-page',
    verdict: 'warning',
    says: /perhaps a page to sign in/,
  },
];

const POLICIES: Case[] = [
  {
    what: 'whose frame-src leaves the portal out',
    answer: policy(() => 'frame-src https://other.example; child-src *; default-src *'),
    check: 'partner-frames',
    verdict: 'fault',
    says: /frame-src https:\/\/other\.example does not allow/,
  },
  {
    what: 'whose child-src leaves it out',
    answer: policy(() => "child-src 'self'; default-src *"),
    check: 'partner-frames',
    verdict: 'fault',
    says: /child-src 'self' does not allow/,
  },
  {
    what: 'whose default-src leaves it out',
    answer: policy(() => "default-src 'self'"),
    check: 'partner-frames',
    verdict: 'fault',
    says: /default-src 'self' does not allow/,
  },
  {
    what: 'whose frame-src allows another path of it',
    answer: policy(() => `frame-src ${portal.url}/auth/`),
    check: 'partner-frames',
    verdict: 'fault',
    says: /\/auth\/ does not allow/,
  },
  {
    what: 'with two policies, one of which leaves it out',
    answer: policy(() => `frame-src ${portal.url}, frame-src 'self'`),
    check: 'partner-frames',
    verdict: 'fault',
    says: /frame-src 'self' does not allow/,
  },
  {
    what: 'whose meta leaves it out',
    answer: markup(() => `<meta http-equiv="content-security-policy" content="frame-src 'none'">`),
    check: 'partner-frames',
    verdict: 'fault',
    says: /frame-src 'none'/,
  },
  {
    what: 'whose policy allows it',
    answer: policy(() => `default-src 'none'; frame-src 'self' ${portal.url}`),
    check: 'partner-frames',
    verdict: 'ok',
    says: /^$/,
  },
  {
    what: 'whose script-src leaves handoff-embed out',
    answer: policy(() => 'script-src https://cdn.example', SCRIPT),
    check: 'partner-scripts',
    verdict: 'fault',
    says: /script-src https:\/\/cdn\.example does not allow http:\/\/127\.0\.0\.1:\d+\/scripts\/…/,
  },
  {
    what: 'that allows no script',
    answer: policy(() => "default-src 'none'"),
    check: 'partner-scripts',
    verdict: 'fault',
    says: /allows no script at all/,
  },
  {
    what: 'that allows the script by a nonce',
    answer: policy(
      () => "script-src 'nonce-sample' 'strict-dynamic'",
      '<script nonce="sample" src="https://cdn.example/handoff-embed.global.js"></script>',
    ),
    check: 'partner-scripts',
    verdict: 'ok',
    says: /^$/,
  },
  {
    what: 'that names no handoff-embed',
    answer: markup(() => '<script src="/bundle.js"></script>'),
    check: 'partner-scripts',
    verdict: 'not-checked',
    says: /may be bundled/,
  },
  {
    what: 'that keeps the clipboard to itself',
    answer: markup(() => '', { 'permissions-policy': 'clipboard-write=(self)' }),
    check: 'partner-permissions',
    verdict: 'warning',
    says: /clipboard-write=\(self "http:\/\/127\.0\.0\.1:\d+"\)/,
  },
  {
    what: 'that passes everything on',
    answer: () => ({ headers: { 'permissions-policy': `clipboard-write=(self "${portal.url}"), camera=()` } }),
    check: 'partner-permissions',
    verdict: 'ok',
    says: /^$/,
  },
  {
    what: 'that isolates itself',
    answer: markup(() => '', { 'cross-origin-embedder-policy': 'require-corp' }),
    check: 'partner-isolation',
    verdict: 'fault',
    says: /Cross-Origin-Embedder-Policy: require-corp/,
  },
  {
    what: 'that isolates itself without credentials',
    answer: markup(() => '', { 'cross-origin-embedder-policy': 'credentialless' }),
    check: 'partner-isolation',
    verdict: 'fault',
    says: /credentialless/,
  },
  {
    what: 'that isolates itself as the portal does',
    answer: markup(() => '', { 'cross-origin-embedder-policy': 'require-corp' }),
    portal: { 'cross-origin-embedder-policy': 'require-corp', 'cross-origin-resource-policy': 'cross-origin' },
    check: 'partner-isolation',
    verdict: 'ok',
    says: /require-corp/,
  },
];

const REFERRERS: Case[] = [
  {
    what: 'with no-referrer and an iframe without a policy of its own',
    answer: markup(() => iframe(''), REFERRER),
    check: 'partner-referrer',
    verdict: 'fault',
    says: /no-referrer keeps the page’s origin/,
  },
  {
    what: 'with no-referrer and an iframe with one',
    answer: markup(() => iframe('referrerpolicy="strict-origin"'), REFERRER),
    check: 'partner-referrer',
    verdict: 'ok',
    says: /^$/,
  },
  {
    what: 'whose iframe says no-referrer',
    answer: markup(() => iframe('referrerpolicy="no-referrer"')),
    check: 'partner-referrer',
    verdict: 'fault',
    says: /no-referrer/,
  },
  {
    what: 'with same-origin in a meta',
    answer: markup(() => `<meta name="referrer" content="same-origin">${iframe('')}`),
    check: 'partner-referrer',
    verdict: 'fault',
    says: /same-origin/,
  },
  {
    what: 'with no-referrer, and no iframe in the markup',
    answer: markup(() => '', REFERRER),
    check: 'partner-referrer',
    verdict: 'warning',
    says: /referrerpolicy=/,
  },
  {
    what: 'with no-referrer, and handoff-embed',
    answer: markup(() => SCRIPT, REFERRER),
    check: 'partner-referrer',
    verdict: 'ok',
    says: /handoff-embed sets/,
  },
  {
    what: 'with several policies, of which the last that is known counts',
    answer: markup(() => iframe(''), { 'referrer-policy': 'no-referrer, strict-origin, sometimes' }),
    check: 'partner-referrer',
    verdict: 'ok',
    says: /^$/,
  },
  {
    what: 'that tells the whole address',
    answer: markup(() => iframe(''), { 'referrer-policy': 'unsafe-url' }),
    check: 'partner-referrer',
    verdict: 'warning',
    says: /may name a patient/,
  },
];

const IFRAMES: Case[] = [
  {
    what: 'whose sandbox takes scripts and cookies away',
    answer: markup(() => iframe('sandbox="allow-forms allow-popups"')),
    check: 'partner-iframe',
    verdict: 'fault',
    says: /sandbox lacks allow-scripts, allow-same-origin\./,
  },
  {
    what: 'whose sandbox takes new tabs away',
    answer: markup(() => iframe('sandbox="allow-scripts allow-same-origin allow-forms"')),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /allow-popups/,
  },
  {
    what: 'without allow',
    answer: markup(() => `<iframe src="${portal.url}/embed/" title="Sample"></iframe>`),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /clipboard-write; publickey-credentials-get/,
  },
  {
    what: 'without a title',
    answer: markup(() => iframe('').replace(/title="[^"]*"/, '')),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /screen readers/,
  },
  {
    what: 'that loads lazily',
    answer: markup(() => iframe('loading="lazy"')),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /may have expired/,
  },
  {
    what: 'without credentials',
    answer: markup(() => iframe('credentialless')),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /no browser keeps a cookie/,
  },
  {
    what: 'with a link in the markup',
    answer: markup(() => iframe('', `${portal.url}/auth/sso?token=sample&amp;redirect=%2Fembed%2F`)),
    check: 'partner-iframe',
    verdict: 'warning',
    says: /as old as the page/,
  },
  {
    what: 'of somebody else',
    answer: markup(() => '<iframe src="https://other.example/"></iframe>'),
    check: 'partner-iframe',
    verdict: 'not-checked',
    says: /a script makes it/,
  },
  { what: 'as it should be', answer: markup(() => iframe('')), check: 'partner-iframe', verdict: 'ok', says: /^$/ },
];

describe.each([
  ['a page', [...READING, ...POLICIES, ...REFERRERS]],
  ['an iframe', IFRAMES],
])('%s', (_, cases) => {
  test.each(cases)('$what: $check', async ({ answer, portal: headers, check, verdict, says }) => {
    const report = await opened(answer(), headers);
    expect(checkOf(report, check).verdict, wordsOf(report, check)).toBe(verdict);
    expect(wordsOf(report, check)).toMatch(says);
    const is_trouble = verdict === 'fault' || verdict === 'warning';
    expect(checkOf(report, check).mended_by).toBe(is_trouble ? 'partner' : null);
  });
});

test('a page of another origin than was given', async () => {
  const page = new URL(practice.url);
  const other = await examine(`${portal.url}/embed/sample`, { page_origin: 'https://practice.example', page });
  expect(checkOf(other, 'partner-origin').verdict).toBe('fault');
  expect(wordsOf(other, 'partner-origin')).toContain(`to register: ${practice.url}`);
});

test('what of the page cannot be read is not guessed', async () => {
  const report = await opened({ status: 401 });
  const about_page = report.checks.filter(({ about }) => about === 'page').map(({ verdict }) => verdict);
  expect(new Set(about_page)).toEqual(new Set(['not-checked']));
  expect(report.ok).toBe(true);
});
