// @ts-check
// A patient's page: the pane, and the panel for developers.

import { createJournal } from './journal.js';
import { openPane } from './pane.js';

const panel = document.querySelector('[data-journal]');
const pane = document.querySelector('[data-pane]');
const opener = document.querySelector('[data-open-pane]');

const journal = panel instanceof HTMLDetailsElement ? createJournal(panel) : undefined;

if (pane instanceof HTMLElement && opener instanceof HTMLButtonElement) {
  /** @type {(() => void) | undefined} */
  let closePane;
  const close = () => {
    closePane?.();
    closePane = undefined;
    opener.setAttribute('aria-expanded', 'false');
  };
  pane.addEventListener('pane-close', () => {
    close();
    opener.focus();
  });
  opener.addEventListener('click', () => {
    if (closePane !== undefined) return close();
    closePane = openPane(pane, {
      told: (name, detail) => journal?.note(name, detail),
      asked: () => journal?.refresh(),
    });
    opener.setAttribute('aria-expanded', 'true');
  });
  opener.disabled = false;
}
