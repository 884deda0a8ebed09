// @ts-check
// The protocol's name, and the types that the files of this folder share.

/** @import { HandoffError } from './errors.js' */

/**
 * `data` of GET /auth/session, as it is on the wire. Times are RFC 3339.
 *
 * @typedef {object} Session
 * @property {string} session_id
 * @property {boolean} embed
 * @property {{ user_id: string, email: string, given_name: string, family_name: string, access_roles: string[] }} user
 * @property {{ organization_id: string, name: string }} organization
 * @property {{ partner_id: string, name: string }} partner
 * @property {string[]} embed_origins Who may frame the page.
 * @property {string} created_at
 * @property {string} idle_expires_at
 * @property {string} expires_at
 */

/**
 * How the browser shows who it is: by a cookie that it keeps, or by a bearer that this page keeps in memory.
 *
 * @typedef {'cookie' | 'bearer'} Mode
 */

/**
 * Whom the page around the frame has asked a link for.
 *
 * @typedef {{ user_id: string, organization_id: string, partner_id: string }} Subject
 */

/**
 * A session that was just got: `served_at` is Handoff's time, so that this machine's clock need not be right.
 *
 * @typedef {{ session: Session, served_at: number, bearer?: string }} Found
 */

/** @typedef {'no-cookie' | 'renewal' | 'expired' | 'other-user' | 'asked'} LinkReason */

/**
 * @typedef {object} Listeners
 * @property {(session: Session) => void} signedIn
 * @property {() => void} expired
 * @property {(error: HandoffError) => void} error
 * @property {(session: Session) => void} subjectChanged
 */

/** In every message, so that others' messages are told apart, and other versions. */
export const PROTOCOL = 'handoff-embed/1';
