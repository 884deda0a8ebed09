// The command line as an operator has it: each command a process of its own. The rest of the folder tries the same commands
// in the test's process.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { Operator, runProcess, withoutSecrets } from './operator.ts';

let database: TestDatabase;
let operator: Operator;
beforeAll(async () => {
  database = await createDatabase();
  operator = new Operator(database.url, {}, runProcess);
});
afterAll(() => database.drop());

test('from nothing to four credentials and a user, each command with --json as a script reads it', async () => {
  const partner = await operator.json('partner', 'create', '--name', 'X');
  expect(withoutSecrets(partner)).toEqual({
    partner_id: expect.stringMatching(/^ptr_/),
    partner_secret: '[redacted]',
  });
  const organization = await operator.json('organization', 'create', '--name', 'X');
  expect(organization).toEqual({ organization_id: expect.stringMatching(/^org_/) });
  const { partner_id = '' } = partner;
  const { organization_id = '' } = organization;
  const enable = ['integration', 'enable', '--partner', partner_id, '--organization', organization_id];
  expect(withoutSecrets(await operator.json(...enable))).toEqual({ organization_secret: '[redacted]' });
  const person = ['--email', 'pat@clinic.example', '--given-name', 'Pat', '--family-name', 'Provider'];
  const create_user = ['user', 'create', '--organization', organization_id, ...person, '--role', 'provider'];
  expect(await operator.json(...create_user)).toEqual({ user_id: expect.stringMatching(/^usr_/) });
});

test('a refused command leaves with 1, an understood one with 0', async () => {
  expect(await operator.run('partner', 'suspend', 'nobody')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: there is no partner nobody\n',
  });
  expect(await operator.run('session', 'list')).toEqual({ code: 0, stdout: 'No sessions.\n', stderr: '' });
});
