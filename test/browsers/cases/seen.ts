// What cases look for on the pages of the run's sites.

import type { Tab, View } from '../drivers/driver.ts';
import type { Account } from '../sites/practice.ts';
import { until, type World } from '../world.ts';

/** Waits until a page of the portal shows who is signed in. */
export async function untilSignedIn(view: View, { sample }: Account): Promise<void> {
  await until(view, `document.querySelector('#who')?.textContent === '${sample.user_id}'`);
}

/** Waits until a page says something. */
export async function untilSays(view: View, text: string): Promise<void> {
  await until(view, `document.body?.innerText.includes(${JSON.stringify(text)}) === true`);
}

/** What handoff-embed has told the practice's page about a pane, the first if not said otherwise. */
export async function eventsOf(
  view: View,
  pane = 0,
): Promise<{ type: string; detail: { code?: string; session?: string } }[]> {
  return (await view.evaluate(`globalThis.panes[${pane}].events`)) as never;
}

/** Waits until handoff-embed has told something. */
export async function untilEvent(view: View, type: string, pane = 0): Promise<void> {
  await until(view, `globalThis.panes?.[${pane}].events.some((event) => event.type === '${type}')`);
}

/** The practice's page with a pane for each name. */
export async function openPanes({ browser, practice }: Pick<World, 'browser' | 'practice'>, who: string): Promise<Tab> {
  const tab = await browser.newTab();
  await tab.goto(`${practice.origin}/panes?who=${who}`);
  return tab;
}
