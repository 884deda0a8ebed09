// @ts-check
// Where Chromium or Chrome is on this machine. The tests drive it; it is not downloaded by npm.

import { existsSync } from 'node:fs';
import { env } from 'node:process';

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * The executable's path; undefined if there is none, also when CHROMIUM_PATH names a file that does not exist: what
 * was asked for is not replaced by something else.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const candidates = env['CHROMIUM_PATH'] ? [env['CHROMIUM_PATH']] : USUAL_PLACES;
  return candidates.find((file) => existsSync(file));
}
