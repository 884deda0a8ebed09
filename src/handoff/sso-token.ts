// The sso_token: a signed token that says who may land where. That it works once is sso-tokens/store.ts.

import { z } from 'zod';
import type { Config } from '../config.ts';
import { Problem } from '../foundation/problem.ts';
import type { Keyring } from '../signing-keys/keyring.ts';
import { signToken, TokenFault, type TokenRules, verifyToken } from '../signing-keys/signed-token.ts';

export const SSO_TOKEN_LIFETIME_SECONDS = 300;

/** RFC 7519, 4.1 and RFC 8693, 4.3 (`client_id`); `org` and `redirect_path` are ours. */
const CLAIMS = z.strictObject({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  org: z.string(),
  client_id: z.string(),
  redirect_path: z.string(),
  jti: z.string(),
  iat: z.int(),
  exp: z.int(),
});

type Claims = z.output<typeof CLAIMS>;

function rulesOf({ API_URL, PORTAL_URL }: Config): TokenRules<Claims> {
  return {
    typ: 'sso+jwt',
    claims: CLAIMS,
    iss: API_URL,
    aud: PORTAL_URL,
    lifetime_seconds: SSO_TOKEN_LIFETIME_SECONDS,
  };
}

/** Who may land where, and through whom. */
export type TokenSubject = { user_id: string; organization_id: string; partner_id: string; redirect_path: string };

/** What a verified token vouches for; `expires_at` in milliseconds. */
export type VerifiedToken = TokenSubject & { jti: string; expires_at: number };

/** The moment a token minted at `now` expires, in milliseconds: its `exp`, which is a whole second. */
export function expiresAt(now: number): number {
  return (Math.floor(now / 1000) + SSO_TOKEN_LIFETIME_SECONDS) * 1000;
}

/** Signs a token. `now` is in milliseconds; `iat` and `exp` are whole seconds (RFC 7519, 2 NumericDate). */
export async function signSsoToken(
  { keyring, config }: { keyring: Keyring; config: Config },
  { jti, subject, now }: { jti: string; subject: TokenSubject; now: number },
): Promise<string> {
  const { typ, iss, aud } = rulesOf(config);
  const iat = Math.floor(now / 1000);
  const claims: Claims = {
    iss,
    aud,
    sub: subject.user_id,
    org: subject.organization_id,
    client_id: subject.partner_id,
    redirect_path: subject.redirect_path,
    jti,
    iat,
    exp: iat + SSO_TOKEN_LIFETIME_SECONDS,
  };
  return signToken(keyring, typ, claims);
}

/**
 * Verifies everything about a token but its age and its single use. @throws Problem token-invalid, with nothing in it that
 * tells which check failed; the log has that.
 */
export async function verifySsoToken(
  token: string,
  { config, ...verifier }: { keyring: Keyring; config: Config; now: number },
): Promise<VerifiedToken> {
  try {
    const claims = await verifyToken(token, verifier, rulesOf(config));
    const { sub: user_id, org: organization_id, client_id: partner_id, redirect_path, jti, exp } = claims;
    return { user_id, organization_id, partner_id, redirect_path, jti, expires_at: exp * 1000 };
  } catch (error) {
    if (error instanceof TokenFault)
      throw new Problem('token-invalid', 'The token is not valid', { cause: error.message });
    throw error;
  }
}
