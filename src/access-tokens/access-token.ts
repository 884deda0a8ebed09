// Access tokens of the partner API (RFC 9068): signed, good for an hour, for one integration and some scopes. They have no
// rows; what could end them early (the secret they were got with, the integration, its scopes) is looked at with each use.

import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Deps } from '../deps.ts';
import { newId } from '../foundation/ids.ts';
import { type Scope, SCOPES } from '../partners/scopes.ts';
import { signToken, type TokenRules, verifyToken } from '../signing-keys/signed-token.ts';

export const ACCESS_TOKEN_LIFETIME_SECONDS = 3_600;

/** RFC 9068, 2.2; `org` and `credential_id` (the partner secret that it was got with) are ours. */
const CLAIMS = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  client_id: z.string(),
  org: z.string(),
  credential_id: z.string(),
  scope: z.string(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
});

type Claims = z.output<typeof CLAIMS>;

// The audience is the API's operations: never the portal's origin, which sso_tokens are for, even where the two share a host.
function rulesOf({ API_URL }: Config): TokenRules<Claims> {
  return {
    typ: 'at+jwt',
    claims: CLAIMS,
    iss: API_URL,
    aud: `${API_URL}/v1`,
    lifetime_seconds: ACCESS_TOKEN_LIFETIME_SECONDS,
  };
}

export type AccessGrant = { partner_id: string; organization_id: string; credential_id: string; scopes: Scope[] };

export async function signAccessToken(deps: Deps, grant: AccessGrant): Promise<{ access_token: string; jti: string }> {
  const { typ, iss, aud } = rulesOf(deps.config);
  const { partner_id, organization_id: org, credential_id, scopes } = grant;
  const iat = Math.floor(deps.clock() / 1000);
  const jti = newId('atk', deps);
  const claims: Claims = {
    iss,
    aud,
    // RFC 9068, 2.2: where no person is involved the subject is the client.
    sub: partner_id,
    client_id: partner_id,
    org,
    credential_id,
    scope: scopes.join(' '),
    jti,
    iat,
    exp: iat + ACCESS_TOKEN_LIFETIME_SECONDS,
  };
  return { access_token: await signToken(deps.keyring, typ, claims), jti };
}

/** What a token grants, if it is one of ours and its hour is not over. @throws TokenFault */
export async function verifyAccessToken(
  deps: Deps,
  access_token: string,
): Promise<AccessGrant & { expires_at: number }> {
  const claims = await verifyToken(access_token, { keyring: deps.keyring, now: deps.clock() }, rulesOf(deps.config));
  const { client_id: partner_id, org: organization_id, credential_id, scope, exp } = claims;
  const granted = new Set(scope.split(' '));
  const scopes = SCOPES.filter((one) => granted.has(one));
  return { partner_id, organization_id, credential_id, scopes, expires_at: exp * 1000 };
}
