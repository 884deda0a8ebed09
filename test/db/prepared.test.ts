// Queries that are compiled once: their parameters, and what they see of transactions.

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { prepared, preparedInsert, sideBySide } from '../../src/db/prepared.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { connectTo, insertUser, NOW, prepareDatabase } from './connection.ts';

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

const selectEmail = prepared((on, { user_id }: { user_id: string }) =>
  on.selectFrom('users').select('email').where('user_id', '=', user_id),
);

const rename = prepared((on, user: { user_id: string; given_name: string }) =>
  on.updateTable('users').set({ given_name: user.given_name }).where('user_id', '=', user.user_id),
);

describe('a prepared query', () => {
  test('takes the values it is given each time', async () => {
    await insertUser(db, 'usr_a', 'a@clinic.example');
    await insertUser(db, 'usr_b', 'b@clinic.example');
    for (const name of ['a', 'b', 'a'])
      expect(await selectEmail(db, { user_id: `usr_${name}` })).toEqual([{ email: `${name}@clinic.example` }]);
    expect(await selectEmail(db, { user_id: 'usr_nobody' })).toEqual([]);
  });

  test('writes', async () => {
    await insertUser(db, 'usr_c', 'c@clinic.example');
    await rename(db, { user_id: 'usr_c', given_name: 'Alex' });
    const row = await db.selectFrom('users').select('given_name').where('user_id', '=', 'usr_c').executeTakeFirst();
    expect(row).toEqual({ given_name: 'Alex' });
  });

  test('sees what its own transaction has written, and nobody else does before the end', async () => {
    const see = async (on: Database) => (await selectEmail(on, { user_id: 'usr_d' })).length;
    await db.transaction().execute(async (tx) => {
      await insertUser(tx, 'usr_d', 'd@clinic.example');
      expect([await see(tx), await see(db)]).toEqual([1, 0]);
    });
    expect(await see(db)).toBe(1);
  });

  test('that is written in a transaction which is rolled back never was', async () => {
    await insertUser(db, 'usr_e', 'e@clinic.example');
    const attempt = db.transaction().execute(async (tx) => {
      await rename(tx, { user_id: 'usr_e', given_name: 'Alex' });
      throw new Error('not after all');
    });
    await expect(attempt).rejects.toThrow('not after all');
    const row = await db.selectFrom('users').select('given_name').where('user_id', '=', 'usr_e').executeTakeFirst();
    expect(row).toEqual({ given_name: 'Pat' });
  });

  test('is refused on a transaction that is over', async () => {
    const over = await db.transaction().execute(async (tx) => tx);
    await expect(rename(over, { user_id: 'usr_1', given_name: 'Alex' })).rejects.toThrow(/committed|ended/);
    await db.transaction().execute(async (other) => {
      await expect(selectEmail(over, { user_id: 'usr_1' })).rejects.toThrow(/committed|ended/);
      expect(await selectEmail(other, { user_id: 'usr_nobody' })).toEqual([]);
    });
  });

  test('names each of its parameters: a row handed on as a whole would be an empty one', async () => {
    const insertAll = prepared((on, row: { kid: string; created_at: string }) =>
      on.updateTable('users').set({ ...row, created_at: NOW }),
    );
    await expect(insertAll(db, { kid: 'key_1', created_at: NOW })).rejects.toThrow('name each parameter');
  });

  test.runIf(inject('test_database') === 'postgres')(
    'names each of its columns, which a migration may add to',
    async () => {
      const selectAll = prepared((on, { user_id }: { user_id: string }) =>
        on.selectFrom('users').selectAll().where('user_id', '=', user_id),
      );
      await expect(selectAll(db, { user_id: 'usr_a' })).rejects.toThrow('name each column');
    },
  );

  test.runIf(inject('test_database') === 'postgres')(
    'is kept by the server under a name, and goes on after a column has come',
    async () => {
      await selectEmail(db, { user_id: 'usr_a' });
      await db.schema.alterTable('users').addColumn('favourite_colour', 'text').execute();
      expect(await selectEmail(db, { user_id: 'usr_a' })).toEqual([{ email: 'a@clinic.example' }]);
      await db.schema.alterTable('users').dropColumn('favourite_colour').execute();
    },
  );
});

describe('an insert whose rows come side by side', () => {
  const insertPartner = preparedInsert('partners', ['partner_id', 'name', 'created_at', 'suspended_at']);
  const NAMES = ['NULL', '', '{a,b}', '"quoted"', 'back\\slash', "it's", 'a, b', ' ', 'Zoë → 诊所', '\n\t'];
  const row = (name: string, index: number) => ({
    partner_id: `ptr_${index}`,
    name,
    created_at: NOW,
    suspended_at: index % 2 === 0 ? null : NOW,
  });
  const insertAll = async (on: Database, rows: ReturnType<typeof row>[]) =>
    on
      .transaction()
      .execute(async (tx) =>
        sideBySide(tx, async () => Promise.allSettled(rows.map(async (each) => insertPartner(tx, each)))),
      );
  const read = async (ids: string[]) =>
    db.selectFrom('partners').selectAll().where('partner_id', 'in', ids).orderBy('partner_id').execute();

  test('keeps every value as it is, and what is null', async () => {
    const rows = NAMES.map((name, index) => row(name, index + 100));
    expect((await insertAll(db, rows)).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await read(rows.map(({ partner_id }) => partner_id))).toEqual(rows);
  });

  test('does so for one row alone, outside of a transaction too', async () => {
    await insertPartner(db, row('Sample', 200));
    expect(await read(['ptr_200'])).toEqual([row('Sample', 200)]);
  });

  const twice = async () => {
    const outcomes = await insertAll(db, [row('Sample', 201), row('Sample', 201), row('Sample', 203)]);
    return outcomes.map((each) => (each.status === 'fulfilled' ? 'written' : String(each.reason)));
  };

  test.runIf(inject('test_database') === 'sqlite')('refuses one of those that have the same key', async () => {
    expect(await twice()).toEqual(['written', expect.stringMatching(/UNIQUE/), 'written']);
  });

  test.runIf(inject('test_database') === 'postgres')('refuses all, where one of them cannot be written', async () => {
    await expect(twice()).rejects.toThrow(/rolled back/);
    expect(await read(['ptr_201', 'ptr_203'])).toEqual([]);
  });

  test('outside of the transaction sees nothing of it before the end', async () => {
    const seen = await db.transaction().execute(async (tx) =>
      sideBySide(tx, async () => {
        await insertPartner(tx, row('Sample', 202));
        return selectName(db, { partner_id: 'ptr_202' });
      }),
    );
    expect(seen).toEqual([]);
    expect(await selectName(db, { partner_id: 'ptr_202' })).toEqual([{ name: 'Sample' }]);
  });
});

const selectName = prepared((on, { partner_id }: { partner_id: string }) =>
  on.selectFrom('partners').select('name').where('partner_id', '=', partner_id),
);

test('reads of one turn are answered each by itself', async () => {
  await insertUser(db, 'usr_f', 'f@clinic.example');
  const asked = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 'usr_f' : `usr_nobody_${index}`));
  const answers = await Promise.all(asked.map(async (user_id) => selectEmail(db, { user_id })));
  expect(answers.map((rows) => rows.length)).toEqual(asked.map((_, index) => (index % 2 === 0 ? 1 : 0)));
});

test('a read that fails fails alone, whoever asks in the same turn', async () => {
  const broken = prepared((on, { name }: { name: string }) =>
    on
      .selectFrom('users')
      .select('email')
      .where('no_such_column' as 'email', '=', name),
  );
  const [failed, answered] = await Promise.allSettled([
    broken(db, { name: 'a' }),
    selectEmail(db, { user_id: 'usr_nobody' }),
  ]);
  expect(failed).toMatchObject({
    status: 'rejected',
    reason: { message: expect.stringContaining('no_such_column') as unknown },
  });
  expect(answered).toEqual({ status: 'fulfilled', value: [] });
});

test.runIf(inject('test_database') === 'postgres')(
  'a read of a table that is locked holds up nobody who asks another table in the same turn',
  async () => {
    await selectName(db, { partner_id: 'ptr_1' });
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    let isLocked = () => {};
    const locked = new Promise<void>((resolve) => (isLocked = resolve));
    const holding = db.transaction().execute(async (tx) => {
      await sql`lock table users`.execute(tx);
      isLocked();
      await released;
    });
    await locked;
    const waiting = Promise.all([selectEmail(db, { user_id: 'usr_1' }), selectEmail(db, { user_id: 'usr_nobody' })]);
    expect(await selectName(db, { partner_id: 'ptr_1' })).toHaveLength(1);
    release();
    await holding;
    expect((await waiting).map((rows) => rows.length)).toEqual([1, 0]);
  },
);
