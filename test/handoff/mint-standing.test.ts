// Whom POST /v1/sso gives a link for: a user who may act in this organization, through a partner that may act for it.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import type { ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { getOrganization } from '../../src/partners/organization.ts';
import { getUser, removeMembership, setMembership } from '../../src/users/user.ts';
import { PATIENT_PATH, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { createPlace, type Place, WITHDRAWALS } from '../support/withdrawals.ts';
import { expectRefusal, provedBy } from './expect-refusal.ts';

let handoff: Handoff;
let place: Place;
beforeAll(async () => {
  handoff = await startHandoff();
  place = await createPlace(handoff.deps);
});
afterAll(() => handoff.close());

const DETAILS: Partial<Record<ProblemSlug, string>> = {
  'partner-suspended': 'This partner is suspended',
  'organization-suspended': 'This organization is suspended',
  'integration-disabled': 'This partner is not enabled for this organization',
  'user-suspended': 'This user is suspended',
  'user-not-found': 'There is no such user in this organization',
};

describe.each(WITHDRAWALS)('when $what', ({ problem, withdraw, restore }) => {
  test('a request is refused with the reason, and granted again after access is given back', async () => {
    const one = await createPlace(handoff.deps);
    await withdraw(handoff.deps, one);
    await expectRefusal(handoff, await requestSso(handoff, one), {
      slug: problem,
      detail: DETAILS[problem] ?? '',
      proved: provedBy(one, PATIENT_PATH),
    });
    await restore(handoff.deps, one);
    expect((await requestSso(handoff, one)).status).toBe(200);
  });

  test('a neighbour is not concerned', async () => {
    const [one, neighbour] = [await createPlace(handoff.deps), await createPlace(handoff.deps)];
    await withdraw(handoff.deps, one);
    expect((await requestSso(handoff, neighbour)).status).toBe(200);
  });
});

const asUser = (sample: Sample, user_id: string) => requestSso(handoff, sample, { headers: { 'x-user-id': user_id } });

async function expectUnknown(user_id: string, recorded = true): Promise<void> {
  const { partner_id, organization_id } = place;
  await expectRefusal(handoff, await asUser(place, user_id), {
    slug: 'user-not-found',
    detail: 'There is no such user in this organization',
    proved: { partner_id, organization_id, redirect_path: PATIENT_PATH, ...(recorded && { user_id }) },
  });
}

/** A place beside the first one, in the same top-level organization. */
const createSister = (): Promise<Sample> =>
  createSample(handoff.deps, { parent_organization_id: place.parent_organization_id });

describe('a user is found in this organization alone', () => {
  test('one who is a member', async () => {
    const user_id = await createSampleUser(handoff.deps, place.organization_id, ['receptionist']);
    expect((await asUser(place, user_id)).status).toBe(200);
  });

  test('not one whom nobody knows', () => expectUnknown('usr_019ca8a03e8070000000000000000000'));

  test('not one of another tenant, who is found there', async () => {
    const other = await createSample(handoff.deps);
    await expectUnknown(other.user_id);
    expect((await asUser(other, other.user_id)).status).toBe(200);
  });

  test('not one of a sister organization, who is found there', async () => {
    const sister = await createSister();
    await expectUnknown(sister.user_id);
    expect((await asUser(sister, sister.user_id)).status).toBe(200);
  });

  test('not one of the organization above', async () => {
    await expectUnknown(await createSampleUser(handoff.deps, place.parent_organization_id, ['admin']));
  });

  test('not one of the organization below', async () => {
    const above = await createSample(handoff.deps);
    const below = await createSample(handoff.deps, { parent_organization_id: above.organization_id });
    expect((await asUser(above, below.user_id)).status).toBe(404);
    expect((await asUser(above, above.user_id)).status).toBe(200);
  });

  test('one of a sister organization from when a membership is set until it is removed', async () => {
    const { user_id } = await createSister();
    const { organization_id } = place;
    const { db } = handoff.deps;
    const [user, organization] = [await getUser(db, user_id), await getOrganization(db, organization_id)];
    await expectUnknown(user_id);
    await setMembership(db, { user, organization, access_roles: ['provider'] }, handoff.deps);
    expect((await asUser(place, user_id)).status).toBe(200);
    await removeMembership(db, { user_id, organization_id }, handoff.deps);
    await expectUnknown(user_id);
  });
});

describe('an x-user-id that cannot be one is unknown, and not recorded', () => {
  test.each([
    ['a partner secret', () => newSecret('hps', systemRandom)],
    ['an organization secret', () => newSecret('hos', systemRandom)],
    ['an e-mail address', () => 'pat@clinic.example'],
    ['a long text', () => 'a'.repeat(4000)],
    ['a text with quotes', () => `usr' or '1'='1`],
    ['Latin-1', () => 'usr_\u00e9'],
  ])('%s', async (_, user_id) => {
    await expectUnknown(user_id(), false);
  });

  test('while one that could be is', () => expectUnknown('somebody-else'));
});
