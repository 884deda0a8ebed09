// Integrations: a partner enabled for an organization, with what the two have agreed (embed origins, allowed paths, where an
// error page leads back to).

import { recordEvent } from '../audit/audit.ts';
import type { Database } from '../db/database.ts';
import type { IntegrationKey, IntegrationsTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import type { Makers } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { withdrawAccess } from '../sso-tokens/withdraw.ts';
import { issueCredential } from './credential.ts';
import { getOrganization } from './organization.ts';
import { getPartner } from './partner.ts';
import { formatScopes, parseScopes, SCOPES, type Scope } from './scopes.ts';
import { parseTextList } from './standing-store.ts';
import {
  findIntegration,
  type IntegrationChange,
  insertIntegration,
  updateIntegration,
  updateIntegrationDisabled,
} from './store.ts';

/** Null takes back what was agreed before. */
export type IntegrationOptions = {
  embed_origins?: string[];
  redirect_path_prefixes?: string[] | null;
  return_url?: string | null;
  scopes?: Scope[];
};

export function toChange(options: IntegrationOptions): IntegrationChange {
  return {
    ...(options.embed_origins && { embed_origins: JSON.stringify(options.embed_origins) }),
    ...(options.redirect_path_prefixes !== undefined && {
      redirect_path_prefixes: options.redirect_path_prefixes && JSON.stringify(options.redirect_path_prefixes),
    }),
    ...(options.return_url !== undefined && { return_url: options.return_url }),
    ...(options.scopes && { scopes: formatScopes(options.scopes) }),
  };
}

/**
 * Enables a partner for an organization and returns the organization's secret for that partner. An integration that exists
 * is enabled again and takes the given options; its secrets stay as they are, and organization_secret is null.
 */
export async function enableIntegration(
  db: Database,
  { options, ...key }: IntegrationKey & { options: IntegrationOptions },
  makers: Makers,
): Promise<{ organization_secret: string | null }> {
  await getPartner(db, key.partner_id);
  await getOrganization(db, key.organization_id);
  const created_at = timestamp(makers.clock());
  const fresh = {
    ...key,
    embed_origins: '[]',
    redirect_path_prefixes: null,
    return_url: null,
    scopes: formatScopes(SCOPES),
    created_at,
    connected_at: null,
    disabled_at: null,
  };
  return db.transaction().execute(async (tx) => {
    const inserted = await insertIntegration(tx, { ...fresh, ...toChange(options) });
    if (!inserted) await updateIntegration(tx, key, { ...toChange(options), disabled_at: null });
    await recordEvent(tx, { actor: 'operator', action: 'integration.enabled', ...key, detail: options }, makers);
    return { organization_secret: inserted ? (await issueCredential(tx, key, makers)).secret : null };
  });
}

/** @throws OperatorError when the partner was never enabled for the organization */
export async function getIntegration(db: Database, key: IntegrationKey): Promise<IntegrationsTable> {
  const integration = await findIntegration(db, key);
  if (integration === undefined) {
    throw new OperatorError(`partner ${key.partner_id} has never been enabled for organization ${key.organization_id}`);
  }
  return integration;
}

/** Disables a partner for an organization and ends what it brought about there; false when disabled already. */
export async function disableIntegration(db: Database, key: IntegrationKey, makers: Makers): Promise<boolean> {
  await getIntegration(db, key);
  return withdrawAccess(
    db,
    {
      change: (tx, now) => updateIntegrationDisabled(tx, key, now),
      scope: key,
      event: { actor: 'operator', action: 'integration.disabled', ...key },
    },
    makers,
  );
}

/** The row with its JSON columns read. */
export function describeIntegration({ embed_origins, redirect_path_prefixes, scopes, ...row }: IntegrationsTable) {
  return {
    ...row,
    scopes: parseScopes(scopes),
    embed_origins: parseTextList(embed_origins),
    redirect_path_prefixes: redirect_path_prefixes === null ? null : parseTextList(redirect_path_prefixes),
  };
}
