// handoff-embed as others get it: built, packed, installed; its size, its integrity, its types, and its README's code.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBrowser } from '../browser/browser.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SOURCE = join(ROOT, 'clients/embed');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const SCRIPTS = ['handoff-embed.js', 'handoff-embed.global.js', 'react.js'];

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
let printed: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'handoff-embed-package-'));
  const built = join(folder, 'built');
  printed = await run(process.execPath, [join(SOURCE, 'build.mjs'), join(built, 'dist')], ROOT);
  for (const name of ['package.json', 'README.md', 'LICENSE']) await cp(join(SOURCE, name), join(built, name));
  const listed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], built);
  const [{ filename, files }] = JSON.parse(listed) as [{ filename: string; files: { path: string }[] }];
  packed = files.map(({ path }) => path);
  app = join(folder, 'app');
  await mkdir(app);
  await writeFile(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, filename)], app);
  installed = join(app, 'node_modules/handoff-embed');
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const script = (name: string): Promise<Buffer> => readFile(join(installed, 'dist', name));

test('it holds the scripts, their types, the README and the licence, and nothing else', async () => {
  const sources = (await readdir(join(SOURCE, 'src'))).map((name) => name.replace(/\.(js|ts)$/, ''));
  const expected = [
    ...sources.map((name) => `dist/${name}.d.ts`),
    ...SCRIPTS.flatMap((name) => [`dist/${name}`, `dist/${name}.map`]),
    'LICENSE',
    'README.md',
    'package.json',
    'dist/integrity.json',
  ];
  expect(packed.toSorted()).toEqual(expected.toSorted());
  expect(await readFile(join(installed, 'LICENSE'), 'utf8')).toBe(await readFile(join(ROOT, 'LICENSE'), 'utf8'));
});

test('it depends on nothing; only the component imports, React and the package itself', async () => {
  const manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as object;
  for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
    expect(manifest).not.toHaveProperty(kind);
  expect(manifest).toMatchObject({
    peerDependencies: { react: '>=18' },
    peerDependenciesMeta: { react: { optional: true } },
  });
  expect(await readdir(join(app, 'node_modules'))).toEqual(['.package-lock.json', 'handoff-embed']);
  const imports = await Promise.all(
    SCRIPTS.map(async (name) =>
      [...(await script(name)).toString().matchAll(/\bfrom"([^"]+)"/g)].map(([, from]) => from),
    ),
  );
  expect(imports).toEqual([[], [], ['react', './handoff-embed.js']]);
  // Next.js and the like must know that it belongs into the browser.
  expect((await script('react.js')).toString()).toMatch(/^\/\*![^\n]*\*\/\n"use client";/);
});

test('it is small', async () => {
  for (const name of SCRIPTS) expect(gzipSync(await script(name)).length, name).toBeLessThan(5400);
});

test('it needs nothing that a strict policy forbids', async () => {
  for (const name of SCRIPTS) {
    expect((await script(name)).toString()).not.toMatch(
      /\beval\(|new Function|setAttribute\("style"|innerHTML|createElement\("style"|console\./,
    );
  }
});

describe('the integrity', () => {
  test('that is printed and written is that of the scripts', async () => {
    const written = JSON.parse(await readFile(join(installed, 'dist/integrity.json'), 'utf8')) as Record<
      string,
      string
    >;
    expect(Object.keys(written)).toEqual(SCRIPTS);
    for (const name of SCRIPTS) {
      const integrity = `sha384-${createHash('sha384')
        .update(await script(name))
        .digest('base64')}`;
      expect(written[name]).toBe(integrity);
      expect(printed).toContain(`${name}\n`);
      expect(printed).toContain(integrity);
    }
  });

  test('is that of every build', async () => {
    const again = join(folder, 'again');
    expect(await run(process.execPath, [join(SOURCE, 'build.mjs'), again], ROOT)).toBe(printed);
    expect(await readFile(join(again, 'handoff-embed.js'))).toEqual(await script('handoff-embed.js'));
  }, 60_000);

  /** What the global is on a page that loads the classic script with an integrity, from another origin, under a strict policy. */
  async function globalWith(page: Page, integrity: string): Promise<unknown> {
    const body = `<!doctype html><script src="https://scripts.example/handoff-embed.global.js" integrity="${integrity}"
      crossorigin="anonymous" defer></script><div id="pane"></div>`;
    await page.route('https://practice.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        headers: { 'content-security-policy': "default-src 'none'; script-src https://scripts.example" },
        body,
      }),
    );
    await page.route('https://scripts.example/**', async (route) =>
      route.fulfill({
        contentType: 'text/javascript',
        headers: { 'access-control-allow-origin': '*' },
        body: await script('handoff-embed.global.js'),
      }),
    );
    await page.goto('https://practice.example/');
    return page.evaluate(`typeof HandoffEmbed === 'undefined' ? 'none' : Object.keys(HandoffEmbed)`);
  }

  test('lets a browser load the classic script, and not another one', { timeout: 60_000 }, async () => {
    const browser: Browser = await startBrowser();
    try {
      const { 'handoff-embed.global.js': integrity = '', 'react.js': wrong = '' } = JSON.parse(
        await readFile(join(installed, 'dist/integrity.json'), 'utf8'),
      ) as Record<string, string>;
      expect(await globalWith(await browser.newPage(), integrity)).toEqual(['mount', 'HandoffEmbedError']);
      expect(await globalWith(await browser.newPage(), wrong)).toBe('none');
    } finally {
      await browser.close();
    }
  });
});

test('it can be imported on a server, and does nothing there', async () => {
  await writeFile(
    join(app, 'use.js'),
    `import { HandoffEmbedError, mount } from 'handoff-embed';
    const code = new HandoffEmbedError('no-answer', 'a').code;
    console.log(JSON.stringify([code, typeof mount, Object.keys(await import('handoff-embed/integrity.json', { with: { type: 'json' } }).then((m) => m.default)).length]));`,
  );
  expect(JSON.parse(await run(process.execPath, ['use.js'], app))).toEqual(['no-answer', 'function', 3]);
});

const RIGHT = `
import { type GetLink, type HandoffEmbed, HandoffEmbedError, type HandoffEmbedErrorCode, type HandoffEmbedEvents, type MountOptions, mount, type PanelTexts } from 'handoff-embed';
const getLink: GetLink = async ({ target, reason, signal }) => (await fetch('/' + target + reason, { signal })).text();
const options: MountOptions = { getLink, title: undefined, texts: { lang: 'de' } };
const embed: HandoffEmbed = mount(document.body, options);
const leave: () => void = embed.on('signed-in', ({ session, expires_at }) => { const known: 'cookie' | 'bearer' = session; console.log(known, expires_at.length); });
embed.on('error', (error) => { const code: HandoffEmbedErrorCode = error.code; if (error instanceof HandoffEmbedError) console.log(code); });
embed.on('resize', ({ height }: HandoffEmbedEvents['resize']) => { embed.iframe.style.height = height + 'px'; });
const texts: Partial<PanelTexts> = { openTab: 'In neuem Tab' };
export const opened: Promise<boolean> = embed.openInTab();
export { leave, texts };
`;
const WRONG = `
import { mount } from 'handoff-embed';
// @ts-expect-error -- no getLink
mount(document.body, {});
const embed = mount(document.body, { getLink: () => '' });
// @ts-expect-error -- no such event
embed.on('signed_in', () => {});
// @ts-expect-error -- an error has a code, not a slug
embed.on('error', ({ slug }) => slug);
// @ts-expect-error -- a link is a text
mount(document.body, { getLink: () => new URL('https://portal.example') });
// @ts-expect-error -- no such text
mount(document.body, { getLink: () => '', texts: { retry: 'a' } });
`;
const GLOBAL = `
import 'handoff-embed/global';
export const embed = HandoffEmbed.mount(document.body, { getLink: () => '' });
export const is = (error: unknown) => error instanceof HandoffEmbed.HandoffEmbedError;
`;
const REACT = `
import { createRef } from 'react';
import { HandoffEmbed, type HandoffEmbedHandle, type HandoffEmbedProps } from 'handoff-embed/react';
const handle = createRef<HandoffEmbedHandle>();
const props: HandoffEmbedProps = { getLink: () => '', onResize: ({ height }) => height };
export const element = <HandoffEmbed {...props} ref={handle} title={undefined} />;
export const frame: HTMLIFrameElement | null | undefined = handle.current?.iframe;
// @ts-expect-error -- no getLink
export const wrong = <HandoffEmbed title="Prescribing" />;
`;

test('its types accept the code in its README, and refuse what is wrong', { timeout: 60_000 }, async () => {
  const readme = await readFile(join(SOURCE, 'README.md'), 'utf8');
  const [html = ''] = [...readme.matchAll(/<script type="module">\n([\s\S]*?)<\/script>/g)].map(
    ([, block = '']) => block,
  );
  const [texts = ''] = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const [tsx = ''] = [...readme.matchAll(/```tsx\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  const start = html
    .replace('/vendor/handoff-embed.js', 'handoff-embed')
    .replace("getElementById('prescribing')", 'body');
  const element = `import { mount } from 'handoff-embed';\nconst element = document.body;\nconst getLink = () => '';\n`;
  const files = { 'right.ts': RIGHT, 'wrong.ts': WRONG, 'global.ts': GLOBAL, 'react.tsx': REACT };
  const from_readme = { 'start.ts': start, 'texts.ts': element + texts, 'readme.tsx': tsx };
  for (const [name, code] of Object.entries({ ...files, ...from_readme })) {
    expect(code.length, name).toBeGreaterThan(100);
    await writeFile(join(app, name), code);
  }
  for (const name of ['react', '@types'])
    await symlink(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  const common = {
    target: 'es2022',
    lib: ['es2022', 'dom'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  };
  // @types/react is written for skipLibCheck; without it this package's own types are looked at.
  const checks = [
    { include: ['*.ts'], compilerOptions: { ...common, module: 'nodenext', types: [] } },
    {
      include: ['*.tsx'],
      compilerOptions: {
        ...common,
        module: 'esnext',
        moduleResolution: 'bundler',
        jsx: 'react-jsx',
        types: [],
        skipLibCheck: true,
      },
    },
  ];
  for (const check of checks) {
    await writeFile(join(app, 'tsconfig.json'), JSON.stringify(check));
    expect(await run(process.execPath, [TSC, '--project', app], app)).toBe('');
  }
});
