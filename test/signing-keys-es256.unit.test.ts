// Signatures of our own making, held against jose, and the two forms of a signature against each other.

import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { compactVerify, CompactSign } from 'jose';
import { describe, expect, test } from 'vitest';
import { signEs256, toDerSignature, toJwsSignature, verifyEs256 } from '../src/signing-keys/es256.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const another = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const HEADER = Buffer.from('{"alg":"ES256"}').toString('base64url');

describe('a signature', () => {
  test('of ours is good for jose, two hundred times', async () => {
    for (let count = 0; count < 200; count += 1) {
      const input = `${HEADER}.${Buffer.from(`sample ${count}`).toString('base64url')}`;
      const token = `${input}.${signEs256(input, privateKey).toString('base64url')}`;
      expect(new TextDecoder().decode((await compactVerify(token, publicKey)).payload)).toBe(`sample ${count}`);
      await expect(compactVerify(token, another.publicKey)).rejects.toThrow('signature verification failed');
    }
  });

  test('of jose’s is good for us, two hundred times, and for no other key or text', async () => {
    for (let count = 0; count < 200; count += 1) {
      const token = await new CompactSign(Buffer.from(`sample ${count}`))
        .setProtectedHeader({ alg: 'ES256' })
        .sign(privateKey);
      const [header, payload, signature = ''] = token.split('.');
      const bytes = Buffer.from(signature, 'base64url');
      expect(verifyEs256(`${header}.${payload}`, bytes, publicKey)).toBe(true);
      expect(verifyEs256(`${header}.${payload}`, bytes, another.publicKey)).toBe(false);
      expect(verifyEs256(`${header}.${payload}A`, bytes, publicKey)).toBe(false);
    }
  });

  test('of another length or form is none, nor are zeros', () => {
    const good = signEs256('sample', privateKey);
    expect(verifyEs256('sample', good, publicKey)).toBe(true);
    const der = sign('sha256', Buffer.from('sample'), privateKey);
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, 63),
      Buffer.concat([good, Buffer.alloc(1)]),
      Buffer.alloc(64),
      Buffer.alloc(64, 0xff),
      der,
    ])
      expect(verifyEs256('sample', bad, publicKey)).toBe(false);
  });
});

describe('the two forms', () => {
  const integer = fc.tuple(fc.integer({ min: 0, max: 31 }), fc.uint8Array({ minLength: 32, maxLength: 32 }));
  /** As short as a random one is once in 256 to the power of its zeros. */
  const withZeros = ([zeros, bytes]: [number, Uint8Array]) => Buffer.from(bytes.fill(0, 0, zeros));

  test('lead from one to the other and back, however many zeros are in front', () => {
    fc.assert(
      fc.property(integer, integer, (r, s) => {
        const joined = Buffer.concat([withZeros(r), withZeros(s)]);
        expect(toJwsSignature(toDerSignature(joined))).toEqual(joined);
      }),
    );
  });

  test('of integers whose first bit is set have a zero in front, and no others (X.690, 8.3.2)', () => {
    const der = (first: number, zeros: number) => {
      const half = Buffer.alloc(32, 0x11).fill(0, 0, zeros);
      half[zeros] = first;
      return toDerSignature(Buffer.concat([half, half]))
        .toString('hex')
        .slice(4, 12);
    };
    expect([der(0x80, 0), der(0x7f, 0), der(0x80, 1), der(0x01, 31)]).toEqual([
      '02210080',
      '02207f11',
      '02200080',
      '02010102',
    ]);
  });
});
