// The README and the documents keep their word: settings, commands and links. Its two starts are in readme-starts.unit.test.ts.

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.ts';
import { ENVIRONMENT, parseConfig } from '../src/config.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const readme = await readFile(join(ROOT, 'README.md'), 'utf8');

/** The cells of each row of the table whose header begins with a word. */
function table(first_header: string): string[][] {
  const lines = readme.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${first_header} |`)) + 2;
  const end = lines.findIndex((line, index) => index >= start && !line.startsWith('|'));
  return lines.slice(start, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the table of settings', () => {
  const REQUIRED = {
    API_URL: 'https://api.example.com',
    PORTAL_URL: 'https://portal.example.com',
    MASTER_KEY: 'bHf5mKq3Jx7VtZ0cYw9RnE2sUaGdLpQo1iT8hXkB4Mw=',
  };
  const rows = table('variable').map(([name = '', standard = '']) => ({
    name: name.replaceAll('`', ''),
    standard: standard.replaceAll('`', ''),
  }));

  test('has every setting, in the order of the schema, and no other', () => {
    expect(rows.map((row) => row.name)).toEqual(Object.keys(ENVIRONMENT.shape));
  });

  test.each(rows.filter(({ standard }) => standard === 'required'))('says that $name is required', ({ name }) => {
    expect(() => parseConfig({ ...REQUIRED, [name]: undefined }, 'production')).toThrow(`${name} is not set`);
  });

  test.each(rows.filter(({ standard }) => standard !== 'required'))(
    'says what $name is without a value',
    ({ name, standard }) => {
      const without = { ...REQUIRED, [name]: undefined };
      const written = standard === 'none' ? '' : standard.replace('<API_URL>', REQUIRED.API_URL);
      expect(parseConfig({ ...REQUIRED, [name]: written }, 'production')).toEqual(parseConfig(without, 'production'));
    },
  );

  test('would be noticed with a wrong default', () => {
    expect(parseConfig({ ...REQUIRED, PORT: '8788' }, 'production')).not.toEqual(parseConfig(REQUIRED, 'production'));
  });
});

test('the table of commands has every noun and verb, and no other', async () => {
  const program = await createProgram({ serve: async () => undefined, sandbox: async () => undefined });
  const actual = program.commands.map((noun) => [noun.name(), noun.commands.map((verb) => verb.name())]);
  const written = table('command').flatMap(([nouns = '', verbs = '']) =>
    nouns
      .split(',')
      .map((noun) => [
        noun.replaceAll('`', '').replace('handoff ', '').trim(),
        verbs === '' ? [] : verbs.split(',').map((verb) => verb.replaceAll('`', '').trim()),
      ]),
  );
  expect(new Map(written as [string, string[]][])).toEqual(new Map(actual as [string, string[]][]));
});

/** Every Markdown file of the repository that is ours. */
async function documents(folder = ROOT): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (['node_modules', '.git', 'data', 'coverage'].includes(entry.name)) continue;
    if (entry.isDirectory()) found.push(...(await documents(path)));
    else if (entry.name.endsWith('.md')) found.push(path);
  }
  return found;
}

test('links and file names in the documents lead to something', async () => {
  const missing: string[] = [];
  let checked = 0;
  for (const document of await documents()) {
    const content = await readFile(document, 'utf8');
    const links = [...content.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)].map(([, link = '']) =>
      join(dirname(document), link),
    );
    const names = [...content.matchAll(/`((?:src|test|docs|demo|scripts)\/[\w./-]+)`/g)].map(([, name = '']) =>
      join(ROOT, name),
    );
    for (const path of [...links, ...names]) {
      checked += 1;
      if (!existsSync(path)) missing.push(`${document.slice(ROOT.length)}: ${path.slice(ROOT.length)}`);
    }
  }
  expect(missing).toEqual([]);
  expect(checked).toBeGreaterThan(40);
});
