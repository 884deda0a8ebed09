// The W3C WebDriver protocol (https://www.w3.org/TR/webdriver2/), as much of it as the cases need: one session, its windows
// and the frames in them.

import { setTimeout as pause } from 'node:timers/promises';
import type { Tab, View } from './driver.ts';

const PATIENCE_MILLISECONDS = 30_000;
const COMMAND_MILLISECONDS = 60_000;
/** The names of references in JSON, fixed by the standard (12.1 and 12.2). */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';
const SHADOW_ROOT = 'shadow-6066-11e4-a52e-4f735466cecf';

function idIn(reference: unknown, name: string): string {
  return (reference as Record<string, string>)[name] ?? '';
}

type Answer = { value: unknown };

class WebDriverError extends Error {
  override readonly name = 'WebDriverError';
}

/** Sends one command. @throws WebDriverError with the standard's error code */
export async function command(method: 'GET' | 'POST' | 'DELETE', url: string, body?: object): Promise<unknown> {
  const sent = method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {};
  // A driver that hangs must not outlive the case: what was started is ended when the case has failed.
  const response = await fetch(url, { method, ...sent, signal: AbortSignal.timeout(COMMAND_MILLISECONDS) });
  const { value } = (await response.json()) as Answer;
  if (response.ok) return value;
  const { error = 'unknown', message = '' } = (value ?? {}) as { error?: string; message?: string };
  throw new WebDriverError(`${error}: ${message}`);
}

export type Session = {
  send: (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>;
  /** Does something without another command in between: the window and frame in use are one state for all. */
  alone: <Result>(act: () => Promise<Result>) => Promise<Result>;
};

export function newSession(url: string): Session {
  let last: Promise<unknown> = Promise.resolve();
  return {
    send: (method, path, body) => command(method, url + path, body),
    alone: (act) => {
      const result = last.then(act);
      last = result.catch(() => undefined);
      return result;
    },
  };
}

/** A selector may go into shadow trees, as `host >>> button`. */
async function findElement({ send }: Session, selector: string): Promise<string> {
  let found = '';
  for (const [index, value] of selector.split(' >>> ').entries()) {
    const from = index === 0 ? '' : `/shadow/${idIn(await send('GET', `/element/${found}/shadow`), SHADOW_ROOT)}`;
    found = idIn(await send('POST', `${from}/element`, { using: 'css selector', value }), ELEMENT);
  }
  return found;
}

/** As findElement, for one that a page may still be making. */
async function awaitElement(session: Session, selector: string): Promise<string> {
  const deadline = Date.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    try {
      return await findElement(session, selector);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await pause(50);
    }
  }
}

function viewOf(session: Session, enter: () => Promise<void>): View {
  const { send, alone } = session;
  const inside = <Result>(act: () => Promise<Result>) =>
    alone(async () => {
      await enter();
      return act();
    });
  return {
    evaluate: (expression) =>
      inside(() => send('POST', '/execute/sync', { script: `return (${expression});`, args: [] })),
    click: (selector) =>
      inside(async () => void (await send('POST', `/element/${await awaitElement(session, selector)}/click`))),
    doubleClick: (selector) =>
      inside(async () => {
        const origin = { [ELEMENT]: await awaitElement(session, selector) };
        const press = [
          { type: 'pointerDown', button: 0 },
          { type: 'pointerUp', button: 0 },
        ];
        const actions = [{ type: 'pointerMove', x: 0, y: 0, origin }, ...press, ...press];
        await send('POST', '/actions', { actions: [{ type: 'pointer', id: 'mouse', actions }] });
      }),
    // By the keyboard: WebKitWebDriver's own command for it finds nothing to focus in a frame of another site.
    type: (selector, text) =>
      inside(async () => {
        await send('POST', `/element/${await awaitElement(session, selector)}/click`);
        const actions = Array.from(text).flatMap((value) => [
          { type: 'keyDown', value },
          { type: 'keyUp', value },
        ]);
        await send('POST', '/actions', { actions: [{ type: 'key', id: 'keyboard', actions }] });
      }),
  };
}

/** The tab with this window handle. */
export function tabOf(session: Session, handle: string): Tab {
  const { send, alone } = session;
  const enter = async (selectors: string[]) => {
    await send('POST', '/window', { handle });
    await send('POST', '/frame', { id: null });
    for (const selector of selectors) {
      await send('POST', '/frame', { id: { [ELEMENT]: await findElement(session, selector) } });
    }
  };
  const inTab = (method: 'POST' | 'DELETE', path: string, body?: object) =>
    alone(async () => {
      await enter([]);
      await send(method, path, body);
    });
  return {
    ...viewOf(session, () => enter([])),
    goto: (url) => inTab('POST', '/url', { url }),
    reload: () => inTab('POST', '/refresh'),
    // Not the command for it, which waits for a load that a step within a page or a frame does not bring.
    back: () => inTab('POST', '/execute/sync', { script: 'history.back()', args: [] }),
    close: () => inTab('DELETE', '/window'),
    frame: (...selectors) => viewOf(session, () => enter(selectors)),
  };
}
