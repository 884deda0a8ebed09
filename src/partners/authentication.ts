// Who is calling: a partner and an organization by their secrets. Unknown, wrong, expired and revoked get the same answer
// after the same work, so that neither text nor time tells which ids exist. Whether the caller may do anything (suspended,
// disabled) is for standing.ts: who has proved who it is may be told.

import type { Database } from '../db/database.ts';
import type { CredentialsTable, IntegrationKey } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { hashSecret } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import {
  type CredentialOwner,
  findCredentialBySecret,
  findCredentialsBySecrets,
  type FoundCredential,
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

type SecretCheck = { owner: CredentialOwner; detail: string };

const ofPartner = ({ partner_id }: IntegrationKey): SecretCheck => ({
  owner: { partner_id, organization_id: null },
  detail: 'Invalid partner credentials',
});

const ofOrganization = ({ partner_id, organization_id }: IntegrationKey): SecretCheck => ({
  owner: { partner_id, organization_id },
  detail: 'Invalid organization credentials',
});

/** @throws Problem authentication-required with the detail of the check, whatever is wrong */
async function requireGood<C extends CredentialsTable>(
  { db, now }: { db: Database; now: number },
  credential: C | undefined,
  { owner, detail }: SecretCheck,
): Promise<C> {
  const received = faultOf(credential, owner, now);
  if (credential === undefined || received !== undefined)
    throw new Problem('authentication-required', detail, {
      ...(received !== undefined && { received }),
      cause: received,
    });
  await noteUse(db, credential, now);
  return credential;
}

/**
 * Checks the partner's secret, and then the organization's, which belongs to the pair of both; `onPartner` hears that the first is good.
 * @throws Problem authentication-required
 */
export async function authenticatePair(
  at: { db: Database; now: number },
  { partner_secret, organization_secret, ...key }: PartnerCredentials,
  onPartner: () => void,
): Promise<{ partner: FoundCredential; organization: FoundCredential }> {
  const [partner_hash, organization_hash] = [hashSecret(partner_secret), hashSecret(organization_secret)];
  const found = await findCredentialsBySecrets(at.db, partner_hash, organization_hash);
  const partner = await requireGood(at, found.get(partner_hash), ofPartner(key));
  onPartner();
  return { partner, organization: await requireGood(at, found.get(organization_hash), ofOrganization(key)) };
}

/** Checks the organization's secret alone. @throws Problem authentication-required */
export async function authenticateOrganization(
  at: { db: Database; now: number },
  { organization_secret, ...key }: Omit<PartnerCredentials, 'partner_secret'>,
): Promise<CredentialsTable> {
  const credential = await findCredentialBySecret(at.db, hashSecret(organization_secret));
  return requireGood(at, credential, ofOrganization(key));
}
