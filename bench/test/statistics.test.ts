// Medians, percentiles and ratios, by hand.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { median, percentile, ratioByRound, rotate, spread } from '../report/statistics.ts';

const HUNDRED = Array.from({ length: 100 }, (_, index) => index + 1);

test('a percentile is the nearest rank', () => {
  assert.equal(percentile(HUNDRED, 50), 50);
  assert.equal(percentile(HUNDRED, 99), 99);
  assert.equal(percentile(HUNDRED, 100), 100);
  assert.equal(percentile([7], 1), 7);
  assert.equal(percentile(new Float64Array([1, 2, 3]), 50), 2);
});

test('a percentile of nothing is 0', () => {
  assert.equal(percentile([], 99), 0);
});

test('a median is the one in the middle, or the mean of two', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([]), 0);
});

test('a median sorts by size, not by spelling, and leaves its argument alone', () => {
  const values = [100, 9, 20];
  assert.equal(median(values), 20);
  assert.deepEqual(values, [100, 9, 20]);
});

test('a spread tells the slowest and the fastest', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, greatest: 3 });
});

test('a ratio is taken within the rounds, so that a slow round of both changes nothing', () => {
  assert.equal(ratioByRound([10, 5, 10], [20, 10, 20]), 0.5);
  // The ratio of the medians would be 2.
  assert.equal(ratioByRound([10, 20, 90], [10, 10, 30]), 2);
  assert.equal(ratioByRound([10, 20, 90], [5, 20, 45]), 2);
});

test('there is no ratio of what did not run in the same rounds', () => {
  assert.equal(ratioByRound([1, 2], [1]), undefined);
  assert.equal(ratioByRound([], []), undefined);
});

test('each contestant begins a round once in a while', () => {
  assert.deepEqual(
    [0, 1, 2, 3].map((round) => rotate(['a', 'b', 'c'], round).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
  assert.deepEqual(rotate([], 5), []);
});
