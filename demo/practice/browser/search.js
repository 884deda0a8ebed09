// @ts-check
// The search of the list of patients as one types; without this script the server answers it.

const input = document.querySelector('#search');
const rows = [...document.querySelectorAll('[data-search]')];
const count = document.querySelector('[data-count]');
const empty = document.querySelector('[data-empty]');

/** @param {string} search */
function filter(search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.getAttribute('data-search') ?? '';
    const matches = words.every((word) => text.includes(word));
    row.toggleAttribute('hidden', !matches);
    if (matches) shown += 1;
  }
  if (count !== null) count.textContent = `${shown} ${shown === 1 ? 'patient' : 'patients'}`;
  empty?.toggleAttribute('hidden', shown > 0);
}

// What the server has left out already is not here to be shown again.
const is_whole = new URLSearchParams(location.search).get('q') === null;
if (input instanceof HTMLInputElement && is_whole) {
  input.addEventListener('input', () => filter(input.value));
}
