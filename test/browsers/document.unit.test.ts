// docs/browsers.md is what the matrix expects. That the browsers do what it expects is `npm run test:browsers`, which takes minutes.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { GROUPS } from './cases/all.ts';
import { expectedIn } from './cases/case.ts';
import { type CellOf, MATRIX_FILE, renderMatrix, withoutVersions } from './matrix-document.ts';
import { MODES } from './modes.ts';

const CASES = GROUPS.flatMap(({ cases }) => cases);

const expectedCell: CellOf = (name, title) => {
  const mode = MODES.find((candidate) => candidate.name === name);
  const item = CASES.find((candidate) => candidate.title === title);
  return mode && item && { outcome: expectedIn(item, mode), version: '1.0' };
};

test('docs/browsers.md has every case in every browser, with the outcome that the matrix asserts', () => {
  const there = withoutVersions(readFileSync(MATRIX_FILE, 'utf8'));
  expect(there).toBe(withoutVersions(renderMatrix(expectedCell)));
});

test('no two cases have one title', () => {
  expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
});
