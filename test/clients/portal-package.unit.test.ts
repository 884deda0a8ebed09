// handoff-portal as others get it: built, packed, and used on the machine's own Node; and the code in its README.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'clients/portal');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/** The Node that the machine has, not the one of this repository; a portal's may be as old. */
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
  folder = await mkdtemp(join(tmpdir(), 'handoff-portal-package-'));
  const built = join(folder, 'built');
  const dist = ['--outDir', join(built, 'dist')];
  await run(process.execPath, [TSC, '--project', SOURCE, ...dist], ROOT);
  await run(process.execPath, [TSC, '--project', join(SOURCE, 'src/browser'), ...dist], ROOT);
  for (const name of ['package.json', 'README.md', 'LICENSE']) await cp(join(SOURCE, name), join(built, name));
  const listed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], built);
  const [{ filename, files }] = JSON.parse(listed) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  app = join(folder, 'app');
  installed = join(app, 'node_modules/handoff-portal');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, filename), '-C', installed, '--strip-components=1'], folder);
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  // What a portal has besides; npm would fetch it.
  for (const name of ['jose', 'hono', 'express', 'fastify', '@types']) {
    await symlink(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

test('it holds the code, its types, the README and the licence, and nothing else', async () => {
  const modulesIn = async (path: string) =>
    (await readdir(join(SOURCE, path))).filter((name) => /\.(ts|js)$/.test(name));
  const server = (await modulesIn('src')).map((name) => name.replace(/\.ts$/, ''));
  const browser = (await modulesIn('src/browser')).map((name) => `browser/${name.replace(/\.js$/, '')}`);
  const expected = [...server, ...browser].flatMap((name) => [`dist/${name}.d.ts`, `dist/${name}.js`]);
  expect(packed.toSorted()).toEqual(['LICENSE', 'README.md', 'package.json', ...expected].toSorted());
  expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
});

test('it needs jose and nothing else when it runs, and nothing at all in the browser', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Record<string, object>;
  expect(Object.keys(manifest['dependencies'] ?? {})).toEqual(['jose']);
  const meta = manifest['peerDependenciesMeta'] ?? {};
  expect(meta).toEqual({ express: { optional: true }, fastify: { optional: true }, hono: { optional: true } });
  const from = async (path: string) => {
    const code = await readFile(join(installed, path), 'utf8');
    return [...code.matchAll(/^(?:import|export) (?:[^;]*? )?from ["'](.*)["'];$/gm)].map(([, name = '']) => name);
  };
  for (const path of packed.filter((name) => name.endsWith('.js'))) {
    const outside = (await from(path)).filter((name) => !/^\.\/[\w-]+\.js$/.test(name));
    expect([path, outside.filter((name) => name !== 'jose' || path.includes('/browser/'))]).toEqual([path, []]);
    expect(await readFile(join(installed, path), 'utf8')).not.toMatch(/\bnode:|\brequire\(|\bimport\(/);
  }
});

const USE = `
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createPortal, HandoffAwayError, protect } from 'handoff-portal';
const handoff = createServer((request, response) => {
  response.writeHead(401, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ type: 'https://api.example.com/errors/session-expired' }));
}).listen(0, '127.0.0.1');
await once(handoff, 'listening');
const portal = createPortal({ check: 'ask', handoffUrl: 'http://127.0.0.1:' + handoff.address().port });
const request = new Request('https://portal.example/', { headers: { cookie: '__Host-handoff=ses_1.a' } });
const { reason } = await portal.identify(request);
const { refused } = await protect(portal, request);
handoff.close();
handoff.closeAllConnections();
const away = createPortal({ check: 'ask', handoffUrl: 'http://127.0.0.1:1' });
const error = await away.identify(request).catch((caught) => caught);
console.log(JSON.stringify([reason, refused.status, error instanceof HandoffAwayError, error.code]));
for (const name of ['hono', 'express', 'fastify']) {
  const kit = await import('handoff-portal/' + name);
  if (typeof kit.guard(portal) !== 'function') throw new Error(name);
}
`;

test('it works on the machine’s own Node', async () => {
  await writeFile(join(app, 'use.js'), USE);
  const said = await run(machineNode(), ['use.js'], app);
  expect(JSON.parse(said)).toEqual(['session-expired', 401, true, 'connection-failed']);
});

const WRONG = `
import { createPortal, type Portal } from 'handoff-portal';
import { guard } from 'handoff-portal/hono';
import { connect } from 'handoff-portal/browser';
import { Hono } from 'hono';
// @ts-expect-error -- where is Handoff?
createPortal({ check: 'ask' });
// @ts-expect-error -- who signs?
createPortal({ check: 'offline', portalUrl: 'https://portal.example' });
// @ts-expect-error -- no such check
createPortal({ check: 'guess', handoffUrl: 'https://portal.example' });
export async function wrong(portal: Portal) {
  const { signedIn } = await portal.identify({ headers: {}, path: '/' });
  // @ts-expect-error -- perhaps nobody
  signedIn.userId;
  // @ts-expect-error -- perhaps nobody
  new Hono().get('/', guard(portal, { required: false }), (c) => c.text(c.get('signedIn').userId));
  new Hono().get('/', guard(portal), (c) => c.text(c.get('signedIn').userId));
  const handoff = connect({ onError: (error) => error.problem });
  // @ts-expect-error -- there is no such thing to reach
  handoff.bearer;
  return (await handoff.signedIn()).user.given_name;
}
`;

test('its types accept the code in its README, and refuse what is wrong', { timeout: 120_000 }, async () => {
  const readme = await readFile(join(SOURCE, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  expect(blocks.length).toBeGreaterThan(5);
  for (const [index, block] of blocks.entries()) await writeFile(join(app, `readme-${index}.ts`), block);
  const [script = ''] = /(?<=```js\n)[\s\S]*?(?=```)/.exec(readme) ?? [];
  await writeFile(join(app, 'page.ts'), `declare function show(data: unknown): void;\n${script}`);
  await writeFile(join(app, 'wrong.ts'), WRONG);
  const options = {
    module: 'nodenext',
    target: 'es2022',
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    lib: ['es2022', 'dom'],
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
  expect(await run(process.execPath, [TSC, '--project', app], app)).toBe('');
});
