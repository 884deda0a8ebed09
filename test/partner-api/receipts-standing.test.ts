// The receipt of an attempt that was refused for who asked or whom it was for: partner, organization, integration and user, each
// with the moment since when. The rules before that are in receipts-refused.test.ts.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import type { ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, callUsers } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { createPlace, type Place, WITHDRAWALS } from '../support/withdrawals.ts';
import { expectReceipt, PAGE, type Told } from './receipts.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const NOT_ACTIVE: Partial<Record<ProblemSlug, { detail: string; expected: string }>> = {
  'partner-suspended': { detail: 'This partner is suspended', expected: 'a partner that is not suspended' },
  'organization-suspended': {
    detail: 'This organization is suspended',
    expected: 'an organization that is not suspended',
  },
  'integration-disabled': {
    detail: 'This partner is not enabled for this organization',
    expected: 'a partner that is enabled for the organization',
  },
  'user-suspended': { detail: 'This user is suspended', expected: 'a user who is neither suspended nor disabled' },
};
const UNKNOWN = {
  slug: 'user-not-found',
  detail: 'There is no such user in this organization',
  expected: 'the id of a user who is a member of the organization',
  redirect_path: PAGE,
} as const;

const ask = (one: Sample, headers: Record<string, string> = {}) =>
  requestSso(handoff, one, { redirect_path: PAGE, headers });

test.each(WITHDRAWALS)('the receipt tells since when, when $what', async ({ problem, withdraw, restore }) => {
  const place: Place = await createPlace(handoff.deps);
  handoff.clock.advance(1_000);
  const received = `not active since ${timestamp(handoff.clock.now())}`;
  await withdraw(handoff.deps, place);
  handoff.clock.advance(1_000);
  const answer = await ask(place);
  await restore(handoff.deps, place);
  const words = NOT_ACTIVE[problem];
  const told: Told = words
    ? { slug: problem, ...words, received, redirect_path: PAGE }
    : { ...UNKNOWN, received: place.user_id };
  await expectReceipt(handoff, place, { answer, ...told });
});

test('the receipt tells since when the partner has disabled the user', async () => {
  const one = await createSample(handoff.deps);
  const received = `not active since ${timestamp(handoff.clock.now())}`;
  const headers = await bearer(handoff, one);
  const disabled = await callUsers(handoff, one, { method: 'PUT', rest: `/${one.user_id}/disable`, headers });
  expect(disabled.status).toBe(200);
  await expectReceipt(handoff, one, {
    answer: await ask(one),
    slug: 'user-suspended',
    detail: 'This user is disabled in this organization',
    expected: 'a user who is neither suspended nor disabled',
    received,
    redirect_path: PAGE,
  });
});

test('the receipt repeats the id of a user who is another tenant’s, or nobody', async () => {
  const { user_id } = await createSample(handoff.deps);
  for (const id of [user_id, 'usr_019ca8a03e8070000000000000000000', 'somebody']) {
    const answer = await ask(sample, { 'x-user-id': id });
    await expectReceipt(handoff, sample, {
      answer,
      ...UNKNOWN,
      received: id,
      user_id: id,
    });
  }
});

test('the receipt does not repeat an x-user-id that can be no id', async () => {
  const answer = await ask(sample, { 'x-user-id': sample.partner_secret });
  await expectReceipt(handoff, sample, {
    answer,
    ...UNKNOWN,
    received: null,
    user_id: null,
  });
});

test('the receipt tells that the partner’s own id of the user is unknown', async () => {
  const answer = await ask(sample, { 'x-user-id': '', 'x-partner-user-id': 'CLINIKO#USER_1' });
  const detail = 'There is no user with this partner_user_id in this organization';
  await expectReceipt(handoff, sample, {
    answer,
    ...UNKNOWN,
    detail,
    received: 'an x-partner-user-id that no user of yours has here',
    user_id: null,
  });
});
