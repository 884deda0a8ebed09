// @ts-check
// `npm run check`: everything that must hold before a change is accepted, cheapest first. Stops at the first failure.

import { spawnSync } from 'node:child_process';
import { exit, platform, stderr, stdout } from 'node:process';

/** Names of scripts in package.json. */
const STEPS = [
  'format:check',
  'lint',
  'typecheck',
  'knip',
  'imports',
  'openapi:lint',
  'client:check',
  'bench:check',
  'test',
  'test:browsers',
];

for (const step of STEPS) {
  stdout.write(`\n== ${step}\n`);
  const { status, error } = spawnSync('npm', ['run', '--silent', step], {
    stdio: 'inherit',
    shell: platform === 'win32',
  });
  if (status !== 0) {
    stderr.write(
      `\nThe check failed at ${step}${error ? `: ${error.message}` : ''}. To repeat it alone: npm run ${step}\n`,
    );
    exit(1);
  }
}
stdout.write('\nAll checks passed.\n');
