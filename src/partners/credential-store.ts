// The rows of credentials. A secret is found by its hash: an index look-up with what the caller cannot choose (a SHA-256),
// so that its time says nothing about how much of a guess was right.

import type { Database } from '../db/database.ts';
import { prepared } from '../db/prepared.ts';
import type { CredentialsTable } from '../db/tables.ts';

/** A partner's own secrets (organization_id null), or those of one integration. */
export type CredentialOwner = { partner_id: string; organization_id: string | null };

export async function insertCredential(db: Database, row: CredentialsTable): Promise<void> {
  await db.insertInto('credentials').values(row).execute();
}

const COLUMNS = [
  'credentials.credential_id',
  'credentials.partner_id',
  'credentials.organization_id',
  'credentials.secret_hash',
  'credentials.hint',
  'credentials.created_by',
  'credentials.created_at',
  'credentials.expires_at',
  'credentials.revoked_at',
  'credentials.last_used_at',
] as const satisfies `credentials.${keyof CredentialsTable}`[];

const selectBySecrets = prepared((db, { one, other }: { one: string; other: string }) =>
  db
    .selectFrom('credentials')
    .leftJoin('integrations', (join) =>
      join
        .onRef('integrations.partner_id', '=', 'credentials.partner_id')
        .onRef('integrations.organization_id', '=', 'credentials.organization_id'),
    )
    .select(COLUMNS)
    .select('integrations.redirect_path_prefixes')
    .where((eb) => eb.or([eb('credentials.secret_hash', '=', one), eb('credentials.secret_hash', '=', other)])),
);

/** A credential, with what its integration narrows links to. */
export type FoundCredential = CredentialsTable & { redirect_path_prefixes: string | null };

/** The credentials of two secrets at once, by their hashes. */
export async function findCredentialsBySecrets(
  db: Database,
  one: string,
  other: string,
): Promise<Map<string, FoundCredential>> {
  const rows = await selectBySecrets(db, { one, other });
  return new Map(rows.map((row) => [row.secret_hash, row]));
}

export async function findCredentialBySecret(db: Database, secret_hash: string): Promise<CredentialsTable | undefined> {
  return (await findCredentialsBySecrets(db, secret_hash, secret_hash)).get(secret_hash);
}

const selectById = prepared((db, { credential_id }: { credential_id: string }) =>
  db.selectFrom('credentials').select(COLUMNS).where('credential_id', '=', credential_id),
);

export async function findCredential(db: Database, credential_id: string): Promise<CredentialsTable | undefined> {
  const [row] = await selectById(db, { credential_id });
  return row;
}

function ownedBy(db: Database, owner: CredentialOwner) {
  return db
    .selectFrom('credentials')
    .selectAll()
    .where('partner_id', '=', owner.partner_id)
    .where('organization_id', 'is not distinct from', owner.organization_id)
    .orderBy('credential_id', 'desc');
}

/** Every one that is good at a moment, newest first. They are few: a rotation leaves two. */
export async function listActiveCredentials(
  db: Database,
  owner: CredentialOwner,
  now: string,
): Promise<CredentialsTable[]> {
  return ownedBy(db, owner)
    .where('revoked_at', 'is', null)
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
    .execute();
}

/** For people: those that are good, and then the newest of the others, up to a limit. */
export async function listCredentials(
  db: Database,
  owner: CredentialOwner,
  { limit, now }: { limit: number; now: string },
): Promise<CredentialsTable[]> {
  const active = await listActiveCredentials(db, owner, now);
  const recent = await ownedBy(db, owner).limit(limit).execute();
  const ids = new Set(active.map(({ credential_id }) => credential_id));
  return [...active, ...recent.filter(({ credential_id }) => !ids.has(credential_id))].slice(
    0,
    Math.max(limit, active.length),
  );
}

export async function updateCredential(
  db: Database,
  credential_id: string,
  change: Partial<Pick<CredentialsTable, 'expires_at' | 'revoked_at' | 'last_used_at'>>,
): Promise<void> {
  await db.updateTable('credentials').set(change).where('credential_id', '=', credential_id).execute();
}

/** True at a moment when the credential has neither expired nor been revoked. */
export function isActiveCredential(credential: CredentialsTable, now: string): boolean {
  return credential.revoked_at === null && (credential.expires_at === null || credential.expires_at > now);
}
