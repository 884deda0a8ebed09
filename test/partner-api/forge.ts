// Access tokens of somebody who knows the format, or even holds a key: any header and any claims, signed or not.

import { randomBytes } from 'node:crypto';
import { type CryptoKey, generateKeyPair } from 'jose';
import { findCredentialBySecret } from '../../src/partners/credential-store.ts';
import { SCOPES } from '../../src/partners/scopes.ts';
import { hashSecret } from '../../src/foundation/ids.ts';
import type { Handoff } from '../support/handoff.ts';
import type { Sample } from '../support/sample.ts';

export type Members = Record<string, unknown>;

/** What the service itself would sign for this partner and organization. */
export async function goodClaims({ deps, config, clock }: Handoff, sample: Sample): Promise<Members> {
  const credential = await findCredentialBySecret(deps.db, hashSecret(sample.partner_secret));
  const iat = Math.floor(clock.now() / 1000);
  return {
    iss: config.API_URL,
    aud: `${config.API_URL}/v1`,
    sub: sample.partner_id,
    client_id: sample.partner_id,
    org: sample.organization_id,
    credential_id: credential?.credential_id,
    scope: SCOPES.join(' '),
    jti: `atk_${randomBytes(16).toString('hex')}`,
    iat,
    exp: iat + 3600,
  };
}

export async function goodHeader({ deps }: Handoff): Promise<Members> {
  const { kid } = await deps.keyring.active();
  return { alg: 'ES256', kid, typ: 'at+jwt' };
}

export const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

async function signWith(key: CryptoKey, header: unknown, claims: unknown): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}

/** A right signature of the active key over any header and claims. */
export async function signActive({ deps }: Handoff, header: unknown, claims: unknown): Promise<string> {
  const { private_key } = await deps.keyring.active();
  return signWith(private_key, header, claims);
}

/** A right signature of a key that nobody knows. */
export async function signStrange(header: unknown, claims: unknown): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  return signWith(privateKey, header, claims);
}
