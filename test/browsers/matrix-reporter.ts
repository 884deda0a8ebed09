// Writes docs/browsers.md after a run of the whole matrix, and says where the file that is there says otherwise.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node';
import { GROUPS } from './cases/all.ts';
import { type Cell, MATRIX_FILE, renderMatrix, withoutVersions } from './matrix-document.ts';
import { MODES } from './modes.ts';

/** By mode and title; undefined unless every case has run in every browser. */
function readCells(modules: readonly TestModule[]): Map<string, Cell> | undefined {
  const cells = new Map<string, Cell>();
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { cell } = test.meta();
      if (cell !== undefined) cells.set(`${module.project.name} ${cell.title}`, cell);
    }
  }
  const titles = GROUPS.flatMap(({ cases }) => cases.map(({ title }) => title));
  const is_whole = MODES.every(({ name }) => titles.every((title) => cells.has(`${name} ${title}`)));
  return is_whole ? cells : undefined;
}

export class MatrixReporter implements Reporter {
  #may_update = false;

  onInit(vitest: Vitest): void {
    this.#may_update = vitest.config.snapshotOptions.updateSnapshot === 'all';
  }

  onTestRunEnd(modules: readonly TestModule[], _errors: readonly unknown[], reason: TestRunEndReason): void {
    const cells = reason === 'passed' ? readCells(modules) : undefined;
    if (cells === undefined) {
      process.stdout.write('docs/browsers.md is left as it is: some of the matrix has not run, or has failed.\n');
      return;
    }
    const text = renderMatrix((mode, title) => cells.get(`${mode} ${title}`));
    const there = existsSync(MATRIX_FILE) ? readFileSync(MATRIX_FILE, 'utf8') : undefined;
    if (there === undefined || this.#may_update) writeFileSync(MATRIX_FILE, text);
    else if (withoutVersions(there) !== withoutVersions(text)) this.#complain();
  }

  #complain(): void {
    process.exitCode = 1;
    const advice = 'If the browsers are right: npm run test:browsers -- -u';
    process.stderr.write(`docs/browsers.md says something else than the browsers have done. ${advice}\n`);
  }
}
