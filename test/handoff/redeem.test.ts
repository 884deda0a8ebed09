// GET /auth/sso as a browser's navigation sends it: what a good link does, once, and what each refusal leaves untouched.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Answer,
  call,
  CLICK,
  EMBED_PATH,
  FRAME,
  type Link,
  mintLink,
  openLink,
  PATIENT_PATH,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

/** A person's click whose refusal can be read by its type. */
const NAVIGATION = { ...CLICK, accept: 'application/json' };
const FRAME_NAVIGATION = { ...FRAME, accept: 'application/json' };

const open = (path: string, headers: Record<string, string> = NAVIGATION) => call(handoff, path, { headers });

/** What is set, with the token itself masked: a failed test must not print it. */
function setCookies(answer: Answer): string[] {
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.replace(/=ses_[0-9a-f]{32}\.[\w-]{43};/, '=<session token>;'));
}

function query(parameters: Record<string, string>): string {
  return `/auth/sso?${new URLSearchParams(parameters).toString()}`;
}

async function expectStillGood(link: Link, headers = NAVIGATION): Promise<void> {
  expect((await open(link.path, headers)).status, 'the right link, afterwards').toBe(303);
}

describe('a good link', () => {
  test('sets one cookie for the whole host that no script and no other site can use', async () => {
    const answer = await open((await mintLink(handoff, sample)).path);
    expect(answer.status).toBe(303);
    expect(setCookies(answer)).toEqual(['__Host-handoff=<session token>; Path=/; HttpOnly; Secure; SameSite=Lax']);
  });

  test('for an embedded page sets a cookie that works in the frame and for the framing site alone', async () => {
    const answer = await open((await mintLink(handoff, sample, EMBED_PATH)).path, FRAME_NAVIGATION);
    expect(answer.status).toBe(303);
    expect(setCookies(answer)).toEqual([
      '__Host-handoff-embed=<session token>; Path=/; HttpOnly; Secure; SameSite=None; Partitioned',
    ]);
  });

  test.each([
    '/dashboard',
    '/dashboard/patients/42/prescriptions',
    '/dashboard/patients/42?tab=scripts',
    '/dashboard/patients/42?q=a%20b%2Bc+d&e=%E2%82%AC&f=%e9&empty=&=&&',
    '/dashboard?next=https://other.example/?a=b%26c=d;e',
    '/dashboard#section',
    '/dashboard?a=1#b?c=2%23&d=%2F',
    "/dashboard/it's(1)~!*;v=1,2@:$=",
    '/dashboard//two',
    '/dashboard/caf%C3%A9/50%25',
  ])('leads to the very bytes that were asked for: %s', async (redirect_path) => {
    const answer = await open((await mintLink(handoff, sample, redirect_path)).path);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(redirect_path);
  });

  test('leads an embedded page to the very bytes that were asked for', async () => {
    const redirect_path = '/embed/patients/42/prescriptions?filter=a%2Fb#top';
    const answer = await open((await mintLink(handoff, sample, redirect_path)).path, FRAME_NAVIGATION);
    expect(answer.headers.get('location')).toBe(redirect_path);
  });

  test('leaves no trace in caches and referrers', async () => {
    const { headers, text } = await open((await mintLink(handoff, sample)).path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(text).toBe('');
  });

  test('starts one session, for the user, organization, partner and token of the link', async () => {
    const place = await createSample(handoff.deps);
    await openLink(handoff, await mintLink(handoff, place));
    const { db } = handoff.deps;
    const sessions = await db
      .selectFrom('sessions')
      .innerJoin('sso_tokens', 'sso_tokens.jti', 'sessions.jti')
      .select(['sessions.partner_id', 'sessions.organization_id', 'kind', 'ended_at', 'redeemed_at'])
      .where('sessions.user_id', '=', place.user_id)
      .execute();
    const { partner_id, organization_id } = place;
    const redeemed_at = new Date(handoff.clock.now()).toISOString();
    expect(sessions).toEqual([{ partner_id, organization_id, kind: 'top_level', ended_at: null, redeemed_at }]);
  });
});

describe('a link works once', () => {
  test('the second browser is told that it has been used, and gets no cookie', async () => {
    const link = await mintLink(handoff, sample);
    await openLink(handoff, link);
    const again = await open(link.path);
    expect(problemOf(again)).toBe('token-used');
    expect(again.status).toBe(410);
    expect(again.headers.getSetCookie()).toEqual([]);
  });

  test('of twenty browsers at once, one gets in', async () => {
    const link = await mintLink(handoff, sample);
    const answers = await Promise.all(Array.from({ length: 20 }, () => open(link.path)));
    expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1);
    expect(answers.map(problemOf).filter((slug) => slug === 'token-used')).toHaveLength(19);
  });
});

describe('a link works for 300 seconds', () => {
  test('it is good a millisecond before', async () => {
    const link = await mintLink(handoff, sample);
    handoff.clock.advance(299_999);
    expect((await open(link.path)).status).toBe(303);
    handoff.clock.advance(1);
  });

  test('it has expired at 300 seconds exactly, and for good', async () => {
    const link = await mintLink(handoff, sample);
    handoff.clock.advance(300_000);
    const answer = await open(link.path);
    expect(problemOf(answer)).toBe('token-expired');
    expect(answer.status).toBe(410);
    handoff.clock.advance(86_400_000);
    expect(problemOf(await open(link.path))).toBe('token-expired');
  });

  test('one that was used and has expired since does not become good again', async () => {
    const link = await mintLink(handoff, sample);
    await openLink(handoff, link);
    handoff.clock.advance(300_000);
    expect(problemOf(await open(link.path))).toBe('token-expired');
  });
});

describe('the parameters of a link', () => {
  const LEAD_ELSEWHERE: [string, string][] = [
    ['another path', '/dashboard'],
    ['a longer path', `${PATIENT_PATH}/prescriptions`],
    ['an added query', `${PATIENT_PATH}?a=b`],
    ['an added fragment', `${PATIENT_PATH}#a`],
    ['a slash at the end', `${PATIENT_PATH}/`],
    ['another spelling of the same path', PATIENT_PATH.replace('dashboard', '%64ashboard')],
    ['capital letters', PATIENT_PATH.toUpperCase()],
    ['another host', `https://other.example${PATIENT_PATH}`],
    ['another host without a scheme', `//other.example${PATIENT_PATH}`],
    ['space around it', ` ${PATIENT_PATH} `],
  ];
  test.each(LEAD_ELSEWHERE)('a redirect changed to %s is refused and spends nothing', async (_, redirect) => {
    const link = await mintLink(handoff, sample);
    const answer = await open(query({ token: link.sso_token, redirect }));
    expect(problemOf(answer)).toBe('redirect-mismatch');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    await expectStillGood(link);
  });

  const INCOMPLETE: [what: string, field: string, parameters: string][] = [
    ['no token', 'token', 'redirect=<path>'],
    ['an empty token', 'token', 'token=&redirect=<path>'],
    ['no redirect', 'redirect', 'token=<token>'],
    ['an empty redirect', 'redirect', 'token=<token>&redirect='],
    ['the token twice', 'token', 'token=<token>&redirect=<path>&token=<token>'],
    ['two tokens', 'token', 'token=<token>&token=other&redirect=<path>'],
    ['the redirect twice', 'redirect', 'redirect=<path>&token=<token>&redirect=<path>'],
    ['two redirects', 'redirect', 'token=<token>&redirect=<path>&redirect=/dashboard'],
    ['nothing at all', 'token', ''],
  ];
  test.each(INCOMPLETE)(
    '%s is refused with the name of the parameter, and spends nothing',
    async (_, field, parameters) => {
      const link = await mintLink(handoff, sample);
      const path = encodeURIComponent(PATIENT_PATH);
      const answer = await open(
        `/auth/sso?${parameters.replaceAll('<token>', link.sso_token).replaceAll('<path>', path)}`,
      );
      expect(answer.status).toBe(400);
      expect(problemOf(answer)).toBe('invalid-request');
      expect((answer.json as { validation: { field: string }[] }).validation.map((entry) => entry.field)).toEqual([
        field,
      ]);
      await expectStillGood(link);
    },
  );

  test('in another order, and with others beside them, they work', async () => {
    const { sso_token } = await mintLink(handoff, sample);
    const answer = await open(query({ utm_source: 'mail', redirect: PATIENT_PATH, token: sso_token }));
    expect(answer.status).toBe(303);
  });
});
