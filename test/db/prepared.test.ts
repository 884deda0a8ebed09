// Queries that are compiled once: their parameters, and what they see of transactions.

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '../../src/db/database.ts';
import { prepared } from '../../src/db/prepared.ts';
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
