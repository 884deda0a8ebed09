// @ts-check
// Building pages out of elements: what comes from elsewhere is only ever text.

/** @typedef {Node | string | undefined} Child */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | boolean | undefined>} attributes `true` for one without a value; `false` and undefined for none
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/**
 * A button that does something.
 * @param {string} label
 * @param {() => void} act
 * @param {string} [more] a class
 */
export function button(label, act, more = '') {
  const made = element('button', { type: 'button', class: `button ${more}`.trim() }, label);
  made.addEventListener('click', act);
  return made;
}

/**
 * Shows something else in the page's one place, and takes readers along: the heading is where a new page begins.
 * @param {HTMLElement} place
 * @param {...Child} children
 */
export function show(place, ...children) {
  place.replaceChildren(...children.filter((child) => child !== undefined));
  const heading = place.querySelector('h1');
  heading?.setAttribute('tabindex', '-1');
  heading?.focus({ preventScroll: true });
}
