// @ts-check
// The page around the frame, spoken to by postMessage (docs/embed-protocol.md). It is bound to the origin that greets first, and
// nothing is sent anywhere else. No message holds a session.

import { HandoffError } from './errors.js';
import { PROTOCOL } from './protocol.js';
import { keyOfSubject } from './token-subject.js';

/** @import { LinkReason, Subject } from './protocol.js' */

const ANSWER_MILLISECONDS = 15_000;
/** Only these may be shown in a frame. */
const EMBED_PATH = /^\/embed(?:[/?#]|$)/;

/** @typedef {{ token: string, redirect_path: string }} FrameLink */
/** @typedef {{ request_id: string, settle: (message: Record<string, unknown>) => void }} Waiting */

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}

/**
 * @param {unknown} value
 * @returns {value is Subject}
 */
function isSubject(value) {
  return (
    isObject(value) && ['user_id', 'organization_id', 'partner_id'].every((name) => typeof value[name] === 'string')
  );
}

/** Of no other document. (randomUUID is for secure contexts alone.) */
function newRequestId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * @param {string} text
 * @returns {URL | undefined}
 */
function parseUrl(text) {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/**
 * The origins of all pages around this one; undefined where the browser has no such list (Firefox).
 *
 * @returns {Iterable<string> | undefined}
 * @throws {HandoffError} embedding-refused, where the browser does not tell about pages further out
 */
function ancestors() {
  const { ancestorOrigins } = window.location;
  if (ancestorOrigins === undefined && window.parent !== window.top) {
    throw new HandoffError(
      'embedding-refused',
      'This browser does not tell which pages are around the page around this frame',
    );
  }
  return ancestorOrigins;
}

/**
 * The page that put this one into its frame, unless this portal's own did.
 *
 * @returns {string[]}
 */
function referrers() {
  const origin = parseUrl(document.referrer)?.origin;
  return origin === undefined || origin === window.location.origin ? [] : [origin];
}

export class ParentPage {
  /** @type {string | undefined} */
  #origin;
  /** @type {Subject | undefined} */
  #subject;
  /** @type {Map<string, Waiting['settle']>} */
  #waiting = new Map();
  /** @type {(subject: Subject) => void} */
  #onHello;

  /** @param {(subject: Subject) => void} onHello Called for the first greeting, and for one with another subject. */
  constructor(onHello) {
    this.#onHello = onHello;
    window.addEventListener('message', this.#receive);
  }

  /** Whether there is a page around this one at all. */
  static get exists() {
    return window.parent !== window;
  }

  /** Undefined until it has greeted. */
  get origin() {
    return this.#origin;
  }

  /** Of its latest greeting. */
  get subject() {
    return this.#subject;
  }

  /** @param {Record<string, unknown> & { type: string }} message */
  post(message) {
    if (this.#origin !== undefined) window.parent.postMessage({ protocol: PROTOCOL, ...message }, this.#origin);
  }

  /**
   * The origins around this frame, for Handoff to judge.
   *
   * @returns {string[]}
   * @throws {HandoffError} embedding-refused, where the browser does not tell about pages further out
   */
  embedders() {
    return this.#with(ancestors() ?? []);
  }

  /**
   * Whether a session that the browser's cookie brought may be used here: the cookie is there in every page's frames.
   *
   * @param {string[]} registered Origins that may frame this page; its own always may.
   * @throws {HandoffError} embedding-refused, also when nobody says which page is around this one
   */
  requireRegistered(registered) {
    const around = this.#with(ancestors() ?? referrers());
    const allowed = new Set([...registered, window.location.origin]);
    if (around.length > 0 && around.every((origin) => allowed.has(origin))) return;
    throw new HandoffError('embedding-refused', 'The page around the frame is not registered with the portal');
  }

  /** @param {Iterable<string>} origins */
  #with(origins) {
    return [...new Set([...(this.#origin === undefined ? [] : [this.#origin]), ...origins])];
  }

  /**
   * A link for this frame. @param {LinkReason} reason
   *
   * @returns {Promise<FrameLink>}
   * @throws {HandoffError} no-answer, link-refused, frame-refused
   */
  async askForFrameLink(reason) {
    const { token, redirect_path } = await this.#ask('frame', reason);
    if (typeof token !== 'string' || typeof redirect_path !== 'string')
      throw new HandoffError('no-answer', 'The page around the frame sent no link');
    if (!EMBED_PATH.test(redirect_path))
      throw new HandoffError('frame-refused', 'The page around the frame sent a link for a tab');
    return { token, redirect_path };
  }

  /**
   * A link for a tab, on this portal.
   *
   * @returns {Promise<string>}
   */
  async askForTabLink() {
    const { url } = await this.#ask('tab', 'asked');
    const link = typeof url === 'string' ? parseUrl(url) : undefined;
    if (link?.origin === window.location.origin && link.pathname === '/auth/sso') return link.href;
    throw new HandoffError('no-answer', 'The page around the frame sent no link of this portal');
  }

  close() {
    window.removeEventListener('message', this.#receive);
    for (const settle of this.#waiting.values()) settle({ type: 'link-refused', reason: 'unavailable' });
  }

  /**
   * @param {'frame' | 'tab'} target
   * @param {LinkReason} reason
   * @returns {Promise<Record<string, unknown>>}
   */
  async #ask(target, reason) {
    if (this.#origin === undefined)
      throw new HandoffError('no-answer', 'There is no page around this one that makes links');
    const request_id = newRequestId();
    const answered = new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ type: 'none' }), ANSWER_MILLISECONDS);
      this.#waiting.set(request_id, (message) => {
        clearTimeout(timer);
        resolve(message);
      });
    });
    this.post({ type: 'link-needed', request_id, target, reason });
    const message = await answered;
    this.#waiting.delete(request_id);
    if (message.type === 'link') return message;
    if (message.type === 'none') throw new HandoffError('no-answer', 'The page around the frame does not answer');
    throw new HandoffError('link-refused', 'The page around the frame has no link', String(message.reason));
  }

  /** @param {MessageEvent} event */
  #receive = ({ source, origin, data }) => {
    // 'null' is the origin of pages that have none, and no address to answer to.
    if (source !== window.parent || origin === 'null') return;
    if (!isObject(data) || data['protocol'] !== PROTOCOL || (this.#origin ?? origin) !== origin) return;
    if (data['type'] === 'hello') this.#greet(origin, data['subject']);
    else this.#settle(data);
  };

  /** @param {Record<string, unknown>} message */
  #settle(message) {
    const { type, request_id } = message;
    if (type === 'link' || type === 'link-refused') this.#waiting.get(String(request_id))?.(message);
  }

  /**
   * @param {string} origin
   * @param {unknown} subject
   */
  #greet(origin, subject) {
    if (!isSubject(subject)) return;
    const known = this.#subject;
    // It greets until it is answered, so that several greetings may be on their way.
    if (known !== undefined && keyOfSubject(known) === keyOfSubject(subject)) return;
    this.#origin = origin;
    this.#subject = subject;
    if (known === undefined) this.post({ type: 'ready' });
    this.#onHello(subject);
  }
}
