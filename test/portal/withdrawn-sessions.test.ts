// Taking access away ends what it brought about, at once and in one transaction; giving it back brings nothing back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOrganization } from '../../src/partners/organization.ts';
import { suspendPartner } from '../../src/partners/partner.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, CLICK, cookieOf, EMBED_PATH, FRAME, mintLink, openLink, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const signIn = async (sample: Sample) => openLink(handoff, await mintLink(handoff, sample));
const session = (cookie: string) => call(handoff, '/auth/session', { headers: { cookie } });
const sessionsOf = ({ user_id }: Sample) =>
  handoff.deps.db
    .selectFrom('sessions')
    .select(['kind', 'ended_at', 'end_reason'])
    .where('user_id', '=', user_id)
    .orderBy('kind')
    .execute();

describe.each(WITHDRAWALS)('when $what', ({ withdraw, restore }) => {
  test('every session of it ends at that moment, in tabs and frames', async () => {
    const place = await createPlace(handoff.deps);
    const cookies = [await signIn(place), await signIn(place)];
    const frame = await call(handoff, (await mintLink(handoff, place, EMBED_PATH)).path, { headers: FRAME });
    handoff.clock.advance(1_000);
    await withdraw(handoff.deps, place);
    const ended_at = new Date(handoff.clock.now()).toISOString();
    const end = { ended_at, end_reason: 'access_withdrawn' };
    const kinds = ['embed', 'top_level', 'top_level'];
    expect(await sessionsOf(place)).toEqual(kinds.map((kind) => ({ kind, ...end })));
    for (const cookie of cookies) expect(problemOf(await session(cookie))).toBe('session-expired');
    expect(problemOf(await session(cookieOf(frame) ?? ''))).toBe('session-expired');
    const headers = { authorization: `Bearer ${cookies[0]?.split('=')[1]}` };
    expect(problemOf(await call(handoff, '/auth/verify', { headers }))).toBe('session-expired');
  });

  test('giving access back does not bring them back, and signing on again works', async () => {
    const place = await createPlace(handoff.deps);
    const cookie = await signIn(place);
    await withdraw(handoff.deps, place);
    await restore(handoff.deps, place);
    expect(problemOf(await session(cookie))).toBe('session-expired');
    expect((await session(await signIn(place))).status).toBe(200);
  });

  test('doing it twice is no harm', async () => {
    const place = await createPlace(handoff.deps);
    await signIn(place);
    expect(await withdraw(handoff.deps, place)).toBe(true);
    const before = await sessionsOf(place);
    handoff.clock.advance(1_000);
    expect(await withdraw(handoff.deps, place)).toBe(false);
    expect(await sessionsOf(place)).toEqual(before);
  });

  test('sessions of other people and places go on', async () => {
    const [place, other] = [await createPlace(handoff.deps), await createPlace(handoff.deps)];
    const cookie = await signIn(other);
    await withdraw(handoff.deps, place);
    expect((await session(cookie)).status).toBe(200);
  });

  test('either all of it happens or nothing', async () => {
    const place = await createPlace(handoff.deps);
    const cookie = await signIn(place);
    const link = await mintLink(handoff, place);
    // The event is the last thing written, and has no id without random bytes.
    const random = (): Uint8Array => {
      throw new Error('no random bytes');
    };
    await expect(withdraw({ ...handoff.deps, random }, place)).rejects.toThrow('no random bytes');
    expect((await session(cookie)).status).toBe(200);
    expect((await call(handoff, link.path, { headers: CLICK })).status).toBe(303);
  });
});

describe('how far a withdrawal reaches', () => {
  test('a suspended user’s colleagues stay signed in', async () => {
    const sample = await createSample(handoff.deps);
    const user_id = await createSampleUser(handoff.deps, sample.organization_id);
    const cookie = await signIn({ ...sample, user_id });
    await suspendUser(handoff.deps.db, sample.user_id, handoff.deps);
    expect((await session(cookie)).status).toBe(200);
  });

  test('suspending a sub-organization leaves the one above and its other parts alone', async () => {
    const { deps } = handoff;
    const place = await createPlace(deps);
    const above = { parent_organization_id: place.parent_organization_id };
    const sibling = await createSample(deps, above);
    const [here, there] = [await signIn(place), await signIn(sibling)];
    const suspend = WITHDRAWALS.find(({ what }) => what === 'the organization is suspended');
    await suspend?.withdraw(deps, place);
    expect([(await session(here)).status, (await session(there)).status]).toEqual([401, 200]);
  });

  test('suspending the one above ends sessions in every part of it, and in no other group', async () => {
    const { deps } = handoff;
    const place = await createPlace(deps);
    const sibling = await createSample(deps, { parent_organization_id: place.parent_organization_id });
    const { organization_id: elsewhere } = await createOrganization(deps.db, { name: 'Another Group' }, deps);
    const stranger = await createSample(deps, { parent_organization_id: elsewhere });
    const cookies = [await signIn(place), await signIn(sibling), await signIn(stranger)];
    const suspend = WITHDRAWALS.find(({ what }) => what === 'the organization above is suspended');
    await suspend?.withdraw(deps, place);
    const statuses = (await Promise.all(cookies.map((cookie) => session(cookie)))).map(({ status }) => status);
    expect(statuses).toEqual([401, 401, 200]);
  });

  test('a session that had ended before keeps its moment and its reason', async () => {
    const sample = await createSample(handoff.deps);
    const cookie = await signIn(sample);
    await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie } });
    const before = await sessionsOf(sample);
    handoff.clock.advance(1_000);
    await suspendPartner(handoff.deps.db, sample.partner_id, handoff.deps);
    expect(await sessionsOf(sample)).toEqual(before);
    expect(before.map(({ end_reason }) => end_reason)).toEqual(['signed_out']);
  });
});

test('a redemption that races a suspension leaves no session behind', async () => {
  const { deps } = handoff;
  for (let round = 0; round < 10; round += 1) {
    const sample = await createSample(deps);
    const links = await Promise.all(Array.from({ length: 5 }, () => mintLink(handoff, sample)));
    const opening = links.map((link) => call(handoff, link.path, { headers: CLICK }));
    await Promise.all([...opening, suspendUser(deps.db, sample.user_id, deps)]);
    const live = (await sessionsOf(sample)).filter(({ ended_at }) => ended_at === null);
    expect(live).toEqual([]);
  }
});
