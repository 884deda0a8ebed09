// The sample portal's page: with a bar and navigation in a tab, with neither in a pane. Everything it loads is a file of its own.

import { html } from 'hono/html';
import type { Markup } from '../../http/page.ts';
import { ageAt, dayInWords, nameOf, type Patient } from '../patients.ts';
import { ASSETS_PATH } from './assets.ts';
import type { Who } from './visitor.ts';

/** The portal's own policy. Who may frame it is what the check before it says, and stands in a policy of its own. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // The forms post to this origin; a policy of no-referrer would make their Origin header say "null".
  'referrer-policy': 'same-origin',
};

type Document = { title: string; scripts: readonly string[]; body: Markup };

export function documentOf({ title, scripts, body }: Document): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sample Portal</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS_PATH}/portal.css">
${scripts.map((name) => html`<script type="module" src="${ASSETS_PATH}/${name}"></script>\n`)}
</head>
${body}
</html>
`;
}

const HOUR = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });

/**
 * When the session is over if nothing more is done; the page's script puts it into the reader's own time. It does not ask whether
 * it is really over: asking is use, and would keep a session alive that nobody uses.
 */
function sessionEnd({ idle_expires_at, expires_at }: Who): Markup {
  const end = idle_expires_at < expires_at ? idle_expires_at : expires_at;
  return html`<span class="until">Session ends at <time datetime="${end}" data-session-end>${HOUR.format(Date.parse(end))} UTC</time> if not used</span>`;
}

type PortalPage = { title: string; who: Who; content: Markup };

/** A page in a tab. */
export function portalPage({ title, who, content }: PortalPage): Markup {
  const { user, organization } = who;
  return documentOf({
    title,
    scripts: ['session-end.js'],
    body: html`<body>
<a class="skip" href="#content">Skip to content</a>
<header class="bar">
<a class="brand" href="/dashboard"><span class="brand-mark" aria-hidden="true">Rx</span>Sample Portal</a>
<nav aria-label="Portal"><a href="/dashboard">Patients</a></nav>
<div class="who">
<p><strong>${nameOf(user)}</strong><span>${organization.name}</span>${sessionEnd(who)}</p>
<form method="post" action="/auth/logout"><button class="button quiet" type="submit">Sign out</button></form>
</div>
</header>
<div class="notice" role="alert" data-session-over hidden><p>This page has not been used for a while, and your session may be over. Reload the page, or go back to ${who.partner.name} and press the button there.</p></div>
<main id="content" tabindex="-1">
${content}
</main>
<footer class="foot"><p>Sample data, kept in memory. Sent by ${who.partner.name}.</p></footer>
</body>`,
  });
}

export function patientFacts(patient: Patient, now: number): Markup {
  const allergies =
    patient.allergies.length === 0
      ? html`<li class="chip calm">No known allergies</li>`
      : patient.allergies.map((allergy) => html`<li class="chip warn">${allergy}</li>`);
  return html`<dl class="facts">
<div><dt>Born</dt><dd>${dayInWords(patient.date_of_birth)} (${ageAt(patient.date_of_birth, now)})</dd></div>
<div><dt>Sex</dt><dd>${patient.sex}</dd></div>
<div><dt>Record</dt><dd><code>${patient.patient_id}</code></dd></div>
<div><dt>Allergies</dt><dd><ul class="chips">${allergies}</ul></dd></div>
</dl>`;
}
