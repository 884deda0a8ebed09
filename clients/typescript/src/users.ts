// The users of the organization: those this partner created, and those the operator made.

import type { Api, RepeatableOptions } from './api.ts';
import { iteratePages, type Page, type PageOptions, readPage } from './page.ts';
import { pathOf } from './exchange.ts';
import type { CallOptions } from './transport.ts';
import type {
  AccessRole,
  UserCreate,
  UserSession,
  UserSessionsEnded,
  User,
  UserUpdate,
  UserRoles,
  UserAccess,
} from './types.ts';

export type UserFilter = PageOptions & { email?: string; partnerUserId?: string };

export type Users = {
  /**
   * Error `resource-conflict` when the e-mail address (`code` USER_ALREADY_EXISTS) or the partner_user_id
   * (PARTNER_USER_ID_ALREADY_EXISTS) is taken; `validation-error` with `validation` when fields are wrong.
   */
  create: (user: UserCreate, options?: RepeatableOptions) => Promise<User>;
  /** One page. */
  list: (filter?: UserFilter, options?: CallOptions) => Promise<Page<User>>;
  /** All of them, page after page: `for await (const user of handoff.users.iterate())`. */
  iterate: (filter?: UserFilter, options?: CallOptions) => AsyncGenerator<User, void, undefined>;
  get: (userId: string, options?: CallOptions) => Promise<User>;
  /** Changes what is given; null clears what may be empty. The e-mail address and the roles stay as they are. */
  update: (userId: string, changes: UserUpdate, options?: CallOptions) => Promise<User>;
  /** The whole set, at least one. */
  replaceRoles: (userId: string, roles: readonly AccessRole[], options?: CallOptions) => Promise<UserRoles>;
  /** Ends the user's sessions and unspent links in this organization, too. */
  disable: (userId: string, options?: CallOptions) => Promise<UserAccess>;
  enable: (userId: string, options?: CallOptions) => Promise<UserAccess>;
  /** Removes the user from the organization, and ends the sessions and unspent links there. */
  delete: (userId: string, options?: CallOptions) => Promise<void>;
  /** The live sessions that this partner brought about here, newest first; one page. */
  sessions: (userId: string, page?: PageOptions, options?: CallOptions) => Promise<Page<UserSession>>;
  endSessions: (userId: string, options?: CallOptions) => Promise<UserSessionsEnded>;
  endSession: (userId: string, sessionId: string, options?: CallOptions) => Promise<void>;
};

export function createUsers({ organizationId, asBearer, idempotencyHeader }: Api): Users {
  const all = pathOf`/v1/organizations/${organizationId}/users`;
  const one = (userId: string) => `${all}${pathOf`/${userId}`}`;

  const list: Users['list'] = async ({ limit, lastKey, email, partnerUserId } = {}, options) => {
    const query = { limit, lastKey, email, partner_user_id: partnerUserId };
    return readPage(await asBearer<User[]>({ method: 'GET', path: all, query }, options));
  };

  async function put<Data>(path: string, body: object | undefined, options: CallOptions | undefined): Promise<Data> {
    return (await asBearer<Data>({ method: 'PUT', path, body }, options)).data;
  }

  async function remove(path: string, options: CallOptions | undefined): Promise<void> {
    await asBearer({ method: 'DELETE', path, absentIsDone: true }, options);
  }

  return {
    create: async (user, options) => {
      const headers = idempotencyHeader(options);
      return (await asBearer<User>({ method: 'POST', path: all, headers, body: user }, options)).data;
    },
    list,
    iterate: (filter, options) => iteratePages(list, filter, options),
    get: async (userId, options) => (await asBearer<User>({ method: 'GET', path: one(userId) }, options)).data,
    update: async (userId, changes, options) => put(one(userId), changes, options),
    replaceRoles: async (userId, roles, options) => put(`${one(userId)}/roles`, { access_roles: roles }, options),
    disable: async (userId, options) => put(`${one(userId)}/disable`, undefined, options),
    enable: async (userId, options) => put(`${one(userId)}/enable`, undefined, options),
    delete: async (userId, options) => remove(one(userId), options),
    sessions: async (userId, { limit, lastKey } = {}, options) => {
      const request = { method: 'GET', path: `${one(userId)}/sessions`, query: { limit, lastKey } } as const;
      return readPage(await asBearer<UserSession[]>(request, options));
    },
    endSessions: async (userId, options) =>
      (await asBearer<UserSessionsEnded>({ method: 'DELETE', path: `${one(userId)}/sessions` }, options)).data,
    endSession: async (userId, sessionId, options) =>
      remove(`${one(userId)}${pathOf`/sessions/${sessionId}`}`, options),
  };
}
