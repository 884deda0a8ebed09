// @ts-check
// Before `npm test`: the programs that tests run and npm does not have. With the argument `browsers`, before `npm run
// test:browsers`: those of the browser matrix as well. Where it may, as root on Debian or Ubuntu, it installs the distribution's
// packages; elsewhere it says in one sentence what to do. Silent when there is nothing to do.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { argv, env, exit, getuid, stderr } from 'node:process';
import { findChromium, findFirefox, findMiniBrowser } from './browsers.mjs';

/** By its file: Xvfb and WebKitWebDriver know no --version. @param {string} program */
function isOnPath(program) {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)));
}

/** What tests need, by the name of Debian's package, and whether it is there. @type {Record<string, () => boolean>} */
const TOOLS = {
  chromium: () => findChromium() !== undefined,
  curl: () => isOnPath('curl'),
  python3: () => isOnPath('python3'),
  openssl: () => isOnPath('openssl'),
  // In a folder that is root's path only.
  'nginx-light': () => isOnPath('nginx') || existsSync('/usr/sbin/nginx'),
  caddy: () => isOnPath('caddy'),
};

/** What the browser matrix needs besides. @type {Record<string, () => boolean>} */
const BROWSER_TOOLS = {
  'firefox-esr': () => findFirefox() !== undefined,
  'webkit2gtk-driver': () => findMiniBrowser() !== undefined && isOnPath('WebKitWebDriver'),
  xvfb: () => isOnPath('Xvfb'),
};

const NEEDED = argv[2] === 'browsers' ? { ...TOOLS, ...BROWSER_TOOLS } : TOOLS;

/** Variables that name a browser which is somewhere else. */
const PATHS = {
  CHROMIUM_PATH: findChromium,
  FIREFOX_PATH: findFirefox,
  MINI_BROWSER_PATH: findMiniBrowser,
};

/** Debian's names of what is missing. */
function missingPackages() {
  return Object.entries(NEEDED).flatMap(([name, isThere]) => (isThere() ? [] : [name]));
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
const BY_HAND = `For a browser somewhere else set ${Object.keys(PATHS).join(', ')} to its executable.`;

if (missing.length > 0) {
  for (const [variable, find] of Object.entries(PATHS)) {
    if (env[variable] && find() === undefined) fail(`${variable} names ${env[variable]}, which does not exist.`);
  }
  if (!canInstall()) fail(`The tests need ${names}: install what is missing. ${BY_HAND}`);
  stderr.write(`Installing for the tests, once: ${names}.\n`);
  const installed = aptGet(['update']) && aptGet(['install', '-y', '--no-install-recommends', ...missing]);
  if (!installed || missingPackages().length > 0) {
    fail(`Some of ${names} could not be installed with apt-get; install them by hand. ${BY_HAND}`);
  }
}
