// @ts-check
// connect(): the object that a portal's page works with. It looks for a session at once, in a tab by the browser's cookie, in a frame
// also through the page around it.

import { HandoffApi } from './api.js';
import { Connection } from './connection.js';
import { HandoffError } from './errors.js';
import { showNotice, TEXTS } from './notice.js';
import { ParentPage } from './parent.js';
import { sendSigned } from './requests.js';

/** @import { Texts } from './notice.js' */
/** @import { Session } from './protocol.js' */

/**
 * @typedef {object} ConnectOptions
 * @property {(session: Session) => void} [onSignedIn] Somebody is signed in: at first, and again after `onExpired`.
 * @property {() => void} [onExpired] The session is over; show it, and offer signInAgain.
 * @property {(error: HandoffError) => void} [onError] Signing in did not succeed.
 * @property {(session: Session) => void} [onSubjectChanged] Somebody else is signed in now: load everything that is shown anew.
 * Without it the page is reloaded.
 * @property {string} [handoffUrl] Where Handoff is, on this origin; '' by default.
 * @property {Partial<Texts>} [texts] Words of the notice.
 */

/**
 * @typedef {object} Handoff
 * @property {() => Promise<Session>} signedIn Who is signed in; waits while that is being found out. Rejects with a HandoffError.
 * @property {(input: RequestInfo | URL, init?: RequestInit) => Promise<Response>} fetch Like the global one, as whoever is signed
 * in, for this origin only.
 * @property {(path: string) => void} navigated Tells the page around the frame that the page in it is another one now.
 * @property {() => Promise<Session>} signInAgain In a click, after onExpired or onError.
 * @property {() => Promise<void>} openInTab In a click: the portal in a new tab.
 * @property {() => Promise<void>} signOut
 * @property {(element: Element) => () => void} showExpiredNotice Shows that the session is over, with a button to sign in again,
 * until it is pressed with success; the result takes it away before.
 * @property {() => void} close Forgets the session and listens to nobody any more. It does not sign out.
 */

/** A reload shows what the new user may see; a page that is itself a reload says so instead of going round and round. */
function reloadOnce() {
  const [navigation] = performance.getEntriesByType('navigation');
  const again = navigation instanceof PerformanceNavigationTiming && navigation.type === 'reload';
  if (!again) window.location.reload();
  return !again;
}

/**
 * @param {() => Promise<string>} getLink
 * @returns {Promise<void>}
 */
async function openInTab(getLink) {
  const tab = window.open('', '_blank');
  if (tab === null) throw new HandoffError('tab-blocked', 'The browser has kept the tab from opening');
  try {
    const link = await getLink();
    tab.opener = null;
    tab.location.replace(link);
  } catch (error) {
    tab.close();
    throw error;
  }
}

/**
 * Call it once, early in the page.
 *
 * @param {ConnectOptions} [options]
 * @returns {Handoff}
 * @throws {TypeError} for a handoffUrl on another origin
 */
export function connect(options = {}) {
  const { onSignedIn, onExpired, onError, onSubjectChanged, handoffUrl = '', texts = {} } = options;
  /** @type {Set<() => void>} */
  const notices = new Set();
  let is_leaving = false;
  const connection = new Connection(new HandoffApi(handoffUrl), {
    signedIn(session) {
      for (const takeAway of notices) takeAway();
      notices.clear();
      onSignedIn?.(session);
    },
    expired: () => onExpired?.(),
    error: (error) => onError?.(error),
    subjectChanged(session) {
      if (onSubjectChanged !== undefined) onSubjectChanged(session);
      else if (reloadOnce()) is_leaving = true;
      else connection.finish();
    },
  });
  void connection.start();
  return Object.freeze({
    signedIn: () => connection.signedIn(),
    fetch: async (/** @type {RequestInfo | URL} */ input, init = {}) => {
      if (is_leaving) throw new HandoffError('session-changed', 'The page is loaded anew, for somebody else');
      return sendSigned(connection, input, init);
    },
    navigated: (/** @type {string} */ path) => connection.navigated(path),
    signInAgain: () => connection.signInAgain(),
    openInTab: () => openInTab(() => connection.tabLink()),
    signOut: () => connection.signOut(),
    showExpiredNotice(/** @type {Element} */ element) {
      const signInAgain = ParentPage.exists ? () => connection.signInAgain() : undefined;
      const takeAway = showNotice(element, { texts: { ...TEXTS, ...texts }, signInAgain });
      notices.add(takeAway);
      return takeAway;
    },
    close: () => connection.close(),
  });
}
