// Chromium over its own protocol and Firefox over WebDriver BiDi, both by puppeteer: tabs and frames as the cases want them.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, type BrowserContext, type Frame, launch, type LaunchOptions, type Page } from 'puppeteer-core';
import type { BrowserKind, DrivenBrowser, Tab, View } from './driver.ts';
import { newProfile } from './profile.ts';

const PATIENCE_MILLISECONDS = 30_000;

async function frameIn(document: Frame, selectors: string[]): Promise<Frame> {
  let found = document;
  for (const selector of selectors) {
    const element = await found.$(selector);
    const content = await element?.contentFrame();
    await element?.dispose();
    if (!content) throw new Error(`there is no frame ${selector}`);
    found = content;
  }
  return found;
}

function viewOf(page: Page, find: () => Promise<Frame>): View {
  const element = async (selector: string) => {
    // Firefox and Chromium send input to the tab in front.
    await page.bringToFront();
    const frame = await find();
    const found = await frame.waitForSelector(selector, { timeout: PATIENCE_MILLISECONDS });
    if (found === null) throw new Error(`there is no ${selector}`);
    return found;
  };
  const click = async (selector: string, count: number) => {
    const found = await element(selector);
    await found.click({ count });
    await found.dispose();
  };
  return {
    evaluate: async (expression) => (await find()).evaluate(expression),
    click: (selector) => click(selector, 1),
    doubleClick: (selector) => click(selector, 2),
    type: async (selector, text) => {
      const found = await element(selector);
      await found.type(text);
      await found.dispose();
    },
  };
}

function tabOf(page: Page): Tab {
  page.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const find = (selectors: string[]) => () => frameIn(page.mainFrame(), selectors);
  return {
    ...viewOf(page, find([])),
    goto: async (url) => void (await page.goto(url)),
    reload: async () => void (await page.reload()),
    // Not goBack(), which waits for a load that a step within a page or a frame does not bring.
    back: async () => void (await page.evaluate('void history.back()')),
    close: () => page.close(),
    frame: (...selectors) => viewOf(page, find(selectors)),
  };
}

/** The tabs of a whole browser, or of one of its contexts. */
function drive(owner: Browser | BrowserContext): Pick<DrivenBrowser, 'newTab' | 'tabs'> {
  // One object a page, so that a case can tell the tabs that it knows from new ones.
  const known = new Map<Page, Tab>();
  const tab = (page: Page): Tab => {
    const found = known.get(page) ?? tabOf(page);
    known.set(page, found);
    return found;
  };
  return {
    newTab: async () => tab(await owner.newPage()),
    tabs: async () => (await owner.pages()).map(tab),
  };
}

async function endBrowser(browser: Browser): Promise<void> {
  const child = browser.process();
  const ended = new Promise((resolve) => void child?.once('exit', resolve));
  const was_running = child?.exitCode === null && child.signalCode === null;
  await browser.close();
  if (was_running) await ended;
}

export type StartOptions = LaunchOptions & { executablePath: string; prepare?: (folder: string) => Promise<void> };

type Started = { browser: Browser; version: string; close: () => Promise<void> };

/** A script that starts a program which does not outlive this process, not even one that is killed (prctl, PR_SET_PDEATHSIG). */
async function wrap(program: string, folder: string): Promise<string> {
  const script = join(folder, 'browser');
  const quoted = `'${program.replaceAll("'", String.raw`'\''`)}'`;
  await writeFile(script, `#!/bin/sh\nexec setpriv --pdeathsig KILL -- ${quoted} "$@"\n`, { mode: 0o700 });
  return script;
}

async function startBrowser({ prepare, executablePath, ...options }: StartOptions): Promise<Started> {
  const profile = newProfile();
  try {
    await prepare?.(profile.folder);
    const browser = await launch({
      ...options,
      executablePath: await wrap(executablePath, profile.folder),
      env: profile.environment,
      userDataDir: `${profile.folder}/profile`,
      acceptInsecureCerts: true,
      defaultViewport: null,
      // Of one command; by itself it would wait as long as a case may take.
      protocolTimeout: 60_000,
    });
    const version = /[\d.]+/.exec(await browser.version())?.[0] ?? '';
    const close = async () => {
      await endBrowser(browser);
      profile.remove();
    };
    return { browser, version, close };
  } catch (error) {
    profile.remove();
    throw error;
  }
}

/** Starts a browser on a new profile, which `prepare` may write into. */
export async function startProfile(options: StartOptions): Promise<DrivenBrowser & { version: string }> {
  const { browser, version, close } = await startBrowser(options);
  return { ...drive(browser), version, close };
}

/** Starts a browser whose contexts are as foreign to each other as profiles, and quicker to open. */
export async function startWithContexts(options: StartOptions): Promise<BrowserKind> {
  const { browser, version, close } = await startBrowser(options);
  const open = async (): Promise<DrivenBrowser> => {
    const context = await browser.createBrowserContext();
    return { ...drive(context), close: () => context.close() };
  };
  return { version, open, close };
}
