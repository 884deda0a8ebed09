// How the command line is called, and what it says to whoever calls it wrong: one sentence, before any database is touched.

import type { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { formatRows } from '../../src/cli/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { Operator, runProcess } from './operator.ts';

const COMMANDS = {
  partner: ['create', 'list', 'suspend', 'resume'],
  organization: ['create', 'list', 'suspend', 'resume'],
  integration: ['enable', 'disable', 'list'],
  credential: ['list', 'rotate', 'revoke'],
  user: ['create', 'list', 'update', 'suspend', 'resume', 'release', 'delete'],
  membership: ['set', 'remove'],
  key: ['list', 'rotate'],
  session: ['list', 'revoke'],
  audit: ['list'],
  embed: ['check'],
  migrate: [],
  serve: [],
  sandbox: [],
};

const program = await createProgram({ serve: async () => undefined, sandbox: async () => undefined });

function leaves(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
}

test('every noun and verb is there, and no other', () => {
  const actual = program.commands.map((noun) => [noun.name(), noun.commands.map((verb) => verb.name())]);
  expect(Object.fromEntries(actual)).toEqual(COMMANDS);
});

test.each(leaves(program).map((leaf) => [leaf.parent?.name(), leaf.name(), leaf] as const))(
  '%s %s says what it does, what each option means, and takes --json and --help',
  (_noun, _verb, leaf) => {
    expect(leaf.description()).not.toBe('');
    expect(leaf.options.map((option) => option.long)).toContain('--json');
    for (const option of leaf.options) expect(option.description).not.toBe('');
    expect(leaf.helpInformation()).toMatch(/-h, --help/);
  },
);

// Nothing listens there: whoever gets as far as the database says so.
const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';
const operator = new Operator(NOWHERE);
const process_operator = new Operator(NOWHERE, {}, runProcess);

test('--help of the whole, of a noun and of a verb goes to the output, with examples', async () => {
  expect(await process_operator.read('--help')).toMatch(/handoff partner create --name/);
  expect(await process_operator.read('user', '--help')).toMatch(/Usage: handoff user /);
  expect(await process_operator.read('user', 'create', '--help')).toMatch(/--given-name <name>/);
});

test('a noun without a verb, and the command alone, are answered with the verbs and nouns there are', async () => {
  for (const args of [[], ['partner']]) {
    const { code, stderr } = await process_operator.run(...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Commands:/);
  }
});

describe('a command that cannot be understood', () => {
  const PERSON = ['--organization', 'clinic', '--email', 'pat@clinic.example', '--given-name', 'P', '--family-name'];

  const MISUSES: [string[], RegExp][] = [
    [['nonsense'], /unknown command 'nonsense'; see handoff --help/],
    [['partner', 'nonsense'], /unknown command 'nonsense'; see handoff partner --help/],
    [['partner', 'list', '--nonsense'], /unknown option '--nonsense'; see handoff partner list --help/],
    [['partner', 'list', 'nonsense'], /too many arguments.*; see handoff partner list --help/],
    [['partner', 'create', '--name'], /'--name <name>' argument missing/],
    [['partner', 'create', '--name', ' '], /1 to 200 characters/],
    [['partner', 'create', '--name', 'x'.repeat(201)], /1 to 200 characters/],
    [['partner', 'create', '--name', 'x', '--id', 'with space'], /2 to 64 letters, digits/],
    [['partner', 'create', '--name', 'x', '--id', '-x'], /2 to 64 letters, digits/],
    [['organization', 'create', '--name', 'x', '--id', 'a/b'], /2 to 64 letters, digits/],
    [['user', 'create', ...PERSON, 'P', '--role', 'boss'], /one of admin, provider, receptionist/],
    [['user', 'create', ...PERSON, '', '--role', 'admin'], /1 to 200 characters/],
    [['user', 'create', '--email', 'nobody'], /an e-mail address/],
    [['user', 'create', '--email', `${'x'.repeat(250)}@clinic.example`], /an e-mail address/],
    [['membership', 'set', '--role', 'boss'], /one of admin/],
    [['integration', 'enable', '--embed-origin', 'https://practice.example/'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://practice.example/path'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'http://practice.example'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', '*'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://*'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://*.example'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://practice.example;script-src'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://Practice.example'], /an origin such as/],
    [['integration', 'enable', '--embed-origin', 'https://practice.example:443'], /an origin such as/],
    [['integration', 'enable', '--path-prefix', 'dashboard'], /a path such as/],
    [['integration', 'enable', '--path-prefix', '/dashboard/../auth'], /a path such as/],
    [['integration', 'enable', '--return-url', 'javascript:alert(1)'], /an https:\/\/ URL/],
    [['integration', 'enable', '--return-url', 'http://practice.example/'], /an https:\/\/ URL/],
    [['integration', 'enable', '--return-url', 'https://user@practice.example/'], /an https:\/\/ URL/],
    [['integration', 'enable', '--return-url', 'https:practice.example'], /an https:\/\/ URL/],
    [['integration', 'enable', '--scope', 'read:everything'], /one of create:user, read:user, read:users/],
    [['integration', 'enable', '--scope', ''], /one of create:user, read:user, read:users/],
    [['integration', 'list', '--after', 'org_1'], /<organization_id>\/<partner_id>/],
    [['credential', 'rotate', '--overlap-hours', '721'], /0 to 720/],
    [['credential', 'rotate', '--overlap-hours', '-1'], /0 to 720/],
    [['partner', 'list', '--limit', '0'], /1 to 1000/],
    [['partner', 'list', '--limit', '1001'], /1 to 1000/],
    [['audit', 'list', '--from', 'yesterday'], /a moment such as/],
    [['audit', 'list', '--until', '2026-11-22T05:30'], /a moment such as/],
    [['audit', 'list', '--outcome', 'perhaps'], /granted or refused/],
    [['user', 'suspend'], /name the user: suspend <user_id>/],
    [['user', 'release'], /name the user: release <user_id>/],
    [['user', 'suspend', 'usr_1', '--user', 'usr_2'], /two different things/],
  ];
  const short = (args: string[]) => args.map((arg) => arg.slice(0, 40)).join(' ');

  test.each(MISUSES.map(([args, sentence]) => [short(args), args, sentence] as const))(
    '%s',
    async (_, args, sentence) => {
      const message = await operator.refusal(...args);
      expect(message).toMatch(sentence);
      expect(message).not.toMatch(/\n/);
    },
  );

  test('everything that is missing is named at once', async () => {
    expect(await operator.refusal('user', 'create', '--email', 'pat@clinic.example')).toBe(
      'error: missing --organization, --given-name, --family-name, --role; see handoff user create --help',
    );
  });

  test('a secret in the place of an id is refused, and not repeated', async () => {
    const secret = newSecret('hps', systemRandom);
    const message = await operator.refusal('partner', 'create', '--name', 'x', '--id', secret);
    expect(message).toMatch(/looks like a secret/);
    expect(message.includes(secret)).toBe(false);
  });
});

test('a secret where an id of something is expected is not repeated either', async () => {
  const secret = newSecret('hos', systemRandom);
  const { code, stdout, stderr } = await operator.run('partner', 'list', '--after', 'x', secret);
  expect(code).toBe(1);
  expect((stdout + stderr).includes(secret)).toBe(false);
});

test('a database that cannot be reached, or is none, is said in one sentence', async () => {
  expect(await operator.refusal('partner', 'list')).toMatch(
    /^error: the database of DATABASE_URL cannot be used \(ECONNREFUSED/,
  );
  const no_database = new Operator(`sqlite:${import.meta.filename}`);
  expect(await no_database.refusal('partner', 'list')).toMatch(/cannot be used \(SQLITE_NOTADB/);
});

test('a DATABASE_URL that is none is named', async () => {
  const { code, stderr } = await new Operator('mysql://localhost/handoff').run('partner', 'list');
  expect(code).toBe(1);
  expect(stderr).toMatch(/DATABASE_URL must be sqlite:<path> or postgres:\/\//);
});

describe('a list for people', () => {
  const rows = [
    { id: 'a', name: 'First', embed_origins: ['https://a.example', 'https://b.example'], suspended_at: null },
    { id: 'bcd', name: null, embed_origins: [], suspended_at: null },
  ];

  test('is a table with its columns lined up, without the columns that are empty', () => {
    expect(formatRows(rows, 100)).toBe(
      ['id   name   embed_origins', 'a    First  https://a.example,https://b.example', 'bcd  -      -'].join('\n'),
    );
  });

  test('is a block for each row where the table is wider than the terminal', () => {
    expect(formatRows(rows, 40)).toBe(
      [
        'id             a',
        'name           First',
        'embed_origins  https://a.example,https://b.example',
        '',
        'id             bcd',
      ].join('\n'),
    );
  });
});
