// A user of an organization as one partner sees them.

import type { Database } from '../db/database.ts';
import { Problem } from '../foundation/problem.ts';
import { parseAccessRoles } from '../users/roles.ts';
import { findPartnerMember, type IntegrationKey, type PartnerMemberRow } from '../users/store.ts';
import { parseProviderDetails } from './provider-details.ts';

export type MemberKey = IntegrationKey & { user_id: string };

/** @throws Problem user-not-found, also for users of other organizations and those whom another partner made */
export async function getPartnerMember(db: Database, key: MemberKey): Promise<PartnerMemberRow> {
  const member = await findPartnerMember(db, key);
  if (member === undefined) throw new Problem('user-not-found', 'There is no such user in this organization');
  return member;
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
