// Chromium, with a person's settings for cookies of other sites.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findChromium } from '../../../scripts/browsers.mjs';
import { type BrowserKind, eachAnew } from './driver.ts';
import { startProfile, type StartOptions } from './puppeteer.ts';

/** Settings > Privacy and security > Third-party cookies; `none_in_frames` adds an administrator's rule against partitioned ones. */
export type ChromiumCookies = 'allowed' | 'third_party_blocked' | 'none_in_frames';

/** The portals, whose cookies a rule is about, and the pages around them where it holds. */
export type Hosts = { portals: string[]; practices: string[] };

const BLOCKED = 2;

/** The names that Chromium's own settings page writes. */
function preferences(cookies: ChromiumCookies, { portals, practices }: Hosts): object {
  const block = { cookie_controls_mode: 1, block_third_party_cookies: true };
  const pairs = portals.flatMap((portal) => practices.map((practice) => `${portal},${practice}`));
  const rules = Object.fromEntries(pairs.map((pair) => [pair, { setting: BLOCKED }]));
  return {
    profile: {
      ...(cookies === 'allowed' ? { cookie_controls_mode: 0 } : block),
      ...(cookies === 'none_in_frames' && { content_settings: { exceptions: { cookies: rules } } }),
    },
  };
}

export async function startChromium(cookies: ChromiumCookies, hosts: Hosts): Promise<BrowserKind> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('there is no Chromium: npm test installs it or says how');
  const prepare = async (folder: string) => {
    await mkdir(join(folder, 'profile', 'Default'), { recursive: true });
    await writeFile(join(folder, 'profile', 'Default', 'Preferences'), JSON.stringify(preferences(cookies, hosts)));
  };
  // A context of Chromium's is an incognito window, which has other rules for cookies.
  // Options of its own for each start, because puppeteer takes out of `args` what it has understood.
  const options = (): StartOptions => ({
    browser: 'chrome',
    executablePath,
    prepare,
    pipe: true,
    // A person's browser blocks windows that nobody asked for.
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-component-update',
      // acceptInsecureCerts alone is for tabs, and leaves out what is fetched before there is one.
      '--ignore-certificate-errors',
      // puppeteer does not see the frames of a page that comes back whole; one that is made anew is the harder case.
      '--disable-features=BackForwardCache',
    ],
  });
  return eachAnew(() => startProfile(options()));
}
