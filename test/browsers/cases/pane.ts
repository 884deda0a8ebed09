// A pane that handoff-embed has made, and how it is signed in.

import { expect } from 'vitest';
import type { Tab, View } from '../drivers/driver.ts';
import type { Mode } from '../modes.ts';
import type { Account } from '../sites/practice.ts';
import type { World } from '../world.ts';
import type { Case } from './case.ts';
import { openPanes, untilSignedIn } from './seen.ts';

/** How a pane is signed in, by what the browser keeps in its frame. */
const WAYS = { partitioned: 'cookie', nothing: 'bearer' };

export function withWay(words: string): Case['expected'] {
  return { partitioned: `${words}, cookie`, nothing: `${words}, bearer` };
}

/** Waits until a pane is signed in, in the way that the browser allows. */
export async function untilPaneSignedIn({ mode }: { mode: Mode }, pane: View, account: Account): Promise<string> {
  await untilSignedIn(pane, account);
  const way = String(await pane.evaluate('document.body.dataset.session'));
  expect(way).toBe(WAYS[mode.keeps]);
  return way;
}

export async function openPat(world: World): Promise<{ tab: Tab; pane: View; way: string }> {
  const tab = await openPanes(world, 'pat');
  const pane = tab.frame('#pat iframe');
  return { tab, pane, way: await untilPaneSignedIn(world, pane, world.pat) };
}

/** A frame asks Handoff once, and once more for the probe; in a frame without cookies the page then gets a link of its own. */
export function requestsFor({ mode }: World): { opened: number; links: number } {
  return { opened: 2, links: mode.keeps === 'nothing' ? 2 : 1 };
}
