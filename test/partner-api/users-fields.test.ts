// The members of a user, one by one: what is taken, in which form it is kept, and what is refused. What a provider needs is in
// users-provider.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUsers,
  createUser,
  dataOf,
  fieldsOf,
  type Headers4,
  pageOf,
  plainUser,
  postUser,
  refusalOf,
  type UserBody,
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

const post = (body: unknown) => postUser(handoff, sample, headers, body);
const create = (overrides: UserBody) => createUser(handoff, sample, headers, plainUser(overrides));

/** The members that are plain text, and their greatest lengths. */
const TEXTS = {
  given_name: 100,
  family_name: 100,
  title: 40,
  phone: 40,
  hpii_number: 32,
  prescriber_number: 10,
  qualifications: 500,
  provider_number: 10,
  ahpra_number: 32,
  hospital_provider_number: 32,
};
const MEMBERS = Object.keys(TEXTS);

/** A body of which each of these members is made from its greatest length. */
const textsOf = (make: (most: number) => unknown): UserBody =>
  Object.fromEntries(Object.entries(TEXTS).map(([member, most]) => [member, make(most)]));

/** Those members as they are kept. */
async function keptTexts(texts: UserBody): Promise<UserBody> {
  const user = await create(texts);
  const all: UserBody = { ...user.provider_details, ...user };
  return Object.fromEntries(MEMBERS.map((member) => [member, all[member]]));
}

/** Every one of those members is refused, each with this code. */
async function expectRefused(texts: UserBody, code: string): Promise<void> {
  expect(fieldsOf(await post(plainUser(texts)))).toEqual(MEMBERS.map((member) => `${member} ${code}`).toSorted());
}

describe('text', () => {
  test('has as many characters as it may, and not one more', async () => {
    const longest = textsOf((most) => 'x'.repeat(most));
    expect(await keptTexts(longest)).toEqual(longest);
    await expectRefused(
      textsOf((most) => 'x'.repeat(most + 1)),
      'too_big',
    );
  });

  test('is kept without the spaces around it, which do not count', async () => {
    expect(await keptTexts(textsOf((most) => ` \t${'x'.repeat(most)}\n `))).toEqual(
      textsOf((most) => 'x'.repeat(most)),
    );
    for (const nothing of ['', ' ', '\u3000'])
      await expectRefused(
        textsOf(() => nothing),
        'too_small',
      );
  });

  test.each(['Zoë', 'שרה', 'ﻢﺤﻣﺩ', 'نام\u200cه', '李小', '🩺 Dr', "O'N", '<b>&amp;', '%s{}', '7'])(
    'is any that a person can read: %s',
    async (text) => {
      const texts = textsOf(() => text);
      expect(await keptTexts(texts)).toEqual(texts);
    },
  );

  test('has no control character, no half of one, and nothing that turns text around', async () => {
    const characters = ['\0', '\n', '\u001b', '\u007f', '\u0085', '\ud83e', '\udd2f', '\u2028', '\u202e', '\u2066'];
    for (const character of characters)
      await expectRefused(
        textsOf(() => `a${character}b`),
        'invalid_format',
      );
  });

  test('has a letter or a digit', async () => {
    for (const text of ['-', '🩺', '\u200f', '...'])
      await expectRefused(
        textsOf(() => text),
        'invalid_format',
      );
  });

  test('is text', async () => {
    for (const other of [7, true, ['x'], { text: 'x' }])
      await expectRefused(
        textsOf(() => other),
        'invalid_type',
      );
  });
});

test('a body that escapes its characters means what one says that does not', async () => {
  const email = 'escaped@clinic.example';
  const escaped = JSON.stringify(plainUser({ email, given_name: 'ÉMOJI' })).replace(
    'ÉMOJI',
    String.raw`\u00c9\ud83e\ude7a`,
  );
  const answer = await call(handoff, usersPath(handoff, sample), { method: 'POST', headers, body: escaped });
  expect(dataOf(answer)).toMatchObject({ given_name: 'É🩺', full_name: 'É🩺 Provider' });
});

describe('email', () => {
  test.each([
    ['is kept in lower case', 'Pat.PROVIDER@Clinic.Example', 'pat.provider@clinic.example'],
    ['is kept without the spaces around it', '  pat.trimmed@clinic.example\n', 'pat.trimmed@clinic.example'],
    ['may have what addresses have', "pat.o'neil+rx_2@sub.clinic-1.example", "pat.o'neil+rx_2@sub.clinic-1.example"],
  ])('%s', async (_, given, kept) => {
    expect((await create({ email: given })).email).toBe(kept);
    expect((await post(plainUser({ email: given }))).status, 'and is the same address then').toBe(409);
    const listed = await callUsers(handoff, sample, { headers, rest: `?email=${encodeURIComponent(given)}` });
    expect(pageOf(listed).users.map(({ email }) => email)).toEqual([kept]);
  });

  test.each([
    ['nothing', ''],
    ['a name', 'pat'],
    ['no host', 'pat@'],
    ['two', 'pat@clinic.example,sam@clinic.example'],
    ['a display name', 'Pat <pat@clinic.example>'],
    ['a space inside', 'pat provider@clinic.example'],
    ['a line break inside', 'pat@clinic.example\nbcc: sam@clinic.example'],
    ['a NUL inside', 'pat\0@clinic.example'],
    ['a lone surrogate', 'pat\ud83e@clinic.example'],
  ])('is an address: not %s', async (_, email) => {
    expect(fieldsOf(await post(plainUser({ email })))).toEqual(['email invalid_format']);
  });

  test('has up to 254 characters', async () => {
    const of = (length: number) => {
      const host = `${'a.'.repeat(80)}example`;
      return `${'p'.repeat(length - host.length - 1)}@${host}`;
    };
    expect((await create({ email: of(254) })).email).toHaveLength(254);
    expect(fieldsOf(await post(plainUser({ email: of(255) })))).toEqual(['email too_big']);
  });
});

describe('partner_user_id', () => {
  test.each([
    ['as the contract has it', 'CLINIKO#USER_12345'],
    ['of one character', '7'],
    ['of 255 characters', '~'.repeat(255)],
    ['with spaces inside', 'a  b c'],
    ['with every visible character', `!"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}~`],
    ['that is another user’s in another case', 'cliniko#user_12345'],
  ])('is kept as it comes: %s', async (_, partner_user_id) => {
    const { user_id, ...user } = await create({ partner_user_id });
    expect(user.partner_user_id).toBe(partner_user_id);
    const listed = await callUsers(handoff, sample, {
      headers,
      rest: `?partner_user_id=${encodeURIComponent(partner_user_id)}`,
    });
    expect(pageOf(listed).users).toEqual([{ user_id, ...user }]);
  });

  test.each([
    ['nothing', '', 'too_small'],
    ['256 characters', 'x'.repeat(256), 'too_big'],
    ['a space before', ' x', 'invalid_format'],
    ['a space behind', 'x ', 'invalid_format'],
    ['a letter beyond ASCII, which no header carries', 'é', 'invalid_format'],
    ['a line break', 'x\r\nx-user-id: y', 'invalid_format'],
    ['a NUL', 'x\0', 'invalid_format'],
    ['an emoji', '🩺', 'invalid_format'],
  ])('is not %s', async (_, partner_user_id, code) => {
    expect(fieldsOf(await post(plainUser({ partner_user_id })))).toEqual([`partner_user_id ${code}`]);
  });

  test('is text', async () => {
    expect(fieldsOf(await post(plainUser({ partner_user_id: 12_345 })))).toEqual(['partner_user_id invalid_type']);
  });
});

describe('access_roles', () => {
  test('are any of the five, each once, in one order', async () => {
    const access_roles = ['rx_queue_manager', 'admin', 'rx_reader', 'admin', 'receptionist', 'rx_reader'];
    const { access_roles: kept } = await create({ access_roles });
    expect(kept).toEqual(['admin', 'receptionist', 'rx_reader', 'rx_queue_manager']);
  });

  test('that are wrong in thousands of places are told of the first ones', async () => {
    const answer = await post(plainUser({ access_roles: Array<number>(5_000).fill(1) }));
    const first = Array.from({ length: 50 }, (_, index) => `access_roles.${index} invalid_value`);
    expect(fieldsOf(answer)).toEqual(first.toSorted());
    expect(answer.text.length).toBeLessThan(16_384);
  });

  test('may be none', async () => {
    for (const none of [[], null, undefined]) expect((await create({ access_roles: none })).access_roles).toEqual([]);
  });

  test.each([
    ['a text', 'admin', 'access_roles invalid_type'],
    ['an object', { admin: true }, 'access_roles invalid_type'],
    ['an unknown role', ['admin', 'nurse'], 'access_roles.1 invalid_value'],
    ['a role in capitals', ['Admin'], 'access_roles.0 invalid_value'],
    ['null inside', [null], 'access_roles.0 invalid_value'],
    ['a list inside', [['admin']], 'access_roles.0 invalid_value'],
  ])('are a list of roles: not %s', async (_, access_roles, field) => {
    expect(fieldsOf(await post(plainUser({ access_roles })))).toEqual([field]);
  });
});

describe('null', () => {
  test('is the same as nothing for every member that may be left out', async () => {
    const optional = ['partner_user_id', 'access_roles', 'title', 'phone', 'date_of_birth', 'sex', 'prescriber_type'];
    const texts = MEMBERS.filter((member) => !member.endsWith('_name'));
    const nothing = Object.fromEntries([...optional, ...texts].map((member) => [member, null]));
    const { title, phone, partner_user_id, access_roles, provider_details } = await create(nothing);
    const kept = { title, phone, partner_user_id, access_roles, provider_details };
    expect(kept).toEqual({ title: null, phone: null, partner_user_id: null, access_roles: [], provider_details: null });
  });

  test.each(['given_name', 'family_name', 'email'])('is no %s', async (member) => {
    expect(fieldsOf(await post(plainUser({ [member]: null })))).toEqual([`${member} invalid_type`]);
  });
});

describe('the body', () => {
  test('lists all that is missing', async () => {
    expect(fieldsOf(await post({}))).toEqual(['email missing', 'family_name missing', 'given_name missing']);
  });

  test.each([
    ['a list', []],
    ['null', null],
    ['a text', 'x'],
    ['a number', 7],
  ])('is an object: not %s', async (_, body) => {
    expect(fieldsOf(await post(body))).toEqual(['body invalid_type']);
  });

  test('may have members that nobody knows, which are ignored', async () => {
    const ours = { user_id: 'usr_mine', organization_id: 'org_other', partner_id: 'ptr_other', status: 'disabled' };
    const user = await create({ ...ours, suspended_at: '2020-01-01T00:00:00.000Z', constructor: 1 });
    expect(user.status).toBe('active');
    expect(user.user_id).toMatch(/^usr_[0-9a-f]{32}$/);
    const body = JSON.stringify(plainUser()).replace('{', '{"__proto__":{"title":"Dr"},');
    const answer = await call(handoff, usersPath(handoff, sample), { method: 'POST', headers, body });
    expect([answer.status, dataOf(answer).title]).toEqual([201, null]);
  });

  test.each([
    ['not JSON', '{"given_name":', {}, 400, 'invalid-request'],
    ['nothing', '', {}, 400, 'invalid-request'],
    ['another type', '{}', { 'content-type': 'text/plain' }, 415, 'unsupported-media-type'],
    ['compressed', '{}', { 'content-encoding': 'gzip' }, 415, 'unsupported-media-type'],
    ['too large', `{"title":"${'x'.repeat(16_384)}"}`, {}, 413, 'payload-too-large'],
  ])('is not %s', async (_, body, more, status, slug) => {
    const sent = { method: 'POST', headers: { ...headers, ...more }, body };
    expect(refusalOf(await call(handoff, usersPath(handoff, sample), sent))).toMatchObject({ status, slug });
  });
});
