// @ts-check
// Answers what the frame asks for. Each request gets one answer, and only so many in a minute get a link: whatever goes wrong in the
// frame or on the servers, the two do not ask each other for ever.

import { HandoffEmbedError } from './errors.js';
import { atMostInAMinute, within } from './within.js';

/**
 * @import { Links } from './get-link.js'
 * @import { Link } from './link.js'
 * @import { FrameMessage, PageMessage } from './protocol.js'
 *
 * @typedef {object} Limits For the whole life of an embed, so that a new frame does not begin again.
 * @property {() => boolean} automatic
 * @property {() => boolean} asked somebody pressed a button in the frame, as it says
 * @property {() => boolean} told
 *
 * @typedef {object} Desk
 * @property {Links} links
 * @property {Limits} limits
 * @property {AbortSignal} signal
 * @property {(message: PageMessage) => void} send
 * @property {(link: Link) => void} given a link for the frame is on its way
 * @property {(error: HandoffEmbedError) => void} fail
 */

/** @returns {Limits} */
export function createLimits() {
  return { automatic: atMostInAMinute(3), asked: atMostInAMinute(10), told: atMostInAMinute(1) };
}

/** @param {Desk} desk */
export function openDesk({ links, limits, signal, send, given, fail }) {
  /** @type {Set<string>} */
  const seen = new Set();
  let present = within(signal);

  /** @param {string} request_id @param {'signed-out' | 'unavailable'} reason */
  const refuse = (request_id, reason) => send({ type: 'link-refused', request_id, reason });

  /** @param {FrameMessage & { type: 'link-needed' }} request */
  const answer = async ({ request_id, target, reason }) => {
    if (seen.has(request_id)) return;
    if (!(reason === 'asked' ? limits.asked : limits.automatic)()) {
      refuse(request_id, 'unavailable');
      if (limits.told()) fail(new HandoffEmbedError('too-many-links', 'The frame asks for links again and again'));
      return;
    }
    seen.add(request_id);
    const asker = present.signal;
    const link = await links({ target, reason }, asker);
    if (asker.aborted) return;
    if (link instanceof HandoffEmbedError) {
      refuse(request_id, link.code === 'signed-out' ? 'signed-out' : 'unavailable');
      fail(link);
    } else if (target === 'tab') {
      send({ type: 'link', request_id, url: link.url });
    } else {
      given(link);
      send({ type: 'link', request_id, token: link.token, redirect_path: link.redirect_path });
    }
  };

  return {
    answer,
    refuse,
    /** The document that asked is gone, and another one must not get its links. */
    forget() {
      present.abort();
      present = within(signal);
      seen.clear();
    },
  };
}
