// @ts-check
// The line between the page and one iframe: greets the frame until it answers, and lets nothing through but what that very frame
// says while it shows a page of the portal.

import { parseFrameMessage, PROTOCOL } from './protocol.js';
import { later, within } from './within.js';

/**
 * @import { Subject } from './link.js'
 * @import { FrameMessage, PageMessage } from './protocol.js'
 *
 * @typedef {object} Line
 * @property {string} origin of the portal
 * @property {() => Subject} subject whom the page believes to be signed in, as of now
 * @property {number} timeout milliseconds
 * @property {AbortSignal} signal ends it
 * @property {(message: FrameMessage) => void} receive
 * @property {() => void} reloaded the frame has another document; whoever asked before is gone
 * @property {() => void} silent nothing came within the time; called once, and something may come after it
 */

// Quickly while a page starts its scripts, then slowly: a browser writes a line to the console for each greeting that finds
// another origin in the frame, such as that of its own error page.
const QUICK = { every: 100, count: 20 };
const SLOW_EVERY = 1000;

/**
 * Says hello until stopped or the time is over.
 *
 * @param {() => void} hello
 * @param {{ count: number, ms: number, signal: AbortSignal }} pace `count`: of the quick ones; `ms`: until the first
 */
function keepGreeting(hello, { count, ms, signal }) {
  const next = () => {
    hello();
    keepGreeting(hello, { count: count - 1, ms: count > 0 ? QUICK.every : SLOW_EVERY, signal });
  };
  later(next, { ms, signal });
}

/**
 * @param {HTMLIFrameElement} iframe in the document already
 * @param {Line} line
 * @returns {(message: PageMessage) => void} sends
 */
export function openChannel(iframe, { origin, subject, timeout, signal, receive, reloaded, silent }) {
  let loads = 0;
  let was_silent = false;
  let waiting = within(signal);

  /** @param {PageMessage} message */
  const send = (message) => iframe.contentWindow?.postMessage({ protocol: PROTOCOL, ...message }, origin);

  /** @param {{ count: number, ms: number }} pace */
  const greet = (pace) => {
    waiting.abort();
    waiting = within(signal);
    keepGreeting(() => send({ type: 'hello', subject: subject() }), { ...pace, signal: waiting.signal });
    const giveUp = () => {
      waiting.abort();
      // Later documents of a frame that works may be of another kind, such as a PDF, and say nothing.
      if (loads <= 1 && !was_silent) silent();
      was_silent = true;
    };
    later(giveUp, { ms: timeout, signal: waiting.signal });
  };

  const onLoad = () => {
    loads += 1;
    if (loads > 1) reloaded();
    // Already answered, while its images were on their way.
    if (loads === 1 && waiting.signal.aborted && !was_silent) return;
    greet({ count: QUICK.count, ms: 0 });
  };
  /** @param {MessageEvent} event */
  const onMessage = ({ source, origin: from, data }) => {
    if (source === null || source !== iframe.contentWindow || from !== origin) return;
    const message = parseFrameMessage(data);
    if (message === undefined) return;
    waiting.abort();
    receive(message);
  };

  iframe.addEventListener('load', onLoad, { signal });
  addEventListener('message', onMessage, { signal });
  // Before it has loaded: a page has its scripts long before the last of its images.
  greet({ count: 0, ms: SLOW_EVERY });
  return send;
}
