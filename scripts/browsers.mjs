// @ts-check
// Where the browsers that the tests drive are on this machine. npm downloads none of them.

import { existsSync } from 'node:fs';
import { env } from 'node:process';

const CHROMIUM = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const FIREFOX = ['/usr/bin/firefox-esr', '/usr/bin/firefox', '/Applications/Firefox.app/Contents/MacOS/firefox'];
/** WebKitGTK's own small browser, in a folder of the machine's architecture that Debian and others name differently. */
const MINI_BROWSER = ['x86_64-linux-gnu/', 'aarch64-linux-gnu/', ''].flatMap((folder) => [
  `/usr/lib/${folder}webkit2gtk-4.1/MiniBrowser`,
  `/usr/libexec/${folder}webkit2gtk-4.1/MiniBrowser`,
]);

/**
 * The executable's path; undefined if there is none, also when the variable names a file that does not exist: what was
 * asked for is not replaced by something else.
 *
 * @param {string} variable
 * @param {string[]} usual_places
 * @returns {string | undefined}
 */
function find(variable, usual_places) {
  const candidates = env[variable] ? [env[variable]] : usual_places;
  return candidates.find((file) => existsSync(file));
}

/** Chromium or Chrome. */
export const findChromium = () => find('CHROMIUM_PATH', CHROMIUM);

/** Firefox, the Extended Support Release where there is one. */
export const findFirefox = () => find('FIREFOX_PATH', FIREFOX);

/** The browser that WebKitWebDriver starts. */
export const findMiniBrowser = () => find('MINI_BROWSER_PATH', MINI_BROWSER);
