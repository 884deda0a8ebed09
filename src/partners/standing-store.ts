// What standing is judged by, in one query each: partner, organization and the integration between them; the same with a member; the
// same with the session that stands for all of them. The rule itself is in standing.ts.

import { type InferResult, sql } from 'kysely';
import type { Database } from '../db/database.ts';
import { prepared } from '../db/prepared.ts';
import type { IntegrationKey, SessionsTable } from '../db/tables.ts';
import { pickSession, SESSION_COLUMNS } from '../sessions/store.ts';
import { isVisibleTo } from '../users/partner-member-store.ts';
import { type AccessRole, parseAccessRoles } from '../users/roles.ts';
import { parseScopes, type Scope } from './scopes.ts';

/** A user in an organization, through a partner. */
export type MemberKey = IntegrationKey & { user_id: string };

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

/**
 * `member` is undefined for everybody who is none, and for users whom another partner made, so that no tenant learns of another's
 * users.
 */
export type FoundAccess = { standing: Standing; member: Member | undefined };

/** Reads a column that holds a JSON array of text. */
export function parseTextList(json: string): string[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list.filter((entry) => typeof entry === 'string') : [];
}

/** What an integration narrows its links to; undefined when that is nothing. */
export function parsePathPrefixes(column: string | null): string[] | undefined {
  return column === null ? undefined : parseTextList(column);
}

function standings(db: Database) {
  return db
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
      'integrations.disabled_at as integration_disabled_at',
      'integrations.embed_origins',
      'integrations.redirect_path_prefixes',
      'integrations.return_url',
      'integrations.scopes',
    ]);
}

type StandingRow = InferResult<ReturnType<typeof standings>>[number];

function standingOf({ partner_id, organization_id }: IntegrationKey, row: StandingRow): Standing {
  return {
    partner: { partner_id, name: row.partner_name, suspended_at: row.partner_suspended_at },
    organization: {
      organization_id,
      name: row.organization_name,
      suspended_at: row.organization_suspended_at,
      parent_suspended_at: row.parent_suspended_at,
    },
    integration: {
      disabled_at: row.integration_disabled_at,
      embed_origins: parseTextList(row.embed_origins),
      redirect_path_prefixes: parsePathPrefixes(row.redirect_path_prefixes),
      return_url: row.return_url ?? undefined,
      scopes: parseScopes(row.scopes),
    },
  };
}

const selectStanding = prepared((db, key: IntegrationKey) =>
  standings(db)
    .where('integrations.partner_id', '=', key.partner_id)
    .where('integrations.organization_id', '=', key.organization_id),
);

/** A partner, an organization and the integration between them; undefined when there is none. */
export async function findStanding(db: Database, key: IntegrationKey): Promise<Standing | undefined> {
  const { partner_id, organization_id } = key;
  const [row] = await selectStanding(db, { partner_id, organization_id });
  return row && standingOf(key, row);
}

// Outer joins: whoever is no member has a standing all the same, and is told of that first.
const MEMBER_COLUMNS = [
  'users.user_id as member_id',
  'users.email',
  'users.given_name',
  'users.family_name',
  'users.suspended_at as user_suspended_at',
  'memberships.disabled_at as member_disabled_at',
  'memberships.access_roles',
] as const;

const visibleUsers = isVisibleTo(sql.ref<string>('integrations.partner_id'));

const selectAccess = prepared((db, key: MemberKey) =>
  standings(db)
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.organization_id', '=', 'integrations.organization_id')
        .on('memberships.user_id', '=', key.user_id),
    )
    .leftJoin('users', (join) => join.onRef('users.user_id', '=', 'memberships.user_id').on(visibleUsers))
    .select(MEMBER_COLUMNS)
    .where('integrations.partner_id', '=', key.partner_id)
    .where('integrations.organization_id', '=', key.organization_id),
);

type AccessRow = Awaited<ReturnType<typeof selectAccess>>[number];

function memberOf(row: AccessRow): Member | undefined {
  const { member_id: user_id, email, given_name, family_name, access_roles } = row;
  if (user_id === null || email === null || given_name === null || family_name === null) return undefined;
  return {
    user_id,
    email,
    given_name,
    family_name,
    access_roles: parseAccessRoles(access_roles ?? '[]'),
    suspended_at: row.user_suspended_at,
    disabled_at: row.member_disabled_at,
  };
}

/** A standing and the user in it; undefined when there is no integration. */
export async function findAccess(db: Database, key: MemberKey): Promise<FoundAccess | undefined> {
  const { partner_id, organization_id, user_id } = key;
  const [row] = await selectAccess(db, { partner_id, organization_id, user_id });
  return row && { standing: standingOf(key, row), member: memberOf(row) };
}

const selectSession = prepared((db, { session_id }: { session_id: string }) =>
  standings(db)
    .innerJoin('sessions', (join) =>
      join
        .onRef('sessions.partner_id', '=', 'integrations.partner_id')
        .onRef('sessions.organization_id', '=', 'integrations.organization_id'),
    )
    .leftJoin('memberships', (join) =>
      join
        .onRef('memberships.organization_id', '=', 'sessions.organization_id')
        .onRef('memberships.user_id', '=', 'sessions.user_id'),
    )
    .leftJoin('users', (join) => join.onRef('users.user_id', '=', 'memberships.user_id').on(visibleUsers))
    .select(MEMBER_COLUMNS)
    .select(SESSION_COLUMNS)
    .where('sessions.session_id', '=', session_id),
);

/** A session, whatever its state, and the access that it stands for. */
export async function findSessionAccess(
  db: Database,
  session_id: string,
): Promise<(FoundAccess & { session: SessionsTable }) | undefined> {
  const [row] = await selectSession(db, { session_id });
  return row && { session: pickSession(row), standing: standingOf(row, row), member: memberOf(row) };
}
