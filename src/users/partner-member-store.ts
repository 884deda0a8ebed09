// Members as one partner sees them, and the ids of its own that it knows them by.

import type { Expression, ExpressionBuilder } from 'kysely';
import type { Database } from '../db/database.ts';
import { prepared } from '../db/prepared.ts';
import type { IntegrationKey, PartnerUserIdsTable, Tables } from '../db/tables.ts';
import type { MemberRow } from './store.ts';

/** The users that a partner sees: those it made, and those that are the organization's own. */
export function isVisibleTo(partner_id: string | Expression<string>) {
  return (eb: ExpressionBuilder<Tables, 'users'>) =>
    eb.or([eb('users.partner_id', 'is', null), eb('users.partner_id', '=', partner_id)]);
}

/** A member as one partner sees them. */
export type PartnerMemberRow = MemberRow & { partner_user_id: string | null };

function partnerMembers(db: Database, { partner_id, organization_id }: IntegrationKey) {
  return db
    .selectFrom('memberships')
    .innerJoin('users', 'users.user_id', 'memberships.user_id')
    .leftJoin('partner_user_ids', (join) =>
      join
        .onRef('partner_user_ids.user_id', '=', 'memberships.user_id')
        .onRef('partner_user_ids.organization_id', '=', 'memberships.organization_id')
        .on('partner_user_ids.partner_id', '=', partner_id),
    )
    .select([
      'users.user_id',
      'users.organization_id',
      'users.partner_id',
      'users.email',
      'users.given_name',
      'users.family_name',
      'users.title',
      'users.phone',
      'users.provider_details',
      'users.created_at',
      'users.suspended_at',
      'memberships.access_roles',
      'memberships.disabled_at',
      'partner_user_ids.partner_user_id',
    ])
    .where('memberships.organization_id', '=', organization_id)
    .where(isVisibleTo(partner_id));
}

const selectPartnerMember = prepared((db, key: IntegrationKey & { user_id: string }) =>
  partnerMembers(db, key).where('memberships.user_id', '=', key.user_id),
);

export async function findPartnerMember(
  db: Database,
  key: IntegrationKey & { user_id: string },
): Promise<PartnerMemberRow | undefined> {
  const [row] = await selectPartnerMember(db, key);
  return row;
}

/** In the order of their user_id; `after` is the user_id that the page before ended with. */
export async function listPartnerMembers(
  db: Database,
  key: IntegrationKey,
  page: { limit: number; after?: string },
): Promise<PartnerMemberRow[]> {
  let query = partnerMembers(db, key).orderBy('memberships.user_id').limit(page.limit);
  if (page.after !== undefined) query = query.where('memberships.user_id', '>', page.after);
  return query.execute();
}

/** Inserts unless the partner has given this id to somebody else there; true when it was inserted. */
export async function insertPartnerUserId(db: Database, row: PartnerUserIdsTable): Promise<boolean> {
  const inserted = await db
    .insertInto('partner_user_ids')
    .values(row)
    .onConflict((conflict) => conflict.columns(['partner_id', 'organization_id', 'partner_user_id']).doNothing())
    .returning('user_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function deletePartnerUserId(db: Database, key: IntegrationKey & { user_id: string }): Promise<void> {
  await db
    .deleteFrom('partner_user_ids')
    .where('user_id', '=', key.user_id)
    .where('organization_id', '=', key.organization_id)
    .where('partner_id', '=', key.partner_id)
    .execute();
}

const selectByPartnerId = prepared((db, key: Omit<PartnerUserIdsTable, 'user_id'>) =>
  db
    .selectFrom('partner_user_ids')
    .select('user_id')
    .where('partner_id', '=', key.partner_id)
    .where('organization_id', '=', key.organization_id)
    .where('partner_user_id', '=', key.partner_user_id),
);

/** The user whom a partner knows by an id of its own. */
export async function findUserByPartnerId(
  db: Database,
  { partner_id, organization_id, partner_user_id }: Omit<PartnerUserIdsTable, 'user_id'>,
): Promise<string | undefined> {
  const [row] = await selectByPartnerId(db, { partner_id, organization_id, partner_user_id });
  return row?.user_id;
}
