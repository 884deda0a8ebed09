// The chart's arithmetic, and that what comes out is an SVG with everything in it.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { drawChart, labelPlaces, tickStep } from '../report/chart.ts';

const CHART = {
  title: 'Cost < size',
  x_title: 'users',
  y_title: 'µs a request',
  lines: [
    { label: 'mint, SQLite', points: [1_000, 100_000, 1_000_000].map((x) => ({ x, y: 100 })) },
    { label: 'mint, PostgreSQL', points: [1_000, 100_000, 1_000_000].map((x, index) => ({ x, y: 150 + 25 * index })) },
  ],
};

const attributes = (svg: string, pattern: RegExp) => [...svg.matchAll(pattern)].map(([, value]) => Number(value));

test('ticks are 1, 2 or 5 times a power of ten', () => {
  assert.deepEqual([4.9, 5.1, 12, 26, 200, 0.4].map(tickStep), [1, 2, 5, 10, 50, 0.1]);
});

test('labels that would overlap move down', () => {
  assert.deepEqual(labelPlaces([100, 104, 300], 17), [100, 117, 300]);
  assert.deepEqual(labelPlaces([104, 100, 90], 17), [124, 107, 90]);
});

test('sizes lie on a logarithmic axis, costs on one that begins at zero', () => {
  const svg = drawChart(CHART);
  const [left = 0, middle = 0, right = 0] = attributes(svg, /<circle cx="([\d.]+)"/g);
  assert.ok(Math.abs((middle - left) / (right - left) - 2 / 3) < 0.01);
  const heights = attributes(svg, /<circle cx="[\d.]+" cy="([\d.]+)"/g);
  // 200 is at the top, 100 half-way down to zero at the bottom.
  assert.deepEqual([heights[0], heights[5]], [208, 56]);
});

test('the file has a title, a label for each line and each size, and both colour schemes', () => {
  const svg = drawChart(CHART);
  for (const part of [
    'Cost &lt; size',
    'mint, SQLite',
    'mint, PostgreSQL',
    '>1K<',
    '>100K<',
    '>1M<',
    'prefers-color-scheme: dark',
  ])
    assert.ok(svg.includes(part), part);
  assert.ok(!svg.includes('NaN'));
});

test('one size alone is drawn too, and nothing at all is a mistake', () => {
  const lines = [{ label: 'mint', points: [{ x: 1_000, y: 1 }] }];
  assert.ok(!drawChart({ ...CHART, lines }).includes('NaN'));
  assert.throws(() => drawChart({ ...CHART, lines: [] }), /nothing to draw/);
});
