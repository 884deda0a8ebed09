// Every page for people in a real browser, on a phone and on a desk, light and dark: complete, readable, without script and
// without anything from another host. To look at them: SCREENSHOTS=<folder> npm run test:browsers -- pages.browser

import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { catalogueEntry, type ProblemSlug, PROBLEMS } from '../../src/foundation/problem-catalogue.ts';
import { Problem } from '../../src/foundation/problem.ts';
import type { AppEnv } from '../../src/http/context.ts';
import { page as sendPage } from '../../src/http/page.ts';
import { problemPage } from '../../src/http/problem-page.ts';
import { EMBED_PATH, mintLink, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { basicFaults, hideAddresses, startBrowser } from './browser.ts';

const SCREENSHOTS = process.env['SCREENSHOTS'];
const WIDTHS = [390, 1280];
const HEIGHT = 800;
const SCHEMES = ['light', 'dark'] as const;

afterEach(hideAddresses);

let browser: Browser;
let handoff: Handoff;
let confirming: Handoff;
let sample: Sample;
let problems: Server;
let problems_url: string;

async function startSandbox(environment: Record<string, string> = {}): Promise<Handoff> {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  return startHandoff({
    mode: 'sandbox',
    environment: { PORT: String(port), API_URL: url, PORTAL_URL: url, ...environment },
  });
}

/** A page of another site. */
let elsewhere = '';

/** Every problem's page as a clinician gets it, with and without a way back to the partner. */
function problemPages(): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get('/:slug/:return_to', (c) => {
    const slug = c.req.param('slug') as ProblemSlug;
    const known = c.req.param('return_to') === 'known';
    const return_to = known
      ? { partner_name: 'Sample Practice Software', return_url: 'https://practice.example/' }
      : undefined;
    const context = { request_id: 'req_01a201f160be74cdb2e53c2f9bf39a64', return_to };
    return sendPage(c, problemPage(new Problem(slug, ''), context), catalogueEntry(slug).status);
  });
  app.get('/elsewhere', (c) => c.html(`<!doctype html><html lang="en">${elsewhere}`));
  return app;
}

beforeAll(async () => {
  browser = await startBrowser();
  handoff = await startSandbox();
  confirming = await startSandbox({ REDEEM: 'confirm' });
  problems = createAdaptorServer({ fetch: problemPages().fetch }) as Server;
  problems.listen(0, '127.0.0.1');
  await once(problems, 'listening');
  const address = problems.address();
  problems_url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  sample = await createSample(handoff.deps, { integration: { embed_origins: [problems_url] } });
});
afterAll(async () => {
  await browser.close();
  problems.close();
  await confirming.close();
  await handoff.close();
});

/** Opens pages in a context of their own, and notes what a browser complains about. */
async function withContext(look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  try {
    await look(await context.newPage());
  } finally {
    await context.close();
  }
}

async function takePictures(page: Page, name: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    for (const colorScheme of SCHEMES) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
}

/** What is wrong with the page that is open, at each width; takes its pictures if they are wanted. */
async function faultsOf(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: HEIGHT });
    faults.push(...(await basicFaults(page)).map((fault) => `${name}, ${width} wide: ${fault}`));
  }
  if ((await page.locator('script, link, img').count()) > 0) faults.push(`${name}: loads something`);
  if (SCREENSHOTS !== undefined) await takePictures(page, name, SCREENSHOTS);
  return faults;
}

/** What a page asks other hosts for, and what its own policy forbids it. */
function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!/^(localhost|127\.0\.0\.1)$/.test(new URL(request.url()).hostname)) complaints.push('asks another host');
  });
  page.on('console', (message) => {
    if (/Content Security Policy|Refused/.test(message.text())) complaints.push('is against its own policy');
  });
  return complaints;
}

const CLINICIAN_FACING = Object.keys(PROBLEMS).filter(
  (slug) => catalogueEntry(slug as ProblemSlug).clinician !== undefined,
);

// Pictures take their time.
const PICTURES_TIMEOUT_MILLISECONDS = 120_000;

test(
  'the page about each problem that a clinician may meet, with and without a way back',
  { timeout: PICTURES_TIMEOUT_MILLISECONDS },
  async () => {
    await withContext(async (page) => {
      const complaints = complaintsOf(page);
      for (const slug of CLINICIAN_FACING) {
        for (const return_to of ['known', 'unknown']) {
          await page.goto(`${problems_url}/${slug}/${return_to}`);
          expect(await faultsOf(page, `problem-${slug}-${return_to}`)).toEqual([]);
          // What the catalogue's sentences are written with, and must not show.
          expect(await page.locator('main').textContent()).not.toMatch(/[{}`]/);
          expect(await page.getByRole('link').count()).toBe(return_to === 'known' ? 1 : 0);
        }
      }
      expect(complaints).toEqual([]);
    });
  },
);

test('the welcome page, the index of problems and the page of a problem’s type', async () => {
  await withContext(async (page) => {
    const complaints = complaintsOf(page);
    for (const [name, path] of [
      ['welcome', '/'],
      ['problem-index', '/errors/'],
      ['problem-type', '/errors/token-used'],
    ] as const) {
      await page.goto(handoff.config.PORTAL_URL + path);
      expect(await faultsOf(page, name)).toEqual([]);
    }
    expect(complaints).toEqual([]);
  });
});

test('the page that asks before it switches, and the signed-out page', async () => {
  await withContext(async (page) => {
    const complaints = complaintsOf(page);
    await page.goto((await mintLink(handoff, sample, `${PATIENT_PATH}?tab=scripts`)).redirect_url);
    await page.waitForURL(`${handoff.config.PORTAL_URL + PATIENT_PATH}?tab=scripts`);

    const other = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id) };
    const link = await mintLink(handoff, other);
    // Without a click, as a page does that wants the browser to be somebody else's.
    elsewhere = `<script>setTimeout(() => location.replace(${JSON.stringify(link.redirect_url)}))</script>`;
    await page.goto(`${problems_url}/elsewhere`);
    await page.getByRole('heading', { name: /^Continue as/ }).waitFor();
    expect(await faultsOf(page, 'continue-as')).toEqual([]);

    await page.goto(handoff.config.PORTAL_URL + PATIENT_PATH);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    expect(await faultsOf(page, 'signed-out')).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

test('the page that asks before every sign-on', async () => {
  const own = await createSample(confirming.deps);
  await withContext(async (page) => {
    await page.goto((await mintLink(confirming, own)).redirect_url);
    expect(await faultsOf(page, 'confirm')).toEqual([]);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.waitForURL(confirming.config.PORTAL_URL + PATIENT_PATH);
  });
});

test('the embedded page', async () => {
  const { redirect_url } = await mintLink(handoff, sample, EMBED_PATH);
  await withContext(async (page) => {
    elsewhere = `<meta name="viewport" content="width=device-width"><title>Practice</title><main><h1>Practice</h1>
<iframe title="Prescriptions" style="width:340px;height:640px" src="${redirect_url.replaceAll('&', '&amp;')}"></iframe></main>`;
    await page.goto(`${problems_url}/elsewhere`);
    await page.frameLocator('iframe').getByText('Pat Provider').waitFor();
    expect(await faultsOf(page, 'embedded')).toEqual([]);
  });
});
