// @ts-check
// What the page around the frame is told of the page in it, once it may know: how high it is, and where it is.

/** @import { ParentPage } from './parent.js' */

export class Report {
  #parent;
  /** @type {ResizeObserver | undefined} */
  #observer;
  #height = -1;
  #viewport = -1;

  /** @param {ParentPage} parent */
  constructor(parent) {
    this.#parent = parent;
  }

  start() {
    if (this.#observer !== undefined) return;
    this.#observer = new ResizeObserver(this.#tellHeight);
    // An element that is there twice is observed once.
    for (const element of [document.documentElement, document.body]) this.#observer.observe(element);
    window.addEventListener('popstate', this.#tellPlace);
  }

  stop() {
    this.#observer?.disconnect();
    this.#observer = undefined;
    window.removeEventListener('popstate', this.#tellPlace);
  }

  /** @param {string} path */
  navigated(path) {
    if (this.#observer !== undefined) this.#parent.post({ type: 'navigate', path });
  }

  #tellPlace = () => {
    const { pathname, search, hash } = window.location;
    this.navigated(pathname + search + hash);
  };

  #tellHeight = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    const viewport = window.innerHeight;
    // A page that is as high as its frame and some more would grow with it for ever.
    const follows = viewport !== this.#viewport && height - this.#height === viewport - this.#viewport;
    const changed = height !== this.#height;
    this.#height = height;
    this.#viewport = viewport;
    if (changed && !follows) this.#parent.post({ type: 'resize', height });
  };
}
