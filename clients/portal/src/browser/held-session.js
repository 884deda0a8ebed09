// @ts-check
// The session of this page and the one secret in it, the bearer. It leaves this object in the Authorization header of requests to
// this origin, and in no other way: no address, no storage, no cookie, no message, no property holds it.

import { HandoffError } from './errors.js';
import { keyOf, requireSame } from './token-subject.js';

/** @import { HandoffApi } from './api.js' */
/** @import { Found, Mode, Session } from './protocol.js' */

export class HeldSession {
  #api;
  /** @type {Session | undefined} */
  #session;
  /** @type {string | undefined} */
  #bearer;
  /** @type {Mode} */
  #mode = 'bearer';
  /** Whom the cookie was of when it was looked up. @type {Set<string>} */
  #seen = new Set();

  /** @param {HandoffApi} api */
  constructor(api) {
    this.#api = api;
  }

  get session() {
    return this.#session;
  }

  /** Of the last session, also when that is over. */
  get mode() {
    return this.#mode;
  }

  /**
   * Whom the browser's cookie is of, or that Handoff says that there is no session; nothing is held by it.
   *
   * @returns {Promise<{ found: Found } | { missing: HandoffError }>}
   */
  async lookUp() {
    try {
      const found = await this.#api.session();
      this.#seen.add(keyOf(found.session));
      return { found };
    } catch (error) {
      if (error instanceof HandoffError && error.problem.startsWith('session-')) return { missing: error };
      throw error;
    }
  }

  /** @param {Found} found */
  hold({ session, bearer }) {
    this.#session = session;
    this.#bearer = bearer;
    this.#mode = bearer === undefined ? 'cookie' : 'bearer';
  }

  /** Nobody is signed in here any more. */
  drop() {
    this.#session = undefined;
    this.#bearer = undefined;
  }

  /**
   * Spends a link; the bearer that is held is replaced at Handoff.
   *
   * @param {{ token: string, redirect_path: string }} link
   * @param {{ mode: Mode, embedders: string[] }} options
   * @returns {Promise<Found>}
   */
  async redeem(link, { mode, embedders }) {
    return this.#api.redeem(link, { mode, embedders, bearer: this.#bearer });
  }

  /**
   * Whether the browser has what a link brought; where it did not keep the cookie, it never gets another.
   *
   * @param {Found} found
   */
  async keeps({ session, bearer }) {
    if (bearer !== undefined) return true;
    const looked = await this.lookUp().catch(() => undefined);
    if (looked !== undefined && 'found' in looked && looked.found.session.session_id === session.session_id)
      return true;
    this.#mode = 'bearer';
    return false;
  }

  /**
   * @param {Request} request To this origin.
   * @param {Session} meant Whom the page has made it for.
   * @returns {Promise<Response>}
   * @throws {HandoffError} session-changed, when somebody else is signed in by now
   */
  async send(request, meant) {
    if (this.#session === undefined) throw new HandoffError('session-expired', 'Nobody is signed in any more');
    requireSame(this.#session, meant);
    const { user, organization } = this.#session;
    if (this.#bearer !== undefined) request.headers.set('authorization', `Bearer ${this.#bearer}`);
    request.headers.set('handoff-subject', `${user.user_id}/${organization.organization_id}`);
    return fetch(request);
  }

  async signOut() {
    const [session, bearer] = [this.#session, this.#bearer];
    await this.#api.signOut(bearer);
    if (bearer !== undefined && session !== undefined) await this.#signOutCookie(keyOf(session));
  }

  /** Ends what a link brought too late. @param {Found} found */
  async end({ bearer }) {
    await this.#api.signOut(bearer).catch(() => undefined);
  }

  /** A cookie of the same user that this page has met would sign in whoever loads it next. @param {string} key */
  async #signOutCookie(key) {
    if (!this.#seen.has(key)) return;
    const looked = await this.lookUp();
    if ('found' in looked && keyOf(looked.found.session) === key) await this.#api.signOut(undefined);
  }
}
