// The keys of a running process: the active one to sign with, any by its kid to verify with, and the public set. Keys are
// kept in memory; what another process rotated is seen within REFRESH_MILLISECONDS, and an unknown kid is looked up at once.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';
import type { Database } from '../db/database.ts';
import type { SigningKeysTable } from '../db/tables.ts';
import type { Clock } from '../foundation/clock.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { decryptAtRest, encryptionKeyId } from '../foundation/encryption.ts';
import { retiredBefore } from './rotate.ts';
import { findSigningKey, listSigningKeys } from './store.ts';

const REFRESH_MILLISECONDS = 5_000;

export type SigningKey = { kid: string; private_key: KeyObject };

export type Keyring = {
  /** The key that signs. @throws when there is none, or the database is away and none is known */
  active(): Promise<SigningKey>;
  /** The public key of a kid; undefined when there is no such key. */
  find(kid: string): Promise<KeyObject | undefined>;
  /** RFC 7517, 5: next, active and retiring keys. */
  publicKeys(): Promise<JSONWebKeySet>;
};

function parsePublicJwk(row: SigningKeysTable): JWK {
  return JSON.parse(row.public_jwk);
}

/** RFC 7518, 3.4: ES256 is of P-256, whatever else OpenSSL would sign with. */
function requireP256(key: KeyObject, kid: string): KeyObject {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error(`signing key ${kid} is not one of P-256`);
  return key;
}

function importPublic(row: SigningKeysTable): KeyObject {
  return requireP256(createPublicKey({ key: parsePublicJwk(row), format: 'jwk' }), row.kid);
}

function importPrivate(row: SigningKeysTable, master_key: Buffer): SigningKey {
  const pkcs8 = decryptAtRest(row.private_key_encrypted, row.kid, master_key);
  return { kid: row.kid, private_key: requireP256(createPrivateKey(pkcs8), row.kid) };
}

/** @throws OperatorError when MASTER_KEY is not the one that the active key was encrypted with */
export async function checkMasterKey(db: Database, master_key: Buffer): Promise<void> {
  const own = encryptionKeyId(master_key);
  const foreign = (await listSigningKeys(db)).find((key) => key.state !== 'retiring' && key.encryption_key_id !== own);
  if (foreign === undefined) return;
  throw new OperatorError(
    `MASTER_KEY (id ${own}) is not the key that encrypted signing key ${foreign.kid} (id ${foreign.encryption_key_id}): ` +
      'set MASTER_KEY to the one this database was started with',
  );
}

export function createKeyring({ db, clock, master_key }: { db: Database; clock: Clock; master_key: Buffer }): Keyring {
  const publicKeys = new Map<string, KeyObject>();
  let active: SigningKey | undefined;
  let rows: SigningKeysTable[] = [];
  let fresh_until = Number.NEGATIVE_INFINITY;
  let refreshing: Promise<void> | undefined;

  async function load(): Promise<void> {
    const oldest = retiredBefore(clock());
    const loaded = (await listSigningKeys(db)).filter((key) => key.retiring_at === null || key.retiring_at >= oldest);
    const row = loaded.find((key) => key.state === 'active');
    if (row === undefined) throw new Error('no active signing key');
    if (row.kid !== active?.kid) active = importPrivate(row, master_key);
    rows = loaded;
    const known = new Set(loaded.map((key) => key.kid));
    for (const kid of publicKeys.keys()) if (!known.has(kid)) publicKeys.delete(kid);
    fresh_until = clock() + REFRESH_MILLISECONDS;
  }

  async function refresh(): Promise<void> {
    if (clock() < fresh_until) return;
    refreshing ??= load().finally(() => {
      refreshing = undefined;
    });
    await refreshing;
  }

  return {
    async active() {
      await refresh();
      if (active === undefined) throw new Error('no active signing key');
      return active;
    },
    async find(kid) {
      // A key that another process dropped must go from memory here too.
      await refresh();
      const known = publicKeys.get(kid);
      if (known !== undefined) return known;
      const row = await findSigningKey(db, kid);
      if (row === undefined || (row.retiring_at !== null && row.retiring_at < retiredBefore(clock()))) return undefined;
      const key = importPublic(row);
      publicKeys.set(kid, key);
      return key;
    },
    async publicKeys() {
      await refresh();
      return { keys: rows.map(parsePublicJwk) };
    },
  };
}
