// @ts-check
// What the partner's page may say: the options of mount, their defaults, and the sentences for wrong ones.

/**
 * @import { LinkTarget } from './link.js'
 *
 * @typedef {'mount' | 'no-cookie' | 'renewal' | 'expired' | 'other-user' | 'asked'} LinkReason Why a link is needed: `mount` and
 *   `asked` (somebody pressed a button) come from this page, the others from the page in the frame.
 *
 * @typedef {{ target: LinkTarget, reason: LinkReason, signal: AbortSignal }} GetLinkRequest `signal`: for your `fetch`, to give it up
 *
 * @typedef {(request: GetLinkRequest) => Promise<string> | string} GetLink Asks your own server for a link, which asks Handoff
 *   (`POST /v1/sso`), and gives its `redirect_url`. For the target `frame` the link leads to an `/embed/…` path, for `tab` to any
 *   other. When nobody is signed in to your page, reject with an error that has `reason: 'signed-out'`.
 *
 * @typedef {object} PanelTexts The words of the panel that stands in for a frame that does not work.
 * @property {string} lang the language of these texts, as `en`
 * @property {string} noAnswer
 * @property {string} unavailable
 * @property {string} signedOut
 * @property {string} tabBlocked
 * @property {string} opening
 * @property {string} opened
 * @property {string} openTab on the button
 * @property {string} tryAgain on the button
 *
 * @typedef {object} Settings
 * @property {GetLink} getLink
 * @property {string} title
 * @property {string | undefined} allow
 * @property {number} timeout
 * @property {boolean} fallback
 * @property {PanelTexts} texts
 *
 * @typedef {object} MountOptions
 * @property {GetLink} getLink
 * @property {string | undefined} [title] of the iframe, for screen readers: what is in it. Default `Clinical portal`
 * @property {string | undefined} [allow] the iframe's permissions policy. Default: writing to the clipboard, and passkeys
 * @property {number | undefined} [timeout] milliseconds to wait for each link, for the frame to load, and then for its answer. Default 10000
 * @property {boolean | undefined} [fallback] whether a panel with two buttons stands in for a frame that does not work. Default true
 * @property {Partial<PanelTexts> | undefined} [texts] the panel's words, for another language
 */

/** @type {PanelTexts} */
const ENGLISH = {
  lang: 'en',
  noAnswer: 'The portal cannot be shown here.',
  unavailable: 'The portal could not be opened.',
  signedOut: 'You are signed out of this software. Sign in again, then try again here.',
  tabBlocked: 'Your browser did not allow a new tab. Allow pop-ups for this page, then try again.',
  opening: 'Opening…',
  opened: 'The portal has been opened in a new tab.',
  openTab: 'Open in a new tab',
  tryAgain: 'Try again',
};

/**
 * @param {MountOptions} options
 * @returns {Settings}
 * @throws {TypeError} naming an option that is missing or wrong
 */
export function parseOptions(options) {
  const { getLink, title = 'Clinical portal', allow, timeout = 10_000, fallback = true, texts } = options;
  if (typeof getLink !== 'function') throw new TypeError('getLink must be a function');
  // What is longer overflows setTimeout, which then does not wait at all.
  if (!(timeout > 0 && timeout <= 600_000)) throw new TypeError('timeout must be from 1 to 600000 milliseconds');
  return { getLink, title, allow, timeout, fallback, texts: { ...ENGLISH, ...texts } };
}
