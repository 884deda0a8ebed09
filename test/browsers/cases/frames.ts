// The portal in a frame of the practice's page: by handoff-embed, and without it.

import { expect } from 'vitest';
import { EMBED_PATH, PATIENT_PATH } from '../../support/client.ts';
import type { Tab } from '../drivers/driver.ts';
import { getLink } from '../sites/practice.ts';
import { countOf, openedBy, truthAbout, until } from '../world.ts';
import type { Case } from './case.ts';
import { openPanes, untilSays, untilSignedIn } from './seen.ts';

async function cookieIn(tab: Tab, origin: string, address: string): Promise<unknown> {
  await tab.goto(`${origin}/empty`);
  await tab.evaluate(`document.querySelector('iframe').src = ${JSON.stringify(address)}`);
  const frame = tab.frame('iframe');
  await until(frame, `document.querySelector('#cookie') !== null`);
  return frame.evaluate(`document.querySelector('#cookie').textContent`);
}

const KEPT = { partitioned: 'kept, for this practice’s pages alone', nothing: 'not kept' };

const ownCookie: Case = {
  title: 'A partitioned cookie of the portal, set on a redirect in the frame',
  expected: KEPT,
  run: async ({ browser, portal, practice, second_practice }) => {
    const tab = await browser.newTab();
    const set = `${portal.origin}/try-cookie/partitioned`;
    const show = `${portal.origin}/show-cookie/partitioned`;
    const kept = (await cookieIn(tab, practice.origin, set)) === 'came back';
    expect(await cookieIn(tab, practice.origin, show)).toBe(kept ? 'came back' : 'none');
    expect(await cookieIn(tab, second_practice.origin, show)).toBe('none');
    await tab.goto(show);
    expect(await tab.evaluate(`document.querySelector('#cookie').textContent`)).toBe('none');
    return kept ? KEPT.partitioned : KEPT.nothing;
  },
};

/** Not of use, and good to know: where tabs' cookies reach frames, a frame must not take them for its own. */
const tabsCookie: Case = {
  title: 'A cookie that the portal has set in a tab (`SameSite=None`), in the frame',
  expected: ({ name }) => (name === 'chromium_allowed' || name === 'webkit' ? 'sent' : 'not sent'),
  run: async ({ browser, portal, practice }) => {
    const tab = await browser.newTab();
    await tab.goto(`${portal.origin}/try-cookie/plain`);
    expect(await tab.evaluate(`document.querySelector('#cookie').textContent`)).toBe('came back');
    const seen = await cookieIn(tab, practice.origin, `${portal.origin}/show-cookie/plain`);
    return seen === 'came back' ? 'sent' : 'not sent';
  },
};

const COOKIE_IN_FRAME = 'signed in, cookie';
const TAB_OFFERED = 'a page that says why, and opens a new tab: signed in there';

const plainFrame: Case = {
  title: 'A plain iframe, without handoff-embed',
  expected: { partitioned: COOKIE_IN_FRAME, nothing: 'a page that says why; link not spent' },
  run: async ({ mode, browser, practice, portal, pat }) => {
    const tab = await browser.newTab();
    await tab.goto(`${practice.origin}/plain?who=pat`);
    const frame = tab.frame('iframe');
    if (mode.keeps === 'nothing') {
      await untilSays(frame, 'In a tab of its own the portal works');
      expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 0, live: [] });
      expect(countOf(portal, 'GET /auth/sso')).toBe(2);
      return 'a page that says why; link not spent';
    }
    await untilSignedIn(frame, pat);
    expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 1, live: [{ kind: 'embed' }] });
    return COOKIE_IN_FRAME;
  },
};

const withoutBearer: Case = {
  title: 'handoff-embed, with a portal whose pages its server makes',
  expected: { partitioned: COOKIE_IN_FRAME, nothing: TAB_OFFERED },
  run: async (world) => {
    const account = world.practice.accounts.get('tab') ?? world.pat;
    const tab = await openPanes(world, 'tab');
    const frame = tab.frame('#tab iframe');
    if (world.mode.keeps !== 'nothing') {
      await untilSignedIn(frame, account);
      expect(await truthAbout(account)).toMatchObject({ links: 1, spent: 1, live: [{ kind: 'embed' }] });
      return COOKIE_IN_FRAME;
    }
    await untilSays(frame, 'new tab');
    expect(await truthAbout(account)).toMatchObject({ links: 1, spent: 0, live: [] });
    const opened = await openedBy(world, () => frame.click('#open-tab button'));
    await untilSignedIn(opened, account);
    expect(await opened.evaluate('location.pathname')).toBe(PATIENT_PATH);
    expect(await opened.evaluate('window.opener')).toBeNull();
    expect(await truthAbout(account)).toMatchObject({ links: 2, spent: 1, live: [{ kind: 'top_level' }] });
    expect(countOf(world.tab_portal, 'GET /auth/sso')).toBe(3);
    return TAB_OFFERED;
  },
};

const NOT_REGISTERED = 'refused, the link not spent; the origin is named';

const hostileFrame: Case = {
  title: 'A link in the frame of a page that nobody has registered',
  expected: NOT_REGISTERED,
  run: async ({ browser, stranger, portal, pat }) => {
    const tab = await browser.newTab();
    await tab.goto(`${stranger.origin}/empty`);
    const link = await getLink(pat, EMBED_PATH);
    await tab.evaluate(`document.querySelector('iframe').src = ${JSON.stringify(link)}`);
    await untilSays(tab.frame('iframe'), stranger.origin);
    const truth = await truthAbout(pat);
    expect(truth).toMatchObject({ links: 1, spent: 0, live: [] });
    expect(truth.events).toContain('sso_token.redeemed embedding-refused');
    expect(countOf(portal, 'GET /auth/sso')).toBe(1);
    return NOT_REGISTERED;
  },
};

export const FRAME_CASES = [ownCookie, tabsCookie, plainFrame, withoutBearer, hostileFrame];
