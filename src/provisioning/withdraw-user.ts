// A partner disables, enables or deletes a user of an organization. What takes access away ends sessions and unspent links in the
// same transaction; all of it concerns this organization only.

import type { Database, DatabaseTransaction } from '../db/database.ts';
import { Problem } from '../foundation/problem.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { deleteMembership, deleteUserWithoutMembership, updateMembershipDisabled } from '../users/store.ts';
import { type Authored, lockPartnerMember, type MemberKey } from './member.ts';

/** False when disabled already. @throws Problem user-not-found */
export async function disableMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<boolean> {
  const { organization_id, user_id } = key;
  return withdrawAccess(
    db,
    {
      change: async (tx, now) => {
        await lockPartnerMember(tx, key);
        return updateMembershipDisabled(tx, key, now);
      },
      scope: { organization_id, user_id },
      event: { ...by, action: 'user.disabled', target_id: user_id, ...key },
    },
    makers,
  );
}

/** False when enabled already. @throws Problem user-not-found */
export async function enableMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<boolean> {
  const event = { ...by, action: 'user.enabled', target_id: key.user_id, ...key } as const;
  const change = async (tx: DatabaseTransaction) => {
    await lockPartnerMember(tx, key);
    return updateMembershipDisabled(tx, key, null);
  };
  return restoreAccess(db, { change, event }, makers);
}

/**
 * Removes a user from the organization, and altogether where they are a member of no other.
 * @throws Problem user-not-found, or user-suspended: made anew, a user whom the operator has suspended would be active again
 */
export async function deleteMember(db: Database, key: MemberKey, { by, ...makers }: Authored): Promise<void> {
  const { organization_id, user_id } = key;
  await withdrawAccess(
    db,
    {
      change: async (tx) => {
        const { suspended_at } = await lockPartnerMember(tx, key);
        if (suspended_at !== null)
          throw new Problem('user-suspended', 'The operator has suspended this user, and is the one to delete them');
        await deleteMembership(tx, key);
        await deleteUserWithoutMembership(tx, user_id);
        return true;
      },
      scope: { organization_id, user_id },
      event: { ...by, action: 'user.deleted', target_id: user_id, ...key },
    },
    makers,
  );
}
