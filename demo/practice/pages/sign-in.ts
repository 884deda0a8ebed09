// The first page: whom to work as. There is no password, because there is nothing to protect.

import { html } from 'hono/html';
import type { Person } from '../people.ts';
import { brand, documentOf, initialsOf, type Markup } from './layout.ts';

function choice({ person_id, name, role }: Person): Markup {
  return html`<li><button name="person" value="${person_id}"><span class="avatar" aria-hidden="true">${initialsOf(name)}</span><span class="words"><strong>${name}</strong> <span>${role}</span></span></button></li>\n`;
}

export function signInPage(people: readonly Person[]): Markup {
  const body = html`<body class="door">
<main>
<p class="brand">${brand()}</p>
<h1>Who is working today?</h1>
<p class="lead">A sample of a partner’s practice software. Choose a person, open a patient, and press “Prescribe”: the portal opens, signed in.</p>
<form method="post" action="/sign-in">
<ul class="people">
${people.map(choice)}</ul>
</form>
<p class="small">Sample people and sample patients only; nothing here needs a password.</p>
</main>
</body>`;
  return documentOf({ title: 'Sign in', body });
}
