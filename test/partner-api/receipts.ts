// Receipts as tests read them: an attempt, a list of them, and one taken back. Whatever an answer says, it never holds a token,
// the id of one, or a secret.

import { expect } from 'vitest';
import { catalogueEntry, type ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import type { Outcome } from '../../src/receipts/store.ts';
import { type Answer, requestSso } from '../support/client.ts';
import type { Headers4, Server } from '../support/partner-api.ts';
import type { Sample } from '../support/sample.ts';
import { callAsPartner, requestIdOf, type Success } from './as-partner.ts';

export type Refusal = {
  type: string;
  title: string;
  detail: string;
  expected: string;
  received: string | null;
  fix: string;
  validation?: { field: string; message: string; code: string }[];
};

export type AttemptEvent = {
  occurred_at: string;
  action: string;
  outcome: 'granted' | 'refused';
  problem: { type: string; title: string; detail: string; fix: string } | null;
  session_id: string | null;
  user_agent: string | null;
};

export type Attempt = {
  request_id: string;
  outcome: Outcome;
  attempted_at: string;
  user_id: string | null;
  redirect_path: string | null;
  expires_at: string | null;
  opened_at: string | null;
  redeemed_at: string | null;
  revoked_at: string | null;
  refusal: Refusal | null;
  events: AttemptEvent[];
};

export type Pagination = { count: number; hasNext: boolean; limit: number; lastKey: string | null };

const HIDDEN: [string, RegExp][] = [
  ['a token', /eyJ[\w-]{10}/],
  ['the id of a token', /\bsso_[0-9a-f]{32}/],
  ['a secret', /\bh[po]s_\w/],
  ['a session token', /\bses_[0-9a-f]{32}\./],
];

/** Says what an answer holds, and not the answer itself. */
export function expectNothingSecret({ text }: Answer): void {
  expect(HIDDEN.filter(([, pattern]) => pattern.test(text)).map(([what]) => what)).toEqual([]);
}

// No patient id of the samples: a failed comparison prints it.
export const PAGE = '/dashboard/patients/7';
export const EMBED_PAGE = '/embed/patients/7/prescriptions';

export type Minted = { request_id: string; sso_token: string; path: string };

/** A link, with the request that asked for it; `path` is the link without its origin. @throws Error when it is refused */
export async function mint(
  server: Server,
  sample: Sample,
  { redirect_path = PAGE, headers = {} }: { redirect_path?: string; headers?: Headers4 } = {},
): Promise<Minted> {
  const answer = await requestSso(server, sample, { redirect_path, headers });
  if (answer.status !== 200) throw new Error(`no link: ${answer.status}`);
  const { sso_token, redirect_url } = (answer.json as Success<Record<'sso_token' | 'redirect_url', string>>).data;
  const { pathname, search } = new URL(redirect_url);
  return { request_id: requestIdOf(answer), sso_token, path: pathname + search };
}

const ATTEMPTS = '/v1/sso/attempts';

/** GET /v1/sso/attempts/{request_id}, whatever comes of it. */
export async function askForAttempt(server: Server, sample: Sample, request_id: string): Promise<Answer> {
  const answer = await callAsPartner(server, sample, `${ATTEMPTS}/${request_id}`);
  expectNothingSecret(answer);
  return answer;
}

/** The receipt of an attempt that is there. */
export async function attemptOf(server: Server, sample: Sample, request_id: string): Promise<Attempt> {
  const answer = await askForAttempt(server, sample, request_id);
  expect(answer.json).toMatchObject({ statusCode: 200, message: 'Attempt retrieved successfully' });
  return (answer.json as Success<Attempt>).data;
}

export type Listed = { attempts: Omit<Attempt, 'events'>[]; pagination: Pagination };

/** GET /v1/sso/attempts, whatever comes of it. */
export async function askForAttempts(server: Server, sample: Sample, query = ''): Promise<Answer> {
  const answer = await callAsPartner(server, sample, `${ATTEMPTS}${query === '' ? '' : '?'}${query}`);
  expectNothingSecret(answer);
  return answer;
}

/** A page of attempts. */
export async function listAttempts(
  server: Server,
  sample: Sample,
  filter: Record<string, string> = {},
): Promise<Listed> {
  const answer = await askForAttempts(server, sample, new URLSearchParams(filter).toString());
  const listed = answer.json as Success<Listed['attempts']> & { pagination: Pagination };
  const { data: attempts, message, pagination } = listed;
  expect(answer.status).toBe(200);
  expect(message).toBe(`Retrieved ${attempts.length} attempts successfully`);
  expect(pagination.count).toBe(attempts.length);
  return { attempts, pagination };
}

/** DELETE /v1/sso/attempts/{request_id}. */
export async function revokeAttempt(server: Server, sample: Sample, request_id: string): Promise<Answer> {
  const answer = await callAsPartner(server, sample, `${ATTEMPTS}/${request_id}`, { method: 'DELETE' });
  expectNothingSecret(answer);
  return answer;
}

export type Told = Pick<Refusal, 'detail' | 'expected' | 'received'> &
  Partial<Pick<Refusal, 'validation'>> &
  Partial<Pick<Attempt, 'user_id' | 'redirect_path'>> & { slug: ProblemSlug };

/** Holds the receipt of a refused answer to POST /v1/sso against what it should tell, to the last member. */
export async function expectReceipt(
  server: Server,
  sample: Sample,
  { answer, ...told }: Told & { answer: Answer },
): Promise<void> {
  const { slug, user_id = sample.user_id, redirect_path = null, ...words } = told;
  const { status, title, fix } = catalogueEntry(slug);
  expect(answer.status).toBe(status);
  const request_id = requestIdOf(answer);
  const attempted_at = (answer.json as { timestamp: string }).timestamp;
  const type = `${server.config.PROBLEM_BASE_URL}/${slug}`;
  expect(await attemptOf(server, sample, request_id)).toEqual({
    request_id,
    outcome: 'refused',
    attempted_at,
    user_id,
    redirect_path,
    expires_at: null,
    opened_at: null,
    redeemed_at: null,
    revoked_at: null,
    refusal: { type, title, fix, ...words },
    events: [
      {
        occurred_at: attempted_at,
        action: 'sso_token.minted',
        outcome: 'refused',
        problem: { type, title, detail: words.detail, fix },
        session_id: null,
        user_agent: null,
      },
    ],
  });
}
