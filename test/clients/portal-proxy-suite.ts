// What holds behind each proxy of docs/proxies, nginx and Caddy alike.

import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { suspendUser } from '../../src/users/user.ts';
import { CLICK, EMBED_PATH, FRAME, mintLink, PATIENT_PATH, PRACTICE_ORIGIN } from '../support/client.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { type Behind, PORTAL_URL, type ProxyAnswer, type ProxyKind, type Seen, startBehind } from './portal-proxy.ts';

const NOBODY_FRAMES = "frame-ancestors 'none'";
const PROBE = '__Host-handoff-probe=1';
const PROBLEM = { accept: 'application/problem+json' };
const SHELL_PATH = '/embed/patients/1234-5678-3456-2345/prescriptions';

export type Suite = {
  kind: ProxyKind;
  /** Leaves the locations of embedded shells out of the recipe. */
  withoutShells: (recipe: string) => string;
};

function sessionCookie(answer: ProxyAnswer): string {
  const set = answer.headers.getSetCookie().find((cookie) => cookie.includes('=ses_'));
  if (set === undefined) throw new Error(`not signed in: ${answer.status}`);
  return set.split(';')[0] ?? '';
}

async function openTab({ handoff, call }: Behind, sample: Sample): Promise<string> {
  const { path } = await mintLink(handoff, sample, PATIENT_PATH);
  const answer = await call(path, { headers: CLICK });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, PATIENT_PATH]);
  return sessionCookie(answer);
}

async function openFrame({ handoff, call }: Behind, sample: Sample): Promise<string> {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  return sessionCookie(await call(path, { headers: { ...FRAME, cookie: PROBE } }));
}

/** By every name that a server of the CGI kind reads as x-auth-… (RFC 3875, 4.1.18). */
const authHeaders = (seen: Seen | undefined) =>
  Object.fromEntries(Object.entries(seen?.headers ?? {}).filter(([name]) => /^x[^a-z\d]auth/.test(name)));

function policyOf({ headers }: ProxyAnswer): string[] {
  return (headers.get('content-security-policy') ?? '').split(',').map((policy) => policy.trim());
}

const slugOf = ({ text }: ProxyAnswer) => (JSON.parse(text) as { type: string }).type.split('/').at(-1);

const FORGED = {
  'x-auth-user-id': 'usr_forged',
  'x-auth-organization-id': 'org_forged',
  'X-Auth-Partner-Id': 'ptr_forged',
  'x-auth-roles': 'admin',
  'x-auth-session-id': 'ses_forged',
  'x-auth-embed': 'false',
  'x-auth-session-jwt': 'forged.session.jwt',
  'x-auth-content-security-policy': 'frame-ancestors *',
  X_Auth_User_Id: 'usr_forged',
  'X-Auth_Roles': 'admin',
  x_auth_embed: 'false',
  ...Object.fromEntries(".!#$%&'*+^`|~".split('').map((sign) => [`X${sign}Auth-User${sign}Id`, 'usr_forged'])),
};

// Some servers fold case, decode twice, take ";" and "\\" for "/", or a letter of another script for one of ASCII's.
const READ_AS_DASHBOARD = [
  '/../dashboard',
  '/..;/dashboard',
  '/..%5cdashboard',
  '/..\\dashboard',
  '/..%2fdashboard',
  '/%2e%2e/dashboard',
  '/%252e%252e/dashboard',
  '/%252e%252e%252fdashboard',
  '/x/../../dashboard',
  '/x%5c..%5c..%5cdashboard',
  '/%EF%BC%8E%EF%BC%8E/dashboard',
  '/%c0%ae%c0%ae/dashboard',
  '//dashboard',
  '/.%00./dashboard',
];

export function describeProxy(name: string, { kind, withoutShells }: Suite): void {
  describe(`${name}, with embedded pages that the portal’s server makes`, () => {
    let behind: Behind;
    let sample: Sample;
    beforeAll(async () => {
      behind = await startBehind(kind, { edit: withoutShells });
      sample = await createSample(behind.handoff.deps);
    });
    afterAll(() => behind.close());
    beforeEach(() => void (behind.portal.seen.length = 0));

    test('somebody who is signed in gets the portal’s page, and the portal is told who it is', async () => {
      const cookie = await openTab(behind, sample);
      const answer = await behind.call(`${PATIENT_PATH}?tab=2`, { headers: { cookie, ...FORGED } });
      expect([answer.status, answer.text]).toEqual([200, 'the portal']);
      const [seen] = behind.portal.seen;
      expect(seen?.url).toBe(`${PATIENT_PATH}?tab=2`);
      const { 'x-auth-session-jwt': jwt, 'x-auth-session-id': session_id, ...rest } = authHeaders(seen);
      expect(rest).toEqual({
        'x-auth-user-id': sample.user_id,
        'x-auth-organization-id': sample.organization_id,
        'x-auth-partner-id': sample.partner_id,
        'x-auth-roles': 'provider',
        'x-auth-embed': 'false',
        'x-auth-content-security-policy': NOBODY_FRAMES,
      });
      expect(decodeJwt(String(jwt))).toMatchObject({
        sub: sample.user_id,
        sid: session_id,
        aud: PORTAL_URL,
        embed: false,
      });
      expect(policyOf(answer).toSorted()).toEqual(["default-src 'self'", NOBODY_FRAMES]);
      expect(answer.headers.get('x-frame-options')).toBeNull();
      expect(answer.headers.getSetCookie()).toEqual(['theme=dark; Path=/', 'size=2; Path=/']);
      expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000');
    });

    test('no client takes away what the portal is told', async () => {
      const cookie = await openTab(behind, sample);
      const connection =
        'close, X-Auth-Roles, X-Auth-Embed, X-Auth-User-Id, X-Auth-Content-Security-Policy, X-Forwarded-Uri';
      const answer = await behind.call(PATIENT_PATH, { headers: { cookie, connection } });
      expect([answer.status, policyOf(answer).includes(NOBODY_FRAMES)]).toEqual([200, true]);
      expect(authHeaders(behind.portal.seen[0])).toMatchObject({
        'x-auth-user-id': sample.user_id,
        'x-auth-roles': 'provider',
        'x-auth-embed': 'false',
        'x-auth-content-security-policy': NOBODY_FRAMES,
      });
    });

    test.each(['x-forwarded-uri', 'x-forwarded-for', 'cookie'])(
      'nor what Handoff is told, an embedded session elsewhere least of all: %s',
      async (header) => {
        const cookie = await openFrame(behind, sample);
        const headers = { cookie, connection: `close, ${header}`, ...PROBLEM };
        const answer = await behind.call(PATIENT_PATH, { headers });
        expect([answer.status, slugOf(answer)]).toEqual([
          401,
          expect.stringMatching(/^session-(embed-only|required)$/),
        ]);
        expect(behind.portal.seen).toEqual([]);
      },
    );

    test('what they send reaches the portal', async () => {
      const cookie = await openTab(behind, sample);
      const options = {
        method: 'POST',
        headers: { cookie, 'content-type': 'text/plain' },
        body: 'a note'.repeat(5_000),
      };
      expect((await behind.call('/dashboard/notes', options)).status).toBe(200);
      expect(behind.portal.seen).toEqual([expect.objectContaining({ method: 'POST', body: options.body })]);
    });

    test.each([
      ['nobody', {}],
      ['nobody with headers of their own', FORGED],
      ['a forged session', { cookie: `__Host-handoff=ses_${'0'.repeat(32)}.${'A'.repeat(43)}` }],
    ])('%s gets Handoff’s page, and the portal is not asked', async (_, headers) => {
      const page = await behind.call(PATIENT_PATH, { headers: { ...CLICK, ...headers } });
      expect(page.status).toBe(401);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      expect(page.text).toMatch(/<h1>You (are not signed in|have been signed out)<\/h1>/);
      expect(policyOf(page)[0]).toContain("default-src 'none'");
      for (const method of ['GET', 'POST']) {
        const problem = await behind.call(PATIENT_PATH, { method, headers: { ...PROBLEM, ...headers } });
        expect([problem.status, slugOf(problem)]).toEqual([401, expect.stringMatching(/^session-(required|expired)$/)]);
      }
      expect(behind.portal.seen).toEqual([]);
    });

    test('a frame may show the page that says so', async () => {
      for (const path of [EMBED_PATH, PATIENT_PATH]) {
        const page = await behind.call(path, { headers: FRAME });
        expect([page.status, page.headers.get('x-frame-options')]).toEqual([401, null]);
        const policy = page.headers.get('content-security-policy') ?? '';
        expect(policy.match(/frame-ancestors[^;,]*/g)).toEqual(['frame-ancestors https: http:']);
      }
    });

    test('an embedded session opens embedded pages, framed by whom the partner has registered', async () => {
      const cookie = await openFrame(behind, sample);
      const answer = await behind.call(EMBED_PATH, { headers: { cookie } });
      expect(answer.status).toBe(200);
      expect(policyOf(answer)).toContain(`frame-ancestors ${PRACTICE_ORIGIN}`);
      expect(answer.headers.get('x-frame-options')).toBeNull();
      expect(behind.portal.seen[0]?.headers['x-auth-embed']).toBe('true');
    });

    test.each([
      PATIENT_PATH,
      '/',
      '/embedded',
      '/embed/../dashboard',
      '/embed/%2e%2e/dashboard',
      '/embed/..%2fdashboard',
      '/embed/%252e%252e/dashboard',
      '/embed/..;/dashboard',
      '/dashboard/../embed/x',
      '/%65mbed/x',
      '//embed/x',
    ])('an embedded session does not open %s, whatever it says of itself', async (path) => {
      const cookie = await openFrame(behind, sample);
      for (const forged of [
        {},
        { 'x-forwarded-uri': EMBED_PATH },
        { 'x-original-uri': EMBED_PATH, 'x-original-url': `${PORTAL_URL}${EMBED_PATH}` },
        { 'x-forwarded-uri': EMBED_PATH, 'x-forwarded-method': 'GET', 'x-forwarded-prefix': '/embed', ...FORGED },
      ]) {
        const answer = await behind.call(path, { headers: { cookie, ...PROBLEM, ...forged } });
        expect([answer.status, slugOf(answer)]).toEqual([401, 'session-embed-only']);
      }
      expect(behind.portal.seen).toEqual([]);
    });

    test('headers of the client’s own do not keep an embedded page from opening', async () => {
      const cookie = await openFrame(behind, sample);
      const headers = { cookie, 'x-forwarded-uri': '/dashboard', 'x-original-uri': '/dashboard' };
      expect((await behind.call(EMBED_PATH, { headers })).status).toBe(200);
    });

    test('a suspension shows at once', async () => {
      const user_id = await createSampleUser(behind.handoff.deps, sample.organization_id);
      const cookie = await openTab(behind, { ...sample, user_id });
      expect((await behind.call(PATIENT_PATH, { headers: { cookie } })).status).toBe(200);
      await suspendUser(behind.handoff.deps.db, user_id, behind.handoff.deps);
      const answer = await behind.call(PATIENT_PATH, { headers: { cookie, ...PROBLEM } });
      expect([answer.status, slugOf(answer)]).toEqual([401, 'session-expired']);
    });

    test('a page’s requests are of whom it was made for', async () => {
      const cookie = await openTab(behind, sample);
      const asked = async (subject: string) =>
        behind.call('/dashboard/api', { headers: { cookie, ...PROBLEM, 'handoff-subject': subject } });
      expect((await asked(`${sample.user_id}/${sample.organization_id}`)).status).toBe(200);
      const answer = await asked(`usr_other/${sample.organization_id}`);
      expect([answer.status, slugOf(answer)]).toEqual([401, 'session-changed']);
    });

    test('the portal’s files are for everybody, without anything that looks like a user', async () => {
      for (const path of ['/assets/style.css', '/assets/fonts/logo@2x-B_9~.png?v=1']) {
        behind.portal.seen.length = 0;
        expect((await behind.call(path, { headers: FORGED })).status).toBe(200);
        expect([behind.portal.seen[0]?.url, authHeaders(behind.portal.seen[0])]).toEqual([path, {}]);
      }
    });

    test.each(READ_AS_DASHBOARD.map((path) => `/assets${path}`))(
      'what some server could take for a page is none of them: %s',
      async (path) => {
        const answer = await behind.call(path, { headers: PROBLEM });
        expect([401, 404, 400]).toContain(answer.status);
        expect(behind.portal.seen).toEqual([]);
      },
    );

    test('Handoff’s addresses are not asked about', async () => {
      expect((await behind.call('/auth/signed-out')).status).toBe(200);
      const cookie = await openFrame(behind, sample);
      for (const forged of [{}, { 'x-forwarded-uri': PATIENT_PATH, 'x-original-uri': PATIENT_PATH }]) {
        const answer = await behind.call('/auth/session', { headers: { cookie, ...forged } });
        expect([answer.status, JSON.parse(answer.text)]).toEqual([200, expect.objectContaining({ success: true })]);
      }
      const out = await behind.call('/auth/logout', {
        method: 'POST',
        headers: { cookie, 'sec-fetch-site': 'same-origin' },
      });
      expect([out.status, out.headers.getSetCookie().length]).toEqual([204, expect.any(Number)]);
      expect((await behind.call(EMBED_PATH, { headers: { cookie, ...PROBLEM } })).status).toBe(401);
      expect(behind.portal.seen).toEqual([]);
    });

    test('a link as long as they come goes through', async () => {
      const long = `${PATIENT_PATH}?q=${'"'.repeat(2_000)}`;
      const { path } = await mintLink(behind.handoff, sample, long);
      expect(path.length).toBeGreaterThan(11_000);
      const answer = await behind.call(path, { headers: CLICK });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, long]);
    });

    test('nothing that it logs holds a token, a patient’s id or a query', async () => {
      const { path } = await mintLink(behind.handoff, sample, PATIENT_PATH);
      await behind.call(path, { headers: { ...CLICK, referer: `${PRACTICE_ORIGIN}/1234-5678-3456-2345` } });
      const cookie = await openTab(behind, sample);
      const bearing = { cookie, authorization: `Bearer ${cookie.split('=')[1]}` };
      expect((await behind.call(PATIENT_PATH, { headers: bearing })).status).toBe(200);
      const logged = await behind.logs();
      expect(logged).toContain('/auth');
      expect(findLeaks(logged)).toEqual([]);
    });
  });

  describe(`${name}, with embedded pages that sign in by their script`, () => {
    let behind: Behind;
    let sample: Sample;
    beforeAll(async () => {
      behind = await startBehind(kind, { environment: { EMBED_WITHOUT_COOKIE: 'bearer' } });
      sample = await createSample(behind.handoff.deps);
    });
    afterAll(() => behind.close());
    beforeEach(() => void (behind.portal.seen.length = 0));

    test('serves the shell to everybody, framed by whom Handoff names', async () => {
      const framed = await behind.call(SHELL_PATH, { headers: { ...FRAME, ...FORGED } });
      expect([framed.status, framed.text]).toEqual([200, 'the portal']);
      expect(policyOf(framed).toSorted()).toEqual(["default-src 'self'", `frame-ancestors ${PRACTICE_ORIGIN}`]);
      expect(framed.headers.get('x-frame-options')).toBeNull();
      const { 'x-auth-content-security-policy': _, ...told } = authHeaders(behind.portal.seen[0]);
      expect(told, 'nobody is signed in').toEqual({});
      expect(framed.headers.get('cache-control'), 'the policy is this frame’s').toBe('no-store');
      expect(framed.headers.get('vary')?.split(', ').toSorted()).toEqual(['Accept', 'Cookie', 'Referer']);
      const hostile = await behind.call(SHELL_PATH, { headers: { ...FRAME, referer: 'https://evil.example/' } });
      expect([hostile.status, policyOf(hostile).includes(NOBODY_FRAMES)]).toEqual([200, true]);
    });

    test('guards what the shell shows: with a bearer', async () => {
      const refused = await behind.call('/embed/api/me', { headers: PROBLEM });
      expect([refused.status, slugOf(refused)]).toEqual([401, 'session-required']);
      expect(behind.portal.seen).toEqual([]);
      const { sso_token: token } = await mintLink(behind.handoff, sample, EMBED_PATH);
      const exchanged = await behind.call('/auth/sso', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', origin: PORTAL_URL },
        body: JSON.stringify({ token, redirect: EMBED_PATH, session: 'bearer', embedders: [PRACTICE_ORIGIN] }),
      });
      const { session_token } = (JSON.parse(exchanged.text) as { data: { session_token: string } }).data;
      const headers = { authorization: `Bearer ${session_token}` };
      const answer = await behind.call('/embed/api/me', { headers });
      expect(answer.status).toBe(200);
      expect(behind.portal.seen[0]?.headers['x-auth-user-id']).toBe(sample.user_id);
      expect(policyOf(answer)).toContain(`frame-ancestors ${PRACTICE_ORIGIN}`);
      const elsewhere = await behind.call(PATIENT_PATH, { headers: { ...headers, ...PROBLEM } });
      expect([elsewhere.status, slugOf(elsewhere)]).toEqual([401, 'session-embed-only']);
    });

    test('guards what the shell shows: with a cookie', async () => {
      const cookie = await openFrame(behind, sample);
      const answer = await behind.call('/embed/api/me', { headers: { cookie } });
      expect([answer.status, behind.portal.seen[0]?.headers['x-auth-embed']]).toEqual([200, 'true']);
    });

    test.each(['/embed/x', '/embed/patients/sample.pdf/~a_b?api/', '/embed/apiary', '/embed/x/api'])(
      'an address without anything odd is one of a shell: %s',
      async (path) => {
        expect((await behind.call(path)).status).toBe(200);
        expect(behind.portal.seen[0]?.url).toBe(path);
      },
    );

    test.each([
      ...READ_AS_DASHBOARD.map((path) => `/embed${path}`),
      '/dashboard/..%2fembed/x',
      '/EMBED/x',
      '/embed/x%20y',
      '/embed/.hidden',
    ])('serves nobody what some server could take for another page: %s', async (path) => {
      const answer = await behind.call(path, { headers: PROBLEM });
      expect([401, 404, 400]).toContain(answer.status);
      expect(behind.portal.seen).toEqual([]);
    });

    test.each([
      '/embed/api',
      '/embed/api/../x',
      '/embed/api?x',
      '/embed/API/me',
      '/embed/Api',
      '/embed/api.json',
      '/embed/api./me',
      '/embed/api;x/me',
      '/embed/%EF%BD%81pi/me',
      '/embed/x/../api/me',
      '/embed/%61pi/me',
      '/embed//api/me',
      '/embed/api%2fme',
      '/embed/x%3f/../api/me',
    ])('the way to the data is guarded in other spellings, too: %s', async (path) => {
      const answer = await behind.call(path, { headers: PROBLEM });
      expect([401, 404, 400]).toContain(answer.status);
      expect(behind.portal.seen).toEqual([]);
    });

    test('lets nobody change anything at the address of a shell', async () => {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await behind.call(SHELL_PATH, { method });
        expect([401, 403, 405]).toContain(answer.status);
      }
      expect(behind.portal.seen).toEqual([]);
    });
  });

  test(`${name} answers 503 when Handoff is away, and logs no token then either`, async () => {
    const behind = await startBehind(kind, { environment: { EMBED_WITHOUT_COOKIE: 'bearer' } });
    try {
      const sample = await createSample(behind.handoff.deps);
      const cookie = await openTab(behind, sample);
      const { path } = await mintLink(behind.handoff, sample, PATIENT_PATH);
      behind.portal.seen.length = 0;
      await behind.stopHandoff();
      for (const address of [PATIENT_PATH, SHELL_PATH, '/embed/api/me', path]) {
        const answer = await behind.call(address, { headers: { ...CLICK, cookie } });
        expect(answer.status).toBe(503);
        expect(answer.text).toContain('Please try again in a minute.');
      }
      expect(behind.portal.seen).toEqual([]);
      expect((await behind.call('/assets/style.css')).status, 'the portal is there').toBe(200);
      expect(findLeaks(await behind.logs())).toEqual([]);
    } finally {
      await behind.close();
    }
  });
}
