// What every refusal of POST /v1/sso has in common: the envelope with exactly its members, and exactly one audit event that
// says no more than what had been proved by then.

import { expect } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import type { ValidationEntry } from '../../src/foundation/problem.ts';
import { catalogueEntry, type ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import type { Proved } from '../../src/http/context.ts';
import type { Answer } from '../support/client.ts';
import type { Handoff } from '../support/handoff.ts';
import type { Sample } from '../support/sample.ts';

export type Refusal = {
  slug: ProblemSlug;
  detail: string;
  /** In the audit event and the receipt; never in the answer. */
  received?: string;
  validation?: ValidationEntry[];
  /** What the audit event may name; nothing by default. */
  proved?: Proved;
  /** What the request was sent with; none by default. */
  user_agent?: string;
};

/** The UUID inside a request id, as the URN that names the occurrence of a problem. */
export function instanceOf(request_id: string): string {
  return `urn:uuid:${request_id.slice(4).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}`;
}

export function requestIdOf(answer: Answer): string {
  return answer.headers.get('x-request-id') ?? '';
}

/** What both secrets prove; the user and the path are then the partner's own word. */
export function provedBy({ partner_id, organization_id, user_id }: Sample, redirect_path?: string): Proved {
  return { partner_id, organization_id, user_id, ...(redirect_path !== undefined && { redirect_path }) };
}

const NOTHING = {
  target_id: null,
  partner_id: null,
  organization_id: null,
  user_id: null,
  session_id: null,
  jti: null,
  redirect_path: null,
};

async function expectOneEvent(handoff: Handoff, request_id: string, refusal: Refusal): Promise<void> {
  const events = await listEvents(handoff.deps.db, { request_id }, { limit: 10 });
  expect(events).toEqual([
    {
      event_id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) as unknown,
      occurred_at: timestamp(handoff.clock.now()),
      actor: 'partner',
      action: 'sso_token.minted',
      outcome: 'refused',
      problem: refusal.slug,
      ...NOTHING,
      ...refusal.proved,
      request_id,
      client_address: '127.0.0.1',
      user_agent: refusal.user_agent ?? null,
      detail: expect.any(String) as unknown,
    },
  ]);
  // What came is told where the words of the refusal do not say it.
  const { received, ...told } = JSON.parse(events[0]?.detail ?? '{}') as { received?: string };
  const { detail, validation } = refusal;
  expect(told).toEqual({ detail, ...(validation && { validation }) });
  if (refusal.received !== undefined) expect(received).toBe(refusal.received);
}

/** Holds an answer and its audit event against the refusal that they should be. */
export async function expectRefusal(handoff: Handoff, answer: Answer, refusal: Refusal): Promise<void> {
  const { slug, detail, validation } = refusal;
  const { status, title } = catalogueEntry(slug);
  const request_id = requestIdOf(answer);
  expect(answer.json).toEqual({
    success: false,
    statusCode: status,
    error: {
      type: `${handoff.config.PROBLEM_BASE_URL}/${slug}`,
      title,
      detail,
      instance: instanceOf(request_id),
      ...(validation && { validation }),
    },
    timestamp: timestamp(handoff.clock.now()),
    requestId: request_id,
  });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  await expectOneEvent(handoff, request_id, refusal);
}
