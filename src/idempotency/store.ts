// The rows of idempotency_keys.

import { sql } from 'kysely';
import { type Database, type DatabaseTransaction, inBatches, isPostgres } from '../db/database.ts';
import type { IdempotencyKeysTable } from '../db/tables.ts';

export type IdempotencyPlace = Pick<IdempotencyKeysTable, 'partner_id' | 'organization_id' | 'idempotency_key'>;

/** Names a key among all partners' keys. */
export function nameOf({ partner_id, organization_id, idempotency_key }: IdempotencyPlace): string {
  return JSON.stringify([partner_id, organization_id, idempotency_key]);
}

// PostgreSQL keeps locks of two integers apart from those of one, which the access lock is.
const IDEMPOTENCY_LOCK = 728_346_002;

/**
 * Takes the key for this transaction; false when another process holds it. On SQLite a writing transaction is alone anyway:
 * a second process waits, and finds the answer of the first.
 */
export async function lockIdempotencyKey(tx: DatabaseTransaction, place: IdempotencyPlace): Promise<boolean> {
  if (!isPostgres(tx)) return true;
  const { rows } = await sql<{
    locked: boolean;
  }>`select pg_try_advisory_xact_lock(${IDEMPOTENCY_LOCK}, hashtext(${nameOf(place)})) as locked`.execute(tx);
  return rows[0]?.locked === true;
}

export async function findIdempotencyKey(
  db: Database,
  place: IdempotencyPlace,
  now: string,
): Promise<IdempotencyKeysTable | undefined> {
  return db
    .selectFrom('idempotency_keys')
    .selectAll()
    .where('partner_id', '=', place.partner_id)
    .where('organization_id', '=', place.organization_id)
    .where('idempotency_key', '=', place.idempotency_key)
    .where('expires_at', '>', now)
    .executeTakeFirst();
}

/** Replaces a row of the same key whose day is over. */
export async function upsertIdempotencyKey(db: Database, row: IdempotencyKeysTable): Promise<void> {
  const { request_hash, answer_encrypted, expires_at } = row;
  await db
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['partner_id', 'organization_id', 'idempotency_key'])
        .doUpdateSet({ request_hash, answer_encrypted, expires_at }),
    )
    .execute();
}

/** Removes keys whose day was over before a moment. */
export async function deleteOldIdempotencyKeys(
  db: Database,
  expired_before: string,
  signal?: AbortSignal,
): Promise<void> {
  await inBatches(async (limit) => {
    const old = db
      .selectFrom('idempotency_keys')
      .select(['partner_id', 'organization_id', 'idempotency_key'])
      .where('expires_at', '<', expired_before)
      .limit(limit)
      .$asTuple('partner_id', 'organization_id', 'idempotency_key');
    const { numDeletedRows } = await db
      .deleteFrom('idempotency_keys')
      .where((eb) => eb(eb.refTuple('partner_id', 'organization_id', 'idempotency_key'), 'in', old))
      .executeTakeFirst();
    return Number(numDeletedRows);
  }, signal);
}
