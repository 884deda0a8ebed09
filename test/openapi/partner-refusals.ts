// What a partner's server is refused: each request would have been granted, but for one thing.

import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { getUser, setMembership, suspendUser } from '../../src/users/user.ts';
import { disableIntegration } from '../../src/partners/integration.ts';
import { SCOPES } from '../../src/partners/scopes.ts';
import { mintLink, openLink } from '../support/client.ts';
import { type Operation, OPERATIONS } from '../support/openapi.ts';
import { accessToken, bearerHeaders, dataOf, newUser, type PartnerUser } from '../support/partner-api.ts';
import { type Ask, type Caller, expectDone, type Refusal, withHeaders } from './asked.ts';
import { organization, partner, user } from './partner-requests.ts';
import { usualRequest } from './requests.ts';

const creating =
  (members: object = {}) =>
  (caller: Caller) =>
    organization('POST', '/users', newUser({ ...members }))(caller);

/** The request that wants something which another user has. */
const wanting =
  (ask: (other: PartnerUser) => Ask): Ask =>
  async (caller) => {
    const other = dataOf(await expectDone(caller.handoff, creating()(caller)));
    return ask(other)(caller);
  };

/** The second request with a key that came with the first one. */
const reusingKey =
  (first: Ask, second: Ask): Ask =>
  async (caller) => {
    const key = { 'idempotency-key': 'sample-key' };
    await expectDone(caller.handoff, withHeaders(await first(caller), key));
    return withHeaders(await second(caller), key);
  };

const nobody: Ask = async (caller) =>
  withHeaders(await usualRequest('createSsoToken')(caller), { 'x-user-id': 'usr_nobody' });

const usedLink: Ask = async (caller) => {
  const link = await mintLink(caller.handoff, caller.sample);
  await openLink(caller.handoff, link);
  return partner('DELETE', `/v1/sso/attempts/${link.request_id}`)(caller);
};

const ownCredential: Ask = async (caller) => {
  const listed = await expectDone(caller.handoff, partner('GET', '/v1/credentials')(caller));
  const { partner: own } = dataOf<{ partner: { credential_id: string }[] }>(listed);
  return partner('DELETE', `/v1/credentials/${own[0]?.credential_id}`)(caller);
};

const rotating = (whose: 'partner' | 'organization', overlap_hours: number): Ask =>
  partner('POST', `/v1/credentials/${whose}/rotate`, { overlap_hours });

/** With a secret that another one has replaced, which has been used since. */
const replaced =
  (whose: 'partner' | 'organization', ask: (newer_id: string) => Ask): Ask =>
  async (caller) => {
    const rotated = await expectDone(caller.handoff, await rotating(whose, 24)(caller));
    const { credential_id, ...secrets } = dataOf<Record<string, string>>(rotated);
    const header = { [`x-${whose}-secret`]: secrets[`${whose}_secret`] };
    await expectDone(caller.handoff, withHeaders(partner('GET', '/v1/integration')(caller), header));
    return ask(credential_id ?? '')(caller);
  };

const suspendedUser: Ask = async (caller) => {
  await suspendUser(caller.handoff.deps.db, caller.sample.user_id, caller.handoff.deps);
  return user('DELETE', '')(caller);
};

/** The organization's own user, who is a member of a part of it too. */
const sharedUser: Ask = async (caller) => {
  const { deps } = caller.handoff;
  const { organization_id: parent_organization_id, user_id } = caller.sample;
  const { organization_id } = await createOrganization(deps.db, { name: 'Sample part', parent_organization_id }, deps);
  const membership = {
    user: await getUser(deps.db, user_id),
    organization: await getOrganization(deps.db, organization_id),
    access_roles: [],
  };
  await setMembership(deps.db, membership, deps);
  return user('PUT', '', { title: 'Prof' })(caller);
};

const ONE_OPERATION: Refusal[] = [
  ['createSsoToken 404', 'user-not-found', nobody],
  [
    'createAccessToken 403',
    'insufficient-scope',
    partner('POST', '/v1/token', { grantType: 'client_credentials', scope: ['sample:scope'] }),
  ],
  ['createAccessToken 422', 'validation-error', partner('POST', '/v1/token', { grantType: 'password' })],
  ['createUser 409', 'USER_ALREADY_EXISTS', wanting(({ email }) => creating({ email }))],
  ['createUser 409', 'PARTNER_USER_ID_ALREADY_EXISTS', wanting(({ partner_user_id }) => creating({ partner_user_id }))],
  ['createUser 422', 'validation-error', creating({ sex: 'sample' })],
  ['createUser 422', 'idempotency-key-reused', reusingKey(creating(), creating())],
  [
    'updateUser 409',
    'PARTNER_USER_ID_ALREADY_EXISTS',
    wanting(({ partner_user_id }) => user('PUT', '', { partner_user_id })),
  ],
  ['updateUser 422', 'validation-error', user('PUT', '', { sex: 'sample' })],
  ['replaceUserRoles 400', 'invalid-request', user('PUT', '/roles', { access_roles: [] })],
  ['endUserSession 404', 'not-found', user('DELETE', '/sessions/ses_none')],
  ['listUsers 400', 'invalid-request', organization('GET', '/users?limit=51')],
  ['listUserSessions 400', 'invalid-request', user('GET', '/sessions?lastKey=sample')],
  ['listSsoAttempts 400', 'invalid-request', partner('GET', '/v1/sso/attempts?outcome=sample')],
  ['getSsoAttempt 404', 'attempt-not-found', partner('GET', '/v1/sso/attempts/req_none')],
  ['revokeSsoAttempt 404', 'attempt-not-found', partner('DELETE', '/v1/sso/attempts/req_none')],
  ['revokeSsoAttempt 409', 'not-revocable', usedLink],
  ['rotatePartnerSecret 422', 'validation-error', rotating('partner', 721)],
  ['rotatePartnerSecret 422', 'idempotency-key-reused', reusingKey(rotating('partner', 24), rotating('partner', 48))],
  ['rotateOrganizationSecret 422', 'validation-error', rotating('organization', 721)],
  [
    'rotateOrganizationSecret 422',
    'idempotency-key-reused',
    reusingKey(rotating('organization', 24), rotating('organization', 48)),
  ],
  ['revokeCredential 404', 'credential-not-found', partner('DELETE', '/v1/credentials/crd_none')],
  ['revokeCredential 409', 'credential-in-use', ownCredential],
  [
    'revokeCredential 409',
    'credential-replaced',
    replaced('partner', (id) => partner('DELETE', `/v1/credentials/${id}`)),
  ],
  ['rotatePartnerSecret 409', 'credential-replaced', replaced('partner', () => rotating('partner', 24))],
  ['rotateOrganizationSecret 409', 'credential-replaced', replaced('organization', () => rotating('organization', 24))],
  ['deleteUser 403', 'user-suspended', suspendedUser],
  ['updateUser 403', 'user-shared', sharedUser],
  ['updateIntegration 422', 'validation-error', partner('PATCH', '/v1/integration', { return_url: 'sample' })],
];

const PARTNER_API = OPERATIONS.filter(({ path }) => path.startsWith('/v1/'));
const WITH_TOKEN = PARTNER_API.filter(({ path }) => path.includes('{organization_id}'));
const OF_USER = WITH_TOKEN.filter(({ path }) => path.includes('{user_id}'));
const OF_SCOPE = WITH_TOKEN.filter(({ place }) => scopeOf(place.value) !== undefined);

function scopeOf(operation: object): string | undefined {
  const { security } = operation as { security: { accessToken?: string[] }[] };
  return security[0]?.accessToken?.[0];
}

/** A script on a web page. */
const fromBrowser =
  ({ id }: Operation): Ask =>
  async (caller) =>
    withHeaders(await usualRequest(id)(caller), { origin: 'https://software.example' });

/** After the operator has switched the partner off. */
const disabled =
  ({ id }: Operation): Ask =>
  async (caller) => {
    const asked = await usualRequest(id)(caller);
    const { deps } = caller.handoff;
    const { partner_id, organization_id } = caller.sample;
    await disableIntegration(deps.db, { partner_id, organization_id }, deps);
    return asked;
  };

const elsewhere =
  ({ id }: Operation): Ask =>
  async (caller) => {
    const asked = await usualRequest(id)(caller);
    return { ...asked, path: asked.path.replace(caller.sample.organization_id, 'sample-elsewhere') };
  };

const ofNobody =
  ({ id }: Operation): Ask =>
  async (caller) => {
    const asked = await usualRequest(id)(caller);
    return { ...asked, path: asked.path.replace(caller.sample.user_id, 'usr_nobody') };
  };

/** With a token of every scope but the one that is wanted. */
const outOfScope =
  ({ id, place }: Operation): Ask =>
  async (caller) => {
    const { handoff, sample } = caller;
    const others = SCOPES.filter((scope) => scope !== scopeOf(place.value));
    const token = await accessToken(handoff, sample, others);
    return withHeaders(await usualRequest(id)(caller), bearerHeaders(token, sample));
  };

function forEach(
  operations: readonly Operation[],
  [status, problem, ask]: [status: number, problem: string, ask: (operation: Operation) => Ask],
): Refusal[] {
  return operations.map((operation) => [`${operation.id} ${status}`, problem, ask(operation)]);
}

export const PARTNER_REFUSALS: Refusal[] = [
  ...ONE_OPERATION,
  ...forEach(PARTNER_API, [403, 'browser-request-refused', fromBrowser]),
  ...forEach(PARTNER_API, [403, 'integration-disabled', disabled]),
  ...forEach(OF_SCOPE, [403, 'insufficient-scope', outOfScope]),
  ...forEach(WITH_TOKEN, [404, 'not-found', elsewhere]),
  ...forEach(OF_USER, [404, 'user-not-found', ofNobody]),
];
