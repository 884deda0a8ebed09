import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

// Every behaviour is tried on both databases; a test asks inject('test_database') which one it runs on.
declare module 'vitest' {
  interface ProvidedContext {
    test_database: 'sqlite' | 'postgres';
  }
}

const NEEDS_NO_DATABASE = 'test/**/*.unit.test.ts';
// Pages looked at in Chromium, for minutes: `npm run test:browsers` runs them (test/browsers/vitest.config.ts).
const NEEDS_A_BROWSER = 'test/**/*.browser.test.ts';
const ON_A_DATABASE = {
  include: ['test/**/*.test.ts'],
  exclude: [...configDefaults.exclude, NEEDS_NO_DATABASE, NEEDS_A_BROWSER],
};

const source = (path: string) => fileURLToPath(new URL(`clients/${path}`, import.meta.url));

export default defineConfig({
  // As in tsconfig.json: the examples import the packages by their names and mean their sources.
  resolve: {
    alias: [
      { find: /^handoff-client$/, replacement: source('typescript/src/handoff-client.ts') },
      { find: /^handoff-portal$/, replacement: source('portal/src/handoff-portal.ts') },
      { find: /^handoff-portal\/(hono|express|fastify)$/, replacement: source('portal/src/$1.ts') },
    ],
  },
  test: {
    watch: false,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // How long something that is waited for may take; a second is little on a machine with other work.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      { extends: true, test: { name: 'unit', include: [NEEDS_NO_DATABASE] } },
      { extends: true, test: { name: 'sqlite', ...ON_A_DATABASE, provide: { test_database: 'sqlite' } } },
      {
        extends: true,
        test: {
          name: 'postgres',
          ...ON_A_DATABASE,
          provide: { test_database: 'postgres' },
          globalSetup: ['test/support/postgres.ts'],
        },
      },
    ],
  },
});
