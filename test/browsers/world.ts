// What a case is given: a browser that nobody has used, sites that everybody shares, people of its own; and what Handoff's
// database knows about them afterwards.

import { setTimeout as pause } from 'node:timers/promises';
import { createSample, createSampleUser } from '../support/sample.ts';
import type { DrivenBrowser, Tab, View } from './drivers/driver.ts';
import { HOSTS, type Mode } from './modes.ts';
import { makeCertificate } from './sites/certificate.ts';
import { type Account, type Practice, startPractice } from './sites/practice.ts';
import { type Portal, startPortal } from './sites/portal.ts';

export type Sites = {
  portal: Portal;
  tab_portal: Portal;
  practice: Practice;
  second_practice: Practice;
  stranger: Practice;
  close: () => Promise<void>;
};

export async function startSites(): Promise<Sites> {
  const certificate = await makeCertificate(Object.values(HOSTS));
  const portal = await startPortal(HOSTS.portal, certificate, { kind: 'bearer' });
  const tab_portal = await startPortal(HOSTS.tab_portal, certificate, { kind: 'tab' });
  const practice = await startPractice(HOSTS.practice, certificate);
  const second_practice = await startPractice(HOSTS.second_practice, certificate);
  const stranger = await startPractice(HOSTS.stranger, certificate);
  const all = [portal, tab_portal, practice, second_practice, stranger];
  const close = async () => {
    for (const site of all) await site.close();
  };
  return { portal, tab_portal, practice, second_practice, stranger, close };
}

export type World = Sites & {
  mode: Mode;
  browser: DrivenBrowser;
  /** A clinician at the practice, and a colleague; the stranger's page has her account too. */
  pat: Account;
  alex: Account;
  /** A clinician at the second practice, who comes through another partner. */
  sam: Account;
};

async function createAccount(portal: Portal, at: Practice): Promise<Account> {
  const options = { integration: { embed_origins: [at.origin], return_url: `${at.origin}/` } };
  return { portal, sample: await createSample(portal.handoff.deps, options) };
}

async function colleagueOf({ portal, sample }: Account): Promise<Account> {
  return {
    portal,
    sample: { ...sample, user_id: await createSampleUser(portal.handoff.deps, sample.organization_id) },
  };
}

/** Brings new people into the sites, and forgets what they were asked before. */
export async function enterWorld(sites: Sites, mode: Mode, browser: DrivenBrowser): Promise<World> {
  const { portal, tab_portal, practice, second_practice, stranger } = sites;
  const pat = await createAccount(portal, practice);
  const alex = await colleagueOf(pat);
  const sam = await createAccount(portal, second_practice);
  practice.accounts = new Map([
    ['pat', pat],
    ['alex', alex],
    ['tab', await createAccount(tab_portal, practice)],
  ]);
  second_practice.accounts = new Map([['sam', sam]]);
  stranger.accounts = new Map([['pat', pat]]);
  for (const site of [practice, second_practice, stranger]) site.signed_out = false;
  for (const { requests } of [portal, tab_portal, practice, second_practice, stranger]) requests.length = 0;
  return { ...sites, mode, browser, pat, alex, sam };
}

const PATIENCE_MILLISECONDS = 30_000;

/** Waits until an expression is true in a document that may still be on its way. @throws with what it last saw */
export async function until(view: View, expression: string, patience = PATIENCE_MILLISECONDS): Promise<void> {
  const deadline = Date.now() + patience;
  let last: unknown;
  while (Date.now() < deadline) {
    last = await view.evaluate(expression).catch((error: unknown) => String(error));
    if (last === true) return;
    await pause(50);
  }
  const seen = await view.evaluate('document.body.innerText').catch(() => 'no document');
  throw new Error(`waited in vain for ${expression}, last ${String(last)}, on a page that says: ${String(seen)}`);
}

/** Waits for a value that is not undefined. */
export async function eventually<Value>(find: () => Promise<Value | undefined>, what: string): Promise<Value> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(50);
  }
}

/** The tab that an act opens. */
export async function openedBy({ browser }: World, act: () => Promise<void>): Promise<Tab> {
  const before = new Set(await browser.tabs());
  await act();
  return eventually(async () => (await browser.tabs()).find((tab) => !before.has(tab)), 'a new tab');
}

/** How often a site was asked for something, such as `GET /auth/sso`. */
export function countOf({ requests }: { requests: string[] }, request: string): number {
  return requests.filter((entry) => entry === request).length;
}

/** How many requests Handoff has refused with a problem, whoever they were for. */
export async function refusalsOf({ portal }: World, problem: string): Promise<number> {
  const { db } = portal.handoff.deps;
  const rows = await db.selectFrom('audit_events').select('event_id').where('problem', '=', problem).execute();
  return rows.length;
}

/** What Handoff's database knows about a person's links and sessions. */
export async function truthAbout({ portal, sample }: Account): Promise<{
  links: number;
  spent: number;
  live: { kind: string; session_id: string }[];
  ended: string[];
  events: string[];
}> {
  const { db } = portal.handoff.deps;
  const { user_id, partner_id } = sample;
  const tokens = await db.selectFrom('sso_tokens').selectAll().where('user_id', '=', user_id).execute();
  const sessions = await db.selectFrom('sessions').selectAll().where('user_id', '=', user_id).execute();
  const events = await db
    .selectFrom('audit_events')
    .selectAll()
    .where('partner_id', '=', partner_id)
    .where('user_id', '=', user_id)
    .orderBy('event_id')
    .execute();
  return {
    links: tokens.length,
    spent: tokens.filter(({ redeemed_at }) => redeemed_at !== null).length,
    live: sessions.filter(({ ended_at }) => ended_at === null).map(({ kind, session_id }) => ({ kind, session_id })),
    ended: sessions.flatMap(({ end_reason }) => (end_reason === null ? [] : [end_reason])),
    events: events.map(({ action, problem }) => (problem === null ? action : `${action} ${problem}`)),
  };
}
