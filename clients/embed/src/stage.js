// @ts-check
// What is seen in the partner's element: the iframe, or the panel in its place.

import { createPanel } from './panel.js';

/**
 * @import { HandoffEmbedError } from './errors.js'
 * @import { Link } from './link.js'
 * @import { Settings } from './options.js'
 * @import { Sentence } from './panel.js'
 *
 * @typedef {ReturnType<typeof createStage>} Stage
 */

/** @type {Record<string, Sentence>} */
const SENTENCES = {
  'frame-blocked': 'noAnswer',
  'no-answer': 'noAnswer',
  'signed-out': 'signedOut',
  'tab-blocked': 'tabBlocked',
};

/** @param {Sentence | HandoffEmbedError} what */
const sentenceFor = (what) => (typeof what === 'string' ? what : (SENTENCES[what.code] ?? 'unavailable'));

/** @param {string} title */
function createIframe(title) {
  const iframe = document.createElement('iframe');
  iframe.title = title;
  // Handoff tells from the Referer who frames it, and needs no more than the origin.
  iframe.referrerPolicy = 'strict-origin-when-cross-origin';
  // Member by member: a style attribute in markup would need 'unsafe-inline' in the page's policy (CSP3, 8.4).
  Object.assign(iframe.style, { display: 'block', width: '100%', height: '100%', border: '0' });
  return iframe;
}

/** Passkeys are the portal's alone to ask for. @param {string} origin */
const allowFor = (origin) =>
  ['clipboard-write', 'publickey-credentials-get', 'publickey-credentials-create']
    .map((feature) => `${feature} ${origin}`)
    .join('; ');

/**
 * @param {Element} element
 * @param {Settings} settings
 * @param {{ openTab: () => void, tryAgain: () => void }} act what the panel's buttons do
 */
export function createStage(element, { title, allow, fallback, texts }, act) {
  const iframe = createIframe(title);
  /** @type {ReturnType<typeof createPanel> | undefined} */
  let panel;

  const removePanel = () => {
    const had_focus = panel?.hasFocus() === true;
    if (panel !== undefined) iframe.style.display = 'block';
    panel?.host.remove();
    panel = undefined;
    if (had_focus) iframe.focus();
  };
  return {
    iframe,
    /**
     * Out of the document and in again for each link: a second address in the same window would be a step for the back button, and
     * what the old window still says is not heard. @param {Link} link
     */
    showFrame: ({ origin, url }) => {
      iframe.remove();
      iframe.allow = allow ?? allowFor(origin);
      iframe.src = `${url}&embed=1`;
      element.append(iframe);
      removePanel();
    },
    removePanel,
    /** Does nothing where the page wants no panel. @param {HandoffEmbedError} error */
    showPanel: (error) => {
      if (!fallback) return;
      const frame_had_focus = document.activeElement === iframe && iframe.isConnected;
      iframe.style.display = 'none';
      if (panel === undefined) {
        panel = createPanel(texts, act);
        element.append(panel.host);
      }
      panel.say(sentenceFor(error));
      if (frame_had_focus) panel.focus();
    },
    /** On the panel, if it is there. @param {Sentence | HandoffEmbedError} what */
    tell: (what) => panel?.say(sentenceFor(what)),
    remove: () => {
      panel?.host.remove();
      iframe.remove();
    },
  };
}
