// @ts-check
// Promises that are settled from outside, and waiting for a moment of the page's life.

/**
 * A promise that somebody else settles. Nobody need listen to it.
 *
 * @template T
 * @returns {{ promise: Promise<T>, resolve: (value: T) => void, reject: (error: Error) => void }}
 */
export function deferred() {
  /** @type {(value: T) => void} */
  let resolve = () => undefined;
  /** @type {(error: Error) => void} */
  let reject = () => undefined;
  /** @type {Promise<T>} */
  const promise = new Promise((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
export function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/**
 * Until the page and what it loads is there.
 *
 * @returns {Promise<void>}
 */
export async function pageLoaded() {
  if (document.readyState === 'complete') return;
  await new Promise((resolve) => {
    window.addEventListener('load', resolve, { once: true });
  });
}

/** Links that are asked for without a person's click: a few a minute, so that nothing goes round and round. */
const AUTOMATIC_LINKS = 3;
const AUTOMATIC_LINKS_MILLISECONDS = 60_000;

export class AutomaticLinks {
  /** @type {number[]} */
  #taken = [];

  /** True when there may be another one. */
  take() {
    const now = Date.now();
    this.#taken = this.#taken.filter((moment) => now - moment < AUTOMATIC_LINKS_MILLISECONDS);
    if (this.#taken.length >= AUTOMATIC_LINKS) return false;
    this.#taken.push(now);
    return true;
  }
}
