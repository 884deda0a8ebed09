// Shares of a profile.

import { expect, test } from 'vitest';
import { sharesOf } from '../report/profile.ts';

const frame = (functionName: string, url = '') => ({ functionName, url });

test('a sample counts for what runs in it, by who called it where that matters, and idleness for nobody', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 5, 6] },
    { id: 2, callFrame: frame('signOneShot', 'node:internal/crypto/sig') },
    { id: 3, callFrame: frame('commitTransaction', 'file:///h/src/db/sqlite.ts'), children: [4] },
    { id: 4, callFrame: frame('executeQuery', 'file:///h/src/db/sqlite-file.ts') },
    { id: 5, callFrame: frame('executeQuery', 'file:///h/src/db/sqlite-file.ts') },
    { id: 6, callFrame: frame('(idle)') },
  ];
  // The first is older than two seconds.
  const samples = [5, 2, 2, 4, 5, 6];
  const timeDeltas = [1_000_000, 1_000_000, 500_000, 250_000, 250_000, 0];
  const shares = sharesOf({ nodes, samples, timeDeltas, startTime: 0, endTime: 3_000_000 }, 1.5);
  expect([...shares]).toEqual([
    ['signature or verification', 0.75],
    ['SQLite: commit', 0.125],
    ['SQLite: reading and writing rows', 0.125],
  ]);
});
