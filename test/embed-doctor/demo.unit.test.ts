// Embed Doctor in the sample practice, with the sandbox's portal: the page without a browser, and what a real browser makes of it.
// Run once, on SQLite: nothing here is about the database.

import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { describeIntegration, getIntegration, toChange } from '../../src/partners/integration.ts';
import { updateIntegration } from '../../src/partners/store.ts';
import { basicFaults, hideAddresses, startBrowser } from '../browser/browser.ts';
import { type Practice, startSamplePractice, workAs } from '../demo/practice.ts';
import { EMBED_PATH, mintLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { freePort } from '../support/ports.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { type Portal, startPortal } from './portal.ts';
import { startStub } from './stub.ts';

let handoff: Handoff;
let sample: Sample;
let portal: Portal;
let practice: Practice;
beforeAll(async () => {
  const port = await freePort();
  const portal_url = `http://localhost:${port}`;
  const environment = { PORTAL_URL: portal_url, EMBED_WITHOUT_COOKIE: 'bearer' };
  handoff = await startHandoff({ mode: 'sandbox', environment });
  portal = await startPortal(handoff.url, 'sandbox', port);
  sample = await createSample(handoff.deps);
  practice = await startSamplePractice(sample, { api_url: handoff.url, portal_url });
  const { partner_id, organization_id } = sample;
  const key = { partner_id, organization_id };
  const now = describeIntegration(await getIntegration(handoff.deps.db, key));
  await updateIntegration(handoff.deps.db, key, toChange({ ...now, embed_origins: [practice.url] }));
});
afterAll(async () => {
  await practice.close();
  await portal.close();
  await handoff.close();
});

type Fields = Partial<Record<'what' | 'address' | 'origin' | 'page', string>>;

async function submit(fields: Fields, person = 'clinician'): Promise<{ status: number; text: string }> {
  const headers = { cookie: await workAs(practice, person) };
  const body = new URLSearchParams({ what: 'link', ...fields });
  const answer = await fetch(`${practice.url}/embed-doctor`, { method: 'POST', headers, body, redirect: 'manual' });
  return { status: answer.status, text: await answer.text() };
}

const address = (text: string): Fields => ({ what: 'address', address: text });

describe('the page', () => {
  test('is for who is signed in to the practice', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await fetch(`${practice.url}/embed-doctor`, { method, redirect: 'manual' });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    }
  });

  test('knows the practice’s own origin, and offers a link to whoever may have one', async () => {
    for (const [person, disabled] of [
      ['clinician', false],
      ['receptionist', true],
    ] as const) {
      const headers = { cookie: await workAs(practice, person) };
      const text = await (await fetch(`${practice.url}/embed-doctor`, { headers })).text();
      expect(text).toContain(`name="origin" type="text" inputmode="url"`);
      expect(text).toContain(`value="${practice.url}"`);
      expect(/value="link"[^>]*disabled/.test(text)).toBe(disabled);
    }
  });

  test('examines a link that it asks for, and shows neither the link nor a session', async () => {
    const { status, text } = await submit({});
    expect(status).toBe(200);
    expect(text).toContain('>Nothing to mend<');
    expect(text).toContain('The link has been spent, and the session that was begun has been ended.');
    expect(findLeaks(text.replaceAll(/data-patient="[^"]*"/g, ''))).toEqual([]);
  });

  test('says what is wrong with another origin', async () => {
    const { text } = await submit({ origin: 'https://other.example' });
    expect(text).toContain('>1 fault to mend<');
    expect(text).toContain('the origin https://other.example is not registered');
    expect(text).toContain('<strong>Partner</strong>');
  });

  test('examines an address, and does not write a link back into the page', async () => {
    const link = (await mintLink(handoff, sample, EMBED_PATH)).redirect_url;
    const { status, text } = await submit(address(link));
    expect([status, text.includes('>Nothing to mend<')]).toEqual([200, true]);
    expect(text.includes('token=')).toBe(false);
    const page = await submit(address(`${handoff.config.PORTAL_URL}/embed/`));
    expect(page.text).toContain(`value="${handoff.config.PORTAL_URL}/embed/"`);
  });

  test.each([
    ['another server', 'https://portal.example/embed/'],
    ['an address of the network', 'https://169.254.169.254/latest'],
    ['a name that begins like this machine’s', 'https://localhost.example/embed/'],
  ])('sends no request to %s', async (_, text) => {
    const answer = await submit(address(text));
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('no request is sent there from here');
  });

  test('sends requests to this machine, also for the page around the frame', async () => {
    const stub = await startStub(() => ({}));
    try {
      const origin = { origin: stub.url };
      await submit({ ...address(`${stub.url}/embed/`), ...origin, page: `${stub.url}/page` });
      expect(stub.requests.map(({ path }) => path)).toEqual(['/embed/', '/page']);
      const elsewhere = await submit({ ...address(`${stub.url}/embed/`), ...origin, page: 'https://portal.example/' });
      expect(elsewhere.text).toContain('no request is sent there from here');
    } finally {
      await stub.close();
    }
  });

  test.each<[string, Fields, string, string | undefined]>([
    ['no address', address('portal'), 'address-wrong', undefined],
    ['no origin', { origin: 'https://practice.example/page' }, 'origin-wrong', undefined],
    ['no address of the page', { page: 'page' }, 'page-wrong', undefined],
    ['a link for whoever may have none', {}, 'what-wrong', 'receptionist'],
  ])('tells beside the field that there is %s', async (_, fields, id, person) => {
    const { status, text } = await submit(fields, person);
    expect(status).toBe(422);
    expect(text).toContain(`<p class="wrong" id="${id}">`);
    expect(text.match(/class="wrong"/g)).toHaveLength(1);
  });
});

describe('in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    context = await browser.newContext();
    context.setDefaultTimeout(30_000);
    page = await context.newPage();
  });
  afterEach(async () => {
    delete portal.faults.auth;
    await context.close();
  });
  afterEach(hideAddresses);

  async function open(person = /Pat Provider/): Promise<void> {
    await page.goto(practice.url);
    await page.getByRole('button', { name: person }).click();
    await page.getByRole('link', { name: 'Embed Doctor' }).click();
    await page.getByRole('heading', { name: 'Embed Doctor' }).waitFor();
  }

  const fact = (name: string) => page.locator(`[data-live-fact="${name}"]`);

  async function expectAccessible(what: string): Promise<void> {
    expect(await basicFaults(page), what).toEqual([]);
    await page.evaluate(axe.source);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = (await page.evaluate('axe.run(document, { iframes: false })')) as AxeResults;
      expect(
        violations.map(({ id, nodes }) => `${id} (${nodes.length})`),
        `${what}, ${colorScheme}`,
      ).toEqual([]);
    }
  }

  // A browser on a busy machine.
  const PATIENCE = { timeout: 120_000 };

  test(
    'somebody examines a link with the keyboard, goes on reading at the result, and sees the embed sign in',
    PATIENCE,
    async () => {
      await open();
      await page.getByRole('button', { name: 'Examine' }).press('Enter');
      await page.getByRole('heading', { name: 'Nothing to mend' }).waitFor();
      await page.waitForFunction('document.activeElement.id === "report-heading"');
      await page.getByText('A partitioned cookie in the frame').waitFor();
      expect(await fact('cookie').textContent()).toBe('Kept');
      const events = await page.locator('[data-live-events] code').allTextContents();
      expect(events.slice(0, 3)).toEqual(['getLink', 'ready', 'signed-in']);
      await page.getByRole('button', { name: 'Close the embed' }).click();
      await page.getByRole('button', { name: 'Open the embed' }).waitFor();
      expect(await page.locator('iframe').count()).toBe(0);
    },
  );

  test(
    'where the browser keeps no cookie in the frame, it says by what else the portal is signed in',
    PATIENCE,
    async () => {
      // To a browser that has them blocked, Set-Cookie is as good as not there.
      portal.faults.auth = ({ headers }) => delete headers['set-cookie'];
      await open();
      await page.getByRole('button', { name: 'Open the embed' }).click();
      await page.getByText('A bearer, kept in the page’s memory').waitFor();
      expect(await fact('cookie').textContent()).toMatch(/^Not kept/);
    },
  );

  test('what refuses the embed is named', PATIENCE, async () => {
    await context.route('**/api/sso', (route) => route.fulfill({ status: 503, json: { error: 'Not now' } }));
    await open();
    await page.getByRole('button', { name: 'Open the embed' }).click();
    await page.getByText('Refused: link-failed').waitFor();
    expect(await page.locator('[data-live-events] code').allTextContents()).toEqual(['getLink', 'error']);
  });

  test('each state of the page can be read and worked by anybody', PATIENCE, async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open();
    await expectAccessible('the form');
    await page.getByText('An address that I have').click();
    await page.getByLabel('Address', { exact: true }).fill('portal');
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.getByText('The address must be an http(s) address.').waitFor();
    await expectAccessible('a wrong address');
    await page.getByText('A link that this practice asks for').click();
    await page.getByLabel('Origin of the page around').fill('https://other.example');
    await page.getByRole('button', { name: 'Examine' }).click();
    await page.getByRole('heading', { name: '1 fault to mend' }).waitFor();
    await page.getByText('A partitioned cookie in the frame').waitFor();
    await page.getByText('All 29 checks').click();
    await expectAccessible('the result');
    await page.setViewportSize({ width: 1440, height: 900 });
    await expectAccessible('the result on a desk');
  });
});
