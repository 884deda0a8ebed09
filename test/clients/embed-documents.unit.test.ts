// What docs/embed-protocol.md and the package's README list is what there is.

import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parseFrameMessage, PROTOCOL } from '../../clients/embed/src/protocol.js';

const read = (path: string) => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const [protocol, readme, errors, events, options] = await Promise.all(
  [
    'docs/embed-protocol.md',
    'clients/embed/README.md',
    ...['errors', 'events', 'options'].map((name) => `clients/embed/src/${name}.js`),
  ].map(read),
);

/** The first cells of the table under a heading whose first header is this. */
function firstCells(text = '', heading = '', header = ''): string[] {
  const part = text.slice(text.indexOf(heading));
  const rows = part.slice(part.indexOf(`| ${header} |`)).split('\n');
  const end = rows.findIndex((row) => !row.startsWith('|'));
  return rows
    .slice(2, end)
    .flatMap((row) => (row.split('|')[1] ?? '').match(/`[^`]+`/g) ?? [])
    .map((cell) => cell.slice(1, -1));
}

const REASONS = firstCells(protocol, '`reason` is one of', 'reason');

test('every message of the frame that the document lists is understood', () => {
  const said: Record<string, object> = {
    'link-needed': { request_id: 'a', target: 'frame', reason: 'asked' },
    'signed-in': { session: 'cookie', expires_at: '2026-03-01T12:00:00Z', idle_expires_at: '2026-03-01T12:00:00Z' },
    error: { problem: 'embedding-refused', message: 'Not registered' },
    resize: { height: 1 },
    navigate: { path: '/embed/a' },
  };
  const types = firstCells(protocol, '### From the frame to the page', 'type');
  expect(types).toContain('link-needed');
  const understood = types.map((type) => parseFrameMessage({ protocol: PROTOCOL, type, ...said[type] })?.type);
  // It tells that somebody is there, and asks for nothing.
  expect(understood).toEqual(types.map((type) => (type === 'asking' ? 'other' : type)));
  expect(protocol).toContain(`# The embed protocol, \`${PROTOCOL}\``);
});

test('every reason that the document lists is known, and no other', () => {
  expect(REASONS.length).toBeGreaterThan(4);
  for (const reason of REASONS) {
    const message = { protocol: PROTOCOL, type: 'link-needed', request_id: 'a', target: 'frame', reason };
    expect(parseFrameMessage(message)?.type).toBe('link-needed');
    expect(parseFrameMessage({ ...message, reason: `${reason}-a` })?.type).toBe('unclear-request');
    expect(readme).toContain(`\`${reason}\``);
  }
  const type = /\* @typedef \{(.*)\} LinkReason/.exec(options ?? '')?.[1] ?? '';
  expect(new Set(type.match(/[a-z-]+/g))).toEqual(new Set(['mount', ...REASONS]));
});

test('the README lists the error codes, the events and the options', () => {
  const codes = /@typedef \{([^}]*?) \| \(string/.exec(errors ?? '')?.[1]?.match(/[a-z-]+/g);
  expect(firstCells(readme, '## Errors', 'code').toSorted()).toEqual(codes?.toSorted());
  const listed = firstCells(readme, '## Events', 'event');
  const types = [...(events ?? '').matchAll(/^ \* @property \{.*?\} (\S+)/gm)].map(([, name = '']) => name);
  expect(listed.toSorted()).toEqual(types.toSorted());
  const mount_options = (options ?? '').slice((options ?? '').indexOf('MountOptions'));
  const names = [...mount_options.matchAll(/^ \* @property \{.*?\} \[?(\w+)\]?/gm)].map(([, name = '']) => name);
  expect(firstCells(readme, '## `mount', 'option').toSorted()).toEqual(names.toSorted());
});
