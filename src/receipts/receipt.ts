// A receipt: what became of an attempt to sign a user on, in words that help its developer. Never the token.

import { z } from 'zod';
import type { RefusalDetail } from '../audit/refusals.ts';
import type { Config } from '../config.ts';
import type { AuditEventsTable } from '../db/tables.ts';
import { catalogueEntry, isProblemSlug, type ProblemSlug } from '../foundation/problem-catalogue.ts';
import { type AttemptRow, outcomeOf } from './store.ts';

const REFUSAL_DETAIL = z.object({
  detail: z.string(),
  validation: z.array(z.object({ field: z.string(), message: z.string(), code: z.string() })).optional(),
  received: z.string().optional(),
});

function parseRefusal(detail: string | null): RefusalDetail {
  const { validation, received, ...rest } = REFUSAL_DETAIL.parse(JSON.parse(detail ?? '{"detail":""}'));
  return { ...rest, ...(validation && { validation }), ...(received !== undefined && { received }) };
}

type Words = Pick<Config, 'PROBLEM_BASE_URL' | 'REDIRECT_PATH_PREFIXES'>;

/** What would have been right, of the refusals that a partner can meet with. */
const EXPECTED: Partial<Record<ProblemSlug, string>> = {
  'invalid-request': 'the documented headers, each once, and a JSON body with a redirect_path',
  'authentication-required': 'an active secret of this partner for this organization',
  'browser-request-refused': 'a request from a server',
  'partner-suspended': 'a partner that is not suspended',
  'organization-suspended': 'an organization that is not suspended',
  'integration-disabled': 'a partner that is enabled for the organization',
  'user-not-found': 'the id of a user who is a member of the organization',
  'user-suspended': 'a user who is neither suspended nor disabled',
  'unsupported-media-type': 'Content-Type: application/json, without Content-Encoding',
  'payload-too-large': 'a body with the documented members only',
};

function expectedOf(slug: ProblemSlug, { validation }: RefusalDetail): string {
  if (validation !== undefined) return validation.map(({ message }) => message).join('; ');
  return EXPECTED[slug] ?? catalogueEntry(slug).fix;
}

/** What came; a path and a user are in the event itself. */
function receivedOf(row: AttemptRow, slug: ProblemSlug, { validation, received }: RefusalDetail): string | null {
  if (received !== undefined) return received;
  if (slug === 'user-not-found') return row.user_id;
  return validation?.some(({ field }) => field === 'redirect_path') ? row.redirect_path : null;
}

function describeProblem(slug: ProblemSlug, { PROBLEM_BASE_URL }: Words) {
  const { title, fix } = catalogueEntry(slug);
  return { type: `${PROBLEM_BASE_URL}/${slug}`, title, fix };
}

function describeRefusal(row: AttemptRow, config: Words) {
  if (row.problem === null || !isProblemSlug(row.problem)) return null;
  const refusal = parseRefusal(row.detail);
  const { type, title, fix } = describeProblem(row.problem, config);
  return {
    type,
    title,
    detail: refusal.detail,
    expected: expectedOf(row.problem, refusal),
    received: receivedOf(row, row.problem, refusal),
    fix,
    ...(refusal.validation && { validation: refusal.validation }),
  };
}

/** `now` in RFC 3339 form. */
export function describeAttempt(row: AttemptRow, config: Words, now: string) {
  const { request_id, user_id, redirect_path, expires_at, opened_at, redeemed_at, revoked_at } = row;
  return {
    request_id,
    outcome: outcomeOf(row, now),
    attempted_at: row.occurred_at,
    user_id,
    redirect_path,
    expires_at,
    opened_at,
    redeemed_at,
    revoked_at,
    refusal: describeRefusal(row, config),
  };
}

export function describeEvent({ occurred_at, action, outcome, problem, ...event }: AuditEventsTable, config: Words) {
  const { session_id, user_agent } = event;
  const described =
    problem !== null && isProblemSlug(problem)
      ? { ...describeProblem(problem, config), detail: parseRefusal(event.detail).detail }
      : null;
  return { occurred_at, action, outcome, problem: described, session_id, user_agent };
}
