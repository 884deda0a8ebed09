// PUT …/users/{user_id} and …/roles: what is in the body changes, what is null is cleared, and the rest stays as it was.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, mintLink, openLink } from '../support/client.ts';
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
  refusalOf,
  usersPath,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

const create = (body = newUser()) => createUser(handoff, sample, headers, body);
const put = (user_id: string, body: unknown, rest = '') =>
  callUser(handoff, sample, { user_id, headers, method: 'PUT', rest, body });
const look = async (user_id: string): Promise<PartnerUser> =>
  dataOf(await callUser(handoff, sample, { user_id, headers, method: 'GET', rest: '' }));

describe('an update', () => {
  test.each([
    ['given_name', { given_name: ' Sam ' }, { given_name: 'Sam', full_name: 'Sam Provider' }],
    ['family_name', { family_name: 'Physician' }, { family_name: 'Physician', full_name: 'Pat Physician' }],
    ['title', { title: 'Prof' }, { title: 'Prof' }],
    ['phone', { phone: '02 5550 9999' }, { phone: '02 5550 9999' }],
    ['partner_user_id', { partner_user_id: 'NEW#1' }, { partner_user_id: 'NEW#1' }],
    [
      'everything at once',
      { title: 'Ms', phone: '1', partner_user_id: 'NEW#2' },
      { title: 'Ms', phone: '1', partner_user_id: 'NEW#2' },
    ],
    ['nothing', {}, {}],
    ['what it is already', { title: 'Dr', given_name: 'Pat' }, {}],
    ['members that nobody knows', { user_id: 'usr_x', status: 'disabled', created_at: '2020' }, {}],
    ['the e-mail address, which is ignored', { email: 'somebody.else@clinic.example' }, {}],
    ['an e-mail address that is none, which is ignored', { email: 7 }, {}],
    ['roles, which are ignored', { access_roles: ['admin'] }, {}],
    ['roles that are none, which are ignored', { access_roles: 'nurse' }, {}],
  ])('of %s leaves the rest alone', async (_, body, changed) => {
    const user = await create();
    const answer = await put(user.user_id, body);
    expect(dataOf(answer)).toEqual({ ...user, ...changed });
    expect(await look(user.user_id)).toEqual({ ...user, ...changed });
  });

  test('leaves other users alone', async () => {
    const [one, other] = [await create(), await create()];
    await put(one.user_id, { given_name: 'Sam', phone: null, partner_user_id: 'NEW#3', sex: 'M' });
    expect(await look(other.user_id)).toEqual(other);
  });

  test.each(['title', 'phone', 'partner_user_id', 'provider_number', 'ahpra_number', 'hospital_provider_number'])(
    'with null clears %s, and once more does no harm',
    async (member) => {
      const { user_id, provider_details, ...user } = await create();
      for (const _ of [1, 2]) {
        const cleared = dataOf(await put(user_id, { [member]: null }));
        expect({ ...cleared.provider_details, ...cleared }[member as 'title'] ?? null).toBeNull();
        const details = Object.fromEntries(Object.entries(provider_details ?? {}).filter(([key]) => key !== member));
        const rest = Object.hasOwn(user, member) ? { [member]: null } : {};
        expect(cleared).toEqual({ user_id, ...user, ...rest, provider_details: details });
      }
    },
  );

  test.each([
    ['a given_name that is null', { given_name: null }, 'given_name invalid_type'],
    ['a family_name that is empty', { family_name: ' ' }, 'family_name too_small'],
    ['a title that is too long', { title: 'x'.repeat(41) }, 'title too_big'],
    ['a phone with a NUL', { phone: '0\0' }, 'phone invalid_format'],
    ['an empty partner_user_id', { partner_user_id: '' }, 'partner_user_id too_small'],
    ['a day that is to come', { date_of_birth: '2126-01-01' }, 'date_of_birth invalid_date'],
    ['a list as body', [], 'body invalid_type'],
  ])('with %s is refused, and nothing of it is done', async (_, wrong, field) => {
    const user = await create();
    const body = Array.isArray(wrong) ? wrong : { title: 'Prof', ...wrong };
    expect(fieldsOf(await put(user.user_id, body))).toEqual([field]);
    expect(await look(user.user_id)).toEqual(user);
  });

  test('with a partner_user_id that is taken is refused, and nothing of it is done', async () => {
    const [one, other] = [await create(), await create()];
    const body = { title: 'Prof', partner_user_id: other.partner_user_id };
    expect(refusalOf(await put(one.user_id, body))).toEqual({
      status: 409,
      slug: 'resource-conflict',
      code: 'PARTNER_USER_ID_ALREADY_EXISTS',
      detail: 'User with this partner_user_id already exists',
    });
    expect(await look(one.user_id)).toEqual(one);
    expect((await put(one.user_id, { partner_user_id: one.partner_user_id })).status, 'its own is not taken').toBe(200);
  });

  test('gives a partner_user_id that somebody else has given back', async () => {
    const [one, other] = [await create(), await create()];
    const { partner_user_id } = other;
    await put(other.user_id, { partner_user_id: null });
    expect(dataOf(await put(one.user_id, { partner_user_id })).partner_user_id).toBe(partner_user_id);
    expect((await put(other.user_id, { partner_user_id })).status).toBe(409);
  });

  test('needs a body, as JSON', async () => {
    const { user_id } = await create();
    const path = usersPath(handoff, sample, `/${user_id}`);
    const { 'content-type': _, ...untyped } = headers;
    expect((await call(handoff, path, { method: 'PUT', headers: untyped })).status).toBe(415);
    expect((await call(handoff, path, { method: 'PUT', headers, body: 'title=Prof' })).status).toBe(400);
    expect((await call(handoff, path, { method: 'PUT', headers, body: '{}' })).status).toBe(200);
  });
});

describe('roles', () => {
  test('are replaced as a whole, each once', async () => {
    const user = await create();
    const answer = await put(user.user_id, { access_roles: ['rx_reader', 'admin', 'rx_reader'] }, '/roles');
    expect(dataOf(answer)).toEqual({ user_id: user.user_id, access_roles: ['admin', 'rx_reader'] });
    expect(await look(user.user_id)).toEqual({ ...user, access_roles: ['admin', 'rx_reader'] });
  });

  test('are seen by a session at once, which goes on', async () => {
    const { user_id } = await create(plainUser({ access_roles: ['receptionist'] }));
    const cookie = await openLink(handoff, await mintLink(handoff, { ...sample, user_id }));
    await put(user_id, { access_roles: ['admin'] }, '/roles');
    const session = await call(handoff, '/auth/session', { headers: { cookie } });
    expect(session.json).toMatchObject({ data: { user: { user_id, access_roles: ['admin'] } } });
  });

  test('of somebody who is disabled are replaced without enabling them', async () => {
    const { user_id } = await create();
    await callUser(handoff, sample, { user_id, headers, method: 'PUT', rest: '/disable' });
    expect((await put(user_id, { access_roles: ['admin'] }, '/roles')).status).toBe(200);
    expect(await look(user_id)).toMatchObject({ status: 'disabled', access_roles: ['admin'] });
  });

  test.each([
    ['nothing', {}, 'access_roles missing'],
    ['null', { access_roles: null }, 'access_roles invalid_type'],
    ['no role', { access_roles: [] }, 'access_roles too_small'],
    ['an empty text', { access_roles: '' }, 'access_roles invalid_type'],
    ['a text', { access_roles: 'admin' }, 'access_roles invalid_type'],
    ['an unknown role', { access_roles: ['admin', 'nurse'] }, 'access_roles.1 invalid_value'],
    ['a list as body', ['admin'], 'body invalid_type'],
  ])('are refused with 400: %s', async (_, body, field) => {
    const user = await create();
    const answer = await put(user.user_id, body, '/roles');
    expect(refusalOf(answer)).toMatchObject({ status: 400, slug: 'invalid-request', fields: [field] });
    expect(await look(user.user_id)).toEqual(user);
  });
});
