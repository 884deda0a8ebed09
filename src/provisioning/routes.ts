// The partner's users API: /v1/organizations/{organization_id}/users. Who may call it is said by access-tokens/; what a change
// does, by change-user.ts; a user's sessions are in session-routes.ts.

import { Hono } from 'hono';
import { z } from 'zod';
import type { Deps } from '../deps.ts';
import { validationError } from '../foundation/problem.ts';
import { success } from '../http/answer.ts';
import { boundedBody, jsonBody, queryParameters } from '../http/body.ts';
import type { AppContext, AppEnv } from '../http/context.ts';
import { pageCursor, pageLimit, paginate } from '../http/pagination.ts';
import { createOnce } from '../idempotency/once.ts';
import { authenticateBearer } from '../access-tokens/bearer.ts';
import { getOrganization } from '../partners/organization.ts';
import { listPartnerMembers } from '../users/store.ts';
import { normalizeEmail } from '../users/user.ts';
import {
  createPartnerUser,
  deleteMember,
  disableMember,
  enableMember,
  replaceRoles,
  updatePartnerUser,
} from './change-user.ts';
import { describeMember, getPartnerMember, statusOf } from './member.ts';
import { authorOf, memberKey } from './request.ts';
import { type FieldRules, parseUserCreate, parseUserUpdate, USER_ROLES } from './user-fields.ts';

const USERS = '/v1/organizations/:organization_id/users';
const USER = `${USERS}/:user_id`;

/** Any object: its members are checked together with what depends on them. */
const OBJECT = z.record(z.string(), z.unknown());

const LIST_QUERY = z.object({
  limit: pageLimit,
  lastKey: pageCursor('usr'),
  email: z.string().max(254).transform(normalizeEmail).optional(),
  partner_user_id: z.string().max(255).optional(),
});

function rulesOf({ config, clock }: Deps): FieldRules {
  return { provider_details: config.PROVIDER_DETAILS, now: clock() };
}

async function create(deps: Deps, c: AppContext, raw: Record<string, unknown>): Promise<Response> {
  const body = parseUserCreate(raw, rulesOf(deps));
  const { partner_id, organization_id } = c.get('caller');
  return createOnce(deps, c, {
    create: async (tx) => {
      const organization = await getOrganization(tx, organization_id);
      const member = await createPartnerUser(tx, { partner_id, organization, body }, authorOf(deps, c));
      return { status: 201, message: 'User created successfully', code: 'USER_CREATED', data: describeMember(member) };
    },
  });
}

async function list(deps: Deps, c: AppContext, query: z.output<typeof LIST_QUERY>): Promise<Response> {
  const { limit, lastKey: after, email, partner_user_id } = query;
  const { partner_id, organization_id } = c.get('caller');
  const filter = { ...(email !== undefined && { email }), ...(partner_user_id !== undefined && { partner_user_id }) };
  const rows = await listPartnerMembers(
    deps.db,
    { partner_id, organization_id, ...filter },
    { limit: limit + 1, ...(after !== undefined && { after }) },
  );
  const { page, pagination } = paginate(rows, limit, (row) => row.user_id);
  const message = `Retrieved ${page.length} users successfully`;
  return success(c, deps, { message, data: page.map(describeMember), pagination });
}

async function update(deps: Deps, c: AppContext, raw: Record<string, unknown>): Promise<Response> {
  const rules = rulesOf(deps);
  const change = { key: memberKey(c), body: parseUserUpdate(raw, rules), rules };
  const member = await deps.db.transaction().execute((tx) => updatePartnerUser(tx, change, authorOf(deps, c)));
  return success(c, deps, { message: 'User updated successfully', data: describeMember(member) });
}

/** Disabling and enabling: what was so before is a success too, as the contract has it. */
async function switchMember(deps: Deps, c: AppContext, state: 'disabled' | 'enabled'): Promise<Response> {
  const key = memberKey(c);
  const changed = await (state === 'disabled' ? disableMember : enableMember)(deps.db, key, authorOf(deps, c));
  const message = changed ? `User ${state} successfully` : `User is already ${state}`;
  const status = statusOf(await getPartnerMember(deps.db, key));
  return success(c, deps, { message, data: { user_id: key.user_id, status } });
}

/** To be mounted under the API's base path. */
export function userRoutes(deps: Deps): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const json = boundedBody('application/json');
  const object = jsonBody(OBJECT, validationError);
  routes.post(USERS, authenticateBearer(deps, 'create:user'), json, object, (c) =>
    create(deps, c, c.req.valid('json')),
  );
  routes.get(USERS, authenticateBearer(deps, 'read:users'), queryParameters(LIST_QUERY), (c) =>
    list(deps, c, c.req.valid('query')),
  );
  routes.get(USER, authenticateBearer(deps, 'read:user'), async (c) => {
    const member = await getPartnerMember(deps.db, memberKey(c));
    return success(c, deps, { message: 'User retrieved successfully', data: describeMember(member) });
  });
  routes.put(USER, authenticateBearer(deps, 'update:user'), json, object, (c) => update(deps, c, c.req.valid('json')));
  routes.put(`${USER}/roles`, authenticateBearer(deps, 'update:user'), json, jsonBody(USER_ROLES), async (c) => {
    const change = { key: memberKey(c), access_roles: c.req.valid('json').access_roles };
    const access_roles = await deps.db.transaction().execute((tx) => replaceRoles(tx, change, authorOf(deps, c)));
    const data = { user_id: change.key.user_id, access_roles };
    return success(c, deps, { message: 'User roles updated successfully', data });
  });
  routes.put(`${USER}/disable`, authenticateBearer(deps, 'update:user'), (c) => switchMember(deps, c, 'disabled'));
  routes.put(`${USER}/enable`, authenticateBearer(deps, 'update:user'), (c) => switchMember(deps, c, 'enabled'));
  routes.delete(USER, authenticateBearer(deps, 'delete:user'), async (c) => {
    await deleteMember(deps.db, memberKey(c), authorOf(deps, c));
    return c.body(null, 204);
  });
  return routes;
}
