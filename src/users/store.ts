// The rows of users and memberships.

import type { Database } from '../db/database.ts';
import type { MembershipsTable, UsersTable } from '../db/tables.ts';

export async function insertUser(db: Database, row: UsersTable): Promise<void> {
  await db.insertInto('users').values(row).execute();
}

export async function findUser(db: Database, user_id: string): Promise<UsersTable | undefined> {
  return db.selectFrom('users').selectAll().where('user_id', '=', user_id).executeTakeFirst();
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

/** False when there was no such membership. */
export async function deleteMembership(db: Database, user_id: string, organization_id: string): Promise<boolean> {
  const row = await db
    .deleteFrom('memberships')
    .where('user_id', '=', user_id)
    .where('organization_id', '=', organization_id)
    .returning('user_id')
    .executeTakeFirst();
  return row !== undefined;
}

export type MemberRow = UsersTable & { access_roles: string };

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
    .select('memberships.access_roles')
    .where('memberships.organization_id', '=', organization_id)
    .orderBy('memberships.user_id')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where('memberships.user_id', '>', page.after);
  return query.execute();
}
