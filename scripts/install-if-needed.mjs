// @ts-check
// Before `npm start`, `npm test` and the like: brings node_modules to what package-lock.json says, if it is not there
// yet. Runs on the machine's own Node, 18 or later, before anything is installed, so it imports nothing but Node.
//
//   node scripts/install-if-needed.mjs everything   all packages, those for development included
//   node scripts/install-if-needed.mjs runtime      the packages src/ needs and Node 24; after `npm ci --omit=dev` on
//                                                   Node 24 that is the case, and nothing is installed
//   node scripts/install-if-needed.mjs server       the same, except that NODE_ENV=production only checks: replacing
//                                                   packages is for the person who deploys
//
// npm notes what it installed in node_modules/.package-lock.json, in the form of package-lock.json. The two are
// compared package by package, so it does not matter who ran `npm ci`, or with which options.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { env, exit, platform, stderr, versions } from 'node:process';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR = 24;
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** @typedef {{ version?: string, integrity?: string, link?: boolean, dev?: boolean, devOptional?: boolean, optional?: boolean }} LockedPackage */

/** @param {string} file @returns {Record<string, LockedPackage> | undefined} */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * Optional packages (binaries for other platforms) may be missing. Folders of this repository are linked, not installed; they
 * are packages for others, which src/ does not import, and a deployment may have left them out.
 *
 * @param {LockedPackage} locked @param {boolean} withDevelopment
 */
function isNeeded(locked, withDevelopment) {
  if (locked.optional || locked.devOptional) return false;
  return withDevelopment || !(locked.dev || locked.link);
}

/** @param {boolean} withDevelopment */
function isInstalled(withDevelopment) {
  const wanted = readPackages('package-lock.json');
  const found = readPackages('node_modules/.package-lock.json');
  if (wanted === undefined || found === undefined) return false;
  return Object.entries(wanted).every(([path, locked]) => {
    if (!path.includes('node_modules/') || !isNeeded(locked, withDevelopment)) return true;
    const { version, integrity } = found[path] ?? {};
    if (!existsSync(join(ROOT, path))) return false;
    return locked.link || (version === locked.version && integrity === locked.integrity);
  });
}

/** The scripts of package.json find `node` in node_modules/.bin first: the pinned one, if its package is installed. */
function isNodeRecentEnough() {
  const pinned = existsSync(join(ROOT, 'node_modules/node/bin', platform === 'win32' ? 'node.exe' : 'node'));
  return pinned || Number.parseInt(versions.node, 10) >= NODE_MAJOR;
}

/** npm runs on the machine's Node here: the pinned one is among what it is about to replace. */
function pathWithoutModules() {
  const key = Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';
  const folders = (env[key] ?? '').split(delimiter).filter((folder) => !/node_modules[\\/]\.bin[\\/]?$/.test(folder));
  return { [key]: folders.join(delimiter) };
}

/** @param {string} sentence @returns {never} */
function fail(sentence) {
  stderr.write(`${sentence}\n`);
  return exit(1);
}

function install() {
  stderr.write('Installing the packages of package-lock.json; this happens once, and again when that file changes.\n');
  const { status, error } = spawnSync('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    env: { ...env, ...pathWithoutModules() },
    shell: platform === 'win32',
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (error) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail('The packages could not be installed; npm says why above.');
}

const need = process.argv[2];
if (need !== 'everything' && need !== 'runtime' && need !== 'server') {
  fail('Usage: node scripts/install-if-needed.mjs everything|runtime|server');
}

if (!isInstalled(need === 'everything') || !isNodeRecentEnough()) {
  if (need === 'server' && env['NODE_ENV'] === 'production') {
    fail(
      `Packages are missing or out of date, or Node is older than ${NODE_MAJOR}: run npm ci --omit=dev on Node ${NODE_MAJOR}.`,
    );
  }
  install();
  if (!isNodeRecentEnough())
    fail(`Node ${NODE_MAJOR} or later is needed; this is ${versions.node}, and npm may not run install scripts.`);
}
