// docs/embed-guide.md, followed word for word: from the printed credentials to a pane in a real browser.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { hideAddresses, OFFLINE, startBrowser } from '../browser/browser.ts';
import { andWait, blocksOf, ownPath, shell, start } from '../support/follow.ts';
import { freePort } from '../support/ports.ts';

const GUIDE = 'docs/embed-guide.md';

let folder: string;
let sandbox: Awaited<ReturnType<typeof start>>;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-guide-'));
  const [PORT, DEMO_PORT] = [String(await freePort()), String(await freePort())];
  const env = { ...process.env, PORT, DEMO_PORT, DATABASE_URL: `sqlite:${folder}/handoff.db` };
  sandbox = await start('npm start', { env, until: 'Stop with Ctrl-C' });
  browser = await startBrowser(OFFLINE);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await sandbox?.end();
  await rm(folder, { recursive: true, force: true });
});
afterEach(hideAddresses);

test('the pane of ten minutes shows the patient’s prescriptions, signed in', { timeout: 180_000 }, async () => {
  const port = String(await freePort());
  // The commands are for a folder beside the repository's, the data in it, and a port that is free on the reader's machine.
  const here = (text: string) =>
    text
      .replaceAll(/\.\.(?=[/\s])/g, folder)
      .replaceAll('./data', folder)
      .replaceAll(/\b3000\b/g, port);
  const [install = '', register = '', run = ''] = (await blocksOf(GUIDE, 'sh', '## A pane in ten minutes')).map(here);
  const [server = '', script = ''] = await blocksOf(GUIDE, 'js', '## A pane in ten minutes');
  const [page = ''] = await blocksOf(GUIDE, 'html', '## A pane in ten minutes');
  const env = { ...process.env, npm_config_loglevel: 'error' };
  // One terminal: what the first block sets is there for the others.
  const [credentials = ''] = install.split('\n');
  await shell(install, { env });
  expect(JSON.parse(await shell(`${credentials}\n${register}`, { env }))).toMatchObject({ success: true });
  const embedding = join(folder, 'embedding');
  await writeFile(join(embedding, 'server.mjs'), here(server));
  await writeFile(join(embedding, 'page.html'), page);
  await writeFile(join(embedding, 'page.js'), script);
  const url = `http://127.0.0.1:${port}/`;
  const practice = await start(`${credentials}\n${andWait(run, url)}`, {
    cwd: embedding,
    env: { PATH: ownPath(), PORT: port },
    until: 'listening',
  });
  try {
    const tab = await browser.newPage();
    const said: string[] = [];
    tab.on('console', (message) => said.push(message.text()));
    await tab.goto(url);
    const pane = tab.frameLocator('iframe');
    await pane.getByText('Pat Provider').first().waitFor({ timeout: 30_000 });
    await expect.poll(() => said, { timeout: 30_000 }).toContain('signed in, by cookie');
    expect(said.filter((line) => line.includes('error'))).toEqual([]);
  } finally {
    await practice.end();
  }
});
