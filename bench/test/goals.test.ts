// Which figure decides a goal, and how.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { type Goal, goalRow, judge } from '../report/goals.ts';
import { goalsOf, memoryGrowth, ratio, tail } from '../report/goals-of-run.ts';
import type { Run, ScaleSummary } from '../report/run.ts';
import { caseResult, paced, sampleRun } from './sample-run.ts';

const SCALE: ScaleSummary = {
  date: '2026-01-01',
  commit: '0123456789ab',
  users: { least: 1_000, most: 1_000_000 },
  growth: { 'mint, SQLite': 0.98 },
  sweep: { SQLite: 1.2 },
};

const verdicts = (run: Run, scale?: ScaleSummary) =>
  Object.fromEntries(goalsOf(run, scale).map((goal) => [goal.goal, judge(goal)]));

test('a goal is met at its limit, and not beyond', () => {
  const least: Goal = { goal: '', measured: 0.75, unit: '×', at_least: 0.75 };
  assert.equal(judge(least), 'met');
  assert.equal(judge({ ...least, measured: 0.7499 }), 'not met');
  const most: Goal = { goal: '', measured: 400, unit: 'ms', at_most: 400 };
  assert.equal(judge(most), 'met');
  assert.equal(judge({ ...most, measured: 400.1 }), 'not met');
});

test('what was not measured is not met by silence', () => {
  const goal: Goal = { goal: '', measured: undefined, unit: '×', at_least: 0 };
  assert.equal(judge(goal), 'not measured');
  assert.equal(judge({ ...goal, measured: Number.NaN }), 'not measured');
});

test('a row says limit and measure in the same unit', () => {
  assert.deepEqual(goalRow({ goal: 'memory', measured: 121.6, unit: 'MB', at_most: 130 }), [
    'memory',
    '≤ 130 MB',
    '122 MB',
    'met',
  ]);
});

test('a run that meets everything it measured', () => {
  const found = verdicts(sampleRun(), SCALE);
  const { 'mint on PostgreSQL against SQLite': postgres, ...others } = found;
  assert.equal(postgres, 'not measured');
  assert.deepEqual(new Set(Object.values(others)), new Set(['met']));
});

test('each ratio is of the right two', () => {
  const run = sampleRun();
  assert.equal(ratio(run, 'Handoff mint, SQLite', 'raw + sign'), 0.8);
  assert.equal(ratio(run, 'Handoff mint, SQLite', 'oidc-provider'), 3);
  assert.equal(ratio(run, 'Handoff mint, SQLite', 'better-auth generate'), 24);
  assert.equal(ratio(run, 'Handoff redeem, SQLite', 'better-auth verify'), 20);
  assert.equal(ratio(run, 'Handoff mint, PostgreSQL', 'raw + sign'), undefined);
});

test('a mint that is too slow fails its goals and no others', () => {
  const run = sampleRun();
  const slow = run.cases.map((one) =>
    one.name === 'Handoff mint, SQLite' ? caseResult(one.name, 'mint', [6_000, 6_000]) : one,
  );
  const failed = Object.entries(verdicts({ ...run, cases: slow }, SCALE)).filter(
    ([, verdict]) => verdict === 'not met',
  );
  assert.deepEqual(
    failed.map(([goal]) => goal),
    ['mint against its floor (raw + sign)', 'mint against oidc-provider', 'mint against better-auth’s generate'],
  );
});

test('a server that does not keep pace has failed', () => {
  assert.equal(tail(paced('mint', { rate: 1_000, answered: 990, p99_ms: 4 })), 4);
  const behind = paced('Handoff mint, SQLite', { rate: 1_000, answered: 700, p99_ms: 4 });
  assert.equal(tail(behind), Number.POSITIVE_INFINITY);
  const goal = goalsOf(sampleRun({ paced: [behind] }), undefined).find((one) => one.goal.startsWith('p99 against p50'));
  assert.deepEqual(goal && goalRow(goal).slice(2), ['fell behind', 'not met']);
});

test('memory counts after a million requests only', () => {
  const samples = sampleRun().memory?.samples.slice(0, 6) ?? [];
  const found = verdicts(sampleRun({ memory: { samples, errors: 0 } }));
  assert.equal(found['resident memory after a million requests'], 'not measured');
  assert.equal(found['resident memory flat: last quarter against the second'], 'not measured');
});

test('memory that grows is told from memory that has grown', () => {
  const growing = Array.from({ length: 8 }, (_, index) => ({
    answers: (index + 1) * 150_000,
    rss_mb: 80 + index * 10,
  }));
  assert.equal(memoryGrowth(sampleRun({ memory: { samples: growing, errors: 0 } })), 145 / 105);
  assert.equal(memoryGrowth(sampleRun()), 111.5 / 111.5);
  assert.equal(memoryGrowth(sampleRun({ memory: { samples: growing.slice(0, 3), errors: 0 } })), undefined);
});

test('growth counts from a thousand to a million users only', () => {
  const small = { ...SCALE, users: { least: 1_000, most: 20_000 } };
  const growth = Object.entries(verdicts(sampleRun(), small)).filter(([goal]) => goal.startsWith('1 M users'));
  assert.deepEqual(
    growth.map(([, verdict]) => verdict),
    ['not measured'],
  );
});
