// Partners, organizations, integrations and their secrets, as an operator makes and changes them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Operator, withoutSecrets } from './operator.ts';

let database: TestDatabase;
let operator: Operator;
beforeAll(async () => {
  database = await createDatabase();
  operator = new Operator(database.url);
});
afterAll(() => database.drop());

const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const SECRET = /\bh[po]s_[0-9A-Za-z]{38}\b/;

/** A partner, an organization and the integration between them, and the secrets of both. */
async function enabledPair() {
  const { partner_id = '', partner_secret = '' } = await operator.json('partner', 'create', '--name', 'Practice');
  const { organization_id = '' } = await operator.json('organization', 'create', '--name', 'Clinic');
  const pair = ['--partner', partner_id, '--organization', organization_id];
  const { organization_secret = '' } = await operator.json('integration', 'enable', ...pair);
  return { partner_id, partner_secret, organization_id, organization_secret, pair };
}

test('the first command on an empty database makes it ready, and says that it was empty', async () => {
  const empty = await createDatabase();
  const new_operator = new Operator(empty.url);
  const first = await new_operator.run('partner', 'list');
  expect(first).toMatchObject({ code: 0, stdout: 'No partners.\n' });
  expect(first.stderr).toMatch(/^note: .* was empty; it has been made ready\n$/);
  expect(await new_operator.run('partner', 'list', '--json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
  await empty.drop();
});

test('a partner is made with an id and a secret, shown once, and can be suspended and resumed', async () => {
  const made = await operator.json('partner', 'create', '--name', '  Sample Practice Software ');
  expect(Object.keys(made)).toEqual(['partner_id', 'partner_secret']);
  const { partner_id = '', partner_secret = '' } = made;
  expect(partner_id).toMatch(/^ptr_[0-9a-f]{32}$/);
  expect(/^hps_[0-9A-Za-z]{38}$/.test(partner_secret)).toBe(true);

  const listed = await operator.json<object[]>('partner', 'list');
  expect(listed).toContainEqual({
    partner_id,
    name: 'Sample Practice Software',
    created_at: MOMENT,
    suspended_at: null,
  });

  expect(await operator.json('partner', 'suspend', partner_id)).toEqual({ partner_id, changed: true });
  expect(await operator.read('partner', 'suspend', '--partner', partner_id)).toMatch(/Was suspended already/);
  expect(await operator.read('partner', 'list')).toMatch(/suspended_at/);
  expect(await operator.read('partner', 'resume', partner_id)).toMatch(/Now active/);
  expect(await operator.json('partner', 'resume', partner_id)).toEqual({ partner_id, changed: false });
});

test('an operator may choose the id of a partner, once', async () => {
  const read = await operator.read('partner', 'create', '--name', 'Tacklit', '--id', 'tacklit');
  expect(withoutSecrets(read)).toBe(
    'partner_id      tacklit\npartner_secret  [redacted]\n\nThe secret is shown once. Keep it now.\n',
  );
  expect(await operator.refusal('partner', 'create', '--name', 'Another', '--id', 'tacklit')).toBe(
    'error: a partner tacklit already exists',
  );
});

test('an organization may have sub-organizations, and these none', async () => {
  const made = await operator.json('organization', 'create', '--name', 'Group', '--id', 'group');
  expect(made).toEqual({ organization_id: 'group' });
  const { organization_id = '' } = await operator.json('organization', 'create', '--name', 'Part', '--parent', 'group');
  expect(organization_id).toMatch(/^org_[0-9a-f]{32}$/);
  expect(await operator.json('organization', 'list')).toContainEqual({
    organization_id,
    parent_organization_id: 'group',
    name: 'Part',
    created_at: MOMENT,
    suspended_at: null,
  });
  expect(await operator.refusal('organization', 'create', '--name', 'Below', '--parent', organization_id)).toBe(
    'error: a sub-organization cannot have sub-organizations',
  );
  expect(await operator.refusal('organization', 'create', '--name', 'Below', '--parent', 'nowhere')).toBe(
    'error: there is no organization nowhere',
  );
  expect(await operator.refusal('organization', 'create', '--name', 'Again', '--id', 'group')).toBe(
    'error: an organization group already exists',
  );
  expect(await operator.json('organization', 'suspend', 'group')).toEqual({ organization_id: 'group', changed: true });
  expect(await operator.read('organization', 'resume', 'group')).toMatch(/Now active/);
});

test('enabling an integration tells its secret the first time, and keeps it the second', async () => {
  const { partner_id, organization_id, pair, organization_secret } = await enabledPair();
  expect(/^hos_[0-9A-Za-z]{38}$/.test(organization_secret)).toBe(true);

  const AGREED = ['--embed-origin', 'https://a.example', '--embed-origin', 'https://b.example:8443'];
  const again = await operator.run('integration', 'enable', ...pair, ...AGREED, '--path-prefix', '/dashboard/patients');
  expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^It was there before: its secret stays/) });
  const other = await operator.json('integration', 'enable', ...pair, '--return-url', 'https://a.example/patients');
  expect(other).toEqual({ organization_secret: null });
  expect(await operator.json('integration', 'list', '--partner', partner_id)).toEqual([
    {
      partner_id,
      organization_id,
      embed_origins: ['https://a.example', 'https://b.example:8443'],
      redirect_path_prefixes: ['/dashboard/patients'],
      return_url: 'https://a.example/patients',
      scopes: ['create:user', 'read:user', 'read:users', 'update:user', 'delete:user'],
      created_at: MOMENT,
      connected_at: null,
      disabled_at: null,
    },
  ]);
  expect(await operator.read('integration', 'list', '--organization', organization_id)).toMatch(
    /https:\/\/a\.example,https:\/\/b\.example:8443 {2}\/dashboard\/patients/,
  );
});

test('what was agreed is taken back with the --no- options, and kept without them', async () => {
  const { partner_id, pair } = await enabledPair();
  const agreed = [
    '--embed-origin',
    'https://a.example',
    '--path-prefix',
    '/dashboard',
    '--return-url',
    'https://a.example/',
  ];
  await operator.read('integration', 'enable', ...pair, ...agreed);
  const list = ['integration', 'list', '--partner', partner_id];
  await operator.read('integration', 'enable', ...pair, '--no-path-prefix', '--no-return-url');
  expect(await operator.json(...list)).toMatchObject([
    { embed_origins: ['https://a.example'], redirect_path_prefixes: null, return_url: null },
  ]);
  await operator.read('integration', 'enable', ...pair, '--no-embed-origin');
  expect(await operator.json(...list)).toMatchObject([{ embed_origins: [] }]);
});

test('scopes are all approved at first, replaced by those that are named, taken back altogether, and kept without options', async () => {
  const { partner_id, pair } = await enabledPair();
  const enable = ['integration', 'enable', ...pair];
  const scopes = async () => {
    const [one] = await operator.json<{ scopes: string[] }[]>('integration', 'list', '--partner', partner_id);
    return one?.scopes;
  };
  const all = ['create:user', 'read:user', 'read:users', 'update:user', 'delete:user'];
  expect(await scopes()).toEqual(all);
  // Each once, and in the order in which they are documented.
  await operator.read(...enable, '--scope', 'update:user', '--scope', 'read:user', '--scope', 'update:user');
  expect(await scopes()).toEqual(['read:user', 'update:user']);
  await operator.read(...enable, '--return-url', 'https://a.example/');
  expect(await scopes()).toEqual(['read:user', 'update:user']);
  expect(await operator.read('integration', 'list', '--partner', partner_id)).toMatch(/ {2}read:user,update:user {2}/);
  await operator.read(...enable, '--no-scope');
  expect(await scopes()).toEqual([]);
  await operator.read(...enable, ...all.flatMap((scope) => ['--scope', scope]));
  expect(await scopes()).toEqual(all);
});

test('an integration may be enabled with its scopes from the beginning, or with none', async () => {
  const { partner_id = '' } = await operator.json('partner', 'create', '--name', 'Practice');
  const enable = async (...options: string[]) => {
    const { organization_id = '' } = await operator.json('organization', 'create', '--name', 'Clinic');
    const pair = ['--partner', partner_id, '--organization', organization_id];
    await operator.read('integration', 'enable', ...pair, ...options);
    return (await operator.json<object[]>('integration', 'list', ...pair))[0];
  };
  expect(await enable('--scope', 'read:users')).toMatchObject({ scopes: ['read:users'] });
  expect(await enable('--no-scope')).toMatchObject({ scopes: [] });
});

test('an integration is disabled and enabled again', async () => {
  const { partner_id, organization_id, pair } = await enabledPair();
  const changed = { partner_id, organization_id, changed: true };
  expect(await operator.json('integration', 'disable', ...pair)).toEqual(changed);
  expect(await operator.read('integration', 'disable', ...pair)).toMatch(/Was disabled already/);
  expect(await operator.read('integration', 'list', '--partner', partner_id)).toMatch(/disabled_at/);
  expect(await operator.json('integration', 'enable', ...pair)).toEqual({ organization_secret: null });
  expect(await operator.json('integration', 'list', '--partner', partner_id)).toMatchObject([{ disabled_at: null }]);
});

test('a rotation makes a second secret, and revoking ends one', async () => {
  const { partner_id, organization_id, pair } = await enabledPair();
  const list = ['credential', 'list', ...pair];
  const rotated = await operator.json('credential', 'rotate', ...pair, '--overlap-hours', '48');
  expect(Object.keys(rotated)).toEqual(['credential_id', 'previous_expires_at', 'organization_secret']);
  expect(withoutSecrets(rotated['organization_secret'])).toBe('[redacted]');

  const hint = rotated['organization_secret']?.slice(-4);
  const listed = await operator.json<Record<string, string>[]>(...list);
  const made = { created_by: 'operator', created_at: MOMENT };
  const unused = { partner_id, organization_id, ...made, revoked_at: null, last_used_at: null };
  expect(listed).toEqual([
    { ...unused, credential_id: rotated['credential_id'], hint, expires_at: null },
    {
      ...unused,
      credential_id: expect.stringMatching(/^crd_/),
      hint: expect.stringMatching(/^\w{4}$/),
      expires_at: rotated['previous_expires_at'],
    },
  ]);

  const previous = listed[1]?.['credential_id'] ?? '';
  expect(await operator.json('credential', 'revoke', previous)).toEqual({ credential_id: previous, changed: true });
  expect(await operator.read('credential', 'revoke', previous)).toMatch(/Was revoked already/);

  // The partner's own is another one, and rotates by itself.
  const own = await operator.json('credential', 'rotate', '--partner', partner_id, '--overlap-hours', '0');
  expect(Object.keys(own)).toEqual(['credential_id', 'previous_expires_at', 'partner_secret']);
  const own_list = await operator.json<Record<string, string>[]>('credential', 'list', '--partner', partner_id);
  expect(own_list.map((row) => row['revoked_at'])).toEqual([null, MOMENT]);
});

test('a rotation tells when the present secret really ends, and that there is none', async () => {
  const { pair } = await enabledPair();
  const rotate = ['credential', 'rotate', ...pair];
  const [first] = await operator.json<{ credential_id: string }[]>('credential', 'list', ...pair);
  await operator.read('credential', 'revoke', first?.credential_id ?? '');
  expect(await operator.json(...rotate)).toMatchObject({ previous_expires_at: null });

  const second = await operator.json(...rotate, '--overlap-hours', '1');
  await operator.read('credential', 'revoke', second['credential_id'] ?? '');
  const third = await operator.json(...rotate, '--overlap-hours', '48');
  expect(third['previous_expires_at']).toBe(second['previous_expires_at']);
});

test('no list tells a secret, or anything of one but its last four characters', async () => {
  const { partner_id, partner_secret, organization_secret, pair } = await enabledPair();
  const lists = [
    ['partner', 'list'],
    ['organization', 'list'],
    ['integration', 'list'],
    ['credential', 'list', '--partner', partner_id],
    ['credential', 'list', ...pair],
    ['audit', 'list'],
    ['key', 'list'],
  ];
  let read = '';
  for (const list of lists) read += (await operator.read(...list)) + (await operator.read(...list, '--json'));
  expect(SECRET.test(read)).toBe(false);
  expect(read).not.toMatch(/secret_hash|private_key/);
  for (const secret of [partner_secret, organization_secret]) {
    expect(SECRET.test(secret)).toBe(true);
    expect(read).toContain(secret.slice(-4));
    expect(read.includes(secret.slice(-8))).toBe(false);
  }
});

test('what is not there is named', async () => {
  await operator.read('partner', 'create', '--name', 'There', '--id', 'there');
  await operator.read('organization', 'create', '--name', 'There', '--id', 'clinic');
  const refusals: [string[], string][] = [
    [['partner', 'suspend', 'nobody'], 'there is no partner nobody'],
    [['partner', 'resume', 'nobody'], 'there is no partner nobody'],
    [['organization', 'suspend', 'nowhere'], 'there is no organization nowhere'],
    [['integration', 'enable', '--partner', 'nobody', '--organization', 'clinic'], 'there is no partner nobody'],
    [['integration', 'enable', '--partner', 'there', '--organization', 'nowhere'], 'there is no organization nowhere'],
    [
      ['integration', 'disable', '--partner', 'there', '--organization', 'clinic'],
      'partner there has never been enabled for organization clinic',
    ],
    [['integration', 'list', '--partner', 'nobody'], 'there is no partner nobody'],
    [['integration', 'list', '--organization', 'nowhere'], 'there is no organization nowhere'],
    [['credential', 'list', '--partner', 'nobody'], 'there is no partner nobody'],
    [
      ['credential', 'rotate', '--partner', 'there', '--organization', 'clinic'],
      'partner there has never been enabled for organization clinic',
    ],
    [['credential', 'revoke', 'crd_1'], 'there is no credential crd_1'],
  ];
  for (const [args, sentence] of refusals) expect(await operator.refusal(...args)).toBe(`error: ${sentence}`);
});

test('a list goes on where the one before ended', async () => {
  const own = await createDatabase();
  const list_operator = new Operator(own.url);
  await list_operator.read('partner', 'create', '--name', 'One', '--id', 'one');
  for (const id of ['aa', 'bb', 'cc']) {
    await list_operator.read('organization', 'create', '--name', id.toUpperCase(), '--id', id);
    await list_operator.read('integration', 'enable', '--partner', 'one', '--organization', id);
  }
  expect(await list_operator.read('organization', 'list', '--limit', '2')).toMatch(/There may be more: --after bb\n$/);
  const rest = await list_operator.json('organization', 'list', '--limit', '2', '--after', 'bb');
  expect(rest).toMatchObject([{ organization_id: 'cc' }]);
  expect(await list_operator.read('organization', 'list', '--limit', '4')).not.toMatch(/There may be more/);

  const first = await list_operator.read('integration', 'list', '--limit', '2');
  const [, cursor = ''] = /There may be more: --after (\S+)\n$/.exec(first) ?? [];
  expect(cursor).toBe('bb/one');
  const behind = await list_operator.json('integration', 'list', '--limit', '2', '--after', cursor);
  expect(behind).toMatchObject([{ organization_id: 'cc' }]);
  await own.drop();
});
