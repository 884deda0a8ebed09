// The command line.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { parseOptions, PARTS } from '../options.ts';

test('without options everything runs, and the page is written', () => {
  const options = parseOptions([]);
  assert.deepEqual([...(options?.parts ?? [])], [...PARTS]);
  assert.ok(options?.write?.endsWith('/bench/results.md'));
});

test('a quick run, a part of one and a choice of cases leave the page alone', () => {
  for (const args of [['--quick'], ['--parts', 'cases'], ['--only', 'mint']])
    assert.equal(parseOptions(args)?.write, undefined);
  assert.equal(parseOptions(['--quick', '--write', 'x.md'])?.write, 'x.md');
});

test('help asks for no run', () => {
  assert.equal(parseOptions(['--help']), undefined);
});

test('what makes no sense is refused with a sentence', () => {
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds must be a whole number/);
  assert.throws(() => parseOptions(['--parts', 'cases,lunch']), /--parts must be of cases/);
  assert.throws(() => parseOptions(['--cores', '1,1']), /two different cores/);
  assert.throws(() => parseOptions(['--load', 'ab']), /wrk or autocannon/);
});
