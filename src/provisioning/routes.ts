// The partner's users API: /v1/organizations/{organization_id}/users. Who may call it is said by access-tokens/; what a change
// does, by change-user.ts; a user's sessions are in session-routes.ts.

import { Hono } from 'hono';
import { z } from 'zod';
import type { AuditAction } from '../audit/audit.ts';
import { recordPartnerRefusals } from '../audit/refusals.ts';
import type { Database } from '../db/database.ts';
import type { UsersTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { validationError } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody, queryParameters } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { pageCursor, pageLimit, paginate } from '../http/pagination.ts';
import { createOnce } from '../idempotency/once.ts';
import { authenticateBearer } from '../access-tokens/bearer.ts';
import { authored } from '../partners/caller.ts';
import type { Scope } from '../partners/scopes.ts';
import { getOrganization } from '../partners/organization.ts';
import {
  findPartnerMember,
  findUserByPartnerId,
  listPartnerMembers,
  type PartnerMemberRow,
} from '../users/partner-member-store.ts';
import { findUserByEmail } from '../users/store.ts';
import { replaceRoles, updatePartnerUser } from './change-user.ts';
import { createPartnerUser } from './create-user.ts';
import { describeMember, getPartnerMember, statusOf } from './member.ts';
import { memberKey } from './request.ts';
import {
  EMAIL,
  type FieldRules,
  PARTNER_USER_ID,
  parseUserCreate,
  parseUserUpdate,
  USER_ROLES,
} from './user-fields.ts';
import { deleteMember, disableMember, enableMember } from './withdraw-user.ts';

const USERS = '/v1/organizations/:organization_id/users';
const USER = `${USERS}/:user_id`;

/** Any object: its members are checked together with what depends on them. */
const OBJECT = z.record(z.string(), z.unknown());

const LIST_QUERY = z.object({
  limit: pageLimit,
  lastKey: pageCursor('usr'),
  email: EMAIL.optional(),
  partner_user_id: PARTNER_USER_ID.optional(),
});

function rulesOf({ config, clock }: Deps): FieldRules {
  return { provider_details: config.PROVIDER_DETAILS, now: clock() };
}

async function create(deps: Deps, c: AppContext, raw: Record<string, unknown>): Promise<Response> {
  const rules = rulesOf(deps);
  const body = parseUserCreate(raw, rules);
  const { partner_id, organization_id } = c.get('caller');
  return createOnce(deps, c, async (tx) => {
    const organization = await getOrganization(tx, organization_id);
    const member = await createPartnerUser(tx, { partner_id, organization, body, rules }, authored(deps, c));
    return { status: 201, message: 'User created successfully', code: 'USER_CREATED', data: describeMember(member) };
  });
}

/** The one user that an e-mail address or the partner's own id finds, if there is one and the partner may see it. */
async function lookUp(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<PartnerMemberRow[]> {
  const { email, partner_user_id } = query;
  const { partner_id, organization_id } = c.get('caller');
  const user_ids = [
    ...(email === undefined ? [] : [(await findTenantUser(deps.db, organization_id, email))?.user_id]),
    ...(partner_user_id === undefined
      ? []
      : [await findUserByPartnerId(deps.db, { partner_id, organization_id, partner_user_id })]),
  ];
  const [user_id, ...others] = new Set(user_ids);
  // Nobody, or two different people.
  if (user_id === undefined || others.length > 0) return [];
  const member = await findPartnerMember(deps.db, { partner_id, organization_id, user_id });
  return member === undefined ? [] : [member];
}

async function findTenantUser(db: Database, organization_id: string, email: string): Promise<UsersTable | undefined> {
  const { parent_organization_id } = await getOrganization(db, organization_id);
  return findUserByEmail(db, { organization_id: parent_organization_id ?? organization_id, email });
}

async function list(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<Response> {
  const { limit, lastKey: after, email, partner_user_id } = query;
  const { partner_id, organization_id } = c.get('caller');
  const page_asked = { limit: limit + 1, ...(after !== undefined && { after }) };
  const rows =
    email === undefined && partner_user_id === undefined
      ? await listPartnerMembers(deps.db, { partner_id, organization_id }, page_asked)
      : (await lookUp(deps, c, query)).filter(({ user_id }) => after === undefined || user_id > after);
  const { page, pagination } = paginate(rows, limit, (row) => row.user_id);
  const message = `Retrieved ${page.length} users successfully`;
  return success(c, deps, { message, data: page.map(describeMember), pagination });
}

async function update(deps: Deps, c: AppContext, raw: Record<string, unknown>): Promise<Response> {
  const rules = rulesOf(deps);
  const change = { key: memberKey(c), body: parseUserUpdate(raw, rules), rules };
  const member = await deps.db.transaction().execute((tx) => updatePartnerUser(tx, change, authored(deps, c)));
  return success(c, deps, { message: 'User updated successfully', data: describeMember(member) });
}

/** Disabling and enabling: what was so before is a success too, as the contract has it. */
async function switchMember(deps: Deps, c: AppContext, state: 'disabled' | 'enabled'): Promise<Response> {
  const key = memberKey(c);
  const changed = await (state === 'disabled' ? disableMember : enableMember)(deps.db, key, authored(deps, c));
  const message = changed ? `User ${state} successfully` : `User is already ${state}`;
  const status = statusOf(await getPartnerMember(deps.db, key));
  return success(c, deps, { message, data: { user_id: key.user_id, status } });
}

/** To be mounted under the API's base path. */
export function userRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const json = boundedBody('application/json');
  const object = jsonBody(OBJECT, validationError);
  const changing = (action: AuditAction, scope: Scope) =>
    [recordPartnerRefusals(deps, action), authenticateBearer(deps, scope)] as const;
  routes.post(USERS, ...changing('user.created', 'create:user'), json, object, (c) =>
    create(deps, c, c.req.valid('json')),
  );
  routes.get(USERS, authenticateBearer(deps, 'read:users'), queryParameters(LIST_QUERY), (c) =>
    list(deps, c, c.req.valid('query')),
  );
  routes.get(USER, authenticateBearer(deps, 'read:user'), async (c) => {
    const member = await getPartnerMember(deps.db, memberKey(c));
    return success(c, deps, { message: 'User retrieved successfully', data: describeMember(member) });
  });
  routes.put(USER, ...changing('user.updated', 'update:user'), json, object, (c) =>
    update(deps, c, c.req.valid('json')),
  );
  routes.put(`${USER}/roles`, ...changing('membership.set', 'update:user'), json, jsonBody(USER_ROLES), async (c) => {
    const change = { key: memberKey(c), access_roles: c.req.valid('json').access_roles };
    const access_roles = await deps.db.transaction().execute((tx) => replaceRoles(tx, change, authored(deps, c)));
    const data = { user_id: change.key.user_id, access_roles };
    return success(c, deps, { message: 'User roles updated successfully', data });
  });
  routes.put(`${USER}/disable`, ...changing('user.disabled', 'update:user'), (c) => switchMember(deps, c, 'disabled'));
  routes.put(`${USER}/enable`, ...changing('user.enabled', 'update:user'), (c) => switchMember(deps, c, 'enabled'));
  routes.delete(USER, ...changing('user.deleted', 'delete:user'), async (c) => {
    await deleteMember(deps.db, memberKey(c), authored(deps, c));
    return c.body(null, 204);
  });
  return routes;
}
