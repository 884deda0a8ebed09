// The rows of users and of their memberships. How a partner sees and names them is in partner-member-store.ts.

import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { MembershipsTable, UsersTable } from '../db/tables.ts';

/** Inserts unless the e-mail is taken in the top-level organization; true when it was inserted. */
export async function insertUser(db: Database, row: UsersTable): Promise<boolean> {
  const inserted = await db
    .insertInto('users')
    .values(row)
    .onConflict((conflict) => conflict.columns(['organization_id', 'email']).doNothing())
    .returning('user_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function findUser(db: Database, user_id: string): Promise<UsersTable | undefined> {
  return db.selectFrom('users').selectAll().where('user_id', '=', user_id).executeTakeFirst();
}

/** Holds a user's row to the end of the transaction, so that of two changes at once neither is lost or half done. */
export async function lockUser(tx: DatabaseTransaction, user_id: string): Promise<void> {
  // Both engines lock what is written; only one of them knows SELECT … FOR UPDATE.
  await tx
    .updateTable('users')
    .set((eb) => ({ created_at: eb.ref('created_at') }))
    .where('user_id', '=', user_id)
    .execute();
}

/** `organization_id` is the top-level one. */
export async function findUserByEmail(
  db: Database,
  { organization_id, email }: Pick<UsersTable, 'organization_id' | 'email'>,
): Promise<UsersTable | undefined> {
  return db
    .selectFrom('users')
    .selectAll()
    .where('organization_id', '=', organization_id)
    .where('email', '=', email)
    .executeTakeFirst();
}

export type UserChange = Partial<
  Pick<UsersTable, 'given_name' | 'family_name' | 'title' | 'phone' | 'provider_details' | 'partner_id'>
>;

export async function updateUser(db: Database, user_id: string, change: UserChange): Promise<void> {
  await db.updateTable('users').set(change).where('user_id', '=', user_id).execute();
}

/** Sets or clears suspended_at; false when the user is in that state already. */
export async function updateUserSuspension(
  db: Database,
  user_id: string,
  suspended_at: string | null,
): Promise<boolean> {
  const row = await db
    .updateTable('users')
    .set({ suspended_at })
    .where('user_id', '=', user_id)
    .where('suspended_at', suspended_at === null ? 'is not' : 'is', null)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Removes a user who is a member of no organization any more; false while there is a membership. */
export async function deleteUserWithoutMembership(db: Database, user_id: string): Promise<boolean> {
  const row = await db
    .deleteFrom('users')
    .where('user_id', '=', user_id)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('memberships').select('user_id').whereRef('memberships.user_id', '=', 'users.user_id')),
      ),
    )
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Sets the whole set of roles; makes the membership if there is none. */
export async function upsertMembership(db: Database, row: MembershipsTable): Promise<void> {
  await db
    .insertInto('memberships')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['user_id', 'organization_id']).doUpdateSet({ access_roles: row.access_roles }),
    )
    .execute();
}

type MembershipKey = Pick<MembershipsTable, 'user_id' | 'organization_id'>;

/** All of a user's memberships; one for each part of the organization, so they are few. */
export async function listMemberships(db: Database, user_id: string): Promise<MembershipsTable[]> {
  return db.selectFrom('memberships').selectAll().where('user_id', '=', user_id).orderBy('organization_id').execute();
}

/** Replaces the whole set of roles; false when there is no such membership. */
export async function updateMembershipRoles(
  db: Database,
  { user_id, organization_id, access_roles }: MembershipKey & Pick<MembershipsTable, 'access_roles'>,
): Promise<boolean> {
  const row = await db
    .updateTable('memberships')
    .set({ access_roles })
    .where('user_id', '=', user_id)
    .where('organization_id', '=', organization_id)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Sets or clears disabled_at; false when the membership is in that state already, or does not exist. */
export async function updateMembershipDisabled(
  db: Database,
  { user_id, organization_id }: MembershipKey,
  disabled_at: string | null,
): Promise<boolean> {
  const row = await db
    .updateTable('memberships')
    .set({ disabled_at })
    .where('user_id', '=', user_id)
    .where('organization_id', '=', organization_id)
    .where('disabled_at', disabled_at === null ? 'is not' : 'is', null)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Takes the partners' ids along; false when there was no such membership. */
export async function deleteMembership(
  tx: DatabaseTransaction,
  { user_id, organization_id }: MembershipKey,
): Promise<boolean> {
  // Or a partner's id could be given between the two, and keep the membership from going.
  await lockUser(tx, user_id);
  await tx
    .deleteFrom('partner_user_ids')
    .where('user_id', '=', user_id)
    .where('organization_id', '=', organization_id)
    .execute();
  const row = await tx
    .deleteFrom('memberships')
    .where('user_id', '=', user_id)
    .where('organization_id', '=', organization_id)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

export type MemberRow = UsersTable & Pick<MembershipsTable, 'access_roles' | 'disabled_at'>;

/** Members of an organization in the order of their user_id; `after` is the user_id that the page before ended with. */
export async function listMembers(
  db: Database,
  organization_id: string,
  page: { limit: number; after?: string },
): Promise<MemberRow[]> {
  let query = db
    .selectFrom('memberships')
    .innerJoin('users', 'users.user_id', 'memberships.user_id')
    .selectAll('users')
    .select(['memberships.access_roles', 'memberships.disabled_at'])
    .where('memberships.organization_id', '=', organization_id)
    .orderBy('memberships.user_id')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where('memberships.user_id', '>', page.after);
  return query.execute();
}
