// A real browser for tests: Chromium without a window.

import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../scripts/browsers.mjs';

export { hideAddresses } from '../support/addresses.ts';

// No sandbox, because CI runs as root; nothing that speaks to the network by itself.
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** For a browser that finds this machine and nothing else. */
export const OFFLINE = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1';

/** Starts a browser. Each context of it is a browser that somebody opens for the first time. */
export async function startBrowser(...more_arguments: string[]): Promise<Browser> {
  const executable = findChromium();
  if (executable === undefined) throw new Error('there is no Chromium: npm test installs it or says how');
  // Without executablePath playwright would look for a browser of its own; its profile is a new folder that it removes.
  return chromium.launch({ executablePath: executable, headless: true, args: [...ARGUMENTS, ...more_arguments] });
}

/** Milliseconds in which Playwright tells of a tab, also on a busy machine. */
const TOLD_WITHIN = 15_000;

/**
 * The tab that something on a page opens, when it has landed. Playwright can miss a tab that the browser did open: that one is closed,
 * and the page asked once more. Where the browser opened none, the page is at fault and the promise rejects.
 */
export async function openedBy(page: Page, act: () => Promise<void>): Promise<Page> {
  const tab = (await toldOf(page, act)) ?? (await toldOf(page, act));
  if (tab === undefined) throw new Error('two tabs were opened that Playwright did not tell of');
  await tab.waitForURL((url) => url.protocol.startsWith('http') && url.pathname !== '/auth/sso');
  await tab.waitForLoadState();
  return tab;
}

async function toldOf(page: Page, act: () => Promise<void>): Promise<Page | undefined> {
  const browser = await page.context().browser()?.newBrowserCDPSession();
  if (browser === undefined) throw new Error('the page has no browser of its own');
  const targets = async () =>
    (await browser.send('Target.getTargets')).targetInfos.filter(({ type }) => type === 'page');
  const before = new Set((await targets()).map(({ targetId }) => targetId));
  const told = page.context().waitForEvent('page', { timeout: TOLD_WITHIN });
  try {
    return (await Promise.all([told, act()]))[0];
  } catch (error) {
    const missed = (await targets()).filter(({ targetId }) => !before.has(targetId));
    if (missed.length === 0) throw error;
    await Promise.all(missed.map(({ targetId }) => browser.send('Target.closeTarget', { targetId })));
    return undefined;
  } finally {
    await browser.detach();
  }
}

/** What every page of ours has, whoever reads it: a language, a title, one heading, a name for each thing to press. */
export async function basicFaults(page: Page): Promise<string[]> {
  const faults: string[] = [];
  if ((await page.locator('html').getAttribute('lang')) !== 'en') faults.push('no language');
  if ((await page.title()).trim() === '') faults.push('no title');
  if ((await page.locator('main').count()) !== 1) faults.push('not one main');
  if ((await page.locator('h1').count()) !== 1) faults.push('not one heading');
  for (const control of await page.locator('button, a, input:not([type=hidden]), select, iframe').all()) {
    const name = await control.evaluate(
      (element: {
        textContent: string | null;
        getAttribute: (name: string) => string | null;
        labels?: { length: number } | null;
      }) =>
        [element.textContent?.trim(), element.getAttribute('title'), element.getAttribute('aria-label')].some(
          Boolean,
        ) || (element.labels?.length ?? 0) > 0,
    );
    if (!name)
      faults.push(`a ${await control.evaluate((element: { nodeName: string }) => element.nodeName)} without a name`);
  }
  const overflow = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  if (overflow === true) faults.push('wider than the screen');
  return faults;
}
