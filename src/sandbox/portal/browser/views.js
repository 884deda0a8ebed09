// @ts-check
// What the embedded portal shows: a patient with her prescriptions, a new prescription, and a page that says one thing. Where the
// data comes from, and when which is shown, is in embed.js.

import { button, element } from './dom.js';

/** @typedef {{ prescription_id: string, medicine: string, directions: string, quantity: number, repeats: number, prescribed_on: string, prescriber: string }} Prescription */
/** @typedef {{ patient_id: string, given_name: string, family_name: string, sex: string, born: string, allergies: string[], conditions: string[] }} Patient */
/** @typedef {{ patient: Patient, prescriptions: Prescription[], may_prescribe: boolean, medicines: string[] }} Chart */
/** @typedef {{ medicine: string, directions: string, quantity: string, repeats: string }} Fields */

/** @param {string} term @param {string | Node} description */
function fact(term, description) {
  return element('div', {}, element('dt', {}, term), element('dd', {}, description));
}

/** @param {Patient} patient */
function facts({ born, sex, patient_id, allergies }) {
  const chips =
    allergies.length === 0
      ? [element('li', { class: 'chip calm' }, 'No known allergies')]
      : allergies.map((allergy) => element('li', { class: 'chip warn' }, allergy));
  return element(
    'dl',
    { class: 'facts' },
    fact('Born', born),
    fact('Sex', sex),
    fact('Record', element('code', {}, patient_id)),
    fact('Allergies', element('ul', { class: 'chips' }, ...chips)),
  );
}

/** @param {Prescription} prescription */
function item({ medicine, directions, quantity, repeats, prescribed_on, prescriber }) {
  return element(
    'li',
    {},
    element('div', {}, element('strong', {}, medicine), element('span', {}, directions)),
    element('dl', {}, fact('Quantity', String(quantity)), fact('Repeats', String(repeats))),
    element('p', {}, `${prescribed_on}, ${prescriber}`),
  );
}

/** @param {{ given_name: string, family_name: string }} person */
const nameOf = ({ given_name, family_name }) => `${given_name} ${family_name}`;

/**
 * @param {Chart} chart
 * @param {{ saved: boolean, onNew: () => void }} options
 */
export function listView(chart, { saved, onNew }) {
  const { patient, prescriptions, may_prescribe } = chart;
  const action = may_prescribe
    ? button('New prescription', onNew)
    : element('p', { class: 'hint' }, 'Your role may read prescriptions, and not write them.');
  return [
    element('div', { class: 'head' }, element('h1', {}, nameOf(patient))),
    saved ? element('p', { class: 'done', role: 'status' }, 'The prescription is saved.') : undefined,
    element('section', { class: 'card', 'aria-label': 'Patient' }, facts(patient)),
    element(
      'section',
      { class: 'card', 'aria-labelledby': 'prescriptions' },
      element('div', { class: 'head' }, element('h2', { id: 'prescriptions' }, 'Prescriptions'), action),
      prescriptions.length === 0
        ? element('p', { class: 'empty' }, 'No prescriptions yet.')
        : element('ul', { class: 'prescriptions' }, ...prescriptions.map(item)),
    ),
  ];
}

/**
 * @param {string} name
 * @param {string} label
 * @param {HTMLElement} input
 */
function field(name, label, input) {
  input.id = name;
  input.setAttribute('name', name);
  input.setAttribute('aria-describedby', `${name}-error`);
  const error = element('p', { class: 'error', id: `${name}-error` });
  return element('div', { class: 'field' }, element('label', { for: name }, label), error, input);
}

/** @param {Chart} chart */
function fields({ medicines }) {
  const medicine = element(
    'select',
    { required: true },
    element('option', { value: '' }, 'Choose a medicine'),
    ...medicines.map((name) => element('option', {}, name)),
  );
  const number = (/** @type {string} */ min, /** @type {string} */ max, value = '') =>
    element('input', { type: 'number', min, max, value, inputmode: 'numeric', required: true });
  return [
    field('medicine', 'Medicine', medicine),
    field(
      'directions',
      'Directions',
      element('input', { type: 'text', maxlength: '200', autocomplete: 'off', required: true }),
    ),
    element(
      'div',
      { class: 'pair' },
      field('quantity', 'Quantity', number('1', '500')),
      field('repeats', 'Repeats', number('0', '11', '0')),
    ),
  ];
}

/** @param {HTMLFormElement} form @returns {Fields} */
function readFields(form) {
  const data = new FormData(form);
  const read = (/** @type {string} */ name) => {
    const value = data.get(name);
    return typeof value === 'string' ? value : '';
  };
  return {
    medicine: read('medicine'),
    directions: read('directions'),
    quantity: read('quantity'),
    repeats: read('repeats'),
  };
}

/** @param {HTMLFormElement} form @param {Record<string, string>} errors */
function showErrors(form, errors) {
  for (const input of form.querySelectorAll('select, input')) {
    const error = errors[input.id];
    const place = form.querySelector(`#${input.id}-error`);
    if (place !== null) place.textContent = error ?? '';
    if (error === undefined) input.removeAttribute('aria-invalid');
    else input.setAttribute('aria-invalid', 'true');
  }
  const first = form.querySelector('[aria-invalid]');
  if (first instanceof HTMLElement) first.focus();
}

/**
 * `onSave` answers with a sentence for each field that is wrong, or undefined when it is saved.
 * @param {Chart} chart
 * @param {{ onSave: (fields: Fields) => Promise<Record<string, string> | undefined>, onCancel: () => void }} options
 */
export function formView(chart, { onSave, onCancel }) {
  const save = element('button', { class: 'button', type: 'submit' }, 'Save prescription');
  const summary = element('p', { class: 'notice', role: 'alert', hidden: true });
  const form = element(
    'form',
    { class: 'card form', novalidate: true },
    ...fields(chart),
    element('p', { class: 'actions' }, save, button('Cancel', onCancel, 'quiet')),
  );
  const submit = async () => {
    save.disabled = true;
    save.textContent = 'Saving…';
    try {
      const errors = await onSave(readFields(form));
      summary.hidden = errors === undefined;
      summary.textContent = 'Not saved yet: look at what is marked below.';
      if (errors !== undefined) showErrors(form, errors);
    } catch {
      summary.hidden = false;
      summary.textContent = 'Not saved: the portal does not answer. What you wrote is still here; try again.';
    } finally {
      save.disabled = false;
      save.textContent = 'Save prescription';
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  const heading = element('h1', {}, `New prescription for ${nameOf(chart.patient)}`);
  return [
    element('div', { class: 'head' }, heading),
    element('section', { class: 'card', 'aria-label': 'Patient' }, facts(chart.patient)),
    summary,
    form,
  ];
}

/**
 * A page that says one thing, with at most one thing to press.
 * @param {string} heading
 * @param {string} sentence
 * @param {HTMLElement} [action]
 */
export function noticeView(heading, sentence, action) {
  const actions = action === undefined ? undefined : element('p', { class: 'actions' }, action);
  return [
    element('div', { class: 'head' }, element('h1', {}, heading)),
    element('section', { class: 'card' }, element('p', {}, sentence), actions),
  ];
}

/**
 * Who is signed in, under whatever is shown.
 * @param {{ user: { given_name: string, family_name: string }, organization: { name: string } }} session
 * @param {() => void} onSignOut
 */
export function whoFooter({ user, organization }, onSignOut) {
  return element(
    'footer',
    { class: 'foot' },
    element('p', {}, 'Signed in as ', element('strong', {}, nameOf(user)), `, ${organization.name}`),
    button('Sign out', onSignOut, 'quiet'),
  );
}
