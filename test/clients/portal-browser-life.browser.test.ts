// The portal kit's browser side once somebody is signed in, in a real Chromium: renewal, the end, requests of the portal's, what the
// page around the frame is told, the notice. Time is the browser's own, moved by the test.

import axe from 'axe-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { OFFLINE, startBrowser } from '../browser/browser.ts';
import {
  callFrom,
  expectSoon,
  openFrame,
  type Opened,
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

const MINUTE = 60_000;
const WITHOUT_ANSWER = 300;
const REFUSED = { type: 'link-refused', reason: 'signed-out' };

/** The clock of the browser, and of Handoff with it. */
async function pass(milliseconds: number): Promise<void> {
  const now = stub.now;
  stub.now = () => now() + milliseconds;
  await context.clock.fastForward(milliseconds);
}

async function signedIn(links: object[], mode: 'cookie' | 'bearer' = 'bearer'): Promise<Opened> {
  await context.clock.install();
  if (mode === 'cookie') stub.cookie = stub.session();
  const opened = await openFrame(page, stub, { links });
  await expectSoon(() => typesTold(opened)).toContain('signed-in');
  await expectSoon(() => toldPage(opened)).toEqual([['onSignedIn', SUBJECT.user_id]]);
  return opened;
}

/** Holds answers at an address back until `release` is called. */
async function holdBack(address = '**/auth/sso'): Promise<{ spent: () => number; release: () => void }> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let spent = 0;
  await page.route(address, async (route) => {
    const response = await route.fetch();
    spent += 1;
    await released;
    await route.fulfill({ response });
  });
  return { spent: () => spent, release };
}

const reasons = async (opened: Opened) =>
  (await toldAround(opened)).filter(({ type }) => type === 'link-needed').map(({ reason }) => reason);
const bearers = () => [...stub.bearers.keys()];

describe('a session that is about to end', () => {
  test('is renewed at four fifths of its idle time, and the page stays as it is', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    const [first] = bearers();
    await opened.frame.evaluate("document.getElementById('note').value = 'not lost'");
    await pass(12 * MINUTE - 5_000);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await reasons(opened)).toEqual(['no-cookie']);
    await pass(10_000);
    await expect
      .poll(() => typesTold(opened))
      .toEqual(['ready', 'link-needed', 'signed-in', 'link-needed', 'signed-in']);
    expect(await reasons(opened)).toEqual(['no-cookie', 'renewal']);
    expect(stub.posts().at(-1)?.headers.authorization).toBe(`Bearer ${first}`);
    expect(bearers()).toHaveLength(1);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    expect(stub.asked.at(-1)?.headers.authorization).toBe(`Bearer ${bearers()[0]}`);
    expect(await opened.frame.evaluate("document.getElementById('note').value")).toBe('not lost');
    expect(await toldPage(opened), 'the page need not know').toEqual([['onSignedIn', SUBJECT.user_id]]);
  });

  test('is renewed as a cookie where that is how it is kept', async () => {
    const opened = await signedIn([stub.link()], 'cookie');
    await pass(13 * MINUTE);
    await expectSoon(() => typesTold(opened)).toEqual(['ready', 'signed-in', 'link-needed', 'signed-in']);
    expect(stub.posts()[0]?.body).toMatchObject({ session: 'cookie' });
    expect((await toldAround(opened)).findLast(({ type }) => type === 'signed-in')).toMatchObject({
      session: 'cookie',
    });
  });

  test('goes on as a bearer where the browser keeps the cookie no more', async () => {
    const opened = await signedIn([stub.link(), stub.link()], 'cookie');
    stub.keeps_cookies = false;
    await pass(13 * MINUTE);
    await expectSoon(() => stub.posts().length).toBe(2);
    await expectSoon(async () => (await toldAround(opened)).filter(({ type }) => type === 'signed-in').length).toBe(2);
    expect(stub.posts().map(({ body }) => (body as { session: string }).session)).toEqual(['cookie', 'bearer']);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
  });

  test('is left alone while it is used', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    for (let times = 0; times < 4; times += 1) {
      await pass(10 * MINUTE);
      expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    }
    expect(await reasons(opened)).toEqual(['no-cookie']);
  });

  test('is renewed before its greatest age, however much it is used', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    for (let times = 0; times < 23; times += 1) {
      await pass(10 * MINUTE);
      await callFrom(opened, '/embed/api/me');
    }
    expect(await reasons(opened)).toEqual(['no-cookie']);
    await pass(8 * MINUTE);
    await expectSoon(() => reasons(opened)).toEqual(['no-cookie', 'renewal']);
  });

  test('ends when there is no link, and nobody asks again but a person', async () => {
    const opened = await signedIn([stub.link(), REFUSED, stub.link()]);
    await pass(13 * MINUTE);
    await expectSoon(() => reasons(opened)).toEqual(['no-cookie', 'renewal']);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect(await toldPage(opened), 'it is not over yet').toEqual([['onSignedIn', SUBJECT.user_id]]);
    await pass(3 * MINUTE);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
    await expectSoon(async () => (await typesTold(opened)).at(-1)).toBe('expired');
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
    for (let times = 0; times < 5; times += 1) await pass(10 * MINUTE);
    expect(await reasons(opened)).toEqual(['no-cookie', 'renewal']);
    await opened.frame.evaluate('handoff.signInAgain()');
    expect(await reasons(opened)).toEqual(['no-cookie', 'renewal', 'asked']);
    expect((await toldPage(opened)).at(-1)).toEqual(['onSignedIn', SUBJECT.user_id]);
  });

  test('is renewed when a machine wakes up that has slept past its end', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    await pass(120 * MINUTE);
    await expectSoon(() => reasons(opened)).toEqual(['no-cookie', 'renewal']);
    await expectSoon(() => bearers().length).toBe(1);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    expect(await toldPage(opened)).toEqual([['onSignedIn', SUBJECT.user_id]]);
  });

  test('is not renewed as somebody else’s: the page is told to load anew', async () => {
    const opened = await signedIn([stub.link('usr_other')], 'cookie');
    await pass(13 * MINUTE);
    await expect
      .poll(() => toldPage(opened))
      .toEqual([
        ['onSignedIn', SUBJECT.user_id],
        ['onSubjectChanged', 'usr_other'],
      ]);
    expect(stub.posts()[0]?.body).toMatchObject({ session: 'bearer' });
    expect(stub.cookie?.user.user_id, 'the cookie').toBe(SUBJECT.user_id);
  });
});

test('a page that does not say what to do when the user changes is reloaded once', async () => {
  await context.clock.install();
  stub.cookie = stub.session();
  const opened = await openFrame(page, stub, {
    links: [stub.link('usr_other')],
    path: '/embed/page?without=onSubjectChanged',
  });
  await expectSoon(() => toldPage(opened)).toEqual([['onSignedIn', SUBJECT.user_id]]);
  await opened.frame.evaluate('window.before = true');
  await pass(13 * MINUTE);
  await expect
    .poll(() => opened.frame.evaluate('window.before === undefined && window.told?.length').catch(() => 0))
    .toBe(1);
  const asked = stub.posts().length;
  await pass(13 * MINUTE);
  await page.waitForTimeout(WITHOUT_ANSWER);
  expect(stub.posts().length - asked).toBeLessThanOrEqual(1);
});

describe('a request of the portal’s', () => {
  test('is sent once more, with its body, when a fresh link helps', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    stub.bearers.clear();
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"note":"kept"}' };
    const [status, text] = await callFrom(opened, '/embed/api/notes', init);
    expect([status, JSON.parse(String(text))]).toEqual([200, { user_id: SUBJECT.user_id, body: { note: 'kept' } }]);
    expect(await reasons(opened)).toEqual(['no-cookie', 'expired']);
    expect(stub.asked.filter(({ path }) => path === '/embed/api/notes')).toHaveLength(2);
  });

  test('shares the one link with others that are sent at the same time', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    stub.bearers.clear();
    const all = await Promise.all(Array.from({ length: 6 }, () => callFrom(opened, '/embed/api/me')));
    expect(all.map(([status]) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await reasons(opened)).toEqual(['no-cookie', 'expired']);
  });

  test('gets its 401 when there is no link, and then it is over', async () => {
    const opened = await signedIn([stub.link(), REFUSED]);
    stub.bearers.clear();
    expect(await callFrom(opened, '/embed/api/me')).toEqual([401, expect.stringContaining('session-expired')]);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
    expect((await toldPage(opened)).filter(([name]) => name === 'onExpired')).toHaveLength(1);
    expect(stub.asked.filter(({ path }) => path === '/embed/api/me')).toHaveLength(1);
  });

  test('is not sent for ever where a link does not help', async () => {
    const opened = await signedIn([stub.link(), stub.link(), stub.link(), stub.link()]);
    stub.bearers.set = () => stub.bearers;
    try {
      stub.bearers.clear();
      expect((await callFrom(opened, '/embed/api/me'))[0]).toBe(401);
      expect(stub.asked.filter(({ path }) => path === '/embed/api/me')).toHaveLength(2);
      expect((await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
      expect(await reasons(opened)).toEqual(['no-cookie', 'expired']);
    } finally {
      Reflect.deleteProperty(stub.bearers, 'set');
    }
  });

  test('asks for no more than three links a minute by itself', async () => {
    const opened = await signedIn(Array.from({ length: 9 }, () => stub.link()));
    for (let times = 0; times < 6; times += 1) {
      stub.bearers.clear();
      await callFrom(opened, '/embed/api/me');
    }
    expect(await reasons(opened)).toEqual(['no-cookie', 'expired', 'expired', 'expired']);
    expect((await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
  });

  test('whose body is a stream is not sent again, but the session is mended for the next one', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    stub.bearers.clear();
    // Chromium sends streams over HTTP/2 only; a stub of fetch stands in for the network here.
    const sent = await opened.frame.evaluate(`(async () => {
      const original = window.fetch;
      let count = 0;
      window.fetch = (request) => {
        if (!String(request.url ?? request).includes('/embed/api')) return original(request);
        count += 1;
        const body = JSON.stringify({ type: 'https://api.example.com/errors/session-expired' });
        return Promise.resolve(new Response(body, { status: 401, headers: { 'content-type': 'application/problem+json' } }));
      };
      window.fetch = new Proxy(window.fetch, { apply: (target, _, args) => args[1] ? original(...args) : target(...args) });
      const { status } = await handoff.fetch('/embed/api/notes', { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' });
      window.fetch = original;
      return [status, count];
    })()`);
    expect(sent).toEqual([401, 1]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual([200, expect.anything()]);
    expect((await toldPage(opened)).map(([name]) => name)).toEqual(['onSignedIn']);
  });

  test('is not sent as somebody who has signed in since', async () => {
    const opened = await signedIn([stub.link()], 'cookie');
    stub.cookie = stub.session('usr_other');
    const [status, text] = await callFrom(opened, '/embed/api/me');
    expect([status, text]).toEqual([200, expect.stringContaining(SUBJECT.user_id)]);
    expect(await reasons(opened)).toEqual(['other-user']);
    expect(stub.posts()[0]?.body).toMatchObject({ session: 'bearer' });
    expect(stub.cookie.user.user_id).toBe('usr_other');
  });

  test('that was meant for one user is not sent as another', async () => {
    const opened = await signedIn([stub.link('usr_other')], 'cookie');
    stub.cookie = undefined;
    const init = { method: 'POST', body: '{}' };
    expect((await callFrom(opened, '/embed/api/notes', init))[0]).toBe(401);
    expect(stub.asked.filter(({ path }) => path === '/embed/api/notes')).toHaveLength(1);
    expect((await toldPage(opened)).at(-1)).toEqual(['onSubjectChanged', 'usr_other']);
  });

  test('goes to this origin only, also by a redirection', async () => {
    const opened = await signedIn([stub.link()]);
    const count = stub.asked.length;
    for (const url of [`${stub.around_url}/`, '//evil.example/', 'https://evil.example/', 'data:text/plain,x']) {
      expect((await callFrom(opened, url))[0], url).toBe('TypeError');
    }
    expect(stub.asked).toHaveLength(count);
    expect((await callFrom(opened, '/elsewhere'))[0]).toBe('TypeError');
    expect(await callFrom(opened, `${stub.url}/embed/api/me`)).toEqual([200, expect.anything()]);
  });

  test('that is refused for another reason is the portal’s own matter', async () => {
    const opened = await signedIn([stub.link()]);
    stub.is_away = true;
    expect((await callFrom(opened, '/embed/api/me'))[0]).toBe(503);
    stub.is_away = false;
    expect((await callFrom(opened, '/embed/api/me'))[0]).toBe(200);
    expect(await reasons(opened)).toEqual(['no-cookie']);
  });
});

describe('the page around the frame is told', () => {
  const told = async (opened: Opened, type: string) =>
    (await toldAround(opened)).filter((message) => message.type === type).map(({ height, path }) => height ?? path);

  test('how high the page is, when it grows and when it shrinks', async () => {
    const opened = await signedIn([stub.link()]);
    await expectSoon(async () => (await told(opened, 'resize')).length).toBeGreaterThan(0);
    const height = () => opened.frame.evaluate('Math.ceil(document.documentElement.getBoundingClientRect().height)');
    const before = await height();
    await opened.frame.evaluate("document.getElementById('main').style.height = '1234px'");
    await expectSoon(async () => (await told(opened, 'resize')).at(-1)).toBeGreaterThan(1234);
    await opened.frame.evaluate("document.getElementById('main').style.height = ''");
    await expectSoon(async () => (await told(opened, 'resize')).at(-1)).toBe(before);
  });

  test('nothing of a page that only follows its frame', async () => {
    const opened = await signedIn([stub.link()]);
    await opened.frame.evaluate("document.documentElement.style.height = 'calc(100vh + 40px)'");
    await expectSoon(async () => (await told(opened, 'resize')).length).toBeGreaterThan(0);
    await page.waitForTimeout(WITHOUT_ANSWER);
    const count = (await told(opened, 'resize')).length;
    for (const height of [300, 400, 500]) {
      await page.evaluate(`document.querySelector('iframe').style.height = '${height}px'`);
      await page.waitForTimeout(100);
    }
    expect((await told(opened, 'resize')).length - count).toBe(0);
  });

  test('where the page is', async () => {
    const opened = await signedIn([stub.link()]);
    await opened.frame.evaluate(
      "history.pushState(null, '', '/embed/page/2?tab=a#b'); handoff.navigated('/embed/page/2?tab=a#b')",
    );
    await opened.frame.evaluate("history.pushState(null, '', '/embed/page/3')");
    await opened.frame.evaluate('history.back()');
    await expectSoon(() => told(opened, 'navigate')).toEqual(['/embed/page/2?tab=a#b', '/embed/page/2?tab=a#b']);
  });
});

test('signing out ends it for this page, and leaves the browser’s cookie alone', async () => {
  const opened = await signedIn([stub.link()]);
  stub.cookie = stub.session('usr_other');
  await opened.frame.evaluate('handoff.signOut()');
  expect([bearers(), stub.cookie?.user.user_id]).toEqual([[], 'usr_other']);
  await expectSoon(async () => (await typesTold(opened)).at(-1)).toBe('expired');
  expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
  expect((await toldPage(opened)).map(([name]) => name)).toEqual(['onSignedIn']);
});

test('signing out also ends a cookie of the same user that the page has met, and nobody else’s', async () => {
  const opened = await signedIn([stub.link(), stub.link()], 'cookie');
  const own = stub.cookie;
  // Somebody else signs in in the meantime, so that the page goes on as a bearer.
  stub.cookie = stub.session('usr_other');
  expect((await callFrom(opened, '/embed/api/me'))[0]).toBe(200);
  expect(bearers()).toHaveLength(1);
  await opened.frame.evaluate('handoff.signOut()');
  expect([bearers(), stub.cookie?.user.user_id]).toEqual([[], 'usr_other']);
  await opened.frame.evaluate('handoff.signInAgain()');
  stub.cookie = own;
  expect(bearers()).toHaveLength(1);
  await opened.frame.evaluate('handoff.signOut()');
  expect([bearers(), stub.cookie]).toEqual([[], undefined]);
});

describe('what is under way', () => {
  async function lastRequestId(opened: Opened, count: number): Promise<unknown> {
    await expectSoon(async () => (await reasons(opened)).length).toBe(count);
    return (await toldAround(opened)).findLast(({ type }) => type === 'link-needed')?.['request_id'];
  }

  const sendLink = (request_id: unknown, link = stub.link()) =>
    page.evaluate(`post(${JSON.stringify({ ...link, request_id })}, ${JSON.stringify(stub.url)})`);
  const logouts = () => stub.asked.filter(({ path }) => path === '/auth/logout').length;

  test('when somebody signs out brings nobody back: a link that comes after it is not spent', async () => {
    const opened = await signedIn([stub.link()]);
    await pass(13 * MINUTE);
    const request_id = await lastRequestId(opened, 2);
    await opened.frame.evaluate('handoff.signOut()');
    await sendLink(request_id);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect([bearers(), stub.posts().length]).toEqual([[], 1]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
    expect((await toldPage(opened)).map(([name]) => name)).toEqual(['onSignedIn']);
    expect((await typesTold(opened)).at(-1)).toBe('expired');
  });

  test.each(['bearer', 'cookie'] as const)('and is a session by then, a %s, is ended', async (mode) => {
    const opened = await signedIn([stub.link(), stub.link()].slice(mode === 'cookie' ? 1 : 0), mode);
    const { spent, release } = await holdBack();
    await pass(13 * MINUTE);
    await expectSoon(spent).toBe(1);
    const [renewed] = bearers();
    const cookie = stub.cookie;
    await opened.frame.evaluate('handoff.signOut()');
    // The browser keeps what comes last.
    stub.cookie = cookie;
    release();
    await expectSoon(logouts).toBe(2);
    await page.waitForTimeout(WITHOUT_ANSWER);
    expect([bearers(), stub.cookie, renewed === undefined]).toEqual([[], undefined, mode === 'cookie']);
    expect((await toldPage(opened)).map(([name]) => name)).toEqual(['onSignedIn']);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
  });

  test.each(['bearer', 'cookie'] as const)(
    'when the connection is closed leaves no %s behind that it made',
    async (mode) => {
      const opened = await signedIn([stub.link(), stub.link()].slice(mode === 'cookie' ? 1 : 0), mode);
      const { spent, release } = await holdBack();
      await pass(13 * MINUTE);
      await expectSoon(spent).toBe(1);
      const { cookie } = stub;
      await opened.frame.evaluate('handoff.close()');
      release();
      await expectSoon(bearers).toEqual([]);
      await page.waitForTimeout(WITHOUT_ANSWER);
      expect(stub.cookie, 'a cookie was there before, and closing does not sign out').toBe(cookie);
      expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'closed']);
    },
  );

  test('before somebody signs out does not disturb who signs in after that', async () => {
    const opened = await signedIn([stub.link()]);
    await pass(13 * MINUTE);
    const late = await lastRequestId(opened, 2);
    await opened.frame.evaluate('handoff.signOut()');
    const links = Array.from({ length: 3 }, () => stub.link());
    await page.evaluate(`links.push(...${JSON.stringify(links)})`);
    await opened.frame.evaluate('handoff.signInAgain()');
    stub.bearers.clear();
    expect(await callFrom(opened, '/embed/api/me'), 'a link of its own').toEqual([200, expect.anything()]);
    const [again] = bearers();
    await page.evaluate(`post(${JSON.stringify({ ...REFUSED, request_id: late })}, ${JSON.stringify(stub.url)})`);
    await pass(13 * MINUTE);
    await expectSoon(() => reasons(opened)).toEqual(['no-cookie', 'renewal', 'asked', 'expired', 'renewal']);
    await expectSoon(() => bearers().length === 1 && bearers()[0] !== again).toBe(true);
    expect((await toldPage(opened)).map(([name]) => name)).toEqual(['onSignedIn', 'onSignedIn']);
  });

  test('is ended as well when it becomes a session before somebody is signed out', async () => {
    const opened = await signedIn([stub.link(), stub.link()]);
    const renewal = await holdBack();
    const end = await holdBack('**/auth/logout');
    await pass(13 * MINUTE);
    await expectSoon(renewal.spent).toBe(1);
    const signed_out = opened.frame.evaluate('handoff.signOut()');
    await expectSoon(end.spent).toBe(1);
    renewal.release();
    await page.waitForTimeout(WITHOUT_ANSWER);
    end.release();
    await signed_out;
    await expectSoon(bearers).toEqual([]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
  });

  test('when the page still looks for its session is not taken', async () => {
    stub.cookie = stub.session();
    const look = await holdBack('**/auth/session?*');
    const opened = await openFrame(page, stub);
    await expectSoon(look.spent).toBe(1);
    await opened.frame.evaluate('handoff.signOut()');
    look.release();
    await page.waitForTimeout(3 * WITHOUT_ANSWER);
    expect(await toldPage(opened)).toEqual([]);
    expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'session-expired']);
  });
});

describe('a request that waits while somebody signs in again', () => {
  const SENT = JSON.stringify({ method: 'POST', body: '{"written_by":"the first user"}' });
  const notes = () => stub.asked.filter(({ path }) => path === '/embed/api/notes').length;

  /** A page whose session is over, and what the page around it has when a person signs in again. */
  async function over(next: string, path = '/embed/page'): Promise<Opened> {
    await context.clock.install();
    const opened = await openFrame(page, stub, { links: [stub.link(), REFUSED], path });
    await expectSoon(() => toldPage(opened)).toEqual([['onSignedIn', SUBJECT.user_id]]);
    stub.bearers.clear();
    expect((await callFrom(opened, '/embed/api/me'))[0]).toBe(401);
    await page.evaluate(`links.push(${JSON.stringify(stub.link(next))})`);
    return opened;
  }

  const sendWaiting = `void handoff.signInAgain(), call('/embed/api/notes', ${SENT})`;

  test('is sent when it is the same user', async () => {
    const opened = await over(SUBJECT.user_id);
    expect(await opened.frame.evaluate(sendWaiting)).toEqual([200, expect.stringContaining('the first user')]);
  });

  test('is not sent as the next user', async () => {
    const opened = await over('usr_other');
    expect(await opened.frame.evaluate(sendWaiting)).toEqual(['HandoffError', 'session-changed']);
    expect(notes()).toBe(0);
    expect((await callFrom(opened, '/embed/api/notes', { method: 'POST', body: '{}' }))[0], 'a later one').toBe(200);
  });

  test('is not sent as the next user, nor is a later one until the page is loaded anew', async () => {
    const opened = await over('usr_other', '/embed/page?without=onSubjectChanged');
    const anew = await holdBack('**/embed/page?*');
    // It tells the page around it, because the browser answers no test while it loads another page.
    const send = `call('/embed/api/notes', ${SENT}).then((answer) => parent.postMessage({ type: 'sent', answer }, '*'))`;
    await opened.frame.evaluate(`void handoff.signInAgain(), setInterval(() => ${send}, 20)`);
    const answers = async () => (await toldAround(opened)).filter(({ type }) => type === 'sent');
    await expectSoon(anew.spent).toBe(1);
    const so_far = (await answers()).length;
    await expectSoon(async () => (await answers()).length).toBeGreaterThan(so_far + 3);
    expect((await answers()).at(-1)).toMatchObject({ answer: ['HandoffError', 'session-changed'] });
    expect(notes()).toBe(0);
    anew.release();
    await expectSoon(() => toldPage(opened).catch(() => undefined), 'the page that is loaded anew').toEqual([]);
  });
});

test('a connection that is closed says and hears nothing more', async () => {
  const opened = await signedIn([stub.link(), stub.link()]);
  await opened.frame.evaluate('handoff.close()');
  await expectSoon(async () => (await typesTold(opened)).at(-1)).toBe('expired');
  const count = (await toldAround(opened)).length;
  await pass(13 * MINUTE);
  await opened.frame.evaluate("document.getElementById('main').style.height = '900px'");
  await page.waitForTimeout(WITHOUT_ANSWER);
  expect(await toldAround(opened)).toHaveLength(count);
  expect(await callFrom(opened, '/embed/api/me')).toEqual(['HandoffError', 'closed']);
  expect(await opened.frame.evaluate('handoff.signInAgain().catch((error) => error.problem)')).toBe('closed');
});

test('a person can open the portal in a tab, by a link of this portal only', async () => {
  const good = `${stub.url}/auth/sso?token=a.b.c&redirect=%2Fdashboard`;
  const bad = ['https://evil.example/auth/sso?token=a', `${stub.url}/dashboard`, 'javascript:alert(1)', undefined];
  const links = [stub.link(), ...bad.map((url) => ({ type: 'link', url })), REFUSED, { type: 'link', url: good }];
  const opened = await signedIn(links);
  await opened.frame.evaluate(`document.addEventListener('click', () => {
    handoff.openInTab().then(() => window.opened = 'opened', (error) => window.opened = error.problem);
  })`);
  for (const expected of [...bad.map(() => 'no-answer'), 'link-refused']) {
    await opened.frame.evaluate('window.opened = undefined');
    await opened.frame.click('#main');
    await expectSoon(() => opened.frame.evaluate('window.opened')).toBe(expected);
    await expectSoon(() => context.pages().length).toBe(1);
  }
  const [tab] = await Promise.all([context.waitForEvent('page'), opened.frame.click('#main')]);
  await expectSoon(() => stub.opened_links).toBe(1);
  // While it is on its way to the link there is nothing in it to ask.
  await expectSoon(() => tab.evaluate('window.opener').catch(() => 'on its way')).toBeNull();
});

describe('the notice', () => {
  async function faultsIn({ frame }: Opened): Promise<string[]> {
    await frame.evaluate(axe.source);
    const { violations } = (await frame.evaluate('axe.run()')) as { violations: { id: string; nodes: unknown[] }[] };
    return violations.map(({ id, nodes }) => `${id}: ${nodes.length}`);
  }

  test.each(['light', 'dark'] as const)('can be read and used by everybody, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    const complaints: string[] = [];
    const opened = await signedIn([stub.link(), REFUSED, REFUSED, stub.link()]);
    page.on('console', (message) => complaints.push(message.text()));
    await pass(16 * MINUTE);
    await expectSoon(async () => (await toldPage(opened)).at(-1)).toEqual(['onExpired', null]);
    await opened.frame.evaluate("handoff.showExpiredNotice(document.getElementById('main'))");
    await opened.frame.evaluate("handoff.showExpiredNotice(document.getElementById('main'))");
    const notice = opened.frame.getByRole('alert');
    expect(await notice.count()).toBe(1);
    expect(await notice.textContent()).toContain('Your session in the portal is over.');
    expect(await faultsIn(opened)).toEqual([]);
    const button = opened.frame.getByRole('button', { name: 'Sign in again' });
    await button.focus();
    await button.press('Enter');
    await expectSoon(() => notice.textContent()).toContain('That did not work.');
    const focused = "document.querySelector('handoff-notice').shadowRoot.activeElement?.tagName";
    expect(await opened.frame.evaluate(focused)).toBe('BUTTON');
    await button.press('Enter');
    await expectSoon(() => notice.count(), 'when it has worked').toBe(0);
    expect((await toldPage(opened)).at(-1)).toEqual(['onSignedIn', SUBJECT.user_id]);
    expect(complaints.filter((text) => text.includes('Content Security Policy'))).toEqual([]);
  });

  test('says where to go, without a button, in a tab of its own', async () => {
    await page.goto(`${stub.url}/dashboard`);
    await expectSoon(() => toldPage({ frame: page.mainFrame() })).toEqual([['onError', 'session-required']]);
    await page.evaluate("handoff.showExpiredNotice(document.getElementById('main'))");
    expect(await page.getByRole('alert').textContent()).toContain('open the portal again from your practice software');
    expect(await page.getByRole('button').count()).toBe(0);
  });
});
