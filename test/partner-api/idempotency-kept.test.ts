// What is kept for an Idempotency-Key, how, for how long, and that it is kept together with the thing or not at all.

import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { isPostgres } from '../../src/db/database.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { sweep } from '../../src/sweep.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, plainUser } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { CREATING, expectProblem, expectReplay, send } from './idempotency.ts';

const DAY = 86_400_000;

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const rowsOf = ({ partner_id }: Sample) =>
  handoff.deps.db.selectFrom('idempotency_keys').selectAll().where('partner_id', '=', partner_id).execute();

const usersOf = ({ organization_id }: Sample) => `/v1/organizations/${organization_id}/users`;

describe('what is kept', () => {
  test.each(CREATING)('of $what is encrypted, and good for a day', async ({ pathOf, headersOf, body }) => {
    const sample = await createSample(handoff.deps);
    const request = { path: pathOf(sample), headers: await headersOf(handoff, sample), key: randomUUID() };
    const asked: Record<string, unknown> = { ...body() };
    const answer = await send(handoff, { ...request, body: JSON.stringify(asked) });
    const rows = await rowsOf(sample);
    const { partner_id, organization_id } = sample;
    expect(rows).toEqual([
      {
        partner_id,
        organization_id,
        idempotency_key: request.key,
        request_hash: expect.stringMatching(/^[\w-]{43}$/) as string,
        answer_encrypted: expect.stringMatching(/^[\w-]{200,}$/) as string,
        expires_at: timestamp(handoff.clock.now() + DAY),
      },
    ]);
    const kept = JSON.stringify(rows);
    const decoded = Buffer.from(rows[0]?.answer_encrypted ?? '', 'base64url').toString('latin1');
    const { data } = answer.json as { data: Record<string, unknown> };
    const told = [...Object.values(data), ...Object.values(asked)].filter(
      (value) => typeof value === 'string' && value.length > 3 && value !== organization_id,
    );
    expect(told.length).toBeGreaterThan(2);
    expect(told.filter((value) => kept.includes(String(value)) || decoded.includes(String(value)))).toEqual([]);
  });

  test('is bound to its partner, organization and key: a row in another’s place opens nothing', async () => {
    const [sample, other] = [await createSample(handoff.deps), await createSample(handoff.deps)];
    const request = { path: usersOf(sample), key: randomUUID(), body: JSON.stringify(plainUser()) };
    const headers = await bearer(handoff, sample);
    expect((await send(handoff, { ...request, headers })).status).toBe(201);
    const key = randomUUID();
    await handoff.deps.db
      .updateTable('idempotency_keys')
      .set({ idempotency_key: key })
      .where('partner_id', '=', sample.partner_id)
      .execute();
    expectProblem(await send(handoff, { ...request, headers, key }), 500, 'internal-error');
    const fresh = { ...request, path: usersOf(other), headers: await bearer(handoff, other) };
    expect((await send(handoff, fresh)).status).toBe(201);
  });

  test('is swept when its day is over, and not before', async () => {
    const sample = await createSample(handoff.deps);
    const headers = await bearer(handoff, sample);
    const request = { path: usersOf(sample), headers, key: randomUUID(), body: JSON.stringify(plainUser()) };
    await send(handoff, request);
    handoff.clock.advance(DAY);
    await sweep(handoff.deps);
    expect(await rowsOf(sample)).toHaveLength(1);
    handoff.clock.advance(1);
    await sweep(handoff.deps);
    expect(await rowsOf(sample)).toEqual([]);
    // The user is there, and the key is free.
    const again = { ...request, headers: await bearer(handoff, sample) };
    expectProblem(await send(handoff, again), 409, 'resource-conflict');
    const other = { ...again, body: JSON.stringify(plainUser()) };
    expectReplay(await send(handoff, other), await send(handoff, other));
  });
});

const TABLES = ['idempotency_keys', 'audit_events', 'memberships'] as const;

/** From now on no row gets into a table: what comes before it in the transaction has been written by then. */
async function breakInserts(table: string): Promise<void> {
  const { db } = handoff.deps;
  const statements = isPostgres(db)
    ? [
        `create function fail_${table}() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$`,
        `create trigger fail_${table} before insert on ${table} for each row execute function fail_${table}()`,
      ]
    : [`create trigger fail_${table} before insert on ${table} begin select raise(abort, 'broken'); end`];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

async function repairInserts(table: string): Promise<void> {
  const { db } = handoff.deps;
  const on_postgres = inject('test_database') === 'postgres';
  await sql.raw(`drop trigger if exists fail_${table}${on_postgres ? ` on ${table}` : ''}`).execute(db);
  if (on_postgres) await sql.raw(`drop function if exists fail_${table}`).execute(db);
}

describe('when it breaks off in the middle there is neither the thing nor its key', () => {
  afterEach(async () => {
    for (const table of TABLES) await repairInserts(table);
  });

  test.each(TABLES)('at %s', async (table) => {
    const sample = await createSample(handoff.deps);
    const headers = await bearer(handoff, sample);
    const user = plainUser();
    const request = { path: usersOf(sample), headers, key: randomUUID(), body: JSON.stringify(user) };
    const made = () =>
      handoff.deps.db.selectFrom('users').select('user_id').where('email', '=', String(user['email'])).execute();
    await breakInserts(table);
    expectProblem(await send(handoff, request), 500, 'internal-error');
    expect([await made(), await rowsOf(sample)]).toEqual([[], []]);
    expectProblem(await send(handoff, request), 500, 'internal-error');
    await repairInserts(table);
    const first = await send(handoff, request);
    expectReplay(first, await send(handoff, request));
    expect(await made()).toHaveLength(1);
  });

  test('at the key of a rotation, and the secrets are what they were', async () => {
    const sample = await createSample(handoff.deps);
    for (const { pathOf, headersOf, body, count } of CREATING.slice(1)) {
      const headers = await headersOf(handoff, sample);
      const request = { path: pathOf(sample), headers, key: randomUUID(), body: JSON.stringify(body()) };
      const before = await count(handoff, sample);
      await breakInserts('idempotency_keys');
      expectProblem(await send(handoff, request), 500, 'internal-error');
      await repairInserts('idempotency_keys');
      expect(await count(handoff, sample)).toBe(before);
      const credentials = handoff.deps.db.selectFrom('credentials').select('expires_at');
      const own = await credentials
        .where('partner_id', '=', sample.partner_id)
        .where('expires_at', 'is not', null)
        .execute();
      expect(own).toEqual([]);
      expect((await send(handoff, { ...request, key: undefined, body: '{"overlap_hours":720}' })).status).toBe(201);
      await handoff.deps.db
        .updateTable('credentials')
        .set({ expires_at: null })
        .where('partner_id', '=', sample.partner_id)
        .execute();
    }
  });
});
