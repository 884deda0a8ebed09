// The markdown of tables and figures.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { figure, table } from '../report/table.ts';

const COLUMNS = [
  { title: 'case', align: 'left' },
  { title: 'req/s', align: 'right' },
] as const;

test('a table is padded and aligned', () => {
  assert.equal(
    table(COLUMNS, [
      ['raw', '41,000'],
      ['mint, SQLite', '9'],
    ]),
    [
      '| case         |  req/s |',
      '| ------------ | -----: |',
      '| raw          | 41,000 |',
      '| mint, SQLite |      9 |',
      '',
    ].join('\n'),
  );
});

test('a row of another width is a mistake', () => {
  assert.throws(() => table(COLUMNS, [['raw']]), /a row of 1 in a table of 2 columns/);
});

test('figures have as many digits as are worth reading', () => {
  assert.deepEqual([12_345.6, 100, 99.94, 1.234, 0].map(figure), ['12,346', '100', '99.9', '1.23', '0.00']);
  assert.equal(figure(Number.NaN), '–');
  assert.equal(figure(Number.POSITIVE_INFINITY), '–');
});
