// Embed Doctor as tests call it, and what of a report they look at.

import { type Examination, examineEmbed, type Report } from '../../src/embed-doctor/examine.ts';
import type { Limits } from '../../src/embed-doctor/exchange.ts';
import type { Check, CheckId, Verdict } from '../../src/embed-doctor/report.ts';
import { parseTarget } from '../../src/embed-doctor/target.ts';
import { PRACTICE_ORIGIN } from '../support/client.ts';

type Options = Partial<Omit<Examination, 'target'>> & { limits?: Partial<Limits>; now?: number };

/** On a page of the sample partner, unless told otherwise. */
export async function examine(
  address: string,
  { limits, now = Date.now(), ...options }: Options = {},
): Promise<Report> {
  const examination = { target: parseTarget(address), page_origin: PRACTICE_ORIGIN, speaks: true, ...options };
  return examineEmbed(examination, { limits: { timeout: 10_000, size: 1_000_000, ...limits }, clock: () => now });
}

export function checkOf({ checks }: Report, id: CheckId): Check {
  const check = checks.find((candidate) => candidate.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
}

/** What is not as it should be. */
export function troubles({ checks }: Report): Partial<Record<CheckId, Verdict>> {
  const worth = checks.filter(({ verdict }) => verdict === 'fault' || verdict === 'warning');
  return Object.fromEntries(worth.map(({ id, verdict }) => [id, verdict]));
}

/** Everything that was said of a check. */
export function wordsOf(report: Report, id: CheckId): string {
  const { evidence, mend } = checkOf(report, id);
  return [...evidence, mend ?? ''].join('\n');
}
