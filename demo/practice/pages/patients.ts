// The list of patients, with a search that the server answers and a script makes immediate.

import { html } from 'hono/html';
import { ageAt, dayInWords, nameOf, type Patient } from '../../../src/sandbox/patients.ts';
import type { Person } from '../people.ts';
import { initialsOf, type Markup, practicePage } from './layout.ts';

/** Those in whose name or date of birth each word of a search stands. */
export function matchingPatients(patients: readonly Patient[], search: string): readonly Patient[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return patients.filter((patient) => words.every((word) => searchText(patient).includes(word)));
}

function searchText(patient: Patient): string {
  return `${nameOf(patient)} ${patient.date_of_birth} ${dayInWords(patient.date_of_birth)}`.toLowerCase();
}

function allergyChips({ allergies }: Patient): Markup {
  if (allergies.length === 0) return html`<span class="calm">None known</span>`;
  return html`<ul class="chips">${allergies.map((allergy) => html`<li class="chip warn">${allergy}</li>`)}</ul>`;
}

// On a phone each row is a block of its own, and would not be a row to a screen reader any more without the roles.
const COLUMNS = ['Name', 'Born', 'Sex', 'Allergies'];

function row(patient: Patient, now: number): Markup {
  const { patient_id, date_of_birth, sex } = patient;
  return html`<tr role="row" data-search="${searchText(patient)}">
<th scope="row" role="rowheader"><span class="avatar" aria-hidden="true">${initialsOf(nameOf(patient))}</span><a href="/patients/${patient_id}">${nameOf(patient)}</a></th>
<td role="cell" data-label="Born">${dayInWords(date_of_birth)} <span class="soft">(${ageAt(date_of_birth, now)})</span></td>
<td role="cell" data-label="Sex">${sex}</td>
<td role="cell" data-label="Allergies">${allergyChips(patient)}</td>
</tr>\n`;
}

type PatientsView = { person: Person | undefined; patients: readonly Patient[]; search: string; now: number };

export function patientsPage({ person, patients, search, now }: PatientsView): Markup {
  const count = `${patients.length} ${patients.length === 1 ? 'patient' : 'patients'}`;
  const content = html`<div class="head">
<div><h1>Patients</h1><p class="soft" role="status" data-count>${count}</p></div>
<form class="search" method="get" action="/patients" role="search">
<label for="search">Search by name or date of birth</label>
<div><input id="search" type="search" name="q" value="${search}" autocomplete="off"><button class="button" type="submit">Search</button></div>
</form>
</div>
<div class="card table">
<table role="table">
<caption class="unseen">Patients</caption>
<thead role="rowgroup"><tr role="row">${COLUMNS.map((name) => html`<th scope="col" role="columnheader">${name}</th>`)}</tr></thead>
<tbody role="rowgroup">
${patients.map((patient) => row(patient, now))}</tbody>
</table>
<p class="empty" data-empty${patients.length === 0 ? '' : html` hidden`}>No patient matches this search. <a href="/patients">Show all patients</a></p>
</div>`;
  return practicePage({ title: 'Patients', person, content, scripts: ['search.js'] });
}
