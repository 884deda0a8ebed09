// @ts-check
// How this page comes to a session, keeps it and loses it: by the browser's cookie, or by a link from the page around the frame. The
// rules are in docs/embed-protocol.md. What a page sees of it is in connect.js.

import { HandoffError, toHandoffError } from './errors.js';
import { HeldSession } from './held-session.js';
import { Lifetime } from './lifetime.js';
import { AutomaticLinks, deferred, pageLoaded, pause } from './moments.js';
import { ParentPage } from './parent.js';
import { Report } from './report.js';
import { keyOf, keyOfSubject, keyOfToken } from './token-subject.js';

/** @import { HandoffApi } from './api.js' */
/** @import { Found, LinkReason, Listeners, Mode, Session, Subject } from './protocol.js' */

/** With a session, how long a page around the frame has to greet, from when this page is there. */
const GREETING_MILLISECONDS = 500;
/** Without one. */
const GREETING_NEEDED_MILLISECONDS = 10_000;

/** @typedef {'connecting' | 'signed-in' | 'over' | 'closed'} State */

export class Connection {
  #held;
  #listeners;
  /** @type {ParentPage | undefined} */
  #parent;
  /** @type {Report | undefined} */
  #report;
  #lifetime = new Lifetime({ onRenew: () => void this.recover('renewal'), onEnd: () => void this.#endUnlessRenewed() });
  /** @type {State} */
  #state = 'connecting';
  /** Raised when it ends; what was begun before and comes after that is thrown away. */
  #generation = 0;
  /** Handoff has said that the page around the frame may have it. */
  #accepted = false;
  /** Given up because nobody had greeted. */
  #unmet = false;
  /** Whom the page was last told that it is for. @type {Session | undefined} */
  #shown;
  /** @type {ReturnType<typeof deferred<void>>} */
  #greeted = deferred();
  /** @type {ReturnType<typeof deferred<Session>>} */
  #current = deferred();
  /** @type {Promise<void> | undefined} */
  #recovering;
  #links = new AutomaticLinks();
  /** Why nobody could be signed in, for a page that greets later. @type {HandoffError | undefined} */
  #failure;
  /** There was no link; from then on a person has to ask. */
  #refused = false;

  /**
   * @param {HandoffApi} api
   * @param {Listeners} listeners
   */
  constructor(api, listeners) {
    this.#held = new HeldSession(api);
    this.#listeners = listeners;
    if (!ParentPage.exists) return;
    this.#parent = new ParentPage((subject) => this.#greet(subject));
    this.#report = new Report(this.#parent);
  }

  /** Never rejects. */
  async start() {
    await this.#attempt(() => this.#begin());
  }

  /** @returns {Promise<Session>} */
  signedIn() {
    return this.#current.promise;
  }

  /** Whom the page is for, also while nobody is signed in. */
  get shown() {
    return this.#shown;
  }

  /** Undefined while nobody is signed in. */
  get session() {
    return this.#state === 'signed-in' ? this.#held.session : undefined;
  }

  /** @param {string} path */
  navigated(path) {
    if (this.#accepted && this.#state === 'signed-in') this.#report?.navigated(path);
  }

  /**
   * As whoever is signed in, once, if that is who is meant.
   *
   * @param {Request} request
   * @param {Session} meant
   * @returns {Promise<Response>}
   */
  async send(request, meant) {
    const response = await this.#held.send(request, meant);
    if (response.ok) this.#lifetime.use();
    return response;
  }

  /** A person asks for it, with a click. @returns {Promise<Session>} */
  async signInAgain() {
    if (this.#state === 'over') {
      this.#state = 'connecting';
      this.#current = deferred();
      void this.#attempt(() => this.#signInByLink('asked', this.#held.mode));
    }
    return this.#current.promise;
  }

  /** @returns {Promise<string>} */
  async tabLink() {
    if (this.#parent === undefined)
      throw new HandoffError('no-answer', 'There is no page around this one that makes links');
    return this.#parent.askForTabLink();
  }

  async signOut() {
    // A renewal that is under way brings nobody back.
    this.#generation += 1;
    try {
      await this.#held.signOut();
    } catch (error) {
      if (this.#state === 'connecting') this.#leave(toHandoffError(error));
      throw error;
    }
    this.#leave(new HandoffError('session-expired', 'Signed out'));
  }

  close() {
    this.#leave(new HandoffError('closed', 'This connection has been closed'));
    this.#state = 'closed';
    this.#lifetime.close();
    this.#parent?.close();
  }

  /**
   * Another link without a person's click: one attempt for all who need it. The session is as it was when that fails.
   *
   * @param {LinkReason} reason
   * @returns {Promise<void>}
   */
  async recover(reason) {
    const recovering = (this.#recovering ??= this.#tryToRecover(reason));
    await recovering;
    if (this.#recovering === recovering) this.#recovering = undefined;
  }

  /** The session is over, and only a person's click begins another. */
  finish() {
    if (this.#state !== 'signed-in') return;
    this.#leave(new HandoffError('session-expired', 'The session is over'));
    this.#listeners.expired();
  }

  async #begin() {
    const generation = this.#generation;
    const looked = await this.#held.lookUp();
    const found = 'found' in looked ? looked.found : undefined;
    const subject = await this.#greeting(found !== undefined);
    this.#requireCurrent(generation);
    // A page that greets later has it looked at anew.
    this.#unmet = this.#parent !== undefined && subject === undefined;
    if ('missing' in looked && subject === undefined) throw looked.missing;
    if (found === undefined) return this.#signInByLink('no-cookie', 'bearer');
    if (subject !== undefined && keyOf(found.session) !== keyOfSubject(subject))
      return this.#signInByLink('other-user', 'bearer');
    this.#accept(found.session);
    return this.#adopt(found);
  }

  /**
   * @param {boolean} has_session
   * @returns {Promise<Subject | undefined>}
   */
  async #greeting(has_session) {
    if (this.#parent === undefined) return undefined;
    const limit = has_session
      ? pageLoaded().then(() => pause(GREETING_MILLISECONDS))
      : pause(GREETING_NEEDED_MILLISECONDS);
    await Promise.race([this.#greeted.promise, limit]);
    return this.#parent.subject;
  }

  /** The page around the frame greets: as it should, late, or on behalf of somebody else. @param {Subject} subject */
  #greet(subject) {
    this.#greeted.resolve();
    const { session } = this;
    if (session === undefined) return this.#greetWithout();
    if (keyOf(session) === keyOfSubject(subject)) return this.#greetSame(session);
    return void this.recover('other-user').then(() => this.#finishUnlessAnother(session));
  }

  /** @param {Session | undefined} session */
  #finishUnlessAnother(session) {
    if (this.session === session) this.finish();
  }

  #greetWithout() {
    if (this.#state !== 'over') return;
    if (!this.#unmet) return this.#tellFailure();
    this.#unmet = false;
    this.#state = 'connecting';
    this.#current = deferred();
    void this.#attempt(() => this.#begin());
  }

  /** @param {Session} session */
  #greetSame(session) {
    try {
      this.#accept(session);
      this.#announce(session);
    } catch (caught) {
      this.#failure = toHandoffError(caught);
      this.#leave(this.#failure);
      this.#listeners.error(this.#failure);
    }
  }

  /**
   * For a session of the cookie; that of a link was judged by Handoff.
   *
   * @param {Session} session
   * @throws {HandoffError} embedding-refused
   */
  #accept({ embed_origins }) {
    if (this.#accepted || this.#parent === undefined) return;
    this.#parent.requireRegistered(embed_origins);
    // A page that has not greeted is judged by what the browser tells of it, and again when it does.
    this.#accepted = this.#parent.origin !== undefined;
  }

  /**
   * @param {LinkReason} reason
   * @param {Mode} mode
   * @returns {Promise<void>}
   */
  async #signInByLink(reason, mode) {
    if (this.#parent === undefined)
      throw new HandoffError('no-answer', 'There is no page around this one that makes links');
    const generation = this.#generation;
    const embedders = this.#parent.embedders();
    const link = await this.#parent.askForFrameLink(reason);
    this.#requireCurrent(generation);
    // The cookie of this browser is not replaced by somebody else's.
    const other = this.#shown !== undefined && keyOf(this.#shown) !== keyOfToken(link.token);
    const found = await this.#held.redeem(link, { mode: other ? 'bearer' : mode, embedders });
    const kept = await this.#held.keeps(found);
    if (generation !== this.#generation) await this.#throwAway(found);
    this.#requireCurrent(generation);
    if (!kept) return this.#signInByLink(reason, 'bearer');
    this.#accepted = true;
    return this.#adopt(found);
  }

  /** @param {number} generation @throws {HandoffError} for what has been overtaken by the end */
  #requireCurrent(generation) {
    if (generation !== this.#generation) throw new HandoffError('closed', 'It ended in the meantime');
  }

  /** A session that nobody waits for any more. @param {Found} found */
  async #throwAway(found) {
    // Closing does not sign out: such a cookie has only taken the place of another.
    if (found.bearer !== undefined || this.#state !== 'closed') await this.#held.end(found);
  }

  /** @param {Found} found */
  #adopt(found) {
    const { session } = found;
    const before = this.#shown;
    const is_new = this.#state !== 'signed-in';
    this.#held.hold(found);
    this.#state = 'signed-in';
    this.#refused = false;
    this.#failure = undefined;
    this.#shown = session;
    this.#current.resolve(session);
    this.#current = deferred();
    this.#current.resolve(session);
    this.#lifetime.begin(found);
    if (this.#accepted) this.#announce(session);
    if (before !== undefined && keyOf(before) !== keyOf(session)) this.#listeners.subjectChanged(session);
    else if (is_new) this.#listeners.signedIn(session);
  }

  /** @param {Session} session */
  #announce({ expires_at, idle_expires_at }) {
    this.#parent?.post({ type: 'signed-in', session: this.#held.mode, expires_at, idle_expires_at });
    this.#report?.start();
  }

  /**
   * @param {LinkReason} reason
   * @returns {Promise<void>}
   */
  async #tryToRecover(reason) {
    if (this.#parent?.origin === undefined || this.#refused || !this.#links.take()) return;
    const generation = this.#generation;
    try {
      await this.#signInByLink(reason, reason === 'other-user' ? 'bearer' : this.#held.mode);
    } catch (error) {
      // The session goes on to its end, or is over already; whoever asked decides.
      if (generation === this.#generation) this.#refused = toHandoffError(error).problem === 'link-refused';
    }
  }

  /** A renewal may be under way. */
  async #endUnlessRenewed() {
    const { session } = this;
    await this.#recovering;
    this.#finishUnlessAnother(session);
  }

  /** @param {() => Promise<void>} act */
  async #attempt(act) {
    const generation = this.#generation;
    try {
      await act();
    } catch (caught) {
      const error = toHandoffError(caught);
      if (generation !== this.#generation) return;
      this.#state = 'over';
      this.#failure = error;
      this.#current.reject(error);
      this.#tellFailure();
      this.#listeners.error(error);
    }
  }

  /** A page that is not registered is not told that somebody is signed in here. */
  #tellFailure() {
    const { problem, message } = this.#failure ?? { problem: 'embedding-refused', message: '' };
    if (problem !== 'embedding-refused') this.#parent?.post({ type: 'error', problem, message });
  }

  /** @param {HandoffError} error What whoever waits for a session gets. */
  #leave(error) {
    const was_signed_in = this.#state === 'signed-in';
    this.#generation += 1;
    this.#recovering = undefined;
    this.#unmet = false;
    this.#state = 'over';
    this.#held.drop();
    this.#lifetime.stop();
    this.#report?.stop();
    this.#current.reject(error);
    this.#current = deferred();
    this.#current.reject(error);
    if (this.#accepted && was_signed_in) this.#parent?.post({ type: 'expired' });
  }
}
