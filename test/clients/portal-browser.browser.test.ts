// The portal kit's browser side in a real Chromium, in a frame of another site: how it comes to a session, whom it speaks to, and
// that the session is nowhere to be found.

import axe from 'axe-core';
import type { Browser, BrowserContext, Frame, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { basicFaults, OFFLINE, startBrowser } from '../browser/browser.ts';
import {
  callFrom,
  expectSoon,
  openFrame,
  StubPortal,
  SUBJECT,
  toldAround,
  toldPage,
  typesTold,
} from './portal-browser-stub.ts';

const stub = new StubPortal();
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  await stub.start();
  browser = await startBrowser(OFFLINE);
});
afterAll(async () => {
  await browser.close();
  await stub.close();
});
beforeEach(async () => {
  stub.reset();
  context = await browser.newContext();
  page = await context.newPage();
});
afterEach(() => context.close());

const SIGNED_IN = [['onSignedIn', SUBJECT.user_id]];
const WITHOUT_ANSWER = 300;

describe('where the browser keeps a cookie', () => {
  test('the page uses that session, and tells the page around it', async () => {
    stub.cookie = stub.session();
    const opened = await openFrame(page, stub);
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'signed-in']);
    const { idle_expires_at, expires_at } = stub.cookie;
    const protocol = 'handoff-embed/1';
    expect(await toldAround(opened)).toContainEqual({
      protocol,
      type: 'signed-in',
      session: 'cookie',
      expires_at,
      idle_expires_at,
    });
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
    const { headers } = stub.asked.at(-1) ?? {};
    expect([headers?.authorization, headers?.['handoff-subject']]).toEqual([undefined, 'usr_sample/org_sample']);
    expect(stub.posts()).toEqual([]);
  });

  test('it works in an iframe whose page says nothing, and says nothing itself', async () => {
    stub.cookie = stub.session();
    const opened = await openFrame(page, stub, { subject: undefined });
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    await opened.frame.evaluate("handoff.navigated('/embed/other')");
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await toldAround(opened)).toEqual([]);
    await page.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)})`);
    await expectSoon(() => typesTold(opened), 'when it greets after all').toEqual(['ready', 'signed-in']);
  });

  test('a page that is not registered is told nothing, and the portal’s page is', async () => {
    stub.cookie = { ...stub.session(), embed_origins: ['https://other.example', `${stub.around_url}0`] };
    const opened = await openFrame(page, stub);
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'embedding-refused']]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'embedding-refused']);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await typesTold(opened)).toEqual(['ready']);
  });

  test('a tab’s session beside it is the tab’s', async () => {
    stub.cookie = stub.session();
    stub.tab = stub.session('usr_other');
    const opened = await openFrame(page, stub);
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    expect(stub.posts()).toEqual([]);
    await page.goto(`${stub.url}/dashboard`);
    await expectSoon(() => toldPage({ frame: page.mainFrame() })).toEqual([['onSignedIn', 'usr_other']]);
  });
});

/** Puts an iframe into a page, and gives what is in it. */
async function frameIn(around: Frame, src: string, referrerpolicy = ''): Promise<Frame> {
  const before = page.frames();
  await around.evaluate(`(() => {
    const iframe = document.createElement('iframe');
    iframe.referrerPolicy = ${JSON.stringify(referrerpolicy)};
    iframe.src = ${JSON.stringify(src)};
    document.body.append(iframe);
  })()`);
  const added = () => page.frames().find((one) => !before.includes(one));
  await expectSoon(() => added()?.url()).toBe(src);
  const frame = added();
  if (frame === undefined) throw new Error('no frame');
  await expectSoon(() =>
    frame.evaluate('(globalThis.handoff ?? globalThis.links) !== undefined').catch(() => false),
  ).toBe(true);
  return frame;
}

const REFUSED = [['onError', 'embedding-refused']];
const greeting = (subject: object = SUBJECT) => `greet(${JSON.stringify(stub.url)}, ${JSON.stringify(subject)})`;

describe('the cookie is there in frames of every page, but its session is used', () => {
  const elsewhere = ['https://registered.example'];
  /** A second origin of the partner's server. */
  const other_origin = () => stub.around_url.replace('127.0.0.1', 'localhost');
  const cookieFor = (...embed_origins: string[]) => {
    stub.cookie = { ...stub.session(), embed_origins };
  };

  test('in no page that is not registered, though it says nothing, nor when it greets late', async () => {
    cookieFor(...elsewhere);
    const opened = await openFrame(page, stub, { subject: undefined });
    await expectSoon(() => toldPage(opened)).toEqual(REFUSED);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'embedding-refused']);
    await page.evaluate(greeting());
    await expectSoon(() => toldPage(opened)).toEqual([...REFUSED, ...REFUSED]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'embedding-refused']);
    expect(await typesTold(opened)).toEqual(['ready']);
    expect(stub.asked.filter(({ path }) => path !== '/auth/session')).toEqual([]);
  });

  test('never for a page that greets for its own user: that one signs in by a link, early or late', async () => {
    stub.cookie = { ...stub.session('usr_other'), embed_origins: elsewhere };
    const early = await openFrame(page, stub, { links: [stub.link()] });
    await expectSoon(() => toldPage(early)).toEqual(SIGNED_IN);
    const late = await openFrame(page, stub, { links: [stub.link()], subject: undefined });
    await expectSoon(() => toldPage(late)).toEqual(REFUSED);
    await page.evaluate(greeting());
    await expectSoon(() => toldPage(late)).toEqual([...REFUSED, ...SIGNED_IN]);
    expect(stub.cookie.user.user_id).toBe('usr_other');
  });

  test.each([
    { registered: 'all pages', told: SIGNED_IN },
    { registered: 'the nearest page alone', told: REFUSED },
  ])('with $registered around it registered', async ({ registered, told }) => {
    cookieFor(other_origin(), ...(registered === 'all pages' ? [stub.around_url] : []));
    await page.goto(stub.around_url);
    const between = await frameIn(page.mainFrame(), `${other_origin()}/`);
    const frame = await frameIn(between, `${stub.url}/embed/page`);
    await expectSoon(() => toldPage({ frame })).toEqual(told);
    await between.evaluate(greeting());
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect((await callFrom({ frame }, '/embed/api/me'))[0]).toBe(told === SIGNED_IN ? 200 : 'HandoffError');
  });

  describe('where the browser does not tell which pages are around,', () => {
    beforeEach(async () => {
      await page.route('**/kit/parent.js', async (route) => {
        const response = await route.fetch();
        const source = await response.text();
        const body = source.replace('{ ancestorOrigins } = window.location', 'ancestorOrigins = undefined');
        if (body === source) throw new Error('the kit asks in another way');
        await route.fulfill({ response, body });
      });
      await page.goto(stub.around_url);
    });

    test('in a registered page, which the frame was opened by', async () => {
      cookieFor(stub.around_url);
      const frame = await frameIn(page.mainFrame(), `${stub.url}/embed/page`);
      await expectSoon(() => toldPage({ frame })).toEqual(SIGNED_IN);
    });

    test('not in one that is not registered', async () => {
      cookieFor(...elsewhere);
      const frame = await frameIn(page.mainFrame(), `${stub.url}/embed/page`);
      await expectSoon(() => toldPage({ frame })).toEqual(REFUSED);
    });

    test('not in one that nobody tells of, until it greets', async () => {
      cookieFor(stub.around_url);
      const frame = await frameIn(page.mainFrame(), `${stub.url}/embed/page`, 'no-referrer');
      await expectSoon(() => toldPage({ frame })).toEqual(REFUSED);
      await page.evaluate(greeting());
      await expectSoon(() => toldPage({ frame })).toEqual([...REFUSED, ...SIGNED_IN]);
    });

    test('not in a page inside another one', async () => {
      cookieFor(stub.around_url, other_origin());
      const between = await frameIn(page.mainFrame(), `${other_origin()}/`);
      const frame = await frameIn(between, `${stub.url}/embed/page`);
      await expectSoon(() => toldPage({ frame })).toEqual(REFUSED);
    });

    test('no longer when the page that greets is another than the one that opened it', async () => {
      cookieFor(other_origin());
      const frame = await frameIn(page.mainFrame(), `${other_origin()}/`);
      await frame.evaluate(`location.href = ${JSON.stringify(`${stub.url}/embed/page`)}`);
      await expectSoon(() => toldPage({ frame }).catch(() => [])).toEqual(SIGNED_IN);
      await page.evaluate(greeting());
      await expectSoon(() => toldPage({ frame })).toEqual([...SIGNED_IN, ...REFUSED]);
      const count = stub.asked.length;
      expect(await callFrom({ frame }, '/embed/api/me')).toEqual(['HandoffError', 'embedding-refused']);
      expect(stub.asked).toHaveLength(count);
      expect(await page.evaluate('told.map(([, , { type }]) => type)')).toEqual(['ready']);
    });
  });
});

describe('where it keeps none', () => {
  test('the page signs in by a link of the page around it, and keeps the session in memory', async () => {
    const link = stub.link();
    const opened = await openFrame(page, stub, { links: [link] });
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed', 'signed-in']);
    expect(await toldAround(opened)).toContainEqual(
      expect.objectContaining({ type: 'link-needed', target: 'frame', reason: 'no-cookie' }),
    );
    const [post] = stub.posts();
    const { token, redirect_path: redirect } = link;
    expect(post?.body).toEqual({ token, redirect, session: 'bearer', embedders: [stub.around_url] });
    expect([post?.headers.cookie, post?.headers['sec-fetch-site']]).toEqual([undefined, 'same-origin']);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
    const { headers } = stub.asked.at(-1) ?? {};
    const [bearer] = [...stub.bearers.keys()];
    expect([headers?.authorization, headers?.['handoff-subject']]).toEqual([
      `Bearer ${bearer}`,
      'usr_sample/org_sample',
    ]);
  });

  test('the session is nowhere but in the header of requests to this origin', async () => {
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    const opened = await openFrame(page, stub, { links: [stub.link(), stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    const [bearer = ''] = [...stub.bearers.keys()];
    expect(bearer).toContain('s'.repeat(43));
    /** Everything that a script of the page can reach from its window, prototypes, getters and frozen objects included. */
    const reachable = (await opened.frame.evaluate(`(() => {
      const texts = [document.cookie, document.documentElement.outerHTML, location.href, document.referrer, window.name];
      texts.push(JSON.stringify(history.state), JSON.stringify(performance.getEntries()));
      // Where the browser lets a frame have them at all.
      for (const name of ['localStorage', 'sessionStorage']) try { texts.push(JSON.stringify(window[name])); } catch {}
      const seen = new Set();
      const look = (value, depth) => {
        if (typeof value === 'string') texts.push(value);
        if (value === null || !['object', 'function'].includes(typeof value) || seen.has(value) || depth > 4) return;
        seen.add(value);
        for (const name of Reflect.ownKeys(value)) {
          texts.push(String(name));
          try { look(value[name], depth + 1); } catch {}
        }
      };
      look(handoff, 0);
      for (const name of Object.getOwnPropertyNames(window)) {
        if (['parent', 'top', 'frames', 'opener'].includes(name)) continue;
        try { look(window[name], 1); } catch {}
      }
      return texts;
    })()`)) as string[];
    expect(reachable.join('\n'), 'the search finds what is there').toContain('usr_sample');
    const databases = await opened.frame.evaluate('indexedDB.databases().then((all) => all.length, () => 0)');
    expect(databases).toBe(0);
    const around = JSON.stringify(await page.evaluate('told'));
    const cookies = JSON.stringify(await context.cookies());
    const addresses = stub.asked.map(({ path }) => path).join(' ');
    for (const text of [...reachable, around, cookies, addresses, ...said, page.url(), opened.frame.url()]) {
      expect(text.includes('s'.repeat(43)), 'the session').toBe(false);
    }
    expect(stub.asked.filter(({ headers }) => headers.authorization?.includes(bearer))).toHaveLength(1);
  });

  test('Handoff’s word about the page around it counts', async () => {
    stub.refusals.push('embedding-refused');
    const opened = await openFrame(page, stub, { links: [stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'embedding-refused']]);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await typesTold(opened)).toEqual(['ready', 'link-needed']);
    expect(stub.posts()).toHaveLength(1);
  });

  test('both pages are told when a link cannot be spent', async () => {
    stub.refusals.push('token-expired');
    const opened = await openFrame(page, stub, { links: [stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'token-expired']]);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed', 'error']);
    expect((await toldAround(opened)).at(-1)).toMatchObject({ problem: 'token-expired' });
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'token-expired']);
  });

  test.each(['/dashboard', '/embedded/page', '/', 'embed/page', 'https://evil.example/embed/page'])(
    'a link to %s is not spent',
    async (redirect_path) => {
      const opened = await openFrame(page, stub, { links: [{ ...stub.link(), redirect_path }] });
      await expectSoon(() => toldPage(opened)).toEqual([['onError', 'frame-refused']]);
      expect(stub.posts()).toEqual([]);
    },
  );

  test.each(['/embed', '/embed?patient=1', '/embed/patients/1#notes'])('a link to %s is', async (redirect_path) => {
    const opened = await openFrame(page, stub, { links: [{ ...stub.link(), redirect_path }] });
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    expect(stub.posts()[0]?.body).toMatchObject({ redirect: redirect_path });
  });

  test('a person can ask again after there was no link, and nobody else does', async () => {
    const opened = await openFrame(page, stub, {
      links: [{ type: 'link-refused', reason: 'signed-out' }, stub.link()],
    });
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'link-refused']]);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await typesTold(opened)).toEqual(['ready', 'link-needed', 'error']);
    await opened.frame.evaluate('Promise.all([handoff.signInAgain(), handoff.signInAgain()])');
    expect(await toldPage(opened)).toEqual([['onError', 'link-refused'], ...SIGNED_IN]);
    const asked = (await toldAround(opened)).filter(({ type }) => type === 'link-needed');
    expect(asked.map(({ reason }) => reason)).toEqual(['no-cookie', 'asked']);
  });

  test('nothing else is asked for while Handoff is away', async () => {
    stub.is_away = true;
    const opened = await openFrame(page, stub, { links: [stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'unavailable']]);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await typesTold(opened)).toEqual(['ready', 'error']);
    stub.is_away = false;
    await opened.frame.evaluate('handoff.signInAgain()');
    expect((await toldPage(opened)).at(-1)).toEqual(['onSignedIn', SUBJECT.user_id]);
  });

  test('the page waits for a page around it that is late, and says so after ten seconds', async () => {
    await context.clock.install();
    const opened = await openFrame(page, stub, { subject: undefined, links: [stub.link()] });
    await expectSoon(() => stub.asked.length).toBe(1);
    await page.waitForTimeout(WITHOUT_ANSWER);
    await context.clock.fastForward(9_000);
    expect(await toldPage(opened)).toEqual([]);
    await context.clock.fastForward(1_500);
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'session-required']]);
    await page.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)})`);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onSignedIn', SUBJECT.user_id]);
  });

  test('silence of the page around it is an answer after fifteen seconds', async () => {
    await context.clock.install();
    const opened = await openFrame(page, stub);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed']);
    await context.clock.fastForward(16_000);
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'no-answer']]);
  });
});

describe('where somebody else’s session is', () => {
  test('the page signs in by a link, and leaves that session alone', async () => {
    stub.cookie = stub.session('usr_other');
    const opened = await openFrame(page, stub, { links: [stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    const [, needed] = await toldAround(opened);
    expect(needed).toMatchObject({ type: 'link-needed', reason: 'other-user' });
    expect(stub.posts().map(({ headers }) => headers.cookie)).toEqual([undefined]);
    expect(stub.cookie.user.user_id).toBe('usr_other');
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
  });

  test.each(['organization_id', 'partner_id'])('so it does for another %s', async (name) => {
    stub.cookie = stub.session();
    const opened = await openFrame(page, stub, { subject: { ...SUBJECT, [name]: 'other' }, links: [stub.link()] });
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed', 'signed-in']);
    expect((await toldAround(opened))[1]).toMatchObject({ reason: 'other-user' });
  });

  test('and the page around the frame says so late, the page is told to load anew', async () => {
    stub.cookie = stub.session('usr_other');
    const opened = await openFrame(page, stub, { subject: undefined, links: [stub.link()] });
    await expectSoon(() => toldPage(opened)).toEqual([['onSignedIn', 'usr_other']]);
    await page.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)})`);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onSubjectChanged', SUBJECT.user_id]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
  });

  test('and there is no link, the page does not go on as somebody else', async () => {
    stub.cookie = stub.session('usr_other');
    const refused = { type: 'link-refused', reason: 'unavailable' };
    const opened = await openFrame(page, stub, { subject: undefined, links: [refused] });
    await expectSoon(() => toldPage(opened)).toEqual([['onSignedIn', 'usr_other']]);
    await page.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)})`);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
  });
});

describe('nobody is listened to but the page around the frame', () => {
  const hello = { protocol: 'handoff-embed/1', type: 'hello', subject: SUBJECT };

  test('not other windows', async () => {
    const opened = await openFrame(page, stub, { subject: undefined, links: [stub.link()] });
    // A frame beside it, on the very origin of the page around them.
    await page.evaluate(`(() => {
      const beside = document.createElement('iframe');
      beside.src = '/beside';
      document.body.append(beside);
    })()`);
    await expectSoon(() => page.frames().length).toBe(3);
    const beside = page.frames().find((one) => one !== page.mainFrame() && one !== opened.frame);
    await beside?.waitForFunction('document.readyState === "complete"');
    await beside?.evaluate(`parent.frames[0].postMessage(${JSON.stringify(hello)}, '*')`);
    await opened.frame.evaluate(`postMessage(${JSON.stringify(hello)}, '*')`);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await toldAround(opened)).toEqual([]);
    await page.evaluate(`greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)})`);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed', 'signed-in']);
  });

  test('not what is no greeting, and nothing of another version', async () => {
    const opened = await openFrame(page, stub, { subject: undefined, links: [stub.link()] });
    const { subject: _, ...without } = hello;
    const wrong = [
      null,
      'hello',
      42,
      [],
      {},
      without,
      { ...hello, protocol: 'handoff-embed/2' },
      { ...hello, protocol: undefined },
      { ...hello, type: 'HELLO' },
      { ...hello, subject: 'usr_sample' },
      { ...hello, subject: { ...SUBJECT, partner_id: 7 } },
      { ...hello, type: 'link', request_id: '1', token: 'x', redirect_path: '/embed/page' },
    ];
    await page.evaluate(`for (const message of ${JSON.stringify(wrong)}) frames[0].postMessage(message, '*')`);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect([await toldAround(opened), stub.posts()]).toEqual([[], []]);
    // Members and types that are not known are ignored, those that are known are not.
    await page.evaluate(`frames[0].postMessage(${JSON.stringify({ ...hello, type: 'news' })}, '*')`);
    await page.evaluate(`frames[0].postMessage(${JSON.stringify({ ...hello, more: 1 })}, '*')`);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed', 'signed-in']);
  });

  test('not links that it did not ask for', async () => {
    const opened = await openFrame(page, stub, { links: [{ ...stub.link(), request_id: 'another' }] });
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'link-needed']);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(stub.posts()).toEqual([]);
    const [, needed] = await toldAround(opened);
    const link = { ...stub.link(), request_id: needed?.['request_id'] };
    await page.evaluate(`post(${JSON.stringify(link)}, ${JSON.stringify(stub.url)})`);
    await page.evaluate(`post(${JSON.stringify(link)}, ${JSON.stringify(stub.url)})`);
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(stub.posts()).toHaveLength(1);
  });

  test('not a page without an origin', async () => {
    stub.cookie = stub.session();
    await page.goto(stub.around_url);
    const nested = `<script>onmessage = (event) => parent.postMessage(event.data, '*');</script><iframe src="${stub.url}/embed/page"></iframe>
      <script>setInterval(() => frames[0].postMessage(${JSON.stringify(hello)}, '*'), 50)</script>`;
    await page.evaluate(`(() => {
      const sandboxed = document.createElement('iframe');
      sandboxed.sandbox = 'allow-scripts';
      sandboxed.srcdoc = ${JSON.stringify(nested)};
      document.body.append(sandboxed);
    })()`);
    await page.waitForTimeout(2 * WITHOUT_ANSWER);
    expect(await page.evaluate('told')).toEqual([]);
  });
});

test('every page around the frame is named to Handoff', async () => {
  await page.goto(stub.around_url);
  const middle = `${stub.around_url.replace('127.0.0.1', 'localhost')}/`;
  await page.evaluate(`(() => {
    const iframe = document.createElement('iframe');
    iframe.src = ${JSON.stringify(middle)};
    document.body.append(iframe);
  })()`);
  await expectSoon(() => page.frames().length).toBe(2);
  const [, between] = page.frames();
  await between?.waitForFunction('globalThis.links !== undefined');
  await between?.evaluate(`links.push(${JSON.stringify(stub.link())})`);
  await between?.evaluate(`(() => {
    const iframe = document.createElement('iframe');
    iframe.src = ${JSON.stringify(`${stub.url}/embed/page`)};
    document.body.append(iframe);
    greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)});
  })()`);
  await expectSoon(() => stub.posts().length).toBe(1);
  expect(stub.posts()[0]?.body).toMatchObject({ embedders: [new URL(middle).origin, stub.around_url] });
});

describe('in a tab of its own', () => {
  test('the page uses the cookie', async () => {
    stub.cookie = stub.session();
    await page.goto(`${stub.url}/dashboard`);
    const opened = { frame: page.mainFrame() };
    await expectSoon(() => toldPage(opened)).toEqual(SIGNED_IN);
    expect(await callFrom(opened, '/dashboard/api')).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
  });

  test('nobody is signed in without one', async () => {
    await page.goto(`${stub.url}/dashboard`);
    const opened = { frame: page.mainFrame() };
    await expectSoon(() => toldPage(opened)).toEqual([['onError', 'session-required']]);
    expect(await callFrom(opened, '/dashboard/api')).toEqual(['HandoffError', 'session-required']);
  });
});

describe('the kit’s page for somebody who is not let in', () => {
  const address = () => `${stub.url}/embed/refused`;

  test('tells the page around the frame, and keeps its own policy', async () => {
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(stub.around_url);
    await page.evaluate(`(() => {
      const iframe = document.createElement('iframe');
      iframe.src = ${JSON.stringify(address())};
      document.body.append(iframe);
      iframe.addEventListener('load', () => greet(${JSON.stringify(stub.url)}, ${JSON.stringify(SUBJECT)}));
    })()`);
    const message = { type: 'error', problem: 'session-expired', message: 'You have been signed out' };
    const told = [stub.url, true, { protocol: 'handoff-embed/1', ...message }];
    await expectSoon(() => page.evaluate('told')).toContainEqual(told);
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('can be read by everybody, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(address());
    expect(await basicFaults(page)).toEqual([]);
    await page.evaluate(axe.source);
    const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string }[] };
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});
