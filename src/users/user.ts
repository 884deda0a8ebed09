// People and their memberships: created, suspended, resumed, joined to organizations. A user belongs to one top-level
// organization, where the e-mail is unique, and may be a member of it and of its sub-organizations.

import { recordEvent } from '../audit/audit.ts';
import { type Database, isUniqueViolation } from '../db/database.ts';
import type { OrganizationsTable, UsersTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { type Makers, newId } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { type AccessRole, formatAccessRoles } from './roles.ts';
import { deleteMembership, findUser, insertUser, updateUserSuspension, upsertMembership } from './store.ts';

/** The form in which e-mail addresses are stored and compared. */
export function normalizeEmail(email: string): string {
  return email.trim().toLowerCase();
}

export type NewUser = {
  organization: OrganizationsTable;
  email: string;
  given_name: string;
  family_name: string;
  access_roles: AccessRole[];
};

/** @throws OperatorError when the e-mail is taken in the top-level organization */
export async function createUser(db: Database, user: NewUser, makers: Makers): Promise<{ user_id: string }> {
  const user_id = newId('usr', makers);
  const created_at = timestamp(makers.clock());
  const { organization_id, parent_organization_id } = user.organization;
  const row: UsersTable = {
    user_id,
    organization_id: parent_organization_id ?? organization_id,
    email: normalizeEmail(user.email),
    given_name: user.given_name.trim(),
    family_name: user.family_name.trim(),
    created_at,
    suspended_at: null,
  };
  try {
    await db.transaction().execute(async (tx) => {
      await insertUser(tx, row);
      await upsertMembership(tx, {
        user_id,
        organization_id,
        access_roles: formatAccessRoles(user.access_roles),
        created_at,
      });
      await recordEvent(
        tx,
        { actor: 'operator', action: 'user.created', target_id: user_id, user_id, organization_id },
        makers,
      );
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new OperatorError('a user with this e-mail already exists in the organization');
    throw error;
  }
  return { user_id };
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
  const created_at = timestamp(makers.clock());
  await db.transaction().execute(async (tx) => {
    await upsertMembership(tx, { user_id, organization_id, access_roles: formatAccessRoles(access_roles), created_at });
    await recordEvent(
      tx,
      {
        actor: 'operator',
        action: 'membership.set',
        target_id: user_id,
        user_id,
        organization_id,
        detail: { access_roles },
      },
      makers,
    );
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
      change: (tx) => deleteMembership(tx, key.user_id, key.organization_id),
      scope: key,
      event: { actor: 'operator', action: 'membership.removed', target_id: key.user_id, ...key },
    },
    makers,
  );
}
