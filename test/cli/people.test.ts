// Users and memberships, as an operator makes and changes them.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, parseDatabaseUrl } from '../../src/db/database.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Operator } from './operator.ts';

let database: TestDatabase;
let operator: Operator;
beforeAll(async () => {
  database = await createDatabase();
  operator = new Operator(database.url);
  await operator.read('organization', 'create', '--name', 'Clinic', '--id', 'clinic');
  await operator.read('organization', 'create', '--name', 'Part', '--id', 'part', '--parent', 'clinic');
  await operator.read('organization', 'create', '--name', 'Another', '--id', 'another');
});
afterAll(() => database.drop());

const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const NAMES = ['--given-name', ' Pat ', '--family-name', 'Provider'];

function createUser(organization: string, email: string, ...roles: string[]): string[] {
  const role_options = (roles.length === 0 ? ['provider'] : roles).flatMap((role) => ['--role', role]);
  return ['user', 'create', '--organization', organization, '--email', email, ...NAMES, ...role_options];
}

test('a user is made a member with roles, each once and in their order', async () => {
  const made = await operator.json(...createUser('clinic', ' Pat@Clinic.Example ', 'provider', 'admin', 'provider'));
  expect(Object.keys(made)).toEqual(['user_id']);
  expect(await operator.json('user', 'list', '--organization', 'clinic')).toEqual([
    {
      user_id: expect.stringMatching(/^usr_[0-9a-f]{32}$/),
      organization_id: 'clinic',
      email: 'pat@clinic.example',
      given_name: 'Pat',
      family_name: 'Provider',
      partner_id: null,
      title: null,
      phone: null,
      provider_details: null,
      created_at: MOMENT,
      suspended_at: null,
      access_roles: ['admin', 'provider'],
      disabled_at: null,
    },
  ]);
  expect(await operator.read('user', 'list', '--organization', 'clinic')).toMatch(/ {2}admin,provider {2}/);
  expect(await operator.read('user', 'list', '--organization', 'another')).toBe('No users.\n');
});

test('an e-mail is taken within a top-level organization and its parts, and free in another', async () => {
  await operator.read(...createUser('clinic', 'sam@clinic.example'));
  for (const organization of ['clinic', 'part']) {
    expect(await operator.refusal(...createUser(organization, 'SAM@clinic.example'))).toBe(
      'error: a user with this e-mail already exists in the organization',
    );
  }
  expect(await operator.json(...createUser('another', 'sam@clinic.example'))).toHaveProperty('user_id');
});

describe('membership', () => {
  test('is given in a part of the organization, its roles replaced, and ended', async () => {
    const { user_id = '' } = await operator.json(...createUser('clinic', 'alex@clinic.example'));
    const membership = ['--user', user_id, '--organization', 'part'];
    const set = ['membership', 'set', ...membership];
    expect(await operator.json(...set, '--role', 'receptionist')).toEqual({
      user_id,
      organization_id: 'part',
      access_roles: ['receptionist'],
    });
    expect(await operator.read(...set, '--role', 'rx_reader', '--role', 'admin')).toMatch(
      /access_roles +rx_reader,admin/,
    );
    const list = ['user', 'list', '--organization', 'part'];
    expect(await operator.json(...list)).toMatchObject([{ user_id, access_roles: ['admin', 'rx_reader'] }]);

    const removed = { user_id, organization_id: 'part', changed: true };
    expect(await operator.json('membership', 'remove', ...membership)).toEqual(removed);
    expect(await operator.json(...list)).toEqual([]);
    expect(await operator.read('membership', 'remove', ...membership)).toMatch(/There was no such membership/);
  });

  test('is refused in another tenant’s organization', async () => {
    const { user_id = '' } = await operator.json(...createUser('clinic', 'robin@clinic.example'));
    const membership = ['--user', user_id, '--organization', 'another', '--role', 'admin'];
    expect(await operator.refusal('membership', 'set', ...membership)).toBe(
      'error: the user belongs to another top-level organization',
    );
  });
});

test('a user is suspended and resumed', async () => {
  const { user_id = '' } = await operator.json(...createUser('clinic', 'jo@clinic.example'));
  expect(await operator.json('user', 'suspend', user_id)).toEqual({ user_id, changed: true });
  expect(await operator.read('user', 'suspend', '--user', user_id)).toMatch(/Was suspended already/);
  expect(await operator.read('user', 'resume', user_id)).toMatch(/Now active/);
  expect(await operator.json('user', 'resume', user_id)).toEqual({ user_id, changed: false });
});

test('what is known of a user is changed, taken away, and left alone', async () => {
  const { user_id = '' } = await operator.json(...createUser('clinic', 'kim@clinic.example'));
  const known = async () => {
    const users = await operator.json<Record<string, unknown>[]>('user', 'list', '--organization', 'clinic');
    return users.find((user) => user['user_id'] === user_id);
  };
  const details = { prescriber_type: 'M', qualifications: 'MBBS' };
  const update = ['user', 'update', '--user', user_id];
  const change = ['--given-name', 'Kim', '--title', 'Dr', '--provider-details', JSON.stringify(details)];
  expect(await operator.json(...update, ...change)).toEqual({
    user_id,
    changed: ['given_name', 'title', 'provider_details'],
  });
  expect(await known()).toMatchObject({ given_name: 'Kim', title: 'Dr', phone: null, provider_details: details });
  await operator.json(...update, '--no-title', '--no-provider-details');
  expect(await known()).toMatchObject({ given_name: 'Kim', title: null, provider_details: null });
  for (const wrong of ['{"sex": "sample"}', '{"unknown": "1"}', 'sample'])
    expect((await operator.run(...update, '--provider-details', wrong)).code).toBe(1);
  expect((await operator.run(...update)).stderr).toMatch(/name what is to be changed/);
  expect((await operator.run('user', 'update', '--user', 'usr_none', '--no-title')).stderr).toMatch(/there is no user/);
});

test('a user is deleted with every membership, for good', async () => {
  const { user_id = '' } = await operator.json(...createUser('clinic', 'leaving@clinic.example'));
  expect(await operator.json('user', 'delete', user_id)).toEqual({ user_id, changed: true });
  expect(await operator.read('user', 'list', '--organization', 'clinic')).not.toContain('leaving@clinic.example');
  expect((await operator.run('user', 'delete', user_id)).stderr).toMatch(/there is no user/);
  const again = await operator.json(...createUser('clinic', 'leaving@clinic.example'));
  expect(again['user_id']).not.toBe(user_id);
});

test('a user whom a partner made is released to the organization, once, and the trail says whose it was', async () => {
  const { partner_id = '' } = await operator.json('partner', 'create', '--name', 'Practice');
  const { user_id = '' } = await operator.json(...createUser('another', 'made@clinic.example'));
  const list = ['user', 'list', '--organization', 'another'];
  const partnerOf = async () => {
    const users = await operator.json<Record<string, string | null>[]>(...list);
    return users.find((user) => user['user_id'] === user_id)?.['partner_id'];
  };
  expect(await partnerOf()).toBeNull();
  expect(await operator.read('user', 'release', user_id)).toMatch(/Was the organization’s own already/);

  // As if the partner had made the user, for which it takes a server.
  const url = parseDatabaseUrl(database.url);
  if (url === undefined) throw new Error('no database');
  const db = openDatabase(url, () => undefined);
  await db.updateTable('users').set({ partner_id }).where('user_id', '=', user_id).execute();
  await db.destroy();
  expect(await partnerOf()).toBe(partner_id);
  expect(await operator.read(...list)).toContain(partner_id);

  expect(await operator.json('user', 'release', user_id)).toEqual({ user_id, changed: true });
  expect(await partnerOf()).toBeNull();
  expect(await operator.json('user', 'release', '--user', user_id)).toEqual({ user_id, changed: false });
  const events = await operator.json<object[]>('audit', 'list', '--action', 'user.released');
  expect(events).toMatchObject([{ actor: 'operator', target_id: user_id, user_id, partner_id }]);
});

test('a list of users goes on where the one before ended', async () => {
  await operator.read('organization', 'create', '--name', 'Large', '--id', 'large');
  const made: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const { user_id = '' } = await operator.json(...createUser('large', `${name}@clinic.example`));
    made.push(user_id);
  }
  const ids = made.toSorted();
  const list = ['user', 'list', '--organization', 'large', '--limit', '2'];
  expect(await operator.read(...list)).toMatch(`There may be more: --after ${ids[1]}\n`);
  expect(await operator.json(...list, '--after', ids[1] ?? '')).toMatchObject([{ user_id: ids[2] }]);
});

test('who is not there is named', async () => {
  const { user_id = '' } = await operator.json(...createUser('clinic', 'last@clinic.example'));
  const refusals: [string[], string][] = [
    [createUser('nowhere', 'pat@clinic.example'), 'there is no organization nowhere'],
    [['user', 'list', '--organization', 'nowhere'], 'there is no organization nowhere'],
    [['user', 'suspend', 'usr_1'], 'there is no user usr_1'],
    [['user', 'resume', 'usr_1'], 'there is no user usr_1'],
    [['user', 'release', 'usr_1'], 'there is no user usr_1'],
    [['membership', 'set', '--user', 'usr_1', '--organization', 'clinic', '--role', 'admin'], 'there is no user usr_1'],
    [['membership', 'remove', '--user', 'usr_1', '--organization', 'clinic'], 'there is no user usr_1'],
    [['membership', 'remove', '--user', user_id, '--organization', 'nowhere'], 'there is no organization nowhere'],
  ];
  for (const [args, sentence] of refusals) expect(await operator.refusal(...args)).toBe(`error: ${sentence}`);
});
