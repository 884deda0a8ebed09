// The package as others get it: built, packed, installed elsewhere, and used on the machine's own Node.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBrowser } from '../browser/browser.ts';
import { LINK } from './stub-api.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'clients/typescript');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** The Node that the machine has, not the one of this repository; a partner's may be as old. */
function machineNode(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const found = folders.map((folder) => join(folder, 'node')).find((file) => existsSync(file));
  return found ?? process.execPath;
}

async function run(command: string, args: string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
  if (child.exitCode !== 0) throw new Error(`${command} ${args[0]} failed:\n${output}${complaints}`);
  return output;
}

let folder: string;
let app: string;
let installed: string;
let packed: string[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-package-'));
  const built = join(folder, 'built');
  await run(process.execPath, [TSC, '--project', SOURCE, '--outDir', join(built, 'dist')], ROOT);
  for (const name of ['package.json', 'README.md', 'LICENSE']) await cp(join(SOURCE, name), join(built, name));
  const listed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], built);
  const [{ filename, files }] = JSON.parse(listed) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)], app);
  installed = join(app, 'node_modules/handoff-client');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('it holds the code, its types, the README and the licence, and nothing else', async () => {
  const sources = (await readdir(join(SOURCE, 'src'))).map((name) => name.replace(/\.ts$/, ''));
  const expected = sources.flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  expect(packed.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json', ...expected].toSorted());
  expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
});

test('it depends on nothing: not on packages, and not on what only Node has', async () => {
  const { version, ...manifest } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object & {
    version: string;
  };
  for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies', 'devDependencies']) {
    expect(manifest).not.toHaveProperty(kind);
  }
  expect(await readdir(join(app, 'node_modules'))).toEqual(['.package-lock.json', 'handoff-client']);
  const code = await Promise.all(
    packed.filter((path) => path.endsWith('.js')).map((path) => readFile(join(installed, path), 'utf8')),
  );
  for (const [, from = ''] of code.join('\n').matchAll(/^(?:import|export) .*from ["'](.*)["'];$/gm)) {
    expect(from).toMatch(/^\.\/[\w-]+\.js$/);
  }
  expect(code.join('\n')).not.toMatch(/\bnode:|\brequire\(|\bimport\(/);
  expect(code.join('\n')).toContain(`handoff-client/${version}`);
});

/** A page of the API that has one answer. */
async function withApi(use: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ success: true, statusCode: 200, data: LINK, requestId: 'req_1' }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const USE = `
import { createHandoffClient, HandoffError } from 'handoff-client';
const [baseUrl] = globalThis.ARGUMENTS ?? process.argv.slice(2);
const handoff = createHandoffClient({
  baseUrl, partnerId: 'p', partnerSecret: 's', organizationId: 'o', organizationSecret: 's',
});
const { expiresIn } = await handoff.createSsoLink({ userId: 'u', redirectPath: '/dashboard' });
const refused = await handoff.attempts.get('..').catch((error) => error);
console.log(JSON.stringify([expiresIn, refused.name, typeof HandoffError]));
`;

test('it works on the machine’s own Node', async () => {
  await writeFile(join(app, 'use.js'), USE);
  await withApi(async (url) => {
    expect(JSON.parse(await run(machineNode(), ['use.js', url], app))).toEqual([300, 'TypeError', 'function']);
  });
});

// What Workers, Deno and Bun have as well, and no more: nothing of Node, and no `crypto`, which Node 18 has not.
const WEB_ONLY = `
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
const { URL, URLSearchParams, Headers, Request, AbortController, setTimeout, clearTimeout, fetch } = globalThis;
const console = { log: (line) => globalThis.console.log(line) };
const web = { URL, URLSearchParams, Headers, Request, AbortController, setTimeout, clearTimeout, fetch, console };
const context = vm.createContext({ ...web, ARGUMENTS: process.argv.slice(2) });
const entry = import.meta.resolve('handoff-client');
const modules = new Map();
function load(url) {
  if (!modules.has(url)) modules.set(url, new vm.SourceTextModule(readFileSync(new URL(url), 'utf8'), { identifier: url, context }));
  return modules.get(url);
}
const use = load(import.meta.resolve('./use.js'));
await use.link((from, { identifier }) => load(from === 'handoff-client' ? entry : new URL(from, identifier).href));
await use.evaluate();
`;

test('it works with nothing but what the web has', async () => {
  await writeFile(join(app, 'use.js'), USE);
  await writeFile(join(app, 'web-only.js'), WEB_ONLY);
  await withApi(async (url) => {
    const args = ['--experimental-vm-modules', '--no-warnings', 'web-only.js', url];
    expect(JSON.parse(await run(process.execPath, args, app))).toEqual([300, 'TypeError', 'function']);
  });
});

const REFUSED = `
import { createHandoffClient } from '/dist/handoff-client.js';
const options = { baseUrl: 'https://api.example.com', partnerId: 'p', partnerSecret: 's', organizationId: 'o', organizationSecret: 's' };
let said = 'a client';
try { createHandoffClient(options); } catch (error) { said = error.message; }
(typeof document === 'undefined' ? postMessage : show)(said);
`;
const PAGE = `<!doctype html><script>
const told = [];
const show = (said) => { told.push(said); if (told.length === 2) document.title = JSON.stringify(told); };
new Worker('/refused.js', { type: 'module' }).onmessage = ({ data }) => show(data);
</script><script type="module" src="/refused.js"></script>`;

test('a page of a real browser and its worker get no client', { timeout: 60_000 }, async () => {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    await page.route('https://practice.example/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: PAGE });
      const body = pathname === '/refused.js' ? REFUSED : await readFile(join(installed, pathname), 'utf8');
      return route.fulfill({ contentType: 'text/javascript', body });
    });
    await page.goto('https://practice.example/');
    await page.waitForFunction('document.title !== ""');
    const told = JSON.parse(await page.title()) as string[];
    expect(told).toEqual([expect.stringMatching(/servers only/), expect.stringMatching(/servers only/)]);
  } finally {
    await browser.close();
  }
});

const WRONG = `
import type { HandoffClient } from 'handoff-client';
export async function wrong(handoff: HandoffClient) {
  // @ts-expect-error -- nobody to sign on
  await handoff.createSsoLink({ redirectPath: '/dashboard' });
  // @ts-expect-error -- two at once
  await handoff.createSsoLink({ redirectPath: '/dashboard', userId: 'a', partnerUserId: 'b' });
  // @ts-expect-error -- no such role
  await handoff.users.replaceRoles('a', ['owner']);
  // @ts-expect-error -- no family name
  await handoff.users.create({ given_name: 'Kim', email: 'kim@clinic.example' });
  // @ts-expect-error -- no such outcome
  await handoff.attempts.list({ outcome: 'lost' });
  // @ts-expect-error -- a link is not changed
  (await handoff.createSsoLink({ redirectPath: '/', userId: 'a' })).redirectUrl = '';
}
`;

test('its types accept the code in its README, and refuse what is wrong', { timeout: 60_000 }, async () => {
  const readme = await readFile(join(SOURCE, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(2);
  for (const [index, block] of blocks.entries()) await writeFile(join(app, `readme-${index}.ts`), block);
  await writeFile(join(app, 'wrong.ts'), WRONG);
  // A server's project: Node's types and no browser's.
  await symlink(join(ROOT, 'node_modules/@types'), join(app, 'node_modules/@types'));
  const options = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    types: ['node'],
    lib: ['es2022'],
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  expect(await run(process.execPath, [TSC, '--project', app], app)).toBe('');
});
