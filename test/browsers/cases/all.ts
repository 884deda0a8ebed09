// Every case, in the document's order.

import type { Case } from './case.ts';
import { EMBED_CASES } from './embeds.ts';
import { FRAME_CASES } from './frames.ts';
import { NEIGHBOUR_CASES } from './neighbours.ts';
import { SPECULATION_CASES } from './speculation.ts';
import { TAB_CASES } from './tabs.ts';

export const GROUPS: readonly { title: string; cases: readonly Case[] }[] = [
  { title: 'In a new tab', cases: TAB_CASES },
  { title: 'In a pane: handoff-embed around it, handoff-portal/browser in it', cases: EMBED_CASES },
  { title: 'Side by side', cases: NEIGHBOUR_CASES },
  { title: 'In other frames', cases: FRAME_CASES },
  { title: 'Before anybody has clicked', cases: SPECULATION_CASES },
];
