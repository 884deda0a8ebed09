// What the two engines owe the rest: one winner of every race, and transactions and locks that wait their turn. Their errors are in
// database-errors.test.ts.

import { setTimeout as pause } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Database, lockAccess } from '../../src/db/database.ts';
import { isDatabaseAway } from '../../src/db/errors.ts';
import { newId, systemRandom } from '../../src/foundation/ids.ts';
import { burnSsoToken, findSsoToken, insertSsoToken, type TokenHolder } from '../../src/sso-tokens/store.ts';
import { createDatabase, setPatience, type TestDatabase } from '../support/database.ts';
import { TestClock } from '../support/handoff.ts';
import { codeOf, connectTo, errorOf, fileOf, LATER, NOW, prepareDatabase } from './connection.ts';

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

/** A token that can be spent. */
async function newToken(): Promise<TokenHolder> {
  const holder = { jti: newId('sso', makers), partner_id: 'ptr_1', organization_id: 'org_1', user_id: 'usr_1' };
  const times = { minted_at: NOW, expires_at: LATER, opened_at: null, redeemed_at: null, revoked_at: null };
  await insertSsoToken(db, { ...holder, request_id: newId('req', makers), ...times });
  return holder;
}

describe('a token', () => {
  test('is burned by one of twenty at once, over two pools of connections', async () => {
    const other = connectTo(database.url);
    for (let round = 0; round < 10; round += 1) {
      const holder = await newToken();
      const burns = Array.from({ length: 20 }, (_, index) => burnSsoToken(index % 2 === 0 ? db : other, holder, NOW));
      const burned = (await Promise.all(burns)).filter((row) => row !== undefined);
      expect(burned.map((row) => row.jti)).toEqual([holder.jti]);
    }
    await other.destroy();
  });

  test('is burned by one of twenty transactions at once, and by another one if that is taken back', async () => {
    const holder = await newToken();
    let left_to_fail = 3;
    const attempts = Array.from({ length: 20 }, () =>
      db.transaction().execute(async (tx) => {
        const row = await burnSsoToken(tx, holder, NOW);
        if (row !== undefined && left_to_fail > 0) {
          left_to_fail -= 1;
          throw new Error('taken back');
        }
        return row;
      }),
    );
    const ended = await Promise.allSettled(attempts);
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(3);
    expect(ended.filter((one) => one.status === 'fulfilled' && one.value !== undefined)).toHaveLength(1);
  });

  test.each([
    ['another user’s', { user_id: 'usr_2' }, NOW],
    ['another partner’s', { partner_id: 'ptr_2' }, NOW],
    ['another organization’s', { organization_id: 'org_2' }, NOW],
    ['unknown', { jti: 'sso_unknown' }, NOW],
    ['expired', {}, LATER],
  ])('is not burned when it is %s, and stays as it was', async (_, other, at) => {
    const holder = await newToken();
    expect(await burnSsoToken(db, { ...holder, ...other }, at)).toBeUndefined();
    expect((await findSsoToken(db, holder.jti))?.redeemed_at).toBeNull();
    expect((await burnSsoToken(db, holder, NOW))?.redeemed_at).toBe(NOW);
  });
});

/** Each engine keeps writers apart in its own way. */
type Holding = { what: string; expectIt: () => Promise<void> };

/** Whether `second` gets in while `first` is held. */
async function getsIn(first: 'shared' | 'exclusive', second: 'shared' | 'exclusive'): Promise<boolean> {
  return db.transaction().execute(async (holder) => {
    await lockAccess(holder, first);
    const waiting = db.transaction().execute(async (tx) => {
      await sql`set local lock_timeout = 100`.execute(tx);
      await lockAccess(tx, second);
    });
    return waiting.then(
      () => true,
      () => false,
    );
  });
}

const POSTGRES: Holding[] = [
  {
    what: 'the lock on access is shared by those who grant, and excludes those who withdraw',
    expectIt: async () => {
      expect(await getsIn('shared', 'shared')).toBe(true);
      expect(await getsIn('shared', 'exclusive')).toBe(false);
      expect(await getsIn('exclusive', 'shared')).toBe(false);
      expect(await getsIn('exclusive', 'exclusive')).toBe(false);
    },
  },
  {
    // Under a stricter level a handoff that waited for a suspension would still see the user as active.
    what: 'whoever holds the lock on access reads what was committed before it, whatever the database’s default',
    expectIt: async () => {
      const name = new URL(database.url).pathname.slice(1);
      await sql.raw(`alter database ${name} set default_transaction_isolation to 'repeatable read'`).execute(db);
      const other = connectTo(database.url);
      const levelOf = (one: Database) =>
        sql<{ level: string }>`select current_setting('transaction_isolation') as level`.execute(one);
      expect((await levelOf(other)).rows).toEqual([{ level: 'repeatable read' }]);
      for (const mode of ['shared', 'exclusive'] as const) {
        const { rows } = await other.transaction().execute(async (tx) => {
          await lockAccess(tx, mode);
          return levelOf(tx);
        });
        expect(rows).toEqual([{ level: 'read committed' }]);
      }
      await other.destroy();
      await sql.raw(`alter database ${name} reset default_transaction_isolation`).execute(db);
    },
  },
];

const select = (one: Database) => sql`select 1 from partners`.execute(one);
const touch = (one: Database) => sql`update users set given_name = given_name || '.'`.execute(one);

/** Runs with a connection like another process's, which gives up waiting at once. */
async function withOther(run: (other: Database) => Promise<void>): Promise<void> {
  const other = connectTo(database.url);
  setPatience(other, 1);
  await run(other);
  await other.destroy();
}

const SQLITE: Holding[] = [
  {
    what: 'who writes waits for another process, and who reads is answered meanwhile',
    expectIt: async () => {
      const holder = await newToken();
      const other_process = new BetterSqlite3(fileOf(database.url));
      other_process.exec('begin immediate');
      let written = 0;
      const writes = [db.transaction().execute(touch), touch(db)].map(async (write) => {
        await write;
        written += 1;
      });
      await pause(20);
      expect((await findSsoToken(db, holder.jti))?.jti).toBe(holder.jti);
      expect(written).toBe(0);
      other_process.exec('commit');
      await Promise.all(writes);
      expect(written).toBe(2);
      other_process.close();
    },
  },
  {
    what: 'a transaction keeps other writers out from its beginning, readers never, and nobody after its end',
    expectIt: () =>
      withOther(async (other) => {
        await db.transaction().execute(async () => {
          let begun = false;
          const error = await errorOf(() =>
            other.transaction().execute(async () => {
              begun = true;
            }),
          );
          expect([codeOf(error), begun]).toEqual(['SQLITE_BUSY', false]);
          expect((await select(other)).rows).toHaveLength(1);
        });
        await other.transaction().execute(touch);
      }),
  },
  {
    what: 'a transaction may write after it has read, whoever tried in between',
    expectIt: () =>
      withOther(async (other) => {
        await db.transaction().execute(async (tx) => {
          await select(tx);
          expect(codeOf(await errorOf(() => touch(other)))).toBe('SQLITE_BUSY');
          await touch(tx);
        });
      }),
  },
  {
    what: 'a transaction that began as a reader could not, which is why none does',
    expectIt: () =>
      withOther(async (other) => {
        const plain = new BetterSqlite3(fileOf(database.url), { timeout: 1 });
        plain.exec('begin');
        plain.prepare('select count(*) from users').get();
        await touch(other);
        const error = await errorOf(async () => plain.exec("update users set given_name = 'Alex'"));
        plain.close();
        expect([codeOf(error), isDatabaseAway(error)]).toEqual(['SQLITE_BUSY_SNAPSHOT', true]);
      }),
  },
  {
    what: 'a transaction is on disk when it ends, and keeps to its foreign keys',
    expectIt: async () => {
      const settings = await Promise.all(
        ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
          sql.raw<Record<string, unknown>>(`pragma ${name}`).execute(db),
        ),
      );
      expect(settings.map(({ rows }) => Object.values(rows[0] ?? {})[0])).toEqual(['wal', 2, 1]);
    },
  },
];

test.each(inject('test_database') === 'postgres' ? POSTGRES : SQLITE)('$what', ({ expectIt }) => expectIt());
