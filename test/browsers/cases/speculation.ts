// Browsers that fetch or open pages before anybody has asked for them. None of that may spend a link.

import { expect } from 'vitest';
import { PATIENT_PATH } from '../../support/client.ts';
import type { Tab } from '../drivers/driver.ts';
import { getLink } from '../sites/practice.ts';
import { eventually, refusalsOf, truthAbout, type World } from '../world.ts';
import type { Case } from './case.ts';
import { untilSignedIn } from './seen.ts';

const UNSPENT = 'asked for early, and not spent; the click signs in';
const NOT_HERE = 'this browser does no such thing';

/** Has a page hint at a link with an element, waits until the browser has followed the hint, and then opens the link. */
async function hint(world: World, tab: Tab, element: (link: string) => string): Promise<string> {
  const { pat } = world;
  const link = await getLink(pat, PATIENT_PATH);
  const before = await refusalsOf(world, 'navigation-required');
  await tab.evaluate(`document.head.append(${element(JSON.stringify(link))})`);
  await eventually(
    async () => (await refusalsOf(world, 'navigation-required')) > before || undefined,
    'a link asked for early, and refused',
  );
  expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 0, live: [] });
  await tab.evaluate(`location.assign(${JSON.stringify(link)})`);
  await untilSignedIn(tab, pat);
  expect(await truthAbout(pat)).toMatchObject({ links: 1, spent: 1, live: [{ kind: 'top_level' }] });
  return UNSPENT;
}

const prefetchLink: Case = {
  title: 'A link that the practice’s page hints at (`<link rel="prefetch">`)',
  expected: ({ engine }) => (engine === 'webkit' ? NOT_HERE : UNSPENT),
  run: async (world) => {
    const tab = await world.browser.newTab();
    await tab.goto(`${world.practice.origin}/empty`);
    const supported = await tab.evaluate(`document.createElement('link').relList.supports('prefetch')`);
    if (supported !== true) return NOT_HERE;
    return hint(
      world,
      tab,
      (link) => `Object.assign(document.createElement('link'), { rel: 'prefetch', href: ${link} })`,
    );
  },
};

function rulesCase(title: string, rule: 'prefetch' | 'prerender', site: 'practice' | 'portal'): Case {
  return {
    title,
    expected: ({ engine }) => (engine === 'chromium' ? UNSPENT : NOT_HERE),
    run: async (world) => {
      const tab = await world.browser.newTab();
      await tab.goto(`${world[site].origin}${site === 'practice' ? '/empty' : '/show-cookie/none'}`);
      const supported = await tab.evaluate(`HTMLScriptElement.supports?.('speculationrules') === true`);
      if (supported !== true) return NOT_HERE;
      const rules = (link: string) => `JSON.stringify({ ${rule}: [{ source: 'list', urls: [${link}] }] })`;
      return hint(
        world,
        tab,
        (link) =>
          `Object.assign(document.createElement('script'), { type: 'speculationrules', textContent: ${rules(link)} })`,
      );
    },
  };
}

export const SPECULATION_CASES = [
  prefetchLink,
  rulesCase('A link that the practice’s page has prefetched (speculation rules)', 'prefetch', 'practice'),
  // Browsers prerender pages of the same site only.
  rulesCase('A link that a page of the portal’s own has prerendered (speculation rules)', 'prerender', 'portal'),
];
