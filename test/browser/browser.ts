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
const TOLD_WITHIN = 10_000;

function hasLanded(url: URL): boolean {
  return url.protocol.startsWith('http') && url.pathname !== '/auth/sso';
}

/**
 * The tab that something on a page opens, when it has landed. Playwright can miss a tab that the browser did open: one that has landed
 * all the same is closed, and the page asked once more. Where the browser opened none, or it waits for an answer, the promise rejects.
 */
export async function openedBy(page: Page, act: () => Promise<void>): Promise<Page> {
  const tab = (await toldOf(page, act)) ?? (await toldOf(page, act));
  if (tab === undefined) throw new Error('two tabs were opened that Playwright did not tell of');
  await tab.waitForURL(hasLanded);
  await tab.waitForLoadState();
  return tab;
}

/** The tab; undefined for one that Playwright missed, which is closed then. */
async function toldOf(page: Page, act: () => Promise<void>): Promise<Page | undefined> {
  const context = page.context();
  const browser = await context.browser()?.newBrowserCDPSession();
  if (browser === undefined) throw new Error('the page has no browser of its own');
  const { targetInfo: own } = await (await context.newCDPSession(page)).send('Target.getTargetInfo');
  const tabs = async () => {
    const { targetInfos } = await browser.send('Target.getTargets');
    return targetInfos.filter(({ type, browserContextId: id }) => type === 'page' && id === own.browserContextId);
  };
  try {
    const before = new Set((await tabs()).map(({ targetId }) => targetId));
    const told = context.waitForEvent('page', { timeout: TOLD_WITHIN }).catch((error: Error) => error);
    const [tab] = await Promise.all([told, act()]);
    if (!(tab instanceof Error)) return tab;
    const missed = (await tabs()).filter(({ targetId }) => !before.has(targetId));
    if (missed.length === 0 || !missed.every(({ url }) => URL.canParse(url) && hasLanded(new URL(url)))) throw tab;
    await Promise.all(missed.map(({ targetId }) => browser.send('Target.closeTarget', { targetId })));
    return undefined;
  } finally {
    // A browser that is gone is no better a reason than the one before.
    await browser.detach().catch(() => undefined);
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
