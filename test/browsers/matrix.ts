// The matrix: every case in the browser that this project of the run is for. Not a *.test.ts, because `npm test` is without it.

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { hideAddresses } from '../support/addresses.ts';
import { expectedIn } from './cases/case.ts';
import { GROUPS } from './cases/all.ts';
import type { BrowserKind } from './drivers/driver.ts';
import { MODES } from './modes.ts';
import { enterWorld, type Sites, startSites } from './world.ts';

const mode = MODES.find(({ name }) => name === inject('browser_mode'));
if (mode === undefined) throw new Error('this project of the run names no mode');

let sites: Sites;
let kind: BrowserKind;
beforeAll(async () => {
  sites = await startSites();
  kind = await mode.start();
});
afterAll(async () => {
  await kind.close();
  await sites.close();
});
afterEach(hideAddresses);

const ALL = GROUPS.flatMap(({ cases }) => cases);

test.for(ALL)('$title', { timeout: 180_000 }, async (item, { task }) => {
  const browser = await kind.open();
  try {
    const outcome = await item.run(await enterWorld(sites, mode, browser));
    task.meta.cell = { title: item.title, outcome, version: kind.version };
    expect(outcome).toBe(expectedIn(item, mode));
  } finally {
    await browser.close();
  }
});
