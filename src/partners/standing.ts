// Standing: may this user act in this organization for this partner, and if not, why not. The one rule that minting,
// redeeming and every session check share. "For a partner" means through an integration; "in an organization" means as a member.

import type { Database } from '../db/database.ts';
import type { IntegrationKey } from '../db/tables.ts';
import { Problem } from '../foundation/problem.ts';
import {
  findAccess,
  findStanding,
  type FoundAccess,
  type Member,
  type MemberKey,
  type Standing,
} from './standing-store.ts';

/** Of a user who may act. */
export type Access = { standing: Standing; member: Member };

/** For the receipt of a refused attempt. */
function since(moment: string): { received: string } {
  return { received: `not active since ${moment}` };
}

function requireEnabled(standing: Standing | undefined): Standing {
  if (standing === undefined)
    throw new Problem('integration-disabled', 'This partner is not enabled for this organization');
  const { partner, organization, integration } = standing;
  const organization_suspended_at = organization.suspended_at ?? organization.parent_suspended_at;
  if (partner.suspended_at !== null)
    throw new Problem('partner-suspended', 'This partner is suspended', since(partner.suspended_at));
  if (organization_suspended_at !== null)
    throw new Problem('organization-suspended', 'This organization is suspended', since(organization_suspended_at));
  if (integration.disabled_at !== null)
    throw new Problem(
      'integration-disabled',
      'This partner is not enabled for this organization',
      since(integration.disabled_at),
    );
  return standing;
}

function requireActive(member: Member | undefined): Member {
  if (member === undefined) throw new Problem('user-not-found', 'There is no such user in this organization');
  if (member.suspended_at !== null)
    throw new Problem('user-suspended', 'This user is suspended', since(member.suspended_at));
  if (member.disabled_at !== null)
    throw new Problem('user-suspended', 'This user is disabled in this organization', since(member.disabled_at));
  return member;
}

/** @throws Problem partner-suspended, organization-suspended, integration-disabled, user-not-found or user-suspended */
export function requireAccess(found: FoundAccess | undefined): Access {
  return { standing: requireEnabled(found?.standing), member: requireActive(found?.member) };
}

/** @throws Problem as requireAccess */
export async function getActiveAccess(db: Database, key: MemberKey): Promise<Access> {
  return requireAccess(await findAccess(db, key));
}

/** @throws Problem partner-suspended, organization-suspended or integration-disabled */
export async function getEnabledStanding(db: Database, key: IntegrationKey): Promise<Standing> {
  return requireEnabled(await findStanding(db, key));
}

/** @throws Problem user-not-found or user-suspended */
export async function getActiveMember(db: Database, key: MemberKey): Promise<Member> {
  return requireActive((await findAccess(db, key))?.member);
}
