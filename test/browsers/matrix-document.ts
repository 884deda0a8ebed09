// docs/browsers.md as text: what each browser did in each case. Whether that is so is matrix-reporter.ts's to know.

import { fileURLToPath } from 'node:url';
import { GROUPS } from './cases/all.ts';
import { MODES } from './modes.ts';

export const MATRIX_FILE = fileURLToPath(new URL('../../docs/browsers.md', import.meta.url));

const INTRODUCTION = `# Browsers

Written by \`npm run test:browsers\`, which does all this in real browsers, over TLS, with the portal and the practices on different
sites, and looks into Handoff's database afterwards. A run that sees something else fails.`;

const WORDS = `*Cookie*: the session is a cookie that the browser keeps for the portal in this practice's pages alone. *Bearer*: the browser keeps none, so
the page in the frame holds the session in its memory ([how](embed-protocol.md)).`;

/** What a browser did in a case; `version` is the browser's. */
export type Cell = { outcome: string; version: string };

/** By the mode's name and the case's title. */
export type CellOf = (mode: string, title: string) => Cell | undefined;

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

/** The document's text. */
export function renderMatrix(cellOf: CellOf): string {
  const [first] = GROUPS.flatMap((group) => group.cases);
  const browsers = MODES.map(({ name, title, settings }) => [
    title,
    cellOf(name, first?.title ?? '')?.version ?? '',
    settings,
  ]);
  const groups = GROUPS.map(({ title, cases }) => {
    const rows = cases.map((item) => [item.title, ...MODES.map(({ name }) => cellOf(name, item.title)?.outcome ?? '')]);
    return `## ${title}\n\n${table(['', ...MODES.map((mode) => mode.title)], rows)}`;
  });
  return `${[INTRODUCTION, table(['Browser', 'Version', 'Settings'], browsers), WORDS, ...groups].join('\n\n')}\n`;
}

/** Browsers get newer by themselves, and that alone is no news. */
export function withoutVersions(text: string): string {
  return text.replaceAll(/ \| [\d.]+ \| /g, ' | | ');
}
