// @ts-check
// One visit after the other: gets a link, shows it, and knows whether it is time to begin again. What is said in a visit is visit.js.

import { createLimits } from './desk.js';
import { HandoffEmbedError } from './errors.js';
import { visit } from './visit.js';
import { within } from './within.js';

/**
 * @import { Events } from './events.js'
 * @import { Links } from './get-link.js'
 * @import { LinkReason, Settings } from './options.js'
 * @import { Stage } from './stage.js'
 *
 * @typedef {'waiting' | 'signed-in' | 'over'} State `over`: nobody is signed in, and nobody will be by itself
 *
 * @typedef {object} Embed What all parts of one embed have in common.
 * @property {Settings} settings
 * @property {Links} links
 * @property {Events['emit']} emit
 * @property {Stage} stage
 * @property {AbortSignal} signal
 */

/** @param {Embed} embed */
export function createVisits(embed) {
  const { links, emit, stage, signal } = embed;
  const limits = createLimits();
  /** @type {State} */
  let state = 'waiting';
  let asking = within(signal);
  let showing = within(signal);

  /** @param {HandoffEmbedError} error */
  const breakDown = (error) => {
    state = 'over';
    stage.showPanel(error);
    emit('error', error);
  };
  /** @param {State} next */
  const is = (next) => {
    state = next;
  };
  /** @param {LinkReason} reason */
  const start = async (reason) => {
    state = 'waiting';
    asking.abort();
    asking = within(signal);
    const { signal: wanted } = asking;
    const link = await links({ target: 'frame', reason }, wanted);
    if (wanted.aborted) return;
    if (link instanceof HandoffEmbedError) {
      breakDown(link);
      return;
    }
    // Not earlier: where there is no link, what is there stays, and can still be heard.
    showing.abort();
    showing = within(signal);
    visit({ ...embed, limits, is, restart, breakDown }, { link, life: showing });
  };
  const restart = () => void start('expired');
  return { start, isOver: () => state === 'over' };
}
