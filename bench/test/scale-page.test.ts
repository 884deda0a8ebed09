// The page of bench:scale, and what results.md takes from it.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { scaleChart, scalePage, type ScaleRun, summaryOf } from '../report/scale-page.ts';
import { round, sampleRun } from './sample-run.ts';

const { date, machine, load } = sampleRun();

const growth = [
  {
    engine: 'sqlite',
    operation: 'mint',
    users: 1_000_000,
    audit_rows: 10_000_000,
    bytes: 9e9,
    rounds: [round(9_500), round(9_700)],
  },
  {
    engine: 'sqlite',
    operation: 'mint',
    users: 1_000,
    audit_rows: 10_000,
    bytes: 1e7,
    rounds: [round(10_000), round(10_000)],
  },
] as const;

const RUN: ScaleRun = {
  date,
  command: 'npm run bench:scale',
  machine,
  load,
  postgres: 'not measured',
  growth: growth.map((one) => ({ ...one, rounds: [...one.rounds] })),
  sweep: [
    {
      name: '1M users on SQLite',
      rate: 5_000,
      rows: 20_000,
      sweep_ms: 900,
      requests: 22_000,
      quiet_p99_ms: 2,
      sweep_p99_ms: 2.5,
      quiet_max_ms: 5,
      sweep_max_ms: 9,
      errors: 0,
    },
  ],
  sweep_plan: { rows: 20_000, rounds: 5, seconds: 5, share: 0.5 },
};

test('growth is the most users against the fewest, in whatever order they were measured', () => {
  assert.deepEqual(summaryOf(RUN), {
    date,
    commit: machine.commit,
    users: { least: 1_000, most: 1_000_000 },
    growth: { 'mint, SQLite': 0.96 },
    sweep: { '1M users on SQLite': 1.25 },
  });
});

test('the page has a row for each size, from small to big, and the sweep', () => {
  const rows = scalePage(RUN)
    .split('\n')
    .filter((line) => line.startsWith('| mint, SQLite') || line.startsWith('| 1M users'));
  assert.deepEqual(
    rows.map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(2, 4),
    ),
    [
      ['1,000', '10,000'],
      ['1,000,000', '10,000,000'],
      ['5,000', '20,000'],
    ],
  );
});

test('the chart draws the cost of a request', () => {
  const svg = scaleChart(RUN);
  assert.ok(svg.includes('mint, SQLite') && svg.includes('>1M<'));
});
