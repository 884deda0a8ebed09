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
 * One goes on until the overlap is over, and any other ends now, so that never more than two are good: the one that the
 * caller has just shown to be in use (the newest may be one whose only answer was lost on the way), or else the newest.
 * Returns when it ends, null if there is none.
 */
async function phaseOut(
  tx: DatabaseTransaction,
  { active, until, in_use }: { active: CredentialsTable[]; until: string; in_use: readonly string[] },
  makers: AuthoredMakers,
): Promise<string | null> {
  const kept = active.find(({ credential_id }) => in_use.includes(credential_id)) ?? active[0];
  for (const credential of active) if (credential !== kept) await endCredential(tx, credential, makers);
  if (kept === undefined) return null;
  const expires_at = kept.expires_at !== null && kept.expires_at < until ? kept.expires_at : until;
  await updateCredential(tx, kept.credential_id, { expires_at });
  return expires_at;
}

// More than can be active at once, by far.
const RECENT = 100;

/** `in_use`: ids of credentials that the caller is known to hold. */
export type Rotation = { owner: CredentialOwner; overlap_hours: number; in_use?: readonly string[] };
export type RotatedCredential = IssuedCredential & { previous_expires_at: string | null };

/**
 * Issues a new secret; the present one stays good for `overlap_hours` (0: ends now). The transaction has begun with an
 * exclusive lockAccess: two rotations at once would each end what the other has just made.
 */
export async function replaceCredential(
  tx: DatabaseTransaction,
  { owner, overlap_hours, in_use = [] }: Rotation,
  makers: AuthoredMakers,
): Promise<RotatedCredential> {
  const now = makers.clock();
  const active = (await listCredentials(tx, owner, RECENT)).filter((one) => isActiveCredential(one, timestamp(now)));
  const until = timestamp(now + overlap_hours * 3_600_000);
  const previous_expires_at = await phaseOut(tx, { active, until, in_use }, makers);
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
