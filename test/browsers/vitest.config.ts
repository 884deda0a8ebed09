// `npm run test:browsers`: one project for each browser of the matrix, and one for the pages that are looked at in Chromium alone.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { MatrixReporter } from './matrix-reporter.ts';
import { MODES } from './modes.ts';

declare module 'vitest' {
  interface ProvidedContext {
    browser_mode: string;
  }
  interface TaskMeta {
    /** What a browser did in a case, for docs/browsers.md. */
    cell?: { title: string; outcome: string; version: string };
  }
}

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    watch: false,
    pool: 'forks',
    maxWorkers: 2,
    hookTimeout: 120_000,
    // Titles are whole sentences.
    taskTitleValueFormatTruncate: 0,
    reporters: ['default', new MatrixReporter()],
    projects: [
      ...MODES.map(({ name }) => ({
        extends: true as const,
        test: {
          name,
          include: ['test/browsers/matrix.ts'],
          provide: { browser_mode: name, test_database: 'sqlite' as const },
        },
      })),
      {
        extends: true as const,
        test: {
          name: 'pages',
          include: ['test/**/*.browser.test.ts'],
          testTimeout: 30_000,
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
});
