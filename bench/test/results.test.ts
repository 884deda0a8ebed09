// The page of a run, and what makes a run worthless.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { caseTable, resultsPage } from '../report/results.ts';
import { errorsOf } from '../report/run.ts';
import { round, sampleRun } from './sample-run.ts';

test('the page names machine, commit, command and versions', () => {
  const page = resultsPage(sampleRun(), undefined, '');
  for (const part of [
    'Sample processor, 2 cores, 24 GiB',
    'commit 0123456789ab',
    '`npm run bench`',
    'oidc-provider 9.0.0',
    'wrk 4',
  ])
    assert.ok(page.includes(part), part);
});

test('notes are kept as they are', () => {
  assert.ok(
    resultsPage(sampleRun(), undefined, 'The limit is the disk.\n').endsWith('## Notes\n\nThe limit is the disk.\n'),
  );
  assert.ok(!resultsPage(sampleRun(), undefined, '').includes('## Notes'));
});

test('Handoff is set against its floor and the peers of its kind, peers against their floor', () => {
  const lines = caseTable(sampleRun()).split('\n');
  const mint = lines
    .find((line) => line.startsWith('| Handoff mint'))
    ?.split('|')
    .map((cell) => cell.trim());
  assert.deepEqual(mint?.slice(1, 6), [
    'Handoff mint, SQLite',
    '9,840',
    '9,600–10,080',
    '0.80',
    'oidc-provider 3.00, better-auth generate 24.0',
  ]);
  const peer = lines
    .find((line) => line.startsWith('| oidc-provider'))
    ?.split('|')
    .map((cell) => cell.trim());
  assert.deepEqual(peer?.slice(4, 6), ['0.27', '']);
});

test('a run without errors is worth something', () => {
  assert.deepEqual(errorsOf(sampleRun()), []);
});

test('one wrong answer anywhere makes a run worthless, and is named', () => {
  const run = sampleRun();
  const [first, ...others] = run.cases;
  assert.ok(first);
  const cases = [{ ...first, rounds: [round(1), round(1, 2)] }, ...others];
  assert.deepEqual(errorsOf({ ...run, cases }), ['raw: 2 errors (another user: 200)']);
  assert.deepEqual(errorsOf({ ...run, two: { one: [1], two: [1], errors: 3 } }), ['two processes: 3 errors']);
});
