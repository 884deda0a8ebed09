// The API reference in a real browser that finds this machine and nothing else: complete, within its own policy, without anything
// from another host, readable by everybody. To look at it: SCREENSHOTS=<folder> npm run test:browsers -- api-reference

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { hideAddresses, OFFLINE, startBrowser } from './browser.ts';

const SCREENSHOTS = process.env['SCREENSHOTS'];
const LOOKS = [390, 1280].flatMap((width) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ width, colorScheme })),
);
// The page draws for a second or two, and much longer where others work on the machine too.
const PATIENT = { timeout: 60_000 };
vi.setConfig({ testTimeout: 180_000 });

afterEach(hideAddresses);

let browser: Browser;
let handoff: Handoff;
let url: string;

beforeAll(async () => {
  browser = await startBrowser(OFFLINE);
  const port = await freePort();
  const portal_url = `http://localhost:${port}`;
  const environment = { PORT: String(port), API_URL: `${portal_url}/external`, PORTAL_URL: portal_url };
  handoff = await startHandoff({ environment });
  url = `${handoff.config.API_URL}/docs`;
});
afterAll(async () => {
  await browser.close();
  await handoff.close();
});

async function withPage(look: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENT.timeout);
  try {
    await look(await context.newPage());
  } finally {
    await context.close();
  }
}

// The browser's own event, because not everything that is forbidden is written to the console.
const NOTE_VIOLATIONS = `addEventListener('securitypolicyviolation', ({ effectiveDirective }) => console.warn('forbidden: ' + effectiveDirective))`;

/** What a page asks other hosts for, what its policy forbids it, and what goes wrong in it. */
async function noteComplaints(page: Page): Promise<string[]> {
  const complaints: string[] = [];
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:' && host !== new URL(url).host) complaints.push(`asks ${protocol}//${host}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.addInitScript(NOTE_VIOLATIONS);
  return complaints;
}

async function open(page: Page): Promise<void> {
  await page.goto(url);
  await page.locator('.opblock').first().waitFor();
}

/** Opens an operation by the button that has its name. */
async function openOperation(page: Page, operation_id: string): Promise<Locator> {
  const operation = page.locator(`[id$="-${operation_id}"]`);
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.responses-wrapper').waitFor();
  return operation;
}

/** The grave ones, as `critical: button-name at .selector`. */
async function barriersOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(`axe.run(document, { resultTypes: ['violations'] })`)) as AxeResults;
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ impact, id, nodes }) => nodes.map(({ target }) => `${impact}: ${id} at ${target.join(' ')}`));
}

test('says what an operation takes and answers, with the addresses of this deployment', async () => {
  await withPage(async (page) => {
    await open(page);
    expect(await page.title()).toBe('Handoff API reference');
    const mint = await openOperation(page, 'createSsoToken');
    const text = await mint.innerText();
    for (const part of [
      'Ask for a sign-on link',
      `POST ${handoff.config.API_URL}/v1/sso`,
      'header x-partner-id and header x-partner-secret and header x-organization-id and header x-organization-secret',
      '"redirect_path": "/dashboard/patients/sample-patient"',
      'SSO token created successfully',
      'x-request-id',
    ]) {
      expect(text.replaceAll('\u200b', '').includes(part), part).toBe(true);
    }
    const session = await openOperation(page, 'getSession');
    expect(await session.innerText()).toContain(`GET ${handoff.config.PORTAL_URL}/auth/session`);
  });
});

test('shows that the schemas are closed', async () => {
  await withPage(async (page) => {
    await open(page);
    const mint = await openOperation(page, 'createSsoToken');
    const created = mint.locator('.response[data-code="200"]');
    await created.getByRole('tab', { name: 'Schema' }).click();
    await created.getByRole('button', { name: 'data*' }).click();
    await expect
      .poll(() => created.innerText(), PATIENT)
      .toMatch(/redirect_url[\s\S]*Additional properties\s*forbidden[\s\S]*Unevaluated properties\s*never/);
  });
});

test('has nowhere to type a secret', async () => {
  await withPage(async (page) => {
    await open(page);
    await openOperation(page, 'createSsoToken');
    await openOperation(page, 'exchangeToken');
    const typing = page.locator('input, textarea, [contenteditable]');
    const sending = page.getByRole('button', { name: /authorize|try it out|execute/i });
    expect([await typing.count(), await sending.count()]).toEqual([0, 0]);
    await page.evaluate(`document.body.append(document.createElement('input'))`);
    expect(await typing.count()).toBe(1);
  });
});

test('asks nobody else for anything and keeps to its policy', async () => {
  await withPage(async (page) => {
    const complaints = await noteComplaints(page);
    await open(page);
    const mint = await openOperation(page, 'createSsoToken');
    for (const tab of await mint.getByRole('tab', { name: 'Schema' }).all()) await tab.click();
    await page.getByRole('button', { name: 'Schemas' }).click();
    await page.waitForLoadState('networkidle');
    await page.evaluate(`console.warn('all that was to come')`);
    await expect.poll(() => complaints, PATIENT).toContain('all that was to come');
    expect(complaints).toEqual(['all that was to come']);
  });
});

const PLANTED: [script: string, complaint: string][] = [
  [`new Image().src = 'https://elsewhere.example/logo.svg'`, 'forbidden: img-src'],
  [`new Image().src = 'https://elsewhere.example/logo.svg'`, 'asks https://elsewhere.example'],
  [`void fetch('https://elsewhere.example/').catch(() => {})`, 'forbidden: connect-src'],
  [`document.body.setAttribute('style', 'color: red')`, 'forbidden: style-src-attr'],
  [`document.head.append(document.createElement('style'))`, 'forbidden: style-src-elem'],
  [
    `document.head.append(Object.assign(document.createElement('script'), { text: '0' }))`,
    'forbidden: script-src-elem',
  ],
  [`setTimeout(() => { throw new Error('sample failure') })`, 'sample failure'],
];

test('would be noticed if it did', async () => {
  await withPage(async (page) => {
    const complaints = await noteComplaints(page);
    await page.goto(url);
    for (const [script] of PLANTED) await page.evaluate(script);
    const missing = () => PLANTED.filter(([, one]) => !complaints.some((complaint) => complaint.includes(one)));
    await expect.poll(missing, PATIENT).toEqual([]);
  });
});

test.each(LOOKS)('shuts nobody out: $width pixels wide, $colorScheme', async ({ width, colorScheme }) => {
  await withPage(
    async (page) => {
      await open(page);
      for (const operation_id of [
        'createSsoToken',
        'verifyOriginalPut',
        'verifyOriginalDelete',
        'getOpenapiDocument',
      ]) {
        const operation = await openOperation(page, operation_id);
        await operation.getByRole('tab', { name: 'Schema' }).last().click();
      }
      expect(await barriersOf(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      if (SCREENSHOTS === undefined) return;
      await mkdir(SCREENSHOTS, { recursive: true });
      await page.screenshot({ path: join(SCREENSHOTS, `api-reference-${width}-${colorScheme}.png`), fullPage: true });
    },
    { colorScheme, viewport: { width, height: 900 } },
  );
});

test('a control without a name and a text without contrast would be noticed', async () => {
  await withPage(async (page) => {
    await open(page);
    await page.evaluate(`{
      const text = document.createElement('p');
      text.textContent = 'sample text';
      text.style.color = '#ddd';
      document.querySelector('.info').append(document.createElement('button'), text);
    }`);
    const barriers = (await barriersOf(page)).join('\n');
    expect(barriers).toContain('button-name');
    expect(barriers).toContain('color-contrast');
  });
});

test('follows the scheme of the device, at once', async () => {
  await withPage(async (page) => {
    await page.emulateMedia({ colorScheme: 'light' });
    await open(page);
    const brightness = async () =>
      page.evaluate(
        `Number(/\\d+/.exec(getComputedStyle(document.querySelector('.swagger-ui .info .title')).color)?.[0])`,
      );
    expect(await brightness()).toBeLessThan(128);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(brightness, PATIENT).toBeGreaterThan(128);
  });
});

test('opens by keyboard, and the address leads back to what was opened', async () => {
  await withPage(async (page) => {
    await open(page);
    await page.locator('[id$="-createSsoToken"] .opblock-summary-control').focus();
    await page.keyboard.press('Enter');
    await page.locator('.responses-wrapper').first().waitFor();
    expect(new URL(page.url()).hash).toContain('createSsoToken');
    await page.reload();
    await page.locator('.opblock.is-open .responses-wrapper').first().waitFor();
    expect(await page.locator('.opblock.is-open').count()).toBe(1);
  });
});

test('without JavaScript it leads to the document', async () => {
  await withPage(
    async (page) => {
      await page.goto(url);
      expect(await page.getByRole('heading').textContent()).toBe('Handoff API reference');
      const href = await page.getByRole('link', { name: 'openapi.yaml' }).getAttribute('href');
      expect(new URL(href ?? '', page.url()).href).toBe(`${handoff.config.API_URL}/openapi.yaml`);
    },
    { javaScriptEnabled: false },
  );
});
