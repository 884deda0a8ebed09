// The portal in a pane that handoff-embed makes, signed in with handoff-portal/browser: the usual case.

import { expect } from 'vitest';
import type { View } from '../drivers/driver.ts';
import { countOf, truthAbout, until, type World } from '../world.ts';
import type { Case } from './case.ts';
import { openPat, requestsFor, untilPaneSignedIn, withWay } from './pane.ts';
import { eventsOf, openPanes, untilEvent, untilSays } from './seen.ts';

const embed: Case = {
  title: 'handoff-embed opens the portal in a pane',
  expected: withWay('signed in'),
  run: async (world) => {
    const { tab, pane, way } = await openPat(world);
    await untilEvent(tab, 'signed-in');
    const events = await eventsOf(tab);
    expect(events.filter(({ type }) => type === 'signed-in')).toMatchObject([{ detail: { session: way } }]);
    expect(events.map(({ type }) => type)).not.toContain('error');
    expect(await pane.evaluate('location.search')).toBe('');
    await pane.click('#save');
    await untilSays(pane, `saved by ${world.pat.sample.user_id}`);
    const { opened, links } = requestsFor(world);
    expect(await truthAbout(world.pat)).toMatchObject({ links, spent: 1, live: [{ kind: 'embed' }], ended: [] });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(opened);
    expect(countOf(world.practice, 'GET /link')).toBe(links);
    return `signed in, ${way}`;
  },
};

/** The machine slept: the browser's clock and the server's are both further. */
async function sleep({ portal }: World, pane: View, minutes: number): Promise<void> {
  portal.handoff.clock.advance(minutes * 60_000);
  await pane.evaluate(`(() => {
    const now = Date.now;
    Date.now = () => now() + ${minutes * 60_000};
    document.dispatchEvent(new Event('visibilitychange'));
  })()`);
}

const renewal: Case = {
  title: 'Renewal before the session idles out',
  expected: withWay('renewed, what was typed is still there'),
  run: async (world) => {
    const { tab, pane, way } = await openPat(world);
    await pane.type('#note', 'half a sentence');
    await sleep(world, pane, 13);
    await until(tab, `globalThis.panes[0].events.filter(({ type }) => type === 'signed-in').length === 2`);
    await pane.click('#save');
    await untilSays(pane, `saved by ${world.pat.sample.user_id}`);
    expect(await pane.evaluate(`document.querySelector('#note').value`)).toBe('half a sentence');
    expect(await pane.evaluate('document.body.dataset.session')).toBe(way);
    const { opened, links } = requestsFor(world);
    expect(await truthAbout(world.pat)).toMatchObject({ links: links + 1, spent: 2, live: [{}], ended: ['replaced'] });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(opened);
    return `renewed, what was typed is still there, ${way}`;
  },
};

const expiry: Case = {
  title: 'Expiry: the practice gives no link any more, then does again',
  expected: withWay('a notice; signed in again with a click'),
  run: async (world) => {
    const { tab, pane, way } = await openPat(world);
    world.practice.signed_out = true;
    await sleep(world, pane, 20);
    await untilEvent(tab, 'expired');
    await untilSays(pane, 'Signed in as .');
    const links = countOf(world.practice, 'GET /link');
    world.practice.signed_out = false;
    expect(await truthAbout(world.pat)).toMatchObject({ spent: 1 });
    await pane.click('handoff-notice >>> button');
    await untilPaneSignedIn(world, pane, world.pat);
    expect(countOf(world.practice, 'GET /link')).toBe(links + 1);
    expect(await truthAbout(world.pat)).toMatchObject({ spent: 2 });
    return `a notice; signed in again with a click, ${way}`;
  },
};

const signOut: Case = {
  title: 'Sign-out in the pane',
  expected: withWay('signed out, and not signed in again by itself'),
  run: async (world) => {
    const { tab, pane, way } = await openPat(world);
    await pane.click('#sign-out');
    await untilEvent(tab, 'expired');
    const { links } = requestsFor(world);
    expect(await truthAbout(world.pat)).toMatchObject({ links, spent: 1, live: [], ended: ['signed_out'] });
    await pane.click('#save');
    await untilSays(pane, 'not saved');
    expect(countOf(world.practice, 'GET /link')).toBe(links);
    return `signed out, and not signed in again by itself, ${way}`;
  },
};

const reloadPage: Case = {
  title: 'Reload of the practice’s page',
  expected: withWay('signed in'),
  run: async (world) => {
    const { tab, pane } = await openPat(world);
    await tab.reload();
    const way = await untilPaneSignedIn(world, pane, world.pat);
    const truth = await truthAbout(world.pat);
    expect(truth).toMatchObject({ links: 2 * requestsFor(world).links, spent: 2 });
    expect(countOf(world.portal, 'GET /auth/sso')).toBeLessThanOrEqual(4);
    return `signed in, ${way}`;
  },
};

const reloadFrame: Case = {
  title: 'Reload of the pane’s frame alone',
  expected: withWay('signed in'),
  run: async (world) => {
    const { pane } = await openPat(world);
    await pane.evaluate(`void (document.querySelector('#who').textContent = '', location.reload())`);
    const way = await untilPaneSignedIn(world, pane, world.pat);
    expect(await truthAbout(world.pat)).toMatchObject({ spent: world.mode.keeps === 'nothing' ? 2 : 1 });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(2);
    return `signed in, ${way}`;
  },
};

const anotherPage: Case = {
  title: 'A link in the pane, to another page of the portal',
  expected: withWay('signed in'),
  run: async (world) => {
    const { tab, pane } = await openPat(world);
    await pane.click('#another');
    await until(pane, `location.pathname === '/embed/another'`);
    const way = await untilPaneSignedIn(world, pane, world.pat);
    await until(tab, `globalThis.panes[0].events.filter(({ type }) => type === 'signed-in').length === 2`);
    expect(await truthAbout(world.pat)).toMatchObject({ spent: world.mode.keeps === 'nothing' ? 2 : 1 });
    expect(countOf(world.portal, 'GET /auth/sso')).toBe(2);
    return `signed in, ${way}`;
  },
};

const backInFrame: Case = {
  title: 'The back button, after a second page in the pane',
  expected: withWay('back on the first page, still signed in'),
  run: async (world) => {
    const { tab, pane, way } = await openPat(world);
    await pane.click('#next');
    await untilEvent(tab, 'navigate');
    await tab.back();
    await until(pane, `document.querySelector('#page').textContent === '1'`);
    await untilPaneSignedIn(world, pane, world.pat);
    expect(await tab.evaluate('location.pathname')).toBe('/panes');
    expect(await truthAbout(world.pat)).toMatchObject({ spent: 1, live: [{}] });
    return `back on the first page, still signed in, ${way}`;
  },
};

const backToPage: Case = {
  title: 'The back button, to a practice’s page with a pane',
  expected: withWay('signed in'),
  run: async (world) => {
    const { tab, pane } = await openPat(world);
    await tab.goto(`${world.practice.origin}/empty`);
    await tab.back();
    await until(tab, `location.pathname === '/panes'`);
    const way = await untilPaneSignedIn(world, pane, world.pat);
    expect(countOf(world.portal, 'GET /auth/sso')).toBeLessThanOrEqual(5);
    expect(countOf(world.practice, 'GET /link')).toBeLessThanOrEqual(5);
    return `signed in, ${way}`;
  },
};

const TOLD = 'refused, the link not spent; the clinician and the page are told, the origin is named';

const unregistered: Case = {
  title: 'handoff-embed on a page that nobody has registered',
  expected: TOLD,
  run: async ({ browser, stranger, portal, pat }) => {
    const tab = await openPanes({ browser, practice: stranger }, 'pat');
    await untilSays(tab.frame('#pat iframe'), stranger.origin);
    await untilEvent(tab, 'error');
    const events = await eventsOf(tab);
    expect(events.filter(({ type }) => type === 'error')).toMatchObject([{ detail: { code: 'embedding-refused' } }]);
    expect(events.map(({ type }) => type)).not.toContain('signed-in');
    expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 0, live: [] });
    expect(countOf(portal, 'GET /auth/sso')).toBe(1);
    return TOLD;
  },
};

export const EMBED_CASES = [
  embed,
  renewal,
  expiry,
  signOut,
  reloadPage,
  reloadFrame,
  anotherPage,
  backInFrame,
  backToPage,
  unregistered,
];
