// Who is calling: a partner and an organization by their secrets. Unknown, wrong, expired and revoked get the same answer
// after the same work, so that neither text nor time tells which ids exist. Whether the caller may do anything (suspended,
// disabled) is for standing.ts: who has proved who it is may be told.

import type { Database } from '../db/database.ts';
import type { CredentialsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { hashSecret } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import {
  type CredentialOwner,
  findCredentialBySecret,
  isActiveCredential,
  updateCredential,
} from './credential-store.ts';

export type PartnerCredentials = {
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
};

// last_used_at is for people who ask "is anybody still using this one"; to the minute is enough.
const LAST_USED_MILLISECONDS = 60_000;

async function noteUse(db: Database, credential: CredentialsTable, now: number): Promise<void> {
  const { credential_id, last_used_at } = credential;
  if (last_used_at !== null && now - Date.parse(last_used_at) < LAST_USED_MILLISECONDS) return;
  await updateCredential(db, credential_id, { last_used_at: timestamp(now) });
}

async function checkSecret(
  db: Database,
  { owner, secret }: { owner: CredentialOwner; secret: string },
  now: number,
): Promise<boolean> {
  const credential = await findCredentialBySecret(db, hashSecret(secret));
  if (credential === undefined || !isActiveCredential(credential, timestamp(now))) return false;
  if (credential.partner_id !== owner.partner_id || credential.organization_id !== owner.organization_id) return false;
  await noteUse(db, credential, now);
  return true;
}

/** Checks the partner's secret. @throws Problem authentication-required */
export async function authenticatePartner(db: Database, given: PartnerCredentials, now: number): Promise<void> {
  const owner = { partner_id: given.partner_id, organization_id: null };
  if (await checkSecret(db, { owner, secret: given.partner_secret }, now)) return;
  throw new Problem('authentication-required', 'Invalid partner credentials');
}

/** Checks the organization's secret, which belongs to the pair of both. @throws Problem authentication-required */
export async function authenticateOrganization(db: Database, given: PartnerCredentials, now: number): Promise<void> {
  const owner = { partner_id: given.partner_id, organization_id: given.organization_id };
  if (await checkSecret(db, { owner, secret: given.organization_secret }, now)) return;
  throw new Problem('authentication-required', 'Invalid organization credentials');
}
