// What a provider is registered as: which members depend on which, when a user is created and when one is changed, and the
// deployment that does without (PROVIDER_DETAILS=optional).

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  fieldsOf,
  type Headers4,
  newUser,
  plainUser,
  postUser,
  type UserBody,
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

const post = (body: UserBody) => postUser(handoff, sample, headers, body);
const create = (body: UserBody) => createUser(handoff, sample, headers, body);
const put = (user_id: string, body: UserBody, rest = '') =>
  callUser(handoff, sample, { user_id, headers, method: 'PUT', rest, body });
const detailsOf = async (user_id: string) =>
  dataOf(await callUser(handoff, sample, { user_id, headers, method: 'GET', rest: '' })).provider_details;

const REQUIRED = ['date_of_birth', 'sex', 'hpii_number', 'prescriber_type', 'prescriber_number', 'qualifications'];
const OPTIONAL = ['provider_number', 'ahpra_number', 'hospital_provider_number'];
const ALL = [...REQUIRED, ...OPTIONAL];

const without = (body: UserBody, members: string[]): UserBody =>
  Object.fromEntries(Object.entries(body).filter(([member]) => !members.includes(member)));

const missing = (members: string[]) => members.map((member) => `${member} required_for_provider`).toSorted();

describe('a new provider', () => {
  test.each(REQUIRED)('needs %s', async (member) => {
    expect(fieldsOf(await post(without(newUser(), [member])))).toEqual(missing([member]));
    expect(fieldsOf(await post(newUser({ [member]: null })))).toEqual(missing([member]));
  });

  test.each(OPTIONAL)('does not need %s', async (member) => {
    expect((await create(without(newUser(), [member]))).provider_details).not.toHaveProperty(member);
  });

  test('is told of everything that is missing', async () => {
    expect(fieldsOf(await post(plainUser({ access_roles: ['provider'] })))).toEqual(missing(REQUIRED));
    expect(fieldsOf(await post(plainUser({ access_roles: ['admin', 'provider'] })))).toEqual(missing(REQUIRED));
  });

  test('is told of what is missing beside what is wrong, and of nothing twice', async () => {
    const body = without(newUser({ given_name: '', sex: 'female', access_roles: ['provider', 'nurse'] }), [
      'hpii_number',
    ]);
    expect(fieldsOf(await post(body))).toEqual([
      'access_roles.1 invalid_value',
      'given_name too_small',
      'hpii_number required_for_provider',
      'sex invalid_value',
    ]);
  });

  test.each(['M', 'E', 'U', 'F', 'D', 'V', 'C', 'N', 'P'])(
    'of prescriber_type %s needs a prescriber_number',
    async (prescriber_type) => {
      const body = newUser({ prescriber_type });
      expect(fieldsOf(await post(without(body, ['prescriber_number'])))).toEqual(missing(['prescriber_number']));
      expect((await create(body)).provider_details).toMatchObject({ prescriber_type, prescriber_number: '1234567' });
    },
  );

  test('of prescriber_type T may have a prescriber_number, and needs none', async () => {
    const body = newUser({ prescriber_type: 'T' });
    expect((await create(body)).provider_details).toHaveProperty('prescriber_number', '1234567');
    const { provider_details } = await create(without(newUser({ prescriber_type: 'T' }), ['prescriber_number']));
    expect(provider_details).not.toHaveProperty('prescriber_number');
    expect(fieldsOf(await post(without(body, ['prescriber_number', 'sex', 'email'])))).toEqual(
      ['email missing', ...missing(['sex'])].toSorted(),
    );
  });
});

test.each(['admin', 'receptionist', 'rx_reader', 'rx_queue_manager', undefined])(
  'somebody else (%s) needs nothing of it, and may have any part',
  async (role) => {
    const access_roles = role === undefined ? {} : { access_roles: [role] };
    expect((await create(plainUser(access_roles))).provider_details).toBeNull();
    const part = { sex: 'N', ahpra_number: 'MED1' };
    expect((await create(plainUser({ ...access_roles, ...part }))).provider_details).toEqual(part);
  },
);

describe('what is listed', () => {
  test.each(['M', 'F', 'I', 'N'])('is a sex: %s', async (sex) => {
    expect((await create(plainUser({ sex }))).provider_details).toEqual({ sex });
  });

  test.each([
    ['sex', 'X'],
    ['sex', 'f'],
    ['sex', ''],
    ['sex', 1],
    ['prescriber_type', 'A'],
    ['prescriber_type', 'm'],
    ['prescriber_type', 'MM'],
  ])('and nothing else is: %s %s', async (member, value) => {
    expect(fieldsOf(await post(plainUser({ [member]: value })))).toEqual([`${member} invalid_value`]);
  });
});

describe('date_of_birth', () => {
  // The clock stands at 2026-03-01T09:00Z; in Kiribati that is 23:00.
  test.each(['1980-02-29', '2000-02-29', '1899-12-31', '2026-03-01', '2026-03-02', '0001-01-01'])(
    'is a day that there has been somewhere: %s',
    async (date_of_birth) => {
      expect((await create(plainUser({ date_of_birth }))).provider_details).toEqual({ date_of_birth });
    },
  );

  test.each([
    ['tomorrow everywhere', '2026-03-03'],
    ['a later year', '2126-01-01'],
    ['no leap year', '2025-02-29'],
    ['no leap century', '1900-02-29'],
    ['a day that no month has', '1980-01-32'],
    ['the last of a shorter month', '1980-04-31'],
    ['no month', '1980-13-01'],
    ['month zero', '1980-00-10'],
    ['day zero', '1980-01-00'],
    ['another order', '29-02-1980'],
    ['slashes', '1980/02/29'],
    ['a short form', '1980-2-9'],
    ['a moment', '1980-02-29T00:00:00Z'],
    ['a space before', ' 1980-02-29'],
    ['a line behind', '1980-02-29\n'],
    ['other digits', '１９８０-02-29'],
    ['nothing', ''],
  ])('is no other: %s', async (_, date_of_birth) => {
    expect(fieldsOf(await post(plainUser({ date_of_birth })))).toEqual(['date_of_birth invalid_date']);
  });

  test('is text', async () => {
    expect(fieldsOf(await post(plainUser({ date_of_birth: 19_800_229 })))).toEqual(['date_of_birth invalid_type']);
  });

  test('of tomorrow is one when tomorrow has come', async () => {
    const body = plainUser({ date_of_birth: '2026-03-03' });
    expect((await post(body)).status).toBe(422);
    handoff.clock.advance(15 * 3_600_000);
    const later = await bearer(handoff, sample);
    expect((await postUser(handoff, sample, later, body)).status).toBe(201);
    headers = later;
  });
});

describe('a provider who is changed', () => {
  test.each(REQUIRED)('keeps %s', async (member) => {
    const { user_id, provider_details } = await create(newUser());
    expect(fieldsOf(await put(user_id, { [member]: null, title: 'Prof' }))).toEqual(missing([member]));
    expect(await detailsOf(user_id), 'and nothing has changed').toEqual(provider_details);
    expect((await put(user_id, { title: 'Prof' })).status).toBe(200);
  });

  test('loses what may be missing, and gets it again', async () => {
    const { user_id, provider_details } = await create(newUser());
    const nothing = Object.fromEntries(OPTIONAL.map((member) => [member, null]));
    expect(dataOf(await put(user_id, nothing)).provider_details).toEqual(without(provider_details ?? {}, OPTIONAL));
    expect(dataOf(await put(user_id, { ahpra_number: 'MED2' })).provider_details).toMatchObject({
      ahpra_number: 'MED2',
    });
  });

  test('keeps what is not in the body', async () => {
    const { user_id, provider_details } = await create(newUser());
    const changed = dataOf(await put(user_id, { qualifications: 'MBBS' }));
    expect(changed.provider_details).toEqual({ ...provider_details, qualifications: 'MBBS' });
  });

  test('needs no prescriber_number as a trainee, and one afterwards', async () => {
    const { user_id } = await create(newUser());
    expect(fieldsOf(await put(user_id, { prescriber_number: null }))).toEqual(missing(['prescriber_number']));
    const trainee = dataOf(await put(user_id, { prescriber_type: 'T', prescriber_number: null }));
    expect(trainee.provider_details).not.toHaveProperty('prescriber_number');
    expect(fieldsOf(await put(user_id, { prescriber_type: 'M' }))).toEqual(missing(['prescriber_number']));
    const registered = dataOf(await put(user_id, { prescriber_type: 'M', prescriber_number: '765' }));
    expect(registered.provider_details).toMatchObject({ prescriber_type: 'M', prescriber_number: '765' });
  });
});

describe('somebody who becomes a provider', () => {
  test('has to be complete as soon as a part of it is changed, and not before', async () => {
    const { user_id } = await create(plainUser({ access_roles: ['receptionist'], sex: 'F' }));
    expect((await put(user_id, { access_roles: ['provider'] }, '/roles')).status).toBe(200);
    expect((await put(user_id, { phone: '02 5550 0000' })).status).toBe(200);
    const rest = REQUIRED.filter((member) => !['sex', 'hpii_number'].includes(member));
    expect(fieldsOf(await put(user_id, { hpii_number: '8003' }))).toEqual(missing(rest));
    const body = newUser();
    const complete = Object.fromEntries(REQUIRED.map((member) => [member, body[member]]));
    expect(dataOf(await put(user_id, complete)).provider_details).toEqual(complete);
  });

  test('and stops being one may lose all of it', async () => {
    const { user_id } = await create(newUser());
    await put(user_id, { access_roles: ['admin'] }, '/roles');
    const nothing = Object.fromEntries(ALL.map((member) => [member, null]));
    expect(dataOf(await put(user_id, nothing)).provider_details).toBeNull();
    expect(await detailsOf(user_id)).toBeNull();
  });
});

describe('where provider details are optional', () => {
  let other: Handoff;
  beforeAll(async () => {
    other = await startHandoff({ environment: { PROVIDER_DETAILS: 'optional' } });
  });
  afterAll(() => other.close());

  test('a provider needs none of it, and what there is has to be right', async () => {
    const one = await createSample(other.deps);
    const own = await bearer(other, one);
    const provider = plainUser({ access_roles: ['provider'] });
    const { user_id, provider_details } = await createUser(other, one, own, provider);
    expect(provider_details).toBeNull();
    const change = (body: UserBody) => callUser(other, one, { user_id, headers: own, method: 'PUT', rest: '', body });
    expect(dataOf(await change({ prescriber_type: 'M' })).provider_details).toEqual({ prescriber_type: 'M' });
    expect(dataOf(await change({ prescriber_type: null })).provider_details).toBeNull();
    expect(fieldsOf(await change({ sex: 'X' }))).toEqual(['sex invalid_value']);
    const wrong = plainUser({ access_roles: ['provider'], date_of_birth: '2025-02-29' });
    expect(fieldsOf(await postUser(other, one, own, wrong))).toEqual(['date_of_birth invalid_date']);
  });
});
