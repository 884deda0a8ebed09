// ES256: by node:crypto in OpenSSL's form of a signature, by node:crypto in that of a JWS, and by jose.

import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import { signEs256, verifyEs256 } from '../../src/signing-keys/es256.ts';
import type { Part } from './part.ts';

const TIMES = 300;
const HEADER = { alg: 'ES256', kid: `key_${'0'.repeat(32)}`, typ: 'sso+jwt' };
/** As long as the claims of an sso_token. */
const PAYLOAD = Buffer.from('x'.repeat(420));

function repeat(run: () => void): () => void {
  return () => {
    for (let count = 0; count < TIMES; count += 1) run();
  };
}

function repeatAsync(run: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    for (let count = 0; count < TIMES; count += 1) await run();
  };
}

export function signatureParts(): Part[] {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const dsaEncoding = 'ieee-p1363';
  const head = Buffer.from(JSON.stringify(HEADER)).toString('base64url');
  const input = `${head}.${PAYLOAD.toString('base64url')}`;
  const signature = signEs256(input, privateKey);
  const token = `${input}.${signature.toString('base64url')}`;
  const bytes = Buffer.from(input);
  const byJose = async () => new CompactSign(PAYLOAD).setProtectedHeader(HEADER).sign(privateKey);
  return [
    {
      name: 'an ES256 signature',
      variants: [
        {
          name: 'node:crypto, DER, translated by es256.ts',
          times: TIMES,
          run: repeat(() => signEs256(input, privateKey)),
        },
        {
          name: 'node:crypto, ieee-p1363',
          times: TIMES,
          run: repeat(() => sign('sha256', bytes, { key: privateKey, dsaEncoding })),
        },
        { name: 'jose', times: TIMES, run: repeatAsync(byJose) },
      ],
    },
    {
      name: 'its verification',
      variants: [
        {
          name: 'node:crypto, DER, translated by es256.ts',
          times: TIMES,
          run: repeat(() => verifyEs256(input, signature, publicKey)),
        },
        {
          name: 'node:crypto, ieee-p1363',
          times: TIMES,
          run: repeat(() => verify('sha256', bytes, { key: publicKey, dsaEncoding }, signature)),
        },
        { name: 'jose', times: TIMES, run: repeatAsync(async () => compactVerify(token, publicKey)) },
      ],
    },
  ];
}
