// Access that is taken away between minting and redeeming, and the types by which all refusals of a link can be told apart.

import { setTimeout as pause } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type Answer,
  call,
  CLICK,
  FRAME,
  type Link,
  mintLink,
  openLink,
  problemOf,
  requestSso,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSampleUser } from '../support/sample.ts';
import { createPlace, WITHDRAWALS } from '../support/withdrawals.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const open = (path: string) => call(handoff, path, { headers: { ...CLICK, accept: 'application/json' } });

describe.each(WITHDRAWALS)('when $what before a link is opened', ({ problem, withdraw, restore }) => {
  test('the link is refused with the reason, and no session begins', async () => {
    const place = await createPlace(handoff.deps);
    const link = await mintLink(handoff, place);
    await withdraw(handoff.deps, place);
    const answer = await open(link.path);
    expect(problemOf(answer)).toBe(problem);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const { db } = handoff.deps;
    expect(await db.selectFrom('sessions').where('user_id', '=', place.user_id).selectAll().execute()).toEqual([]);
  });

  test('a new link is refused with the same reason', async () => {
    const place = await createPlace(handoff.deps);
    await withdraw(handoff.deps, place);
    expect(problemOf(await requestSso(handoff, place))).toBe(problem);
  });

  test('the link stays withdrawn after access is given back, and a new one works', async () => {
    const place = await createPlace(handoff.deps);
    const link = await mintLink(handoff, place);
    await withdraw(handoff.deps, place);
    await restore(handoff.deps, place);
    const answer = await open(link.path);
    expect(problemOf(answer)).toBe('token-revoked');
    expect(answer.status).toBe(410);
    await openLink(handoff, await mintLink(handoff, place));
  });

  test('a link that was spent before says so, also after access is given back', async () => {
    const place = await createPlace(handoff.deps);
    const link = await mintLink(handoff, place);
    await openLink(handoff, link);
    await withdraw(handoff.deps, place);
    expect(problemOf(await open(link.path))).toBe('token-used');
    await restore(handoff.deps, place);
    expect(problemOf(await open(link.path))).toBe('token-used');
  });

  test('the links of others are as good as before', async () => {
    const [place, other] = [await createPlace(handoff.deps), await createPlace(handoff.deps)];
    const link = await mintLink(handoff, other);
    await withdraw(handoff.deps, place);
    expect((await open(link.path)).status).toBe(303);
  });
});

test('a colleague of a suspended user can still use her link', async () => {
  const place = await createPlace(handoff.deps);
  const colleague = await createSampleUser(handoff.deps, place.organization_id);
  const link = await mintLink(handoff, { ...place, user_id: colleague });
  await WITHDRAWALS[0]?.withdraw(handoff.deps, place);
  expect((await open(link.path)).status).toBe(303);
});

/** Resolves when so many sessions of PostgreSQL wait for a lock. */
async function waitUntilBlocked(sessions: number): Promise<void> {
  const { db } = handoff.deps;
  const mine = sql`database = (select oid from pg_database where datname = current_database())`;
  const blocked = async () => (await sql`select 1 from pg_locks where not granted and ${mine}`.execute(db)).rows.length;
  while ((await blocked()) < sessions) await pause(5);
}

/**
 * Begins one after the other, of which the first comes as far as its audit event before the second begins. On SQLite a
 * writing transaction is alone, and the first is over by then.
 */
async function overlap(first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<void> {
  if (inject('test_database') === 'sqlite') {
    await first();
    await second();
    return;
  }
  const running: Promise<unknown>[] = [];
  await handoff.deps.db.transaction().execute(async (tx) => {
    await sql`lock table audit_events in exclusive mode`.execute(tx);
    running.push(first());
    await waitUntilBlocked(1);
    running.push(second());
    await waitUntilBlocked(2);
  });
  await Promise.all(running);
}

test.each(WITHDRAWALS)(
  'a link minted at the very moment when $what is withdrawn, too',
  async ({ withdraw, restore }) => {
    const place = await createPlace(handoff.deps);
    const minted: Link[] = [];
    const mint = async () => minted.push(await mintLink(handoff, place));
    await overlap(mint, () => withdraw(handoff.deps, place));
    await restore(handoff.deps, place);
    const slugs = await Promise.all(minted.map(async ({ path }) => problemOf(await open(path))));
    expect(slugs).toEqual(['token-revoked']);
  },
);

test('every reason for which a link is refused has a type of its own', async () => {
  const place = await createPlace(handoff.deps);
  const good = await mintLink(handoff, place);
  const used = await mintLink(handoff, place);
  await openLink(handoff, used);
  const frame = { headers: { ...FRAME, accept: 'application/json' } };
  const unknown = await mintLink(handoff, place);
  await handoff.deps.db.deleteFrom('sso_tokens').where('redeemed_at', 'is', null).execute();
  const answers: Answer[] = [
    await call(handoff, good.path, frame),
    await call(handoff, good.path, { headers: { ...CLICK, accept: 'application/json', 'sec-purpose': 'prefetch' } }),
    await open((await mintLink(handoff, place, '/embed/patients')).path),
    await open('/auth/sso'),
    await open(good.path.replace(/token=e/, 'token=f')),
    await open(good.path.replace(/dashboard/, 'embed')),
    await open(used.path),
    await open(unknown.path),
  ];
  for (const { withdraw, restore } of WITHDRAWALS) {
    const link = await mintLink(handoff, place);
    await withdraw(handoff.deps, place);
    answers.push(await open(link.path));
    await restore(handoff.deps, place);
  }
  const revoked = await mintLink(handoff, place);
  await WITHDRAWALS[0]?.withdraw(handoff.deps, place);
  await WITHDRAWALS[0]?.restore(handoff.deps, place);
  answers.push(await open(revoked.path));
  const expired = await mintLink(handoff, place);
  handoff.clock.advance(300_000);
  answers.push(await open(expired.path));
  expect(answers.map(problemOf)).toEqual([
    'frame-refused',
    'navigation-required',
    'frame-required',
    'invalid-request',
    'token-invalid',
    'redirect-mismatch',
    'token-used',
    'token-unknown',
    'user-suspended',
    'user-not-found',
    'partner-suspended',
    'organization-suspended',
    'organization-suspended',
    'integration-disabled',
    'token-revoked',
    'token-expired',
  ]);
});
