// What the README tells a newcomer to do, done as it is written: the two-minute start, the five-minute button, the first
// partner and clinic.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { workAs } from './demo/practice.ts';
import { blocksOf, ownPath, shell, start } from './support/follow.ts';
import { freePort } from './support/ports.ts';

const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8');
const blocksAfter = (place: string, language: string) => blocksOf('README.md', language, place);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-readme-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Opens a link as a browser does, and reads the page it leads to. */
async function land(redirect_url: string): Promise<string> {
  const landed = await fetch(redirect_url, { redirect: 'manual' });
  expect(landed.status).toBe(303);
  const page = await fetch(new URL(landed.headers.get('location') ?? '', redirect_url), {
    headers: { cookie: landed.headers.getSetCookie()[0]?.split(';')[0] ?? '' },
  });
  return page.text();
}

describe('in the sandbox', () => {
  let practice: { url: string };
  let end: () => Promise<void>;
  beforeAll(async () => {
    const DEMO_PORT = String(await freePort());
    const DATABASE_URL = `sqlite:${folder}/data/handoff.db`;
    const env = { ...process.env, PORT: String(await freePort()), DEMO_PORT, DATABASE_URL };
    const [command = ''] = await blocksAfter('## Two-minute start', 'sh');
    const started = await start(command, { env, until: 'Stop with Ctrl-C' });
    end = started.end;
    practice = { url: /http:\/\/127\.0\.0\.1:\d+/.exec(started.printed)?.[0] ?? '' };
  });
  afterAll(() => end());

  test('the two-minute start leads by the clicks that it names to a signed-in patient’s page', async () => {
    const [, person, patient, button] = /"(\w+ \w+)"[\s\S]*?"(\w+ \w+)"[\s\S]*?"(\w+)"/.exec(
      readme.slice(readme.indexOf('1. Choose whom')),
    ) as RegExpExecArray;
    const door = await (await fetch(practice.url)).text();
    const [, person_id = ''] = new RegExp(`value="(\\w+)"(?:(?!</button>).)*${person}`).exec(door) ?? [];
    const cookie = await workAs(practice, person_id);
    const read = async (path: string) => (await fetch(practice.url + path, { headers: { cookie } })).text();
    const [, path = ''] = new RegExp(`href="([^"]+)">${patient}<`).exec(await read('/patients')) ?? [];
    const [, action = ''] = new RegExp(`action="([^"]+)" target="_blank".*${button}`).exec(await read(path)) ?? [];
    const headers = { cookie };
    const pressed = await fetch(practice.url + action, { method: 'POST', headers, redirect: 'manual' });
    const page = await land(pressed.headers.get('location') ?? '');
    for (const words of [person, patient]) expect(page).toContain(words);
  });

  test(
    'the button in five minutes works as it is written, on whatever Node the machine has',
    { timeout: 120_000 },
    async () => {
      const port = String(await freePort());
      // The commands are for this folder and one beside it; here these are folders of the test's own.
      const own = (script: string) =>
        script.replaceAll(/\.\.(?=[/\s])/g, folder).replaceAll('./data/', `${folder}/data/`);
      const PATH = ownPath();
      const [credentials = '', install = '', run = ''] = (await blocksAfter('### A "Prescribe" button', 'sh')).map(own);
      await shell(install, { env: { ...process.env, npm_config_loglevel: 'error' } });
      const [server = ''] = await blocksAfter('### A "Prescribe" button', 'js');
      await writeFile(join(folder, 'prescribe', 'server.mjs'), server);
      const listening = `${credentials}\n${run.trim()} & until curl -s -o ${folder}/page.html http://127.0.0.1:${port}/; do sleep 0.2; done; echo listening; wait`;
      const own_practice = await start(listening, {
        cwd: join(folder, 'prescribe'),
        env: { PATH, PORT: port },
        until: 'listening',
      });
      try {
        expect(await readFile(join(folder, 'page.html'), 'utf8')).toContain('<button>Prescribe</button>');
        const pressed = await fetch(`http://127.0.0.1:${port}/prescribe`, { method: 'POST', redirect: 'manual' });
        expect(pressed.status).toBe(303);
        const page = await land(pressed.headers.get('location') ?? '');
        expect(page).toContain('Pat Provider');
        expect(page).toContain('<title>Prescriptions');
      } finally {
        await own_practice.end();
      }
    },
  );
});

test('the commands for a new partner and clinic work as they are written', { timeout: 60_000 }, async () => {
  const env = { ...process.env, DATABASE_URL: `sqlite:${folder}/new.db` };
  const [script = ''] = await blocksAfter('A new partner and clinic', 'sh');
  const [create_partner = '', create_organization = '', enable = '', create_user = ''] = script
    .replaceAll('\\\n', '')
    .trim()
    .split('\n');
  const partner_id = /ptr_\w+/.exec(await shell(create_partner, { env }))?.[0] ?? '';
  const organization_id = /org_\w+/.exec(await shell(create_organization, { env }))?.[0] ?? '';
  const fill = (command: string) =>
    command.replace('<partner_id>', partner_id).replace('<organization_id>', organization_id);
  expect(await shell(fill(enable), { env })).toMatch(/organization_secret +hos_/);
  expect(await shell(fill(create_user), { env })).toMatch(/user_id +usr_/);
});
