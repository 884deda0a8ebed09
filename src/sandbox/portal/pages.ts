// The sample portal's pages in a tab: the patients, a patient, her prescriptions, a new one. Where they are is in app.ts.

import { html } from 'hono/html';
import type { Markup } from '../../http/page.ts';
import { ageAt, dayInWords, nameOf, type Patient, SAMPLE_PATIENTS } from '../patients.ts';
import { patientFacts } from './layout.ts';
import { MEDICINE_NAMES, type OrderErrors, type OrderField, type Prescription } from './prescriptions.ts';

export function patientAddress({ patient_id }: Patient): string {
  return `/dashboard/patients/${encodeURIComponent(patient_id)}`;
}

export function patientsContent(now: number): Markup {
  const rows = SAMPLE_PATIENTS.map(
    (patient) => html`<li><a href="${patientAddress(patient)}"><strong>${nameOf(patient)}</strong>
<span>${dayInWords(patient.date_of_birth)} (${ageAt(patient.date_of_birth, now)}), ${patient.sex.toLowerCase()}</span></a></li>\n`,
  );
  return html`<div class="head"><h1>Patients</h1></div>
<ul class="people card">${rows}</ul>`;
}

function prescriptionItem({ medicine, directions, quantity, repeats, ...rest }: Prescription): Markup {
  return html`<li>
<div><strong>${medicine}</strong><span>${directions}</span></div>
<dl><div><dt>Quantity</dt><dd>${quantity}</dd></div><div><dt>Repeats</dt><dd>${repeats}</dd></div></dl>
<p>${dayInWords(rest.prescribed_on)}, ${rest.prescriber}</p>
</li>\n`;
}

export type PatientView = {
  patient: Patient;
  prescriptions: readonly Prescription[];
  may_prescribe: boolean;
  saved: boolean;
};

function prescriptionList({ patient, prescriptions, may_prescribe }: PatientView): Markup {
  const action = may_prescribe
    ? html`<a class="button" href="${patientAddress(patient)}/prescriptions/new">New prescription</a>`
    : html`<p class="hint">Your role may read prescriptions, and not write them.</p>`;
  const list =
    prescriptions.length === 0
      ? html`<p class="empty">No prescriptions yet.</p>`
      : html`<ul class="prescriptions">${prescriptions.map(prescriptionItem)}</ul>`;
  return html`<section class="card" aria-labelledby="prescriptions">
<div class="head"><h2 id="prescriptions">Prescriptions</h2>${action}</div>
${list}
</section>`;
}

export function patientContent(view: PatientView, now: number): Markup {
  const { patient, saved } = view;
  const conditions =
    patient.conditions.length === 0
      ? html`<p class="empty">Nothing recorded.</p>`
      : html`<ul class="plain">${patient.conditions.map((condition) => html`<li>${condition}</li>`)}</ul>`;
  return html`<p class="crumb"><a href="/dashboard">Patients</a></p>
<div class="head"><h1>${nameOf(patient)}</h1></div>
${saved ? html`<p class="done" role="status">The prescription is saved.</p>` : ''}
<section class="card" aria-label="Patient">${patientFacts(patient, now)}</section>
${prescriptionList(view)}
<section class="card" aria-labelledby="conditions"><h2 id="conditions">Conditions</h2>${conditions}</section>`;
}

export function prescriptionsContent(view: PatientView, now: number): Markup {
  const { patient } = view;
  return html`<p class="crumb"><a href="/dashboard">Patients</a> <span aria-hidden="true">/</span> <a href="${patientAddress(patient)}">${nameOf(patient)}</a></p>
<div class="head"><h1>Prescriptions for ${nameOf(patient)}</h1></div>
<section class="card" aria-label="Patient">${patientFacts(patient, now)}</section>
${prescriptionList(view)}`;
}

type OrderForm = { patient: Patient; subject: string; values: Record<string, string>; errors: OrderErrors };

function field({ values, errors }: OrderForm, name: OrderField, label: string): { label: Markup; input: Markup } {
  const error = errors[name];
  const described = error === undefined ? '' : html` aria-invalid="true" aria-describedby="${name}-error"`;
  return {
    label: html`<label for="${name}">${label}</label>${error === undefined ? '' : html`<p class="error" id="${name}-error">${error}</p>`}`,
    input: html` id="${name}" name="${name}" value="${values[name] ?? ''}" required${described}`,
  };
}

function medicineField(form: OrderForm): Markup {
  const { label } = field(form, 'medicine', 'Medicine');
  const described =
    form.errors.medicine === undefined ? '' : html` aria-invalid="true" aria-describedby="medicine-error"`;
  const options = MEDICINE_NAMES.map(
    (name) => html`<option${form.values['medicine'] === name ? html` selected` : ''}>${name}</option>\n`,
  );
  return html`<div class="field">${label}<select id="medicine" name="medicine" required${described}>
<option value="">Choose a medicine</option>
${options}</select></div>`;
}

export function newPrescriptionContent(form: OrderForm, now: number): Markup {
  const { patient, subject } = form;
  const [directions, quantity, repeats] = [
    field(form, 'directions', 'Directions'),
    field(form, 'quantity', 'Quantity'),
    field(form, 'repeats', 'Repeats'),
  ];
  const wrong = Object.keys(form.errors).length;
  return html`<p class="crumb"><a href="/dashboard">Patients</a> <span aria-hidden="true">/</span> <a href="${patientAddress(patient)}">${nameOf(patient)}</a></p>
<div class="head"><h1>New prescription for ${nameOf(patient)}</h1></div>
<section class="card" aria-label="Patient">${patientFacts(patient, now)}</section>
${wrong === 0 ? '' : html`<p class="notice" role="alert">Not saved yet: look at what is marked below.</p>`}
<form class="card form" method="post" action="${patientAddress(patient)}/prescriptions">
<input type="hidden" name="subject" value="${subject}">
${medicineField(form)}
<div class="field">${directions.label}<input type="text" maxlength="200" autocomplete="off"${directions.input}></div>
<div class="pair">
<div class="field">${quantity.label}<input type="number" min="1" max="500" inputmode="numeric"${quantity.input}></div>
<div class="field">${repeats.label}<input type="number" min="0" max="11" inputmode="numeric"${repeats.input}></div>
</div>
<p class="actions"><button class="button" type="submit">Save prescription</button><a class="button quiet" href="${patientAddress(patient)}">Cancel</a></p>
</form>`;
}

/** A page that says one thing. */
export function noticeContent(heading: string, sentence: string): Markup {
  return html`<div class="head"><h1>${heading}</h1></div>
<section class="card"><p>${sentence}</p><p class="actions"><a class="button" href="/dashboard">Open the patients</a></p></section>`;
}
