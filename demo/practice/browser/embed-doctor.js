// @ts-check
// Embed Doctor's page: the embed in this very browser, what it turns out to do, and what the frame says meanwhile. The examination
// itself is the server's.

import { openPane } from './pane.js';

const MOST_EVENTS = 100;

/** @param {string} name @param {string} text */
function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Without what names a patient. @param {object} detail */
function inWords(detail) {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ')
    .replaceAll(/\b\d{4}(?:-\d{4}){3}\b/g, '••••••••');
}

/** @param {HTMLElement} live */
function createFacts(live) {
  /** @param {string} name @param {string} text @param {string} [tone] */
  return (name, text, tone = '') => {
    const place = live.querySelector(`[data-live-fact="${name}"]`);
    if (!(place instanceof HTMLElement)) return;
    place.textContent = text;
    place.dataset['tone'] = tone;
  };
}

/** What the browser can do at all, whether or not a portal is opened. @param {ReturnType<typeof createFacts>} tell */
function tellBrowser(tell) {
  // Only the portal's page could ask for access, after a click in it, and it does without.
  const has_api = 'hasStorageAccess' in Document.prototype;
  tell('storage', `${has_api ? 'There' : 'Not there'}, and not needed`);
  const tells = 'ancestorOrigins' in location;
  tell('ancestors', tells ? 'This browser tells the frame' : 'The frame learns them from messages alone');
}

/** @param {HTMLElement} live */
function createEventList(live) {
  const list = live.querySelector('[data-live-events]');
  const log = live.querySelector('[data-live-log]');
  const empty = live.querySelector('[data-live-empty]');
  return {
    /** @param {string} name @param {object} detail */
    add(name, detail) {
      if (!(list instanceof HTMLElement) || !(log instanceof HTMLElement)) return;
      const item = document.createElement('li');
      const time = element('time', new Date().toLocaleTimeString(undefined, { hour12: false }));
      item.append(element('code', name), element('span', inWords(detail)), time);
      list.append(item);
      while (list.children.length > MOST_EVENTS) list.firstElementChild?.remove();
      log.hidden = false;
      log.scrollTop = log.scrollHeight;
      empty?.toggleAttribute('hidden', true);
    },
  };
}

const SIGNED_IN = {
  cookie: ['A partitioned cookie in the frame', 'Kept'],
  bearer: ['A bearer, kept in the page’s memory', 'Not kept, or somebody else’s'],
};

/** @param {ReturnType<typeof createFacts>} tell @param {string} name @param {object} detail */
function tellEvent(tell, name, detail) {
  if (name === 'signed-in' && 'session' in detail) {
    const [by = '', cookie = ''] = SIGNED_IN[detail.session === 'bearer' ? 'bearer' : 'cookie'];
    tell('session', by, 'good');
    tell('cookie', cookie);
  }
  if (name === 'expired') tell('session', 'Nobody any more: the session is over', 'bad');
  if (name === 'error' && 'code' in detail) {
    tell('session', `Refused: ${String(detail.code)}`, 'bad');
    if (detail.code === 'cookie-refused') tell('cookie', 'Not kept');
  }
}

/** @param {HTMLElement} live */
function startLive(live) {
  const pane = live.querySelector('[data-live-pane]');
  const opener = live.querySelector('[data-live-open]');
  if (!(pane instanceof HTMLElement) || !(opener instanceof HTMLButtonElement)) return;
  const tell = createFacts(live);
  const events = createEventList(live);
  tellBrowser(tell);
  /** @type {(() => void) | undefined} */
  let closePane;
  const close = () => {
    closePane?.();
    closePane = undefined;
    opener.textContent = 'Open the embed';
    opener.setAttribute('aria-expanded', 'false');
    tell('session', '–');
    tell('cookie', '–');
  };
  const open = () => {
    tell('session', 'Opening…');
    closePane = openPane(pane, {
      told(name, detail) {
        tellEvent(tell, name, detail);
        events.add(name, detail);
      },
      asked: () => events.add('getLink', {}),
    });
    opener.textContent = 'Close the embed';
    opener.setAttribute('aria-expanded', 'true');
  };
  pane.addEventListener('pane-close', () => {
    close();
    opener.focus();
  });
  opener.addEventListener('click', () => (closePane === undefined ? open() : close()));
  opener.disabled = live.dataset['may'] === undefined;
  if (live.dataset['start'] !== undefined) open();
}

/** The field for an address is there for one of the two choices. @param {HTMLFormElement} form */
function startForm(form) {
  const address = form.querySelector('[data-address]');
  const show = () => address?.toggleAttribute('hidden', new FormData(form).get('what') !== 'address');
  form.addEventListener('change', show);
  show();
  form.addEventListener('submit', () => {
    const status = form.querySelector('[data-doctor-status]');
    const button = form.querySelector('button');
    if (status !== null) status.textContent = 'Examining…';
    if (button === null) return;
    button.textContent = 'Examining…';
    button.setAttribute('aria-disabled', 'true');
    // A second press would spend a second link.
    form.addEventListener('submit', (event) => event.preventDefault());
  });
  // Back from the next page, as the browser kept this one.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}

const live = document.querySelector('[data-live]');
if (live instanceof HTMLElement) startLive(live);
const form = document.querySelector('[data-doctor-form]');
if (form instanceof HTMLFormElement) startForm(form);
