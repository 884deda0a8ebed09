// @ts-check
// Before `npm run bench` and the like: brings bench/node_modules to what bench/package-lock.json says, if it is not there yet. The
// peers are installed here and nowhere else. Imports nothing but Node.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exit, stderr } from 'node:process';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** @param {string} file @returns {Record<string, { integrity?: string, optional?: boolean }>} */
function readPackages(file) {
  const path = join(HERE, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : {};
}

/** npm notes what it installed in the form of the lock file. Optional packages may be missing. */
function isInstalled() {
  const found = readPackages('node_modules/.package-lock.json');
  return Object.entries(readPackages('package-lock.json')).every(
    ([path, { integrity, optional }]) => path === '' || optional || found[path]?.integrity === integrity,
  );
}

if (!isInstalled()) {
  stderr.write(
    'Installing the packages of bench/package-lock.json; this happens once, and again when that file changes.\n',
  );
  const { status } = spawnSync('npm', ['ci', '--include=dev', '--loglevel=error'], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) {
    stderr.write('The packages could not be installed; npm says why above.\n');
    exit(1);
  }
}
