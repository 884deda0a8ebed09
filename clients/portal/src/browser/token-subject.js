// @ts-check
// Whether two things are of the same user, organization and partner. A link's token is read and not verified: Handoff does that. It
// only keeps one user's cookie from being replaced with the token of another.

import { HandoffError } from './errors.js';

/** @import { Session, Subject } from './protocol.js' */

/**
 * @param {Session} session
 * @returns {string}
 */
export function keyOf({ user, organization, partner }) {
  return [user.user_id, organization.organization_id, partner.partner_id].join('/');
}

/**
 * @param {Session} session
 * @param {Session} meant
 * @throws {HandoffError} session-changed
 */
export function requireSame(session, meant) {
  if (keyOf(session) === keyOf(meant)) return;
  throw new HandoffError('session-changed', 'Somebody else has signed in since the request was made');
}

/**
 * @param {Subject} subject
 * @returns {string}
 */
export function keyOfSubject({ user_id, organization_id, partner_id }) {
  return [user_id, organization_id, partner_id].join('/');
}

/**
 * The same of a token; undefined for what is no token.
 *
 * @param {string} token
 * @returns {string | undefined}
 */
export function keyOfToken(token) {
  try {
    const payload = (token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/');
    const { sub, org, client_id } = JSON.parse(atob(payload));
    return [sub, org, client_id].join('/');
  } catch {
    return undefined;
  }
}
