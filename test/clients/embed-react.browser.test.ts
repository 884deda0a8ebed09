// <HandoffEmbed> in a real browser, with React's own StrictMode, and on a server.

import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { createElement, type ComponentType } from 'react';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { hideAddresses, startBrowser } from '../browser/browser.ts';
import { answering, expectSoon, inPractice, linkTo, type Practice, startWorld, type World } from './embed-world.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMPONENT = fileURLToPath(new URL('../../clients/embed/src/react.js', import.meta.url));

// render({ … }) renders with these props, in StrictMode. What happens is in \`told\`, with the name of the props that were told.
const APP = `
import { createElement, createRef, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { HandoffEmbed } from ${JSON.stringify(COMPONENT)};
const root = createRoot(document.getElementById('pane'));
const handle = createRef();
const told = [];
const asked = [];
const HANDLERS = { onReady: 'ready', onSignedIn: 'signed-in', onExpired: 'expired', onError: 'error', onResize: 'resize', onNavigate: 'navigate' };
const render = ({ name, key, ...props }) => {
  const getLink = async ({ target, reason, signal }) => {
    asked.push({ name, target, reason });
    return (await fetch('/link/' + target, { signal })).text();
  };
  const handlers = Object.fromEntries(Object.entries(HANDLERS).map(([on, type]) =>
    [on, ({ code, height, path, session }) => told.push([name, type, code ?? height ?? path ?? session].filter(Boolean).join(' '))]));
  const element = createElement(HandoffEmbed, { key, ref: handle, getLink, texts: { lang: 'en' }, ...handlers, ...props });
  root.render(createElement(StrictMode, null, element));
};
Object.assign(globalThis, { render, root, handle, told, asked });
document.documentElement.dataset.loaded = 'yes';
`;
const PAGE = `<!doctype html><html lang="en"><title>Sample practice</title><script type="module" src="/app.js"></script><div id="pane"></div>`;

let browser: Browser;
let world: World;
beforeAll(async () => {
  browser = await startBrowser();
  world = await startWorld();
  const { outputFiles } = await build({
    stdin: { contents: APP, resolveDir: ROOT },
    bundle: true,
    format: 'esm',
    write: false,
    define: { 'process.env.NODE_ENV': '"development"' },
    // React's own word to developers about their tools.
    drop: ['console'],
  });
  world.files.set('/app.js', { type: 'text/javascript', body: outputFiles.map(({ text }) => text).join('') });
  world.files.set('/react', { type: 'text/html', body: PAGE });
});
afterAll(async () => {
  await browser.close();
  await world.close();
});
beforeEach(() => {
  world.links.frame = linkTo(world.portal, answering({ type: 'ready' }));
});
afterEach(hideAddresses);

const inApp = (act: (page: Practice) => Promise<void>) => inPractice({ browser, world, path: '/react' }, act);
const told = (page: Practice) => page.run<string[]>('return told');
const render = (page: Practice, props: object) => page.run(`render(${JSON.stringify(props)})`);

test('asks for one link and shows one frame, though StrictMode mounts it twice', async () => {
  await inApp(async (page) => {
    await render(page, { name: 'first', title: 'Prescribing', className: 'pane', style: { height: 200 } });
    await expectSoon(() => told(page)).toEqual(['first ready']);
    expect(await page.run('return asked')).toEqual([{ name: 'first', target: 'frame', reason: 'mount' }]);
    expect(await page.page.locator('iframe').count()).toBe(1);
    const host = page.page.locator('#pane > div');
    expect(await host.getAttribute('class')).toBe('pane');
    expect(await host.boundingBox()).toMatchObject({ height: 200 });
    expect(await page.page.locator('iframe').getAttribute('title')).toBe('Prescribing');
  });
});

test('goes on with the same frame when props change, and uses the newest functions and title', async () => {
  await inApp(async (page) => {
    await render(page, { name: 'first', title: 'Prescribing' });
    await expectSoon(() => told(page)).toEqual(['first ready']);
    await page.run(`globalThis.iframe = document.querySelector('iframe')`);
    await render(page, { name: 'second', title: 'Prescriptions', style: { height: 250 }, texts: { lang: 'de' } });
    await expectSoon(() => page.page.locator('iframe').getAttribute('title')).toBe('Prescriptions');
    expect(await page.run(`return iframe === document.querySelector('iframe')`)).toBe(true);
    const signed_in = { type: 'signed-in', session: 'bearer', expires_at: 'a', idle_expires_at: 'b' };
    const problem = { type: 'error', problem: 'session-required', message: '' };
    for (const message of [
      signed_in,
      { type: 'resize', height: 7 },
      { type: 'navigate', path: '/embed/a' },
      { type: 'expired' },
      problem,
      { type: 'link-needed', request_id: 'a', target: 'frame', reason: 'renewal' },
    ]) {
      await page.say(message);
    }
    await expectSoon(() => told(page)).toEqual([
      'first ready',
      'second signed-in bearer',
      'second resize 7',
      'second navigate /embed/a',
      'second expired',
      'second error session-required',
    ]);
    await expectSoon(() => page.heard('link')).toHaveLength(1);
    expect(await page.run('return asked.map(({ name, reason }) => name + " " + reason)')).toEqual([
      'first mount',
      'second renewal',
    ]);
  });
});

test('begins afresh with another key, and ends when it is unmounted', async () => {
  await inApp(async (page) => {
    await render(page, { name: 'first', key: 'patient-1' });
    await expectSoon(() => told(page)).toEqual(['first ready']);
    await page.run(`globalThis.iframe = document.querySelector('iframe')`);
    await render(page, { name: 'second', key: 'patient-2' });
    await expectSoon(() => told(page)).toEqual(['first ready', 'second ready']);
    expect(await page.run('return [iframe.isConnected, document.querySelectorAll("iframe").length]')).toEqual([
      false,
      1,
    ]);
    await page.run('root.unmount()');
    await expectSoon(() => page.run('return document.getElementById("pane").childElementCount')).toBe(0);
    expect(await page.run('return handle.current')).toBe(null);
    expect(await told(page)).toEqual(['first ready', 'second ready']);
  });
});

test('its ref has the frame, renew and openInTab', async () => {
  await inApp(async (page) => {
    await render(page, { name: 'first' });
    await expectSoon(() => told(page)).toEqual(['first ready']);
    expect(await page.run(`return handle.current.iframe === document.querySelector('iframe')`)).toBe(true);
    await page.say({ type: 'expired' });
    await expectSoon(() => told(page)).toEqual(['first ready', 'first expired']);
    await page.run('handle.current.renew()');
    await expectSoon(() => told(page)).toEqual(['first ready', 'first expired', 'first ready']);
    world.links.tab = linkTo(world.portal, '/embed/not-for-tabs');
    expect(await page.run('return handle.current.openInTab()')).toBe(false);
    expect((await told(page)).at(-1)).toMatch(/^first error (bad-link|tab-blocked)$/);
  });
});

test('can be rendered on a server, where it is an empty element', async () => {
  // Loaded as it runs, because the types of a browser are not those of the tests.
  const { HandoffEmbed } = (await import(pathToFileURL(COMPONENT).href)) as {
    HandoffEmbed: ComponentType<Record<string, unknown>>;
  };
  const { renderToString } = (await import(import.meta.resolve('react-dom/server'))) as {
    renderToString: (element: object) => string;
  };
  const getLink = () => expect.unreachable('nobody asks for a link on a server');
  expect(renderToString(createElement(HandoffEmbed, { getLink, className: 'pane' }))).toBe('<div class="pane"></div>');
});
