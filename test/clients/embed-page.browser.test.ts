// handoff-embed and the partner's page, in a real browser: mounting, what is shown when it does not work, the new tab, the end.

import axe, { type AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hideAddresses, openedBy, startBrowser } from '../browser/browser.ts';
import {
  answering,
  expectSoon,
  inPractice,
  landOnPath,
  linkTo,
  type Practice,
  startWorld,
  type World,
} from './embed-world.ts';

let browser: Browser;
let world: World;
beforeAll(async () => {
  browser = await startBrowser();
  world = await startWorld();
});
afterAll(async () => {
  await browser.close();
  await world.close();
});
beforeEach(() => {
  world.visits.length = 0;
  world.land = landOnPath;
  world.links.frame = linkTo(world.portal, answering({ type: 'ready' }));
  world.links.tab = linkTo(world.portal, '/dashboard/sample');
});
afterEach(hideAddresses);

const practice = (act: (practice: Practice) => Promise<void>, options: BrowserContextOptions = {}) =>
  inPractice({ browser, world }, act, options);

const codes = async (page: Practice) => (await page.events()).map(({ type, code }) => code ?? type);
const button = (page: Practice, name: string) => page.page.locator('#pane').getByRole('button', { name });
const openTab = (page: Practice) => button(page, 'Open in a new tab');
const tryAgain = (page: Practice) => button(page, 'Try again');
const SIGNED_OUT = `Object.assign(new Error('no'), { reason: 'signed-out' })`;

/** Mounts, and waits in vain for an answer. */
async function expectNoAnswer(page: Practice, options: Record<string, unknown> = {}): Promise<void> {
  await page.start('pane', options);
  await page.page.locator('#pane iframe').waitFor();
  // Until it has loaded, and from then on.
  await expectSoon(async () => {
    await page.pass(10_000);
    return codes(page);
  }).toEqual(['no-answer']);
}

const panelStyle = (page: Practice) =>
  page.run<{ background: string; color: string; size: string }>(`
    const { shadowRoot } = document.querySelector('#pane > div');
    const { color, fontSize: size } = getComputedStyle(shadowRoot.querySelector('[role=alert]'));
    return { background: getComputedStyle(shadowRoot.querySelector('section')).backgroundColor, color, size };`);

describe('mount', () => {
  test('refuses what it cannot work with, naming it', async () => {
    await practice(async (page) => {
      const refused = await page.run<string[]>(`
        const element = document.getElementById('pane');
        const getLink = () => '';
        const all = [
          [null, { getLink }], ['#pane', { getLink }], [element, {}], [element, { getLink: 'https://portal.example' }],
          [element, { getLink, timeout: 0 }], [element, { getLink, timeout: NaN }], [element, { getLink, timeout: Infinity }],
        ];
        return all.map(([where, options]) => {
          try { mount(where, options); return 'mounted'; } catch (error) { return error.name + ': ' + error.message; }
        });`);
      const [ELEMENT, GET_LINK, TIMEOUT] = [
        'TypeError: mount needs an element of the page',
        'TypeError: getLink must be a function',
        'TypeError: timeout must be from 1 to 600000 milliseconds',
      ];
      expect(refused).toEqual([ELEMENT, ELEMENT, GET_LINK, GET_LINK, TIMEOUT, TIMEOUT, TIMEOUT]);
      expect(await page.page.locator('#pane > *').count()).toBe(0);
    });
  });

  test('takes the page’s own title, policy and iframe', async () => {
    await practice(async (page) => {
      await page.start('pane', { title: 'Prescribing', allow: 'clipboard-write' });
      await page.run(`embeds.pane.embed.iframe.className = 'mine'`);
      await page.frame();
      const iframe = page.page.locator('#pane iframe');
      expect(await iframe.getAttribute('title')).toBe('Prescribing');
      expect(await iframe.getAttribute('allow')).toBe('clipboard-write');
      expect(await iframe.getAttribute('class')).toBe('mine');
    });
  });

  test('asks for no link when it ends at once', async () => {
    await practice(async (page) => {
      await page.run(`start('pane'); embeds.pane.embed.destroy(); await new Promise((resolve) => setTimeout(resolve))`);
      expect(await page.asked()).toEqual([]);
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      expect(await page.asked()).toHaveLength(1);
    });
  });

  test('adds nothing to the way back', async () => {
    await practice(async (page) => {
      const { length } = await page.run<{ length: number }>('return { length: history.length }');
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.say({ type: 'expired' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'expired']);
      await page.run('embeds.pane.embed.renew()');
      await expectSoon(() => codes(page)).toEqual(['ready', 'expired', 'ready']);
      expect(await page.run('return history.length')).toBe(length);
    });
  });
});

describe('a frame that does not work', () => {
  test('that answers nothing is replaced by a sentence and two ways on', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/silent');
      await expectNoAnswer(page);
      const alert = page.page.locator('#pane').getByRole('alert');
      expect(await alert.textContent()).toBe('The portal cannot be shown here.');
      expect(await page.page.locator('#pane iframe').isVisible()).toBe(false);
      expect(await openTab(page).isVisible()).toBe(true);
      world.links.frame = linkTo(world.portal, answering({ type: 'ready' }));
      await tryAgain(page).click();
      await expectSoon(() => codes(page)).toEqual(['no-answer', 'ready']);
      expect((await page.asked()).map(({ reason }) => reason)).toEqual(['mount', 'asked']);
      expect(await page.page.locator('#pane iframe').isVisible()).toBe(true);
      expect(await page.page.locator('#pane > *').count()).toBe(1);
      // Whoever works with the keyboard is where she was: in the frame that took the button's place.
      expect(await page.run('return document.activeElement === embeds.pane.embed.iframe')).toBe(true);
    });
  });

  test('that answers late is shown after all', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/silent');
      await expectNoAnswer(page);
      await openTab(page).waitFor();
      await page.say({ type: 'ready' });
      await expectSoon(() => codes(page)).toEqual(['no-answer', 'ready']);
      expect(await page.page.locator('#pane iframe').isVisible()).toBe(true);
      expect(await page.page.locator('#pane button').count()).toBe(0);
    });
  });

  test('that the portal forbids is such a frame', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/refused');
      await expectNoAnswer(page);
      await openTab(page).waitFor();
    });
  });

  test('that this page’s own policy forbids is told at once, with the origin to allow', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo('https://portal.elsewhere.example', '/embed/a');
      await page.start('pane', { timeout: 600_000 });
      await expect
        .poll(() => page.events())
        .toEqual([
          {
            type: 'error',
            code: 'frame-blocked',
            message: `frame-src of this page's policy does not allow https://portal.elsewhere.example`,
          },
        ]);
      await openTab(page).waitFor();
    });
  });

  test('gets no panel where the page wants none', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/silent');
      await expectNoAnswer(page, { fallback: false });
      expect(await page.page.locator('#pane button').count()).toBe(0);
      expect(await page.page.locator('#pane iframe').isVisible()).toBe(true);
    });
  });

  test('that has answered once may show what does not', async () => {
    await practice(async (page) => {
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await (await page.frame()).goto(`${world.portal}/embed/a-document`);
      await expectSoon(async () => (await page.heard('hello')).length).toBeGreaterThan(0);
      await page.pass(11_000);
      expect(await codes(page)).toEqual(['ready']);
      expect(await page.page.locator('#pane button').count()).toBe(0);
    });
  });
});

describe('without a link', () => {
  test('the page says so, and asks again when somebody wants it', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(new Error('no'))`);
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['link-failed']);
      const pane = page.page.locator('#pane');
      expect(await pane.getByRole('alert').textContent()).toBe('The portal could not be opened.');
      await page.run(`give = () => Promise.reject(${SIGNED_OUT})`);
      await tryAgain(page).click();
      await expectSoon(() => codes(page)).toEqual(['link-failed', 'signed-out']);
      expect(await pane.getByRole('alert').textContent()).toMatch(/^You are signed out/);
      // Nobody asks in between.
      expect(await page.asked()).toHaveLength(2);
      expect(world.visits).toEqual([]);
    });
  });

  test('a getLink that never answers is given up', async () => {
    await practice(async (page) => {
      await page.run(`give = ({ signal }) => { globalThis.given_up = signal; return new Promise(() => {}); }`);
      await page.start();
      await expectSoon(() => page.run('return globalThis.given_up?.aborted')).toBe(false);
      await page.pass(10_000);
      await expectSoon(() => codes(page)).toEqual(['link-timed-out']);
      expect(await page.run('return given_up.aborted')).toBe(true);
      await tryAgain(page).waitFor();
    });
  });

  test('while it is on its way, a second press asks for no second one', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(new Error('no'))`);
      await page.start();
      await tryAgain(page).waitFor();
      await page.run(`give = () => new Promise((resolve) => { globalThis.answerNow = resolve; })`);
      await tryAgain(page).click();
      await expectSoon(() => page.page.locator('#pane').getByRole('status').textContent()).toBe('Opening…');
      expect(await tryAgain(page).getAttribute('aria-disabled')).toBe('true');
      expect(await page.run('return document.activeElement.shadowRoot?.activeElement?.textContent')).toBe('Try again');
      for (const one of [tryAgain(page), openTab(page)]) await one.click({ force: true });
      expect(await page.asked()).toHaveLength(2);
      await page.run(`answerNow(${JSON.stringify(world.links.frame)})`);
      await expectSoon(() => codes(page)).toEqual(['link-failed', 'ready']);
    });
  });
});

test('of two requests at once only the later counts', async () => {
  await practice(async (page) => {
    world.links.frame = linkTo(world.portal, '/embed/silent');
    await expectNoAnswer(page);
    await page.run(`globalThis.signals = [];
      give = ({ signal }) => new Promise(() => { signals.push(signal); })`);
    await tryAgain(page).click();
    await expectSoon(() => page.run('return signals.map(({ aborted }) => aborted)')).toEqual([false]);
    await page.say({ type: 'error', problem: 'token-expired', message: 'Expired' });
    await expectSoon(() => page.run('return signals.map(({ aborted }) => aborted)')).toEqual([true, false]);
  });
});

describe('the panel', () => {
  test.each(['light', 'dark'] as const)('can be read and used by everybody: %s', async (colorScheme) => {
    await practice(
      async (page) => {
        await page.run(`give = () => Promise.reject(new Error('no'))`);
        await page.start();
        await tryAgain(page).waitFor();
        await page.page.evaluate(axe.source);
        const results = (await page.page.evaluate(
          `axe.run('#pane', { resultTypes: ['violations', 'passes'] })`,
        )) as AxeResults;
        expect(results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)).toEqual([]);
        // It has looked inside the shadow root, at the contrast too.
        const contrast = results.passes.find(({ id }) => id === 'color-contrast');
        expect(contrast?.nodes.length).toBeGreaterThan(2);
        const { background: ground } = await panelStyle(page);
        expect(ground).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(24, 34, 44)');
      },
      { colorScheme, viewport: { width: 390, height: 800 } },
    );
  });

  test('keeps to the page’s own scheme, and out of reach of its style sheet', async () => {
    await practice(
      async (page) => {
        await page.run(`document.querySelector('meta[name=color-scheme]').content = 'light'`);
        await page.run(`give = () => Promise.reject(new Error('no'))`);
        await page.start();
        await tryAgain(page).waitFor();
        expect(await panelStyle(page)).toMatchObject({ color: 'rgb(23, 33, 43)', size: '16px' });
      },
      { colorScheme: 'dark' },
    );
  });

  test('can be reached and pressed with the keyboard', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(new Error('no'))`);
      await page.start();
      await tryAgain(page).waitFor();
      await page.page.locator('#before').focus();
      await page.page.keyboard.press('Tab');
      await page.page.keyboard.press('Tab');
      expect(await page.run('return document.activeElement.shadowRoot.activeElement.textContent')).toBe('Try again');
      await page.page.keyboard.press('Enter');
      await expectSoon(() => codes(page)).toEqual(['link-failed', 'link-failed']);
    });
  });

  test('speaks another language', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(new Error('no'))`);
      await page.start('pane', {
        texts: { lang: 'de', unavailable: 'Das Portal ließ sich nicht öffnen.', tryAgain: 'Noch einmal' },
      });
      await button(page, 'Noch einmal').waitFor();
      const pane = page.page.locator('#pane');
      expect(await pane.getByRole('alert').textContent()).toBe('Das Portal ließ sich nicht öffnen.');
      expect(await pane.locator('section').getAttribute('lang')).toBe('de');
    });
  });
});

describe('a new tab', () => {
  test('is opened in the click, without a handle on the page, with a link of its own', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/silent');
      await expectNoAnswer(page);
      await openTab(page).waitFor();
      const tab = await openedBy(page.page, () => openTab(page).click());
      expect(new URL(tab.url()).pathname).toBe('/dashboard/sample');
      expect(await tab.evaluate('opener')).toBe(null);
      expect((await page.asked()).at(-1)).toEqual({ id: 'pane', target: 'tab', reason: 'asked' });
      const visit = world.visits.find(({ destination }) => destination === 'document');
      expect(visit?.url.href === world.links.tab).toBe(true);
      expect(await page.page.locator('#pane').getByRole('status').textContent()).toBe(
        'The portal has been opened in a new tab.',
      );
    });
  });

  test('can be opened by a button of the page’s own, once for each time', async () => {
    await practice(async (page) => {
      await page.start();
      await page.run(`document.getElementById('before').onclick = async () => {
        const { embed } = embeds.pane;
        globalThis.opened = await Promise.all([embed.openInTab(), embed.openInTab()]);
      }`);
      await openedBy(page.page, () => page.page.locator('#before').click());
      await expectSoon(() => page.run('return globalThis.opened')).toEqual([true, true]);
      expect((await page.asked()).filter(({ target }) => target === 'tab')).toHaveLength(1);
      expect(page.page.context().pages()).toHaveLength(2);
    });
  });

  test('is closed again when there is no link', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(${SIGNED_OUT})`);
      await page.start();
      const opened = page.page.context().waitForEvent('page');
      await openTab(page).click();
      const tab = await opened;
      await expectSoon(() => tab.isClosed()).toBe(true);
      await expectSoon(() => codes(page)).toEqual(['signed-out', 'signed-out']);
      expect(await page.page.locator('#pane').getByRole('alert').textContent()).toMatch(/^You are signed out/);
    });
  });

  test('does not open a page for frames, nor another site', async () => {
    await practice(async (page) => {
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.run(`document.getElementById('before').onclick = async () => {
        globalThis.opened = await embeds.pane.embed.openInTab();
      }`);
      for (const link of [linkTo(world.portal, '/embed/a'), linkTo(world.elsewhere, '/dashboard/a')]) {
        world.links.tab = link;
        await page.run('globalThis.opened = undefined');
        await page.page.locator('#before').click();
        await expectSoon(() => page.run('return globalThis.opened')).toBe(false);
      }
      await expectSoon(() => codes(page)).toEqual(['ready', 'bad-link', 'bad-link']);
      await expectSoon(() => page.page.context().pages().length).toBe(1);
    });
  });

  test('that the browser does not allow is told', async () => {
    await practice(async (page) => {
      await page.run(`give = () => Promise.reject(new Error('no')); globalThis.open = () => null`);
      await page.start();
      await openTab(page).click();
      await expectSoon(() => codes(page)).toEqual(['link-failed', 'tab-blocked']);
      expect(await page.page.locator('#pane').getByRole('alert').textContent()).toMatch(/did not allow a new tab/);
      expect(await page.asked()).toHaveLength(1);
    });
  });
});

describe('renew', () => {
  test('leaves alone what is signed in, or about to be', async () => {
    await practice(async (page) => {
      await page.start();
      await page.run('embeds.pane.embed.renew()');
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.run('embeds.pane.embed.renew()');
      await page.say({ type: 'signed-in', session: 'cookie', expires_at: 'a', idle_expires_at: 'b' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'signed-in']);
      await page.run('embeds.pane.embed.renew()');
      await page.say({ type: 'error', problem: 'service-unavailable', message: 'Later' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'signed-in', 'service-unavailable']);
      await page.run('embeds.pane.embed.renew()');
      expect(await page.asked()).toHaveLength(1);
    });
  });

  test('begins again where nobody is; where there is no link, the page in the frame is still heard', async () => {
    await practice(async (page) => {
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.say({ type: 'expired' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'expired']);
      await page.run(`globalThis.given = give; give = () => Promise.reject(${SIGNED_OUT}); embeds.pane.embed.renew()`);
      await expectSoon(() => codes(page)).toEqual(['ready', 'expired', 'signed-out']);
      await page.say({ type: 'signed-in', session: 'bearer', expires_at: 'a', idle_expires_at: 'b' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'expired', 'signed-out', 'signed-in']);
      expect(await page.page.locator('#pane iframe').isVisible()).toBe(true);
      await page.say({ type: 'expired' });
      await expectSoon(async () => (await codes(page)).length).toBe(5);
      await page.run(`give = given; embeds.pane.embed.renew()`);
      await expectSoon(async () => (await codes(page)).at(-1)).toBe('ready');
      expect((await page.asked()).map(({ reason }) => reason)).toEqual(['mount', 'asked', 'asked']);
    });
  });
});

describe('the end', () => {
  const END = {
    'destroy()': 'embeds.pane.embed.destroy(); embeds.pane.embed.destroy()',
    'removing the element': `globalThis.removed = document.getElementById('pane'); removed.remove()`,
    'removing what it is in': `globalThis.removed = document.getElementById('pane'); document.querySelector('main').remove()`,
  };

  test.each(Object.entries(END))('%s takes everything away', async (_how, script) => {
    await practice(async (page) => {
      await page.run(`give = async (request) => {
        globalThis.last = request.signal;
        return request.target === 'tab' ? new Promise(() => {}) : (await fetch('/link/frame')).text();
      }`);
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.say({ type: 'link-needed', request_id: 'a', target: 'tab', reason: 'asked' });
      await expectSoon(async () => (await page.asked()).length).toBe(2);
      expect(await page.run('return last.aborted')).toBe(false);
      await page.run(`globalThis.pane = document.getElementById('pane')`);
      await page.run(script);
      await expectSoon(() => page.run('return [last.aborted, pane.childElementCount]')).toEqual([true, 0]);
      await page.run(`embeds.pane.embed.renew(); globalThis.opened = await embeds.pane.embed.openInTab()`);
      expect(await page.run('return opened')).toBe(false);
      expect(await page.asked()).toHaveLength(2);
      expect(await codes(page)).toEqual(['ready']);
    });
  });

  test('an element that is only moved goes on', async () => {
    await practice(async (page) => {
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.run(`document.body.append(document.getElementById('pane'))`);
      await expectSoon(() => codes(page)).toEqual(['ready', 'ready']);
      expect(await page.asked()).toHaveLength(1);
    });
  });

  test('one that is moved when its link is used up gets a new link', async () => {
    await practice(async (page) => {
      await page.start();
      await expectSoon(() => codes(page)).toEqual(['ready']);
      const first = world.links.frame;
      const used = answering({ type: 'error', problem: 'token-used', message: 'Used' });
      world.land = (link) => (link.href === `${first}&embed=1` ? used : landOnPath(link));
      world.links.frame = linkTo(world.portal, `${answering({ type: 'ready' })}&again`);
      await page.run(`document.body.append(document.getElementById('pane'))`);
      await expectSoon(() => codes(page)).toEqual(['ready', 'ready']);
      expect((await page.asked()).map(({ reason }) => reason)).toEqual(['mount', 'expired']);
    });
  });

  test('a listener can leave before it, and one that fails disturbs no other', async () => {
    await practice(async (page) => {
      const failures: string[] = [];
      page.page.on('pageerror', ({ message }) => failures.push(message));
      await page.start();
      await page.run(`globalThis.heard = [];
        const { embed } = embeds.pane;
        embed.on('navigate', () => { throw new Error('mine') });
        globalThis.leave = embed.on('navigate', ({ path }) => heard.push(path));`);
      await expectSoon(() => codes(page)).toEqual(['ready']);
      await page.say({ type: 'navigate', path: '/embed/1' });
      await expectSoon(() => page.run('return heard')).toEqual(['/embed/1']);
      await page.run('leave()');
      await page.say({ type: 'navigate', path: '/embed/2' });
      await expectSoon(() => codes(page)).toEqual(['ready', 'navigate', 'navigate']);
      expect(await page.run('return heard')).toEqual(['/embed/1']);
      expect(failures).toEqual(['mine', 'mine']);
    });
  });
});

test('it writes nothing to the console, and the page’s strict policy has nothing against it', async () => {
  await practice(async (page) => {
    const lines: string[] = [];
    page.page.on('console', (line) => lines.push(line.text()));
    await page.run(`give = () => Promise.reject(new Error('no'))`);
    await page.start();
    await tryAgain(page).waitFor();
    await page.run(`give = async ({ target }) => (await fetch('/link/' + target)).text()`);
    await tryAgain(page).click();
    await expectSoon(() => codes(page)).toEqual(['link-failed', 'ready']);
    expect(lines).toEqual([]);
  });
});
