// The session JWT of Handoff: which of them are good. ES256 and nothing else, of the one type, from the one issuer, for this portal,
// for a minute.

import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { NOBODY_FRAMES } from './framing.ts';
import type { SignedIn } from './signed-in.ts';

const TYPE = 'session+jwt';
/** The longest that Handoff makes; a longer one would put off the end of a session. */
const LIFETIME_SECONDS = 60;
/** Between Handoff's clock and this one. */
const TOLERANCE_SECONDS = 5;
const MAX_CHARACTERS = 8_192;

/** `alg`, `kid` and `typ`, and no other: a header with a key or rules of its own is somebody else's (RFC 8725, 3.1). */
function hasPlainHeader(token: string): boolean {
  const { alg, kid, typ, ...others } = decodeProtectedHeader(token);
  return alg === 'ES256' && typeof kid === 'string' && typ === TYPE && Object.keys(others).length === 0;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** Undefined for claims that Handoff does not make. */
function describe({ sub, sid, org, client_id, roles, embed }: JWTPayload): SignedIn | undefined {
  if (!isText(sub) || !isText(sid) || !isText(org) || !isText(client_id)) return undefined;
  if (!Array.isArray(roles) || !roles.every(isText) || typeof embed !== 'boolean') return undefined;
  return {
    userId: sub,
    organizationId: org,
    partnerId: client_id,
    roles,
    sessionId: sid,
    embed,
    subject: `${sub}/${org}`,
    frameAncestors: NOBODY_FRAMES,
  };
}

export type SessionJwtRules = { getKey: JWTVerifyGetKey; issuer: string; audience: string };

/** Three parts of base64url; a session token of Handoff's (`ses_…`) is none. */
export function looksLikeJwt(token: string | undefined): token is string {
  return token !== undefined && token.length <= MAX_CHARACTERS && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
}

/** Whom a JWT vouches for, or why for nobody. @throws HandoffAwayError when the keys cannot be read */
export async function verifySessionJwt(
  token: string,
  { getKey, issuer, audience }: SessionJwtRules,
): Promise<SignedIn | 'session-expired' | 'session-invalid'> {
  try {
    if (!hasPlainHeader(token)) return 'session-invalid';
    const { payload } = await jwtVerify(token, getKey, {
      algorithms: ['ES256'],
      typ: TYPE,
      issuer,
      audience,
      clockTolerance: TOLERANCE_SECONDS,
      maxTokenAge: LIFETIME_SECONDS,
      requiredClaims: ['sub', 'exp', 'iat'],
    });
    // jose takes a list with the portal in it as well; Handoff makes none.
    return (payload.aud === audience ? describe(payload) : undefined) ?? 'session-invalid';
  } catch (error) {
    if (error instanceof errors.JWTExpired) return 'session-expired';
    // The header of what is no JWT at all is refused with a TypeError.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return 'session-invalid';
    throw error;
  }
}
