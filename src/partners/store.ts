// The rows of partners, organizations and integrations.

import type { Database, DatabaseTransaction } from '../db/database.ts';
import type { IntegrationKey, IntegrationsTable, OrganizationsTable, PartnersTable } from '../db/tables.ts';

type Page = { limit: number; after?: string };

export async function insertPartner(db: Database, row: PartnersTable): Promise<void> {
  await db.insertInto('partners').values(row).execute();
}

export async function findPartner(db: Database, partner_id: string): Promise<PartnersTable | undefined> {
  return db.selectFrom('partners').selectAll().where('partner_id', '=', partner_id).executeTakeFirst();
}

/** Holds a partner's row to the end of the transaction: of two changes of its secrets at once, one sees the other. */
export async function lockPartner(tx: DatabaseTransaction, partner_id: string): Promise<void> {
  await tx
    .updateTable('partners')
    .set((eb) => ({ created_at: eb.ref('created_at') }))
    .where('partner_id', '=', partner_id)
    .execute();
}

export async function listPartners(db: Database, page: Page): Promise<PartnersTable[]> {
  let query = db.selectFrom('partners').selectAll().orderBy('partner_id').limit(page.limit);
  if (page.after !== undefined) query = query.where('partner_id', '>', page.after);
  return query.execute();
}

/** Sets or clears suspended_at; false when the partner is in that state already. */
export async function updatePartnerSuspension(
  db: Database,
  partner_id: string,
  suspended_at: string | null,
): Promise<boolean> {
  const row = await db
    .updateTable('partners')
    .set({ suspended_at })
    .where('partner_id', '=', partner_id)
    .where('suspended_at', suspended_at === null ? 'is not' : 'is', null)
    .returning('partner_id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertOrganization(db: Database, row: OrganizationsTable): Promise<void> {
  await db.insertInto('organizations').values(row).execute();
}

export async function findOrganization(db: Database, organization_id: string): Promise<OrganizationsTable | undefined> {
  return db.selectFrom('organizations').selectAll().where('organization_id', '=', organization_id).executeTakeFirst();
}

export async function listOrganizations(db: Database, page: Page): Promise<OrganizationsTable[]> {
  let query = db.selectFrom('organizations').selectAll().orderBy('organization_id').limit(page.limit);
  if (page.after !== undefined) query = query.where('organization_id', '>', page.after);
  return query.execute();
}

/** The organization and its sub-organizations. */
export async function listOrganizationTree(db: Database, organization_id: string): Promise<string[]> {
  const rows = await db
    .selectFrom('organizations')
    .select('organization_id')
    .where((eb) =>
      eb.or([eb('organization_id', '=', organization_id), eb('parent_organization_id', '=', organization_id)]),
    )
    .execute();
  return rows.map((row) => row.organization_id);
}

/** Sets or clears suspended_at; false when the organization is in that state already. */
export async function updateOrganizationSuspension(
  db: Database,
  organization_id: string,
  suspended_at: string | null,
): Promise<boolean> {
  const row = await db
    .updateTable('organizations')
    .set({ suspended_at })
    .where('organization_id', '=', organization_id)
    .where('suspended_at', suspended_at === null ? 'is not' : 'is', null)
    .returning('organization_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Inserts unless the pair is there already; true when it was inserted. */
export async function insertIntegration(db: Database, row: IntegrationsTable): Promise<boolean> {
  const inserted = await db
    .insertInto('integrations')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .returning('partner_id')
    .executeTakeFirst();
  return inserted !== undefined;
}

export async function findIntegration(db: Database, key: IntegrationKey): Promise<IntegrationsTable | undefined> {
  return db
    .selectFrom('integrations')
    .selectAll()
    .where('partner_id', '=', key.partner_id)
    .where('organization_id', '=', key.organization_id)
    .executeTakeFirst();
}

export type IntegrationChange = Partial<Omit<IntegrationsTable, keyof IntegrationKey | 'created_at'>>;

export async function updateIntegration(db: Database, key: IntegrationKey, change: IntegrationChange): Promise<void> {
  await db
    .updateTable('integrations')
    .set(change)
    .where('partner_id', '=', key.partner_id)
    .where('organization_id', '=', key.organization_id)
    .execute();
}

/** Sets disabled_at; false when the integration is disabled already. */
export async function updateIntegrationDisabled(
  db: Database,
  key: IntegrationKey,
  disabled_at: string,
): Promise<boolean> {
  const row = await db
    .updateTable('integrations')
    .set({ disabled_at })
    .where('partner_id', '=', key.partner_id)
    .where('organization_id', '=', key.organization_id)
    .where('disabled_at', 'is', null)
    .returning('partner_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Sets connected_at; false when the integration has been connected before. */
export async function updateIntegrationConnected(
  db: Database,
  key: IntegrationKey,
  connected_at: string,
): Promise<boolean> {
  const row = await db
    .updateTable('integrations')
    .set({ connected_at })
    .where('partner_id', '=', key.partner_id)
    .where('organization_id', '=', key.organization_id)
    .where('connected_at', 'is', null)
    .returning('partner_id')
    .executeTakeFirst();
  return row !== undefined;
}

export type IntegrationFilter = Partial<IntegrationKey>;

/** In the order of (organization_id, partner_id). */
export async function listIntegrations(
  db: Database,
  filter: IntegrationFilter,
  page: { limit: number; after?: IntegrationKey },
): Promise<IntegrationsTable[]> {
  let query = db
    .selectFrom('integrations')
    .selectAll()
    .orderBy('organization_id')
    .orderBy('partner_id')
    .limit(page.limit);
  if (filter.partner_id !== undefined) query = query.where('partner_id', '=', filter.partner_id);
  if (filter.organization_id !== undefined) query = query.where('organization_id', '=', filter.organization_id);
  const { after } = page;
  if (after !== undefined) {
    query = query.where((eb) =>
      eb.or([
        eb('organization_id', '>', after.organization_id),
        eb.and([eb('organization_id', '=', after.organization_id), eb('partner_id', '>', after.partner_id)]),
      ]),
    );
  }
  return query.execute();
}

/** What the integrations that are not disabled have registered, a JSON array of text each; none is left out but the empty ones. */
export async function listEmbedOrigins(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('integrations')
    .select('embed_origins')
    .distinct()
    .where('disabled_at', 'is', null)
    .where('embed_origins', '<>', '[]')
    .execute();
  return rows.map((row) => row.embed_origins);
}
