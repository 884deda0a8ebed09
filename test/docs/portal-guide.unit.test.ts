// docs/portal-guide.md, followed word for word: a portal behind Debian's nginx, opened by the sample practice in a real browser, in a
// tab and in a pane.

import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hideAddresses, OFFLINE, openedBy, startBrowser } from '../browser/browser.ts';
import { blocksOf, ownPath, shell, start } from '../support/follow.ts';
import { freePort } from '../support/ports.ts';

const GUIDE = 'docs/portal-guide.md';
const PART = '## A portal behind nginx in ten minutes';

const cleanups: (() => Promise<unknown>)[] = [];
let folder: string;
let practice_url: string;
let portal_url: string;
let browser: Browser;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-portal-guide-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const ports = Object.fromEntries(
    await Promise.all(['8787', '8788', '8443', '8080', '3000'].map(async (port) => [port, String(await freePort())])),
  ) as Record<string, string>;
  // The ports of the guide are free on the reader's machine; the folders are beside the repository's.
  const here = (text: string) => text.replaceAll(/\b(?:8787|8788|8443|8080|3000)\b/g, (port) => ports[port] ?? port);
  const beside = (text: string) => here(text).replaceAll(/\.\.(?=[/\s])/g, folder);
  const [sandbox = '', install = '', configure = '', run = ''] = await blocksOf(GUIDE, 'sh', PART);
  const [server = ''] = await blocksOf(GUIDE, 'js', PART);

  const env = { ...process.env, PORT: ports['8787'], DEMO_PORT: ports['8788'], npm_config_loglevel: 'error' };
  const started = await start(here(sandbox), {
    env: { ...env, DATABASE_URL: `sqlite:${folder}/handoff.db` },
    until: 'Stop with Ctrl-C',
  });
  cleanups.unshift(started.end);

  const portal = join(folder, 'portal');
  await shell(beside(install), { env });
  // The recipe's own ports are changed like the guide's.
  await copyFile(join(folder, 'nginx.conf'), join(folder, 'recipe.conf'));
  await writeFile(join(folder, 'nginx.conf'), here(await readFile(join(folder, 'recipe.conf'), 'utf8')));
  await shell(beside(configure), { cwd: portal, env });
  await writeFile(join(portal, 'server.mjs'), here(server));
  portal_url = `https://localhost:${ports['8443']}`;
  practice_url = `http://127.0.0.1:${ports['8788']}/`;
  const PATH = `${ownPath()}:/usr/sbin`;
  const ready = `until curl -sk -o /dev/null ${portal_url}/dashboard; do sleep 0.2; done`;
  const both = await start(`(${ready}; echo listening) & ${run}`, {
    cwd: portal,
    env: { PATH },
    until: 'listening',
  });
  cleanups.unshift(both.end);
  browser = await startBrowser(OFFLINE, '--ignore-certificate-errors');
  cleanups.unshift(() => browser.close());
}, 180_000);
afterAll(async () => {
  for (const cleanup of cleanups) await cleanup();
});
afterEach(hideAddresses);

async function openPatient() {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(practice_url);
  await page.getByText('Pat Provider').first().click();
  await page
    .getByRole('link', { name: /Jo Citizen/ })
    .first()
    .click();
  // The page's script, which comes last, sets this button free.
  await page.getByRole('button', { name: 'Prescribe here', disabled: false }).waitFor();
  return page;
}

test('the sample practice’s button opens the portal of the guide, signed in', { timeout: 60_000 }, async () => {
  const page = await openPatient();
  const tab = await openedBy(page, () => page.getByRole('button', { name: /^Prescribe\b(?! here)/ }).click());
  expect(new URL(tab.url()).origin).toBe(portal_url);
  await tab.getByText('Signed in as Pat Provider, Sample Clinic').waitFor();
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByText('You are signed out').waitFor();
});

test('its pane shows the embedded page of the guide, signed in', { timeout: 60_000 }, async () => {
  const page = await openPatient();
  await page.getByRole('button', { name: 'Prescribe here' }).click();
  const embedded = page.frameLocator('iframe').getByText('Signed in as Pat Provider');
  await expect.poll(() => embedded.count(), { timeout: 30_000 }).toBe(1);
});

test('nobody is signed in in another browser, and the page says so', async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await page.goto(`${portal_url}/dashboard`);
  expect(await page.locator('h1').textContent()).toBe('You are not signed in');
});
