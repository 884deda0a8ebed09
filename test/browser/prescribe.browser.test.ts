// The whole way in a real browser: practice software on one site, the portal on another (127.0.0.1 and localhost are
// different sites). Run once, on SQLite: the browser sees nothing of the database.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Cookie, Frame, FrameLocator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type RunningPractice, startPractice } from '../../demo/practice/server.ts';
import { suspendUser } from '../../src/users/user.ts';
import { EMBED_PATH, mintLink, PATIENT_PATH } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { freePort } from '../support/ports.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { basicFaults, hideAddresses, openedBy, startBrowser } from './browser.ts';

let handoff: Handoff;
let sample: Sample;
let partner: RunningPractice;
let portal_url: string;
let browser: Browser;

async function createNamedUser(given_name: string, family_name: string): Promise<string> {
  const user_id = await createSampleUser(handoff.deps, sample.organization_id);
  const { db } = handoff.deps;
  await db.updateTable('users').set({ given_name, family_name }).where('user_id', '=', user_id).execute();
  return user_id;
}

beforeAll(async () => {
  browser = await startBrowser();
  const port = await freePort();
  portal_url = `http://localhost:${port}`;
  const environment = {
    PORT: String(port),
    API_URL: portal_url,
    PORTAL_URL: portal_url,
    EMBED_WITHOUT_COOKIE: 'bearer',
  };
  handoff = await startHandoff({ mode: 'sandbox', environment });
  const partner_port = await freePort();
  const url = `http://127.0.0.1:${partner_port}`;
  sample = await createSample(handoff.deps, { integration: { embed_origins: [url], return_url: `${url}/` } });
  const second_user_id = await createNamedUser('Alex', 'Colleague');
  const suspended_user_id = await createNamedUser('Sam', 'Suspended');
  await suspendUser(handoff.deps.db, suspended_user_id, handoff.deps);
  const settings = { api_url: handoff.url, portal_url, ...sample, second_user_id, suspended_user_id };
  partner = await startPractice({ settings, port: partner_port, log: () => undefined });
});
afterAll(async () => {
  await browser.close();
  await partner.close();
  await handoff.close();
});

let context: BrowserContext;
let practice: Page;
beforeEach(async () => {
  context = await browser.newContext();
  // Loaded machines take their time; a browser test that waits is no slower for it where nothing is wrong.
  context.setDefaultTimeout(20_000);
  practice = await context.newPage();
  await workAs('Pat Provider');
});
afterEach(() => context.close());
afterEach(hideAddresses);

/** Signs in to the practice, and opens the patient. */
async function workAs(person: string): Promise<void> {
  await practice.goto(partner.url);
  const sign_out = practice.getByRole('button', { name: 'Sign out' });
  if ((await sign_out.count()) > 0) await sign_out.click();
  await practice.getByRole('button', { name: person }).click();
  await practice.getByRole('link', { name: 'Jo Citizen' }).click();
  await practice.getByRole('heading', { name: 'Jo Citizen' }).waitFor();
}

async function prescribe(): Promise<Page> {
  return openedBy(practice, () => practice.getByRole('button', { name: /^Prescribe \(/ }).click());
}

/** Opens the pane, and waits until somebody is signed in there. */
async function prescribeHere(): Promise<{ pane: FrameLocator; frame: Frame }> {
  await practice.getByRole('button', { name: 'Prescribe here' }).click();
  const pane = practice.frameLocator('[data-pane] iframe');
  await pane.getByText('Signed in as').waitFor();
  const frame = practice.frames().find((one) => one !== practice.mainFrame());
  if (frame === undefined) throw new Error('there is no frame');
  return { pane, frame };
}

async function signedInAs(page: Page): Promise<string> {
  return (await page.locator('.who strong').textContent()) ?? '';
}

/** What the pane has told the practice's page, oldest first. */
async function paneEvents(): Promise<string[]> {
  await practice.evaluate("document.querySelector('[data-journal]').open = true");
  return (await practice.locator('.event code').allTextContents()).toReversed();
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
  await elsewhere.waitForURL(`${partner.url}/`);
  await other.close();
});

test('somebody else who presses in the same browser takes it over, with a session of her own', async () => {
  const first_tab = await prescribe();
  const [first] = await sessionCookies();
  await workAs('Alex Admin');
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
  const { pane, frame } = await prescribeHere();
  expect(frame.url().replace(portal_url, '')).toBe(EMBED_PATH);
  await pane.getByRole('heading', { name: 'Jo Citizen' }).waitFor();
  expect(await pane.locator('nav').count()).toBe(0);
  await practice.getByText('Signed in', { exact: true }).waitFor();
  await expect.poll(paneEvents).toEqual(['ready', 'signed-in', 'resize']);
  expect(refused).toEqual([]);

  const [cookie, ...others] = (await sessionCookies()).filter(({ name }) => name !== '__Host-handoff-probe');
  expect(others).toEqual([]);
  expect({ ...cookie, value: '' }).toMatchObject({
    name: '__Host-handoff-embed',
    httpOnly: true,
    secure: true,
    sameSite: 'None',
    partitionKey: 'http://127.0.0.1',
  });
});

test('a colleague’s session in the pane is left alone: the page signs in through the practice, and keeps no cookie', async () => {
  await workAs('Alex Admin');
  await prescribeHere();
  const before = await sessionCookies();
  await workAs('Pat Provider');
  const { pane, frame } = await prescribeHere();
  expect(await pane.locator('footer strong').textContent()).toBe('Pat Provider');
  expect(await sessionCookies()).toEqual(before);
  await pane.getByRole('button', { name: 'New prescription' }).click();
  await pane.getByLabel('Medicine').selectOption('Ibuprofen 400 mg tablet');
  await pane.getByLabel('Directions').fill('One tablet when needed');
  await pane.getByLabel('Quantity').fill('20');
  await pane.getByRole('button', { name: 'Save prescription' }).click();
  await pane.getByText('The prescription is saved.').waitFor();
  expect(await pane.getByText('Ibuprofen 400 mg tablet').count()).toBe(1);
  expect(await sessionCookies()).toEqual(before);

  // Its session is nowhere but in the page's script.
  expect(await frame.evaluate('[document.cookie, location.href]')).toEqual(['', portal_url + EMBED_PATH]);

  // What was written in the pane is there in the tab.
  const tab = await prescribe();
  expect(await tab.getByText('Ibuprofen 400 mg tablet').count()).toBe(1);
});

test('a session that is over in the pane is renewed through the practice; when that is over too, the page says so and loses nothing', async () => {
  const { pane } = await prescribeHere();
  await pane.getByRole('button', { name: 'New prescription' }).click();
  await pane.getByLabel('Directions').fill('One tablet in the morning');
  handoff.clock.advance(16 * 60_000);
  await pane.getByRole('button', { name: 'Save prescription' }).click();
  await pane.getByText('Choose a medicine').first().waitFor();
  expect(await pane.getByText('Your session in the portal is over.').count()).toBe(0);

  await practice.evaluate("fetch('/sign-out', { method: 'POST' })");
  handoff.clock.advance(16 * 60_000);
  await pane.getByRole('button', { name: 'Save prescription' }).click();
  await pane.getByText('Your session in the portal is over.').waitFor();
  await practice.getByText('Session over', { exact: true }).waitFor();
  expect(await pane.getByLabel('Directions').inputValue()).toBe('One tablet in the morning');

  const other = await context.newPage();
  await other.goto(partner.url);
  await other.getByRole('button', { name: 'Pat Provider' }).click();
  await other.waitForURL(`${partner.url}/patients`);
  await pane.getByRole('button', { name: 'Sign in again' }).click();
  await practice.getByText('Signed in', { exact: true }).waitFor();
  expect(await pane.getByText('Your session in the portal is over.').count()).toBe(0);
  expect(await pane.getByLabel('Directions').inputValue()).toBe('One tablet in the morning');
});

test('who signs out in the pane is signed out there, and comes back with a click', async () => {
  const { pane } = await prescribeHere();
  await pane.getByRole('button', { name: 'Sign out' }).click();
  await pane.getByRole('heading', { name: 'You are signed out' }).waitFor();
  await practice.getByText('Session over', { exact: true }).waitFor();
  expect(await pane.getByText('Jo Citizen').count()).toBe(0);
  await pane.getByRole('button', { name: 'Sign in again' }).click();
  await pane.getByRole('heading', { name: 'Jo Citizen' }).waitFor();
  await practice.getByRole('button', { name: 'Close' }).click();
  expect(await practice.locator('iframe').count()).toBe(0);
});

test('the pane’s session opens no page of the portal itself', async () => {
  await prescribeHere();
  const tab = await context.newPage();
  for (const path of [PATIENT_PATH, EMBED_PATH]) {
    await tab.goto(portal_url + path);
    await tab.getByRole('heading', { name: 'You are not signed in' }).waitFor();
    expect(await tab.getByText('Jo Citizen').count()).toBe(0);
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

test('when the link is refused the practice says why, in the tab that was opened and in the pane', async () => {
  await workAs('Sam Suspended');
  const tab = await prescribe();
  expect(await tab.getByRole('alert').textContent()).toBe('This user is suspended.');
  expect(await basicFaults(tab)).toEqual([]);
  await practice.bringToFront();
  await practice.getByRole('button', { name: 'Prescribe here' }).click();
  await practice.getByText('This user is suspended.').waitFor();
  await practice.getByRole('button', { name: 'Try again' }).waitFor();
  expect(await basicFaults(practice)).toEqual([]);
});

test('who may not prescribe cannot press', async () => {
  await workAs('Robin Receptionist');
  for (const name of [/^Prescribe \(/, 'Prescribe here']) {
    expect(await practice.getByRole('button', { name }).isDisabled()).toBe(true);
  }
  expect(await practice.getByText('Reception has no access to the portal.').count()).toBe(1);
});

test('the panel tells what became of a link, without what is secret', async () => {
  await prescribe();
  await practice.bringToFront();
  const exchange = practice.locator('.exchange').first();
  await exchange.locator('summary').click();
  await practice.getByRole('button', { name: 'What became of this link?' }).click();
  const receipt = practice.locator('.exchange', { hasText: '/v1/sso/attempts/' });
  await receipt.locator('summary').click();
  const answer = await receipt.getByRole('group', { name: 'Answer' }).textContent();
  expect(answer).toContain('"outcome": "redeemed"');
  expect(findLeaks((await practice.locator('[data-journal]').textContent()) ?? '')).toEqual([]);
});
