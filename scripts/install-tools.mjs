// @ts-check
// Before `npm test`: the programs that tests run and npm does not have, which are a Chromium, curl and python3. Where it may, as
// root on Debian or Ubuntu, it installs the distribution's packages; elsewhere it says in one sentence what to do. Silent when
// there is nothing to do.

import { spawnSync } from 'node:child_process';
import { env, exit, getuid, stderr } from 'node:process';
import { findChromium } from './chromium.mjs';

/** @param {string} program */
function isOnPath(program) {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Debian's names of what is missing. */
function missingPackages() {
  const programs = ['curl', 'python3'].filter((program) => !isOnPath(program));
  return [...(findChromium() === undefined ? ['chromium'] : []), ...programs];
}

/** @param {string[]} args */
function aptGet(args) {
  const { status } = spawnSync('apt-get', ['-qq', ...args], {
    env: { ...env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0;
}

function canInstall() {
  return getuid?.() === 0 && isOnPath('apt-get');
}

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  stderr.write(`${sentence}\n`);
  return exit(1);
}

const missing = missingPackages();
const names = missing.join(', ');
const BY_HAND = 'For Chromium or Chrome somewhere else set CHROMIUM_PATH to its executable.';

if (missing.length > 0) {
  if (env['CHROMIUM_PATH'] && findChromium() === undefined) {
    fail(`CHROMIUM_PATH names ${env['CHROMIUM_PATH']}, which does not exist.`);
  }
  if (!canInstall()) fail(`The tests need ${names}: install what is missing. ${BY_HAND}`);
  stderr.write(`Installing for the tests, once: ${names}.\n`);
  const installed = aptGet(['update']) && aptGet(['install', '-y', '--no-install-recommends', ...missing]);
  if (!installed || missingPackages().length > 0) {
    fail(`Some of ${names} could not be installed with apt-get; install them by hand. ${BY_HAND}`);
  }
}
