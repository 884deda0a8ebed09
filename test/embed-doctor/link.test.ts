// Embed Doctor on links of a real Handoff behind a proxy: the good case, each refusal of Handoff's, and each thing that a proxy may do to
// what passes it.

import type { OutgoingHttpHeaders } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CheckId, Verdict } from '../../src/embed-doctor/report.ts';
import { disableIntegration } from '../../src/partners/integration.ts';
import { EMBED_PATH, mintLink, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { checkOf, examine, troubles, wordsOf } from './doctor.ts';
import { type Faults, type Portal, startPortal } from './portal.ts';

type World = { handoff: Handoff; sample: Sample; portal: Portal };

async function startWorld(setting: 'tab' | 'bearer', mode: 'check' | 'framing'): Promise<World> {
  const handoff = await startHandoff({ environment: { EMBED_WITHOUT_COOKIE: setting } });
  return { handoff, sample: await createSample(handoff.deps), portal: await startPortal(handoff.url, mode) };
}

let bearer: World;
let tab: World;
beforeAll(async () => {
  [bearer, tab] = await Promise.all([startWorld('bearer', 'framing'), startWorld('tab', 'check')]);
});
afterAll(async () => {
  await Promise.all([bearer, tab].map(({ portal }) => portal.close()));
  await Promise.all([bearer, tab].map(({ handoff }) => handoff.close()));
});
beforeEach(() => {
  for (const { portal } of [bearer, tab]) {
    delete portal.faults.request;
    delete portal.faults.auth;
    delete portal.faults.page;
  }
});

async function newLink({ handoff, sample, portal }: World, path = EMBED_PATH): Promise<string> {
  return portal.url + (await mintLink(handoff, sample, path)).path;
}

/** The requests of a link that went wrong in the field, and what is said of each. */
type Case = {
  what: string;
  world: () => World;
  path?: string;
  faults: Faults;
  check: CheckId;
  verdict: Verdict;
  says: RegExp;
  by: string;
};

const setCookie = (change: (line: string) => string) => (answer: { headers: OutgoingHttpHeaders }) => {
  const lines = answer.headers['set-cookie'];
  if (Array.isArray(lines)) answer.headers['set-cookie'] = lines.map(change);
};

const location = (change: (text: string) => string) => (answer: { headers: OutgoingHttpHeaders }) => {
  const { location: text } = answer.headers;
  if (text !== undefined) answer.headers.location = change(text);
};

const CASES: Case[] = [
  {
    what: 'a proxy that takes Sec-Fetch-* out',
    world: () => bearer,
    faults: {
      request: (headers) => {
        for (const name of Object.keys(headers)) if (name.startsWith('sec-fetch-')) delete headers[name];
      },
    },
    check: 'fetch-metadata',
    verdict: 'fault',
    says: /spent the link at once/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that takes the Referer out',
    world: () => bearer,
    faults: { request: (headers) => delete headers.referer },
    check: 'embedder',
    verdict: 'fault',
    says: /Let the request header Referer through/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that adds a Referrer-Policy of its own',
    world: () => bearer,
    faults: {
      auth: ({ headers }) => {
        headers['referrer-policy'] = 'same-origin';
      },
    },
    check: 'referrer',
    verdict: 'fault',
    says: /Referrer-Policy: same-origin/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that takes Set-Cookie out',
    world: () => bearer,
    faults: { auth: ({ headers }) => delete headers['set-cookie'] },
    check: 'probe-cookie',
    verdict: 'fault',
    says: /without its Set-Cookie/,
    by: 'portal-engineer',
  },
  ...(
    [
      ['renames cookies', (line) => line.replace('__Host-', ''), /lost the prefix __Host-/],
      ['drops Secure', (line) => line.replace('; Secure', ''), /Secure is missing/],
      ['drops HttpOnly', (line) => line.replace('; HttpOnly', ''), /HttpOnly is missing/],
      ['sets SameSite=Lax', (line) => line.replace('SameSite=None', 'SameSite=Lax'), /SameSite is not None/],
      ['drops SameSite', (line) => line.replace('; SameSite=None', ''), /SameSite is not None/],
      ['drops Partitioned', (line) => line.replace('; Partitioned', ''), /Partitioned is missing/],
      ['changes Path', (line) => line.replace('Path=/', 'Path=/portal'), /Path is not \//],
      ['adds Domain', (line) => `${line}; Domain=portal.example`, /Domain has been added/],
    ] as [string, (line: string) => string, RegExp][]
  ).map(([what, change, says]): Case => ({
    what: `a proxy that ${what}`,
    world: () => bearer,
    faults: { auth: setCookie(change) },
    check: 'probe-cookie',
    verdict: 'fault',
    says,
    by: 'portal-engineer',
  })),
  {
    what: 'a proxy that changes the session’s cookie alone',
    world: () => bearer,
    faults: { auth: setCookie((line) => (line.includes('=ses_') ? line.replace('; HttpOnly', '') : line)) },
    check: 'session-cookie',
    verdict: 'fault',
    says: /HttpOnly is missing/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that takes Cookie out',
    world: () => bearer,
    faults: { request: (headers) => delete headers.cookie },
    check: 'cookie-returns',
    verdict: 'fault',
    says: /Let the request header Cookie through/,
    by: 'portal-engineer',
  },
  {
    what: 'the same, where the portal can use no bearer: nobody can be signed in',
    world: () => tab,
    faults: { request: (headers) => delete headers.cookie },
    check: 'with-cookies',
    verdict: 'fault',
    says: /told that it keeps no cookie/,
    by: 'portal-engineer',
  },
  {
    what: 'the same, where the portal can use a bearer',
    world: () => bearer,
    faults: { request: (headers) => delete headers.cookie },
    check: 'with-cookies',
    verdict: 'warning',
    says: /although it keeps cookies/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that sends /auth/session elsewhere',
    world: () => bearer,
    faults: {
      auth: (answer, path) => {
        if (path === '/auth/session') Object.assign(answer, { status: 404, body: 'nothing' });
      },
    },
    check: 'session',
    verdict: 'fault',
    says: /\/auth\/session answers 404/,
    by: 'portal-engineer',
  },
  {
    what: 'a cache that answers /auth/session for everybody',
    world: () => bearer,
    faults: {
      auth: (answer, path) => {
        if (path === '/auth/session') Object.assign(answer, { status: 401, body: '{}' });
      },
    },
    check: 'session',
    verdict: 'fault',
    says: /answers 401: nobody is signed in/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that writes its own host into Location',
    world: () => bearer,
    faults: { auth: location((text) => `https://inside.example${text}`) },
    check: 'redirects',
    verdict: 'fault',
    says: /to another origin, which was not followed: https:\/\/inside\.example\/auth\/sso\?…[^]*proxy_redirect off/,
    by: 'portal-engineer',
  },
  {
    what: 'a portal that leads to a sign-in of its own, elsewhere',
    world: () => tab,
    faults: {
      page: (answer) =>
        Object.assign(answer, { status: 302, headers: { location: 'https://sign-in.example/start?x=1' } }),
    },
    check: 'redirects',
    verdict: 'fault',
    says: /https:\/\/sign-in\.example\/start\?…[^]*refuse to be framed/,
    by: 'portal-engineer',
  },
  {
    what: 'a portal that sends the frame round in circles',
    world: () => tab,
    faults: {
      page: (answer) => Object.assign(answer, { status: 302, headers: { location: `/embed/again/${Math.random()}` } }),
    },
    check: 'redirects',
    verdict: 'fault',
    says: /After 10 answers it still leads on/,
    by: 'portal-engineer',
  },
  {
    what: 'a portal that leads to itself',
    world: () => tab,
    faults: { page: (answer) => Object.assign(answer, { status: 302, headers: { location: '/embed/' } }) },
    check: 'redirects',
    verdict: 'fault',
    says: /After 4 answers it still leads on/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that does not send /auth/sso to Handoff',
    world: () => bearer,
    faults: { auth: (answer) => Object.assign(answer, { status: 404, headers: {}, body: 'no such page' }) },
    check: 'link',
    verdict: 'fault',
    says: /answers 404, and that is not an answer of Handoff/,
    by: 'portal-engineer',
  },
  {
    what: 'a bearer where the portal can use none',
    world: () => bearer,
    faults: { page: (answer) => Object.assign(answer, { status: 401, headers: {}, body: '' }) },
    check: 'without-cookies',
    verdict: 'fault',
    says: /answers 401 before anybody is signed in/,
    by: 'portal-engineer',
  },
  {
    what: 'a portal whose check does not see the cookie',
    world: () => tab,
    faults: { page: (answer) => Object.assign(answer, { status: 401 }) },
    check: 'page-status',
    verdict: 'fault',
    says: /session has begun, and the portal answers 401/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that puts X-Frame-Options on Handoff’s own pages',
    world: () => tab,
    faults: {
      auth: ({ headers }) => {
        headers['x-frame-options'] = 'SAMEORIGIN';
      },
    },
    check: 'x-frame-options',
    verdict: 'warning',
    says: /On Handoff’s own page in the frame:\nX-Frame-Options: SAMEORIGIN/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that puts a policy of its own on Handoff’s pages',
    world: () => tab,
    faults: {
      auth: ({ headers }) => {
        headers['content-security-policy'] = "frame-ancestors 'self'";
      },
    },
    check: 'frame-ancestors',
    verdict: 'fault',
    says: /On Handoff’s own page in the frame:\nframe-ancestors 'self' does not allow/,
    by: 'portal-engineer',
  },
  {
    what: 'a proxy that lets answers of /auth/sso be cached',
    world: () => bearer,
    faults: {
      auth: ({ headers }) => {
        headers['cache-control'] = 'public, max-age=60';
      },
    },
    check: 'caching',
    verdict: 'fault',
    says: /\/auth\/sso\?…: Cache-Control: public, max-age=60/,
    by: 'portal-engineer',
  },
];

test('a link that works has nothing to mend, is spent, and leaves no session behind', async () => {
  const report = await examine(await newLink(bearer));
  expect(troubles(report)).toEqual({});
  expect(report).toMatchObject({
    kind: 'link',
    ok: true,
    link_spent: true,
    session_ended: true,
    outcomes: { without_cookies: 'bearer', partitioned_cookies: 'cookie' },
  });
  const sessions = await bearer.handoff.deps.db.selectFrom('sessions').select('end_reason').execute();
  expect(sessions).toEqual([{ end_reason: 'signed_out' }]);
  const unchecked = report.checks.filter(({ verdict }) => verdict === 'not-checked').map(({ id }) => id);
  expect(unchecked.filter((id) => !id.startsWith('partner-'))).toEqual(['certificate']);
});

test('where the portal can use no bearer, a browser without cookies is offered a tab, and told so', async () => {
  const report = await examine(await newLink(tab));
  expect(troubles(report)).toEqual({ 'without-cookies': 'warning' });
  expect(wordsOf(report, 'without-cookies')).toMatch(/EMBED_WITHOUT_COOKIE=tab[^]*EMBED_WITHOUT_COOKIE=bearer/);
  expect(report).toMatchObject({ ok: true, outcomes: { without_cookies: 'tab', partitioned_cookies: 'cookie' } });
});

test('without handoff-embed a browser without cookies is not offered the tab', async () => {
  const report = await examine(await newLink(bearer), { speaks: false });
  expect(troubles(report)).toEqual({ 'without-cookies': 'warning' });
  expect(wordsOf(report, 'without-cookies')).toMatch(/no button[^]*Use handoff-embed/);
});

test.each(CASES)('$what: $check', async ({ world, path, faults, check, verdict, says, by }) => {
  const link = await newLink(world(), path);
  Object.assign(world().portal.faults, faults);
  const report = await examine(link);
  expect(checkOf(report, check).verdict, wordsOf(report, check)).toBe(verdict);
  expect(wordsOf(report, check)).toMatch(says);
  expect(checkOf(report, check).mended_by).toBe(by);
  expect(report.ok).toBe(verdict === 'warning' && report.counts.fault === 0);
});

describe('what Handoff refuses is told in the words of its catalogue', () => {
  test('an origin that is not registered is named, and the link is not spent', async () => {
    const link = await newLink(bearer);
    const report = await examine(link, { page_origin: 'https://other.example' });
    expect(checkOf(report, 'embedder')).toMatchObject({ verdict: 'fault', mended_by: 'partner' });
    expect(wordsOf(report, 'embedder')).toMatch(
      /origin https:\/\/other\.example is not registered[^]*PATCH \/v1\/integration/,
    );
    expect(report).toMatchObject({ ok: false, link_spent: false, outcomes: { without_cookies: 'refused' } });
    expect((await examine(link)).ok).toBe(true);
  });

  test('a link that has been used', async () => {
    const link = await newLink(bearer);
    await examine(link);
    const report = await examine(link);
    expect(checkOf(report, 'link')).toMatchObject({ verdict: 'fault', mended_by: 'partner' });
    expect(wordsOf(report, 'link')).toMatch(/410 token-used[^]*Reference for support: req_/);
  });

  test('a link that has expired', async () => {
    const link = await newLink(bearer);
    bearer.handoff.clock.advance(301_000);
    expect(wordsOf(await examine(link), 'link')).toMatch(/410 token-expired/);
  });

  test('an integration that has been disabled is for the operator', async () => {
    const sample = await createSample(bearer.handoff.deps);
    const link = await newLink({ ...bearer, sample });
    const { partner_id, organization_id } = sample;
    await disableIntegration(bearer.handoff.deps.db, { partner_id, organization_id }, bearer.handoff.deps);
    const report = await examine(link);
    expect(checkOf(report, 'link')).toMatchObject({ verdict: 'fault', mended_by: 'operator' });
    expect(wordsOf(report, 'link')).toMatch(/403 integration-disabled/);
  });

  test('a link to a page for a tab is not even opened', async () => {
    const link = await newLink(bearer, PATIENT_PATH);
    const report = await examine(link);
    expect(wordsOf(report, 'link')).toMatch(/page for a tab[^]*begins with \/embed\//);
    expect(report).toMatchObject({ ok: false, link_spent: false, outcomes: { without_cookies: null } });
  });

  test('a link that a shell has cut in two', async () => {
    const link = (await newLink(bearer)).replace(/&.*$/, '');
    expect(wordsOf(await examine(link), 'link')).toMatch(/not one token and one redirect[^]*in quotes/);
  });
});

test('a portal that asks before each sign-on is told apart, and nothing is pressed', async () => {
  const handoff = await startHandoff({ environment: { REDEEM: 'confirm', EMBED_WITHOUT_COOKIE: 'tab' } });
  const portal = await startPortal(handoff.url, 'check');
  try {
    const world = { handoff, portal, sample: await createSample(handoff.deps) };
    const report = await examine(await newLink(world));
    expect(report).toMatchObject({ ok: true, link_spent: false, outcomes: { partitioned_cookies: 'asked' } });
    expect(wordsOf(report, 'with-cookies')).toMatch(/REDEEM=confirm/);
  } finally {
    await portal.close();
    await handoff.close();
  }
});

test('no report of any case holds a token, a cookie’s value, a query, or a path below its first part', async () => {
  const link = await newLink(bearer);
  bearer.portal.faults.page = (answer) => Object.assign(answer, { status: 404 });
  const text = JSON.stringify(await examine(link));
  const { searchParams } = new URL(link);
  expect(text.includes(searchParams.get('token') ?? 'none')).toBe(false);
  expect(findLeaks(text)).toEqual([]);
  expect(/ses_[0-9a-f]|handoff-embed=[^…]|prescriptions/.test(text)).toBe(false);
  // It is about the very address all the same.
  expect(text).toContain('/embed/… answers 404');
});
