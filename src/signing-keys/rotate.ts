// The life of a signing key: next (published, not used), active (signs), retiring (verifies only), gone. A key is published
// one rotation before it signs, so that nobody meets a token whose key they could not have seen.

import { generateKeyPairSync } from 'node:crypto';
import { recordEvent } from '../audit/audit.ts';
import { type Database, lockAccess } from '../db/database.ts';
import type { SigningKeysTable, SigningKeyState } from '../db/tables.ts';
import { DAY_MILLISECONDS, timestamp } from '../foundation/clock.ts';
import { type Makers, newId } from '../foundation/ids.ts';
import { encryptionKeyId, encryptAtRest } from '../foundation/encryption.ts';
import { activateNextKey, deleteRetiredKeys, insertSigningKey, listSigningKeys, retireActiveKey } from './store.ts';

export const SIGNING_ALGORITHM = 'ES256';

// An sso_token lives five minutes and an access token an hour. The rest of the day lets a clinician reload a page that she
// opened before a rotation.
const RETIRING_MILLISECONDS = DAY_MILLISECONDS;

/** Keys that stopped signing before this moment do not verify any more. */
export function retiredBefore(now: number): string {
  return timestamp(now - RETIRING_MILLISECONDS);
}

export type KeyMaker = Makers & { master_key: Buffer };

function newSigningKey(state: SigningKeyState, maker: KeyMaker): SigningKeysTable {
  const kid = newId('key', maker);
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const public_jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: SIGNING_ALGORITHM, use: 'sig' };
  const now = timestamp(maker.clock());
  return {
    kid,
    state,
    algorithm: SIGNING_ALGORITHM,
    public_jwk: JSON.stringify(public_jwk),
    private_key_encrypted: encryptAtRest(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), kid, maker),
    encryption_key_id: encryptionKeyId(maker.master_key),
    created_at: now,
    activated_at: state === 'active' ? now : null,
    retiring_at: null,
  };
}

/** Makes the first active and next key where they are missing; safe to run in many processes at once. */
export async function ensureSigningKeys(db: Database, maker: KeyMaker): Promise<void> {
  const states = new Set((await listSigningKeys(db)).map((key) => key.state));
  for (const state of ['active', 'next'] as const) {
    if (states.has(state)) continue;
    const key = newSigningKey(state, maker);
    await db.transaction().execute(async (tx) => {
      if (!(await insertSigningKey(tx, key))) return;
      await recordEvent(tx, { actor: 'system', action: 'signing_key.created', target_id: key.kid }, maker);
    });
  }
}

/**
 * Moves every key on by one state and publishes a new next one. Returns the kid that signs from now on. With `compromised`
 * the present key and all before it stop verifying at once, and the links they signed with them.
 */
export async function rotateSigningKeys(
  db: Database,
  { compromised }: { compromised: boolean },
  maker: KeyMaker,
): Promise<{ kid: string }> {
  await ensureSigningKeys(db, maker);
  const next = newSigningKey('next', maker);
  return db.transaction().execute(async (tx) => {
    await lockAccess(tx, 'exclusive');
    const now = maker.clock();
    await retireActiveKey(tx, timestamp(now));
    const kid = await activateNextKey(tx, timestamp(now));
    if (kid === undefined) throw new Error('no next signing key to activate');
    await insertSigningKey(tx, next);
    // The moment after now, to take the key that retired just now along.
    await deleteRetiredKeys(tx, compromised ? timestamp(now + 1) : retiredBefore(now));
    const detail = { compromised };
    await recordEvent(tx, { actor: 'operator', action: 'signing_key.rotated', target_id: kid, detail }, maker);
    return { kid };
  });
}
