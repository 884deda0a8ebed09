// Embed Doctor's page: what to examine, what was found, and beside it the embed in the visitor's own browser.

import { html } from 'hono/html';
import type { Report } from '../../../src/embed-doctor/examine.ts';
import { type Markup, practicePage } from '../pages/layout.ts';
import type { Person } from '../people.ts';
import { reportSection } from './report.ts';

export type Field = 'what' | 'address' | 'origin' | 'page';

export type Values = { what: 'link' | 'address'; address: string; origin: string; page: string };

type Errors = Partial<Record<Field, string>>;

function errorText(field: Field, errors: Errors): Markup | string {
  const sentence = errors[field];
  return sentence === undefined ? '' : html`<p class="wrong" id="${field}-wrong">${sentence}</p>`;
}

/** Ties a field to its hint, and to its problem where it has one; the first problem of a form is where the reader goes on. */
function described(field: Field, errors: Errors): Markup {
  if (errors[field] === undefined) return html` aria-describedby="${field}-hint"`;
  return html` aria-invalid="true" aria-describedby="${field}-wrong ${field}-hint" autofocus`;
}

type TextField = { field: 'address' | 'origin' | 'page'; label: string; hint: string };

function textField({ field, label, hint }: TextField, values: Values, errors: Errors): Markup {
  return html`<div class="field">
<label for="${field}">${label}</label>
<input id="${field}" name="${field}" type="text" inputmode="url" autocomplete="off" autocapitalize="off" spellcheck="false" value="${values[field]}"${described(field, errors)}>
<p class="soft" id="${field}-hint">${hint}</p>
${errorText(field, errors)}
</div>`;
}

const ADDRESS: TextField = {
  field: 'address',
  label: 'Address',
  hint: 'A redirect_url, which is spent, or the address of an embedded page; of this sandbox.',
};
const ORIGIN: TextField = {
  field: 'origin',
  label: 'Origin of the page around the frame',
  hint: 'This practice’s own, unless you want to see what another one is told.',
};
const PAGE: TextField = {
  field: 'page',
  label: 'Address of that page (optional)',
  hint: 'Its headers and its iframe are examined as well, as somebody sees them who is not signed in.',
};

function choice(
  value: Values['what'],
  label: string,
  { chosen, disabled }: { chosen: boolean; disabled: boolean },
): Markup {
  const state = html`${chosen ? html` checked` : ''}${disabled ? html` disabled` : ''}`;
  return html`<label class="choice"><input type="radio" name="what" value="${value}"${state}><span>${label}</span></label>`;
}

type FormView = { values: Values; may_ask: boolean; errors: Errors };

function form({ values, may_ask, errors }: FormView): Markup {
  const wrong = errors.what === undefined ? '' : html` aria-describedby="what-wrong"`;
  return html`<form class="card doctor-form" method="post" action="/embed-doctor" data-doctor-form>
<fieldset${wrong}>
<legend>What to examine</legend>
${choice('link', 'A link that this practice asks for', { chosen: values.what === 'link', disabled: !may_ask })}
${choice('address', 'An address that I have', { chosen: values.what === 'address', disabled: false })}
${errorText('what', errors)}
</fieldset>
<div data-address>${textField(ADDRESS, values, errors)}</div>
${textField(ORIGIN, values, errors)}
${textField(PAGE, values, errors)}
<p class="actions"><button class="button" type="submit">Examine</button></p>
<p class="unseen" role="status" data-doctor-status></p>
</form>`;
}

const FACTS: [name: string, label: string][] = [
  ['session', 'Signed in by'],
  ['cookie', 'The portal’s cookie'],
  ['storage', 'Storage Access API'],
  ['ancestors', 'Pages around it'],
];

/** `start`: opens by itself, since somebody has just asked for an examination. */
function live({ patient_id, may_ask, start }: { patient_id: string; may_ask: boolean; start: boolean }): Markup {
  // Of no use before its script is there, which takes the attribute off.
  const why_not = may_ask ? '' : html` aria-describedby="live-why-not"`;
  const button = html`<button class="button line" type="button" disabled data-live-open aria-expanded="false" aria-controls="live-pane"${why_not}>Open the embed</button>`;
  const state = may_ask ? html` data-may${start ? html` data-start` : ''}` : '';
  return html`<section class="card live" aria-labelledby="live-heading" data-live${state}>
<div class="head"><h2 id="live-heading">In your browser</h2>${button}</div>
<p class="soft">The same embed, by <code>handoff-embed</code>, on this very page.</p>
${may_ask ? '' : html`<p class="notice" id="live-why-not">Reception has no access to the portal. Sign in as a clinician to open it.</p>`}
<noscript><p class="notice">This part needs JavaScript.</p></noscript>
<dl class="live-facts">
${FACTS.map(([name, label]) => html`<div><dt>${label}</dt><dd data-live-fact="${name}">–</dd></div>\n`)}</dl>
<div class="pane" id="live-pane" data-live-pane data-patient="${patient_id}" hidden></div>
<h3>What the frame says</h3>
<p class="empty" data-live-empty>Nothing yet.</p>
<div class="live-events" role="group" aria-label="What the frame says" tabindex="0" data-live-log hidden><ol data-live-events></ol></div>
</section>`;
}

export type DoctorView = {
  person: Person;
  may_ask: boolean;
  patient_id: string;
  values: Values;
  report?: Report | undefined;
  errors?: Errors | undefined;
};

export function doctorPage({ person, may_ask, patient_id, values, report, errors = {} }: DoctorView): Markup {
  const content = html`<link rel="stylesheet" href="/assets/embed-doctor.css">
<div class="head"><div>
<h1>Embed Doctor</h1>
<p class="soft">Opens an embed as a browser does, and says which header, cookie, attribute or origin is wrong, and who mends it.</p>
</div></div>
<div class="doctor">
<div class="doctor-main">
${report === undefined ? '' : reportSection(report)}
${form({ values, may_ask, errors })}
</div>
${live({ patient_id, may_ask, start: report !== undefined })}
</div>`;
  return practicePage({ title: 'Embed Doctor', person, content, scripts: ['embed-doctor.js'], place: 'embed-doctor' });
}
