// What must be readable again but not by whoever holds the database: AES-256-GCM under MASTER_KEY, bound to the row it is in.

import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { Random } from './ids.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

// Without it a shorter tag would be accepted too (NIST SP 800-38D, 5.2.1.2), which is easier to forge.
const TAG = { authTagLength: TAG_BYTES };

/** Names a MASTER_KEY without telling it: the first 16 hexadecimal digits of its SHA-256. */
export function encryptionKeyId(master_key: Buffer): string {
  return createHash('sha256').update('handoff master key id').update(master_key).digest('hex').slice(0, 16);
}

/**
 * Encrypts under a fresh nonce (NIST SP 800-38D, 8.2.2). `place` names the row, such as a kid; it is authenticated, so that
 * rows cannot be swapped.
 */
export function encryptAtRest(plain: string, place: string, options: { master_key: Buffer; random: Random }): string {
  const nonce = options.random(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', options.master_key, nonce, TAG);
  cipher.setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
}

/** @throws when the key or the place is another one, or the text was changed */
export function decryptAtRest(encrypted: string, place: string, master_key: Buffer): string {
  const bytes = Buffer.from(encrypted, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', master_key, bytes.subarray(0, NONCE_BYTES), TAG);
  decipher.setAAD(Buffer.from(place));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const plain = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  return plain.toString('utf8');
}

/** A fingerprint (HMAC-SHA-256, base64url) that nobody without MASTER_KEY can try guesses against. */
export function keyedHash(text: string, purpose: string, master_key: Buffer): string {
  return createHmac('sha256', master_key).update(`${purpose}\0`).update(text, 'utf8').digest('base64url');
}
