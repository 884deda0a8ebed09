// How bin/handoff.mjs starts a process: what it keeps of the code that Node has compiled, where and for whom, and what Node is told.

import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Environment, type Result, runProcess, startProcess } from './cli/operator.ts';
import { freePort } from './support/ports.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

let folder: string;
let kept: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-compiled-'));
  kept = join(folder, 'node_modules/.cache/handoff');
  await cp(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  await symlink(join(ROOT, 'src'), join(folder, 'src'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

// Says at its end whether Node has needed what strips types.
const SAYS_STRIPPED = `data:text/javascript,process.on('exit',()=>console.log('stripped',process.moduleLoadList.some(name=>/amaro/.test(name))))`;

/** Of the copy in `folder`, without the folder that tests otherwise name. */
function options(environment: Environment = {}) {
  return { main: join(folder, 'bin/handoff.mjs'), environment: { NODE_COMPILE_CACHE: '', ...environment } };
}

async function help(environment?: Environment): Promise<Result> {
  const { main, environment: settings } = options(environment);
  return runProcess(['--help'], { NODE_OPTIONS: `--import "${SAYS_STRIPPED}"`, ...settings }, { main });
}

async function filesIn(place: string): Promise<string[]> {
  return readdir(place, { recursive: true }).catch(() => []);
}

function expectHelp({ code, stdout, stderr }: Result): void {
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('Usage: handoff');
}

test('what a first start compiles and strips of types, the second finds', async () => {
  const first = await help();
  expectHelp(first);
  expect(first.stdout).toContain('stripped true');
  expect((await filesIn(kept)).length).toBeGreaterThan(10);

  const second = await help();
  expectHelp(second);
  expect(second.stdout).toContain('stripped false');
});

test('nobody else may write what will be run', async () => {
  expectHelp(await help());
  for (const place of [kept, ...(await filesIn(kept)).map((name) => join(kept, name))])
    expect((await stat(place)).mode & 0o077, place).toBe(0);
});

test('where the folder cannot be made, all is well without it', async () => {
  await writeFile(join(folder, 'node_modules'), 'a file');
  expectHelp(await help());
  const second = await help();
  expectHelp(second);
  expect(second.stdout).toContain('stripped true');
});

test('NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are the operator’s to set', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  expectHelp(await help({ NODE_COMPILE_CACHE: elsewhere }));
  expect((await filesIn(elsewhere)).length).toBeGreaterThan(10);
  expectHelp(await help({ NODE_DISABLE_COMPILE_CACHE: '1' }));
  expect(await filesIn(kept)).toEqual([]);
});

test('a server that is killed has kept it while it ran', async () => {
  const { main, environment } = options({
    PORT: String(await freePort()),
    DATABASE_URL: `sqlite:${join(folder, 'handoff.db')}`,
    API_URL: 'http://localhost',
    PORTAL_URL: 'http://localhost',
    MASTER_KEY: Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64'),
  });
  const server = startProcess(['serve'], environment, { main });
  const exit = once(server, 'exit');
  try {
    await expect.poll(async () => (await filesIn(kept)).length).toBeGreaterThan(100);
  } finally {
    server.kill('SIGKILL');
  }
  expect(await exit).toEqual([null, 'SIGKILL']);
});

test('where packages are links, Node must not be told to stay off them', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await mkdir(elsewhere);
  await mkdir(join(folder, 'node_modules'));
  await symlink(elsewhere, join(folder, 'node_modules/hono'));
  const { main, environment } = options();
  const told = await runProcess([main, '--help'], environment, { main: '--preserve-symlinks' });
  expect(told.code).toBe(1);
  expect(told.stderr).toMatch(/^error: .+ start with: node bin\/handoff\.mjs\n$/);
  expectHelp(await help());
});

test('npm run serve tells Node what the command itself does', async () => {
  const [shebang = ''] = (await readFile(join(ROOT, 'bin/handoff.mjs'), 'utf8')).split('\n');
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: { serve: string } };
  const [, node] = /^#!\/usr\/bin\/env -S (node .+)$/.exec(shebang) ?? [];
  expect(scripts.serve).toBe(`${node} bin/handoff.mjs serve`);
});
