// Secrets of partners and integrations: issued, rotated with an overlap, revoked. A secret is returned once; only its hash
// is kept. Checking one is in authentication.ts.

import { type Author, OPERATOR, recordEvent } from '../audit/audit.ts';
import { type Database, type DatabaseTransaction, lockAccess } from '../db/database.ts';
import type { CredentialsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { hashSecret, type Makers, newId, newSecret, secretHint } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import {
  type CredentialOwner,
  findCredential,
  insertCredential,
  isActiveCredential,
  listCredentials,
  updateCredential,
} from './credential-store.ts';

/** How long a replaced secret may stay good, at the most: 30 days. */
export const MAX_OVERLAP_HOURS = 720;

export type IssuedCredential = { credential_id: string; secret: string };

/** Who a credential belongs to, as an audit event's members. */
function subject({ partner_id, organization_id }: CredentialOwner) {
  return organization_id === null ? { partner_id } : { partner_id, organization_id };
}

export type AuthoredMakers = Makers & { by: Author };

/** Makes and stores a secret, in the caller's transaction. */
export async function issueCredential(
  tx: DatabaseTransaction,
  owner: CredentialOwner,
  { by = OPERATOR, ...makers }: Makers & { by?: Author },
): Promise<IssuedCredential> {
  const secret = newSecret(owner.organization_id === null ? 'hps' : 'hos', makers.random);
  const credential_id = newId('crd', makers);
  await insertCredential(tx, {
    credential_id,
    ...owner,
    secret_hash: hashSecret(secret),
    hint: secretHint(secret),
    created_at: timestamp(makers.clock()),
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
  });
  await recordEvent(tx, { ...by, action: 'credential.created', target_id: credential_id, ...subject(owner) }, makers);
  return { credential_id, secret };
}

/** Ends a secret at once. */
export async function endCredential(
  tx: DatabaseTransaction,
  credential: CredentialsTable,
  { by, ...makers }: AuthoredMakers,
): Promise<void> {
  const { credential_id } = credential;
  await updateCredential(tx, credential_id, { revoked_at: timestamp(makers.clock()) });
  await recordEvent(
    tx,
    { ...by, action: 'credential.revoked', target_id: credential_id, ...subject(credential) },
    makers,
  );
}

/**
 * The newest active one goes on until the overlap is over; any older one ends now, so that never more than two are good.
 * Returns when it ends, null if there is none.
 */
async function phaseOut(
  tx: DatabaseTransaction,
  { active, until }: { active: CredentialsTable[]; until: string },
  makers: AuthoredMakers,
): Promise<string | null> {
  const [newest, ...older] = active;
  for (const credential of older) await endCredential(tx, credential, makers);
  if (newest === undefined) return null;
  const expires_at = newest.expires_at !== null && newest.expires_at < until ? newest.expires_at : until;
  await updateCredential(tx, newest.credential_id, { expires_at });
  return expires_at;
}

// More than can be active at once, by far.
const RECENT = 100;

export type Rotation = { owner: CredentialOwner; overlap_hours: number };
export type RotatedCredential = IssuedCredential & { previous_expires_at: string | null };

/**
 * Issues a new secret; the present one stays good for `overlap_hours` (0: ends now). The transaction has begun with an
 * exclusive lockAccess: two rotations at once would each end what the other has just made.
 */
export async function replaceCredential(
  tx: DatabaseTransaction,
  { owner, overlap_hours }: Rotation,
  makers: AuthoredMakers,
): Promise<RotatedCredential> {
  const now = makers.clock();
  const active = (await listCredentials(tx, owner, RECENT)).filter((one) => isActiveCredential(one, timestamp(now)));
  const until = timestamp(now + overlap_hours * 3_600_000);
  const previous_expires_at = await phaseOut(tx, { active, until }, makers);
  const issued = await issueCredential(tx, owner, makers);
  const event = { ...makers.by, action: 'credential.rotated', target_id: issued.credential_id } as const;
  await recordEvent(tx, { ...event, ...subject(owner) }, makers);
  return { ...issued, previous_expires_at };
}

/** The operator's way to rotate. */
export async function rotateCredential(db: Database, rotation: Rotation, makers: Makers): Promise<RotatedCredential> {
  return db.transaction().execute(async (tx) => {
    await lockAccess(tx, 'exclusive');
    return replaceCredential(tx, rotation, { ...makers, by: OPERATOR });
  });
}

/** Ends one secret at once; false when it was revoked already. @throws OperatorError when there is none */
export async function revokeCredential(db: Database, credential_id: string, makers: Makers): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    const credential = await findCredential(tx, credential_id);
    if (credential === undefined) throw new OperatorError(`there is no credential ${credential_id}`);
    if (credential.revoked_at !== null) return false;
    await endCredential(tx, credential, { ...makers, by: OPERATOR });
    return true;
  });
}
