// @ts-check
// Handoff's addresses on this origin: who is signed in, a token for a session, signing out.

import { HandoffError } from './errors.js';
import { ParentPage } from './parent.js';

/** @import { Found, Mode } from './protocol.js' */

const TIMEOUT_MILLISECONDS = 15_000;

/**
 * The last part of a problem's type; undefined for what is no problem.
 *
 * @param {Response} response
 * @returns {Promise<string | undefined>}
 */
export async function problemOf(response) {
  if (!(response.headers.get('content-type') ?? '').startsWith('application/problem+json')) return undefined;
  const body = await response.json().catch(() => undefined);
  return typeof body?.type === 'string' ? body.type.split('/').at(-1) : undefined;
}

/**
 * @param {unknown} body
 * @returns {Found | undefined}
 */
function foundIn(body) {
  const { timestamp, data } = Object(body);
  const served_at = Date.parse(timestamp);
  const { session_token: bearer, ...session } = Object(data);
  const limits = [session.idle_expires_at, session.expires_at].map((moment) => Date.parse(moment));
  if (typeof session.user?.user_id !== 'string' || !Array.isArray(session.embed_origins)) return undefined;
  if ([served_at, ...limits].some(Number.isNaN)) return undefined;
  return { session, served_at, ...(typeof bearer === 'string' && { bearer }) };
}

export class HandoffApi {
  #base;

  /** @param {string} base Of this origin: the session goes nowhere else. */
  constructor(base) {
    const { origin, href } = new URL(base, window.location.href);
    if (base !== '' && origin !== window.location.origin) {
      throw new TypeError('handoffUrl must be an address on the origin of this page');
    }
    this.#base = base === '' ? window.location.origin : href.replace(/\/+$/, '');
  }

  /**
   * Whom the browser's cookie is of; in a frame that of its embedded pages, which a tab's may be beside.
   *
   * @returns {Promise<Found>}
   */
  async session() {
    const place = ParentPage.exists ? '?place=embed' : '';
    return this.#found(await this.#send(`/auth/session${place}`, { credentials: 'same-origin' }));
  }

  /**
   * Spends a token. The bearer that is to be replaced goes along; cookies do only where one is to be set, for they may be somebody
   * else's.
   *
   * @param {{ token: string, redirect_path: string }} link
   * @param {{ mode: Mode, embedders: string[], bearer: string | undefined }} options
   * @returns {Promise<Found>}
   */
  async redeem({ token, redirect_path }, { mode, embedders, bearer }) {
    const body = JSON.stringify({ token, redirect: redirect_path, session: mode, embedders });
    const found = await this.#found(
      await this.#send('/auth/sso', {
        method: 'POST',
        credentials: mode === 'cookie' ? 'same-origin' : 'omit',
        headers: {
          'content-type': 'application/json',
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
        body,
      }),
    );
    if (mode === 'bearer' && found.bearer === undefined)
      throw new HandoffError('unavailable', 'There was no session in the answer');
    return found;
  }

  /** @param {string | undefined} bearer */
  async signOut(bearer) {
    const bearing = bearer === undefined ? {} : { headers: { authorization: `Bearer ${bearer}` } };
    const credentials = bearer === undefined ? 'same-origin' : 'omit';
    const response = await this.#send('/auth/logout', { method: 'POST', credentials, ...bearing });
    if (!response.ok)
      throw new HandoffError((await problemOf(response)) ?? 'unavailable', 'Signing out did not succeed');
  }

  /**
   * @param {string} path
   * @param {Omit<RequestInit, 'headers'> & { headers?: Record<string, string> }} init
   * @returns {Promise<Response>}
   */
  async #send(path, { headers = {}, ...init }) {
    try {
      return await fetch(this.#base + path, {
        headers: { accept: 'application/json', ...headers },
        cache: 'no-store',
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
        ...init,
      });
    } catch {
      throw new HandoffError('unavailable', 'The portal’s sign-in does not answer');
    }
  }

  /**
   * @param {Response} response
   * @returns {Promise<Found>}
   */
  async #found(response) {
    if (!response.ok) {
      const problem = (await problemOf(response)) ?? 'unavailable';
      throw new HandoffError(problem, `The portal’s sign-in answered ${response.status}`);
    }
    const found = foundIn(await response.json().catch(() => undefined));
    if (found === undefined) throw new HandoffError('unavailable', 'What answered is not the portal’s sign-in');
    return found;
  }
}
