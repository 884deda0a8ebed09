// Every page and state of the sample practice and the sample portal in a real browser: on a phone, a tablet and a desk, light and
// dark, whatever axe can tell of how they are read. To look at them: SCREENSHOTS=<folder> npx vitest run test/demo/pages-in-browser

import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type RunningPractice, startPractice } from '../../demo/practice/server.ts';
import { suspendUser } from '../../src/users/user.ts';
import { basicFaults, hideAddresses, openedBy, startBrowser } from '../browser/browser.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { createSample, createSampleUser } from '../support/sample.ts';

// Six views of each page, and pictures of them if they are wanted.
vi.setConfig({ testTimeout: 240_000 });

const SCREENSHOTS = process.env['SCREENSHOTS'];
const WIDTHS = [390, 820, 1440];
const SCHEMES = ['light', 'dark'] as const;
/** Where axe looks: the colours do not depend on the width, nor the layout on the colours. */
const LOOKED_AT = new Set(['390 light', '1440 light', '1440 dark']);
const PATIENT = '/patients/1234-5678-3456-2345';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let handoff: Handoff;
let practice: RunningPractice;
beforeAll(async () => {
  browser = await startBrowser();
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const environment = { PORT: String(port), API_URL: url, PORTAL_URL: url, EMBED_WITHOUT_COOKIE: 'bearer' };
  handoff = await startHandoff({ mode: 'sandbox', environment });
  const practice_port = await freePort();
  const embed_origins = [`http://127.0.0.1:${practice_port}`];
  const sample = await createSample(handoff.deps, { integration: { embed_origins } });
  const second_user_id = await createSampleUser(handoff.deps, sample.organization_id, ['admin']);
  const suspended_user_id = await createSampleUser(handoff.deps, sample.organization_id);
  await suspendUser(handoff.deps.db, suspended_user_id, handoff.deps);
  const settings = { api_url: handoff.url, portal_url: url, ...sample, second_user_id, suspended_user_id };
  practice = await startPractice({ settings, port: practice_port, log: () => undefined });
});
afterAll(async () => {
  await browser.close();
  await practice.close();
  await handoff.close();
});

let context: BrowserContext;
let page: Page;
let complaints: string[];
beforeEach(async () => {
  // axe is brought in by the test; that the pages' own policies let their own files through is seen in the other context below.
  context = await browser.newContext({ bypassCSP: true, viewport: { width: 1440, height: 1000 } });
  context.setDefaultTimeout(20_000);
  complaints = [];
  context.on('request', (request) => {
    if (!/^(localhost|127\.0\.0\.1)$/.test(new URL(request.url()).hostname)) complaints.push('asks another host');
  });
  context.on('weberror', (error) => complaints.push(error.error().name));
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
});
afterEach(hideAddresses);

type View = { of: Page; in_frame?: Frame | undefined };

/** What axe finds, as rule and place. */
async function violations(place: Page | Frame): Promise<string[]> {
  await place.evaluate(AXE);
  const found: string[] = await place.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ' ' + target.join(' '))))`,
  );
  return found;
}

/** What is wrong with a page, and its pictures at each width in each scheme if they are wanted. */
async function faultsOf(name: string, { of, in_frame }: View): Promise<string[]> {
  const before = of.viewportSize() ?? { width: 1440, height: 1000 };
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await of.setViewportSize({ width, height: 1000 });
    faults.push(...(await basicFaults(of)).map((fault) => `${width} wide: ${fault}`));
    for (const colorScheme of SCHEMES) {
      await of.emulateMedia({ colorScheme });
      const where = `${width} ${colorScheme}`;
      if (LOOKED_AT.has(where)) faults.push(...(await violations(in_frame ?? of)).map((fault) => `${where}: ${fault}`));
      if (SCREENSHOTS === undefined) continue;
      await mkdir(SCREENSHOTS, { recursive: true });
      await of.screenshot({ path: join(SCREENSHOTS, `${name}-${width}-${colorScheme}.png`) });
    }
  }
  await of.setViewportSize(before);
  return faults;
}

async function workAs(person: RegExp): Promise<void> {
  await page.goto(practice.url);
  await page.getByRole('button', { name: person }).click();
  await page.goto(practice.url + PATIENT);
}

async function openPane(): Promise<Frame> {
  await page.getByRole('button', { name: 'Prescribe here' }).click();
  await page.frameLocator('[data-pane] iframe').getByText('Signed in as').waitFor();
  const frame = page.frames().find((one) => one !== page.mainFrame());
  if (frame === undefined) throw new Error('there is no frame');
  return frame;
}

test('the practice: signing in, the patients, the search that finds nobody, no such page', async () => {
  await page.goto(practice.url);
  expect(await faultsOf('sign-in', { of: page })).toEqual([]);
  await page.getByRole('button', { name: /Pat Provider/ }).click();
  await page.getByRole('heading', { name: 'Patients' }).waitFor();
  expect(await faultsOf('patients', { of: page })).toEqual([]);
  await page.getByLabel('Search').fill('nobody');
  await page.getByText('No patient matches').waitFor();
  expect(await page.locator('tbody tr:visible').count()).toBe(0);
  expect(await faultsOf('patients-none', { of: page })).toEqual([]);
  await page.getByLabel('Search').fill('1984');
  expect(await page.locator('tbody tr:visible').count()).toBe(1);
  expect(await page.getByRole('status').textContent()).toBe('1 patient');
  await page.goto(`${practice.url}/nothing`);
  expect(await faultsOf('no-page', { of: page })).toEqual([]);
});

test('the practice: a patient for who may prescribe, who may not, and who is refused', async () => {
  await workAs(/Robin/);
  expect(await faultsOf('patient-disabled', { of: page })).toEqual([]);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await workAs(/Sam/);
  const tab = await openedBy(page, () => page.getByRole('button', { name: /^Prescribe \(/ }).click());
  expect(await faultsOf('prescribe-refused', { of: tab })).toEqual([]);
  await tab.close();
  await page.getByRole('button', { name: 'Prescribe here' }).click();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await faultsOf('pane-refused', { of: page })).toEqual([]);
});

test('the practice: the pane, and the panel with a request, an event and a receipt in it', async () => {
  await workAs(/Pat Provider/);
  expect(await faultsOf('patient', { of: page })).toEqual([]);
  await openPane();
  await page.locator('.exchange summary').first().click();
  await page.getByRole('button', { name: 'What became of this link?' }).click();
  const receipt = page.locator('.exchange', { hasText: '/v1/sso/attempts/' });
  await receipt.locator('summary').click();
  expect(await faultsOf('patient-pane', { of: page })).toEqual([]);
});

test('the portal in the pane: list, form, errors, saved, signed out', async () => {
  await workAs(/Pat Provider/);
  const frame = await openPane();
  const look = async (name: string) => expect(await faultsOf(name, { of: page, in_frame: frame })).toEqual([]);
  await look('pane-list');
  await frame.getByRole('button', { name: 'New prescription' }).click();
  await frame.getByLabel('Medicine').waitFor();
  await look('pane-form');
  await frame.getByRole('button', { name: 'Save prescription' }).click();
  await frame.getByText('Not saved yet').waitFor();
  expect(await frame.evaluate('document.activeElement.id')).toBe('medicine');
  await look('pane-errors');
  await frame.getByLabel('Medicine').selectOption('Ibuprofen 400 mg tablet');
  await frame.getByLabel('Directions').fill('One tablet');
  await frame.getByLabel('Quantity').fill('10');
  await frame.getByRole('button', { name: 'Save prescription' }).click();
  await frame.getByText('The prescription is saved.').waitFor();
  await look('pane-saved');
  await frame.getByRole('button', { name: 'Sign out' }).click();
  await frame.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await look('pane-signed-out');
});

test('the portal in the pane: for who may only read, and when the session is over', async () => {
  await workAs(/Alex/);
  const frame = await openPane();
  await frame.getByText('Your role may read prescriptions').waitFor();
  expect(await faultsOf('pane-reader', { of: page, in_frame: frame })).toEqual([]);
  await page.getByRole('button', { name: 'Sign out', exact: true }).waitFor();
  await page.evaluate("fetch('/sign-out', { method: 'POST' })");
  handoff.clock.advance(60 * 60_000);
  // Anything that asks the portal finds it out.
  await frame.evaluate(
    "history.replaceState(null, '', location.pathname); dispatchEvent(new PopStateEvent('popstate'))",
  );
  await frame.getByText('Your session in the portal is over.').waitFor();
  expect(await faultsOf('pane-over', { of: page, in_frame: frame })).toEqual([]);
});

test('the portal in a tab: patients, a patient, her prescriptions, the form, what is saved, and nothing there', async () => {
  await workAs(/Pat Provider/);
  const tab = await openedBy(page, () => page.getByRole('button', { name: /^Prescribe \(/ }).click());
  const portal = handoff.config.PORTAL_URL;
  const own = `/dashboard${PATIENT}`;
  for (const [name, path] of [
    ['portal-patient', own],
    ['portal-patients', '/dashboard'],
    ['portal-prescriptions', '/dashboard/patients/sample-patient/prescriptions'],
    ['portal-form', `${own}/prescriptions/new`],
    ['portal-no-page', '/dashboard/reports'],
  ] as const) {
    await tab.goto(portal + path);
    expect(await faultsOf(name, { of: tab })).toEqual([]);
  }
  await tab.goto(`${portal}${own}/prescriptions/new`);
  await tab.getByLabel('Medicine').selectOption('Amoxicillin 500 mg capsule');
  await tab.getByLabel('Directions').fill('One capsule three times a day');
  await tab.getByLabel('Quantity').fill('20');
  await tab.getByRole('button', { name: 'Save prescription' }).click();
  await tab.getByText('Jo Citizen is allergic to penicillin').waitFor();
  expect(await faultsOf('portal-errors', { of: tab })).toEqual([]);
  await tab.getByLabel('Medicine').selectOption('Doxycycline 100 mg tablet');
  await tab.getByRole('button', { name: 'Save prescription' }).click();
  await tab.getByText('The prescription is saved.').waitFor();
  expect(await faultsOf('portal-saved', { of: tab })).toEqual([]);
  // The server's clock is far behind the browser's, to which the session's end is past.
  await tab.getByText('your session may be over').waitFor();
});

test('the portal’s embedded page in a tab, where nobody is signed in', async () => {
  await page.goto(`${handoff.config.PORTAL_URL}/embed${PATIENT}/prescriptions`);
  await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
  expect(await faultsOf('embed-alone', { of: page })).toEqual([]);
});

test('no page breaks its own policy, and each can be used without a mouse', async () => {
  const strict = await browser.newContext({ viewport: { width: 1440, height: 1000 } });
  strict.setDefaultTimeout(20_000);
  strict.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text().replaceAll(/https?:\S+/g, '[address]'));
  });
  const own = await strict.newPage();
  await own.goto(practice.url);
  await own.keyboard.press('Tab');
  await own.keyboard.press('Enter');
  await own.getByRole('heading', { name: 'Patients' }).waitFor();
  await own.getByRole('link', { name: 'Jo Citizen' }).focus();
  await own.keyboard.press('Enter');
  await own.waitForURL(practice.url + PATIENT);
  await own.getByRole('button', { name: 'Prescribe here', disabled: false }).focus();
  await own.keyboard.press('Enter');
  const pane = own.frameLocator('[data-pane] iframe');
  await pane.getByRole('button', { name: 'New prescription' }).focus();
  await own.keyboard.press('Enter');
  await pane.getByLabel('Medicine').waitFor();
  // A new page in the pane begins at its heading.
  expect(await pane.locator('h1:focus').textContent()).toBe('New prescription for Jo Citizen');
  const tab = await openedBy(own, async () => {
    await own.getByRole('button', { name: /^Prescribe \(/ }).focus();
    await own.keyboard.press('Enter');
  });
  await tab.keyboard.press('Tab');
  await tab.keyboard.press('Enter');
  expect(await tab.evaluate('document.activeElement.id')).toBe('content');
  await strict.close();
});
