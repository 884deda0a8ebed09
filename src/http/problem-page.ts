// Two pages about a problem: what a clinician sees when it happens, and what a developer reads under its type URI.

import { html } from 'hono/html';
import type { Problem } from '../foundation/problem.ts';
import { catalogueEntry, type ProblemSlug, PROBLEMS } from '../foundation/problem-catalogue.ts';
import type { ReturnTo } from './context.ts';
import type { Markup, PageContent } from './page.ts';

const UNKNOWN_PARTNER = 'your practice software';

function inWords(text: string, partner_name: string): string {
  // As a function, because a replacement text has patterns of its own: "$&" in a name would not stay what it is.
  const filled = text.replaceAll('{partner}', () => partner_name);
  return filled.charAt(0).toUpperCase() + filled.slice(1);
}

/** The catalogue writes names of code in backticks. */
function withCode(text: string): (Markup | string)[] {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`));
}

// Hidden until the page around the frame shows that it can make a link: without it there is nothing that the button could do.
function tabButton(partner_name: string): Markup {
  return html`<p class="actions" id="open-tab" hidden><button class="button" type="button">Open in a new tab</button></p>
<p id="open-tab-status" role="status" data-failed="That did not work. Please open the portal from ${partner_name}." data-blocked="The browser has kept the tab from opening. Please allow pop-ups for this page, and press the button again."></p>`;
}

/** What happened, what to do, the way back, and the reference that support asks for. */
export function problemPage(
  problem: Problem,
  context: { request_id: string; return_to: ReturnTo | undefined },
): PageContent {
  const words = problem.entry.clinician ?? { heading: problem.entry.title, advice: problem.entry.fix };
  const partner_name = context.return_to?.partner_name ?? UNKNOWN_PARTNER;
  const title = inWords(words.heading, partner_name);
  const return_url = context.return_to?.return_url;
  const back = html`<p class="actions"><a class="button" href="${return_url ?? ''}" target="_top" rel="noreferrer">Back to ${partner_name}</a></p>`;
  const body = html`<h1>${title}</h1>
<p>${withCode(
    inWords(
      words.advice.replace('{detail}', () => problem.detail),
      partner_name,
    ),
  )}</p>
${problem.slug === 'cookie-refused' ? tabButton(partner_name) : ''}
${return_url === undefined ? '' : back}
<p class="reference">Reference for support: <code>${context.request_id}</code></p>`;
  return { title, body, tone: 'notice', frame_answer: { type: 'error', problem: problem.slug } };
}

/** The page behind a `type` URI. */
export function problemTypePage(slug: ProblemSlug): PageContent {
  const entry = catalogueEntry(slug);
  const body = html`<p class="tag">HTTP ${entry.status} · <code>${slug}</code></p>
<h1>${entry.title}</h1>
<h2>Cause</h2>
<p>${withCode(entry.cause)}</p>
<h2>How to fix it</h2>
<p>${withCode(entry.fix)}</p>
<p class="reference"><a href="./">All problems</a></p>`;
  return { title: entry.title, body };
}

export function problemIndexPage(): PageContent {
  const items = Object.entries(PROBLEMS).map(
    ([slug, entry]) =>
      html`<li><span>${entry.status}</span><a href="./${slug}">${entry.title}</a><code>${slug}</code></li>`,
  );
  const body = html`<h1>Problems this service can name</h1>
<p>The <code>type</code> of an error answer (RFC 9457) leads to one of these pages, which says cause and fix. The answer’s request id leads support to the log.</p>
<ul class="rows">${items}</ul>
<p class="reference"><a href="../docs">API reference</a></p>`;
  return { title: 'Problems', body, wide: true };
}
