// The portal kit's middleware, the same behaviour in each framework: who is let in, what the others get, and with which headers
// the portal's pages go out.

import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { type GuardOptions, createPortal } from '../../clients/portal/src/handoff-portal.ts';
import { FRAME_SCRIPT, FRAME_SCRIPT_HASH, STYLE, STYLE_HASH } from '../../clients/portal/src/refusal-page.ts';
import { callPortal, closeAll, FRAMEWORKS, OWN_POLICY, type PortalCall, serve } from './portal-apps.ts';
import { COOKIE, found, HANDOFF, json, PORTAL, refused, SESSION, stubFetch } from './portal-stub.ts';

afterEach(closeAll);

const NOBODY = "frame-ancestors 'none'";
/** What a browser sends for a page. */
const PAGE = { 'sec-fetch-mode': 'navigate', accept: 'text/html,*/*' };
const SCRIPT = { 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' };

describe.each(Object.entries(FRAMEWORKS))('%s', (_name, makeListener) => {
  type Setup = { reply?: Response | Error; options?: GuardOptions };

  async function start({ reply = found(SESSION), options = {} }: Setup = {}) {
    const { fetch: ask, asked } = stubFetch(reply);
    const portal = createPortal({ check: 'ask', handoffUrl: HANDOFF, portalUrl: PORTAL, fetch: ask });
    const url = await serve(await makeListener(portal, options));
    const call = (path: string, { headers = {}, ...more }: PortalCall = {}) =>
      callPortal(url + path, { headers: { cookie: COOKIE, ...headers }, ...more });
    return { call, asked };
  }

  test('lets in who is signed in, and tells the route who it is', async () => {
    const { call, asked } = await start();
    const answer = await call('/dashboard/plain');
    expect([answer.status, answer.text]).toEqual([200, 'usr_sample']);
    expect(answer.headers.get('content-security-policy')).toBe(NOBODY);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('vary')).toBe('Cookie, Authorization');
    expect(asked).toHaveLength(1);
  });

  test('leaves the page’s own headers in force', async () => {
    const { call } = await start();
    const answer = await call('/dashboard/own');
    expect(answer.text).toBe('own');
    expect(answer.headers.get('content-security-policy')).toBe(`${OWN_POLICY}, ${NOBODY}`);
    expect(answer.headers.get('cache-control')).toBe('private, max-age=5');
    expect(answer.headers.get('vary')).toBe('Accept, cookie, Authorization');
  });

  test('secures an error page, too', async () => {
    const { call } = await start();
    const answer = await call('/dashboard/broken');
    expect(answer.status).toBe(500);
    expect(answer.headers.get('content-security-policy')).toContain(NOBODY);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['a script', SCRIPT],
    ['a client that is no browser', {}],
  ])('refuses %s with problem details', async (_, headers) => {
    const { call } = await start({ reply: refused('session-expired') });
    const answer = await call('/dashboard/plain', { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json\b/);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({
      type: `${PORTAL}/errors/session-expired`,
      title: 'You have been signed out',
      status: 401,
      detail: 'Go back to your practice software and open the portal from there.',
    });
  });

  test('refuses a person with a page', async () => {
    const { call } = await start({ reply: refused('session-required') });
    const answer = await call('/dashboard/plain', { headers: PAGE });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
    const page = answer.text;
    expect(page).toContain('<h1>You are not signed in</h1>');
    expect(page).toContain('<body data-problem="session-required">');
    const hash = (text: string) => createHash('sha256').update(text).digest('base64');
    expect([hash(STYLE), hash(FRAME_SCRIPT)]).toEqual([STYLE_HASH, FRAME_SCRIPT_HASH]);
    expect(page).toContain(`<style>${STYLE}</style>`);
    expect(page).toContain(`<script>${FRAME_SCRIPT}</script>`);
    expect(answer.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; script-src 'sha256-${FRAME_SCRIPT_HASH}'; base-uri 'none'; form-action 'none', frame-ancestors https: http:`,
    );
  });

  test('answers as the portal wants', async () => {
    const seen: string[] = [];
    const { call } = await start({
      reply: refused('session-expired'),
      options: {
        onRefused: ({ slug, status, isPage }) => {
          seen.push(`${slug} ${status} ${isPage}`);
          return isPage
            ? { redirect: '/welcome?from=dashboard' }
            : { body: '{"no":true}', contentType: 'application/json' };
        },
      },
    });
    const page = await call('/dashboard/plain', { headers: PAGE });
    expect([page.status, page.headers.get('location')]).toEqual([303, '/welcome?from=dashboard']);
    expect(page.headers.get('cache-control')).toBe('no-store');
    const data = await call('/dashboard/plain', { headers: SCRIPT });
    expect([data.status, data.json()]).toEqual([401, { no: true }]);
    expect(data.headers.get('content-security-policy')).toBe(NOBODY);
    expect(seen).toEqual(['session-expired 401 true', 'session-expired 401 false']);
  });

  test('answers itself where the portal leaves it to do so', async () => {
    const { call } = await start({ reply: refused('session-expired'), options: { onRefused: () => undefined } });
    expect((await call('/dashboard/plain', { headers: SCRIPT })).headers.get('content-type')).toMatch(
      /^application\/problem\+json\b/,
    );
  });

  test.each([
    ['does not answer', new TypeError('fetch failed')],
    ['is in trouble', json(500, {})],
  ])('says 503 when Handoff %s, also where nobody need be signed in', async (_, reply) => {
    const { call } = await start({ reply });
    for (const path of ['/dashboard/plain', '/optional', '/embed/shell']) {
      const answer = await call(path, { headers: SCRIPT });
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '5']);
      expect(answer.json()).toMatchObject({ type: `${PORTAL}/errors/handoff-away`, status: 503 });
    }
    const page = await call('/dashboard/plain', { headers: PAGE });
    expect([page.status, page.text]).toEqual([503, expect.stringContaining('Please try again in a minute.')]);
  });

  test('lets in nobody where nobody need be signed in, and who is', async () => {
    const anybody = await start({ reply: refused('session-expired') });
    const answer = await anybody.call('/optional', { headers: PAGE });
    expect([answer.status, answer.text]).toEqual([200, 'nobody']);
    expect(answer.headers.get('content-security-policy')).toBe(NOBODY);
    const somebody = await start();
    expect((await somebody.call('/optional')).text).toBe('usr_sample');
  });

  test('refuses what a page of another site sends, before anything is asked', async () => {
    const { call, asked } = await start();
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://practice.example' },
      { origin: 'null' },
      { origin: `${PORTAL}.evil.example` },
    ]) {
      const answer = await call('/dashboard/notes', { method: 'POST', headers });
      expect([answer.status, answer.json()]).toEqual([
        403,
        expect.objectContaining({ type: `${PORTAL}/errors/cross-site-request` }),
      ]);
    }
    expect(asked).toHaveLength(0);
    for (const headers of [{ 'sec-fetch-site': 'same-origin' }, { origin: PORTAL }, {}]) {
      expect((await call('/dashboard/notes', { method: 'POST', headers })).status).toBe(204);
    }
    // Reading is another matter: a click on a link comes from anywhere.
    expect((await call('/dashboard/plain', { headers: { 'sec-fetch-site': 'cross-site', ...PAGE } })).status).toBe(200);
  });

  test('lets it through for routes that look after that themselves', async () => {
    const { call } = await start({ options: { sameOrigin: false } });
    const headers = { 'sec-fetch-site': 'cross-site' };
    expect((await call('/dashboard/notes', { method: 'POST', headers })).status).toBe(204);
    const { call: signedOut } = await start({ options: { sameOrigin: false }, reply: refused('session-expired') });
    expect((await signedOut('/dashboard/notes', { method: 'POST', headers })).status).toBe(401);
  });

  test('serves an embedded shell to everybody, framed by whom Handoff names', async () => {
    const { call, asked } = await start({ reply: found({ frame_ancestors: ['https://practice.example'] }) });
    const answer = await call('/embed/shell', { headers: { ...PAGE, referer: 'https://practice.example/' } });
    expect([answer.status, answer.text]).toEqual([200, 'shell']);
    expect(answer.headers.get('content-security-policy')).toBe('frame-ancestors https://practice.example');
    expect(answer.headers.get('cache-control'), 'the policy is this frame’s').toBe('no-store');
    expect(answer.headers.get('vary')).toBe('Accept, Cookie, Referer');
    expect(asked.map(({ url }) => url)).toEqual([`${HANDOFF}/auth/framing`]);
  });
});
