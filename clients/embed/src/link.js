// @ts-check
// A link as getLink gives it: what it must look like before anything is opened with it, and whom it is for. The token is read and
// not verified, which only Handoff can do; nothing here is a security decision about the token.

import { HandoffEmbedError } from './errors.js';

/**
 * @typedef {'frame' | 'tab'} LinkTarget
 * @typedef {{ user_id: string, organization_id: string, partner_id: string }} Subject
 * @typedef {{ url: string, origin: string, token: string, redirect_path: string, subject: Subject }} Link
 */

/** No sentence quotes the link: it signs in whoever reads it. @param {string} fault */
const badLink = (fault) => new HandoffEmbedError('bad-link', `getLink gave a link that cannot be used: ${fault}`);

/** @param {unknown} value @returns {URL} */
function parseUrl(value) {
  try {
    // An absolute address only: a link relative to the partner's page would be a page of the partner's.
    const url = new URL(String(value));
    if (typeof value === 'string' && /^https?:$/.test(url.protocol)) return url;
  } catch {
    // Falls through to the one sentence for both.
  }
  throw badLink('it is not an absolute https:// address');
}

/**
 * Of a token's payload (RFC 7519, 3), whose claims that are read here are ASCII.
 *
 * @param {string} token @returns {Subject}
 */
function readSubject(token) {
  try {
    const payload = (token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/');
    const { sub, org, client_id } = JSON.parse(atob(payload));
    if ([sub, org, client_id].every((claim) => typeof claim === 'string')) {
      return { user_id: sub, organization_id: org, partner_id: client_id };
    }
  } catch {
    // Falls through to the one sentence for both.
  }
  throw badLink('its token is not one of Handoff');
}

/** @param {URL} url @param {string} name */
function readParameter({ searchParams }, name) {
  const [value, ...more] = searchParams.getAll(name);
  if (value === undefined || value === '' || more.length > 0) throw badLink(`it has no ${name}, or several`);
  return value;
}

/**
 * @param {unknown} value what getLink gave
 * @param {{ target: LinkTarget, origin?: string | undefined }} expected `origin`: of the first link, which all others share
 * @returns {Link}
 * @throws {HandoffEmbedError} bad-link
 */
export function parseLink(value, { target, origin }) {
  const url = parseUrl(value);
  if (origin !== undefined && url.origin !== origin) throw badLink('its origin is not that of the first link');
  if (url.pathname !== '/auth/sso' || url.username !== '' || url.password !== '' || url.hash !== '') {
    throw badLink('it is not the redirect_url as Handoff returned it');
  }
  const token = readParameter(url, 'token');
  const redirect_path = readParameter(url, 'redirect');
  // Handoff refuses the wrong one too, but on a page of its own, in front of the clinician.
  if (/^\/embed(?![^/?#])/.test(redirect_path) !== (target === 'frame')) {
    throw badLink(`for the target '${target}' its path must ${target === 'tab' ? 'not ' : ''}begin with /embed/`);
  }
  return { url: url.href, origin: url.origin, token, redirect_path, subject: readSubject(token) };
}
