// Group commit: what is granted in one moment shares a transaction, and nobody notices but by its speed.

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Database, type DatabaseTransaction, pingDatabase } from '../../src/db/database.ts';
import { grant } from '../../src/db/group.ts';
import { newId, systemRandom } from '../../src/foundation/ids.ts';
import { Problem } from '../../src/foundation/problem.ts';
import { burnSsoToken, findSsoToken, insertSsoToken } from '../../src/sso-tokens/store.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { TestClock } from '../support/handoff.ts';
import { connectTo, insertUser, LATER, NOW, prepareDatabase } from './connection.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createDatabase();
  db = connectTo(database.url);
  await prepareDatabase(db);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});

const makers = { clock: new TestClock().now, random: systemRandom };
const holderOf = (jti: string) => ({ jti, partner_id: 'ptr_1', organization_id: 'org_1', user_id: 'usr_1' });
const newJti = () => newId('sso', makers);

async function insert(tx: Database, jti: string): Promise<string> {
  const times = { minted_at: NOW, expires_at: LATER, opened_at: null, redeemed_at: null, revoked_at: null };
  await insertSsoToken(tx, { ...holderOf(jti), request_id: newId('req', makers), ...times });
  return jti;
}

async function written(jtis: readonly string[]): Promise<boolean[]> {
  return Promise.all(jtis.map(async (jti) => (await findSsoToken(db, jti)) !== undefined));
}

describe('what is granted in one moment', () => {
  test('is on disk for everybody as each is answered, and shares transactions', async () => {
    const other = connectTo(database.url);
    const transactions = new Set<DatabaseTransaction>();
    const seen = await Promise.all(
      Array.from({ length: 150 }, async () => {
        const jti = await grant(db, {
          write: async (tx) => {
            transactions.add(tx);
            return insert(tx, newJti());
          },
        });
        return (await findSsoToken(other, jti))?.jti === jti;
      }),
    );
    expect(seen).toEqual(Array.from({ length: 150 }, () => true));
    expect(transactions.size).toBeLessThan(75);
    await other.destroy();
  });

  test('is written but for what fails, of which nothing is', async () => {
    const jtis = Array.from({ length: 20 }, newJti);
    const outcomes = await Promise.allSettled(
      jtis.map(async (jti, index) =>
        grant(db, {
          write: async (tx) => {
            await insert(tx, jti);
            if (index % 7 === 3) throw new Problem('user-suspended', 'This user is suspended');
            return jti;
          },
        }),
      ),
    );
    const is_good = jtis.map((_, index) => index % 7 !== 3);
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(is_good);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { slug: 'user-suspended' } });
    expect(await written(jtis)).toEqual(is_good);
  });

  test('is written though the database refuses one of them', async () => {
    const [taken, ...free] = [newJti(), newJti(), newJti(), newJti()] as const;
    await insert(db, taken);
    const outcomes = await Promise.allSettled(
      [free[0], taken, free[1], free[2]].map(async (jti) => grant(db, { write: async (tx) => insert(tx, jti) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await written(free)).toEqual([true, true, true]);
  });

  test('is granted once, where two want the same', async () => {
    const jti = await insert(db, newJti());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, async () =>
        grant(db, {
          write: async (tx) => {
            if ((await burnSsoToken(tx, holderOf(jti), NOW)) === undefined)
              throw new Problem('token-used', 'The token has already been used');
          },
        }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test.runIf(inject('test_database') === 'sqlite')(
    'leaves nothing of anybody whom a full disk stopped half-way',
    async () => {
      const full = await createDatabase();
      const small = connectTo(full.url);
      await prepareDatabase(small);
      const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(small);
      await sql.raw(`pragma max_page_count = ${(rows[0]?.page_count ?? 0) + 12}`).execute(small);
      const jtis = Array.from({ length: 400 }, newJti);
      const outcomes = await Promise.allSettled(
        jtis.map(async (jti) =>
          grant(small, {
            write: async (tx) => {
              await insert(tx, jti);
              await insertUser(tx, `usr_${jti}`, `${jti}@clinic.example`);
            },
          }),
        ),
      );
      const is_granted = outcomes.map(({ status }) => status === 'fulfilled');
      expect(new Set(is_granted)).toEqual(new Set([true, false]));
      const users = await small.selectFrom('users').select('user_id').execute();
      const is_there = new Set(users.map(({ user_id }) => user_id));
      for (const [index, jti] of jtis.entries()) {
        expect((await findSsoToken(small, jti)) !== undefined).toBe(is_granted[index]);
        expect(is_there.has(`usr_${jti}`)).toBe(is_granted[index]);
      }
      await small.destroy();
      await full.drop();
    },
  );

  test('waits for the groups of another process, and never in a circle, whatever the order they were asked in', async () => {
    const other = connectTo(database.url);
    for (let round = 0; round < 5; round += 1) {
      const jtis = await Promise.all(Array.from({ length: 24 }, async () => insert(db, newJti())));
      const burn = async (on: Database, jti: string) =>
        grant(on, {
          write: async (tx) => {
            if ((await burnSsoToken(tx, holderOf(jti), NOW)) === undefined)
              throw new Problem('token-used', 'The token has already been used');
          },
          row: jti,
        });
      const outcomes = await Promise.allSettled([
        ...jtis.map(async (jti) => burn(db, jti)),
        ...jtis.toReversed().map(async (jti) => burn(other, jti)),
      ]);
      const said = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? 'granted' : String(outcome.reason)));
      expect(said.filter((each) => each === 'granted')).toHaveLength(24);
      expect(new Set(said)).toEqual(new Set(['granted', 'Problem: token-used']));
    }
    await other.destroy();
  });

  test('fails for everybody when the database is away, and none is left waiting', async () => {
    const lost = connectTo(database.url);
    await pingDatabase(lost);
    await lost.destroy();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, async () => grant(lost, { write: async (tx) => insert(tx, newJti()) })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'rejected'));
  });
});
