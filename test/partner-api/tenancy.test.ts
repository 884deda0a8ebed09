// Who sees whom: a partner sees the users that it made and those that are the organization's own, in the organization of its
// token. Everybody else's are not there, for every call that names a user, for lists, and for links.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { createPartner } from '../../src/partners/partner.ts';
import { getUser, releaseUser, setMembership } from '../../src/users/user.ts';
import { call, mintLink, openLink, PATIENT_PATH, problemOf, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  callUsers,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  NO_SUCH_USER,
  pageOf,
  partnerHeaders4,
  type PartnerUser,
  plainUser,
  postUser,
  refusalOf,
  USER_CALLS,
} from '../support/partner-api.ts';
import { createSampleUser, type Sample } from '../support/sample.ts';

/** A partner in an organization, with a token. */
type Desk = Sample & { headers: Headers4 };

let handoff: Handoff;
/** Two partners in one organization. */
let mine: Desk;
let rival: Desk;
/** The first partner in a sister organization, in the one above both, and in another tenant. */
let sister: Desk;
let above: Desk;
let elsewhere: Desk;

async function openDesk(
  partner: Pick<Sample, 'partner_id' | 'partner_secret'>,
  organization_id: string,
): Promise<Desk> {
  const { deps } = handoff;
  const pair = { partner_id: partner.partner_id, organization_id };
  const { organization_secret } = await enableIntegration(deps.db, { ...pair, options: {} }, deps);
  const sample = { ...partner, ...pair, organization_secret: organization_secret ?? '', user_id: '' };
  return { ...sample, headers: await bearer(handoff, sample) };
}

beforeAll(async () => {
  handoff = await startHandoff();
  const { deps } = handoff;
  const organize = async (name: string, parent_organization_id?: string) =>
    (await createOrganization(deps.db, { name, ...(parent_organization_id && { parent_organization_id }) }, deps))
      .organization_id;
  const group = await organize('Sample Group');
  const clinic = await organize('Sample Clinic', group);
  const partner = await createPartner(deps.db, { name: 'Sample Practice Software' }, deps);
  mine = await openDesk(partner, clinic);
  rival = await openDesk(await createPartner(deps.db, { name: 'Another Practice Software' }, deps), clinic);
  sister = await openDesk(partner, await organize('Sister Clinic', group));
  above = await openDesk(partner, group);
  elsewhere = await openDesk(partner, await organize('Another Group'));
});
afterAll(() => handoff.close());

const create = (desk: Desk, body = newUser()) => createUser(handoff, desk, desk.headers, body);
const look = async (desk: Desk, user_id: string) =>
  callUser(handoff, desk, { user_id, headers: desk.headers, method: 'GET', rest: '' });

/** Everybody whom a desk's list shows. */
async function listed(desk: Desk): Promise<string[]> {
  const { users, pagination } = pageOf(await callUsers(handoff, desk, { headers: desk.headers, rest: '?limit=50' }));
  expect(pagination.hasNext).toBe(false);
  return users.map(({ user_id }) => user_id);
}

const found = async (desk: Desk, filter: Record<string, string>) => {
  const rest = `?${new URLSearchParams(filter).toString()}`;
  return pageOf(await callUsers(handoff, desk, { headers: desk.headers, rest })).users.map(({ user_id }) => user_id);
};

const link = (desk: Desk, headers: Headers4) =>
  call(handoff, '/v1/sso', {
    method: 'POST',
    headers: { ...partnerHeaders4(desk), ...headers },
    body: JSON.stringify({ redirect_path: PATIENT_PATH }),
  });

/** A user is not there for a desk: in no call, no list, no link. */
async function expectUnseen(desk: Desk, { user_id, email, partner_user_id }: PartnerUser): Promise<void> {
  for (const one of USER_CALLS) {
    const answer = await callUser(handoff, desk, { ...one, headers: desk.headers, user_id });
    expect(refusalOf(answer), one.what).toEqual(NO_SUCH_USER);
  }
  expect(await listed(desk)).not.toContain(user_id);
  expect([await found(desk, { email }), await found(desk, { partner_user_id: partner_user_id ?? 'x' })]).toEqual([
    [],
    [],
  ]);
  const links = [
    await link(desk, { 'x-user-id': user_id }),
    await link(desk, { 'x-partner-user-id': partner_user_id ?? 'x' }),
  ];
  expect(links.map(problemOf)).toEqual(['user-not-found', 'user-not-found']);
}

/** Every call that names a user works for this one, who is gone at the end. */
async function expectSeen(desk: Desk, { user_id, email }: PartnerUser): Promise<void> {
  expect(await listed(desk)).toContain(user_id);
  expect(await found(desk, { email })).toEqual([user_id]);
  expect((await link(desk, { 'x-user-id': user_id })).status).toBe(200);
  for (const one of USER_CALLS) {
    const answer = await callUser(handoff, desk, { ...one, headers: desk.headers, user_id });
    expect([one.what, answer.status]).toEqual([one.what, one.status]);
    expect(problemOf(answer) ?? '', one.what).not.toBe('user-not-found');
  }
  expect(refusalOf(await look(desk, user_id))).toEqual(NO_SUCH_USER);
}

const DESKS: [string, () => Desk][] = [
  ['another partner in the same organization', () => rival],
  ['the same partner in a sister organization', () => sister],
  ['the same partner in the organization above', () => above],
  ['the same partner in another tenant', () => elsewhere],
];

describe('a user whom a partner made', () => {
  test.each(DESKS)('is not there for %s, is as before after every attempt, and is there for it', async (_, desk) => {
    const user = await create(mine);
    await expectUnseen(desk(), user);
    expect(dataOf(await look(mine, user.user_id))).toEqual(user);
    await expectSeen(mine, user);
  });

  test('in the organization above is not there in those below', async () => {
    const user = await create(above);
    for (const desk of [mine, sister]) await expectUnseen(desk, user);
    await expectSeen(above, user);
  });

  test('keeps their session out of another partner’s reach', async () => {
    const user = await create(mine);
    const cookie = await openLink(handoff, await mintLink(handoff, { ...mine, user_id: user.user_id }));
    const session_id = /ses_[0-9a-f]{32}/.exec(cookie)?.[0] ?? '';
    for (const rest of ['/sessions', `/sessions/${session_id}`]) {
      const one = { user_id: user.user_id, headers: rival.headers, method: 'DELETE', rest };
      expect(refusalOf(await callUser(handoff, rival, one))).toEqual(NO_SUCH_USER);
    }
    expect((await call(handoff, '/auth/session', { headers: { cookie } })).status).toBe(200);
  });
});

describe('a user of the organization’s own', () => {
  const createOwn = async (desk: Desk): Promise<PartnerUser> =>
    dataOf(await look(desk, await createSampleUser(handoff.deps, desk.organization_id)));

  test.each([
    ['one partner', () => mine],
    ['the other', () => rival],
  ])('is there for %s', async (_, desk) => {
    await expectSeen(desk(), await createOwn(mine));
  });

  test('is seen alike by both, but for the id that each knows them by', async () => {
    const { user_id } = await createOwn(mine);
    for (const [desk, partner_user_id] of [
      [mine, 'OWN#MINE'],
      [rival, 'OWN#THEIRS'],
    ] as const) {
      const update = { user_id, headers: desk.headers, method: 'PUT', rest: '', body: { partner_user_id } };
      expect((await callUser(handoff, desk, update)).status).toBe(200);
    }
    const [one, other] = [dataOf(await look(mine, user_id)), dataOf(await look(rival, user_id))];
    expect([one.partner_user_id, other.partner_user_id]).toEqual(['OWN#MINE', 'OWN#THEIRS']);
    expect({ ...one, partner_user_id: null }).toEqual({ ...other, partner_user_id: null });
    expect(await found(mine, { partner_user_id: 'OWN#THEIRS' })).toEqual([]);
    expect(problemOf(await link(mine, { 'x-partner-user-id': 'OWN#THEIRS' }))).toBe('user-not-found');
    expect((await link(rival, { 'x-partner-user-id': 'OWN#THEIRS' })).status).toBe(200);
  });

  test('is not there in other organizations', async () => {
    const user = await createOwn(mine);
    for (const desk of [sister, above, elsewhere]) await expectUnseen(desk, user);
    await expectSeen(mine, user);
  });

  test('shows a partner its own sessions alone, and lets it end no other', async () => {
    const { user_id } = await createOwn(mine);
    const signIn = async (desk: Desk) => openLink(handoff, await mintLink(handoff, { ...desk, user_id }));
    const cookies = [await signIn(mine), await signIn(rival)] as const;
    const ids = cookies.map((cookie) => /ses_[0-9a-f]{32}/.exec(cookie)?.[0] ?? '');
    const sessions = (desk: Desk, method: string, rest = '') =>
      callUser(handoff, desk, { user_id, headers: desk.headers, method, rest: `/sessions${rest}` });
    const idsFor = async (desk: Desk) =>
      dataOf<{ session_id: string }[]>(await sessions(desk, 'GET')).map(({ session_id }) => session_id);
    expect([await idsFor(mine), await idsFor(rival)]).toEqual([[ids[0]], [ids[1]]]);
    expect(refusalOf(await sessions(rival, 'DELETE', `/${ids[0]}`))).toMatchObject({ slug: 'not-found' });
    expect(dataOf<{ sessions_ended: number }>(await sessions(rival, 'DELETE')).sessions_ended).toBe(1);
    const present = cookies.map((cookie) => call(handoff, '/auth/session', { headers: { cookie } }));
    expect((await Promise.all(present)).map(({ status }) => status)).toEqual([200, 401]);
  });
});

describe('a user who is released to the organization', () => {
  test('is there for every partner from then on, without the id that one of them knew', async () => {
    const user = await create(mine);
    await expectUnseen(rival, user);
    await releaseUser(handoff.deps.db, user.user_id, handoff.deps);
    expect(dataOf(await look(rival, user.user_id))).toEqual({ ...user, partner_user_id: null });
    expect(problemOf(await link(rival, { 'x-partner-user-id': user.partner_user_id ?? '' }))).toBe('user-not-found');
    expect(dataOf(await look(mine, user.user_id))).toEqual(user);
    expect((await link(mine, { 'x-partner-user-id': user.partner_user_id ?? '' })).status).toBe(200);
    await expectSeen(rival, user);
  });
});

describe('what two partners or organizations share', () => {
  test('a partner_user_id belongs to each of them once', async () => {
    const partner_user_id = 'SHARED#1';
    const desks = [mine, rival, sister, above, elsewhere];
    const users = await Promise.all(desks.map((desk) => create(desk, newUser({ partner_user_id }))));
    for (const [index, desk] of desks.entries()) {
      const { user_id } = users[index] as PartnerUser;
      expect(await found(desk, { partner_user_id })).toEqual([user_id]);
      expect((await link(desk, { 'x-partner-user-id': partner_user_id })).status).toBe(200);
      const again = await postUser(handoff, desk, desk.headers, newUser({ partner_user_id }));
      expect(refusalOf(again).code).toBe('PARTNER_USER_ID_ALREADY_EXISTS');
    }
  });

  test('an e-mail address is one person’s in the whole group, and free in another tenant', async () => {
    const { email } = await create(mine);
    for (const desk of [mine, rival]) {
      const answer = await postUser(handoff, desk, desk.headers, plainUser({ email }));
      expect(refusalOf(answer)).toMatchObject({ status: 409, code: 'USER_ALREADY_EXISTS' });
    }
    expect((await create(elsewhere, plainUser({ email }))).email).toBe(email);
  });

  test('a person may be a member of two parts, with roles and state of each', async () => {
    const { deps } = handoff;
    const { user_id, access_roles } = await create(mine);
    const [user, organization] = [
      await getUser(deps.db, user_id),
      await getOrganization(deps.db, sister.organization_id),
    ];
    await setMembership(deps.db, { user, organization, access_roles: ['rx_reader'] }, deps);
    const there = dataOf(await look(sister, user_id));
    expect([there.access_roles, there.partner_user_id]).toEqual([['rx_reader'], null]);
    const change = (desk: Desk, rest: string, body?: object) =>
      callUser(handoff, desk, { user_id, headers: desk.headers, method: 'PUT', rest, body });
    await change(sister, '/roles', { access_roles: ['admin'] });
    await change(sister, '/disable');
    const [here_now, there_now] = [dataOf(await look(mine, user_id)), dataOf(await look(sister, user_id))];
    expect([here_now.status, here_now.access_roles]).toEqual(['active', access_roles]);
    expect([there_now.status, there_now.access_roles]).toEqual(['disabled', ['admin']]);
    expect((await requestSso(handoff, { ...mine, user_id })).status).toBe(200);
  });
});
