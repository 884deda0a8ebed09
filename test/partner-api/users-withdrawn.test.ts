// What disabling, enabling and deleting a user does to whoever is signed in or about to be: sessions and unspent links end in the
// same transaction, in this organization alone, and nothing that ended comes back.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enableIntegration } from '../../src/partners/integration.ts';
import { getOrganization } from '../../src/partners/organization.ts';
import { deleteMember, disableMember } from '../../src/provisioning/withdraw-user.ts';
import { findUser } from '../../src/users/store.ts';
import { getUser, resumeUser, setMembership, suspendUser } from '../../src/users/user.ts';
import {
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  problemOf,
  requestSso,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { expectPlainPage, textOf } from '../support/html.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  type PartnerUser,
  postUser,
  refusalOf,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { createPlace } from '../support/withdrawals.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

/** A new user, and the sample as it signs them on. */
async function newPerson(): Promise<{ user: PartnerUser; person: Sample }> {
  const user = await createUser(handoff, sample, headers);
  return { user, person: { ...sample, user_id: user.user_id } };
}

const change = (one: Sample, method: string, rest: string, own = headers) =>
  callUser(handoff, one, { user_id: one.user_id, headers: own, method, rest });
const disable = (one: Sample, own = headers) => change(one, 'PUT', '/disable', own);
const enable = (one: Sample, own = headers) => change(one, 'PUT', '/enable', own);
const remove = (one: Sample, own = headers) => change(one, 'DELETE', '', own);
const statusOf = async (one: Sample) => dataOf(await change(one, 'GET', '')).status;

const signIn = async (one: Sample) => openLink(handoff, await mintLink(handoff, one));
const session = (cookie: string) => call(handoff, '/auth/session', { headers: { cookie } });
const open = (path: string) => call(handoff, path, { headers: { ...CLICK, accept: 'application/json' } });

/** A link as a person opens it: what the page's heading says. */
async function expectPage(path: string, status: number, heading: string): Promise<void> {
  const page = await call(handoff, path, { headers: CLICK });
  expect(page.status).toBe(status);
  expectPlainPage(page);
  expect(textOf(page)).toContain(heading);
  expect(page.headers.getSetCookie()).toEqual([]);
}

type Way = { what: string; take: typeof disable; problem: string; page: [status: number, heading: string] };

const WAYS: Way[] = [
  { what: 'disabled', take: disable, problem: 'user-suspended', page: [403, 'Your account is suspended'] },
  { what: 'deleted', take: remove, problem: 'user-not-found', page: [404, 'You have no account here yet'] },
];

describe.each(WAYS)('a user who is $what', ({ take, problem, page }) => {
  test('is signed out of tabs, frames and the portal’s own sessions at once', async () => {
    const { person } = await newPerson();
    const cookies = [await signIn(person), await signIn(person)];
    const framed = await call(handoff, (await mintLink(handoff, person, EMBED_PATH)).path, { headers: FRAME });
    cookies.push(cookieOf(framed) ?? '');
    for (const cookie of cookies) expect((await session(cookie)).status).toBe(200);
    await take(person);
    for (const cookie of cookies) expect(problemOf(await session(cookie))).toBe('session-expired');
    const authorization = `Bearer ${cookies[0]?.split('=')[1]}`;
    expect(problemOf(await call(handoff, '/auth/verify', { headers: { authorization } }))).toBe('session-expired');
  });

  test('reads why on opening a link that had not been used', async () => {
    const { person } = await newPerson();
    const link = await mintLink(handoff, person);
    await take(person);
    await expectPage(link.path, ...page);
    const exchange = { method: 'POST', headers: { 'content-type': 'application/json' } };
    const body = JSON.stringify({ token: link.sso_token });
    expect(problemOf(await call(handoff, '/auth/sso', { ...exchange, body }))).toBe(problem);
  });

  test('gets no other link, while a colleague does, and stays signed in', async () => {
    const [{ person }, { person: colleague }] = [await newPerson(), await newPerson()];
    const cookie = await signIn(colleague);
    const link = await mintLink(handoff, colleague);
    await take(person);
    expect(problemOf(await requestSso(handoff, person))).toBe(problem);
    expect((await requestSso(handoff, colleague)).status).toBe(200);
    expect((await session(cookie)).status).toBe(200);
    expect((await open(link.path)).status).toBe(303);
  });
});

describe('a user who is enabled again', () => {
  test('signs on with a new link, and no session or link of before comes back', async () => {
    const { person } = await newPerson();
    const cookie = await signIn(person);
    const link = await mintLink(handoff, person);
    await disable(person);
    await enable(person);
    expect(problemOf(await session(cookie))).toBe('session-expired');
    expect(problemOf(await open(link.path))).toBe('token-revoked');
    await expectPage(link.path, 410, 'This link has been withdrawn');
    expect((await session(await signIn(person))).status).toBe(200);
  });

  test('stays out while the operator has suspended them, and the other way round', async () => {
    const { person } = await newPerson();
    const { db } = handoff.deps;
    await suspendUser(db, person.user_id, handoff.deps);
    expect((await enable(person)).json).toMatchObject({
      message: 'User is already enabled',
      data: { status: 'suspended' },
    });
    expect((await disable(person)).json).toMatchObject({
      message: 'User disabled successfully',
      data: { status: 'suspended' },
    });
    expect((await enable(person)).json).toMatchObject({
      message: 'User enabled successfully',
      data: { status: 'suspended' },
    });
    expect([await statusOf(person), problemOf(await requestSso(handoff, person))]).toEqual([
      'suspended',
      'user-suspended',
    ]);
    await disable(person);
    await resumeUser(db, person.user_id, handoff.deps);
    expect([await statusOf(person), problemOf(await requestSso(handoff, person))]).toEqual([
      'disabled',
      'user-suspended',
    ]);
    await enable(person);
    expect([await statusOf(person), (await requestSso(handoff, person)).status]).toEqual(['active', 200]);
  });
});

describe('a user who was deleted', () => {
  test('may be created again with the same e-mail address and partner_user_id, as another one', async () => {
    const body = newUser();
    const first = await createUser(handoff, sample, headers, body);
    expect((await postUser(handoff, sample, headers, body)).status).toBe(409);
    const before = { ...sample, user_id: first.user_id };
    const [cookie, link] = [await signIn(before), await mintLink(handoff, before)];
    await remove(before);
    const second = await createUser(handoff, sample, headers, body);
    expect(second).toEqual({ ...first, user_id: second.user_id });
    expect(second.user_id).not.toBe(first.user_id);
    expect(problemOf(await session(cookie)), 'what the first one had is not the second one’s').toBe('session-expired');
    expect(problemOf(await open(link.path))).toBe('user-not-found');
    expect(refusalOf(await change(before, 'GET', ''))).toMatchObject({ status: 404 });
    expect((await session(await signIn({ ...sample, user_id: second.user_id }))).status).toBe(200);
  });

  test('was not suspended by the operator, or would be active when created again', async () => {
    const { user, person } = await newPerson();
    const { db } = handoff.deps;
    await suspendUser(db, person.user_id, handoff.deps);
    expect(refusalOf(await remove(person))).toEqual({
      status: 403,
      slug: 'user-suspended',
      detail: 'The operator has suspended this user, and is the one to delete them',
    });
    expect(dataOf(await change(person, 'GET', ''))).toEqual({ ...user, status: 'suspended' });
    await resumeUser(db, person.user_id, handoff.deps);
    expect((await remove(person)).status).toBe(204);
  });

  test('is not there to be deleted once more', async () => {
    const { person } = await newPerson();
    expect((await remove(person)).status).toBe(204);
    expect((await remove(person)).status).toBe(404);
  });
});

/** A partner's user in two parts of one group, through that partner in both. */
async function createPair(): Promise<{ here: Sample; there: Sample; own: Headers4; theirs: Headers4 }> {
  const { deps } = handoff;
  const place = await createPlace(deps);
  const { partner_id, parent_organization_id } = place;
  const sister = await createSample(deps, { parent_organization_id });
  const pair = { partner_id, organization_id: sister.organization_id, options: {} };
  const { organization_secret } = await enableIntegration(deps.db, pair, deps);
  const own = await bearer(handoff, place);
  const { user_id } = await createUser(handoff, place, own);
  const [user, organization] = [
    await getUser(deps.db, user_id),
    await getOrganization(deps.db, sister.organization_id),
  ];
  await setMembership(deps.db, { user, organization, access_roles: ['receptionist'] }, deps);
  const here = { ...place, user_id };
  const there = { ...here, organization_id: sister.organization_id, organization_secret: organization_secret ?? '' };
  return { here, there, own, theirs: await bearer(handoff, there) };
}

describe('where a user belongs to two organizations', () => {
  test.each(WAYS)('being $what in one of them changes nothing in the other', async ({ take, problem }) => {
    const { here, there, own, theirs } = await createPair();
    const cookies = [await signIn(here), await signIn(there)] as const;
    const links = [await mintLink(handoff, here), await mintLink(handoff, there)] as const;
    await take(here, own);
    expect([(await session(cookies[0])).status, (await session(cookies[1])).status]).toEqual([401, 200]);
    expect(problemOf(await open(links[0].path))).toBe(problem);
    expect((await open(links[1].path)).status).toBe(303);
    const seen = dataOf(await change(there, 'GET', '', theirs));
    expect([seen.status, seen.access_roles]).toEqual(['active', ['receptionist']]);
    expect((await requestSso(handoff, there)).status).toBe(200);
  });

  test('the person is gone altogether when they are deleted from the last one', async () => {
    const { here, there, own, theirs } = await createPair();
    await remove(here, own);
    expect(await findUser(handoff.deps.db, here.user_id)).toBeDefined();
    await remove(there, theirs);
    expect(await findUser(handoff.deps.db, here.user_id)).toBeUndefined();
  });
});

test('another partner’s sessions of a user of the organization’s own end as well', async () => {
  const { deps } = handoff;
  const one = await createSample(deps);
  const other = await createSample(deps);
  const pair = { partner_id: other.partner_id, organization_id: one.organization_id, options: {} };
  const { organization_secret } = await enableIntegration(deps.db, pair, deps);
  const through = { ...other, ...pair, organization_secret: organization_secret ?? '', user_id: one.user_id };
  const cookies = [await signIn(one), await signIn(through)];
  await disable(one, await bearer(handoff, one));
  for (const cookie of cookies) expect(problemOf(await session(cookie))).toBe('session-expired');
});

test.each([
  ['disabled', disableMember],
  ['deleted', deleteMember],
])('either all of being %s happens or nothing', async (_, take) => {
  const { person } = await newPerson();
  const { partner_id, organization_id, user_id } = person;
  const [cookie, link] = [await signIn(person), await mintLink(handoff, person)];
  // The event is the last thing written, and has no id without random bytes.
  const random = (): Uint8Array => {
    throw new Error('no random bytes');
  };
  const authored = { ...handoff.deps, random, by: { actor: 'partner' as const } };
  await expect(take(handoff.deps.db, { partner_id, organization_id, user_id }, authored)).rejects.toThrow(
    'no random bytes',
  );
  expect([await statusOf(person), (await session(cookie)).status]).toEqual(['active', 200]);
  expect((await open(link.path)).status).toBe(303);
});
