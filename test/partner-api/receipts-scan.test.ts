// The list of attempts where there are thousands: one request reads a part of them, and the pages together are still everything.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import { newId } from '../../src/foundation/ids.ts';
import { enableIntegration } from '../../src/partners/integration.ts';
import { requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { requestIdOf } from './as-partner.ts';
import { listAttempts, mint } from './receipts.ts';

const MANY = 2_300;

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

/** Attempts whose links nobody used, and which have expired. */
async function insertAttempts({ partner_id, organization_id, user_id }: Sample): Promise<void> {
  const { db, clock, random } = handoff.deps;
  const rows = Array.from({ length: MANY }, () => {
    handoff.clock.advance(1);
    return {
      event_id: newId('evt', { clock, random }),
      occurred_at: timestamp(clock()),
      actor: 'partner' as const,
      action: 'sso_token.minted',
      outcome: 'granted' as const,
      partner_id,
      organization_id,
      user_id,
      request_id: newId('req', { clock, random }),
      jti: newId('sso', { clock, random }),
    };
  });
  const tokens = rows.map(({ jti, request_id, occurred_at }) => ({
    jti,
    request_id,
    partner_id,
    organization_id,
    user_id,
    minted_at: occurred_at,
    expires_at: occurred_at,
  }));
  for (let start = 0; start < rows.length; start += 500) {
    const slice = [start, start + 500] as const;
    await db
      .insertInto('audit_events')
      .values(rows.slice(...slice))
      .execute();
    await db
      .insertInto('sso_tokens')
      .values(tokens.slice(...slice))
      .execute();
  }
  handoff.clock.advance(1);
}

async function walk(sample: Sample, filter: Record<string, string>): Promise<{ ids: string[]; sizes: number[] }> {
  const [ids, sizes]: [string[], number[]] = [[], []];
  let lastKey: string | null = '';
  while (lastKey !== null) {
    const page = await listAttempts(handoff, sample, { ...filter, ...(lastKey && { lastKey }) });
    ids.push(...page.attempts.map(({ request_id }) => request_id));
    sizes.push(page.attempts.length);
    expect(page.pagination.hasNext).toBe(page.pagination.lastKey !== null);
    ({ lastKey } = page.pagination);
  }
  return { ids, sizes };
}

test('an outcome that is rare among thousands of attempts is found, on a later page if need be', async () => {
  const sample = await createSample(handoff.deps);
  const refuse = async () => requestIdOf(await requestSso(handoff, sample, { redirect_path: '//evil.test' }));
  const oldest = await refuse();
  await insertAttempts(sample);
  const newest = await refuse();
  const { ids, sizes } = await walk(sample, { outcome: 'refused' });
  expect(ids).toEqual([newest, oldest]);
  expect(sizes).toEqual([1, 1]);
  expect((await walk(sample, { outcome: 'opened' })).ids).toEqual([]);
});

test('the attempts of a user are found among those of another partner for the same user', async () => {
  const sample = await createSample(handoff.deps);
  const rival = await createSample(handoff.deps);
  const { partner_id } = rival;
  const { organization_id, user_id } = sample;
  const key = { partner_id, organization_id };
  await enableIntegration(handoff.deps.db, { ...key, options: {} }, handoff.deps);
  const { request_id } = await mint(handoff, sample);
  handoff.clock.advance(1);
  await insertAttempts({ ...rival, ...key, user_id });
  expect((await walk(sample, { user_id })).ids).toEqual([request_id]);
  expect((await walk(sample, {})).ids).toEqual([request_id]);
});

test('thousands of one outcome come in pages of the limit, each once and in order', async () => {
  const sample = await createSample(handoff.deps);
  await insertAttempts(sample);
  const plain = await walk(sample, { limit: '50' });
  expect(plain.sizes).toEqual(Array.from({ length: MANY / 50 }, () => 50));
  expect(new Set(plain.ids).size).toBe(MANY);
  const expired = await walk(sample, { limit: '50', outcome: 'expired', user_id: sample.user_id });
  expect(expired.ids).toEqual(plain.ids);
});

test('an attempt whose token is not kept any more is not told of, since nobody knows what became of it', async () => {
  const sample = await createSample(handoff.deps);
  const kept = await mint(handoff, sample);
  const swept = await mint(handoff, sample);
  expect((await walk(sample, {})).ids.toSorted()).toEqual([kept.request_id, swept.request_id].toSorted());
  await handoff.deps.db.deleteFrom('sso_tokens').where('request_id', '=', swept.request_id).execute();
  expect((await walk(sample, {})).ids).toEqual([kept.request_id]);
});
