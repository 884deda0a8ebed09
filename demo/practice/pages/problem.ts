// Pages about something that did not work.

import { html } from 'hono/html';
import type { Person } from '../people.ts';
import { documentOf, brand, type Markup, practicePage } from './layout.ts';

/** In a tab that was opened for the portal: what is wrong, and the reference that support asks for. */
export function problemPage(
  heading: string,
  { error, request_id }: { error: string; request_id: string | null },
): Markup {
  const body = html`<body class="door">
<main>
<p class="brand">${brand()}</p>
<h1>${heading}</h1>
<p class="notice" role="alert">${error}.</p>
<p class="lead">Close this tab to go back to the patient, and try again there.</p>
${request_id === null ? '' : html`<p class="small">Reference for support: <code>${request_id}</code></p>`}
</main>
</body>`;
  return documentOf({ title: heading, body });
}

export function notFoundPage(person: Person | undefined): Markup {
  const content = html`<div class="head"><h1>There is no such page</h1></div>
<section class="card"><p>It may have been a patient of another practice.</p><p class="actions"><a class="button" href="/">Back to the start</a></p></section>`;
  return practicePage({ title: 'Page not found', person, content });
}
