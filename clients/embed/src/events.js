// @ts-check
// What the partner's page hears of an embed.

/**
 * @import { HandoffEmbedError } from './errors.js'
 * @import { SignedIn } from './protocol.js'
 *
 * @typedef {object} HandoffEmbedEvents
 * @property {Record<string, never>} ready the portal's page is there, and will sign in
 * @property {SignedIn} signed-in somebody is signed in in the frame, until then; comes again after each renewal
 * @property {Record<string, never>} expired nobody is any more; the page in the frame offers a button
 * @property {HandoffEmbedError} error
 * @property {{ height: number }} resize CSS pixels of what is in the frame
 * @property {{ path: string }} navigate the page that the frame shows now
 */

/** @typedef {ReturnType<typeof createEvents>} Events */

/** @param {AbortSignal} signal nothing is heard after it */
export function createEvents(signal) {
  // The browser's own, because a listener that throws then reaches the page's error handler and not us.
  const target = new EventTarget();
  return {
    /**
     * @template {keyof HandoffEmbedEvents} Type
     * @param {Type} type
     * @param {HandoffEmbedEvents[Type]} detail
     */
    emit: (type, detail) => {
      if (!signal.aborted) target.dispatchEvent(new CustomEvent(type, { detail }));
    },
    /**
     * @template {keyof HandoffEmbedEvents} Type
     * @param {Type} type
     * @param {(detail: HandoffEmbedEvents[Type]) => void} listener
     * @returns {() => void} takes the listener away
     */
    on: (type, listener) => {
      /** @param {Event} event */
      const hear = (event) => {
        if (event instanceof CustomEvent) listener(event.detail);
      };
      target.addEventListener(type, hear, { signal });
      return () => target.removeEventListener(type, hear);
    },
  };
}
