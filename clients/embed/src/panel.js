// @ts-check
// What stands in the place of a frame that does not work: a sentence, and two ways on. Lives in a shadow root, so that neither the
// page's style sheet nor this one reaches the other, and takes light or dark from the page's `color-scheme`.

/**
 * @import { PanelTexts } from './options.js'
 *
 * @typedef {'noAnswer' | 'unavailable' | 'signedOut' | 'tabBlocked' | 'opening' | 'opened'} Sentence
 */

// Each pair of colours has a contrast of 4.5:1 or more. A browser without light-dark() shows its own buttons on the page's ground.
const STYLE = `section{all:initial;color-scheme:inherit;display:block;padding:1.5rem;font:1rem/1.5 system-ui,sans-serif;border:1px solid;border-radius:.75rem;border-color:light-dark(#d9e1e8,#344250);background:light-dark(#fff,#18222c);color:light-dark(#17212b,#e7edf3)}
p{margin:0 0 1rem}
p:empty{margin:0}
div{display:flex;flex-wrap:wrap;gap:.75rem}
button{min-height:2.75rem;padding:.5rem 1.25rem;font:inherit;font-weight:600;cursor:pointer;border:1px solid;border-radius:.625rem;background:light-dark(#fff,#18222c);color:light-dark(#0a5aa8,#83bbf4)}
button:first-child{background:light-dark(#0a5aa8,#83bbf4);color:light-dark(#fff,#0b1926)}
button[aria-disabled]{opacity:.6;cursor:default}
:focus-visible{outline:3px solid light-dark(#0a5aa8,#83bbf4);outline-offset:3px}`;

// Not `disabled`, which would take the keyboard's focus away.
const BUSY = 'aria-disabled';

/** @type {Set<Sentence>} */
const PROGRESS = new Set(['opening', 'opened']);

/** @param {ShadowRoot} root */
function applyStyle(root) {
  // Through the CSSOM: a <style> element would need 'unsafe-inline' in the page's policy (CSP3, 8.4).
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 */
function make(name, attributes = {}) {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}

/**
 * @param {PanelTexts} texts
 * @param {{ openTab: () => void, tryAgain: () => void }} act
 */
export function createPanel(texts, act) {
  const host = make('div');
  const root = host.attachShadow({ mode: 'open' });
  applyStyle(root);
  const section = make('section', { lang: texts.lang });
  // Both are in the document, empty, before they say anything: that is when screen readers take notice of what changes.
  const alert = make('p', { role: 'alert' });
  const status = make('p', { role: 'status' });
  const buttons = make('div');
  for (const name of /** @type {const} */ (['openTab', 'tryAgain'])) {
    const button = make('button', { type: 'button' });
    button.textContent = texts[name];
    button.addEventListener('click', () => {
      if (!button.hasAttribute(BUSY)) act[name]();
    });
    buttons.append(button);
  }
  section.append(alert, status, buttons);
  root.append(section);
  return {
    host,
    hasFocus: () => root.activeElement !== null,
    focus: () => buttons.querySelector('button')?.focus(),
    /** @param {Sentence} sentence */
    say(sentence) {
      const is_progress = PROGRESS.has(sentence);
      alert.textContent = is_progress ? '' : texts[sentence];
      status.textContent = is_progress ? texts[sentence] : '';
      for (const button of buttons.querySelectorAll('button')) {
        if (sentence === 'opening') button.setAttribute(BUSY, 'true');
        else button.removeAttribute(BUSY);
      }
    },
  };
}
