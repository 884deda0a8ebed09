// The ids that bench:scale reckons out are of the product's form, and spread.

import assert from 'node:assert/strict';
import { test } from 'vitest';
import { diskBytes, idOf, scattered, sizeOf } from '../scale/size.ts';

test('an id is a UUID version 7 with a prefix, and sorts by its moment', () => {
  const ids = [1, 2, 3].map((n) => idOf('usr', n, 1_700_000_000_000 + n));
  for (const id of ids) assert.match(id, /^usr_[0-9a-f]{12}7[0-9a-f]{3}8[0-9a-f]{15}$/);
  assert.deepEqual(ids.toSorted(), ids);
  assert.match(idOf('evt', 10_000_000, Date.now()), /^evt_[0-9a-f]{32}$/);
});

test('a sample is spread over everything and jumps about', () => {
  const sample = scattered(1_000_000, 1_000);
  assert.equal(new Set(sample).size, 1_000);
  assert.deepEqual([Math.min(...sample), Math.max(...sample)], [0, 999_000]);
  assert.notDeepEqual(
    sample,
    sample.toSorted((one, other) => one - other),
  );
  assert.equal(scattered(10, 1_000).length, 10);
});

test('a million users have ten million audit rows and a thousand clinics', () => {
  assert.deepEqual(sizeOf(1_000_000), {
    users: 1_000_000,
    organizations: 1_000,
    audit_rows: 10_000_000,
    tokens: 1_000_000,
    sessions: 100_000,
  });
  assert.equal(sizeOf(20).organizations, 1);
});

test('more users need more disk', () => {
  assert.ok(diskBytes(sizeOf(1_000_000)) > 5 * diskBytes(sizeOf(100_000)));
});
