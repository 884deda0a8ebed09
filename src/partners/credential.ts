// Secrets of partners and integrations: issued, rotated with an overlap, revoked. A secret is returned once; only its hash
// is kept. Checking one is in authentication.ts.

import { type Author, OPERATOR, recordEvent } from '../audit/audit.ts';
import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { CredentialsTable, IntegrationKey } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { hashSecret, type Makers, newId, newSecret, secretHint } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { Problem } from '../foundation/problem.ts';
import {
  type CredentialOwner,
  findCredential,
  insertCredential,
  isActiveCredential,
  listActiveCredentials,
  updateCredential,
} from './credential-store.ts';
import { lockPartner } from './store.ts';

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
    created_by: by.actor === 'partner' ? 'partner' : 'operator',
    created_at: timestamp(makers.clock()),
    expires_at: null,
    revoked_at: null,
    last_used_at: null,
  });
  await recordEvent(tx, { ...by, action: 'credential.created', target_id: credential_id, ...subject(owner) }, makers);
  return { credential_id, secret };
}

/** Ends a secret at once. */
async function endCredential(
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

function replaced(): Problem {
  return new Problem('credential-replaced', 'A newer secret has replaced one of this request');
}

/** The one that no rotation has replaced: it alone has no end. */
function currentOf(active: readonly CredentialsTable[]): CredentialsTable | undefined {
  return active.find(({ expires_at }) => expires_at === null);
}

/**
 * Each secret of a request has to be good at this moment, whatever it was when it was looked at first, and has to have a say:
 * one that has been replaced cannot undo that, or whoever found it could. It may only where its successor, made by the partner
 * itself, has never been used: then the one answer that told it was lost on the way.
 * @throws Problem authentication-required or credential-replaced
 */
async function requireSay(tx: DatabaseTransaction, credential_ids: readonly string[], now: string): Promise<void> {
  for (const credential_id of credential_ids) {
    const credential = await findCredential(tx, credential_id);
    if (credential === undefined || !isActiveCredential(credential, now))
      throw new Problem('authentication-required', 'The secret of this request has ended');
    const current = currentOf(await listActiveCredentials(tx, credential, now));
    if (current === undefined || current.credential_id === credential_id) continue;
    if (current.last_used_at !== null || current.created_by === 'operator') throw replaced();
  }
}

/** The one that goes on until the overlap is over: the one that the request came with, or for the operator the current one. */
function keptCredential(active: readonly CredentialsTable[], in_use: readonly string[]): CredentialsTable | undefined {
  return active.find(({ credential_id }) => in_use.includes(credential_id)) ?? currentOf(active) ?? active[0];
}

/** Lets a secret end with the overlap, or at once; returns when. */
async function phaseOut(
  tx: DatabaseTransaction,
  { credential, until }: { credential: CredentialsTable; until: string },
  makers: AuthoredMakers,
): Promise<string> {
  if (until <= timestamp(makers.clock())) {
    await endCredential(tx, credential, makers);
    return until;
  }
  const expires_at = credential.expires_at !== null && credential.expires_at < until ? credential.expires_at : until;
  await updateCredential(tx, credential.credential_id, { expires_at });
  return expires_at;
}

/** `in_use`: the credentials that the request was authenticated with; none for the operator. */
export type Rotation = { owner: CredentialOwner; overlap_hours: number; in_use: readonly string[] };
export type RotatedCredential = IssuedCredential & { previous_expires_at: string | null };

/**
 * Issues a new secret; the present one stays good for `overlap_hours` (0: ends now), and any other ends, so that never more
 * than two are good. @throws Problem authentication-required or credential-replaced
 */
export async function replaceCredential(
  tx: DatabaseTransaction,
  { owner, overlap_hours, in_use }: Rotation,
  makers: AuthoredMakers,
): Promise<RotatedCredential> {
  await lockPartner(tx, owner.partner_id);
  const now = makers.clock();
  await requireSay(tx, in_use, timestamp(now));
  const active = await listActiveCredentials(tx, owner, timestamp(now));
  const kept = keptCredential(active, in_use);
  for (const credential of active) if (credential !== kept) await endCredential(tx, credential, makers);
  const until = timestamp(now + overlap_hours * 3_600_000);
  const previous_expires_at = kept === undefined ? null : await phaseOut(tx, { credential: kept, until }, makers);
  const issued = await issueCredential(tx, owner, makers);
  const event = { ...makers.by, action: 'credential.rotated', target_id: issued.credential_id } as const;
  await recordEvent(tx, { ...event, ...subject(owner) }, makers);
  return { ...issued, previous_expires_at };
}

type OwnCredential = { credential_id: string; caller: IntegrationKey & { credential_ids: readonly string[] } };

/** @throws Problem credential-not-found unless it is the partner's own, or of this integration */
async function getOwnCredential(
  tx: DatabaseTransaction,
  { credential_id, caller }: OwnCredential,
): Promise<CredentialsTable> {
  const credential = await findCredential(tx, credential_id);
  const organization_id = credential?.organization_id ?? caller.organization_id;
  if (credential?.partner_id === caller.partner_id && organization_id === caller.organization_id) return credential;
  throw new Problem('credential-not-found', 'There is no such credential');
}

/**
 * Ends one of a partner's secrets at its own request. @throws Problem authentication-required, credential-not-found,
 * credential-in-use for one that the request was authenticated with, credential-replaced for one that has replaced that
 */
export async function endOwnCredential(
  tx: DatabaseTransaction,
  wanted: OwnCredential,
  makers: AuthoredMakers,
): Promise<void> {
  const { credential_id, caller } = wanted;
  const now = timestamp(makers.clock());
  await lockPartner(tx, caller.partner_id);
  await requireSay(tx, caller.credential_ids, now);
  const credential = await getOwnCredential(tx, wanted);
  // Who ends the secret it came with could not come back to make another one.
  if (caller.credential_ids.includes(credential_id))
    throw new Problem('credential-in-use', 'This request was authenticated with this very credential');
  if (credential.revoked_at !== null) return;
  const active = await listActiveCredentials(tx, credential, now);
  const has_own = active.some((one) => caller.credential_ids.includes(one.credential_id));
  // Where the caller's is one that this one has replaced, nothing would be left when that ends.
  if (has_own && currentOf(active)?.credential_id === credential_id) throw replaced();
  await endCredential(tx, credential, makers);
}

/** The operator's way to rotate. */
export async function rotateCredential(
  db: Database,
  rotation: Omit<Rotation, 'in_use'>,
  makers: Makers,
): Promise<RotatedCredential> {
  return db
    .transaction()
    .execute((tx) => replaceCredential(tx, { ...rotation, in_use: [] }, { ...makers, by: OPERATOR }));
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
