// One person in several parts of an organization: an e-mail address is one person in a tenant. A partner that creates somebody
// whom it has made elsewhere in the tenant makes them a member; what it changes of the organization's own people stays in its part.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { createPartner } from '../../src/partners/partner.ts';
import { getUser, removeMembership, setMembership, suspendUser } from '../../src/users/user.ts';
import { requestIdOf } from '../handoff/expect-refusal.ts';
import { call, mintLink, openLink, problemOf, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  fieldsOf,
  type Headers4,
  newUser,
  type PartnerUser,
  plainUser,
  postUser,
  refusalOf,
  type UserBody,
} from '../support/partner-api.ts';
import { createSampleUser, type Sample } from '../support/sample.ts';

/** A partner in an organization, with a token. */
type Desk = Sample & { headers: Headers4 };

let handoff: Handoff;
/** One partner in two parts of a group, and another one in both. */
let here: Desk;
let there: Desk;
let rival_there: Desk;
/** The first partner in another tenant. */
let elsewhere: Desk;

beforeAll(async () => {
  handoff = await startHandoff();
  const { deps } = handoff;
  const organize = async (parent_organization_id?: string) => {
    const parent = parent_organization_id === undefined ? {} : { parent_organization_id };
    return (await createOrganization(deps.db, { name: 'Sample Clinic', ...parent }, deps)).organization_id;
  };
  const openDesk = async (partner: { partner_id: string; partner_secret: string }, organization_id: string) => {
    const pair = { partner_id: partner.partner_id, organization_id };
    const { organization_secret } = await enableIntegration(deps.db, { ...pair, options: {} }, deps);
    const sample = { ...partner, ...pair, organization_secret: organization_secret ?? '', user_id: '' };
    return { ...sample, headers: await bearer(handoff, sample) };
  };
  const group = await organize();
  const [first, second] = [await organize(group), await organize(group)];
  const partner = await createPartner(deps.db, { name: 'Sample Practice Software' }, deps);
  [here, there, elsewhere] = [
    await openDesk(partner, first),
    await openDesk(partner, second),
    await openDesk(partner, await organize()),
  ];
  rival_there = await openDesk(await createPartner(deps.db, { name: 'Another Practice Software' }, deps), second);
});
afterAll(() => handoff.close());

const create = (desk: Desk, body?: UserBody) => createUser(handoff, desk, desk.headers, body);
const post = (desk: Desk, body: UserBody) => postUser(handoff, desk, desk.headers, body);
const change = (desk: Desk, user_id: string, rest: string, body?: object) =>
  callUser(handoff, desk, { user_id, headers: desk.headers, method: 'PUT', rest, body });
const look = async (desk: Desk, user_id: string): Promise<PartnerUser> =>
  dataOf(await callUser(handoff, desk, { user_id, headers: desk.headers, method: 'GET', rest: '' }));
const EMAIL_TAKEN = { status: 409, code: 'USER_ALREADY_EXISTS' };

describe('a partner’s own person, created in another part', () => {
  test('is the same person there, with roles and an id of that part', async () => {
    const one = await create(here);
    const answer = await post(
      there,
      newUser({ email: one.email, partner_user_id: 'THERE#1', access_roles: ['rx_reader'] }),
    );
    expect(answer.status).toBe(201);
    const other = { ...one, partner_user_id: 'THERE#1', access_roles: ['rx_reader'] };
    expect(answer.json).toMatchObject({ message: 'User created successfully', code: 'USER_CREATED', data: other });
    expect([await look(here, one.user_id), await look(there, one.user_id)]).toEqual([one, other]);
    const session = await openLink(handoff, await mintLink(handoff, { ...there, user_id: one.user_id }));
    const seen = await call(handoff, '/auth/session', { headers: { cookie: session } });
    expect(seen.json).toMatchObject({ data: { organization: { organization_id: there.organization_id } } });
  });

  test('keeps what is known of them, and takes on what was not', async () => {
    const { email, user_id } = await create(here, plainUser({ title: 'Dr' }));
    const before = await look(here, user_id);
    const other = { given_name: 'Sam', family_name: 'Physician', title: 'Prof', phone: '02 5550 7777' };
    await create(there, plainUser({ email, ...other, ahpra_number: 'SAMPLE1' }));
    const after = { ...before, phone: other.phone, provider_details: { ahpra_number: 'SAMPLE1' } };
    expect(await look(here, user_id)).toEqual(after);
    const events = await listEvents(handoff.deps.db, { user_id, action: 'user.updated' }, { limit: 5 });
    expect(events.map(({ detail }) => JSON.parse(detail ?? '') as unknown)).toEqual([
      { changed: ['phone', 'provider_details'] },
    ]);
  });

  test('keeps what the body says is null, which is the same as nothing', async () => {
    const one = await create(here);
    await create(
      there,
      plainUser({ email: one.email, title: null, phone: null, ahpra_number: null, access_roles: null }),
    );
    expect(await look(here, one.user_id)).toEqual(one);
  });

  test('is there once: a second time the address is taken', async () => {
    const { email } = await create(here);
    await create(there, plainUser({ email }));
    for (const desk of [here, there])
      expect(refusalOf(await post(desk, plainUser({ email })))).toMatchObject(EMAIL_TAKEN);
  });

  test('is a member of neither more nor less when the partner_user_id is taken there', async () => {
    const [one, other] = [await create(here), await create(there)];
    const body = newUser({ email: one.email, given_name: 'Sam', partner_user_id: other.partner_user_id });
    expect(refusalOf(await post(there, body))).toMatchObject({ status: 409, code: 'PARTNER_USER_ID_ALREADY_EXISTS' });
    expect(await look(here, one.user_id)).toEqual(one);
    expect(problemOf(await requestSso(handoff, { ...there, user_id: one.user_id }))).toBe('user-not-found');
  });

  test('is active there while they are disabled here, and suspended where the operator has suspended them', async () => {
    const [one, other] = [await create(here), await create(here)];
    await change(here, one.user_id, '/disable');
    await suspendUser(handoff.deps.db, other.user_id, handoff.deps);
    expect((await create(there, plainUser({ email: one.email }))).status).toBe('active');
    expect((await create(there, plainUser({ email: other.email }))).status).toBe('suspended');
    expect((await requestSso(handoff, { ...there, user_id: one.user_id })).status).toBe(200);
    expect(problemOf(await requestSso(handoff, { ...there, user_id: other.user_id }))).toBe('user-suspended');
  });

  test('leaves one event that names the partner, the organization and the roles', async () => {
    const { email, user_id } = await create(here);
    const request_id = requestIdOf(await post(there, plainUser({ email, access_roles: ['admin'] })));
    const events = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
    const { partner_id, organization_id } = there;
    expect(events).toMatchObject([
      { actor: 'partner', action: 'membership.set', target_id: user_id, user_id, organization_id, partner_id },
    ]);
    expect(JSON.parse(events[0]?.detail ?? '')).toEqual({ access_roles: ['admin'], before: null });
  });

  test('is one person when both parts create them at one moment', async () => {
    const { email } = newUser();
    const desks = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? here : there));
    const answers = await Promise.all(desks.map((desk) => post(desk, newUser({ email }))));
    const made = answers.filter(({ status }) => status === 201).map((answer) => dataOf(answer));
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ user_id }) => user_id)).size).toBe(1);
    const refused = answers.filter(({ status }) => status !== 201).map((answer) => refusalOf(answer));
    expect(refused.map(({ status, code }) => ({ status, code }))).toEqual(refused.map(() => EMAIL_TAKEN));
  });

  test('is a new person in another tenant', async () => {
    const one = await create(here);
    expect((await create(elsewhere, plainUser({ email: one.email }))).user_id).not.toBe(one.user_id);
  });
});

describe('the e-mail address is taken', () => {
  test('by another partner’s person', async () => {
    const { email } = await create(here);
    expect(refusalOf(await post(rival_there, plainUser({ email })))).toMatchObject(EMAIL_TAKEN);
  });

  test('by a person of the organization’s own, until the operator adds them here', async () => {
    const { deps } = handoff;
    const user_id = await createSampleUser(deps, here.organization_id);
    const { email } = await look(here, user_id);
    expect(refusalOf(await post(there, plainUser({ email })))).toMatchObject(EMAIL_TAKEN);
    const organization = await getOrganization(deps.db, there.organization_id);
    await setMembership(
      deps.db,
      { user: await getUser(deps.db, user_id), organization, access_roles: ['admin'] },
      deps,
    );
    expect((await look(there, user_id)).email).toBe(email);
  });
});

describe('a person of the organization’s own in several parts', () => {
  async function sharedUser(): Promise<PartnerUser> {
    const { deps } = handoff;
    const user_id = await createSampleUser(deps, here.organization_id, ['receptionist']);
    const organization = await getOrganization(deps.db, there.organization_id);
    await setMembership(
      deps.db,
      { user: await getUser(deps.db, user_id), organization, access_roles: ['admin'] },
      deps,
    );
    return look(here, user_id);
  }

  test.each([
    ['a name', { given_name: 'Sam' }],
    ['a title', { title: 'Prof' }],
    ['a phone', { phone: null }],
    ['provider details', { sex: 'F' }],
    ['a name beside an id', { family_name: 'Physician', partner_user_id: 'SHARED#0' }],
  ])('is not changed by a partner in one of them: %s', async (_, body) => {
    const user = await sharedUser();
    expect(refusalOf(await change(here, user.user_id, '', body))).toEqual({
      status: 403,
      slug: 'user-shared',
      detail: 'This user is a member of other organizations too: the operator changes their details',
    });
    expect(await look(here, user.user_id)).toEqual(user);
  });

  test('gets an id, roles and a state in each of them', async () => {
    const user = await sharedUser();
    expect((await change(here, user.user_id, '', { partner_user_id: 'SHARED#1', email: 'x' })).status).toBe(200);
    expect((await change(here, user.user_id, '/roles', { access_roles: ['rx_reader'] })).status).toBe(200);
    expect((await change(here, user.user_id, '/disable')).status).toBe(200);
    const changed = { partner_user_id: 'SHARED#1', access_roles: ['rx_reader'], status: 'disabled' };
    expect(await look(here, user.user_id)).toEqual({ ...user, ...changed });
    expect(await look(there, user.user_id)).toEqual({ ...user, access_roles: ['admin'] });
  });

  test('is changed again once they belong to one part alone', async () => {
    const { user_id } = await sharedUser();
    await removeMembership(handoff.deps.db, { user_id, organization_id: there.organization_id }, handoff.deps);
    expect(dataOf(await change(here, user_id, '', { given_name: 'Sam' })).given_name).toBe('Sam');
  });
});

test('a partner’s own person in two parts is changed from either, and needs what a provider needs while they are one anywhere', async () => {
  const { user_id, email } = await create(here);
  await create(there, plainUser({ email, access_roles: ['receptionist'] }));
  expect(dataOf(await change(there, user_id, '', { title: 'Prof' })).title).toBe('Prof');
  expect((await look(here, user_id)).title).toBe('Prof');
  expect(fieldsOf(await change(there, user_id, '', { sex: null }))).toEqual(['sex required_for_provider']);
  await change(here, user_id, '/roles', { access_roles: ['admin'] });
  expect((await change(there, user_id, '', { sex: null })).status).toBe(200);
});
