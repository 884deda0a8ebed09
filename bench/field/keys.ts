// A key for a contestant that brings none of its own, and the check of what it signed.

import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { jwtVerify } from 'jose';

export type SampleKey = {
  /** The private JWK as text, for the contestant's environment. */
  text: string;
  public_key: KeyObject;
};

export function newSampleKey(): SampleKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'sample', alg: 'ES256', use: 'sig' };
  return { text: JSON.stringify(jwk), public_key: createPublicKey(privateKey) };
}

/** The claims of a token that is signed with the key. @throws when it is not */
export async function verifiedClaims(
  token: unknown,
  { public_key }: Pick<SampleKey, 'public_key'>,
): Promise<Record<string, unknown>> {
  const { payload } = await jwtVerify(String(token), public_key, { algorithms: ['ES256'] });
  return payload;
}
