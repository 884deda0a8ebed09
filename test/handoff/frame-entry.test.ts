// What becomes of a link in a frame: first the browser is asked whether it keeps a cookie there. Where it does the link is spent,
// where it does not the page signs in as a bearer, or says that it cannot. Nobody is sent round in circles.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createPartner } from '../../src/partners/partner.ts';
import {
  type Answer,
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  type Link,
  mintLink,
  PRACTICE_ORIGIN,
  PROBE_COOKIE,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

let tab: Handoff;
let bearer: Handoff;
const samples = new Map<Handoff, Sample>();
beforeAll(async () => {
  tab = await startHandoff();
  bearer = await startHandoff({ environment: { EMBED_WITHOUT_COOKIE: 'bearer' } });
  for (const handoff of [tab, bearer]) samples.set(handoff, await createSample(handoff.deps));
});
afterAll(async () => {
  await tab.close();
  await bearer.close();
});

function sampleOf(handoff: Handoff): Sample {
  const sample = samples.get(handoff);
  if (sample === undefined) throw new Error('no sample');
  return sample;
}

const link = (handoff: Handoff, sample = sampleOf(handoff)) => mintLink(handoff, sample, EMBED_PATH);

/** A frame's request without any cookie of ours. */
const BARE_FRAME: Record<string, string> = Object.fromEntries(
  Object.entries(FRAME).filter(([name]) => name !== 'cookie'),
);

const frame = (handoff: Handoff, path: string, headers: Record<string, string> = {}) =>
  call(handoff, path, { headers: { ...BARE_FRAME, ...headers } });

const asJson = { accept: 'application/problem+json' };
const locationOf = (answer: Answer) => answer.headers.get('location') ?? '';

async function outcomeOf(handoff: Handoff, { request_id }: Link): Promise<string[]> {
  const events = await listEvents(handoff.deps.db, { request_id }, { limit: 1 });
  const jti = events[0]?.jti ?? '';
  const row = await handoff.deps.db.selectFrom('sso_tokens').selectAll().where('jti', '=', jti).executeTakeFirst();
  return [row?.redeemed_at === null ? 'unspent' : 'spent', row?.revoked_at === null ? 'good' : 'revoked'];
}

describe('a browser that has not been asked', () => {
  test('is given a cookie of the session’s kind, and sent to the same link again; nothing is spent', async () => {
    const opened = await link(tab);
    const answer = await frame(tab, opened.path);
    expect(answer.status).toBe(303);
    expect(locationOf(answer) === `${opened.path}&probe=1`, 'the same link, marked').toBe(true);
    expect(answer.headers.getSetCookie()).toEqual([
      '__Host-handoff-probe=1; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('referrer-policy')).toBe('strict-origin');
    expect(await outcomeOf(tab, opened)).toEqual(['unspent', 'good']);
  });

  test('and keeps it is signed in by its cookie', async () => {
    const opened = await link(tab);
    const probed = locationOf(await frame(tab, opened.path));
    const answer = await frame(tab, probed, { cookie: PROBE_COOKIE });
    expect([answer.status, locationOf(answer) === EMBED_PATH]).toEqual([303, true]);
    expect(cookieOf(answer)).toMatch(/^__Host-handoff-embed=ses_/);
    expect(await outcomeOf(tab, opened)).toEqual(['spent', 'good']);
  });

  test('and has an embed session already is not asked', async () => {
    const opened = await link(tab);
    const cookie = cookieOf(await frame(tab, opened.path, { cookie: PROBE_COOKIE })) ?? '';
    const again = await frame(tab, (await link(tab)).path, { cookie });
    expect(cookieOf(again)).toMatch(/^__Host-handoff-embed=ses_/);
  });

  test('and brings along the cookie of a session that is over is asked all the same', async () => {
    const cookie = `__Host-handoff-embed=ses_${'0'.repeat(32)}.${'A'.repeat(43)}`;
    const opened = await link(tab);
    const answer = await frame(tab, opened.path, { cookie });
    expect(locationOf(answer).endsWith('&probe=1')).toBe(true);
    expect(problemOf(await frame(tab, `${opened.path}&probe=1`, { cookie, ...asJson }))).toBe('cookie-refused');
    expect(await outcomeOf(tab, opened)).toEqual(['unspent', 'good']);
  });

  test('is refused before it is asked, where the page around it is not registered', async () => {
    const answer = await frame(tab, (await link(tab)).path, { referer: 'https://evil.example/', ...asJson });
    expect([problemOf(answer), answer.headers.getSetCookie()]).toEqual(['embedding-refused', []]);
  });

  test('is not asked in a tab, nor where it does not say that it shows a frame', async () => {
    const opened = await mintLink(tab, sampleOf(tab));
    expect(cookieOf(await call(tab, opened.path, { headers: CLICK }))).toMatch(/^__Host-handoff=ses_/);
    const embedded = await link(tab);
    const answer = await call(tab, embedded.path, { headers: { accept: 'text/html', referer: `${PRACTICE_ORIGIN}/` } });
    expect(cookieOf(answer)).toMatch(/^__Host-handoff-embed=ses_/);
  });
});

describe('a browser that keeps no cookie', () => {
  test('reads in the frame that it does, and the link stays good', async () => {
    const opened = await link(tab);
    const answer = await frame(tab, `${opened.path}&probe=1`, asJson);
    expect([answer.status, problemOf(answer), answer.headers.getSetCookie()]).toEqual([403, 'cookie-refused', []]);
    expect(await outcomeOf(tab, opened)).toEqual(['unspent', 'good']);
    const later = await frame(tab, `${opened.path}&probe=1`, { cookie: PROBE_COOKIE });
    expect(later.status).toBe(303);
  });

  test('gets a page with a button, which only registered pages may frame', async () => {
    const answer = await frame(tab, `${(await link(tab)).path}&probe=1`);
    expect(answer.text).toMatch(
      /<p class="actions" id="open-tab" hidden><button [^>]*type="button">Open in a new tab</,
    );
    expect(answer.headers.get('content-security-policy')).toContain(`frame-ancestors ${PRACTICE_ORIGIN}`);
    expect(answer.headers.get('content-security-policy')).not.toContain('https:;');
  });

  test('is refused in the same way by a portal that could use a bearer, where the page around it speaks no protocol', async () => {
    const opened = await link(bearer);
    expect(problemOf(await frame(bearer, `${opened.path}&probe=1`, asJson))).toBe('cookie-refused');
  });

  test('is not sent on by a portal that cannot use a bearer, whatever the page around it speaks', async () => {
    const opened = await link(tab);
    expect(problemOf(await frame(tab, `${opened.path}&embed=1&probe=1`, asJson))).toBe('cookie-refused');
  });

  test('is sent to the page with nothing spent, where both can', async () => {
    const opened = await link(bearer);
    const first = await frame(bearer, `${opened.path}&embed=1`);
    expect(locationOf(first).endsWith('&embed=1&probe=1')).toBe(true);
    const answer = await frame(bearer, locationOf(first));
    expect([answer.status, locationOf(answer) === EMBED_PATH]).toEqual([303, true]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('referrer-policy')).toBe('strict-origin');
    expect(await outcomeOf(bearer, opened)).toEqual(['unspent', 'good']);
  });

  test('is recorded', async () => {
    const opened = await link(bearer);
    const answer = await frame(bearer, `${opened.path}&embed=1&probe=1`);
    const request_id = answer.headers.get('x-request-id') ?? '';
    const [event] = await listEvents(bearer.deps.db, { request_id }, { limit: 2 });
    expect(event).toMatchObject({ action: 'sso_token.held', outcome: 'granted', detail: '{"reason":"bearer"}' });
  });

  test('is told at once that a link is used, and not sent round', async () => {
    const opened = await link(bearer);
    await frame(bearer, opened.path, { cookie: PROBE_COOKIE });
    for (const path of [opened.path, `${opened.path}&embed=1`, `${opened.path}&embed=1&probe=1`])
      expect(problemOf(await frame(bearer, path, asJson))).toBe('token-used');
  });

  test('is told that a link is over', async () => {
    const opened = await link(bearer);
    bearer.clock.advance(300_000);
    expect(problemOf(await frame(bearer, `${opened.path}&embed=1&probe=1`, asJson))).toBe('token-expired');
  });
});

describe('a frame in a browser where somebody else is signed in', () => {
  async function besides(handoff: Handoff): Promise<{ cookie: string; colleague: Sample }> {
    const sample = sampleOf(handoff);
    const cookie = cookieOf(await frame(handoff, (await link(handoff)).path, { cookie: PROBE_COOKIE })) ?? '';
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    return { cookie, colleague: { ...sample, user_id } };
  }
  const isSignedIn = async (handoff: Handoff, cookie: string) =>
    (await call(handoff, '/auth/session', { headers: { cookie } })).status === 200;

  test('signs in as a bearer, and disturbs nobody', async () => {
    const { cookie, colleague } = await besides(bearer);
    const opened = await link(bearer, colleague);
    const answer = await frame(bearer, `${opened.path}&embed=1`, { cookie });
    expect([answer.status, locationOf(answer) === EMBED_PATH]).toEqual([303, true]);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await outcomeOf(bearer, opened)).toEqual(['unspent', 'good']);
    expect(await isSignedIn(bearer, cookie)).toBe(true);
  });

  test('does the same beside a frame of the same user through another partner, where the browser has one jar for both', async () => {
    const { cookie } = await besides(bearer);
    const { user_id, organization_id } = sampleOf(bearer);
    const partner = await createPartner(bearer.deps.db, { name: 'Second Practice Software' }, bearer.deps);
    const place = { partner_id: partner.partner_id, organization_id };
    const options = { embed_origins: [PRACTICE_ORIGIN] };
    const enabled = await enableIntegration(bearer.deps.db, { ...place, options }, bearer.deps);
    const organization_secret = enabled.organization_secret ?? '';
    const second = { ...place, user_id, organization_secret, partner_secret: partner.partner_secret };
    const opened = await link(bearer, second);
    await frame(bearer, `${opened.path}&embed=1`, { cookie });
    expect(await outcomeOf(bearer, opened)).toEqual(['unspent', 'good']);
    expect(await isSignedIn(bearer, cookie)).toBe(true);
  });

  test.each([
    ['the page around it speaks no protocol', () => bearer, ''],
    ['the portal can use no bearer', () => tab, '&embed=1'],
  ])('is asked first where %s', async (_, which, more) => {
    const handoff = which();
    const { cookie, colleague } = await besides(handoff);
    const answer = await frame(handoff, `${(await link(handoff, colleague)).path}${more}`, { cookie });
    expect([answer.status, answer.text.includes('Continue as Pat Provider?')]).toEqual([200, true]);
    expect(answer.text).toContain('data-answer="asking"');
    expect(await isSignedIn(handoff, cookie)).toBe(true);
  });
});

describe('a browser that does not say where it shows the page', () => {
  const old = (referer?: string) => ({ ...asJson, ...(referer !== undefined && { referer }) });
  test.each([
    ['a page that is not registered', 'https://evil.example/', 'embedding-refused'],
    ['a registered page', `${PRACTICE_ORIGIN}/`, undefined],
    ['no page', undefined, undefined],
  ])('is heard where it names %s', async (_, referer, problem) => {
    const opened = await link(tab);
    expect(problemOf(await call(tab, opened.path, { headers: old(referer) }))).toBe(problem);
    expect(await outcomeOf(tab, opened)).toEqual([problem === undefined ? 'spent' : 'unspent', 'good']);
  });

  test('may come from anywhere with a link for a tab', async () => {
    const opened = await mintLink(tab, sampleOf(tab));
    expect((await call(tab, opened.path, { headers: old('https://evil.example/') })).status).toBe(303);
  });
});

describe('a link that is opened again and again', () => {
  test('leaves a bounded number of rows a minute, whether it is good or over', async () => {
    const limited = await startHandoff({
      environment: { EMBED_WITHOUT_COOKIE: 'bearer', FAILURES_PER_MINUTE: '3' },
    });
    try {
      const sample = await createSample(limited.deps);
      const [opened, other] = [await link(limited, sample), await link(limited, sample)];
      const open = async ({ path }: Link) => (await frame(limited, `${path}&embed=1&probe=1`, asJson)).status;
      const statuses = async (of: Link) => [await open(of), await open(of), await open(of), await open(of)];
      expect(await statuses(opened)).toEqual([303, 303, 303, 429]);
      expect(await open(other)).toBe(303);
      expect((await frame(limited, opened.path, { cookie: PROBE_COOKIE })).status).toBe(303);
      // Its counter is in wall time: a link of its own shows the same for one that is over.
      const late = await link(limited, sample);
      limited.clock.advance(300_000);
      expect(await statuses(late)).toEqual([410, 410, 410, 429]);
      const rows = await listEvents(limited.deps.db, { action: 'sso_token.held' }, { limit: 50 });
      expect(rows).toHaveLength(4);
    } finally {
      await limited.close();
    }
  });
});
