// The practice's pages have one frame: a bar with the way around and who is signed in, and what the page is about beside it.

import { html } from 'hono/html';
import type { Person } from '../people.ts';

export type Markup = ReturnType<typeof html>;

type Document = { title: string; scripts?: readonly string[]; body: Markup };

export function documentOf({ title, scripts = [], body }: Document): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Sample Practice</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/practice.css">
${scripts.map((name) => html`<script type="module" src="/assets/${name}"></script>\n`)}
</head>
${body}
</html>
`;
}

export function initialsOf(name: string): string {
  return name
    .split(' ')
    .map((word) => word.charAt(0))
    .join('');
}

export function brand(): Markup {
  return html`<span class="brand-mark" aria-hidden="true"><svg viewBox="0 0 24 24" width="20" height="20"><path d="M3 12h4l2.5-6.5 4.5 13L16.5 12H21" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"/></svg></span><span>Sample Practice</span>`;
}

type Place = 'patients' | 'embed-doctor';

type PracticePage = {
  title: string;
  person: Person | undefined;
  content: Markup;
  scripts?: readonly string[];
  /** Where in the practice it is. */
  place?: Place;
};

const PLACES: { place: Place; label: string; icon: string }[] = [
  { place: 'patients', label: 'Patients', icon: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7.5 8a7.5 7.5 0 0 1 15 0' },
  {
    place: 'embed-doctor',
    label: 'Embed Doctor',
    icon: 'M6 3v5a4 4 0 0 0 8 0V3M10 12v4a5 5 0 0 0 10 0v-3m0 0a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3Z',
  },
];

function navigation(here: Place): Markup {
  const links = PLACES.map(
    ({ place, label, icon }) =>
      html`<a href="/${place}"${place === here ? html` aria-current="true"` : ''}><svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d="${icon}" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/></svg>${label}</a>`,
  );
  return html`<nav aria-label="Practice">${links}</nav>`;
}

function whoIsHere({ name, role }: Person): Markup {
  return html`<div class="me">
<span class="avatar" aria-hidden="true">${initialsOf(name)}</span>
<p><strong>${name}</strong><span>${role}</span></p>
<form method="post" action="/sign-out"><button class="button ghost" type="submit">Sign out</button></form>
</div>`;
}

/** A page for who is signed in to the practice. */
export function practicePage({ title, person, content, scripts = [], place = 'patients' }: PracticePage): Markup {
  const body = html`<body class="app">
<a class="skip" href="#content">Skip to content</a>
<header class="side"><div>
<a class="brand" href="/">${brand()}</a>
${navigation(place)}
${person === undefined ? '' : whoIsHere(person)}
</div></header>
<main id="content" tabindex="-1">
${content}
</main>
</body>`;
  return documentOf({ title, scripts, body });
}
