// @ts-check
// The embedded portal: signs in with the portal kit, shows a patient's prescriptions, and says what is wrong where something is.
// It never leaves its document, because a bearer lives and dies with that.

// oxlint-disable-next-line import/no-absolute-path -- an address of the portal's
import { connect } from '/portal-assets/handoff-portal/handoff-portal.js';
import { button, show } from './dom.js';
import { formView, listView, noticeView, whoFooter } from './views.js';

/** @typedef {import('./views.js').Chart} Chart */
/** @typedef {Awaited<ReturnType<ReturnType<typeof connect>['signedIn']>>} Session */
/** @typedef {{ patient_id: string, is_new: boolean }} Place */

const main = document.querySelector('main') ?? document.body;
const view = document.createElement('div');
view.className = 'view';
view.append(...main.childNodes);
main.append(view);

const in_frame = window.parent !== window;

/** @returns {Place | undefined} */
function placeOf() {
  const [, patient_id, rest = ''] = /^\/embed\/patients\/([^/]+)(\/.*)?$/.exec(location.pathname) ?? [];
  return patient_id === undefined ? undefined : { patient_id, is_new: rest === '/prescriptions/new' };
}

/** @param {string} patient_id */
const listPath = (patient_id) => `/embed/patients/${patient_id}/prescriptions`;

const WORDS = {
  signed_out: ['You are signed out', 'To see the prescriptions again, sign in through your practice software.'],
  nobody: ['You are not signed in', 'Open this page from your practice software, with the button there.'],
  refused: [
    'This page may not show the portal',
    'Its address is not registered with the portal. Tell the people who look after your practice software.',
  ],
  no_link: ['The portal cannot be opened here', 'Your practice software gave no link to the portal. Try it again.'],
  nothing: ['Nothing at this address', 'The sample portal has prescriptions of patients here.'],
  away: ['The prescriptions cannot be shown', 'The portal does not answer at the moment. Try it again.'],
};

/** @param {keyof typeof WORDS} what @param {HTMLElement} [action] */
function showNotice(what, action) {
  const [heading = '', sentence = ''] = WORDS[what];
  show(view, ...noticeView(heading, sentence, action));
}

/** Whom the page shows something of now. @type {Session | undefined} */
let shown;

const handoff = connect({
  onSignedIn: (session) => {
    // After the notice that it was over, the page is as it was, with what has been written in it.
    if (shown === undefined) start(session);
  },
  onExpired: () => void handoff.showExpiredNotice(main),
  onSubjectChanged: (session) => start(session),
  onError: ({ problem }) => {
    if (shown !== undefined) return;
    if (problem === 'embedding-refused') showNotice('refused');
    else if (!in_frame || problem === 'session-required') showNotice('nobody');
    else showNotice('no_link', signInButton('Try again'));
  },
});

function removeFooter() {
  main.querySelector('footer')?.remove();
}

/** @param {string} label */
function signInButton(label) {
  // What comes of it is told by onSignedIn and onError.
  return button(label, () => void handoff.signInAgain().catch(() => undefined));
}

async function signOut() {
  await handoff.signOut();
  shown = undefined;
  removeFooter();
  showNotice('signed_out', in_frame ? signInButton('Sign in again') : undefined);
}

/** @param {string} path */
function go(path) {
  history.pushState(null, '', path);
  handoff.navigated(path);
  void render({ saved: false });
}

/** @param {Session} session */
function start(session) {
  shown = session;
  removeFooter();
  main.append(whoFooter(session, () => void signOut()));
  void render({ saved: false });
}

/** @param {string} patient_id */
const address = (patient_id) => `/embed/api/patients/${patient_id}`;

/**
 * @param {string} patient_id
 * @param {import('./views.js').Fields} fields
 * @returns {Promise<Record<string, string> | undefined>} what is wrong with each field
 */
async function save(patient_id, fields) {
  const response = await handoff.fetch(`${address(patient_id)}/prescriptions`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(fields),
  });
  if (response.status === 422) return (await response.json()).errors;
  if (!response.ok) throw new Error('The prescription was not saved');
  history.replaceState(null, '', listPath(patient_id));
  handoff.navigated(listPath(patient_id));
  void render({ saved: true });
  return undefined;
}

/** @param {Chart} chart @param {Place} place @param {boolean} saved */
function showChart(chart, { patient_id, is_new }, saved) {
  const onCancel = () => go(listPath(patient_id));
  const options = { onSave: (/** @type {import('./views.js').Fields} */ fields) => save(patient_id, fields), onCancel };
  const onNew = () => go(`${listPath(patient_id)}/new`);
  const may_write = is_new && chart.may_prescribe;
  document.title = `${may_write ? 'New prescription' : 'Prescriptions'} · Sample Portal`;
  show(view, ...(may_write ? formView(chart, options) : listView(chart, { saved, onNew })));
}

/** Shows what the address says. @param {{ saved: boolean }} options */
async function render({ saved }) {
  const place = placeOf();
  if (place === undefined) return showNotice('nothing');
  const meant_for = shown;
  try {
    const response = await handoff.fetch(address(place.patient_id), { headers: { Accept: 'application/json' } });
    // Somebody else has come meanwhile, or another page was asked for.
    if (meant_for !== shown || placeOf()?.is_new !== place.is_new) return;
    if (response.status === 401) return;
    if (!response.ok) throw new Error('No chart');
    showChart(await response.json(), place, saved);
  } catch {
    if (meant_for === shown && shown !== undefined)
      showNotice(
        'away',
        button('Try again', () => void render({ saved })),
      );
  }
}

window.addEventListener('popstate', () => {
  if (shown !== undefined) void render({ saved: false });
});
