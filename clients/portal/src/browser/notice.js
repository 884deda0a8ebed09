// @ts-check
// A notice that the session is over, with a button to sign in again, for a portal that has none of its own. It stands in a shadow
// tree with a style sheet made by script, so that neither the page's styles nor a strict Content-Security-Policy get in its way.

/** @typedef {{ expired: string, signInAgain: string, failed: string, goBack: string }} Texts */

/** @type {Texts} */
export const TEXTS = {
  expired: 'Your session in the portal is over.',
  signInAgain: 'Sign in again',
  failed: 'That did not work. Please open the portal again from your practice software.',
  goBack: 'Please open the portal again from your practice software.',
};

const STYLE = `
:host{display:block;color-scheme:light dark;--ink:#17212b;--back:#fdf0d6;--line:#8a5200;--accent:#0a5aa8;--on-accent:#fff}
@media (prefers-color-scheme:dark){:host{--ink:#e7edf3;--back:#3a2e16;--line:#f3c56d;--accent:#83bbf4;--on-accent:#0b1926}}
div{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem 1.25rem;padding:.875rem 1.125rem;border:1px solid var(--line);border-radius:.625rem;background:var(--back);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}
p{flex:1 1 16rem;margin:0}
button{min-height:2.75rem;padding:.5rem 1.25rem;border:0;border-radius:.5rem;background:var(--accent);color:var(--on-accent);font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}
button[aria-disabled=true]{opacity:.7;cursor:progress}
`;

/**
 * @param {Texts} texts
 * @param {() => Promise<unknown>} signInAgain
 * @returns {{ notice: HTMLElement, button: HTMLButtonElement }}
 */
function build(texts, signInAgain) {
  const [notice, line, button] = [
    document.createElement('div'),
    document.createElement('p'),
    document.createElement('button'),
  ];
  notice.setAttribute('role', 'alert');
  line.textContent = texts.expired;
  button.type = 'button';
  button.textContent = texts.signInAgain;
  let busy = false;
  const press = async () => {
    // Not `disabled`, which would take the focus away.
    if (busy) return;
    busy = true;
    button.setAttribute('aria-disabled', 'true');
    try {
      await signInAgain();
    } catch {
      line.textContent = texts.failed;
    }
    busy = false;
    button.removeAttribute('aria-disabled');
  };
  button.addEventListener('click', () => void press());
  notice.append(line);
  return { notice, button };
}

/**
 * Puts the notice into an element, in front of what is there; once, however often it is called. The result takes it away.
 *
 * @param {Element} element
 * @param {{ texts: Texts, signInAgain: (() => Promise<unknown>) | undefined }} options Without `signInAgain` there is no button.
 * @returns {() => void}
 */
export function showNotice(element, { texts, signInAgain }) {
  const host = document.createElement('handoff-notice');
  const shadow = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  shadow.adoptedStyleSheets = [sheet];
  for (const old of element.querySelectorAll(':scope > handoff-notice')) old.remove();
  const words = signInAgain === undefined ? { ...texts, expired: `${texts.expired} ${texts.goBack}` } : texts;
  const { notice, button } = build(words, signInAgain ?? (async () => undefined));
  if (signInAgain !== undefined) notice.append(button);
  element.prepend(host);
  // Screen readers speak what comes into a tree that is there already.
  shadow.append(notice);
  return () => host.remove();
}
