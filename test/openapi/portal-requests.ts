// What a browser, the portal and its proxy ask for, and the pages for people: how each documented success comes about, and each
// refusal that needs a request of its own.

import { CLICK, type Link, mintLink, openLink, PATIENT_PATH } from '../support/client.ts';
import { basePathOf, OPERATIONS } from '../support/openapi.ts';
import { createSampleUser } from '../support/sample.ts';
import type { Ask, Asked, Caller, Refusal } from './asked.ts';

type Headers = Record<string, string>;

const at =
  (method: string, path: string): Ask =>
  () => ({ method, path, headers: {} });

/** A page or document below the API's base path. */
const page =
  (path: string): Ask =>
  ({ handoff }) => ({ method: 'GET', path: basePathOf(handoff.config) + path, headers: {} });

const opening = ({ path }: Link, headers: Headers = {}): Asked => ({
  method: 'GET',
  path,
  headers: { ...CLICK, ...headers },
});

const exchanging = ({ sso_token: token }: Link, headers: Headers = {}): Asked => ({
  method: 'POST',
  path: '/auth/sso',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify({ token }),
});

const submitting = ({ sso_token: token }: Link): Asked => ({
  method: 'POST',
  path: '/auth/sso',
  headers: { ...CLICK, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
  body: new URLSearchParams({ token, redirect: PATIENT_PATH }).toString(),
});

const link = ({ handoff, sample }: Caller): Promise<Link> => mintLink(handoff, sample);

async function spentLink(caller: Caller): Promise<Link> {
  const spent = await link(caller);
  await openLink(caller.handoff, spent);
  return spent;
}

/** A well-signed link that the database knows nothing of, as after a restored backup. */
async function forgottenLink(caller: Caller): Promise<Link> {
  const forgotten = await link(caller);
  const { organization_id } = caller.sample;
  await caller.handoff.deps.db.deleteFrom('sso_tokens').where('organization_id', '=', organization_id).execute();
  return forgotten;
}

/** The session cookie of somebody who has just signed in. */
async function cookie(caller: Caller): Promise<string> {
  return openLink(caller.handoff, await link(caller));
}

const signedIn =
  (method: string, path: string, headers: Headers = {}): Ask =>
  async (caller) => ({ method, path, headers: { cookie: await cookie(caller), ...headers } });

/** Another user's link, opened by a page of another site while somebody is signed in. */
async function unpromptedSwitch(caller: Caller): Promise<Asked> {
  const { handoff, sample } = caller;
  const signed_in = await cookie(caller);
  const user_id = await createSampleUser(handoff.deps, sample.organization_id);
  const { 'sec-fetch-user': _, ...unprompted } = CLICK;
  const { path } = await mintLink(handoff, { ...sample, user_id });
  return { method: 'GET', path, headers: { ...unprompted, cookie: signed_in } };
}

const original_paths = OPERATIONS.filter(({ path }) => path === '/auth/verify/{original_path}').map(
  ({ id, method }) => [`${id} 200`, signedIn(method, '/auth/verify/dashboard/patients/sample-patient')] as const,
);

/** By operation and status; where an operation has several, the first is the usual one. */
export const PORTAL_REQUESTS: Record<string, Ask> = {
  'openLink 303': async (caller) => opening(await link(caller)),
  'openLink 200': unpromptedSwitch,
  'probeLink 200': async (caller) => ({ method: 'HEAD', path: (await link(caller)).path, headers: {} }),
  'exchangeToken 200': async (caller) => exchanging(await link(caller)),
  'exchangeToken 303': async (caller) => submitting(await link(caller)),
  'getSession 200': signedIn('GET', '/auth/session'),
  // A cookie of the right form makes it look into the database.
  'getFraming 200': async () => ({
    method: 'GET',
    path: '/auth/framing',
    headers: { cookie: `__Host-handoff-embed=ses_${'0'.repeat(32)}.${'A'.repeat(43)}` },
  }),
  'verifySession 200': signedIn('GET', '/auth/verify'),
  ...Object.fromEntries(original_paths),
  'signOut 204': signedIn('POST', '/auth/logout'),
  'signOut 303': signedIn('POST', '/auth/logout', { accept: 'text/html' }),
  'showSignedOut 200': at('GET', '/auth/signed-out'),
  'listSigningKeys 200': at('GET', '/.well-known/jwks.json'),
  'listProblems 200': page('/errors/'),
  'showProblem 200': page('/errors/not-found'),
  'getOpenapiDocument 200': page('/openapi.yaml'),
  'getApiReference 200': page('/docs'),
  'getLiveness 200': at('GET', '/healthz'),
  'getReadiness 200': at('GET', '/readyz'),
};

/** As a problem, which says what a page does not: of what type it is. */
const BARE = { accept: 'application/problem+json' };

export const PORTAL_REFUSALS: Refusal[] = [
  [
    'openLink 403',
    'navigation-required',
    async (caller) => opening(await link(caller), { ...BARE, 'sec-purpose': 'prefetch' }),
  ],
  ['openLink 404', 'token-unknown', async (caller) => opening(await forgottenLink(caller), BARE)],
  ['openLink 410', 'token-used', async (caller) => opening(await spentLink(caller), BARE)],
  [
    'exchangeToken 403',
    'cross-site-request',
    async (caller) => exchanging(await link(caller), { 'sec-fetch-site': 'cross-site' }),
  ],
  ['exchangeToken 404', 'token-unknown', async (caller) => exchanging(await forgottenLink(caller))],
  ['exchangeToken 410', 'token-used', async (caller) => exchanging(await spentLink(caller))],
  ['signOut 403', 'cross-site-request', signedIn('POST', '/auth/logout', { 'sec-fetch-site': 'cross-site' })],
  ['showProblem 404', 'not-found', page('/errors/no-such-problem')],
];
