// The partner API as tests speak it: tokens, headers, and users of an organization.

import { randomBytes } from 'node:crypto';
import type { Scope } from '../../src/partners/scopes.ts';
import { type Answer, call, partnerHeaders, problemOf } from './client.ts';
import type { Handoff } from './handoff.ts';
import { basePathOf } from './openapi.ts';
import type { Sample } from './sample.ts';

/** A server that is spoken to; a process of its own will do. */
export type Server = Pick<Handoff, 'url' | 'config'>;
export type Headers4 = Record<string, string>;

/** The four headers that are a partner's authentication, and the type of the body; no user. */
export function partnerHeaders4(sample: Sample): Headers4 {
  const { 'x-user-id': _, ...headers } = partnerHeaders(sample);
  return headers;
}

/** POST /v1/token with a body. */
export async function requestToken(
  server: Server,
  sample: Sample,
  { scope, headers = {} }: { scope?: unknown; headers?: Headers4 } = {},
): Promise<Answer> {
  const body = JSON.stringify({ grantType: 'client_credentials', scope });
  const options = { method: 'POST', headers: { ...partnerHeaders4(sample), ...headers }, body };
  return call(server, `${basePathOf(server.config)}/v1/token`, options);
}

/** A fresh access token: of all approved scopes, or of these. @throws Error when none is granted */
export async function accessToken(server: Server, sample: Sample, scope?: readonly string[]): Promise<string> {
  const answer = await requestToken(server, sample, { scope });
  if (answer.status !== 200) throw new Error(`no access token: ${answer.status}`);
  return (answer.json as { data: { accessToken: string } }).data.accessToken;
}

/** The headers of a call below /v1/organizations with a token that the caller has. */
export function bearerHeaders(token: string, { organization_secret }: Sample): Headers4 {
  return {
    authorization: `Bearer ${token}`,
    'x-organization-secret': organization_secret,
    'content-type': 'application/json',
  };
}

/** The headers of a call below /v1/organizations, with a fresh token of all approved scopes or of these. */
export async function bearer(server: Server, sample: Sample, scope?: readonly Scope[]): Promise<Headers4> {
  return bearerHeaders(await accessToken(server, sample, scope), sample);
}

/** The address of an organization's users, or of something below it: `/usr_…`, `?limit=1`. */
export function usersPath({ config }: Pick<Handoff, 'config'>, { organization_id }: Sample, rest = ''): string {
  return `${basePathOf(config)}/v1/organizations/${organization_id}/users${rest}`;
}

export type UserBody = Record<string, unknown>;

/** A body that creates a provider: every field there is, with an e-mail address and a partner_user_id nobody else has. */
export function newUser(overrides: UserBody = {}): UserBody {
  const unique = randomBytes(6).toString('hex');
  return {
    given_name: 'Pat',
    family_name: 'Provider',
    email: `pat.${unique}@clinic.example`,
    partner_user_id: `CLINIKO#USER_${unique}`,
    access_roles: ['provider'],
    title: 'Dr',
    phone: '+61 2 5550 1234',
    date_of_birth: '1980-02-29',
    sex: 'F',
    hpii_number: '8003610000000001',
    prescriber_type: 'M',
    prescriber_number: '1234567',
    qualifications: 'MBBS, FRACGP',
    provider_number: '2123456A',
    ahpra_number: 'MED0001234567',
    hospital_provider_number: '0012345X',
    ...overrides,
  };
}

/** Only what every user has. */
export function plainUser(overrides: UserBody = {}): UserBody {
  const { given_name, family_name, email } = newUser();
  return { given_name, family_name, email, ...overrides };
}

type UsersCall = { method?: string; rest?: string; headers: Headers4; body?: unknown };

/** A call of the users API: below the sample's organization, with a body as JSON. */
export async function callUsers(
  server: Server,
  sample: Sample,
  { method = 'GET', rest = '', headers, body }: UsersCall,
): Promise<Answer> {
  const text = body === undefined ? {} : { body: JSON.stringify(body) };
  return call(server, usersPath(server, sample, rest), { method, headers, ...text });
}

export type PartnerUser = {
  user_id: string;
  email: string;
  full_name: string;
  given_name: string;
  family_name: string;
  title: string | null;
  phone: string | null;
  partner_user_id: string | null;
  access_roles: string[];
  status: string;
  provider_details: Record<string, string> | null;
  created_at: string;
};

/** `data` of a success: a user, or what the caller has asked for. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller says what the answer holds
export function dataOf<T = PartnerUser>(answer: Answer): T {
  return (answer.json as { data: T }).data;
}

export type Pagination = { count: number; hasNext: boolean; limit: number; lastKey: string | null };

/** The users on a page, and what is said of the next one. */
export function pageOf(answer: Answer): { users: PartnerUser[]; pagination: Pagination } {
  const { data, pagination } = answer.json as { data: PartnerUser[]; pagination: Pagination };
  return { users: data, pagination };
}

/** POST …/users. */
export async function postUser(server: Server, sample: Sample, headers: Headers4, body: unknown): Promise<Answer> {
  return callUsers(server, sample, { method: 'POST', headers, body });
}

/** Creates a user; the sample body without one. @throws Error when it is refused */
export async function createUser(
  server: Server,
  sample: Sample,
  headers: Headers4,
  body: UserBody = newUser(),
): Promise<PartnerUser> {
  const answer = await postUser(server, sample, headers, body);
  if (answer.status !== 201) throw new Error(`no user: ${answer.status}`);
  return dataOf(answer);
}

type Failure = { code?: string; error: { detail: string; validation?: { field: string; code: string }[] } };

/** What a refusal says, without what names this one request. `fields` are those of `validation` with their codes. */
export function refusalOf(answer: Answer) {
  const { code, error } = answer.json as Failure;
  const authenticate = answer.headers.get('www-authenticate');
  return {
    status: answer.status,
    slug: problemOf(answer),
    detail: error.detail,
    ...(code !== undefined && { code }),
    ...(authenticate !== null && { authenticate }),
    ...(error.validation && { fields: error.validation.map((entry) => `${entry.field} ${entry.code}`) }),
  };
}

/** The `validation` of a 422 as `field code`, sorted; undefined for any other answer. */
export function fieldsOf(answer: Answer): string[] | undefined {
  return answer.status === 422 ? refusalOf(answer).fields?.toSorted() : undefined;
}

export const NO_SUCH_USER = {
  status: 404,
  slug: 'user-not-found',
  detail: 'There is no such user in this organization',
};

const NO_SUCH_SESSION = 'ses_019ca8a03e8070000000000000000000';

export type UserCall = {
  what: string;
  method: string;
  /** Below the user's address. */
  rest: string;
  scope: Scope;
  /** What a user who is there gets. */
  status: number;
  body?: unknown;
};

/** Every call that names a user, what takes the user away last. */
export const USER_CALLS: readonly UserCall[] = [
  { what: 'looking at a user', method: 'GET', rest: '', scope: 'read:user', status: 200 },
  { what: 'updating', method: 'PUT', rest: '', scope: 'update:user', status: 200, body: { title: 'Prof' } },
  {
    what: 'replacing roles',
    method: 'PUT',
    rest: '/roles',
    scope: 'update:user',
    status: 200,
    body: { access_roles: ['admin'] },
  },
  { what: 'disabling', method: 'PUT', rest: '/disable', scope: 'update:user', status: 200 },
  { what: 'enabling', method: 'PUT', rest: '/enable', scope: 'update:user', status: 200 },
  { what: 'listing sessions', method: 'GET', rest: '/sessions', scope: 'read:user', status: 200 },
  { what: 'ending sessions', method: 'DELETE', rest: '/sessions', scope: 'update:user', status: 200 },
  {
    what: 'ending one session',
    method: 'DELETE',
    rest: `/sessions/${NO_SUCH_SESSION}`,
    scope: 'update:user',
    // There is none of this id; that the user is there is seen by the type of the problem.
    status: 404,
  },
  { what: 'deleting', method: 'DELETE', rest: '', scope: 'delete:user', status: 204 },
];

/** One of those calls, for a user. */
export async function callUser(
  server: Server,
  sample: Sample,
  { user_id, headers, ...one }: { user_id: string; headers: Headers4 } & Pick<UserCall, 'method' | 'rest' | 'body'>,
): Promise<Answer> {
  return callUsers(server, sample, { ...one, rest: `/${user_id}${one.rest}`, headers });
}
