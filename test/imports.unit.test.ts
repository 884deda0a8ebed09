// The import rules of .dependency-cruiser.mjs, run as `npm run imports` runs them. A cruiser that cannot read TypeScript
// reports success over no modules at all, so what was read is counted, and a tree of forbidden imports must be refused.

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const RULES = join(ROOT, '.dependency-cruiser.mjs');

type Cruise = {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
};

function cruiseSrcOf(folder: string): Promise<Cruise> {
  const options = { cwd: folder, maxBuffer: 64 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    // Violations make the exit code non-zero; the JSON is complete all the same.
    execFile(process.execPath, [CRUISER, 'src', '--config', RULES, '-T', 'json'], options, (error, stdout, stderr) => {
      if (stdout.startsWith('{')) resolve(JSON.parse(stdout) as Cruise);
      else reject(new Error(`The cruise failed: ${stderr || stdout}`, { cause: error }));
    });
  });
}

const listViolations = (cruise: Cruise): string[] =>
  cruise.summary.violations.map(({ from, to, rule }) => `${rule.name}: ${from} -> ${to}`).toSorted();

/** Every import in it is allowed. */
const ALLOWED: Record<string, string> = {
  'src/main.ts': `import { serve } from './server.ts'; import { run } from './cli/run.ts'; run(serve);`,
  'src/server.ts': `import { app } from './app.ts'; export const serve = () => app;`,
  'src/app.ts': `import { config } from './config.ts'; import { mint } from './handoff/mint.ts'; mint(config);`,
  'src/config.ts': `import { clock } from './foundation/clock.ts'; export type Config = { clock: typeof clock };`,
  'src/cli/run.ts': `import { config } from '../config.ts'; export const run = (serve) => serve(config);`,
  'src/handoff/mint.ts': `import type { Config } from '../config.ts'; import { open } from '../db/open.ts'; open();`,
  'src/db/open.ts': `import type { Config } from '../config.ts'; export const open = (config: Config) => config;`,
  'src/http/problem.ts': `import { clock } from '../foundation/clock.ts'; export const problem = clock;`,
  'src/foundation/clock.ts': `import type { Config } from '../config.ts'; export const clock = (config: Config) => 0;`,
};

type Refusal = { what: string; file: string; text: string; reported: string };

const REFUSALS: Refusal[] = [
  {
    what: 'an upward import',
    file: 'src/users/up.ts',
    text: `import { mint } from '../handoff/mint.ts';`,
    reported: 'users-imports-only-down: src/users/up.ts -> src/handoff/mint.ts',
  },
  {
    what: 'an upward import of a type',
    file: 'src/users/up-type.ts',
    text: `import type { mint } from '../handoff/mint.ts';`,
    reported: 'users-imports-only-down: src/users/up-type.ts -> src/handoff/mint.ts',
  },
  {
    what: 'an upward import() at run time',
    file: 'src/users/up-later.ts',
    text: `export const later = () => import('../handoff/mint.ts');`,
    reported: 'users-imports-only-down: src/users/up-later.ts -> src/handoff/mint.ts',
  },
  {
    what: 'the command line importing the server',
    file: 'src/cli/serve.ts',
    text: `import { serve } from '../server.ts';`,
    reported: 'cli-imports-only-down: src/cli/serve.ts -> src/server.ts',
  },
  {
    what: 'the database importing HTTP',
    file: 'src/db/up.ts',
    text: `import { problem } from '../http/problem.ts';`,
    reported: 'db-imports-only-down: src/db/up.ts -> src/http/problem.ts',
  },
  {
    what: 'HTTP importing the database',
    file: 'src/http/down.ts',
    text: `import { open } from '../db/open.ts';`,
    reported: 'http-imports-only-down: src/http/down.ts -> src/db/open.ts',
  },
  {
    what: 'the configuration as a value',
    file: 'src/handoff/ttl.ts',
    text: `import { config } from '../config.ts';`,
    reported: 'config-only-as-type: src/handoff/ttl.ts -> src/config.ts',
  },
  {
    what: 'a cycle inside a folder',
    file: 'src/portal/egg.ts',
    text: `import { hen } from './hen.ts'; export const egg = () => hen;`,
    reported: 'no-cycle: src/portal/egg.ts -> src/portal/hen.ts',
  },
  {
    what: 'a test imported by src',
    file: 'src/users/tested.ts',
    text: `import { testApp } from '../../test/app.ts';`,
    reported: 'no-import-from-outside-src: src/users/tested.ts -> test/app.ts',
  },
  {
    what: 'a folder that is not in the list',
    file: 'src/utils/pad.ts',
    text: `import { clock } from '../foundation/clock.ts';`,
    reported: 'no-import-from-unlisted: src/utils/pad.ts -> src/foundation/clock.ts',
  },
  {
    what: 'a module without any imports',
    file: 'src/users/forgotten.ts',
    text: `export const forgotten = 1;`,
    reported: 'no-orphan: src/users/forgotten.ts -> src/users/forgotten.ts',
  },
  {
    what: 'a barrel',
    file: 'src/users/hoop.ts',
    text: `import { barrel } from './index.ts';`,
    reported: 'no-index: src/users/hoop.ts -> src/users/index.ts',
  },
  {
    what: 'an import of a missing file',
    file: 'src/users/lost.ts',
    text: `import { gone } from './gone.ts';`,
    reported: 'no-unresolvable: src/users/lost.ts -> ./gone.ts',
  },
];

const FORBIDDEN: Record<string, string> = {
  ...ALLOWED,
  'src/portal/hen.ts': `import { egg } from './egg.ts'; export const hen = () => egg;`,
  'src/users/index.ts': `export const barrel = 1;`,
  'test/app.ts': `export const testApp = 1;`,
  ...Object.fromEntries(REFUSALS.map(({ file, text }) => [file, text])),
};

async function cruiseTree(files: Record<string, string>): Promise<Cruise> {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-imports-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), `${text}\n`);
    }
    return await cruiseSrcOf(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('imports in src only point down the list', async () => {
  const onDisk = (await readdir(join(ROOT, 'src'), { recursive: true })).filter((name) => name.endsWith('.ts'));
  const cruise = await cruiseSrcOf(ROOT);
  const read = cruise.modules.filter(({ source }) => source.startsWith('src/'));

  expect(onDisk.length).toBeGreaterThan(0);
  expect(read.length).toBeGreaterThanOrEqual(onDisk.length);
  expect(listViolations(cruise)).toEqual([]);
});

test('imports that point down, and type imports of the configuration, are accepted', async () => {
  expect(listViolations(await cruiseTree(ALLOWED))).toEqual([]);
});

describe('a tree of forbidden imports', () => {
  let violations: string[];
  beforeAll(async () => {
    violations = listViolations(await cruiseTree(FORBIDDEN));
  });

  test.each(REFUSALS)('$what is reported', ({ reported }) => {
    expect(violations).toContain(reported);
  });

  test('nothing else is reported', () => {
    expect(violations).toEqual(REFUSALS.map(({ reported }) => reported).toSorted());
  });
});
