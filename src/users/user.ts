// People and their memberships: created, suspended, resumed, joined to organizations. A user belongs to one top-level
// organization, where the e-mail is unique, and may be a member of it and of its sub-organizations.

import { z } from 'zod';
import { type Author, OPERATOR, recordEvent } from '../audit/audit.ts';
import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { OrganizationsTable, UsersTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { type Makers, newId } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { type AccessRole, formatAccessRoles, parseAccessRoles } from './roles.ts';
import {
  deleteMembership,
  deleteUserWithoutMembership,
  findUser,
  insertUser,
  type UserChange,
  updateUser,
  updateUserSuspension,
  upsertMembership,
  listMemberships,
  lockUser,
} from './store.ts';

/** The form in which e-mail addresses are stored and compared. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

const EMAIL = z.email();
const EMAIL_LENGTH = 254;

/** True for an address in its stored form (RFC 5321, 4.5.3.1.3 for its length). */
export function isEmailAddress(email: string): boolean {
  return email.length <= EMAIL_LENGTH && EMAIL.safeParse(email).success;
}

export type NewUser = {
  organization: OrganizationsTable;
  /** The partner that makes this user; null when the organization does. */
  partner_id: string | null;
  email: string;
  given_name: string;
  family_name: string;
  access_roles: readonly AccessRole[];
  title?: string | null | undefined;
  phone?: string | null | undefined;
  provider_details?: object | null;
};

function userRow(user: NewUser, makers: Makers): UsersTable {
  const { organization_id, parent_organization_id } = user.organization;
  return {
    user_id: newId('usr', makers),
    organization_id: parent_organization_id ?? organization_id,
    partner_id: user.partner_id,
    email: normalizeEmail(user.email),
    given_name: user.given_name.trim(),
    family_name: user.family_name.trim(),
    title: user.title ?? null,
    phone: user.phone ?? null,
    provider_details: user.provider_details ? JSON.stringify(user.provider_details) : null,
    created_at: timestamp(makers.clock()),
    suspended_at: null,
  };
}

/** Adds a user who is a member of an organization; undefined when the e-mail is taken in the top-level organization. */
export async function addUser(
  tx: DatabaseTransaction,
  user: NewUser,
  { by, ...makers }: Makers & { by: Author },
): Promise<UsersTable | undefined> {
  const row = userRow(user, makers);
  if (!(await insertUser(tx, row))) return undefined;
  const { user_id, created_at } = row;
  const { organization_id } = user.organization;
  const access_roles = formatAccessRoles(user.access_roles);
  await upsertMembership(tx, { user_id, organization_id, access_roles, created_at, disabled_at: null });
  const subject = {
    target_id: user_id,
    user_id,
    organization_id,
    ...(row.partner_id && { partner_id: row.partner_id }),
  };
  const detail = { access_roles: parseAccessRoles(access_roles) };
  await recordEvent(tx, { ...by, action: 'user.created', ...subject, detail }, makers);
  return row;
}

/** The operator's way to add a user of the organization's own. @throws OperatorError when the e-mail is taken */
export async function createUser(
  db: Database,
  user: Omit<NewUser, 'partner_id'>,
  makers: Makers,
): Promise<{ user_id: string }> {
  const options = { ...makers, by: OPERATOR };
  const added = await db.transaction().execute((tx) => addUser(tx, { ...user, partner_id: null }, options));
  if (added === undefined) throw new OperatorError('a user with this e-mail already exists in the organization');
  return { user_id: added.user_id };
}

/** @throws OperatorError when there is no such user */
export async function getUser(db: Database, user_id: string): Promise<UsersTable> {
  const user = await findUser(db, user_id);
  if (user === undefined) throw new OperatorError(`there is no user ${user_id}`);
  return user;
}

/** Suspends a user and ends their sessions and unspent tokens with it; false when suspended already. */
export async function suspendUser(db: Database, user_id: string, makers: Makers): Promise<boolean> {
  await getUser(db, user_id);
  return withdrawAccess(
    db,
    {
      change: (tx, now) => updateUserSuspension(tx, user_id, now),
      scope: { user_id },
      event: { actor: 'operator', action: 'user.suspended', target_id: user_id, user_id },
    },
    makers,
  );
}

/** False when the user is not suspended. */
export async function resumeUser(db: Database, user_id: string, makers: Makers): Promise<boolean> {
  await getUser(db, user_id);
  const event = { actor: 'operator', action: 'user.resumed', target_id: user_id, user_id } as const;
  return restoreAccess(db, { change: (tx) => updateUserSuspension(tx, user_id, null), event }, makers);
}

/** The operator's way to change a person. @throws OperatorError when there is no such user */
export async function changeUser(
  db: Database,
  { user_id, change }: { user_id: string; change: UserChange },
  makers: Makers,
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await getUser(tx, user_id);
    await updateUser(tx, user_id, change);
    const detail = { changed: Object.keys(change) };
    await recordEvent(tx, { ...OPERATOR, action: 'user.updated', target_id: user_id, user_id, detail }, makers);
  });
}

/** Removes a user from every organization and altogether, with their sessions and unspent tokens. */
export async function deleteUser(db: Database, user_id: string, makers: Makers): Promise<boolean> {
  return withdrawAccess(
    db,
    {
      change: async (tx) => {
        await lockUser(tx, user_id);
        await getUser(tx, user_id);
        for (const membership of await listMemberships(tx, user_id)) await deleteMembership(tx, membership);
        return deleteUserWithoutMembership(tx, user_id);
      },
      scope: { user_id },
      event: { ...OPERATOR, action: 'user.deleted', target_id: user_id, user_id },
    },
    makers,
  );
}

/** Makes a user a member, or replaces the roles; the caller has made sure that the organization is of the user's tenant. */
export async function joinOrganization(
  tx: DatabaseTransaction,
  membership: { partner_id?: string; user_id: string; organization_id: string; access_roles: readonly AccessRole[] },
  { by, ...makers }: Makers & { by: Author },
): Promise<void> {
  const { partner_id, user_id, organization_id } = membership;
  await lockUser(tx, user_id);
  const before = (await listMemberships(tx, user_id)).find((one) => one.organization_id === organization_id);
  const access_roles = formatAccessRoles(membership.access_roles);
  const created_at = timestamp(makers.clock());
  await upsertMembership(tx, { user_id, organization_id, access_roles, created_at, disabled_at: null });
  const detail = describeRoles(access_roles, before?.access_roles);
  const subject = { target_id: user_id, user_id, organization_id, ...(partner_id && { partner_id }) };
  await recordEvent(tx, { ...by, action: 'membership.set', ...subject, detail }, makers);
}

/** For an audit event: who was given what, and had what before. */
export function describeRoles(access_roles: string, before: string | undefined) {
  return {
    access_roles: parseAccessRoles(access_roles),
    before: before === undefined ? null : parseAccessRoles(before),
  };
}

/** Makes a partner's user the organization's own, whom all its partners see; false when the user is that already. */
export async function releaseUser(db: Database, user_id: string, makers: Makers): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await lockUser(tx, user_id);
    const { partner_id } = await getUser(tx, user_id);
    if (partner_id === null) return false;
    await updateUser(tx, user_id, { partner_id: null });
    await recordEvent(tx, { ...OPERATOR, action: 'user.released', target_id: user_id, user_id, partner_id }, makers);
    return true;
  });
}

/** Makes a user a member of an organization, or replaces the roles there. @throws OperatorError across tenants */
export async function setMembership(
  db: Database,
  membership: { user: UsersTable; organization: OrganizationsTable; access_roles: AccessRole[] },
  makers: Makers,
): Promise<void> {
  const { user, organization, access_roles } = membership;
  const { organization_id, parent_organization_id } = organization;
  if (user.organization_id !== (parent_organization_id ?? organization_id)) {
    throw new OperatorError('the user belongs to another top-level organization');
  }
  const { user_id } = user;
  await db.transaction().execute(async (tx) => {
    await joinOrganization(tx, { user_id, organization_id, access_roles }, { ...makers, by: OPERATOR });
  });
}

/** Ends a membership with its sessions and unspent tokens; false when there was none. */
export async function removeMembership(
  db: Database,
  key: { user_id: string; organization_id: string },
  makers: Makers,
): Promise<boolean> {
  return withdrawAccess(
    db,
    {
      change: (tx) => deleteMembership(tx, key),
      scope: key,
      event: { actor: 'operator', action: 'membership.removed', target_id: key.user_id, ...key },
    },
    makers,
  );
}
