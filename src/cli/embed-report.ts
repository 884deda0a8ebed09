// Embed Doctor's report as a person reads it in a terminal, at 80 columns; --json has the same and is not shortened.

import type { Report } from '../embed-doctor/examine.ts';
import { type Check, type Mender, type Subject, SUBJECTS, type Verdict } from '../embed-doctor/report.ts';

const WIDTH = 80;

const MARKS: Record<Verdict, string> = { ok: 'ok', warning: 'WARNING', fault: 'FAULT', 'not-checked': '-' };
const COLUMN = 9;

const MENDERS: Record<Mender, string> = {
  partner: 'Partner',
  'portal-engineer': 'Portal engineer',
  operator: 'Operator',
};

/** Breaks a text between words; a word that is too long, such as a header's, stays whole, so that it can be copied. */
function wrap(text: string, indent: number, first = ' '.repeat(indent)): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const is_begun = line.length > indent;
    if (is_begun && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${' '.repeat(indent)}${word}`;
    } else line += is_begun ? ` ${word}` : word;
  }
  return [...lines, line].join('\n');
}

function checkText({ title, verdict, evidence, mended_by, mend }: Check): string {
  const mark = `  ${MARKS[verdict].padEnd(COLUMN)}`;
  const indent = mark.length;
  const mender = mended_by === null ? '' : `${MENDERS[mended_by]}: `;
  return [
    wrap(title, indent, mark),
    ...evidence.map((seen) => wrap(seen, indent + 2)),
    ...(mend === null ? [] : [wrap(`${mender}${mend}`, indent + 2, `${' '.repeat(indent)}> `)]),
  ].join('\n');
}

/** A sentence in place of checks that all say the same. */
function subjectText(subject: Subject, checks: readonly Check[]): string {
  const [first] = checks;
  const heading = SUBJECTS[subject];
  const reasons = new Set(checks.map(({ verdict, evidence }) => (verdict === 'not-checked' ? evidence.join(' ') : '')));
  const [reason = ''] = reasons;
  if (first !== undefined && reasons.size === 1 && reason !== '') {
    return `${heading}\n${wrap(`Not checked. ${reason}`, 2 + COLUMN, `  ${MARKS['not-checked'].padEnd(COLUMN)}`)}`;
  }
  return [heading, ...checks.map(checkText)].join('\n');
}

function linkText({ kind, link_spent, session_ended, outcomes }: Report): string[] {
  if (kind === 'page') return ['Opened as a browser does in which nobody is signed in.'];
  if (outcomes.without_cookies === null) return ['The link has not been opened.'];
  const first = 'Opened as a browser that keeps no cookie in the frame, which spends nothing';
  const played =
    outcomes.partitioned_cookies === null ? `${first}.` : `${first}, then as one that keeps partitioned cookies.`;
  const spent = link_spent === true ? 'The link has been spent.' : 'The link has not been spent.';
  const ended =
    session_ended === false
      ? 'The session that was begun could not be ended.'
      : 'The session that was begun has been ended.';
  return [played, ...(link_spent === null ? [] : [spent]), ...(session_ended === null ? [] : [ended])];
}

function countText({ counts }: Report): string {
  const many = (count: number, one: string) => `${count} ${one}${count === 1 ? '' : 's'}`;
  return `${many(counts.fault, 'fault')}, ${many(counts.warning, 'warning')}, ${counts.ok} ok, ${counts.not_checked} not checked.`;
}

export function reportText(report: Report): string {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the keys of SUBJECTS are what Subject is made of
  const subjects = Object.keys(SUBJECTS) as Subject[];
  return [
    `${report.url}\nin a frame on ${report.page ?? `a page of ${report.origin}`}`,
    wrap(linkText(report).join(' '), 0),
    ...subjects.map((subject) =>
      subjectText(
        subject,
        report.checks.filter(({ about }) => about === subject),
      ),
    ),
    countText(report),
  ].join('\n\n');
}
