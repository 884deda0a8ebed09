// @ts-check
// An embed from mount() to destroy().

import { createEvents } from './events.js';
import { createLinks } from './get-link.js';
import { parseOptions } from './options.js';
import { createStage } from './stage.js';
import { createTabs } from './tab.js';
import { createVisits } from './visits.js';

/**
 * @import { Events } from './events.js'
 * @import { MountOptions } from './options.js'
 *
 * @typedef {object} HandoffEmbed
 * @property {HTMLIFrameElement} iframe the same for good, in the page once there is a link
 * @property {Events['on']} on listens; gives a function that takes the listener away
 * @property {() => void} renew begins again with a new link, if nobody is signed in in the frame. A session that lives is renewed
 *   by itself
 * @property {() => Promise<boolean>} openInTab opens the portal in a new tab; call it in a click. Tells whether it has been opened,
 *   never rejects
 * @property {() => void} destroy ends it and removes what it has put into the element
 */

/** @param {Element} element @param {AbortController} life */
function endOnRemoval(element, life) {
  // Removal makes an element's size nothing; a MutationObserver would have to watch every change of the whole page.
  const observer = new ResizeObserver(() => {
    if (!element.isConnected) life.abort();
  });
  observer.observe(element);
  life.signal.addEventListener('abort', () => observer.disconnect());
}

/**
 * Shows the portal in an element of this page. Everything that goes wrong later is told by the event `error`.
 *
 * @param {Element} element the iframe fills it, so it needs a height
 * @param {MountOptions} options
 * @returns {HandoffEmbed}
 * @throws {TypeError} naming what is missing or wrong
 */
export function mount(element, options) {
  if (!(element instanceof Element)) throw new TypeError('mount needs an element of the page');
  const settings = parseOptions(options);
  const life = new AbortController();
  const { signal } = life;
  const { emit, on } = createEvents(signal);
  const stage = createStage(element, settings, {
    openTab: () => void openInTab(),
    tryAgain: () => {
      stage.tell('opening');
      void visits.start('asked');
    },
  });
  const embed = { settings, links: createLinks(settings), emit, stage, signal };
  const visits = createVisits(embed);
  const openInTab = createTabs(embed);
  signal.addEventListener('abort', stage.remove);
  endOnRemoval(element, life);
  // Not at once: an embed that ends as it begins, as React's StrictMode has it, asks for no link.
  queueMicrotask(() => {
    if (!signal.aborted) void visits.start('mount');
  });
  return {
    iframe: stage.iframe,
    on,
    renew() {
      if (!signal.aborted && visits.isOver()) void visits.start('asked');
    },
    openInTab: async () => !signal.aborted && openInTab(),
    destroy: () => life.abort(),
  };
}
