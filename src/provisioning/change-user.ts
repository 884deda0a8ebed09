// What a partner changes about a user: fields of the person, the partner's own id, roles in the organization. Each change and its
// audit event are one transaction.

import { recordEvent } from '../audit/audit.ts';
import type { DatabaseTransaction } from '../db/database.ts';
import type { UsersTable } from '../db/tables.ts';
import { Problem, validationError } from '../foundation/problem.ts';
import { type AccessRole, formatAccessRoles, parseAccessRoles } from '../users/roles.ts';
import { deletePartnerUserId, insertPartnerUserId, type PartnerMemberRow } from '../users/partner-member-store.ts';
import { listMemberships, updateMembershipRoles, updateUser } from '../users/store.ts';
import { describeRoles } from '../users/user.ts';
import { type Authored, getPartnerMember, lockPartnerMember, type MemberKey } from './member.ts';
import { mergeDetails, missingForProvider, parseProviderDetails, providerChange } from './provider-details.ts';
import type { FieldRules, UserUpdate } from './user-fields.ts';

export function conflict(detail: string, code: string): Problem {
  return new Problem('resource-conflict', detail, { code });
}

/** @throws Problem resource-conflict when the partner has given this id to somebody else */
export async function givePartnerUserId(
  tx: DatabaseTransaction,
  key: MemberKey,
  partner_user_id: string,
): Promise<void> {
  await deletePartnerUserId(tx, key);
  if (await insertPartnerUserId(tx, { ...key, partner_user_id })) return;
  throw conflict('User with this partner_user_id already exists', 'PARTNER_USER_ID_ALREADY_EXISTS');
}

type PersonChange = { person: UsersTable; body: UserUpdate; rules: FieldRules };

/** The provider's document after a change; undefined when it stays. @throws Problem validation-error */
async function changedDetails(
  tx: DatabaseTransaction,
  { person, body, rules }: PersonChange,
): Promise<string | null | undefined> {
  const change = providerChange(body);
  if (change === undefined) return undefined;
  const merged = mergeDetails(parseProviderDetails(person.provider_details), change);
  // Whoever is a provider anywhere needs the whole document.
  const memberships = await listMemberships(tx, person.user_id);
  const roles = memberships.flatMap(({ access_roles }) => parseAccessRoles(access_roles));
  const missing = rules.provider_details === 'complete' ? missingForProvider({ ...merged }, roles) : [];
  if (missing.length > 0) throw validationError(missing);
  return merged && JSON.stringify(merged);
}

/** Sets what the body says of the person, and tells the names of the columns. @throws Problem validation-error */
export async function setPersonFields(tx: DatabaseTransaction, change: PersonChange): Promise<string[]> {
  const { given_name, family_name, title, phone } = change.body;
  const columns = { given_name, family_name, title, phone, provider_details: await changedDetails(tx, change) };
  const set = Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
  if (Object.keys(set).length > 0) await updateUser(tx, change.person.user_id, set);
  return Object.keys(set);
}

/**
 * The organization's own user who belongs to other parts of it too: what one partner in one part writes would stand in all.
 * @throws Problem user-shared
 */
async function refuseShared(tx: DatabaseTransaction, member: PartnerMemberRow, key: MemberKey): Promise<void> {
  if (member.partner_id !== null) return;
  const memberships = await listMemberships(tx, key.user_id);
  if (memberships.every(({ organization_id }) => organization_id === key.organization_id)) return;
  throw new Problem(
    'user-shared',
    'This user is a member of other organizations too: the operator changes their details',
  );
}

/** @throws Problem user-not-found, user-shared, resource-conflict or validation-error */
export async function updatePartnerUser(
  tx: DatabaseTransaction,
  { key, body, rules }: { key: MemberKey; body: UserUpdate; rules: FieldRules },
  { by, ...makers }: Authored,
): Promise<PartnerMemberRow> {
  const member = await lockPartnerMember(tx, key);
  const changed = await setPersonFields(tx, { person: member, body, rules });
  if (changed.length > 0) await refuseShared(tx, member, key);
  const { partner_user_id } = body;
  if (partner_user_id === null) await deletePartnerUserId(tx, key);
  if (partner_user_id) await givePartnerUserId(tx, key, partner_user_id);
  const detail = { changed: [...changed, ...(partner_user_id === undefined ? [] : ['partner_user_id'])] };
  await recordEvent(tx, { ...by, action: 'user.updated', target_id: key.user_id, ...key, detail }, makers);
  return getPartnerMember(tx, key);
}

/** @throws Problem user-not-found */
export async function replaceRoles(
  tx: DatabaseTransaction,
  { key, access_roles }: { key: MemberKey; access_roles: AccessRole[] },
  { by, ...makers }: Authored,
): Promise<AccessRole[]> {
  const { access_roles: before } = await lockPartnerMember(tx, key);
  const roles = formatAccessRoles(access_roles);
  await updateMembershipRoles(tx, { ...key, access_roles: roles });
  const detail = describeRoles(roles, before);
  await recordEvent(tx, { ...by, action: 'membership.set', target_id: key.user_id, ...key, detail }, makers);
  return detail.access_roles;
}
