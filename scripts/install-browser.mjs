// @ts-check
// Before `npm test`: a Chromium for the browser tests. Where it may, as root on Debian or Ubuntu, it installs the
// distribution's package; elsewhere it says in one sentence what to do. Silent when there is nothing to do.

import { spawnSync } from 'node:child_process';
import { env, exit, getuid, stderr } from 'node:process';
import { findChromium } from './chromium.mjs';

/** @param {string[]} args */
function aptGet(args) {
  const { status } = spawnSync('apt-get', ['-qq', ...args], {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

function canInstall() {
  return getuid?.() === 0 && spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  stderr.write(`${sentence}\n`);
  return exit(1);
}

if (findChromium() === undefined) {
  if (env['CHROMIUM_PATH']) fail(`CHROMIUM_PATH names ${env['CHROMIUM_PATH']}, which does not exist.`);
  if (!canInstall())
    fail('The browser tests need Chromium or Chrome: install one, or set CHROMIUM_PATH to its executable.');
  stderr.write('Installing Chromium for the browser tests; this happens once.\n');
  const installed = aptGet(['update']) && aptGet(['install', '-y', '--no-install-recommends', 'chromium']);
  if (!installed || findChromium() === undefined) {
    fail('Chromium could not be installed with apt-get; install it by hand, or set CHROMIUM_PATH to its executable.');
  }
}
