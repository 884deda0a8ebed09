// Bringing a database up to date, and what the other commands say to one that is not.

import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { MAIN, Operator, runProcess } from './operator.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test('migrate makes an empty database ready, and changes nothing the second time', async () => {
  const operator = new Operator(database.url);
  const { migrated } = await operator.json<{ migrated: string[] }>('migrate');
  expect(migrated[0]).toBe('0001_first');
  expect(await operator.json('migrate')).toEqual({ migrated: [] });
  expect(await operator.read('migrate')).toBe('The database was up to date.\n');
  expect(await operator.run('partner', 'list')).toEqual({ code: 0, stdout: 'No partners.\n', stderr: '' });
});

describe('a version with one migration more', () => {
  let folder: string;
  let newer: Operator;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-newer-'));
    const root = dirname(dirname(MAIN));
    for (const name of ['bin', 'src']) await cp(join(root, name), join(folder, name), { recursive: true });
    await cp(join(root, 'package.json'), join(folder, 'package.json'));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'src/db/migrations/9999_more.sql'), 'CREATE TABLE more (id TEXT PRIMARY KEY);\n');
    newer = new Operator(database.url, {}, (args, environment) =>
      runProcess(args, environment, { main: join(folder, 'bin/handoff.mjs') }),
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('refuses its commands until the operator migrates, and says how', async () => {
    const older = new Operator(database.url);
    await older.read('migrate');
    expect(await newer.refusal('partner', 'list')).toBe(
      'error: the database lacks 9999_more: run "handoff migrate" first',
    );
    expect(await newer.read('migrate')).toBe('migrated  9999_more\n\nNow up to date.\n');
    expect(await newer.read('partner', 'list')).toBe('No partners.\n');

    // Back to the version before: its commands work, but it does not touch what it does not know.
    expect(await older.read('partner', 'list')).toBe('No partners.\n');
    expect(await older.refusal('migrate')).toBe(
      'error: the database was migrated by a newer version than this: run that version',
    );
  });
});
