// Several panes at once: nobody ends another's session, nor acts in another's name.

import { expect } from 'vitest';
import type { View } from '../drivers/driver.ts';
import { countOf, truthAbout, type World } from '../world.ts';
import type { Case } from './case.ts';
import { openPat, untilPaneSignedIn, withWay } from './pane.ts';
import { openPanes, untilSays, untilSignedIn } from './seen.ts';

const doubleLoad: Case = {
  title: 'The practice’s page opened in two tabs at once',
  expected: withWay('signed in in both'),
  run: async (world) => {
    const { browser, practice, pat } = world;
    const tabs = [await browser.newTab(), await browser.newTab()];
    await Promise.all(tabs.map((tab) => tab.goto(`${practice.origin}/panes?who=pat`)));
    let way = '';
    for (const tab of tabs) way = await untilPaneSignedIn(world, tab.frame('#pat iframe'), pat);
    // Whichever session ended the other one's: both go on, at most with another link.
    for (const tab of tabs) {
      await tab.frame('#pat iframe').click('#save');
      await untilSays(tab.frame('#pat iframe'), `saved by ${pat.sample.user_id}`);
    }
    expect(countOf(world.portal, 'GET /auth/sso')).toBeLessThanOrEqual(4);
    expect((await truthAbout(pat)).links).toBeLessThanOrEqual(4);
    return `signed in in both, ${way}`;
  },
};

/** Two people of one practice, each in her own pane: neither ends the other's session, nor acts in her name. */
async function expectBothWork(first: View, second: View, { pat, alex }: World): Promise<void> {
  for (const [pane, account] of [
    [first, pat],
    [second, alex],
    [first, pat],
  ] as const) {
    await pane.evaluate(`void (document.querySelector('#saved').textContent = '')`);
    await pane.click('#save');
    await untilSays(pane, `saved by ${account.sample.user_id}`);
  }
  for (const account of [pat, alex]) {
    expect(await truthAbout(account)).toMatchObject({ spent: 1, live: [{ kind: 'embed' }], ended: [] });
  }
}

/** The first keeps the frame's cookie where there is one; the second is signed in beside it. */
const BESIDE = {
  partitioned: 'both signed in: the first by cookie, the second by bearer',
  nothing: 'both signed in by bearer',
};

const twoUsersInTabs: Case = {
  title: 'Two users of one practice, in panes in two tabs',
  expected: BESIDE,
  run: async (world) => {
    const { pane: first } = await openPat(world);
    const tab = await openPanes(world, 'alex');
    const second = tab.frame('#alex iframe');
    await untilSignedIn(second, world.alex);
    expect(await second.evaluate('document.body.dataset.session')).toBe('bearer');
    await expectBothWork(first, second, world);
    return BESIDE[world.mode.keeps];
  },
};

const twoPartners: Case = {
  title: 'Two partners side by side, each with a pane on its own page',
  expected: withWay('both signed in'),
  run: async (world) => {
    const { sam, second_practice } = world;
    const { pane, way } = await openPat(world);
    const other_tab = await openPanes({ ...world, practice: second_practice }, 'sam');
    const other = other_tab.frame('#sam iframe');
    expect(await untilPaneSignedIn(world, other, sam)).toBe(way);
    for (const [view, account] of [
      [pane, world.pat],
      [other, sam],
    ] as const) {
      await view.click('#save');
      await untilSays(view, `saved by ${account.sample.user_id}`);
      expect(await truthAbout(account)).toMatchObject({ spent: 1, live: [{ kind: 'embed' }], ended: [] });
    }
    return `both signed in, ${way}`;
  },
};

export const NEIGHBOUR_CASES = [doubleLoad, twoUsersInTabs, twoPartners];
