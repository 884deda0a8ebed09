// A compact JWS (RFC 7515, 7.1) of ours: signed with the active key, and read so strictly that one token has one spelling.
// What its claims mean is for those who issue it: handoff/sso-token.ts, access-tokens/access-token.ts, portal/session-jwt.ts.

import { z } from 'zod';
import { signEs256, verifyEs256 } from './es256.ts';
import type { Keyring } from './keyring.ts';
import { SIGNING_ALGORITHM } from './rotate.ts';

// The longest redirect_path, its JSON escapes and base64url's third more, with room for the ids.
const MAX_TOKEN_LENGTH = 8_192;

/** Servers of one deployment keep time to within this; only `iat` is given the grace, never `exp`. */
const CLOCK_SKEW_SECONDS = 60;

/** RFC 8725, 3.11: an explicit type, so that no token of ours can stand in for another kind. */
export type TokenType = 'sso+jwt' | 'at+jwt' | 'session+jwt';

// RFC 8725, 3.1 and RFC 7515, 4.1: these three and no other. A header that brings its own key (jku, jwk, x5c) or its own
// rules (crit, b64) is somebody else's token.
const HEADER = z.strictObject({
  alg: z.literal(SIGNING_ALGORITHM),
  kid: z.string().regex(/^key_[0-9a-f]{32}$/),
  typ: z.string(),
});

/** Says which check failed, for the log alone. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';
}

function base64url(json: object): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}

/** Signs a token; jose reads it back in the tests. RFC 7515, 5.1. @throws when there is no key to sign with */
export async function signToken(keyring: Keyring, typ: TokenType, claims: object): Promise<string> {
  const { kid, private_key } = await keyring.active();
  const input = `${base64url({ alg: SIGNING_ALGORITHM, kid, typ })}.${base64url(claims)}`;
  return `${input}.${signEs256(input, private_key).toString('base64url')}`;
}

/** A compact JWS taken apart: what is signed, as it stands, and the rest decoded. */
type Parts = { header: Buffer; payload: Buffer; signature: Buffer; signed: string };

/** One token has one spelling here: padded, spaced and re-encoded twins are refused. So what a scanner or log keeps is what was issued. */
function parseParts(token: string): Parts {
  if (token.length > MAX_TOKEN_LENGTH) throw new TokenFault('too long');
  const parts = token.split('.');
  const [header, payload, signature] = parts.map((part) => {
    const bytes = Buffer.from(part, 'base64url');
    if (part === '' || bytes.toString('base64url') !== part) throw new TokenFault('not canonical base64url');
    return bytes;
  });
  if (header === undefined || payload === undefined || signature === undefined || parts.length !== 3)
    throw new TokenFault('not three parts');
  return { header, payload, signature, signed: token.slice(0, token.lastIndexOf('.')) };
}

function parseHeader(bytes: Buffer, typ: TokenType): { kid: string } {
  const header = HEADER.safeParse(parseJson(bytes));
  if (!header.success || header.data.typ !== typ) throw new TokenFault('header');
  return header.data;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    throw new TokenFault('not JSON');
  }
}

/** What each kind of token has to say, besides claims of its own. */
type DatedClaims = { iss: string; aud: string; iat: number; exp: number };

export type TokenRules<C extends DatedClaims> = {
  typ: TokenType;
  /** A strict schema: no claim besides those known. */
  claims: z.ZodType<C>;
  iss: string;
  aud: string;
  lifetime_seconds: number;
};

/** Verifies everything about a token but its age. `now` is in milliseconds. @throws TokenFault */
export async function verifyToken<C extends DatedClaims>(
  token: string,
  { keyring, now }: { keyring: Keyring; now: number },
  rules: TokenRules<C>,
): Promise<C> {
  const { header, payload, signature, signed } = parseParts(token);
  const key = await keyring.find(parseHeader(header, rules.typ).kid);
  if (key === undefined) throw new TokenFault('unknown kid');
  // RFC 7515, 5.2.
  if (!verifyEs256(signed, signature, key)) throw new TokenFault('signature');
  const claims = rules.claims.safeParse(parseJson(payload));
  if (!claims.success) throw new TokenFault('claims');
  const { iss, aud, iat, exp } = claims.data;
  if (iss !== rules.iss) throw new TokenFault('issuer');
  if (aud !== rules.aud) throw new TokenFault('audience');
  if (exp !== iat + rules.lifetime_seconds) throw new TokenFault('lifetime');
  if (iat > now / 1000 + CLOCK_SKEW_SECONDS) throw new TokenFault('issued in the future');
  return claims.data;
}
