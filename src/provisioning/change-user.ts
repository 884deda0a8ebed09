// What a partner changes about a user of an organization: made, updated, given roles, disabled, enabled, deleted. Each change
// and its audit event are one transaction, and what takes access away ends sessions and unspent links in it.

import { type Author, recordEvent } from '../audit/audit.ts';
import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { OrganizationsTable } from '../db/tables.ts';
import type { Makers } from '../foundation/ids.ts';
import { Problem, validationError } from '../foundation/problem.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { type AccessRole, parseAccessRoles } from '../users/roles.ts';
import {
  deleteMembership,
  deletePartnerUserId,
  deleteUserWithoutMembership,
  insertPartnerUserId,
  lockUser,
  type PartnerMemberRow,
  updateMembershipDisabled,
  updateUser,
} from '../users/store.ts';
import { addUser, putMembership } from '../users/user.ts';
import { getPartnerMember, type MemberKey } from './member.ts';
import { mergeDetails, missingForProvider, parseProviderDetails, providerChange } from './provider-details.ts';
import type { FieldRules, UserCreate, UserUpdate } from './user-fields.ts';

export type Authored = Makers & { by: Author };

function conflict(detail: string, code: string): Problem {
  return new Problem('resource-conflict', detail, { code });
}

async function givePartnerUserId(tx: DatabaseTransaction, key: MemberKey, partner_user_id: string): Promise<void> {
  await deletePartnerUserId(tx, key);
  if (await insertPartnerUserId(tx, { ...key, partner_user_id })) return;
  throw conflict('User with this partner_user_id already exists', 'PARTNER_USER_ID_ALREADY_EXISTS');
}

/** @throws Problem resource-conflict when the e-mail or the partner_user_id is taken */
export async function createPartnerUser(
  tx: DatabaseTransaction,
  { partner_id, organization, body }: { partner_id: string; organization: OrganizationsTable; body: UserCreate },
  authored: Authored,
): Promise<PartnerMemberRow> {
  const { partner_user_id, access_roles, ...person } = body;
  const change = providerChange(body);
  const provider_details = change === undefined ? null : mergeDetails(null, change);
  const user = { ...person, organization, partner_id, access_roles: access_roles ?? [], provider_details };
  const added = await addUser(tx, user, authored);
  if (added === undefined) throw conflict('User with this email already exists', 'USER_ALREADY_EXISTS');
  const key = { partner_id, organization_id: organization.organization_id, user_id: added.user_id };
  if (partner_user_id) await givePartnerUserId(tx, key, partner_user_id);
  return getPartnerMember(tx, key);
}

/** The provider's document after an update; undefined when it stays. @throws Problem validation-error */
function updatedDetails(member: PartnerMemberRow, body: UserUpdate, rules: FieldRules): string | null | undefined {
  const change = providerChange(body);
  if (change === undefined) return undefined;
  const merged = mergeDetails(parseProviderDetails(member.provider_details), change);
  const missing =
    rules.provider_details === 'complete'
      ? missingForProvider({ ...merged }, parseAccessRoles(member.access_roles))
      : [];
  if (missing.length > 0) throw validationError(missing);
  return merged && JSON.stringify(merged);
}

/** @throws Problem user-not-found, resource-conflict or validation-error */
export async function updatePartnerUser(
  tx: DatabaseTransaction,
  { key, body, rules }: { key: MemberKey; body: UserUpdate; rules: FieldRules },
  { by, ...makers }: Authored,
): Promise<PartnerMemberRow> {
  await lockUser(tx, key.user_id);
  const member = await getPartnerMember(tx, key);
  const { given_name, family_name, title, phone, partner_user_id } = body;
  const change = { given_name, family_name, title, phone, provider_details: updatedDetails(member, body, rules) };
  const set = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  if (Object.keys(set).length > 0) await updateUser(tx, key.user_id, set);
  if (partner_user_id === null) await deletePartnerUserId(tx, key);
  if (partner_user_id) await givePartnerUserId(tx, key, partner_user_id);
  const changed = [...Object.keys(set), ...(partner_user_id === undefined ? [] : ['partner_user_id'])];
  await recordEvent(tx, { ...by, action: 'user.updated', target_id: key.user_id, ...key, detail: { changed } }, makers);
  return getPartnerMember(tx, key);
}

/** @throws Problem user-not-found */
export async function replaceRoles(
  tx: DatabaseTransaction,
  { key, access_roles }: { key: MemberKey; access_roles: AccessRole[] },
  { by, ...makers }: Authored,
): Promise<AccessRole[]> {
  await getPartnerMember(tx, key);
  const { partner_id, organization_id, user_id } = key;
  await putMembership(tx, { user_id, organization_id, access_roles }, { ...makers, by: { ...by, partner_id } });
  const member = await getPartnerMember(tx, key);
  return parseAccessRoles(member.access_roles);
}

/** False when disabled already. @throws Problem user-not-found */
export async function disableMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<boolean> {
  await getPartnerMember(db, key);
  const { organization_id, user_id } = key;
  return withdrawAccess(
    db,
    {
      change: (tx, now) => updateMembershipDisabled(tx, key, now),
      scope: { organization_id, user_id },
      event: { ...by, action: 'user.disabled', target_id: user_id, ...key },
    },
    makers,
  );
}

/** False when enabled already. @throws Problem user-not-found */
export async function enableMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<boolean> {
  await getPartnerMember(db, key);
  const event = { ...by, action: 'user.enabled', target_id: key.user_id, ...key } as const;
  return restoreAccess(db, { change: (tx) => updateMembershipDisabled(tx, key, null), event }, makers);
}

/** Removes a user from the organization, and altogether where they are a member of no other. @throws Problem user-not-found */
export async function deleteMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<void> {
  await getPartnerMember(db, key);
  const { organization_id, user_id } = key;
  await withdrawAccess(
    db,
    {
      change: async (tx) => {
        if (!(await deleteMembership(tx, key))) return false;
        await deleteUserWithoutMembership(tx, user_id);
        return true;
      },
      scope: { organization_id, user_id },
      event: { ...by, action: 'user.deleted', target_id: user_id, ...key },
    },
    makers,
  );
}
