// The rows of sso_tokens: one a minted token, spent by exactly one conditional write. What a token says and how it is signed
// belongs to handoff/.

import { type Database, inBatches } from '../db/database.ts';
import { prepared, preparedInsert } from '../db/prepared.ts';
import type { SsoTokensTable } from '../db/tables.ts';
import { type AccessScope, scopeConditions } from '../sessions/store.ts';

const COLUMNS = [
  'jti',
  'partner_id',
  'organization_id',
  'user_id',
  'request_id',
  'minted_at',
  'expires_at',
  'opened_at',
  'redeemed_at',
  'revoked_at',
] as const satisfies (keyof SsoTokensTable)[];

export const insertSsoToken = preparedInsert('sso_tokens', COLUMNS);

export type TokenHolder = Pick<SsoTokensTable, 'jti' | 'partner_id' | 'organization_id' | 'user_id'>;

const burn = prepared((db, holder: TokenHolder & { redeemed_at: string }) =>
  db
    .updateTable('sso_tokens')
    .set((eb) => ({
      redeemed_at: holder.redeemed_at,
      opened_at: eb.fn.coalesce('opened_at', eb.val(holder.redeemed_at)),
    }))
    .where('jti', '=', holder.jti)
    .where('partner_id', '=', holder.partner_id)
    .where('organization_id', '=', holder.organization_id)
    .where('user_id', '=', holder.user_id)
    .where('redeemed_at', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', holder.redeemed_at)
    .returning(COLUMNS),
);

/**
 * Spends a token: one conditional write whose returned row is the answer, so that of any number of callers, in any number
 * of processes, one gets it. The holder's ids have to match the row: a signature alone opens nothing.
 */
export async function burnSsoToken(
  db: Database,
  holder: TokenHolder,
  redeemed_at: string,
): Promise<SsoTokensTable | undefined> {
  const [row] = await burn(db, { ...holder, redeemed_at });
  return row;
}

const select = prepared((db, { jti }: { jti: string }) =>
  db.selectFrom('sso_tokens').select(COLUMNS).where('jti', '=', jti),
);

export async function findSsoToken(db: Database, jti: string): Promise<SsoTokensTable | undefined> {
  const [row] = await select(db, { jti });
  return row;
}

/** Notes when a browser first came with a token, whatever came of it. */
export async function noteOpened(db: Database, jti: string, opened_at: string): Promise<void> {
  await db.updateTable('sso_tokens').set({ opened_at }).where('jti', '=', jti).where('opened_at', 'is', null).execute();
}

/** Takes back one token that could still be spent; false when there is nothing to take back. */
export async function revokeUnspentToken(db: Database, jti: string, revoked_at: string): Promise<boolean> {
  const row = await db
    .updateTable('sso_tokens')
    .set({ revoked_at })
    .where('jti', '=', jti)
    .where('expires_at', '>', revoked_at)
    .where('redeemed_at', 'is', null)
    .where('revoked_at', 'is', null)
    .returning('jti')
    .executeTakeFirst();
  return row !== undefined;
}

/** Withdraws every token of a scope that could still be spent and says how many there were. */
export async function revokeUnspentTokens(db: Database, scope: AccessScope, revoked_at: string): Promise<number> {
  let query = db
    .updateTable('sso_tokens')
    .set({ revoked_at })
    .where('expires_at', '>', revoked_at)
    .where('redeemed_at', 'is', null)
    .where('revoked_at', 'is', null);
  for (const [column, values] of scopeConditions(scope)) query = query.where(column, 'in', values);
  const { numUpdatedRows } = await query.executeTakeFirst();
  return Number(numUpdatedRows);
}

/** Removes tokens that expired before a moment. */
export async function deleteOldTokens(db: Database, expired_before: string, signal?: AbortSignal): Promise<void> {
  await inBatches(async (limit) => {
    const old = db.selectFrom('sso_tokens').select('jti').where('expires_at', '<', expired_before).limit(limit);
    const { numDeletedRows } = await db.deleteFrom('sso_tokens').where('jti', 'in', old).executeTakeFirst();
    return Number(numDeletedRows);
  }, signal);
}
