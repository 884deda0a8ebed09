// The whole way in a real browser: practice software on one site, the portal on another (127.0.0.1 and localhost are
// different sites). Run once, on SQLite: the browser sees nothing of the database.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Cookie, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPartnerBackend } from '../../demo/partner-backend/server.ts';
import { EMBED_PATH, mintLink, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { basicFaults, hideAddresses, openedBy, startBrowser } from './browser.ts';

let handoff: Handoff;
let sample: Sample;
let partner: Server;
let portal_url: string;
let partner_url: string;
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
  const port = await freePort();
  portal_url = `http://localhost:${port}`;
  const environment = { PORT: String(port), API_URL: portal_url, PORTAL_URL: portal_url };
  handoff = await startHandoff({ mode: 'sandbox', environment });
  const partner_port = await freePort();
  partner_url = `http://127.0.0.1:${partner_port}`;
  sample = await createSample(handoff.deps, { integration: { embed_origins: [partner_url], return_url: partner_url } });
  const second_user_id = await createSampleUser(handoff.deps, sample.organization_id);
  await handoff.deps.db
    .updateTable('users')
    .set({ given_name: 'Alex', family_name: 'Colleague' })
    .where('user_id', '=', second_user_id)
    .execute();
  const app = createPartnerBackend({ api_url: handoff.url, ...sample, second_user_id }, () => undefined);
  partner = app.listen(partner_port, '127.0.0.1');
  await once(partner, 'listening');
});
afterAll(async () => {
  await browser.close();
  partner.closeAllConnections();
  partner.close();
  await handoff.close();
});

let context: BrowserContext;
let practice: Page;
beforeEach(async () => {
  context = await browser.newContext();
  context.setDefaultTimeout(10_000);
  practice = await context.newPage();
  await practice.goto(partner_url);
  await workAs('clinician');
});
afterEach(() => context.close());
afterEach(hideAddresses);

async function workAs(person: 'clinician' | 'colleague' | 'receptionist'): Promise<void> {
  await practice.getByLabel('Work as').selectOption(person);
  await practice.getByRole('button', { name: 'Change' }).click();
  await practice.getByText(/^Signed in as/).waitFor();
}

async function prescribe(): Promise<Page> {
  return openedBy(practice, () => practice.getByRole('button', { name: 'Prescribe' }).click());
}

async function signedInAs(page: Page | Frame): Promise<string> {
  return (await page.locator('dd strong').textContent()) ?? '';
}

async function sessionCookies(): Promise<Cookie[]> {
  return (await context.cookies()).filter((cookie) => cookie.name.startsWith('__Host-'));
}

/** The id in a session cookie; what follows it is secret. */
function sessionId(cookie: Cookie | undefined): string {
  return cookie?.value.split('.')[0] ?? '';
}

/** True if a token stands in any address that a tab remembers. */
async function remembersToken(page: Page): Promise<boolean> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  const referrer = await page.evaluate('document.referrer');
  return [...entries.map((entry) => entry.url), String(referrer), page.url()].some((url) => /token|eyJ/.test(url));
}

let stranger: Server | undefined;
afterEach(() => stranger?.close());

/** A page of somebody who has agreed nothing with the portal. */
async function serveStranger(html: string): Promise<string> {
  stranger = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html>${html}`);
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  return `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/`;
}

test('pressing "Prescribe" opens a tab on the patient’s page, signed in', async () => {
  const tab = await prescribe();
  expect(tab.url().replace(portal_url, '')).toBe(PATIENT_PATH);
  expect(await signedInAs(tab)).toBe('Pat Provider');
  expect(await tab.getByText('Sample Clinic').count()).toBe(1);
  expect(await basicFaults(tab)).toEqual([]);

  const [cookie, ...others] = await sessionCookies();
  expect(others).toEqual([]);
  expect({ ...cookie, value: '' }).toMatchObject({
    name: '__Host-handoff',
    domain: 'localhost',
    path: '/',
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    expires: -1,
  });
  expect(await tab.evaluate('document.cookie')).toBe('');
});

test('the portal’s tab and the practice’s page have no hold on each other, and the token stays nowhere', async () => {
  const tab = await prescribe();
  expect(await tab.evaluate('window.opener === null')).toBe(true);
  expect(await tab.evaluate('history.length')).toBe(1);
  expect(await remembersToken(tab)).toBe(false);
});

test('signing out ends the session, and pressing again begins a new one', async () => {
  const tab = await prescribe();
  const [first] = await sessionCookies();
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await tab.getByRole('heading', { name: 'You are signed out' }).waitFor();
  expect(await basicFaults(tab)).toEqual([]);
  expect(await sessionCookies()).toEqual([]);
  await tab.goto(portal_url + PATIENT_PATH);
  expect(await tab.getByRole('heading').textContent()).toBe('You are not signed in');

  const again = await prescribe();
  expect(await signedInAs(again)).toBe('Pat Provider');
  const [second] = await sessionCookies();
  expect(sessionId(second)).toMatch(/^ses_/);
  expect(sessionId(second) === sessionId(first)).toBe(false);
});

test('reload and the back button lead to the page, not to the link', async () => {
  const tab = await prescribe();
  await tab.reload();
  expect(await signedInAs(tab)).toBe('Pat Provider');
  await tab.goto(`${portal_url}/dashboard`);
  await tab.goBack();
  expect(tab.url().replace(portal_url, '')).toBe(PATIENT_PATH);
  expect(await signedInAs(tab)).toBe('Pat Provider');
  expect(await remembersToken(tab)).toBe(false);
});

test('a used link goes on to the page in the same browser, and is friendly in another', async () => {
  const link = await mintLink(handoff, sample);
  const tab = await context.newPage();
  for (let count = 0; count < 2; count += 1) {
    await tab.goto(link.redirect_url);
    expect(await signedInAs(tab)).toBe('Pat Provider');
  }
  const other = await browser.newContext();
  const elsewhere = await other.newPage();
  const answer = await elsewhere.goto(link.redirect_url);
  expect(answer?.status()).toBe(410);
  expect(await elsewhere.getByRole('heading').textContent()).toBe('This link has already been used');
  const back = elsewhere.getByRole('link', { name: 'Back to Sample Practice Software' });
  expect(await basicFaults(elsewhere)).toEqual([]);
  await back.click();
  await elsewhere.waitForURL(`${partner_url}/`);
  await other.close();
});

test('somebody else who presses in the same browser takes it over, with a session of her own', async () => {
  const first_tab = await prescribe();
  const [first] = await sessionCookies();
  await workAs('colleague');
  const tab = await prescribe();
  expect(await signedInAs(tab)).toBe('Alex Colleague');
  const [second, ...others] = await sessionCookies();
  expect(others).toEqual([]);
  expect(sessionId(second) === sessionId(first)).toBe(false);
  await first_tab.reload();
  expect(await signedInAs(first_tab)).toBe('Alex Colleague');
  const ended = await handoff.deps.db
    .selectFrom('sessions')
    .select('end_reason')
    .where('session_id', '=', sessionId(first))
    .executeTakeFirst();
  expect(ended?.end_reason).toBe('replaced');
});

test('the pane shows the embedded page, with a cookie that belongs to this site’s frames alone', async () => {
  const refused: string[] = [];
  practice.on('console', (message) => {
    if (message.type() === 'error') refused.push(message.text());
  });
  await practice.getByRole('button', { name: 'Show prescriptions here' }).click();
  const pane = practice.frameLocator('#pane');
  await pane.getByText('Pat Provider').waitFor();
  const frame = practice.frames().find((one) => one !== practice.mainFrame());
  expect(frame?.url().replace(portal_url, '')).toBe(EMBED_PATH);
  expect(refused).toEqual([]);

  const [cookie, ...others] = await sessionCookies();
  expect(others).toEqual([]);
  expect({ ...cookie, value: '' }).toMatchObject({
    name: '__Host-handoff-embed',
    httpOnly: true,
    secure: true,
    sameSite: 'None',
    partitionKey: 'http://127.0.0.1',
  });

  // Without its session it is not blank, but says what to do.
  await context.clearCookies({ name: '__Host-handoff-embed' });
  await frame?.evaluate('location.reload()');
  await pane.getByRole('heading', { name: 'You are not signed in' }).waitFor();
});

test('the pane’s session opens no page of the portal itself', async () => {
  await practice.getByRole('button', { name: 'Show prescriptions here' }).click();
  await practice.frameLocator('#pane').getByText('Pat Provider').waitFor();
  const tab = await context.newPage();
  for (const path of [PATIENT_PATH, EMBED_PATH]) {
    await tab.goto(portal_url + path);
    expect(await tab.getByRole('heading').textContent()).toBe('You are not signed in');
  }
});

test('a page that was not agreed cannot frame the portal, is told why, and spends nothing', async () => {
  const link = await mintLink(handoff, sample, EMBED_PATH);
  const stranger_url = await serveStranger(`<iframe src="${link.redirect_url.replaceAll('&', '&amp;')}"></iframe>`);
  await practice.goto(stranger_url);
  const frame = practice.frameLocator('iframe');
  await frame.getByText(`The origin ${new URL(stranger_url).origin} is not registered with the portal`).waitFor();
  expect(await frame.getByText('Pat Provider').count()).toBe(0);
  const rows = await handoff.deps.db
    .selectFrom('sso_tokens')
    .selectAll()
    .where('request_id', '=', link.request_id)
    .execute();
  expect(rows).toMatchObject([{ redeemed_at: null }]);
});

test('a page that sends the browser on by itself is asked about before the person is switched', async () => {
  const tab = await prescribe();
  const colleague = { ...sample, user_id: await createSampleUser(handoff.deps, sample.organization_id) };
  await handoff.deps.db
    .updateTable('users')
    .set({ given_name: 'Robin', family_name: 'Other' })
    .where('user_id', '=', colleague.user_id)
    .execute();
  const link = await mintLink(handoff, colleague);
  const script = `setTimeout(() => location.replace(${JSON.stringify(link.redirect_url)}))`;
  await tab.goto(await serveStranger(`<script>${script}</script>`));
  await tab.getByRole('heading', { name: 'Continue as Robin Other?' }).waitFor();
  expect(await tab.getByText('This browser is signed in as Pat Provider.').count()).toBe(1);
  expect(await basicFaults(tab)).toEqual([]);

  // Closing or leaving the page changes nothing.
  const other_tab = await context.newPage();
  await other_tab.goto(portal_url + PATIENT_PATH);
  expect(await signedInAs(other_tab)).toBe('Pat Provider');

  await tab.getByRole('button', { name: 'Continue as Robin Other' }).click();
  await tab.waitForURL(portal_url + PATIENT_PATH);
  expect(await signedInAs(tab)).toBe('Robin Other');

  // The page that asked is behind the back button: it asks no more.
  await tab.goBack();
  expect(tab.url()).toBe(portal_url + PATIENT_PATH);
  expect(await signedInAs(tab)).toBe('Robin Other');
});

test('when the link is refused the practice’s page says why, and closes the empty tab', async () => {
  await workAs('receptionist');
  await practice.getByRole('button', { name: 'Prescribe' }).click();
  await practice.getByRole('alert').waitFor();
  expect(await practice.getByRole('alert').textContent()).toBe('The portal could not be opened: User not authorized.');
  await expect.poll(() => context.pages().length).toBe(1);
  await practice.getByRole('button', { name: 'Show prescriptions here' }).click();
  await expect.poll(() => practice.getByRole('alert').textContent()).toMatch(/^The prescriptions could not be shown/);
  expect(await basicFaults(practice)).toEqual([]);
});

test('when the browser blocks the tab the practice’s page says so', async () => {
  await practice.evaluate('window.open = () => null');
  await practice.getByRole('button', { name: 'Prescribe' }).click();
  expect(await practice.getByRole('alert').textContent()).toMatch(/blocked the new tab/);
});
