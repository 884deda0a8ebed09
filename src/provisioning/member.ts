// A user of an organization as one partner sees them.

import type { Author } from '../audit/audit.ts';
import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { IntegrationKey } from '../db/tables.ts';
import type { Makers } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import { parseAccessRoles } from '../users/roles.ts';
import { findPartnerMember, type PartnerMemberRow } from '../users/partner-member-store.ts';
import { lockUser } from '../users/store.ts';
import { parseProviderDetails } from './provider-details.ts';

/** Who changes a user, and what it takes. */
export type Authored = Makers & { by: Author };

export type MemberKey = IntegrationKey & { user_id: string };

export function noSuchUser(): Problem {
  return new Problem('user-not-found', 'There is no such user in this organization');
}

/** @throws Problem user-not-found, also for users of other organizations and those whom another partner made */
export async function getPartnerMember(db: Database, key: MemberKey): Promise<PartnerMemberRow> {
  const member = await findPartnerMember(db, key);
  if (member === undefined) throw noSuchUser();
  return member;
}

/** The same, held to the end of the transaction: of two changes at once, one sees the other. @throws Problem user-not-found */
export async function lockPartnerMember(tx: DatabaseTransaction, key: MemberKey): Promise<PartnerMemberRow> {
  // First, or anybody could hold anybody's row.
  await getPartnerMember(tx, key);
  await lockUser(tx, key.user_id);
  return getPartnerMember(tx, key);
}

/** `suspended` by the operator, everywhere; `disabled` in this organization. Either keeps the user out. */
export function statusOf({ suspended_at, disabled_at }: PartnerMemberRow): 'active' | 'disabled' | 'suspended' {
  if (suspended_at !== null) return 'suspended';
  return disabled_at === null ? 'active' : 'disabled';
}

export function describeMember(row: PartnerMemberRow) {
  const { user_id, email, given_name, family_name, title, phone, partner_user_id, created_at } = row;
  return {
    user_id,
    email,
    full_name: `${given_name} ${family_name}`,
    given_name,
    family_name,
    title,
    phone,
    partner_user_id,
    access_roles: parseAccessRoles(row.access_roles),
    status: statusOf(row),
    provider_details: parseProviderDetails(row.provider_details),
    created_at,
  };
}
