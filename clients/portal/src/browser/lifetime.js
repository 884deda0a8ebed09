// @ts-check
// How long the session will last, estimated here: a request that was let in prolongs it at Handoff, up to its greatest age. Says
// when to renew it and when it is over.

/** @import { Found } from './protocol.js' */

/** Time for the page around the frame to get a link. */
const LEAST_MARGIN_MILLISECONDS = 20_000;
const MARGIN = 0.2;
/** setTimeout has no longer one; what is further off is looked at again. */
const LONGEST_TIMER = 2 ** 31 - 1;

export class Lifetime {
  #onRenew;
  #onEnd;
  /** Milliseconds that the session lasts without use. */
  #idle = 0;
  #latest = 0;
  #end = 0;
  #renewed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {{ onRenew: () => void, onEnd: () => void }} act Each is called once a period at most. */
  constructor({ onRenew, onEnd }) {
    this.#onRenew = onRenew;
    this.#onEnd = onEnd;
    // A machine that slept has timers that are late.
    document.addEventListener('visibilitychange', this.#look);
  }

  /** A new session. @param {Found} found */
  begin({ session, served_at }) {
    const now = Date.now();
    this.#idle = Date.parse(session.idle_expires_at) - served_at;
    this.#latest = now + Date.parse(session.expires_at) - served_at;
    this.#end = Math.min(now + this.#idle, this.#latest);
    this.#renewed = false;
    this.#look();
  }

  /** The session was used just now. */
  use() {
    const end = Math.min(Date.now() + this.#idle, this.#latest);
    // The same end is the same period, with its one attempt.
    if (this.#end === 0 || end <= this.#end) return;
    this.#end = end;
    this.#renewed = false;
    this.#look();
  }

  /** Until the next `begin`. */
  stop() {
    clearTimeout(this.#timer);
    this.#end = 0;
  }

  close() {
    this.stop();
    document.removeEventListener('visibilitychange', this.#look);
  }

  #renewAt() {
    const margin = Math.max(LEAST_MARGIN_MILLISECONDS, this.#idle * MARGIN);
    return this.#end - Math.min(margin, this.#idle / 2);
  }

  #look = () => {
    clearTimeout(this.#timer);
    if (this.#end === 0) return;
    const now = Date.now();
    if (!this.#renewed && now >= this.#renewAt()) {
      this.#renewed = true;
      this.#onRenew();
      // It may have ended the session, or begun another.
      if (this.#end === 0) return;
    } else if (now >= this.#end) {
      this.stop();
      this.#onEnd();
      return;
    }
    const next = this.#renewed ? this.#end : this.#renewAt();
    this.#timer = setTimeout(this.#look, Math.min(Math.max(next - now, 50), LONGEST_TIMER));
  };
}
