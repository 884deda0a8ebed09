// The browsers of the matrix, each with the settings that decide what stays in a frame of another site.

import { startChromium } from './drivers/chromium.ts';
import type { BrowserKind } from './drivers/driver.ts';
import { startFirefox } from './drivers/firefox.ts';
import { startWebkit } from './drivers/webkit.ts';

/** Where the run's sites are. */
export const HOSTS = {
  portal: 'localhost',
  /** A portal whose embedded pages are made by its server, so that they cannot bring a bearer. */
  tab_portal: '127.0.0.4',
  practice: '127.0.0.1',
  second_practice: '127.0.0.2',
  /** A page that nobody has registered. */
  stranger: '127.0.0.3',
};

/** What becomes of a partitioned cookie in a frame: kept, for each site around it another one, or not. */
export type Keeps = 'partitioned' | 'nothing';

export type Mode = {
  name: string;
  /** As the document has it. */
  title: string;
  settings: string;
  engine: 'chromium' | 'firefox' | 'webkit';
  keeps: Keeps;
  start: () => Promise<BrowserKind>;
};

const { portal, tab_portal, ...around } = HOSTS;
const RULE = { portals: [portal, tab_portal], practices: Object.values(around) };

export const MODES: readonly Mode[] = [
  {
    name: 'chromium_allowed',
    title: 'Chromium, all cookies allowed',
    settings: 'third-party cookies allowed',
    engine: 'chromium',
    keeps: 'partitioned',
    start: () => startChromium('allowed', RULE),
  },
  {
    name: 'chromium_blocked',
    title: 'Chromium, third-party cookies blocked',
    settings: 'third-party cookies blocked, which partitioned ones are not',
    engine: 'chromium',
    keeps: 'partitioned',
    start: () => startChromium('third_party_blocked', RULE),
  },
  {
    name: 'chromium_none',
    title: 'Chromium, no cookies in frames',
    settings: 'an administrator’s cookie rule against the portal in other sites’ pages, partitioned cookies included',
    engine: 'chromium',
    keeps: 'nothing',
    start: () => startChromium('none_in_frames', RULE),
  },
  {
    name: 'firefox_default',
    title: 'Firefox ESR',
    settings: 'as installed: Total Cookie Protection (`network.cookie.cookieBehavior` 5)',
    engine: 'firefox',
    keeps: 'partitioned',
    start: () => startFirefox('default'),
  },
  {
    name: 'firefox_blocked',
    title: 'Firefox ESR, third-party cookies blocked',
    settings: 'all cross-site cookies blocked (`network.cookie.cookieBehavior` 1)',
    engine: 'firefox',
    keeps: 'nothing',
    start: () => startFirefox('third_party_blocked'),
  },
  {
    name: 'webkit',
    title: 'WebKitGTK',
    settings: 'as installed',
    engine: 'webkit',
    keeps: 'nothing',
    start: startWebkit,
  },
];
