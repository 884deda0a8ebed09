// @ts-check
// The packages for others, one after the other: built, and looked at as somebody gets them who installs them.

import { spawnSync } from 'node:child_process';
import { exit, platform, stderr, stdout } from 'node:process';

/** Folders of packages. */
const PACKAGES = ['clients/typescript', 'clients/embed', 'clients/portal'];

/** Arguments of npm; names of scripts in package.json. @param {string} folder @returns {string[][]} */
const stepsFor = (folder) => [
  ['run', '--silent', 'build', '--workspace', folder],
  ['run', '--silent', 'publint', '--', folder],
  ['run', '--silent', 'attw', '--', folder],
];

for (const folder of PACKAGES) {
  stdout.write(`\n${folder}\n`);
  for (const step of stepsFor(folder)) {
    const { status, error } = spawnSync('npm', step, { stdio: 'inherit', shell: platform === 'win32' });
    if (status === 0) continue;
    stderr.write(`\n${folder}: npm ${step.join(' ')} failed${error ? `: ${error.message}` : ''}\n`);
    exit(1);
  }
}
