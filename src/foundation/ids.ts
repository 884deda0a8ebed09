// Ids and secrets: how they are made, told apart and kept. Not here: where they are stored (partners/, sessions/).

import { hash, randomFillSync, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { v7 } from 'uuid';
import type { Clock } from './clock.ts';

/** Cryptographically strong random bytes. */
export type Random = (size: number) => Uint8Array;

const POOL_BYTES = 4_096;

/** Asks the system for many bytes at a time, because asking takes long. None is given twice, or kept once it has been given. */
function createPool(): Random {
  const pool = new Uint8Array(POOL_BYTES);
  let used = POOL_BYTES;
  return (size) => {
    if (size > POOL_BYTES) return randomFillSync(new Uint8Array(size));
    if (used + size > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const given = pool.slice(used, used + size);
    pool.fill(0, used, used + size);
    used += size;
    return given;
  };
}

export const systemRandom: Random = createPool();

export type Makers = { clock: Clock; random: Random };

export type IdPrefix = 'ptr' | 'org' | 'usr' | 'ses' | 'sso' | 'key' | 'crd' | 'evt' | 'req' | 'atk';

/**
 * An id that sorts by the time it was made: `<prefix>_` and a UUID version 7 (RFC 9562, 5.7) as 32 hexadecimal digits.
 * Time order matters: random primary keys scatter inserts over the whole index.
 */
export function newId(prefix: IdPrefix, { clock, random }: Makers): string {
  return `${prefix}_${v7({ msecs: clock(), random: random(16) }).replaceAll('-', '')}`;
}

/** The least id that can be made at a moment (milliseconds): ids from then on sort behind it. */
export function firstId(prefix: IdPrefix, moment: number): string {
  return `${prefix}_${Math.max(0, moment).toString(16).padStart(12, '0')}`;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
// The largest multiple of 62 in a byte: bytes from here on are thrown away, or the first letters would come more often.
const UNBIASED = 248;

function randomBase62(length: number, random: Random): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random(length)) {
      if (byte < UNBIASED && text.length < length) text += BASE62.charAt(byte % 62);
    }
  }
  return text;
}

function base62Checksum(text: string): string {
  let rest = crc32(text);
  let checksum = '';
  for (let digit = 0; digit < 6; digit += 1) {
    checksum = BASE62.charAt(rest % 62) + checksum;
    rest = Math.floor(rest / 62);
  }
  return checksum;
}

/** `hps` partner secret, `hos` organization secret. */
export type SecretPrefix = 'hps' | 'hos';

/**
 * A secret for a server: `<prefix>_`, 32 random characters (190 bits) and a checksum of 6, by which a scanner tells a
 * leaked secret from a look-alike without asking us.
 */
export function newSecret(prefix: SecretPrefix, random: Random): string {
  const body = randomBase62(32, random);
  return `${prefix}_${body}${base62Checksum(body)}`;
}

/** Every secret and token this service hands out, wherever it stands in a text; for redaction and for leak tests. */
export const SECRETS_IN_TEXT = /\bh[po]s_[0-9A-Za-z]{38}|\bses_[0-9a-f]{32}\.[\w-]{43}|\beyJ[\w-]+(?:\.[\w-]*)*/g;

/** True for a string of the form newSecret makes, checksum included. */
export function isSecret(text: string): boolean {
  const [, body, checksum] = /^h[po]s_([0-9A-Za-z]{32})([0-9A-Za-z]{6})$/.exec(text) ?? [];
  return body !== undefined && base62Checksum(body) === checksum;
}

/** The last four characters, for a person to tell two secrets apart; 166 random bits stay unknown. */
export function secretHint(secret: string): string {
  return secret.slice(-4);
}

/**
 * SHA-256 in base64url. A fast hash is right for these: slow hashes protect what people choose, and nobody can try out
 * 190 random bits.
 */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Compares two hashes in constant time. */
export function equalHashes(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}

const SESSION_TOKEN = /^(ses_[0-9a-f]{32})\.([\w-]{43})$/;

/** What the holder of a session carries: `<session_id>.<secret>`, the secret 256 random bits in base64url. */
export function newSessionToken(session_id: string, random: Random): { session_token: string; secret_hash: string } {
  const secret = Buffer.from(random(32)).toString('base64url');
  return { session_token: `${session_id}.${secret}`, secret_hash: hashSecret(secret) };
}

/** Takes a session token apart; undefined when it cannot be one. */
export function parseSessionToken(text: string): { session_id: string; secret_hash: string } | undefined {
  const [, session_id, secret] = SESSION_TOKEN.exec(text) ?? [];
  if (session_id === undefined || secret === undefined) return undefined;
  return { session_id, secret_hash: hashSecret(secret) };
}

const CHOSEN_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{1,63}$/;

/** True for an id that an operator may choose; never for something that looks like a secret in the wrong place. */
export function isChosenId(text: string): boolean {
  return CHOSEN_ID.test(text) && !isSecret(text);
}

export const CHOSEN_ID_RULE = 'an id has 2 to 64 letters, digits, "-" or "_", and begins with a letter or digit';
