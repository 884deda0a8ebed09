// The sso_token: a compact JWS (RFC 7515, 7.1) that says who may land where. How it is signed and how strictly it is read is
// here; that it works once is sso-tokens/store.ts.

import { compactVerify, errors, SignJWT } from 'jose';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { Problem } from '../foundation/problem.ts';
import type { Keyring } from '../signing-keys/keyring.ts';
import { SIGNING_ALGORITHM } from '../signing-keys/rotate.ts';

export const SSO_TOKEN_LIFETIME_SECONDS = 300;

// RFC 8725, 3.11: an explicit type, so that no other JWT of ours can stand in for one.
const TOKEN_TYPE = 'sso+jwt';

// Servers of one deployment keep time to within this; only `iat` is given the grace, never `exp`.
const CLOCK_SKEW_SECONDS = 60;

// The longest redirect_path, its JSON escapes and base64url's third more, with room for the ids.
const MAX_TOKEN_LENGTH = 8_192;

/** RFC 7519, 4.1 and RFC 8693, 4.3 (`client_id`); `org` and `redirect_path` are ours. */
const claimsSchema = z.strictObject({
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

type Claims = z.output<typeof claimsSchema>;

// RFC 8725, 3.1 and RFC 7515, 4.1: these three and no other. A header that brings its own key (jku, jwk, x5c) or its own
// rules (crit, b64) is somebody else's token.
const headerSchema = z.strictObject({
  alg: z.literal(SIGNING_ALGORITHM),
  kid: z.string().regex(/^key_[0-9a-f]{32}$/),
  typ: z.literal(TOKEN_TYPE),
});

/** Issuer and audience of this deployment's tokens. */
function parties(config: Config): { iss: string; aud: string } {
  return { iss: config.API_URL, aud: config.PORTAL_URL };
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
  const { kid, private_key } = await keyring.active();
  const iat = Math.floor(now / 1000);
  const claims: Claims = {
    ...parties(config),
    sub: subject.user_id,
    org: subject.organization_id,
    client_id: subject.partner_id,
    redirect_path: subject.redirect_path,
    jti,
    iat,
    exp: iat + SSO_TOKEN_LIFETIME_SECONDS,
  };
  return new SignJWT(claims).setProtectedHeader({ alg: SIGNING_ALGORITHM, kid, typ: TOKEN_TYPE }).sign(private_key);
}

function invalid(cause: string): Problem {
  return new Problem('token-invalid', 'The token is not valid', { cause });
}

/**
 * The canonical parts of a compact JWS. jose also reads padded, spaced and re-encoded twins of a token; one token has one
 * spelling here, so that what a scanner or log keeps is what was issued.
 */
function parseHeader(token: string): { kid: string } {
  if (token.length > MAX_TOKEN_LENGTH) throw invalid('too long');
  const parts = token.split('.');
  if (parts.length !== 3) throw invalid('not three parts');
  for (const part of parts) {
    if (part === '' || Buffer.from(part, 'base64url').toString('base64url') !== part)
      throw invalid('not canonical base64url');
  }
  const header = headerSchema.safeParse(parseJson(Buffer.from(parts[0] ?? '', 'base64url')));
  if (!header.success) throw invalid('header');
  return header.data;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw invalid('not JSON');
  }
}

async function verifySignature(token: string, keyring: Keyring): Promise<Uint8Array> {
  const { kid } = parseHeader(token);
  const key = await keyring.find(kid);
  if (key === undefined) throw invalid('unknown kid');
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [SIGNING_ALGORITHM] });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw invalid(error.code);
    throw error;
  }
}

/**
 * Verifies everything about a token but its age and its single use. @throws Problem token-invalid, with nothing in it that
 * tells which check failed; the log has that.
 */
export async function verifySsoToken(
  token: string,
  { keyring, config, now }: { keyring: Keyring; config: Config; now: number },
): Promise<VerifiedToken> {
  const payload = await verifySignature(token, keyring);
  const claims = claimsSchema.safeParse(parseJson(payload));
  if (!claims.success) throw invalid('claims');
  const { iss, aud, iat, exp } = claims.data;
  const expected = parties(config);
  if (iss !== expected.iss) throw invalid('issuer');
  if (aud !== expected.aud) throw invalid('audience');
  if (exp !== iat + SSO_TOKEN_LIFETIME_SECONDS) throw invalid('lifetime');
  if (iat > now / 1000 + CLOCK_SKEW_SECONDS) throw invalid('issued in the future');
  const { sub: user_id, org: organization_id, client_id: partner_id, redirect_path, jti } = claims.data;
  return { user_id, organization_id, partner_id, redirect_path, jti, expires_at: exp * 1000 };
}
