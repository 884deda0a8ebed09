// What a partner's server asks for: how each documented success comes about.

import { mintLink, openLink, PATIENT_PATH, requestSso } from '../support/client.ts';
import { dataOf, newUser } from '../support/partner-api.ts';
import { type Ask, asPartner, type Asked, type Caller, expectDone, withHeaders, withToken } from './asked.ts';

/** With the headers of partner, organization and user. */
export const partner =
  (method: string, path: string, body?: object) =>
  (caller: Caller): Asked =>
    asPartner(caller, { method, path, ...(body && { body }) });

/** With an access token, below the organization. */
export const organization =
  (method: string, rest: string, body?: object) =>
  (caller: Caller): Asked =>
    withToken(caller, { method, rest, ...(body && { body }) });

/** The same below the sample's user. */
export const user =
  (method: string, rest: string, body?: object) =>
  (caller: Caller): Asked =>
    organization(method, `/users/${caller.sample.user_id}${rest}`, body)(caller);

async function signIn({ handoff, sample }: Caller): Promise<void> {
  await openLink(handoff, await mintLink(handoff, sample));
}

const signedIn =
  (ask: Ask): Ask =>
  async (caller) => {
    await signIn(caller);
    return ask(caller);
  };

async function endOneSession(caller: Caller): Promise<Asked> {
  await signIn(caller);
  const sessions = await expectDone(caller.handoff, user('GET', '/sessions')(caller));
  const [session] = dataOf<{ session_id: string }[]>(sessions);
  return user('DELETE', `/sessions/${session?.session_id}`)(caller);
}

/** One attempt that was granted and one that was refused. */
async function listAttempts(caller: Caller): Promise<Asked> {
  await mintLink(caller.handoff, caller.sample);
  await requestSso(caller.handoff, caller.sample, { redirect_path: '/elsewhere' });
  return partner('GET', '/v1/sso/attempts')(caller);
}

const onAttempt =
  (method: string): Ask =>
  async (caller) => {
    const { request_id } = await mintLink(caller.handoff, caller.sample);
    return partner(method, `/v1/sso/attempts/${request_id}`)(caller);
  };

const rotate = (whose: 'partner' | 'organization'): Ask =>
  partner('POST', `/v1/credentials/${whose}/rotate`, { overlap_hours: 24 });

/** The secret before, with the one that has replaced it. */
async function revokeReplaced(caller: Caller): Promise<Asked> {
  const rotated = await expectDone(caller.handoff, await rotate('organization')(caller));
  const { organization_secret } = dataOf<{ organization_secret: string }>(rotated);
  const listed = await expectDone(caller.handoff, partner('GET', '/v1/credentials')(caller));
  const { organization: secrets } = dataOf<{ organization: { credential_id: string; expires_at: string | null }[] }>(
    listed,
  );
  const ending = secrets.find(({ expires_at }) => expires_at !== null);
  const asked = partner('DELETE', `/v1/credentials/${ending?.credential_id}`)(caller);
  return withHeaders(asked, { 'x-organization-secret': organization_secret });
}

/** By operation and status. */
export const PARTNER_REQUESTS: Record<string, Ask> = {
  'createSsoToken 200': partner('POST', '/v1/sso', { redirect_path: PATIENT_PATH }),
  'createAccessToken 200': partner('POST', '/v1/token', { grantType: 'client_credentials' }),
  'validateOrganization 200': organization('GET', '/validate'),
  'listUsers 200': organization('GET', '/users?limit=1'),
  'createUser 201': (caller) => organization('POST', '/users', newUser())(caller),
  'getUser 200': user('GET', ''),
  'updateUser 200': user('PUT', '', { title: 'Prof' }),
  'deleteUser 204': user('DELETE', ''),
  'replaceUserRoles 200': user('PUT', '/roles', { access_roles: ['admin'] }),
  'disableUser 200': user('PUT', '/disable'),
  'enableUser 200': user('PUT', '/enable'),
  'listUserSessions 200': signedIn(user('GET', '/sessions')),
  'endUserSessions 200': signedIn(user('DELETE', '/sessions')),
  'endUserSession 204': endOneSession,
  'listSsoAttempts 200': listAttempts,
  'getSsoAttempt 200': onAttempt('GET'),
  'revokeSsoAttempt 200': onAttempt('DELETE'),
  'listCredentials 200': partner('GET', '/v1/credentials'),
  'rotatePartnerSecret 201': rotate('partner'),
  'rotateOrganizationSecret 201': rotate('organization'),
  'revokeCredential 204': revokeReplaced,
  'getIntegration 200': partner('GET', '/v1/integration'),
  'updateIntegration 200': partner('PATCH', '/v1/integration', { return_url: 'https://software.example/home' }),
};
