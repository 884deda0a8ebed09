// Access tokens of somebody who knows the format, or even holds a key: any header and any claims, signed or not.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
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

function signWith(key: KeyObject, header: unknown, claims: unknown): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

/** A right signature of the active key over any header and claims. */
export async function signActive({ deps }: Handoff, header: unknown, claims: unknown): Promise<string> {
  const { private_key } = await deps.keyring.active();
  return signWith(private_key, header, claims);
}

/** A right signature of a key that nobody knows. */
export async function signStrange(header: unknown, claims: unknown): Promise<string> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return signWith(privateKey, header, claims);
}
