// @ts-check
// The portal in a pane of the patient's page, with handoff-embed: asked for with a button, as tall as what is in it, and closed
// again. What it says on the way is told to whoever listens.

// oxlint-disable-next-line import/no-absolute-path -- an address of this site
import { mount } from '/handoff-embed/handoff-embed.js';
import { requestLink } from './links.js';

// The pane follows the page in it, within reason: a list of two lines is no slit, and a long one scrolls.
const LEAST_HEIGHT = 320;
const MOST_HEIGHT = 900;

const WORDS = {
  opening: 'Opening…',
  'signed-in': 'Signed in',
  expired: 'Session over',
  error: 'Not open',
};

/** @typedef {'ready' | 'signed-in' | 'expired' | 'error' | 'resize' | 'navigate'} EventName */

/**
 * What stands around the frame.
 * @param {() => void} close
 */
function createFrame(close) {
  const state = document.createElement('span');
  state.className = 'state';
  state.setAttribute('role', 'status');
  const title = document.createElement('h3');
  title.textContent = 'Sample Portal';
  const closer = document.createElement('button');
  closer.type = 'button';
  closer.className = 'button line small';
  closer.textContent = 'Close';
  closer.addEventListener('click', close);
  const head = document.createElement('div');
  head.className = 'pane-head';
  head.append(title, state, closer);
  const reason = document.createElement('p');
  reason.className = 'notice';
  reason.setAttribute('role', 'alert');
  reason.hidden = true;
  const place = document.createElement('div');
  place.className = 'pane-place';
  const say = (/** @type {keyof typeof WORDS} */ what) => {
    state.textContent = WORDS[what];
    state.dataset['state'] = what;
  };
  say('opening');
  return { head, reason, place, say };
}

/**
 * Why there is no link, in the words of the practice's own server; handoff-embed offers the way out.
 * @param {HTMLElement} reason
 * @param {unknown} cause what getLink rejected with
 */
function showReason(reason, cause) {
  const words = cause instanceof Error ? cause.message : '';
  reason.textContent = words === '' ? '' : `${words}.`;
  reason.hidden = words === '';
}

/**
 * @param {HTMLElement} pane
 * @param {{ told: (name: EventName, detail: object) => void, asked: () => void }} listeners `asked`: a link was asked for
 * @returns {() => void} closes it
 */
export function openPane(pane, { told, asked }) {
  const patient = encodeURIComponent(pane.dataset['patient'] ?? '');
  const paths = { frame: `/embed/patients/${patient}/prescriptions`, tab: `/dashboard/patients/${patient}` };
  const { head, reason, place, say } = createFrame(() => pane.dispatchEvent(new Event('pane-close')));
  pane.replaceChildren(head, reason, place);
  pane.hidden = false;

  const embed = mount(place, {
    title: 'Prescriptions in the Sample Portal',
    getLink: ({ target, signal }) => requestLink(paths[target], signal).finally(asked),
  });
  embed.on('ready', (detail) => {
    place.classList.remove('failed');
    showReason(reason, undefined);
    told('ready', detail);
  });
  let is_signed_in = false;
  embed.on('signed-in', (detail) => {
    is_signed_in = true;
    say('signed-in');
    told('signed-in', detail);
  });
  embed.on('expired', (detail) => {
    is_signed_in = false;
    say('expired');
    told('expired', detail);
  });
  embed.on('error', ({ code, message, cause }) => {
    told('error', { code, message });
    // A renewal that did not succeed is tried again; whoever is signed in stays so until the session's end.
    if (is_signed_in) return;
    say('error');
    showReason(reason, cause);
    // What stands in for the frame needs less room.
    place.classList.toggle('failed', (place.querySelector('iframe')?.offsetParent ?? null) === null);
  });
  embed.on('resize', ({ height }) => {
    place.style.height = `${Math.min(MOST_HEIGHT, Math.max(LEAST_HEIGHT, height))}px`;
    told('resize', { height });
  });
  embed.on('navigate', (detail) => told('navigate', detail));
  return () => {
    embed.destroy();
    pane.replaceChildren();
    pane.hidden = true;
  };
}
