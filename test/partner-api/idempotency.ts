// The operations that take an Idempotency-Key, in one form: what is sent, and what is there afterwards.

import { expect } from 'vitest';
import { type Answer, call, problemOf } from '../support/client.ts';
import { bearer, type Headers4, partnerHeaders4, plainUser, type Server } from '../support/partner-api.ts';
import type { Handoff } from '../support/handoff.ts';
import type { Sample } from '../support/sample.ts';
import { basePathOf } from '../support/openapi.ts';
import { rotatePath, type Whose } from './credentials.ts';

export type Creating = {
  /** As a sentence's end. */
  what: string;
  /** The address, without the base path. */
  pathOf: (sample: Sample) => string;
  headersOf: (server: Server, sample: Sample) => Promise<Headers4>;
  /** Two bodies that ask for different things. */
  body: () => object;
  other_body: () => object;
  /** How many there are now. */
  count: (server: Pick<Handoff, 'deps'>, sample: Sample) => Promise<number>;
};

async function countCredentials({ deps }: Pick<Handoff, 'deps'>, sample: Sample, whose: Whose): Promise<number> {
  const rows = await deps.db
    .selectFrom('credentials')
    .select('credential_id')
    .where('partner_id', '=', sample.partner_id)
    .where('organization_id', 'is not distinct from', whose === 'partner' ? null : sample.organization_id)
    .execute();
  return rows.length;
}

const rotation = (whose: Whose): Creating => ({
  what: `rotating the secret of the ${whose}`,
  pathOf: () => rotatePath(whose),
  headersOf: async (_, sample) => partnerHeaders4(sample),
  body: () => ({ overlap_hours: 720 }),
  other_body: () => ({ overlap_hours: 719 }),
  count: (server, sample) => countCredentials(server, sample, whose),
});

export const CREATING: readonly Creating[] = [
  {
    what: 'creating a user',
    pathOf: ({ organization_id }) => `/v1/organizations/${organization_id}/users`,
    headersOf: bearer,
    body: plainUser,
    other_body: plainUser,
    count: async ({ deps }, { organization_id }) => {
      const members = deps.db
        .selectFrom('memberships')
        .select('user_id')
        .where('organization_id', '=', organization_id);
      return (await members.execute()).length;
    },
  },
  rotation('partner'),
  rotation('organization'),
];

export type Sent = { path: string; headers: Headers4; key: string | undefined; body: string; method?: string };

/** Sends a request as it is, again and again if need be. */
export async function send(server: Server, { path, headers, key, body, method = 'POST' }: Sent): Promise<Answer> {
  const keyed = { ...headers, ...(key !== undefined && { 'idempotency-key': key }) };
  return call(server, basePathOf(server.config) + path, { method, headers: keyed, body });
}

/** The very same answer, byte for byte; not printed, because it may hold a secret. */
export function expectReplay(first: Answer, again: Answer): void {
  expect(again.status).toBe(first.status);
  expect(again.text === first.text, 'the same bytes').toBe(true);
  expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
  expect([first, again].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  // Each request has an id of its own; the body has the first one's.
  expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
}

export function expectProblem(answer: Answer, status: number, slug: string): void {
  expect([answer.status, problemOf(answer)]).toEqual([status, slug]);
  expect(answer.headers.has('idempotent-replayed')).toBe(false);
}
