// ES256 (RFC 7518, 3.4) by node:crypto. OpenSSL speaks DER; node:crypto's own translation from and to the form of a JWS costs a good part
// of a signature more, and jose's way through WebCrypto and its threads more than that (bench/parts.md). The tests hold both against jose.

import { type KeyObject, sign, verify } from 'node:crypto';

/** Bytes of R, and of S: P-256's order. */
const INTEGER_BYTES = 32;

/** A DER integer (X.690, 8.3), which is as short as it can be but for a zero where it would look negative, in its 32 bytes. */
function fullLength(integer: Buffer): Buffer {
  const digits = integer.subarray(-INTEGER_BYTES);
  return digits.length === INTEGER_BYTES
    ? digits
    : Buffer.concat([Buffer.alloc(INTEGER_BYTES - digits.length), digits]);
}

/** R and S side by side, 32 bytes each, of an ECDSA-Sig-Value (RFC 3279, 2.2.3): 30 len, 02 len R, 02 len S. */
export function toJwsSignature(der: Buffer): Buffer {
  const r_end = 4 + der.readUInt8(3);
  return Buffer.concat([fullLength(der.subarray(4, r_end)), fullLength(der.subarray(r_end + 2))]);
}

/** The key has to be one of P-256's, which keyring.ts sees to. */
export function signEs256(input: string, private_key: KeyObject): Buffer {
  return toJwsSignature(sign('sha256', Buffer.from(input), private_key));
}

/** X.690, 8.3: no zeros in front, but for one where the first bit would be a sign. */
function derInteger(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const shortest = first === -1 ? bytes.subarray(-1) : bytes.subarray(first);
  const is_negative = shortest.readUInt8(0) > 0x7f;
  return Buffer.concat([Buffer.from(is_negative ? [2, shortest.length + 1, 0] : [2, shortest.length]), shortest]);
}

/** The ECDSA-Sig-Value (RFC 3279, 2.2.3) of R and S side by side. */
export function toDerSignature(joined: Buffer): Buffer {
  const [r, s] = [derInteger(joined.subarray(0, INTEGER_BYTES)), derInteger(joined.subarray(INTEGER_BYTES))];
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

/** False for a signature of another length, as for one by another key (RFC 7518, 3.4). */
export function verifyEs256(input: string, signature: Buffer, public_key: KeyObject): boolean {
  if (signature.length !== 2 * INTEGER_BYTES) return false;
  return verify('sha256', Buffer.from(input), public_key, toDerSignature(signature));
}
