// Private keys at rest: nothing but the right MASTER_KEY, for the right row, unchanged, gives one back.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../../src/foundation/ids.ts';
import { decryptAtRest, encryptionKeyId, encryptAtRest } from '../../src/foundation/encryption.ts';

const master_key = randomBytes(32);
const options = { master_key, random: systemRandom };
const PLAIN = 'sample private key';
const KID = 'key_019ca8a03e8070000000000000000001';

const encrypted = encryptAtRest(PLAIN, KID, options);

/** The text with one bit of one byte changed. */
function changedAt(index: number): string {
  const bytes = Buffer.from(encrypted, 'base64url');
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes.toString('base64url');
}

test('a private key is given back by the key and for the kid it was encrypted with', () => {
  expect(decryptAtRest(encrypted, KID, master_key)).toBe(PLAIN);
  expect(decryptAtRest(encryptAtRest('', KID, options), KID, master_key)).toBe('');
});

test('it is not to be seen, and is never encrypted to the same text twice', () => {
  expect(Buffer.from(encrypted, 'base64url').includes(PLAIN)).toBe(false);
  const texts = Array.from({ length: 100 }, () => encryptAtRest(PLAIN, KID, options));
  expect(new Set(texts.map((text) => Buffer.from(text, 'base64url').subarray(0, 12).toString('hex'))).size).toBe(100);
});

describe('it is refused', () => {
  test('to another key, even one that differs by a bit', () => {
    const near = Buffer.from(master_key);
    near[31] = (near[31] ?? 0) ^ 1;
    for (const other of [near, randomBytes(32), Buffer.alloc(32)]) {
      expect(() => decryptAtRest(encrypted, KID, other)).toThrow(/authenticate/);
    }
  });

  test('for another kid: two rows cannot be swapped', () => {
    const other_kid = 'key_019ca8a03e8070000000000000000002';
    const other = encryptAtRest('the other private key', other_kid, options);
    expect(decryptAtRest(other, other_kid, master_key)).toBe('the other private key');
    expect(() => decryptAtRest(other, KID, master_key)).toThrow(/authenticate/);
    expect(() => decryptAtRest(encrypted, other_kid, master_key)).toThrow(/authenticate/);
  });

  test('after a change of any byte: nonce, tag or text', () => {
    const { length } = Buffer.from(encrypted, 'base64url');
    expect(length).toBe(12 + 16 + PLAIN.length);
    for (let index = 0; index < length; index += 1) {
      expect(() => decryptAtRest(changedAt(index), KID, master_key), `byte ${index}`).toThrow(/authenticate/);
    }
  });

  test('when it is cut off anywhere', () => {
    const bytes = Buffer.from(encrypted, 'base64url');
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = bytes.subarray(0, length).toString('base64url');
      // Without its last part there is no nonce, no tag of the full length, or a text that the tag is not for.
      expect(() => decryptAtRest(cut, KID, master_key), `${length} bytes`).toThrow(
        /authenticate|initialization vector|authentication tag/,
      );
    }
  });
});

test('the name of a key tells keys apart, and nothing of the key', () => {
  const name = encryptionKeyId(master_key);
  expect(name).toMatch(/^[0-9a-f]{16}$/);
  expect(encryptionKeyId(Buffer.from(master_key))).toBe(name);
  expect(encryptionKeyId(randomBytes(32))).not.toBe(name);
  expect(master_key.toString('hex').includes(name)).toBe(false);
});
