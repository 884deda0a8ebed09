// A patient's page: what the practice knows of her, the way to the portal in a tab and in a pane, and the panel that shows a
// developer what the two servers say to each other meanwhile.

import { html } from 'hono/html';
import { ageAt, dayInWords, nameOf, type Patient } from '../../../src/sandbox/patients.ts';
import type { Person } from '../people.ts';
import { initialsOf, type Markup, practicePage } from './layout.ts';

function summary(patient: Patient, now: number): Markup {
  const { patient_id, date_of_birth, sex, allergies } = patient;
  const chips =
    allergies.length === 0
      ? html`<li class="chip calm">No known allergies</li>`
      : allergies.map((allergy) => html`<li class="chip warn">${allergy}</li>`);
  return html`<section class="card patient" aria-labelledby="name">
<span class="avatar large" aria-hidden="true">${initialsOf(nameOf(patient))}</span>
<div>
<h1 id="name">${nameOf(patient)}</h1>
<p class="soft">${dayInWords(date_of_birth)} (${ageAt(date_of_birth, now)}) · ${sex} · Record <code>${patient_id}</code></p>
</div>
<div class="allergies"><h2 class="label">Allergies</h2><ul class="chips">${chips}</ul></div>
</section>`;
}

function prescribing({ patient_id }: Patient, person: Person | undefined): Markup {
  const may = person?.may_prescribe === true;
  // The pane needs its script, which sets that button free.
  const disabled = may ? '' : html` disabled aria-describedby="why-not"`;
  return html`<section class="card prescribing" aria-labelledby="prescribing">
<div class="head">
<div><h2 id="prescribing">Prescribing</h2><p class="soft">Written in the Sample Portal.</p></div>
<div class="actions">
<form method="post" action="/patients/${patient_id}/prescribe" target="_blank" rel="noopener" data-prescribe><button class="button" type="submit"${disabled}>Prescribe<span class="unseen"> (opens a new tab)</span><svg viewBox="0 0 24 24" width="16" height="16" aria-hidden="true"><path d="M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg></button></form>
<button class="button line" type="button" aria-expanded="false" aria-controls="pane"${may ? html` disabled data-open-pane` : disabled}>Prescribe here</button>
</div>
</div>
${may ? '' : html`<p class="notice" id="why-not">Reception has no access to the portal. Sign in as a clinician to prescribe.</p>`}
<div id="pane" class="pane" data-pane data-patient="${patient_id}" hidden></div>
</section>`;
}

function conditions({ conditions: known }: Patient): Markup {
  const list = html`<ul class="plain">${known.map((condition) => html`<li>${condition}</li>`)}</ul>`;
  return html`<section class="card" aria-labelledby="conditions"><h2 id="conditions">Conditions</h2>${known.length === 0 ? html`<p class="soft">Nothing recorded.</p>` : list}</section>`;
}

function journal(): Markup {
  return html`<aside class="journal-place" aria-label="For developers">
<details class="journal" data-journal>
<summary><span>Behind the scenes</span><span class="count" data-journal-count></span></summary>
<p class="soft">Requests from this practice’s server to Handoff, and what the pane says to this page. Secrets, tokens and what identifies people are hidden.</p>
<p class="empty" data-journal-empty>Nothing yet. Press “Prescribe” or “Prescribe here”.</p>
<ol data-journal-list></ol>
<p class="unseen" role="status" data-journal-status></p>
</details>
</aside>`;
}

type PatientView = { person: Person | undefined; patient: Patient; now: number };

export function patientPage({ person, patient, now }: PatientView): Markup {
  const content = html`<div class="work">
<div class="chart">
<p class="crumb"><a href="/patients">Patients</a></p>
${summary(patient, now)}
${prescribing(patient, person)}
${conditions(patient)}
</div>
${journal()}
</div>`;
  return practicePage({ title: nameOf(patient), person, content, scripts: ['patient.js'] });
}
