// Organizations: clinics and groups of clinics, with one level of sub-organizations. Suspending one suspends those below it.

import { recordEvent } from '../audit/audit.ts';
import type { Database } from '../db/database.ts';
import { isUniqueViolation } from '../db/errors.ts';
import type { OrganizationsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { CHOSEN_ID_RULE, isChosenId, type Makers, newId } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { findOrganization, insertOrganization, listOrganizationTree, updateOrganizationSuspension } from './store.ts';

/** @throws OperatorError when the parent is missing or has a parent itself, or the chosen id is taken or not of the form */
export async function createOrganization(
  db: Database,
  organization: { name: string; id?: string; parent_organization_id?: string },
  makers: Makers,
): Promise<{ organization_id: string }> {
  if (organization.id !== undefined && !isChosenId(organization.id)) throw new OperatorError(CHOSEN_ID_RULE);
  const organization_id = organization.id ?? newId('org', makers);
  const parent_organization_id = organization.parent_organization_id ?? null;
  if (parent_organization_id !== null) {
    const parent = await getOrganization(db, parent_organization_id);
    if (parent.parent_organization_id !== null)
      throw new OperatorError('a sub-organization cannot have sub-organizations');
  }
  const created_at = timestamp(makers.clock());
  const row: OrganizationsTable = {
    organization_id,
    parent_organization_id,
    name: organization.name.trim(),
    created_at,
    suspended_at: null,
  };
  try {
    await db.transaction().execute(async (tx) => {
      await insertOrganization(tx, row);
      await recordEvent(
        tx,
        { actor: 'operator', action: 'organization.created', target_id: organization_id, organization_id },
        makers,
      );
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new OperatorError(`an organization ${organization_id} already exists`);
    throw error;
  }
  return { organization_id };
}

/** @throws OperatorError when there is no such organization */
export async function getOrganization(db: Database, organization_id: string): Promise<OrganizationsTable> {
  const organization = await findOrganization(db, organization_id);
  if (organization === undefined) throw new OperatorError(`there is no organization ${organization_id}`);
  return organization;
}

/** Suspends an organization, and with it its sub-organizations; false when suspended already. */
export async function suspendOrganization(db: Database, organization_id: string, makers: Makers): Promise<boolean> {
  await getOrganization(db, organization_id);
  return withdrawAccess(
    db,
    {
      change: (tx, now) => updateOrganizationSuspension(tx, organization_id, now),
      scope: { organization_ids: await listOrganizationTree(db, organization_id) },
      event: { actor: 'operator', action: 'organization.suspended', target_id: organization_id, organization_id },
    },
    makers,
  );
}

/** False when not suspended. */
export async function resumeOrganization(db: Database, organization_id: string, makers: Makers): Promise<boolean> {
  await getOrganization(db, organization_id);
  const event = {
    actor: 'operator',
    action: 'organization.resumed',
    target_id: organization_id,
    organization_id,
  } as const;
  return restoreAccess(db, { change: (tx) => updateOrganizationSuspension(tx, organization_id, null), event }, makers);
}
