// What becomes of an attempt that was granted, as its receipt tells it: each outcome, to the millisecond, with everything that
// happened to the link.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import { catalogueEntry, type ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { type Answer, call, CLICK, cookieOf, FRAME } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { formOf } from '../support/html.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { type Attempt, type AttemptEvent, attemptOf, EMBED_PAGE, mint, type Minted, PAGE } from './receipts.ts';

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64)';
const SERVER = 'SamplePracticeSoftware/1.0';

let handoff: Handoff;
let asking: Handoff;
let sample: Sample;
let asking_sample: Sample;
beforeAll(async () => {
  [handoff, asking] = await Promise.all([startHandoff(), startHandoff({ environment: { REDEEM: 'confirm' } })]);
  [sample, asking_sample] = await Promise.all([createSample(handoff.deps), createSample(asking.deps)]);
});
afterAll(() => Promise.all([handoff.close(), asking.close()]));

/** Moves time on and returns the new moment as answers write it. */
function later(server: Handoff = handoff): string {
  server.clock.advance(1_234);
  return timestamp(server.clock.now());
}

const ask = (redirect_path = PAGE): Promise<Minted> =>
  mint(handoff, sample, { redirect_path, headers: { 'user-agent': SERVER } });

const open = (link: Minted, headers: Record<string, string> = {}): Promise<Answer> =>
  call(handoff, link.path, { headers: { ...CLICK, 'user-agent': BROWSER, ...headers } });

const receiptOf = (link: Minted): Promise<Attempt> => attemptOf(handoff, sample, link.request_id);

const UNTOUCHED = { expires_at: null, opened_at: null, redeemed_at: null, revoked_at: null, refusal: null };

function event(members: Partial<AttemptEvent>): AttemptEvent {
  const rest = { occurred_at: '', action: 'sso_token.redeemed', problem: null, session_id: null, user_agent: BROWSER };
  return { ...rest, outcome: members.problem ? 'refused' : 'granted', ...members };
}

const minted = (occurred_at: string, user_agent: string | null = SERVER): AttemptEvent =>
  event({ occurred_at, action: 'sso_token.minted', user_agent });

function problem(slug: ProblemSlug): AttemptEvent['problem'] {
  const { title, fix } = catalogueEntry(slug);
  return { type: `${handoff.config.PROBLEM_BASE_URL}/${slug}`, title, detail: expect.any(String) as string, fix };
}

/** 300 seconds after the second in which it was made. */
const expiryOf = (minted_at: string): string => timestamp(Math.floor(Date.parse(minted_at) / 1000) * 1000 + 300_000);

test('a link that nobody came with is minted', async () => {
  const at = later();
  const link = await ask();
  expect(await receiptOf(link)).toEqual({
    ...UNTOUCHED,
    request_id: link.request_id,
    outcome: 'minted',
    attempted_at: at,
    user_id: sample.user_id,
    redirect_path: PAGE,
    expires_at: expiryOf(at),
    events: [minted(at)],
  });
});

test('a prefetch, a preview, a script and a HEAD leave it minted, with no event', async () => {
  const link = await ask();
  const looks = [{ 'sec-purpose': 'prefetch' }, { purpose: 'preview' }, { 'sec-fetch-mode': 'cors' }];
  for (const headers of looks) expect((await open(link, headers)).status).toBe(403);
  expect((await call(handoff, link.path, { method: 'HEAD', headers: CLICK })).status).toBe(200);
  expect(await receiptOf(link)).toMatchObject({ outcome: 'minted', opened_at: null, events: [{}] });
});

describe('a link that was opened and not spent is opened', () => {
  test('when a page asked first, once for each time, from the first time on', async () => {
    const headers = { ...CLICK, 'user-agent': BROWSER };
    const at = later(asking);
    const link = await mint(asking, asking_sample);
    const first = later(asking);
    expect((await call(asking, link.path, { headers })).status).toBe(200);
    const second = later(asking);
    const page = await call(asking, link.path, { headers });
    const held = (occurred_at: string) => event({ occurred_at, action: 'sso_token.held' });
    expect(await attemptOf(asking, asking_sample, link.request_id)).toMatchObject({
      outcome: 'opened',
      opened_at: first,
      redeemed_at: null,
      events: [minted(at, null), held(first), held(second)],
    });

    const third = later(asking);
    const form = { 'content-type': 'application/x-www-form-urlencoded', 'user-agent': BROWSER };
    const pressed = await call(asking, '/auth/sso', { method: 'POST', headers: form, body: formOf(page)?.body ?? '' });
    expect(pressed.status).toBe(303);
    const receipt = await attemptOf(asking, asking_sample, link.request_id);
    expect(receipt).toMatchObject({ outcome: 'redeemed', opened_at: first, redeemed_at: third });
    expect(receipt.events.map(({ action }) => action)).toEqual([
      'sso_token.minted',
      'sso_token.held',
      'sso_token.held',
      'sso_token.redeemed',
    ]);
  });

  test.each([
    { what: 'a full page in a frame', path: PAGE, headers: FRAME, slug: 'frame-refused' },
    { what: 'an embedded page in a tab', path: EMBED_PAGE, headers: CLICK, slug: 'frame-required' },
  ] as const)('in the wrong place: $what', async ({ path, headers, slug }) => {
    const link = await ask(path);
    const opened_at = later();
    expect((await open(link, headers)).status).toBe(403);
    const receipt = await receiptOf(link);
    expect(receipt).toMatchObject({ outcome: 'opened', opened_at, redeemed_at: null, refusal: null });
    expect(receipt.events.slice(1)).toEqual([event({ occurred_at: opened_at, problem: problem(slug) })]);
  });

  test('with another page in it than the one that was signed', async () => {
    const link = await ask();
    later();
    const answer = await call(handoff, link.path.replace('patients%2F7', 'patients%2F8'), { headers: CLICK });
    expect(answer.status).toBe(400);
    const receipt = await receiptOf(link);
    expect(receipt).toMatchObject({ outcome: 'opened', redirect_path: PAGE });
    expect(receipt.events[1]?.problem).toEqual(problem('redirect-mismatch'));
  });
});

describe('a link that was spent is redeemed', () => {
  test.each([
    { where: 'a tab', path: PAGE, headers: CLICK },
    { where: 'a frame', path: EMBED_PAGE, headers: FRAME },
  ])('in $where', async ({ path, headers }) => {
    const link = await ask(path);
    const redeemed_at = later();
    const answer = await open(link, headers);
    expect(answer.status).toBe(303);
    const session_id = /(ses_\w+)\./.exec(cookieOf(answer) ?? '')?.[1] ?? '';
    const receipt = await receiptOf(link);
    expect(receipt).toMatchObject({ outcome: 'redeemed', opened_at: redeemed_at, redeemed_at, revoked_at: null });
    expect(receipt.events.slice(1)).toEqual([event({ occurred_at: redeemed_at, session_id })]);
  });

  test('by the portal’s server', async () => {
    const link = await ask();
    const redeemed_at = later();
    const body = JSON.stringify({ token: link.sso_token, redirect: PAGE });
    const headers = { 'content-type': 'application/json', 'user-agent': 'SamplePortal/2.0' };
    const answer = await call(handoff, '/auth/sso', { method: 'POST', headers, body });
    const { session_id } = (answer.json as { data: { session_id: string } }).data;
    const receipt = await receiptOf(link);
    expect(receipt).toMatchObject({ outcome: 'redeemed', opened_at: redeemed_at, redeemed_at });
    expect(receipt.events.slice(1)).toEqual([
      event({ occurred_at: redeemed_at, session_id, user_agent: 'SamplePortal/2.0' }),
    ]);
  });

  test('after it was opened in the wrong place; and whoever comes later is told of too', async () => {
    const minted_at = later();
    const link = await ask();
    const moments: string[] = [];
    const step = async (headers: Record<string, string>) => {
      moments.push(later());
      return open(link, headers);
    };
    await step(FRAME);
    const cookie = cookieOf(await step(CLICK)) ?? '';
    expect((await step({ cookie })).status).toBe(303);
    expect((await step({ 'user-agent': 'Another/1.0' })).status).toBe(410);
    const [wrong_place = '', spent = '', again = '', stranger = ''] = moments;
    const session_id = cookie.split(/[=.]/)[1] ?? '';
    const receipt = await receiptOf(link);
    expect(receipt).toMatchObject({ outcome: 'redeemed', opened_at: wrong_place, redeemed_at: spent });
    expect(receipt.events).toEqual([
      minted(minted_at),
      event({ occurred_at: wrong_place, problem: problem('frame-refused') }),
      event({ occurred_at: spent, session_id }),
      event({ occurred_at: again, action: 'sso_token.reopened', session_id }),
      event({ occurred_at: stranger, problem: problem('token-used'), user_agent: 'Another/1.0' }),
    ]);
  });
});

test('the end of the session that a link began is told too', async () => {
  const link = await ask();
  later();
  const cookie = cookieOf(await open(link)) ?? '';
  const occurred_at = later();
  const headers = { cookie, 'user-agent': BROWSER };
  expect((await call(handoff, '/auth/logout', { method: 'POST', headers })).status).toBe(204);
  const { events, outcome } = await receiptOf(link);
  const session_id = cookie.split(/[=.]/)[1] ?? '';
  expect(outcome).toBe('redeemed');
  expect(events.slice(2)).toEqual([event({ occurred_at, action: 'session.ended', session_id })]);
});

test('what happened by the clock of a server that is behind is told all the same', async () => {
  const at = later();
  const link = await ask();
  handoff.clock.advance(-3);
  await open(link, FRAME);
  handoff.clock.advance(3);
  const { events } = await receiptOf(link);
  expect(events.toSorted((one, other) => one.action.localeCompare(other.action))).toEqual([
    minted(at),
    event({ occurred_at: timestamp(Date.parse(at) - 3), problem: problem('frame-refused') }),
  ]);
});

describe('a link that nobody spent in time is expired', () => {
  test('from the very moment that it says', async () => {
    const link = await ask();
    const { expires_at } = await receiptOf(link);
    handoff.clock.advance(Date.parse(expires_at ?? '') - handoff.clock.now() - 1);
    expect(await receiptOf(link)).toMatchObject({ outcome: 'minted', expires_at });
    handoff.clock.advance(1);
    expect(await receiptOf(link)).toMatchObject({ outcome: 'expired', expires_at, opened_at: null });
  });

  test('also when somebody came, before or after', async () => {
    const [early, late] = [await ask(), await ask()];
    const opened_at = later();
    await open(early, FRAME);
    handoff.clock.advance(300_000);
    const late_at = timestamp(handoff.clock.now());
    expect((await open(late)).status).toBe(410);
    expect(await receiptOf(early)).toMatchObject({ outcome: 'expired', opened_at });
    const receipt = await receiptOf(late);
    expect(receipt).toMatchObject({ outcome: 'expired', opened_at: late_at, redeemed_at: null });
    expect(receipt.events.slice(1)).toEqual([event({ occurred_at: late_at, problem: problem('token-expired') })]);
  });

  test('but not one that was spent before', async () => {
    const link = await ask();
    later();
    expect((await open(link)).status).toBe(303);
    handoff.clock.advance(86_400_000);
    expect(await receiptOf(link)).toMatchObject({ outcome: 'redeemed' });
  });
});
