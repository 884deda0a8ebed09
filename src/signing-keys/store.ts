// The rows of signing_keys: one next, one active, any number retiring.

import type { Database } from '../db/database.ts';
import type { SigningKeysTable } from '../db/tables.ts';

export async function listSigningKeys(db: Database): Promise<SigningKeysTable[]> {
  return db.selectFrom('signing_keys').selectAll().orderBy('kid').execute();
}

export async function findSigningKey(db: Database, kid: string): Promise<SigningKeysTable | undefined> {
  return db.selectFrom('signing_keys').selectAll().where('kid', '=', kid).executeTakeFirst();
}

/** Inserts unless there is one in that state already; true when it was inserted. */
export async function insertSigningKey(db: Database, row: SigningKeysTable): Promise<boolean> {
  const inserted = await db
    .insertInto('signing_keys')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('kid')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function retireActiveKey(db: Database, retiring_at: string): Promise<void> {
  await db.updateTable('signing_keys').set({ state: 'retiring', retiring_at }).where('state', '=', 'active').execute();
}

export async function activateNextKey(db: Database, activated_at: string): Promise<string | undefined> {
  const row = await db
    .updateTable('signing_keys')
    .set({ state: 'active', activated_at })
    .where('state', '=', 'next')
    .returning('kid')
    .executeTakeFirst();
  return row?.kid;
}

export async function deleteRetiredKeys(db: Database, retiring_before: string): Promise<void> {
  await db
    .deleteFrom('signing_keys')
    .where('state', '=', 'retiring')
    .where('retiring_at', '<', retiring_before)
    .execute();
}
