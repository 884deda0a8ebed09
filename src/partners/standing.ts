// Standing: may this user act in this organization for this partner, and if not, why not. The one rule that minting,
// redeeming and every session check share. "For a partner" means through an integration; "in an organization" means as a member.

import type { Database } from '../db/database.ts';
import { prepared } from '../db/prepared.ts';
import type { IntegrationKey } from '../db/tables.ts';
import { Problem } from '../foundation/problem.ts';
import { type AccessRole, parseAccessRoles } from '../users/roles.ts';
import { parseScopes, type Scope } from './scopes.ts';
import { isVisibleTo } from '../users/partner-member-store.ts';

type MemberKey = IntegrationKey & { user_id: string };

/** What the rule looks at besides the user, and the names that answers and pages show. */
export type Standing = {
  partner: { partner_id: string; name: string; suspended_at: string | null };
  organization: {
    organization_id: string;
    name: string;
    suspended_at: string | null;
    parent_suspended_at: string | null;
  };
  integration: {
    disabled_at: string | null;
    embed_origins: string[];
    redirect_path_prefixes: string[] | undefined;
    return_url: string | undefined;
    scopes: Scope[];
  };
};

export type Member = {
  user_id: string;
  email: string;
  given_name: string;
  family_name: string;
  access_roles: AccessRole[];
  /** Everywhere, by the operator. */
  suspended_at: string | null;
  /** In this organization. */
  disabled_at: string | null;
};

/** Reads a column that holds a JSON array of text. */
export function parseTextList(json: string): string[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

const selectPathPrefixes = prepared((db, { partner_id, organization_id }: IntegrationKey) =>
  db
    .selectFrom('integrations')
    .select('redirect_path_prefixes')
    .where('partner_id', '=', partner_id)
    .where('organization_id', '=', organization_id),
);

function parsePathPrefixes(column: string | null): string[] | undefined {
  return column === null ? undefined : parseTextList(column);
}

/** What an integration narrows its links to; undefined when that is nothing, or there is no integration. */
export async function findPathPrefixes(
  db: Database,
  { partner_id, organization_id }: IntegrationKey,
): Promise<string[] | undefined> {
  const [row] = await selectPathPrefixes(db, { partner_id, organization_id });
  return row && parsePathPrefixes(row.redirect_path_prefixes);
}

const selectStanding = prepared((db, { partner_id, organization_id }: IntegrationKey) =>
  db
    .selectFrom('integrations')
    .innerJoin('partners', 'partners.partner_id', 'integrations.partner_id')
    .innerJoin('organizations', 'organizations.organization_id', 'integrations.organization_id')
    .leftJoin('organizations as parents', 'parents.organization_id', 'organizations.parent_organization_id')
    .select([
      'partners.name as partner_name',
      'partners.suspended_at as partner_suspended_at',
      'organizations.name as organization_name',
      'organizations.suspended_at as organization_suspended_at',
      'parents.suspended_at as parent_suspended_at',
      'integrations.disabled_at',
      'integrations.embed_origins',
      'integrations.redirect_path_prefixes',
      'integrations.return_url',
      'integrations.scopes',
    ])
    .where('integrations.partner_id', '=', partner_id)
    .where('integrations.organization_id', '=', organization_id),
);

/** A partner, an organization and the integration between them; undefined when there is none. */
export async function findStanding(
  db: Database,
  { partner_id, organization_id }: IntegrationKey,
): Promise<Standing | undefined> {
  const [row] = await selectStanding(db, { partner_id, organization_id });
  if (row === undefined) return undefined;
  return {
    partner: { partner_id, name: row.partner_name, suspended_at: row.partner_suspended_at },
    organization: {
      organization_id,
      name: row.organization_name,
      suspended_at: row.organization_suspended_at,
      parent_suspended_at: row.parent_suspended_at,
    },
    integration: {
      disabled_at: row.disabled_at,
      embed_origins: parseTextList(row.embed_origins),
      redirect_path_prefixes: parsePathPrefixes(row.redirect_path_prefixes),
      return_url: row.return_url ?? undefined,
      scopes: parseScopes(row.scopes),
    },
  };
}

const selectMember = prepared((db, { partner_id, organization_id, user_id }: MemberKey) =>
  db
    .selectFrom('memberships')
    .innerJoin('users', 'users.user_id', 'memberships.user_id')
    .select(['users.user_id', 'email', 'given_name', 'family_name', 'suspended_at', 'disabled_at', 'access_roles'])
    .where('memberships.user_id', '=', user_id)
    .where('memberships.organization_id', '=', organization_id)
    .where(isVisibleTo(partner_id)),
);

/**
 * A user as a member of an organization; undefined for everybody else, and for users whom another partner made, so that no
 * tenant learns of another's users.
 */
async function findMember(db: Database, key: MemberKey): Promise<Member | undefined> {
  const [row] = await selectMember(db, key);
  return row && { ...row, access_roles: parseAccessRoles(row.access_roles) };
}

/** For the receipt of a refused attempt. */
function since(moment: string): { received: string } {
  return { received: `not active since ${moment}` };
}

function requireEnabled({ partner, organization, integration }: Standing): void {
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
}

/** @throws Problem partner-suspended, organization-suspended or integration-disabled */
export async function getEnabledStanding(db: Database, key: IntegrationKey): Promise<Standing> {
  const standing = await findStanding(db, key);
  if (standing === undefined)
    throw new Problem('integration-disabled', 'This partner is not enabled for this organization');
  requireEnabled(standing);
  return standing;
}

/** @throws Problem user-not-found or user-suspended */
export async function getActiveMember(db: Database, key: MemberKey): Promise<Member> {
  const member = await findMember(db, key);
  if (member === undefined) throw new Problem('user-not-found', 'There is no such user in this organization');
  if (member.suspended_at !== null)
    throw new Problem('user-suspended', 'This user is suspended', since(member.suspended_at));
  if (member.disabled_at !== null)
    throw new Problem('user-suspended', 'This user is disabled in this organization', since(member.disabled_at));
  return member;
}
