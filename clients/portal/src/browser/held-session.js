// @ts-check
// The session of this page and the one secret in it, the bearer. It leaves this object in the Authorization header of requests to
// this origin, and in no other way: no address, no storage, no cookie, no message, no property holds it.

import { HandoffError } from './errors.js';
import { keyOf } from './token-subject.js';

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
   * Whom the browser's cookie is of; nothing is held by it.
   *
   * @returns {Promise<Found>}
   */
  async lookUp() {
    return this.#api.session();
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
   * @throws {HandoffError} cookie-refused, where the browser did not keep the cookie; then it never has another
   */
  async redeem(link, { mode, embedders }) {
    const found = await this.#api.redeem(link, { mode, embedders, bearer: this.#bearer });
    if (mode === 'bearer') return found;
    const kept = await this.lookUp().catch(() => undefined);
    if (kept?.session.session_id === found.session.session_id) return kept;
    this.#mode = 'bearer';
    throw new HandoffError('cookie-refused', 'The browser keeps no cookie for the portal inside this page');
  }

  /**
   * @param {Request} request To this origin.
   * @returns {Promise<Response>}
   */
  async send(request) {
    if (this.#session === undefined) throw new HandoffError('session-expired', 'Nobody is signed in any more');
    const { user, organization } = this.#session;
    if (this.#bearer !== undefined) request.headers.set('authorization', `Bearer ${this.#bearer}`);
    request.headers.set('handoff-subject', `${user.user_id}/${organization.organization_id}`);
    return fetch(request);
  }

  async signOut() {
    await this.#api.signOut(this.#bearer);
  }

  /**
   * Whether a session is of the same user, through the same partner, as the one that is held.
   *
   * @param {Session} session
   */
  isOfSame(session) {
    return this.#session !== undefined && keyOf(this.#session) === keyOf(session);
  }
}
