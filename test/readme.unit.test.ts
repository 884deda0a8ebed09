// The README and the documents keep their word: settings, commands, links, and the two-minute start as it is written.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProgram } from '../src/cli/program.ts';
import { ENVIRONMENT, parseConfig } from '../src/config.ts';
import { freePort } from './support/ports.ts';

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

/** The first sh block under a heading. */
function shellUnder(heading: string): string {
  const [, block] = /```sh\n([\s\S]*?)```/.exec(readme.slice(readme.indexOf(`## ${heading}`))) ?? [];
  if (block === undefined) throw new Error(`no sh block under ${heading}`);
  return block;
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

test('the table of commands has every noun and verb, and no other', () => {
  const program = createProgram({ serve: async () => undefined, sandbox: async () => undefined });
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

describe('the two-minute start', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'handoff-readme-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function shell(script: string, env: NodeJS.ProcessEnv): Promise<string> {
    const child = spawn('sh', ['-euc', script], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] });
    return text(child.stdout);
  }

  test('works as it is written: npm start, then the command that it prints', { timeout: 60_000 }, async () => {
    const env = { ...process.env, PORT: String(await freePort()), DATABASE_URL: `sqlite:${folder}/handoff.db` };
    // A group of its own, because npm runs the service as a grandchild.
    const service = spawn('sh', ['-euc', shellUnder('Two-minute start')], {
      cwd: ROOT,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      let printed = '';
      for await (const chunk of service.stdout) {
        printed += String(chunk);
        if (printed.includes('Stop with Ctrl-C')) break;
      }
      const [command = ''] = /^curl [\s\S]*?'\}?'?$/m.exec(printed) ?? [];
      const answer = JSON.parse(await shell(command, env)) as { data: { redirect_url: string } };
      const landed = await fetch(answer.data.redirect_url, { redirect: 'manual' });
      expect(landed.status).toBe(303);
      const page = await fetch(new URL(landed.headers.get('location') ?? '', answer.data.redirect_url), {
        headers: { cookie: landed.headers.getSetCookie()[0]?.split(';')[0] ?? '' },
      });
      expect(await page.text()).toContain('Pat Provider');
    } finally {
      if (service.pid !== undefined) process.kill(-service.pid, 'SIGTERM');
    }
  });

  test('the commands for a new partner and clinic work as they are written', { timeout: 60_000 }, async () => {
    const env = { ...process.env, DATABASE_URL: `sqlite:${folder}/new.db` };
    const block = readme.slice(readme.indexOf('A new partner and clinic'));
    const [, script = ''] = /```sh\n([\s\S]*?)```/.exec(block) ?? [];
    const [create_partner = '', create_organization = '', enable = '', create_user = ''] = script
      .replaceAll('\\\n', '')
      .trim()
      .split('\n');
    const partner_id = /ptr_\w+/.exec(await shell(create_partner, env))?.[0] ?? '';
    const organization_id = /org_\w+/.exec(await shell(create_organization, env))?.[0] ?? '';
    const fill = (command: string) =>
      command.replace('<partner_id>', partner_id).replace('<organization_id>', organization_id);
    expect(await shell(fill(enable), env)).toMatch(/organization_secret +hos_/);
    expect(await shell(fill(create_user), env)).toMatch(/user_id +usr_/);
  });
});
