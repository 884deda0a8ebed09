// Keys that sign: their states, rotation while links are minted and opened, what is published and what is kept.

import { createDecipheriv, createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rotateSigningKeys } from '../src/signing-keys/rotate.ts';
import { call, mintLink, openLink, problemOf, requestSso } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import { type Handoff, startHandoff } from './support/handoff.ts';
import { createSample, type Sample } from './support/sample.ts';

const DAY = 24 * 60 * 60_000;
const KEYS = '/.well-known/jwks.json';

const rotate = ({ deps }: Handoff, { compromised } = { compromised: false }) =>
  rotateSigningKeys(deps.db, { compromised }, { ...deps, master_key: deps.config.MASTER_KEY });
const rowsOf = ({ deps }: Handoff) => deps.db.selectFrom('signing_keys').selectAll().orderBy('created_at').execute();

/** The kids in a state, of which there can be several for "retiring" only. */
async function kidsOf(handoff: Handoff, state: string): Promise<string[]> {
  return (await rowsOf(handoff)).filter((row) => row.state === state).map(({ kid }) => kid);
}

async function published(handoff: Handoff): Promise<JSONWebKeySet> {
  return (await call(handoff, KEYS)).json as JSONWebKeySet;
}

const sharing = (database: TestDatabase, master_key: string, environment: Record<string, string> = {}) =>
  startHandoff({ database, environment: { MASTER_KEY: master_key, ...environment } });

describe('one server', () => {
  let handoff: Handoff;
  let sample: Sample;
  beforeAll(async () => {
    handoff = await startHandoff();
    sample = await createSample(handoff.deps);
  });
  afterAll(() => handoff.close());

  test('starts with a key that signs and the next one, both published', async () => {
    const [active, next] = [await kidsOf(handoff, 'active'), await kidsOf(handoff, 'next')];
    expect([active.length, next.length, (await rowsOf(handoff)).length]).toEqual([1, 1, 2]);
    const { keys } = await published(handoff);
    expect(keys.map(({ kid }) => String(kid)).toSorted()).toEqual([...active, ...next].toSorted());
    const { sso_token } = await mintLink(handoff, sample);
    expect(decodeProtectedHeader(sso_token)).toEqual({ alg: 'ES256', kid: active[0], typ: 'sso+jwt' });
  });

  test('publishes what verifies a token, for five minutes, and nothing that signs', async () => {
    const answer = await call(handoff, KEYS, { headers: { origin: 'https://practice.example' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/jwk-set+json');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
    const set = answer.json as JSONWebKeySet;
    for (const { kid, x, y, ...rest } of set.keys) {
      expect(rest).toEqual({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
      expect(kid).toMatch(/^key_[0-9a-f]{32}$/);
      expect([x?.length, y?.length]).toEqual([43, 43]);
    }
    const { sso_token } = await mintLink(handoff, sample);
    const currentDate = new Date(handoff.clock.now());
    const { payload } = await jwtVerify(sso_token, createLocalJWKSet(set), { typ: 'sso+jwt', currentDate });
    expect(payload.sub).toBe(sample.user_id);
  });

  test('after a rotation signs with what was the next key, and still takes what the one before signed', async () => {
    const [[was_active], [was_next]] = [await kidsOf(handoff, 'active'), await kidsOf(handoff, 'next')];
    const before = await mintLink(handoff, sample);
    expect(await rotate(handoff)).toEqual({ kid: was_next });
    handoff.clock.advance(5_000);
    const after = await mintLink(handoff, sample);
    expect(decodeProtectedHeader(after.sso_token).kid).toBe(was_next);
    expect(await kidsOf(handoff, 'retiring')).toEqual([was_active]);
    expect((await kidsOf(handoff, 'next')).length).toBe(1);
    expect((await published(handoff)).keys).toHaveLength(3);
    await openLink(handoff, before);
    await openLink(handoff, after);
  });

  test('keeps a retiring key for a day, and then neither publishes nor takes it', async () => {
    const link = await mintLink(handoff, sample);
    const { kid } = decodeProtectedHeader(link.sso_token);
    await rotate(handoff);
    handoff.clock.advance(DAY);
    await rotate(handoff);
    const isPublished = async () => (await published(handoff)).keys.some((key) => key.kid === kid);
    expect([(await kidsOf(handoff, 'retiring')).includes(kid ?? ''), await isPublished()]).toEqual([true, true]);
    expect(problemOf(await call(handoff, link.path))).toBe('token-expired');
    handoff.clock.advance(5_000);
    await rotate(handoff);
    expect([(await kidsOf(handoff, 'retiring')).includes(kid ?? ''), await isPublished()]).toEqual([false, false]);
    expect(problemOf(await call(handoff, link.path))).toBe('token-invalid');
    expect((await kidsOf(handoff, 'retiring')).length).toBe(2);
  });

  test('after a rotation because of a compromised key takes nothing that was signed before', async () => {
    handoff.clock.advance(5_000);
    const before = await mintLink(handoff, sample);
    const { kid } = await rotate(handoff, { compromised: true });
    handoff.clock.advance(5_000);
    expect(problemOf(await call(handoff, before.path))).toBe('token-invalid');
    expect([await kidsOf(handoff, 'active'), await kidsOf(handoff, 'retiring')]).toEqual([[kid], []]);
    expect((await published(handoff)).keys).toHaveLength(2);
    expect((await call(handoff, (await mintLink(handoff, sample)).path)).status).toBe(303);
  });

  test('keeps private halves encrypted, each bound to its own row', async () => {
    const { MASTER_KEY } = handoff.config;
    const decrypt = (text: string, kid: string) => {
      const bytes = Buffer.from(text, 'base64url');
      const decipher = createDecipheriv('aes-256-gcm', MASTER_KEY, bytes.subarray(0, 12));
      decipher.setAAD(Buffer.from(kid)).setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString();
    };
    const rows = await rowsOf(handoff);
    for (const row of rows) {
      expect(Object.keys(JSON.parse(row.public_jwk) as object).toSorted()).toEqual(
        ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], // and no "d"
      );
      const own = createPublicKey(createPrivateKey(decrypt(row.private_key_encrypted, row.kid))).export({
        format: 'jwk',
      });
      expect(JSON.parse(row.public_jwk)).toMatchObject({ x: own.x, y: own.y });
      const stranger = rows.find(({ kid }) => kid !== row.kid);
      expect(() => decrypt(row.private_key_encrypted, stranger?.kid ?? '')).toThrow(/authenticate/);
    }
    const nonces = rows.map((row) => row.private_key_encrypted.slice(0, 16));
    expect(new Set(nonces).size).toBe(rows.length);
  });

  test('writes no private half to its log', async () => {
    const log = await readFile(handoff.log_file, 'utf8');
    expect(log.length).toBeGreaterThan(0);
    expect(/PRIVATE KEY|"d":/.test(log)).toBe(false);
  });
});

// One after the other: SQLite in one process cannot wait for itself. Real processes at once are in processes-keys.test.ts.
describe('servers that share a database', () => {
  let database: TestDatabase;
  const master_key = randomBytes(32).toString('base64');
  let one: Handoff;
  let other: Handoff;
  let sample: Sample;
  beforeAll(async () => {
    database = await createDatabase();
    one = await sharing(database, master_key);
    other = await sharing(database, master_key);
    sample = await createSample(one.deps);
  });
  afterAll(async () => {
    await one.close();
    await other.close();
    await database.drop();
  });

  test('have one key that signs and one next one between them', async () => {
    expect((await rowsOf(one)).map(({ state }) => state).toSorted()).toEqual(['active', 'next']);
    expect(await published(one)).toEqual(await published(other));
  });

  test('take each other’s tokens whatever one of them has not heard of yet', async () => {
    for (let round = 0; round < 10; round += 1) {
      // Less than the five seconds for which a server trusts what it read last.
      for (const { clock } of [one, other]) clock.advance(2_000);
      const before = [await mintLink(one, sample), await mintLink(other, sample)] as const;
      await rotate(round % 2 === 0 ? one : other);
      const after = [await mintLink(one, sample), await mintLink(other, sample)] as const;
      const crossing = [
        [one, before[1]],
        [one, after[1]],
        [other, before[0]],
        [other, after[0]],
      ] as const;
      for (const [server, link] of crossing) expect((await call(server, link.path)).status).toBe(303);
    }
  });

  test('sign with a key that another made active within five seconds', async () => {
    const { kid } = await rotate(one);
    for (const { clock } of [one, other]) clock.advance(5_000);
    expect(decodeProtectedHeader((await mintLink(other, sample)).sso_token).kid).toBe(kid);
    expect((await published(other)).keys.some((key) => key.kid === kid)).toBe(true);
  });

  test('do not start with another MASTER_KEY, and say why', async () => {
    await expect(sharing(database, randomBytes(32).toString('base64'))).rejects.toThrow(
      /^MASTER_KEY \(id [0-9a-f]{16}\) is not the key that encrypted signing key key_[0-9a-f]{32} \(id [0-9a-f]{16}\): set MASTER_KEY to the one this database was started with$/,
    );
    const right = await sharing(database, master_key);
    expect((await requestSso(right, sample)).status).toBe(200);
    await right.close();
  });

  test('publish under the path of API_URL and at the root', async () => {
    const based = await sharing(database, master_key, { API_URL: 'http://localhost:8787/external' });
    const answers = [await call(based, `/external${KEYS}`), await call(based, KEYS)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.json).toEqual(answers[1]?.json);
    await based.close();
  });
});
