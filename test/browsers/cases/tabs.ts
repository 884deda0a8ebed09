// Links that open a tab.

import { expect } from 'vitest';
import { PATIENT_PATH } from '../../support/client.ts';
import type { Tab } from '../drivers/driver.ts';
import { getLink } from '../sites/practice.ts';
import { countOf, eventually, openedBy, truthAbout, until, type World } from '../world.ts';
import type { Case } from './case.ts';
import { untilSays, untilSignedIn } from './seen.ts';

/** A click on "Prescribe" in the practice, as somebody. */
async function prescribe(world: World, who: 'pat' | 'alex'): Promise<Tab> {
  const practice_tab = await world.browser.newTab();
  await practice_tab.goto(`${world.practice.origin}/?who=${who}`);
  return openedBy(world, () => practice_tab.click('#open'));
}

async function prescribeAsPat(world: World): Promise<Tab> {
  const tab = await prescribe(world, 'pat');
  await untilSignedIn(tab, world.pat);
  return tab;
}

const SIGNED_IN = 'signed in';

const newTab: Case = {
  title: 'A click opens the portal in a new tab',
  expected: SIGNED_IN,
  run: async (world) => {
    const tab = await prescribeAsPat(world);
    expect(await tab.evaluate('location.pathname + location.search')).toBe(PATIENT_PATH);
    expect(await tab.evaluate('window.opener')).toBeNull();
    expect(await truthAbout(world.pat)).toMatchObject({ links: 1, spent: 1, live: [{ kind: 'top_level' }] });
    return SIGNED_IN;
  },
};

const BOTH = 'signed in in both, in the first after a reload at the latest';

const doubleClick: Case = {
  title: 'A double click opens two tabs',
  expected: BOTH,
  run: async (world) => {
    const { browser, practice, pat } = world;
    const practice_tab = await browser.newTab();
    await practice_tab.goto(`${practice.origin}/?who=pat`);
    const before = await browser.tabs();
    await practice_tab.doubleClick('#open');
    const opened = await eventually(async () => {
      const more = (await browser.tabs()).filter((tab) => !before.includes(tab));
      return more.length === 2 ? more : undefined;
    }, 'two tabs');
    for (const tab of opened) {
      // The second link ends the first one's session, perhaps before the first tab has shown its page.
      await until(tab, `document.readyState === 'complete' && document.querySelector('h1') !== null`);
      if ((await tab.evaluate(`document.querySelector('#who') === null`)) === true) await tab.reload();
      await untilSignedIn(tab, pat);
    }
    const truth = await truthAbout(pat);
    expect(truth).toMatchObject({ links: 2, spent: 2 });
    // The browser keeps one of them, and which one is settled by the answers on their way.
    expect([1, 2]).toContain(truth.live.length);
    return BOTH;
  },
};

const sameLinkTwice: Case = {
  title: 'The same link opened in a second tab, one after the other',
  expected: 'signed in, one session',
  run: async (world) => {
    const { portal, browser, pat } = world;
    const link = await getLink(pat, PATIENT_PATH);
    for (const tab of [await browser.newTab(), await browser.newTab()]) {
      await tab.goto(link);
      await untilSignedIn(tab, pat);
    }
    expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 1, live: [{ kind: 'top_level' }], ended: [] });
    expect(countOf(portal, 'GET /auth/sso')).toBe(2);
    return 'signed in, one session';
  },
};

const STILL = 'still signed in';

const reload: Case = {
  title: 'Reload of the tab',
  expected: STILL,
  run: async (world) => {
    const tab = await prescribeAsPat(world);
    await tab.reload();
    await untilSignedIn(tab, world.pat);
    expect(await truthAbout(world.pat)).toMatchObject({ links: 1, spent: 1, live: [{}] });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(1);
    return STILL;
  },
};

const back: Case = {
  title: 'The back button in the tab, from a second page of the portal',
  expected: STILL,
  run: async (world) => {
    const tab = await prescribeAsPat(world);
    await tab.goto(`${world.portal.origin}/dashboard/another`);
    await tab.back();
    await until(tab, `location.pathname === '${PATIENT_PATH}'`);
    await untilSignedIn(tab, world.pat);
    expect(await truthAbout(world.pat)).toMatchObject({ links: 1, spent: 1, live: [{}] });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(1);
    return STILL;
  },
};

const backToLink: Case = {
  title: 'The link’s own address once more after signing in',
  expected: STILL,
  run: async (world) => {
    const { browser, pat } = world;
    const tab = await browser.newTab();
    const link = await getLink(pat, PATIENT_PATH);
    await tab.goto(link);
    await untilSignedIn(tab, pat);
    await tab.goto(link);
    await untilSignedIn(tab, pat);
    expect(await tab.evaluate('location.href')).not.toContain('token');
    expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 1, live: [{}] });
    return STILL;
  },
};

const signOut: Case = {
  title: 'Sign-out in the tab',
  expected: 'signed out',
  run: async (world) => {
    const tab = await prescribeAsPat(world);
    await tab.click('#sign-out');
    await untilSays(tab, 'You are signed out');
    await tab.goto(`${world.portal.origin}${PATIENT_PATH}`);
    await untilSays(tab, 'practice software');
    expect(await truthAbout(world.pat)).toMatchObject({ live: [], ended: ['signed_out'] });
    return 'signed out';
  },
};

const SWITCHED = 'the second is signed in, the first signed out';

/** Tabs have one jar of cookies: two people in two tabs would be one person to the portal. */
const twoUsers: Case = {
  title: 'Two users, each with a click, in two tabs',
  // WebKitGTK says of no navigation that a person clicked (Sec-Fetch-User), so that the switch looks like a page's own doing.
  expected: ({ engine }) => (engine === 'webkit' ? `asked "Continue as …?"; then ${SWITCHED}` : SWITCHED),
  run: async (world) => {
    const { mode, pat, alex } = world;
    const first = await prescribeAsPat(world);
    const second = await prescribe(world, 'alex');
    if (mode.engine === 'webkit') {
      await untilSays(second, 'Continue as');
      expect(await truthAbout(alex)).toMatchObject({ spent: 0 });
      await second.click('button');
    }
    await untilSignedIn(second, alex);
    await first.reload();
    await untilSignedIn(first, alex);
    expect(await truthAbout(pat)).toMatchObject({ live: [], ended: ['replaced'] });
    expect(await truthAbout(alex)).toMatchObject({ live: [{ kind: 'top_level' }], ended: [] });
    return mode.engine === 'webkit' ? `asked "Continue as …?"; then ${SWITCHED}` : SWITCHED;
  },
};

export const TAB_CASES = [newTab, doubleClick, sameLinkTwice, reload, back, backToLink, signOut, twoUsers];
