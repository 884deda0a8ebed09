// handoff-embed and the frame, in a real browser: who is heard, what is answered, and what is not. The frame is a stub.

import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { hideAddresses, startBrowser } from '../browser/browser.ts';
import {
  answering,
  inPractice,
  linkTo,
  type Practice,
  expectSoon,
  startWorld,
  SUBJECT,
  tokenOf,
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
  world.links.frame = linkTo(world.portal, answering({ type: 'ready' }));
  world.links.tab = linkTo(world.portal, '/dashboard/sample');
});
afterEach(hideAddresses);

const practice = (act: (practice: Practice) => Promise<void>) => inPractice({ browser, world }, act);

const types = async (page: Practice, id?: string) => (await page.events(id)).map(({ type }) => type);

/** Mounts, and waits until the page in the frame has answered. */
async function startReady(page: Practice, id?: string): Promise<void> {
  await page.start(id);
  await expectSoon(() => types(page, id)).toContain('ready');
}

const need = (request_id: string, more: object = {}) => ({
  type: 'link-needed',
  request_id,
  target: 'frame',
  reason: 'no-cookie',
  ...more,
});

describe('the frame', () => {
  test('gets the link with embed=1, from a page that tells its origin and no more', async () => {
    await practice(async (page) => {
      await startReady(page);
      const [visit] = world.visits;
      expect(visit?.url.pathname).toBe('/auth/sso');
      expect(visit?.url.href === `${world.links.frame}&embed=1`).toBe(true);
      expect(visit?.referer).toBe(`${world.practice}/`);
      expect(visit?.destination).toBe('iframe');
      expect(await page.asked()).toEqual([{ id: 'pane', target: 'frame', reason: 'mount' }]);
    });
  });

  test('has a title, and may write to the clipboard and ask for passkeys, and nothing else', async () => {
    await practice(async (page) => {
      await startReady(page);
      const { allow, title, policy } = await page.run<Record<string, string>>(
        'const { allow, title, referrerPolicy: policy } = embeds.pane.embed.iframe; return { allow, title, policy }',
      );
      expect(title).toBe('Clinical portal');
      expect(policy).toBe('strict-origin-when-cross-origin');
      const features = ['clipboard-write', 'publickey-credentials-get', 'publickey-credentials-create'];
      expect(allow?.split('; ')).toEqual(features.map((feature) => `${feature} ${world.portal}`));
    });
  });

  test('fills the element, though the page forbids inline styles', async () => {
    await practice(async (page) => {
      await startReady(page);
      const box = await (await page.page.$('#pane iframe'))?.boundingBox();
      expect(box).toMatchObject({ height: 300 });
      const width = await page.run<number>('return document.getElementById("pane").clientWidth');
      expect(box?.width).toBe(width);
    });
  });

  test('is greeted with the subject of the link until it answers, and then no more', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, '/embed/patients/sample');
      await page.start();
      await expectSoon(async () => (await page.heard('hello')).length).toBeGreaterThan(2);
      const [hello] = await page.heard('hello');
      expect(hello).toEqual({
        from_parent: true,
        origin: world.practice,
        data: { protocol: 'handoff-embed/1', type: 'hello', subject: SUBJECT },
      });
      await page.say({ type: 'ready' });
      await expectSoon(() => types(page)).toEqual(['ready']);
      const { length } = await page.heard('hello');
      // Longer than between any two greetings.
      await page.pass(2000);
      expect(await page.heard('hello')).toHaveLength(length);
    });
  });

  test('is greeted anew when it shows another document', async () => {
    await practice(async (page) => {
      await startReady(page);
      const frame = await page.frame();
      await frame.goto(`${world.portal}${answering({ type: 'ready' })}`);
      await expectSoon(() => types(page)).toEqual(['ready', 'ready']);
    });
  });
});

describe('what the frame says', () => {
  test('becomes events', async () => {
    await practice(async (page) => {
      await startReady(page);
      const signed_in = {
        type: 'signed-in',
        session: 'bearer',
        expires_at: '2026-03-01T12:00:00.000Z',
        idle_expires_at: '2026-03-01T09:00:00.000Z',
      };
      const problem = { type: 'error', problem: 'embedding-refused', message: 'Not registered' };
      for (const message of [
        { ...signed_in, more: 1 },
        { type: 'resize', height: 512.5 },
        { type: 'navigate', path: '/embed/next' },
        problem,
        { type: 'expired' },
      ]) {
        await page.say(message);
      }
      await expect
        .poll(() => page.events())
        .toEqual([
          { type: 'ready' },
          signed_in,
          { type: 'resize', height: 512.5 },
          { type: 'navigate', path: '/embed/next' },
          { type: 'error', code: 'embedding-refused', message: 'Not registered' },
          { type: 'expired' },
        ]);
    });
  });

  const IGNORED = {
    'of another protocol': `parent.postMessage({ protocol: 'handoff-embed/2', type: 'expired' }, '*')`,
    'without protocol': `parent.postMessage({ type: 'expired' }, '*')`,
    text: `parent.postMessage('expired', '*')`,
    nothing: `parent.postMessage(null, '*')`,
    'of an unknown type': `say({ type: 'toString' })`,
    'a height in words': `say({ type: 'resize', height: '1' })`,
    'no height': `say({ type: 'resize', height: NaN })`,
    'a height without end': `say({ type: 'resize', height: 1e9 })`,
    'an address for a path': `say({ type: 'navigate', path: 'https://elsewhere.example/' })`,
    'no path': `say({ type: 'navigate' })`,
    'no slug': `say({ type: 'error', problem: '<b>' })`,
    'no problem': `say({ type: 'error' })`,
    'an unknown session': `say({ type: 'signed-in', session: 'both', expires_at: 'a', idle_expires_at: 'b' })`,
    'no end of the session': `say({ type: 'signed-in', session: 'cookie' })`,
    'no request_id': `say({ type: 'link-needed', target: 'frame', reason: 'asked' })`,
  };

  test('is ignored where it is not of the protocol', async () => {
    await practice(async (page) => {
      await startReady(page);
      const frame = await page.frame();
      for (const [what, script] of Object.entries(IGNORED)) {
        await frame.evaluate(script);
        // Messages arrive in order: when this one is there, the other has been judged.
        await page.say({ type: 'navigate', path: `/embed/${encodeURIComponent(what)}` });
      }
      const after = Object.keys(IGNORED).map((what) => ({
        type: 'navigate',
        path: `/embed/${encodeURIComponent(what)}`,
      }));
      await expectSoon(() => page.events()).toEqual([{ type: 'ready' }, ...after]);
      expect(await page.asked()).toHaveLength(1);
    });
  });
});

describe('nobody else is heard', () => {
  const EXPIRED = `{ protocol: 'handoff-embed/1', type: 'expired' }`;
  const NEEDED = `{ protocol: 'handoff-embed/1', type: 'link-needed', request_id: 'a', target: 'frame', reason: 'asked' }`;

  test('the right window, after it has gone to another origin', async () => {
    await practice(async (page) => {
      await startReady(page);
      const frame = await page.frame();
      await frame.goto(`${world.elsewhere}/embed/patients/sample`);
      await frame.evaluate(`parent.postMessage(${EXPIRED}, '*'); parent.postMessage(${NEEDED}, '*')`);
      // And it is not greeted either: the subject is for the portal.
      await page.pass(2000);
      expect(await frame.evaluate('heard')).toEqual([]);
      expect(await types(page)).toEqual(['ready']);
      expect(await page.asked()).toHaveLength(1);
      // Back on the portal it is heard again.
      await frame.goto(`${world.portal}${answering({ type: 'expired' })}`);
      await expectSoon(() => types(page)).toEqual(['ready', 'expired']);
    });
  });

  test('another window, though on the portal’s origin', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.run(`const iframe = document.createElement('iframe'); iframe.id = 'stranger';
        iframe.src = '${world.portal}/embed/stranger'; document.body.append(iframe);`);
      const element = await page.page.waitForSelector('#stranger');
      const stranger = await element.contentFrame();
      await stranger?.waitForLoadState();
      await stranger?.evaluate(`parent.postMessage(${EXPIRED}, '*'); parent.postMessage(${NEEDED}, '*')`);
      await page.say({ type: 'navigate', path: '/embed/last' });
      await expectSoon(() => types(page)).toEqual(['ready', 'navigate']);
      expect(await stranger?.evaluate('heard')).toEqual([]);
    });
  });

  test('the page itself, and a frame within the frame', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.run(`postMessage(${EXPIRED}, '*')`);
      const frame = await page.frame();
      await frame.evaluate(`new Promise((resolve) => {
        const iframe = document.createElement('iframe');
        iframe.src = '/embed/inner';
        iframe.onload = () => { iframe.contentWindow.eval("top.postMessage(${EXPIRED}, '*')"); resolve(); };
        document.body.append(iframe);
      })`);
      await page.say({ type: 'navigate', path: '/embed/last' });
      await expectSoon(() => types(page)).toEqual(['ready', 'navigate']);
    });
  });
});

describe('a frame that asks for a link', () => {
  test('gets the token and the path of a new one', async () => {
    await practice(async (page) => {
      await startReady(page);
      world.links.frame = linkTo(world.portal, '/embed/patients/sample?tab=history#top');
      await page.say(need('first'));
      await expectSoon(() => page.heard('link')).toHaveLength(1);
      const [link] = await page.heard('link');
      expect(link).toMatchObject({ from_parent: true, origin: world.practice });
      expect(Object.keys(link?.data ?? {}).toSorted()).toEqual([
        'protocol',
        'redirect_path',
        'request_id',
        'token',
        'type',
      ]);
      expect(link?.data).toMatchObject({
        request_id: 'first',
        redirect_path: '/embed/patients/sample?tab=history#top',
      });
      expect(link?.data['token'] === tokenOf(world.links.frame)).toBe(true);
      expect((await page.asked()).at(-1)).toEqual({ id: 'pane', target: 'frame', reason: 'no-cookie' });
      // The page in the frame stays: nothing has been loaded anew.
      expect(world.visits.filter(({ url }) => url.pathname === '/auth/sso')).toHaveLength(1);
    });
  });

  test('for a tab gets the address', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.say(need('a-tab', { target: 'tab', reason: 'asked' }));
      await expectSoon(() => page.heard('link')).toHaveLength(1);
      const [link] = await page.heard('link');
      expect(Object.keys(link?.data ?? {}).toSorted()).toEqual(['protocol', 'request_id', 'type', 'url']);
      expect(link?.data['url'] === world.links.tab).toBe(true);
      expect((await page.asked()).at(-1)).toEqual({ id: 'pane', target: 'tab', reason: 'asked' });
    });
  });

  test('makes the new link’s subject the one that is greeted', async () => {
    await practice(async (page) => {
      await startReady(page);
      const colleague = { ...SUBJECT, user_id: 'usr_colleague' };
      world.links.frame = linkTo(world.portal, '/embed/patients/sample', colleague);
      await page.say(need('first', { reason: 'other-user' }));
      await expectSoon(() => page.heard('link')).toHaveLength(1);
      await (await page.frame()).goto(`${world.portal}/embed/next`);
      await expectSoon(async () => (await page.heard('hello')).at(0)?.data['subject']).toEqual(colleague);
    });
  });

  test('gets one answer for each request, however often it repeats it', async () => {
    await practice(async (page) => {
      await startReady(page);
      for (let count = 0; count < 3; count += 1) await page.say(need('first', { reason: 'asked' }));
      await page.say(need('second', { reason: 'asked' }));
      await expectSoon(() => page.heard('link')).toHaveLength(2);
      expect(await page.asked()).toHaveLength(3);
      await page.say(need('first', { reason: 'asked' }));
      await page.say({ type: 'navigate', path: '/embed/last' });
      await expectSoon(() => types(page)).toContain('navigate');
      expect(await page.asked()).toHaveLength(3);
    });
  });

  test('is told why there is none', async () => {
    await practice(async (page) => {
      await startReady(page);
      const cases = [
        [`Object.assign(new Error('no'), { reason: 'signed-out' })`, 'signed-out', 'signed-out'],
        [`new Error('no')`, 'unavailable', 'link-failed'],
        ['undefined', 'unavailable', 'link-failed'],
      ] as const;
      for (const [index, [rejection, reason, code]] of cases.entries()) {
        await page.run(`give = () => Promise.reject(${rejection})`);
        await page.say(need(`request-${index}`));
        await expectSoon(() => page.heard('link-refused')).toHaveLength(index + 1);
        const refused = (await page.heard('link-refused')).at(-1);
        const answer = { protocol: 'handoff-embed/1', type: 'link-refused', request_id: `request-${index}`, reason };
        expect(refused?.data).toEqual(answer);
        expect((await page.events()).at(-1)).toMatchObject({ type: 'error', code });
      }
      // The frame shows what is the matter; nothing is put over it.
      expect(await page.page.locator('#pane button').count()).toBe(0);
    });
  });

  test('is told unavailable when getLink throws, or does not answer in time and is then given up', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.run(`give = () => { throw new Error('no') }`);
      await page.say(need('first'));
      await expectSoon(() => page.heard('link-refused')).toHaveLength(1);
      await page.run('give = ({ signal }) => { globalThis.given_up = signal; return new Promise(() => {}) }');
      await page.say(need('second'));
      await expectSoon(() => page.run('return globalThis.given_up?.aborted')).toBe(false);
      await page.pass(10_000);
      await expectSoon(() => page.heard('link-refused')).toHaveLength(2);
      expect((await page.events()).map(({ code }) => code)).toEqual([undefined, 'link-failed', 'link-timed-out']);
      expect(await page.run('return given_up.aborted')).toBe(true);
    });
  });

  test('is told unavailable, when it wants what this page does not know', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.say(need('first', { target: 'moon' }));
      await page.say(need('second', { reason: 'mount' }));
      await expect
        .poll(async () => (await page.heard('link-refused')).map(({ data }) => data['request_id']))
        .toEqual(['first', 'second']);
      expect(await page.asked()).toHaveLength(1);
    });
  });

  test('gets no link that is not one of its portal, for its target', async () => {
    await practice(async (page) => {
      await startReady(page);
      const wrong = {
        'of another portal': linkTo(world.elsewhere, '/embed/sample'),
        'for a tab': linkTo(world.portal, '/dashboard/sample'),
        'a script': 'javascript:alert(1)//auth/sso?token=a&redirect=b',
        'of the page’s own': '/auth/sso?token=a&redirect=/embed/sample',
        empty: '',
      };
      for (const [what, link] of Object.entries(wrong)) {
        world.links.frame = link;
        await page.say(need(what, { reason: 'asked' }));
      }
      world.links.tab = linkTo(world.portal, '/embed/sample');
      await page.say(need('for a frame', { target: 'tab', reason: 'asked' }));
      const refused = async () => (await page.heard('link-refused')).map(({ data }) => data['request_id']);
      await expectSoon(async () => (await refused()).length).toBe(6);
      expect(new Set(await refused())).toEqual(new Set([...Object.keys(wrong), 'for a frame']));
      expect(await page.heard('link')).toEqual([]);
      const errors = (await page.events()).filter(({ type }) => type === 'error');
      expect(errors.map(({ code }) => code)).toEqual(Array.from({ length: 6 }, () => 'bad-link'));
      expect(JSON.stringify(errors)).not.toMatch(/token=|redirect=|alert/);
    });
  });

  test('is gone when the answer comes: the next document gets nothing of it', async () => {
    await practice(async (page) => {
      await startReady(page);
      await page.run(`give = ({ signal }) => {
        globalThis.given_up = signal;
        return new Promise((resolve) => { globalThis.answerNow = resolve; });
      }`);
      await page.say(need('first'));
      await expectSoon(() => page.run('return typeof answerNow')).toBe('function');
      await (await page.frame()).goto(`${world.portal}${answering({ type: 'ready' })}`);
      await expectSoon(() => types(page)).toEqual(['ready', 'ready']);
      expect(await page.run('return given_up.aborted')).toBe(true);
      await page.run(`answerNow(${JSON.stringify(world.links.frame)}); give = () => Promise.reject(new Error('no'))`);
      // The new document may use the same id for its own.
      await page.say(need('first'));
      await expectSoon(() => page.heard('link-refused')).toHaveLength(1);
      expect(await page.heard('link')).toEqual([]);
    });
  });
});

describe('there is no loop', () => {
  test('a frame that asks again and again by itself gets three links a minute', async () => {
    await practice(async (page) => {
      await startReady(page);
      for (let count = 1; count <= 5; count += 1) await page.say(need(`request-${count}`, { reason: 'renewal' }));
      await expectSoon(() => page.heard('link-refused')).toHaveLength(2);
      await expectSoon(() => page.heard('link')).toHaveLength(3);
      expect((await page.events()).filter(({ code }) => code === 'too-many-links')).toHaveLength(1);
      expect(await page.asked()).toHaveLength(4);
      // Neither a new document nor a new iframe begins the count afresh.
      await (await page.frame()).goto(`${world.portal}${answering({ type: 'ready' }, need('request-6'))}`);
      await expectSoon(() => page.heard('link-refused')).toHaveLength(1);
      await page.pass(61_000);
      await page.say(need('request-7', { reason: 'renewal' }));
      await expectSoon(() => page.heard('link')).toHaveLength(1);
    });
  });

  test('people who press a button get more, and not without end', async () => {
    await practice(async (page) => {
      await startReady(page);
      for (let count = 1; count <= 11; count += 1) await page.say(need(`request-${count}`, { reason: 'asked' }));
      await expectSoon(() => page.heard('link-refused')).toHaveLength(1);
      await expectSoon(() => page.heard('link')).toHaveLength(10);
    });
  });

  test('a page of Handoff’s that says the link is used up gets a new link, a few times', async () => {
    await practice(async (page) => {
      world.links.frame = linkTo(world.portal, answering({ type: 'error', problem: 'token-used', message: 'Used' }));
      await page.start();
      await expectSoon(() => page.events()).toEqual([{ type: 'error', code: 'token-used', message: 'Used' }]);
      expect((await page.asked()).map(({ reason }) => reason)).toEqual(['mount', 'expired', 'expired', 'expired']);
    });
  });

  test('the portal’s own page may say so without being loaded anew', async () => {
    await practice(async (page) => {
      const problem = { type: 'error', problem: 'token-used', message: 'Used' };
      world.links.frame = linkTo(world.portal, answering({ type: 'ready' }, problem));
      await page.start();
      await expectSoon(() => types(page)).toEqual(['ready', 'error']);
      expect(await page.asked()).toHaveLength(1);
    });
  });
});

test('two embeds of two portals on one page do not hear each other', async () => {
  await practice(async (page) => {
    const other = linkTo(world.elsewhere, answering({ type: 'ready' }));
    await page.run(
      `give = async ({ id, target }) => id === 'other' ? ${JSON.stringify(other)} : (await fetch('/link/' + target)).text()`,
    );
    await startReady(page, 'pane');
    await startReady(page, 'other');
    await page.say({ type: 'navigate', path: '/embed/left' }, 'pane');
    await page.say(need('first', { reason: 'asked' }), 'other');
    await page.say({ type: 'expired' }, 'other');
    await expectSoon(() => types(page, 'other')).toEqual(['ready', 'expired']);
    await expectSoon(() => page.heard('link', 'other')).toHaveLength(1);
    expect(await types(page, 'pane')).toEqual(['ready', 'navigate']);
    expect(await page.heard('link', 'pane')).toEqual([]);
    // The end of one is not the end of the other.
    await page.run('embeds.pane.embed.destroy()');
    await page.say({ type: 'navigate', path: '/embed/right' }, 'other');
    await expectSoon(() => types(page, 'other')).toEqual(['ready', 'expired', 'navigate']);
    expect(await page.page.locator('#pane > *').count()).toBe(0);
  });
});
