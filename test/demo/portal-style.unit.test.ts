// The sample portal and Handoff's own pages are one family: the same names stand for the same colours.

import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Each custom property of a style sheet with all the values it gets, light first. */
function propertiesOf(style: string): Map<string, string[]> {
  const properties = new Map<string, string[]>();
  for (const [, name = '', value = ''] of style.matchAll(/--([\w-]+):\s*([^;}]+)/g)) {
    properties.set(name, [...(properties.get(name) ?? []), value.trim().replaceAll(', ', ',')]);
  }
  return properties;
}

test('every colour of Handoff’s pages is the sample portal’s too, in light and dark', async () => {
  const own = propertiesOf(await read('src/sandbox/portal/portal.css'));
  const [palette = ''] = /:root\{[^}]*\}\s*@media[^}]*\}\}/.exec(await read('src/http/page.ts')) ?? [];
  const shared = [...propertiesOf(palette)];
  expect(shared.length).toBeGreaterThan(10);
  for (const [name, values] of shared) expect([name, own.get(name)]).toEqual([name, values]);
});
