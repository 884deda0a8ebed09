// Firefox ESR without a window, with a person's settings for cookies of other sites.

import { findFirefox } from '../../../scripts/browsers.mjs';
import type { BrowserKind } from './driver.ts';
import { startWithContexts } from './puppeteer.ts';

/** `default`: each site around it has its own cookies (5, "Total Cookie Protection"). `third_party_blocked`: 1. */
export type FirefoxCookies = 'default' | 'third_party_blocked';

const COOKIE_BEHAVIOR: Record<FirefoxCookies, number> = { default: 5, third_party_blocked: 1 };

export async function startFirefox(cookies: FirefoxCookies): Promise<BrowserKind> {
  const executablePath = findFirefox();
  if (executablePath === undefined) throw new Error('there is no Firefox: npm test installs it or says how');
  const behavior = COOKIE_BEHAVIOR[cookies];
  return startWithContexts({
    browser: 'firefox',
    executablePath,
    extraPrefsFirefox: {
      'network.cookie.cookieBehavior': behavior,
      // puppeteer's own preferences turn the protection off that every Firefox has, and let windows open by themselves.
      'browser.contentblocking.category': 'custom',
      'browser.contentblocking.features.standard': `cookieBehavior${behavior}`,
      'dom.disable_open_during_load': true,
      // puppeteer does not see the frames of a page that comes back whole; one that is made anew is the harder case.
      'browser.sessionhistory.max_total_viewers': 0,
    },
  });
}
