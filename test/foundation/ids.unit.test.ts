import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  equalHashes,
  hashSecret,
  isChosenId,
  isSecret,
  newId,
  newSecret,
  newSessionToken,
  parseSessionToken,
  type Random,
  SECRETS_IN_TEXT,
  secretHint,
  systemRandom,
} from '../../src/foundation/ids.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const at = (milliseconds: number, random: Random = systemRandom) => ({ clock: () => milliseconds, random });
const START = Date.parse('2026-03-01T09:00:00.000Z');

/** Always the same byte. */
const only =
  (byte: number): Random =>
  (size) =>
    new Uint8Array(size).fill(byte);

describe('an id', () => {
  test('is its prefix and a UUID of version 7', () => {
    expect(newId('usr', at(START))).toMatch(/^usr_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
  });

  test('tells its millisecond', () => {
    expect(Number.parseInt(newId('evt', at(START)).slice(4, 16), 16)).toBe(START);
  });

  test('sorts as text in the order of time, whatever the random bytes', () => {
    const time = fc.integer({ min: 0, max: Date.parse('9999-12-31T23:59:59.999Z') });
    fc.assert(
      fc.property(time, time, (one, other) => {
        const [earlier, later] = one < other ? [one, other] : [other, one + Number(one === other)];
        expect(newId('evt', at(earlier, only(255))) < newId('evt', at(later, only(0)))).toBe(true);
      }),
    );
  });

  test('is another one each time, in one millisecond too', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newId('ses', at(START)))).size).toBe(1000);
  });
});

describe('a secret', () => {
  test.each(['hps', 'hos'] as const)('is %s_, 32 letters and digits, and a checksum of 6', (prefix) => {
    const secret = newSecret(prefix, systemRandom);
    expect(new RegExp(`^${prefix}_[0-9A-Za-z]{38}$`).test(secret), 'form').toBe(true);
    expect(isSecret(secret), 'checksum').toBe(true);
  });

  test('uses every letter and digit for as many bytes as any other', () => {
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 248; byte += 1) {
      const [character = ''] = newSecret('hps', only(byte)).slice(4, 36);
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    expect([...counts.keys()].toSorted().join('')).toBe(BASE62);
    expect([...new Set(counts.values())]).toEqual([4]);
  });

  test('throws away the eight bytes that would favour some letters', () => {
    const bytes = [248, 249, 250, 251, 61, 252, 253, 254, 255, 0];
    let next = 0;
    const secret = newSecret('hps', (size) => Uint8Array.from({ length: size }, () => bytes[next++ % 10] ?? 0));
    expect(secret.slice(4, 36)).toBe('z0'.repeat(16));
  });

  test('is known by its checksum: no single change goes unnoticed', () => {
    const secret = newSecret('hos', systemRandom);
    for (let index = 4; index < secret.length; index += 1) {
      const other = secret[index] === 'x' ? 'y' : 'x';
      expect(isSecret(secret.slice(0, index) + other + secret.slice(index + 1)), `at ${index}`).toBe(false);
    }
  });

  test.each([
    ['cut off', (secret: string) => secret.slice(0, -1)],
    ['longer', (secret: string) => `${secret}0`],
    ['of another prefix', (secret: string) => secret.replace('hos', 'has')],
    ['without its prefix', (secret: string) => secret.slice(4)],
    ['in a sentence', (secret: string) => `${secret} `],
    ['on a second line', (secret: string) => `x\n${secret}`],
  ])('is none when it is %s', (_, change) => {
    expect(isSecret(change(newSecret('hos', systemRandom)))).toBe(false);
  });

  test('shows its last four characters to people, and its hash to the database', () => {
    const secret = newSecret('hps', systemRandom);
    expect(secret.endsWith(secretHint(secret)), 'hint').toBe(true);
    expect(secretHint(secret)).toHaveLength(4);
    expect(hashSecret('sample')).toBe('ryvb4aqbbsHireHWlPQfxxqDHQJo6YkVYhE9imKt0b8');
  });
});

describe('two hashes', () => {
  test('are equal or not, also where the lengths differ', () => {
    const [hash, other] = [hashSecret('one'), hashSecret('other')];
    expect(equalHashes(hash, hashSecret('one'))).toBe(true);
    expect([other, hash.slice(1), '', `${hash}=`].map((text) => equalHashes(hash, text))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a session token', () => {
  test('is the session’s id and 256 random bits, of which the database has the hash', () => {
    const session_id = newId('ses', at(START));
    const { session_token, secret_hash } = newSessionToken(session_id, systemRandom);
    expect(/^ses_[0-9a-f]{32}\.[\w-]{43}$/.test(session_token), 'form').toBe(true);
    expect(parseSessionToken(session_token)).toEqual({ session_id, secret_hash });
  });

  test.each([
    ['empty', () => ''],
    ['an id alone', (token: string) => token.split('.')[0] ?? ''],
    ['a secret alone', (token: string) => `.${token.split('.')[1] ?? ''}`],
    ['cut off', (token: string) => token.slice(0, -1)],
    ['longer', (token: string) => `${token}A`],
    ['in quotes', (token: string) => `"${token}"`],
    ['followed by another line', (token: string) => `${token}\n`],
    ['of another kind', (token: string) => token.replace('ses_', 'sso_')],
  ])('is none when it is %s', (_, change) => {
    const { session_token } = newSessionToken(newId('ses', at(START)), systemRandom);
    expect(parseSessionToken(change(session_token))).toBeUndefined();
  });
});

describe('secrets in a text', () => {
  test('are found wherever they stand, as a whole', () => {
    const given = [
      newSecret('hps', systemRandom),
      newSecret('hos', systemRandom),
      newSessionToken(newId('ses', at(START)), systemRandom).session_token,
      'eyJhbGciOiJFUzI1NiJ9.eyJqdGkiOiJzYW1wbGUifQ.c2FtcGxl',
    ];
    const found = `{"a":"${given.join('","b":"')}"}`.match(SECRETS_IN_TEXT) ?? [];
    expect(found.map((one) => given.includes(one))).toEqual([true, true, true, true]);
  });

  test('are not what ids look like', () => {
    const ids = (['ptr', 'org', 'usr', 'ses', 'key', 'crd', 'evt', 'req'] as const).map((one) => newId(one, at(START)));
    expect(ids.join(' ').match(SECRETS_IN_TEXT)).toBeNull();
  });
});

describe('an id that an operator chooses', () => {
  test.each(['tacklit', 'a1', 'A-b_c', '0_0', 'x'.repeat(64), 'ptr_019ca8a03e8070000000000000000000'])(
    'may be %s',
    (text) => {
      expect(isChosenId(text)).toBe(true);
    },
  );

  test.each(['', 'a', '-a', '_a', 'a b', 'a.b', 'a/b', 'a:b', 'é1', 'a\n', 'x'.repeat(65), 'a%20'])(
    'must not be %j',
    (text) => {
      expect(isChosenId(text)).toBe(false);
    },
  );

  test('must not be a secret in the wrong place', () => {
    expect([newSecret('hps', systemRandom), newSecret('hos', systemRandom)].map(isChosenId)).toEqual([false, false]);
  });
});
