// @ts-check
// One link shown in one iframe, and the conversation with what is in it, until another link takes its place.

import { openChannel } from './channel.js';
import { openDesk } from './desk.js';
import { HandoffEmbedError } from './errors.js';

/**
 * @import { Limits } from './desk.js'
 * @import { Link } from './link.js'
 * @import { FrameMessage } from './protocol.js'
 * @import { Embed, State } from './visits.js'
 *
 * @typedef {object} Host
 * @property {Limits} limits
 * @property {(state: State) => void} is
 * @property {() => void} restart with a new link
 * @property {(error: HandoffEmbedError) => void} breakDown the frame does not work
 */

// An iframe that is moved in the page opens its old link again, and Handoff says so on a page of its own.
const STALE = new Set(['token-used', 'token-expired']);

/** @param {Embed & Host} embed */
function createReporter({ limits, emit, is, restart }) {
  let signed_in = false;
  let is_portal = false;
  /** @param {HandoffEmbedError} problem */
  const fail = (problem) => {
    if (!is_portal && STALE.has(problem.code) && limits.automatic()) return restart();
    if (!signed_in) is('over');
    return emit('error', problem);
  };
  /** @param {boolean} now */
  const note = (now) => {
    signed_in = now;
    is(now ? 'signed-in' : 'over');
  };
  /** @param {Exclude<FrameMessage, { type: 'link-needed' | 'unclear-request' }>} message */
  const report = (message) => {
    switch (message.type) {
      case 'signed-in': {
        const { session, expires_at, idle_expires_at } = message;
        note(true);
        return emit('signed-in', { session, expires_at, idle_expires_at });
      }
      case 'expired':
        note(false);
        return emit('expired', {});
      case 'error':
        return fail(new HandoffEmbedError(message.problem, message.message));
      case 'ready':
        is_portal = true;
        return emit('ready', {});
      case 'resize':
        return emit('resize', { height: message.height });
      case 'navigate':
        return emit('navigate', { path: message.path });
      case 'other':
        return undefined;
    }
  };
  const forget = () => {
    is_portal = false;
  };
  return { report, forget };
}

/**
 * Where the page's own policy forbids the frame, it is told so at once, and the frame never.
 *
 * @param {string} origin @param {{ signal: AbortSignal, act: () => void }} then
 */
function onBlockedByPage(origin, { signal, act }) {
  /** @param {SecurityPolicyViolationEvent} violation */
  const judge = ({ effectiveDirective, blockedURI }) => {
    if (effectiveDirective === 'frame-src' && blockedURI.startsWith(origin)) act();
  };
  document.addEventListener('securitypolicyviolation', judge, { signal });
}

/**
 * @param {Embed & Host} embed
 * @param {{ link: Link, life: AbortController }} visit
 */
export function visit(embed, { link, life }) {
  const { settings, links, limits, emit, stage, is, breakDown } = embed;
  const { signal } = life;
  const { origin } = link;
  let { subject } = link;
  is('waiting');
  const reporter = createReporter(embed);
  const act = () => {
    life.abort();
    breakDown(new HandoffEmbedError('frame-blocked', `frame-src of this page's policy does not allow ${origin}`));
  };
  onBlockedByPage(origin, { signal, act });
  const desk = openDesk({
    links,
    limits,
    signal,
    send: (message) => send(message),
    given: (next) => {
      subject = next.subject;
    },
    fail: (error) => emit('error', error),
  });
  stage.showFrame(link);
  const send = openChannel(stage.iframe, {
    origin,
    subject: () => subject,
    timeout: settings.timeout,
    signal,
    receive(message) {
      // What is in the frame works after all; these two say less than that.
      if (message.type !== 'resize' && message.type !== 'navigate') stage.removePanel();
      if (message.type === 'link-needed') void desk.answer(message);
      else if (message.type === 'unclear-request') desk.refuse(message.request_id, 'unavailable');
      else reporter.report(message);
    },
    reloaded: () => {
      desk.forget();
      reporter.forget();
    },
    silent: () =>
      breakDown(new HandoffEmbedError('no-answer', `No page of the portal answered in ${settings.timeout} ms`)),
  });
}
