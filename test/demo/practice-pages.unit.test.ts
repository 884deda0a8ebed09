// The sample practice's pages and rules that need no Handoff: who sees what, from where, under which address.

import type { Hono } from 'hono';
import { expect, test } from 'vitest';
import { createPractice } from '../../demo/practice/app.ts';
import type { Env } from '../../demo/practice/context.ts';
import { SAMPLE_PATIENTS, nameOf } from '../../src/sandbox/patients.ts';
import { NO_SAMPLE } from './practice.ts';

const URL_OF_PRACTICE = 'http://127.0.0.1:8788';
const JO = '/patients/1234-5678-3456-2345';

function open(public_url = URL_OF_PRACTICE): Hono<Env> {
  const settings = {
    api_url: 'http://localhost:8787',
    portal_url: 'http://localhost:8787',
    public_url,
    ...NO_SAMPLE,
    second_user_id: undefined,
    suspended_user_id: undefined,
  };
  return createPractice(settings, () => undefined);
}

type Options = { method?: string; headers?: Record<string, string>; body?: URLSearchParams };

async function ask(practice: Hono<Env>, path: string, { headers = {}, ...options }: Options = {}) {
  const response = await practice.request(`${URL_OF_PRACTICE}${path}`, {
    ...options,
    headers: { host: '127.0.0.1:8788', ...headers },
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

async function signIn(practice: Hono<Env>, person: string): Promise<{ cookie: string }> {
  const answer = await ask(practice, '/sign-in', { method: 'POST', body: new URLSearchParams({ person }) });
  return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
}

test('every page but the first is for who is signed in', async () => {
  const practice = open();
  for (const path of ['/patients', JO]) {
    const answer = await ask(practice, path);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
  }
  const headers = await signIn(practice, 'clinician');
  for (const path of ['/patients', JO]) expect((await ask(practice, path, { headers })).status).toBe(200);
  expect((await ask(practice, '/', { headers })).headers.get('location')).toBe('/patients');

  await ask(practice, '/sign-out', { method: 'POST', headers });
  expect((await ask(practice, JO, { headers })).status).toBe(303);
});

test('its cookie is for it alone, and for https where it has that', async () => {
  for (const [url, is_secure] of [
    [URL_OF_PRACTICE, false],
    ['https://127.0.0.1:8788', true],
  ] as const) {
    const body = new URLSearchParams({ person: 'clinician' });
    const answer = await ask(open(url), '/sign-in', { method: 'POST', body });
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/; Path=\/; HttpOnly/);
    expect(cookie).toContain('SameSite=Lax');
    expect(cookie.includes('Secure')).toBe(is_secure);
  }
});

test('the list has eight patients, and the search finds them by name and date of birth', async () => {
  const practice = open();
  const headers = await signIn(practice, 'clinician');
  const found = async (search: string) => {
    const { text } = await ask(practice, `/patients?q=${encodeURIComponent(search)}`, { headers });
    return SAMPLE_PATIENTS.filter((patient) => text.includes(nameOf(patient))).map(nameOf);
  };
  expect(await found('')).toHaveLength(8);
  expect(await found('citizen JO')).toEqual(['Jo Citizen']);
  expect(await found('1984')).toEqual(['Jo Citizen']);
  expect(await found('nobody')).toEqual([]);
  const nothing = await ask(practice, '/patients?q=%3Cscript%3E', { headers });
  expect(nothing.text).toContain('value="&lt;script&gt;"');
  expect(nothing.text).toContain('No patient matches');
});

test('who may not prescribe finds the buttons disabled, with the reason', async () => {
  const practice = open();
  for (const [person, may] of [
    ['clinician', true],
    ['receptionist', false],
  ] as const) {
    const { text } = await ask(practice, JO, { headers: await signIn(practice, person) });
    // The one for the pane is set free by its script, if it may be.
    const disabled = text.match(/<button[^>]*disabled[^>]*>/g) ?? [];
    expect(disabled.map((tag) => /data-open-pane|aria-describedby/.exec(tag)?.[0])).toEqual(
      may ? ['data-open-pane'] : ['aria-describedby', 'aria-describedby'],
    );
    expect(text.includes('Reception has no access')).toBe(!may);
  }
});

test('a patient nobody knows, and any other address, has a page that says so', async () => {
  const practice = open();
  const headers = await signIn(practice, 'clinician');
  for (const path of [
    '/patients/nobody',
    '/elsewhere',
    '/assets/',
    '/assets/..%2fserver.ts',
    '/handoff-embed/package.json',
  ]) {
    const answer = await ask(practice, path, { headers });
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('There is no such page');
  }
  for (const path of ['/assets/practice.css', '/assets/pane.js', '/handoff-embed/handoff-embed.js']) {
    expect((await ask(practice, path)).status).toBe(200);
  }
});

test('it answers under its own name only; another of this machine’s leads there', async () => {
  const practice = open();
  const near = await ask(practice, '/patients?q=jo', { headers: { host: 'localhost:8788' } });
  expect([near.status, near.headers.get('location')]).toEqual([302, `${URL_OF_PRACTICE}/patients?q=jo`]);
  expect((await ask(practice, '/', { headers: { host: 'practice.example' } })).status).toBe(421);
  expect((await ask(practice, '/sign-in', { method: 'POST', headers: { host: 'localhost:8788' } })).status).toBe(421);
  expect((await ask(practice, '/')).status).toBe(200);
});

test('pages of other sites get no link and change nothing, whosever cookie comes along', async () => {
  const practice = open();
  const { cookie } = await signIn(practice, 'receptionist');
  const foreign: Record<string, string>[] = [
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'http://localhost:8787' },
    { origin: 'null' },
  ];
  for (const path of ['/api/sso', `${JO}/prescribe`, '/api/receipts/req_x', '/sign-in', '/sign-out']) {
    for (const headers of foreign) {
      const answer = await ask(practice, path, { method: 'POST', headers: { cookie, ...headers } });
      expect(answer.text).toContain('another site');
      expect(answer.status).toBe(403);
    }
  }
  // The receptionist may ask from here, and is refused for another reason.
  const own = { cookie, origin: URL_OF_PRACTICE, 'sec-fetch-site': 'same-origin' };
  expect((await ask(practice, `${JO}/prescribe`, { method: 'POST', headers: own })).text).toContain('not authorized');
});

test('a page may load its own files, frame the portal, and send its form on to it, and holds no credential', async () => {
  const practice = open();
  const { text, headers } = await ask(practice, JO, { headers: await signIn(practice, 'clinician') });
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    'frame-src http://localhost:8787',
    "form-action 'self' http://localhost:8787",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('referrer-policy')).toBe('strict-origin-when-cross-origin');
  expect(text).not.toMatch(/<style|style="|\son\w+=|<script(?! type="module" src="\/assets\/)/);
  for (const secret of [NO_SAMPLE.partner_secret, NO_SAMPLE.organization_secret, NO_SAMPLE.user_id]) {
    expect(text.includes(secret)).toBe(false);
  }
});
