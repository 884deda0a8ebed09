// What a zod schema complains of, as the `validation` entries of a problem. Messages name the rule and never repeat the value,
// which may be a secret or somebody's data.

import type { z } from 'zod';
import type { ValidationEntry } from '../foundation/problem.ts';

type Issue = z.core.$ZodIssue;

function isMissing(issue: Issue): boolean {
  return issue.code === 'invalid_type' && issue.message.includes('received undefined');
}

const UNITS: Record<string, { one: string; many: string }> = {
  string: { one: 'character', many: 'characters' },
  array: { one: 'entry', many: 'entries' },
};

function inBounds(bound: 'least' | 'most', limit: number | bigint, origin: string): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `must be at ${bound} ${String(limit)}`;
  return `must have at ${bound} ${String(limit)} ${Number(limit) === 1 ? unit.one : unit.many}`;
}

/** What is wrong, as the end of a sentence that begins with the field. */
function inWords(issue: Issue): string {
  if (issue.code === 'invalid_type')
    return `must be of type ${issue.expected === 'record' ? 'object' : issue.expected}`;
  if (issue.code === 'too_small') return inBounds('least', issue.minimum, issue.origin);
  if (issue.code === 'too_big') return inBounds('most', issue.maximum, issue.origin);
  if (issue.code === 'invalid_value') {
    return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
  }
  return issue.message;
}

/** A rule of ours says its code in `params`; zod's own codes stand for the others. */
function codeOf(issue: Issue): string {
  const own: unknown = issue.code === 'custom' ? issue.params?.['code'] : undefined;
  return typeof own === 'string' ? own : issue.code;
}

/** The first entry of each field: what is of the wrong type, say, is not told that it is also too long. */
export function onePerField(entries: readonly ValidationEntry[]): ValidationEntry[] {
  const seen = new Set<string>();
  return entries.filter(({ field }) => {
    const is_first = !seen.has(field);
    seen.add(field);
    return is_first;
  });
}

// A list in a body has room for thousands of wrong entries, and what is told of them is kept in the audit trail, too.
const MOST_ENTRIES = 50;

export function toValidation(issues: readonly Issue[]): ValidationEntry[] {
  const entries = issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      // A name is a value too: a secret may have been put in its place.
      return issue.keys
        .map((key) => (/^[a-z_]{1,40}$/i.test(key) ? key : 'body'))
        .map((field) => ({
          field,
          message: field === 'body' ? 'body has a member that is not known' : `${field} is not a member of this body`,
          code: 'unrecognized',
        }));
    }
    const field = issue.path.join('.') || 'body';
    if (isMissing(issue)) return [{ field, message: `${field} is required`, code: 'missing' }];
    return [{ field, message: `${field} ${inWords(issue)}`, code: codeOf(issue) }];
  });
  return onePerField(entries).slice(0, MOST_ENTRIES);
}
