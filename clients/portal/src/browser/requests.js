// @ts-check
// handoff.fetch: requests to this origin as whoever is signed in, sent once more where a fresh link helps.

import { problemOf } from './api.js';
import { keyOf, requireSame } from './token-subject.js';

/** @import { Connection } from './connection.js' */
/** @import { LinkReason, Session } from './protocol.js' */

/**
 * The problems that a link may mend.
 *
 * @type {Map<string | undefined, LinkReason>}
 */
const MENDABLE = new Map([
  ['session-required', 'expired'],
  ['session-expired', 'expired'],
  ['session-changed', 'other-user'],
]);

/**
 * Why a link is needed; undefined for an answer that is not about the session.
 *
 * @param {Response} response
 * @returns {Promise<LinkReason | undefined>}
 */
async function linkReason(response) {
  return response.status === 401 ? MENDABLE.get(await problemOf(response.clone())) : undefined;
}

/**
 * @param {RequestInfo | URL} input
 * @param {RequestInit} init
 * @returns {Request}
 * @throws {TypeError} for another origin
 */
function requestOf(input, init) {
  // A redirection to another origin fails as well: the session would go along.
  const request = new Request(input, { ...init, mode: 'same-origin' });
  if (new URL(request.url).origin === window.location.origin) return request;
  throw new TypeError('handoff.fetch is for addresses on the origin of this page: the session goes nowhere else');
}

/**
 * Who is signed in; not somebody else than the page is for now, who signs in while this waits.
 *
 * @param {Connection} connection
 * @returns {Promise<Session>}
 * @throws {HandoffError} session-changed
 */
async function whoIsMeant(connection) {
  const { shown } = connection;
  const session = await connection.signedIn();
  requireSame(session, shown ?? session);
  return session;
}

/**
 * @param {Connection} connection
 * @param {RequestInfo | URL} input
 * @param {RequestInit} init
 * @returns {Promise<Response>}
 * @throws {HandoffError} session-changed, when it was made on behalf of somebody else; why nobody is signed in
 */
export async function sendSigned(connection, input, init) {
  const request = requestOf(input, init);
  // What is read while it is sent cannot be sent again.
  const replayable = !(init.body instanceof ReadableStream);
  const before = await whoIsMeant(connection);
  const first = await connection.send(replayable ? request.clone() : request, before);
  const reason = await linkReason(first);
  if (reason === undefined) return first;
  // Another request may have seen to it while this one was under way.
  if (connection.session === before) await connection.recover(reason);
  const now = connection.session;
  if (now === before || now === undefined) {
    connection.finish();
    return first;
  }
  // What was meant for one user is not sent as another.
  if (!replayable || keyOf(now) !== keyOf(before)) return first;
  const second = await connection.send(request, before);
  if ((await linkReason(second)) !== undefined && connection.session === now) connection.finish();
  return second;
}
