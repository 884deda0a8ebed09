// Links that are taken back: by the partner, who can do it until they are spent, and by everything that takes access away.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { type Answer, call, CLICK, cookieOf, FRAME, problemOf, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, textOf } from '../support/html.ts';
import { bearer, callUsers } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';
import { requestIdOf, type Success } from './as-partner.ts';
import { type Attempt, attemptOf, mint, type Minted, revokeAttempt } from './receipts.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const open = (link: Minted, headers: Record<string, string> = {}): Promise<Answer> =>
  call(handoff, link.path, { headers: { ...CLICK, accept: 'application/json', ...headers } });

const revoke = (link: { request_id: string }): Promise<Answer> => revokeAttempt(handoff, sample, link.request_id);

function later(): string {
  handoff.clock.advance(1_234);
  return timestamp(handoff.clock.now());
}

/** What taking back answers: the sentence, the moment, and what was done. */
function told(answer: Answer) {
  const { message, data } = answer.json as Success<Attempt>;
  const { outcome, revoked_at, events } = data;
  const { status } = answer;
  return { status, message, outcome, revoked_at, actions: events.map(({ action }) => action) };
}

async function expectNotRevocable(answer: Answer, detail: string): Promise<void> {
  expect(answer.json).toMatchObject({ statusCode: 409, error: { title: 'Nothing to revoke', detail } });
  expect(problemOf(answer)).toBe('not-revocable');
  const events = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 });
  const event = { actor: 'partner', action: 'sso_token.revoked', outcome: 'refused', problem: 'not-revocable' };
  expect(events).toMatchObject([{ ...event, partner_id: sample.partner_id }]);
}

describe('a partner takes back', () => {
  const REVOKED = { status: 200, message: 'SSO link revoked successfully', outcome: 'revoked' };
  const AGAIN = { ...REVOKED, message: 'SSO link is already revoked' };

  test('a link that nobody came with, once, and is told so the second time', async () => {
    const link = await mint(handoff, sample);
    const revoked_at = later();
    const actions = ['sso_token.minted', 'sso_token.revoked'];
    expect(told(await revoke(link))).toEqual({ ...REVOKED, revoked_at, actions });
    later();
    expect(told(await revoke(link))).toEqual({ ...AGAIN, revoked_at, actions });
    expect(await attemptOf(handoff, sample, link.request_id)).toMatchObject({
      outcome: 'revoked',
      opened_at: null,
      redeemed_at: null,
      revoked_at,
      refusal: null,
    });
  });

  test('a link that was opened and not spent', async () => {
    const link = await mint(handoff, sample);
    const opened_at = later();
    await open(link, FRAME);
    const revoked_at = later();
    const actions = ['sso_token.minted', 'sso_token.redeemed', 'sso_token.revoked'];
    expect(told(await revoke(link))).toEqual({ ...REVOKED, revoked_at, actions });
    expect(await attemptOf(handoff, sample, link.request_id)).toMatchObject({ opened_at, revoked_at });
  });

  test('a link in the last millisecond of its life, which it stays revoked after', async () => {
    const link = await mint(handoff, sample);
    const { expires_at } = await attemptOf(handoff, sample, link.request_id);
    handoff.clock.advance(Date.parse(expires_at ?? '') - handoff.clock.now() - 1);
    expect((await revoke(link)).status).toBe(200);
    handoff.clock.advance(86_400_000);
    expect(told(await revoke(link))).toMatchObject({ ...AGAIN });
  });

  test('and whoever opens it reads that it was withdrawn, in words for people too, and is not signed in', async () => {
    const [taken, kept] = [await mint(handoff, sample), await mint(handoff, sample)];
    later();
    await revoke(taken);
    const opened_at = later();
    const answer = await open(taken);
    expect([answer.status, problemOf(answer), answer.headers.getSetCookie()]).toEqual([410, 'token-revoked', []]);
    later();
    const page = await open(taken, { accept: CLICK.accept });
    expectPlainPage(page);
    expect(textOf(page)).toMatch(/^This link has been withdrawn Go back to Sample Practice Software and press/);
    expect(await attemptOf(handoff, sample, taken.request_id)).toMatchObject({ outcome: 'revoked', opened_at });
    expect((await open(kept)).status).toBe(303);
  });

  test('and the audit trail names the partner, the request and the user', async () => {
    const link = await mint(handoff, sample);
    const occurred_at = later();
    const answer = await revoke(link);
    const request_id = requestIdOf(answer);
    const { partner_id, organization_id, user_id } = sample;
    const events = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
    const event = { occurred_at, actor: 'partner', action: 'sso_token.revoked', outcome: 'granted', problem: null };
    expect(events).toMatchObject([{ ...event, partner_id, organization_id, user_id, session_id: null }]);
  });
});

describe('there is nothing to take back', () => {
  test('of a link that was used', async () => {
    const link = await mint(handoff, sample);
    const cookie = cookieOf(await open(link)) ?? '';
    await expectNotRevocable(await revoke(link), 'The link has been used already');
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
    handoff.clock.advance(300_000);
    await expectNotRevocable(await revoke(link), 'The link has been used already');
  });

  test('of a link that has expired, from the very moment on', async () => {
    const link = await mint(handoff, sample);
    const { expires_at } = await attemptOf(handoff, sample, link.request_id);
    handoff.clock.advance(Date.parse(expires_at ?? '') - handoff.clock.now());
    await expectNotRevocable(await revoke(link), 'The link has expired already');
    expect(await attemptOf(handoff, sample, link.request_id)).toMatchObject({ outcome: 'expired', revoked_at: null });
  });

  test('of an attempt that was refused', async () => {
    const answer = await requestSso(handoff, sample, { redirect_path: '//evil.test' });
    const request_id = requestIdOf(answer);
    await expectNotRevocable(await revoke({ request_id }), 'The attempt was refused: there is no link');
  });
});

describe('a link is revoked, and not by its partner,', () => {
  test.each(WITHDRAWALS)('when $what', async ({ withdraw, restore }) => {
    const place = await createPlace(handoff.deps);
    const [spent, unspent] = [await mint(handoff, place), await mint(handoff, place)];
    await open(spent);
    const revoked_at = later();
    await withdraw(handoff.deps, place);
    later();
    await restore(handoff.deps, place);
    const receipt = await attemptOf(handoff, place, unspent.request_id);
    expect(receipt).toMatchObject({ outcome: 'revoked', revoked_at, redeemed_at: null });
    expect(await attemptOf(handoff, place, spent.request_id)).toMatchObject({ outcome: 'redeemed', revoked_at: null });
    const again = await revokeAttempt(handoff, place, unspent.request_id);
    expect(told(again)).toMatchObject({ status: 200, message: 'SSO link is already revoked', revoked_at });
    expect(problemOf(await open(unspent))).toBe('token-revoked');
  });

  test.each([
    ['disables', 'PUT', '/disable', 200],
    ['deletes', 'DELETE', '', 204],
  ])('when the partner %s the user', async (_, method, rest, status) => {
    const one = await createSample(handoff.deps);
    const headers = await bearer(handoff, one);
    const link = await mint(handoff, one);
    const revoked_at = later();
    const answer = await callUsers(handoff, one, { method, rest: `/${one.user_id}${rest}`, headers });
    expect(answer.status).toBe(status);
    expect(await attemptOf(handoff, one, link.request_id)).toMatchObject({ outcome: 'revoked', revoked_at });
  });
});

test('of taking back and opening at the same time one happens, and the receipt tells which', async () => {
  const happened = { revoked: 0, redeemed: 0 };
  for (let round = 0; round < 50; round += 1) {
    const link = await mint(handoff, sample);
    later();
    const both = round % 2 === 0 ? ([revoke, open] as const) : ([open, revoke] as const);
    const started = both.map((one) => one(link));
    const [taken, opened] = await Promise.all(round % 2 === 0 ? started : started.toReversed());
    const outcome = taken?.status === 200 ? 'revoked' : 'redeemed';
    happened[outcome] += 1;
    expect([taken?.status, opened?.status, opened && cookieOf(opened) !== undefined]).toEqual(
      outcome === 'revoked' ? [200, 410, false] : [409, 303, true],
    );
    const receipt = await attemptOf(handoff, sample, link.request_id);
    expect(receipt).toMatchObject({ outcome, [`${outcome}_at`]: timestamp(handoff.clock.now()) });
    expect([receipt.redeemed_at, receipt.revoked_at].filter((at) => at !== null)).toHaveLength(1);
    const session = await handoff.deps.db
      .selectFrom('sessions')
      .innerJoin('sso_tokens', 'sso_tokens.jti', 'sessions.jti')
      .select('session_id')
      .where('sso_tokens.request_id', '=', link.request_id)
      .execute();
    expect(session).toHaveLength(outcome === 'redeemed' ? 1 : 0);
  }
  expect(Math.min(happened.revoked, happened.redeemed), 'a race that always ends alike is none').toBeGreaterThan(0);
});
