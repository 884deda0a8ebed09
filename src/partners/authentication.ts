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

/** What is wrong with a secret, for the receipt that only its owner can read; undefined when nothing is. */
function faultOf(credential: CredentialsTable | undefined, owner: CredentialOwner, now: number): string | undefined {
  // In the same words: nobody learns whether somebody else's secret is one.
  if (credential?.partner_id !== owner.partner_id) return 'no secret of this partner';
  if (credential.organization_id !== owner.organization_id) {
    if (credential.organization_id === null) return 'the partner secret, where the organization secret belongs';
    return owner.organization_id === null
      ? 'an organization secret, where the partner secret belongs'
      : 'a secret for another organization';
  }
  if (credential.revoked_at !== null) return `a secret that was revoked at ${credential.revoked_at}`;
  return isActiveCredential(credential, timestamp(now))
    ? undefined
    : `a secret that expired at ${credential.expires_at ?? ''}`;
}

type SecretCheck = { owner: CredentialOwner; secret: string; detail: string };

/** The credential of a good secret. @throws Problem authentication-required with the detail of the check, whatever is wrong */
async function getCredential(
  db: Database,
  { owner, secret, detail }: SecretCheck,
  now: number,
): Promise<CredentialsTable> {
  const credential = await findCredentialBySecret(db, hashSecret(secret));
  const received = faultOf(credential, owner, now);
  if (credential === undefined || received !== undefined)
    throw new Problem('authentication-required', detail, {
      ...(received !== undefined && { received }),
      cause: received,
    });
  await noteUse(db, credential, now);
  return credential;
}

/** Checks the partner's secret. @throws Problem authentication-required */
export async function authenticatePartner(
  db: Database,
  { partner_id, partner_secret }: Pick<PartnerCredentials, 'partner_id' | 'partner_secret'>,
  now: number,
): Promise<CredentialsTable> {
  const owner = { partner_id, organization_id: null };
  return getCredential(db, { owner, secret: partner_secret, detail: 'Invalid partner credentials' }, now);
}

/** Checks the organization's secret, which belongs to the pair of both. @throws Problem authentication-required */
export async function authenticateOrganization(
  db: Database,
  { partner_id, organization_id, organization_secret }: Omit<PartnerCredentials, 'partner_secret'>,
  now: number,
): Promise<CredentialsTable> {
  const owner = { partner_id, organization_id };
  return getCredential(db, { owner, secret: organization_secret, detail: 'Invalid organization credentials' }, now);
}
