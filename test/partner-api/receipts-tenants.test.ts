// Who sees which receipts, and for how long: one partner in one organization its own, for RECEIPT_DAYS.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { sweep } from '../../src/sweep.ts';
import { call, CLICK, EMBED_PATH, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, callUsers, createUser } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf } from './as-partner.ts';
import { askForAttempt, attemptOf, expectNothingSecret, listAttempts, mint, revokeAttempt } from './receipts.ts';

const DAY = 86_400_000;

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { RECEIPT_DAYS: '2' } });
});
afterAll(() => handoff.close());

async function enable(partner: Sample, place: Sample): Promise<Sample> {
  const { organization_id, user_id } = place;
  const key = { partner_id: partner.partner_id, organization_id };
  const enabled = await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
  return { ...partner, organization_id, user_id, organization_secret: enabled.organization_secret ?? '' };
}

async function expectUnknown(one: Sample, request_id: string): Promise<void> {
  for (const ask of [askForAttempt, revokeAttempt]) {
    expect((await ask(handoff, one, request_id)).json).toMatchObject({
      statusCode: 404,
      error: { title: 'Attempt not found', detail: 'There is no attempt with this request id' },
    });
  }
  expect((await listAttempts(handoff, one, { request_id })).attempts).toEqual([]);
}

describe('an attempt', () => {
  /** Two partners in two organizations, and a third partner in a third. */
  let here: Sample;
  let elsewhere: Sample;
  let rival_here: Sample;
  let rival_elsewhere: Sample;
  let stranger: Sample;
  beforeAll(async () => {
    here = await createSample(handoff.deps);
    rival_elsewhere = await createSample(handoff.deps);
    elsewhere = await enable(here, rival_elsewhere);
    rival_here = await enable(rival_elsewhere, here);
    stranger = await createSample(handoff.deps);
  });

  test('is seen by its partner in its organization and by nobody else', async () => {
    const everybody = [here, elsewhere, rival_here, rival_elsewhere, stranger];
    const made: string[] = [];
    for (const one of everybody) made.push((await mint(handoff, one)).request_id);
    for (const [index, one] of everybody.entries()) {
      const { attempts } = await listAttempts(handoff, one);
      expect(attempts.map(({ request_id }) => request_id)).toEqual([made[index]]);
      for (const [other, request_id] of made.entries()) if (other !== index) await expectUnknown(one, request_id);
      expect(await attemptOf(handoff, one, made[index] ?? '')).toMatchObject({ outcome: 'minted' });
    }
  });

  test('with another tenant’s user in it tells only what its partner said', async () => {
    const answer = await requestSso(handoff, here, { headers: { 'x-user-id': stranger.user_id } });
    const attempt = await attemptOf(handoff, here, requestIdOf(answer));
    expect(attempt.refusal).toMatchObject({ title: 'User not found', received: stranger.user_id });
    await expectUnknown(stranger, requestIdOf(answer));
    const headers = { 'x-user-id': stranger.user_id };
    expect((await listAttempts(handoff, here, { user_id: stranger.user_id })).attempts).toHaveLength(1);
    expect((await requestSso(handoff, stranger, { headers })).status).toBe(200);
  });

  test('in which only the partner’s secret was right is found by its id in each of the partner’s organizations', async () => {
    const organization_secret = newSecret('hos', systemRandom);
    const answer = await requestSso(handoff, { ...here, organization_secret });
    expect(answer.status).toBe(401);
    const request_id = requestIdOf(answer);
    for (const one of [here, elsewhere]) {
      const attempt = await attemptOf(handoff, one, request_id);
      expect(attempt).toMatchObject({ outcome: 'refused', user_id: null, redirect_path: null });
      expect(attempt.refusal?.received).toBe('no secret of this partner');
      const { events: _, ...alone } = attempt;
      expect((await listAttempts(handoff, one, { request_id })).attempts).toEqual([alone]);
      expect((await listAttempts(handoff, one, { request_id, outcome: 'minted' })).attempts).toEqual([]);
      const { attempts } = await listAttempts(handoff, one, { outcome: 'refused', limit: '50' });
      expect(attempts.map((other) => other.request_id)).not.toContain(request_id);
      expect((await revokeAttempt(handoff, one, request_id)).status).toBe(409);
    }
    for (const one of [rival_here, rival_elsewhere, stranger]) await expectUnknown(one, request_id);
  });

  test('that nobody made is unknown, whatever its id', async () => {
    const ids = [
      'req_019ca8a03e8070000000000000000000',
      'evt_1',
      'x',
      'x'.repeat(2_000),
      '%00',
      'req_%00',
      '%ff',
      '%27',
    ];
    for (const id of ids) expect((await askForAttempt(handoff, here, id)).status).toBe(404);
    for (const id of ids) expect((await revokeAttempt(handoff, here, id)).status).toBe(404);
  });

  test('is one of POST /v1/sso: no other request has a receipt', async () => {
    const { request_id, path } = await mint(handoff, here);
    const others = [
      await call(handoff, path, { headers: CLICK }),
      await askForAttempt(handoff, here, request_id),
      await callUsers(handoff, here, { headers: await bearer(handoff, here) }),
    ];
    for (const other of others) await expectUnknown(here, requestIdOf(other));
  });
});

test('no receipt tells of another user’s link, although both were opened in one browser', async () => {
  const sample = await createSample(handoff.deps);
  const headers = await bearer(handoff, sample);
  const { user_id } = await createUser(handoff, sample, headers);
  const first = await mint(handoff, sample);
  const second = await mint(handoff, sample, { headers: { 'x-user-id': user_id }, redirect_path: EMBED_PATH });
  for (const { path } of [first, second]) await call(handoff, path, { headers: CLICK });
  const answers = await Promise.all(
    [first, second].map(({ request_id }) => askForAttempt(handoff, sample, request_id)),
  );
  for (const answer of answers) expectNothingSecret(answer);
  const [one, other] = answers.map(({ text }) => text);
  expect([one?.includes(user_id), one?.includes(sample.user_id)]).toEqual([false, true]);
  expect([other?.includes(user_id), other?.includes(sample.user_id)]).toEqual([true, false]);
});

test('the receipts of a user who has been deleted still tell', async () => {
  const sample = await createSample(handoff.deps);
  const bearer_headers = await bearer(handoff, sample);
  const { user_id } = await createUser(handoff, sample, bearer_headers);
  const headers = { 'x-user-id': user_id };
  const [redeemed, open] = [await mint(handoff, sample, { headers }), await mint(handoff, sample, { headers })];
  handoff.clock.advance(1_000);
  expect((await call(handoff, redeemed.path, { headers: CLICK })).status).toBe(303);
  handoff.clock.advance(1_000);
  const deleted = { method: 'DELETE', rest: `/${user_id}`, headers: bearer_headers };
  expect((await callUsers(handoff, sample, deleted)).status).toBe(204);
  const refused = requestIdOf(await requestSso(handoff, sample, { headers }));
  const told = await Promise.all(
    [redeemed.request_id, open.request_id, refused].map((request_id) => attemptOf(handoff, sample, request_id)),
  );
  expect(told.map(({ outcome, user_id: whose }) => [outcome, whose])).toEqual([
    ['redeemed', user_id],
    ['revoked', user_id],
    ['refused', user_id],
  ]);
  expect(told[2]?.refusal).toMatchObject({ title: 'User not found', received: user_id });
  expect((await listAttempts(handoff, sample, { user_id })).attempts).toHaveLength(3);
});

describe('a receipt is kept for RECEIPT_DAYS', () => {
  const outcomesOf = async (sample: Sample) =>
    (await listAttempts(handoff, sample)).attempts.map(({ outcome }) => outcome);

  test('to the millisecond, with all that it says, and not longer', async () => {
    const sample = await createSample(handoff.deps);
    const opened = await mint(handoff, sample);
    const minted_at = handoff.clock.now();
    handoff.clock.advance(1);
    const withdrawn = await mint(handoff, sample);
    await call(handoff, opened.path, { headers: CLICK });
    await revokeAttempt(handoff, sample, withdrawn.request_id);
    handoff.clock.advance(minted_at + 2 * DAY - handoff.clock.now());
    await sweep(handoff.deps);
    expect(await outcomesOf(sample)).toEqual(['revoked', 'redeemed']);
    const receipt = await attemptOf(handoff, sample, opened.request_id);
    expect(receipt.events).toHaveLength(2);

    handoff.clock.advance(1);
    await expectUnknown(sample, opened.request_id);
    expect(await outcomesOf(sample)).toEqual(['revoked']);
    handoff.clock.advance(1);
    await expectUnknown(sample, withdrawn.request_id);
    expect(await outcomesOf(sample)).toEqual([]);
    const late = await mint(handoff, sample);
    expect(await outcomesOf(sample)).toEqual(['minted']);
    expect((await revokeAttempt(handoff, sample, late.request_id)).status).toBe(200);
  });

  test('and a filter by time opens nothing older', async () => {
    const sample = await createSample(handoff.deps);
    await mint(handoff, sample);
    const window = { from: '2026-01-01T00:00:00Z', until: '2030-01-01T00:00:00Z' };
    expect((await listAttempts(handoff, sample, window)).attempts).toHaveLength(1);
    handoff.clock.advance(2 * DAY + 1);
    expect((await listAttempts(handoff, sample, window)).attempts).toEqual([]);
  });

  test('after which the sweep takes the links, and leaves the audit trail', async () => {
    const sample = await createSample(handoff.deps);
    const { request_id } = await mint(handoff, sample);
    handoff.clock.advance(2 * DAY + 300_001);
    await sweep(handoff.deps);
    const { db } = handoff.deps;
    const rows = (table: 'sso_tokens' | 'audit_events') =>
      db.selectFrom(table).select('request_id').where('request_id', '=', request_id).execute();
    expect(await rows('sso_tokens')).toEqual([]);
    expect(await rows('audit_events')).toEqual([{ request_id }]);
    await expectUnknown(sample, request_id);
  });
});
