// A report of Embed Doctor's as HTML: what is wrong first, then everything.

import { html } from 'hono/html';
import type { Report } from '../../../src/embed-doctor/examine.ts';
import { type Check, type Mender, type Subject, SUBJECTS, type Verdict } from '../../../src/embed-doctor/report.ts';
import type { Markup } from '../pages/layout.ts';

const WORDS: Record<Verdict, string> = { ok: 'OK', warning: 'Warning', fault: 'Fault', 'not-checked': 'Not checked' };

const MENDERS: Record<Mender, string> = {
  partner: 'Partner',
  'portal-engineer': 'Portal engineer',
  operator: 'Operator',
};

function verdict(of: Verdict): Markup {
  return html`<span class="verdict" data-verdict="${of}">${WORDS[of]}</span>`;
}

/** `level`: of its heading, below the one that it stands under. */
function checkItem({ title, verdict: found, evidence, mended_by, mend }: Check, level: 3 | 4): Markup {
  const who = mended_by === null ? '' : html`<strong>${MENDERS[mended_by]}</strong> `;
  return html`<li class="check">
${verdict(found)}
<div>
${level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
${evidence.map((sentence) => html`<p class="seen">${sentence}</p>`)}
${mend === null ? '' : html`<p class="mend">${who}${mend}</p>`}
</div>
</li>\n`;
}

/** The one reason why none of them was checked. */
function sharedReason(checks: readonly Check[]): string | undefined {
  const reasons = new Set(
    checks.map(({ verdict: found, evidence }) => (found === 'not-checked' ? evidence.join(' ') : '')),
  );
  const [reason] = reasons;
  return reasons.size === 1 && reason !== '' ? reason : undefined;
}

function subjectList(subject: Subject, checks: readonly Check[]): Markup {
  const reason = sharedReason(checks);
  const list =
    reason === undefined
      ? html`<ul class="checks">${checks.map((check) => checkItem(check, 4))}</ul>`
      : html`<ul class="checks"><li class="check">${verdict('not-checked')}<div><p class="seen">${reason}</p></div></li></ul>`;
  return html`<h3>${SUBJECTS[subject]}</h3>
${list}`;
}

function headline({ counts }: Report): string {
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  if (counts.fault > 0) return `${many(counts.fault, 'fault')} to mend`;
  return counts.warning > 0 ? `It works, with ${many(counts.warning, 'warning')}` : 'Nothing to mend';
}

function playedText({ kind, link_spent, session_ended, outcomes }: Report): string {
  if (kind === 'page') return 'Opened as a browser does in which nobody is signed in. With a link, more can be told.';
  if (outcomes.without_cookies === null) return 'The link has not been opened.';
  const spent = link_spent === true ? 'The link has been spent' : 'The link has not been spent';
  const second = outcomes.partitioned_cookies === null ? '' : ', then as one that keeps partitioned cookies';
  const ended = session_ended === true ? ', and the session that was begun has been ended' : '';
  return `Opened as a browser that keeps no cookie in the frame${second}. ${spent}${ended}.`;
}

function countList({ counts: { ok, warning, fault, not_checked } }: Report): Markup {
  const all: [Verdict, number, string][] = [
    ['fault', fault, fault === 1 ? 'fault' : 'faults'],
    ['warning', warning, warning === 1 ? 'warning' : 'warnings'],
    ['ok', ok, 'OK'],
    ['not-checked', not_checked, 'not checked'],
  ];
  return html`<ul class="counts">${all.map(([of, count, word]) => html`<li data-verdict="${of}"><strong>${count}</strong> ${word}</li>`)}</ul>`;
}

function tone({ counts: { fault, warning } }: Report): Verdict {
  if (fault > 0) return 'fault';
  return warning > 0 ? 'warning' : 'ok';
}

/** It takes the focus: whoever pressed the button goes on reading here. */
export function reportSection(report: Report): Markup {
  const troubles = report.checks.filter(({ verdict: found }) => found === 'fault' || found === 'warning');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of SUBJECTS are what Subject is made of
  const subjects = Object.keys(SUBJECTS) as Subject[];
  const around =
    report.page === null ? html`a page of <code>${report.origin}</code>` : html`<code>${report.page}</code>`;
  return html`<section class="card report" data-tone="${tone(report)}" aria-labelledby="report-heading">
<h2 id="report-heading" tabindex="-1" autofocus>${headline(report)}</h2>
<p class="soft"><code>${report.url}</code> in a frame on ${around}. ${playedText(report)}</p>
${countList(report)}
${troubles.length === 0 ? '' : html`<ul class="checks troubles">${troubles.map((check) => checkItem(check, 3))}</ul>`}
<details class="all"${troubles.length === 0 ? html` open` : ''}>
<summary>All ${report.checks.length} checks</summary>
${subjects.map((subject) =>
  subjectList(
    subject,
    report.checks.filter(({ about }) => about === subject),
  ),
)}
</details>
</section>`;
}
