// A partner makes a user of an organization. A person whom the same partner has made for another part of the organization is not
// made twice: an e-mail address is one person in a tenant, who becomes a member here too.

import { recordEvent } from '../audit/audit.ts';
import type { DatabaseTransaction } from '../db/database.ts';
import type { OrganizationsTable, UsersTable } from '../db/tables.ts';
import type { PartnerMemberRow } from '../users/partner-member-store.ts';
import { findUser, findUserByEmail, listMemberships, lockUser } from '../users/store.ts';
import { addUser, joinOrganization, normalizeEmail } from '../users/user.ts';
import { conflict, givePartnerUserId, setPersonFields } from './change-user.ts';
import { type Authored, getPartnerMember } from './member.ts';
import { mergeDetails, parseProviderDetails, providerChange } from './provider-details.ts';
import type { FieldRules, UserCreate, UserUpdate } from './user-fields.ts';

type NewMember = {
  partner_id: string;
  organization: OrganizationsTable;
  body: UserCreate;
  rules: FieldRules;
};

/** The partner's own person of this e-mail address who is no member here yet, held to the end of the transaction. */
async function findOwnPerson(
  tx: DatabaseTransaction,
  { partner_id, organization, body }: NewMember,
): Promise<UsersTable | undefined> {
  const tenant_id = organization.parent_organization_id ?? organization.organization_id;
  const found = await findUserByEmail(tx, { organization_id: tenant_id, email: normalizeEmail(body.email) });
  if (found === undefined || found.partner_id !== partner_id) return undefined;
  await lockUser(tx, found.user_id);
  // Again: whoever held the row before may have deleted or released them.
  const person = await findUser(tx, found.user_id);
  if (person === undefined || person.partner_id !== partner_id) return undefined;
  const memberships = await listMemberships(tx, person.user_id);
  return memberships.some((one) => one.organization_id === organization.organization_id) ? undefined : person;
}

/** What the body says of a person and nobody has said before: what stands there already is not for this part to change. */
function whatIsMissing(person: UsersTable, body: UserCreate): UserUpdate {
  const details = parseProviderDetails(person.provider_details) ?? {};
  const new_details = Object.entries(providerChange(body) ?? {}).filter(
    ([field, value]) => value && !(field in details),
  );
  return {
    ...(person.title === null && body.title && { title: body.title }),
    ...(person.phone === null && body.phone && { phone: body.phone }),
    ...Object.fromEntries(new_details),
  };
}

/** Makes the partner's own person a member here. */
async function addOwnPerson(
  tx: DatabaseTransaction,
  { person, member }: { person: UsersTable; member: NewMember },
  { by, ...makers }: Authored,
): Promise<string> {
  const { partner_id, organization, body, rules } = member;
  const { user_id } = person;
  const { organization_id } = organization;
  const access_roles = body.access_roles ?? [];
  await joinOrganization(tx, { partner_id, user_id, organization_id, access_roles }, { by, ...makers });
  const changed = await setPersonFields(tx, { person, body: whatIsMissing(person, body), rules });
  const subject = { target_id: user_id, user_id, organization_id, partner_id };
  if (changed.length > 0)
    await recordEvent(tx, { ...by, action: 'user.updated', ...subject, detail: { changed } }, makers);
  return user_id;
}

async function addPerson(
  tx: DatabaseTransaction,
  { partner_id, organization, body }: NewMember,
  authored: Authored,
): Promise<string | undefined> {
  const { access_roles, ...person } = body;
  const change = providerChange(body);
  const provider_details = change === undefined ? null : mergeDetails(null, change);
  const user = { ...person, organization, partner_id, access_roles: access_roles ?? [], provider_details };
  const added = await addUser(tx, user, authored);
  return added?.user_id;
}

/** @throws Problem resource-conflict when the e-mail or the partner_user_id is taken */
export async function createPartnerUser(
  tx: DatabaseTransaction,
  member: NewMember,
  authored: Authored,
): Promise<PartnerMemberRow> {
  const { partner_id, organization, body } = member;
  let user_id = await addPerson(tx, member, authored);
  if (user_id === undefined) {
    const person = await findOwnPerson(tx, member);
    if (person === undefined) throw conflict('User with this email already exists', 'USER_ALREADY_EXISTS');
    user_id = await addOwnPerson(tx, { person, member }, authored);
  }
  const key = { partner_id, organization_id: organization.organization_id, user_id };
  if (body.partner_user_id) await givePartnerUserId(tx, key, body.partner_user_id);
  return getPartnerMember(tx, key);
}
