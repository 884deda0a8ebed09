// The list of attempts: its filters, its order, and its pages, also while new attempts come in.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import { OUTCOMES } from '../../src/receipts/store.ts';
import { suspendUser } from '../../src/users/user.ts';
import { call, CLICK, FRAME, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';
import { requestIdOf } from './as-partner.ts';
import { askForAttempts, attemptOf, listAttempts, mint, revokeAttempt } from './receipts.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const idsOf = (attempts: readonly { request_id: string }[]) => attempts.map(({ request_id }) => request_id);

type Made = { request_id: string; at: string; user: 'first' | 'second'; outcome: string };

/** Two of each outcome, one for each of two users, oldest first, and at the end not a link that could still expire by itself. */
async function makeOfEach(): Promise<{ sample: Sample; second: string; made: Made[] }> {
  const sample = await createSample(handoff.deps);
  const second = await createSampleUser(handoff.deps, sample.organization_id);
  const made: Made[] = [];
  for (const outcome of ['expired', ...OUTCOMES.filter((one) => one !== 'expired')]) {
    for (const user of ['first', 'second'] as const) {
      handoff.clock.advance(1_000);
      const at = timestamp(handoff.clock.now());
      const headers = { 'x-user-id': user === 'first' ? sample.user_id : second };
      const refused = { redirect_path: '//evil.test', headers };
      const { request_id, path } =
        outcome === 'refused'
          ? { request_id: requestIdOf(await requestSso(handoff, sample, refused)), path: '' }
          : await mint(handoff, sample, { headers });
      handoff.clock.advance(1_000);
      if (outcome === 'opened') await call(handoff, path, { headers: FRAME });
      if (outcome === 'redeemed') await call(handoff, path, { headers: CLICK });
      if (outcome === 'revoked') await revokeAttempt(handoff, sample, request_id);
      made.push({ request_id, at, user, outcome });
    }
    if (outcome === 'expired') handoff.clock.advance(300_000);
  }
  return { sample, second, made };
}

describe('a list', () => {
  let sample: Sample;
  let second: string;
  let made: Made[];
  beforeAll(async () => {
    ({ sample, second, made } = await makeOfEach());
  });

  const listed = async (filter: Record<string, string>) =>
    idsOf((await listAttempts(handoff, sample, filter)).attempts);
  const newestFirst = (wanted: (one: Made) => boolean) => idsOf(made.filter(wanted)).toReversed();

  test('without a filter has everything there is, newest first, each as it is by itself', async () => {
    const { attempts, pagination } = await listAttempts(handoff, sample);
    expect(idsOf(attempts)).toEqual(newestFirst(() => true));
    expect(pagination).toEqual({ count: 12, hasNext: false, limit: 20, lastKey: null });
    expect(attempts.map(({ outcome }) => outcome)).toEqual(made.map(({ outcome }) => outcome).toReversed());
    const alone = await Promise.all(attempts.map((one) => attemptOf(handoff, sample, one.request_id)));
    expect(alone.map(({ events: _, ...rest }) => rest)).toEqual(attempts);
  });

  test.each(OUTCOMES)('of the outcome %s has those that came to it', async (outcome) => {
    const wanted = newestFirst((one) => one.outcome === outcome);
    expect(wanted).toHaveLength(2);
    expect(await listed({ outcome })).toEqual(wanted);
  });

  test('of a user_id has those for that user', async () => {
    expect(await listed({ user_id: second })).toEqual(newestFirst(({ user }) => user === 'second'));
    expect(await listed({ user_id: 'usr_019ca8a03e8070000000000000000000' })).toEqual([]);
  });

  test('of a request_id has that one', async () => {
    for (const { request_id } of made) expect(await listed({ request_id })).toEqual([request_id]);
    expect(await listed({ request_id: 'req_019ca8a03e8070000000000000000000' })).toEqual([]);
  });

  test('from a moment, which is in it, until another, which is not, has those between', async () => {
    const [from = '', until = ''] = [made[3]?.at, made[7]?.at];
    expect(await listed({ from, until })).toEqual(idsOf(made.slice(3, 7)).toReversed());
    const after = timestamp(Date.parse(from) + 1);
    expect(await listed({ from: after, until })).toEqual(idsOf(made.slice(4, 7)).toReversed());
    expect(await listed({ from, until: timestamp(Date.parse(until) + 1) })).toHaveLength(5);
    expect(await listed({ from })).toHaveLength(9);
    expect(await listed({ until })).toHaveLength(7);
    expect(await listed({ from: until, until: from })).toEqual([]);
    // The same moment in Sydney.
    const local = new Date(Date.parse(from) + 11 * 3_600_000).toISOString().replace('Z', '+11:00');
    expect(await listed({ from: local })).toHaveLength(9);
    expect(await listed({ from: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' })).toHaveLength(12);
  });

  test('of several filters has those that fit all of them', async () => {
    const [from = '', until = ''] = [made[1]?.at, made[11]?.at];
    for (const outcome of OUTCOMES) {
      const wanted = newestFirst((one) => one.outcome === outcome && one.user === 'second');
      expect(await listed({ outcome, user_id: second })).toEqual(wanted);
      const within = newestFirst((one) => one.outcome === outcome && one.at >= from && one.at < until);
      expect(await listed({ outcome, from, until })).toEqual(within);
    }
    const one = made[5];
    const all = { request_id: one?.request_id ?? '', outcome: one?.outcome ?? '', user_id: second, from, until };
    expect(await listed(all)).toEqual([one?.request_id]);
    expect(await listed({ ...all, user_id: sample.user_id })).toEqual([]);
    expect(await listed({ ...all, outcome: 'expired' })).toEqual([]);
    expect(await listed({ ...all, until: from })).toEqual([]);
  });

  test('of an outcome comes in pages too', async () => {
    const first = await listAttempts(handoff, sample, { outcome: 'redeemed', limit: '1' });
    expect(first.pagination).toMatchObject({ count: 1, hasNext: true, limit: 1 });
    const lastKey = first.pagination.lastKey ?? '';
    const rest = await listAttempts(handoff, sample, { outcome: 'redeemed', limit: '1', lastKey });
    expect(rest.pagination).toEqual({ count: 1, hasNext: false, limit: 1, lastKey: null });
    expect(idsOf([...first.attempts, ...rest.attempts])).toEqual(newestFirst((one) => one.outcome === 'redeemed'));
  });
});

test('links that a suspension has withdrawn are listed as revoked, with the moment', async () => {
  const sample = await createSample(handoff.deps);
  const { request_id } = await mint(handoff, sample);
  handoff.clock.advance(1_000);
  const revoked_at = timestamp(handoff.clock.now());
  await suspendUser(handoff.deps.db, sample.user_id, handoff.deps);
  const { attempts } = await listAttempts(handoff, sample, { outcome: 'revoked' });
  expect(attempts).toMatchObject([{ request_id, outcome: 'revoked', revoked_at }]);
  expect((await listAttempts(handoff, sample, { outcome: 'minted' })).attempts).toEqual([]);
});

test('an integration without attempts has an empty list', async () => {
  const { attempts, pagination } = await listAttempts(handoff, await createSample(handoff.deps));
  expect({ attempts, pagination }).toEqual({
    attempts: [],
    pagination: { count: 0, hasNext: false, limit: 20, lastKey: null },
  });
});

describe('pages', () => {
  let sample: Sample;
  let before: string[];
  const another = async (): Promise<string> => {
    handoff.clock.advance(1);
    return (await mint(handoff, sample)).request_id;
  };
  beforeAll(async () => {
    sample = await createSample(handoff.deps);
    const made: string[] = [];
    for (let count = 0; count < 53; count += 1) made.push(await another());
    before = made.toReversed();
  });

  async function walk(limit: string, between: () => Promise<unknown>): Promise<string[][]> {
    const pages: string[][] = [];
    let lastKey: string | null = '';
    while (lastKey !== null) {
      const { attempts, pagination } = await listAttempts(handoff, sample, { limit, ...(lastKey && { lastKey }) });
      pages.push(idsOf(attempts));
      expect(pagination).toMatchObject({ limit: Number(limit), hasNext: pagination.lastKey !== null });
      ({ lastKey } = pagination);
      await between();
    }
    return pages;
  }

  test('are of 20 attempts where nothing is said', async () => {
    const { attempts, pagination } = await listAttempts(handoff, sample);
    expect(idsOf(attempts)).toEqual(before.slice(0, 20));
    expect(pagination).toMatchObject({ count: 20, hasNext: true, limit: 20, lastKey: expect.any(String) as string });
  });

  test('together are everything once, while new attempts come in that none of them shows', async () => {
    const pages = await walk('7', another);
    expect(pages.flat()).toEqual(before);
    expect(pages.map((page) => page.length)).toEqual([7, 7, 7, 7, 7, 7, 7, 4]);
    const { attempts } = await listAttempts(handoff, sample, { limit: '50' });
    expect(attempts).toHaveLength(50);
    expect(idsOf(attempts.slice(8))).toEqual(before.slice(0, 42));
    expect((await walk('50', async () => undefined)).map((page) => page.length)).toEqual([50, 11]);
  });

  test('end exactly where the attempts do', async () => {
    const one = await createSample(handoff.deps);
    for (let count = 0; count < 2; count += 1) await mint(handoff, one);
    const { pagination } = await listAttempts(handoff, one, { limit: '2' });
    expect(pagination).toEqual({ count: 2, hasNext: false, limit: 2, lastKey: null });
  });
});

describe('a query that is not as documented is refused and its field named', () => {
  let sample: Sample;
  beforeAll(async () => {
    sample = await createSample(handoff.deps);
  });
  const MOMENT = 'must be a moment with its zone, such as 2026-11-22T05:30:00Z (write a + as %2B)';
  const LIMIT = 'must be a whole number from 1 to 50';
  const KEY = 'must be the lastKey of the page before';

  test.each([
    ...['0', '51', '-1', '1.5', '1e1', ' 7', 'all', '', '0x7', '007000'].map((bad) => [
      'limit',
      bad,
      LIMIT,
      'invalid_value',
    ]),
    ...['7', '', 'evt_7', 'usr_019ca8a03e8070000000000000000000', 'EVT_019ca8a03e8070000000000000000000'].map((bad) => [
      'lastKey',
      bad,
      KEY,
      'invalid_format',
    ]),
    ...['from', 'until'].flatMap((field) =>
      [
        'yesterday',
        '',
        '2026-11-22',
        '2026-11-22T05:30:00',
        '2026-02-30T00:00:00Z',
        '1772355600',
        '2026-11-22 05:30Z',
      ].map((bad) => [field, bad, MOMENT, 'invalid_format']),
    ),
    ...['user_id', 'request_id'].flatMap((field) => [
      [field, 'u'.repeat(65), 'must have at most 64 characters', 'too_big'],
      [field, '', 'must have at least 1 character', 'too_small'],
      // It was answered with 500 on PostgreSQL.
      [field, 'usr_\0', 'must have visible ASCII characters only', 'invalid_format'],
    ]),
    ...['used', '', 'Refused', 'refused,minted'].map((bad) => [
      'outcome',
      bad,
      `must be one of ${OUTCOMES.join(', ')}`,
      'invalid_value',
    ]),
  ])('%s=%s', async (field = '', value = '', words = '', code = '') => {
    const answer = await askForAttempts(handoff, sample, new URLSearchParams({ [field]: value }).toString());
    expect(answer.status).toBe(400);
    const message = `${field} ${words}`;
    const { error } = answer.json as { error: object };
    expect(error).toMatchObject({ title: 'Invalid request', detail: message, validation: [{ field, message, code }] });
  });

  test('several at once are all named, and so is one that is there twice', async () => {
    const answer = await askForAttempts(handoff, sample, 'limit=0&outcome=used&from=now&user_id=a&user_id=b');
    const { validation } = (answer.json as { error: { validation: { field: string }[] } }).error;
    expect(validation.map(({ field }) => field).toSorted()).toEqual(['from', 'limit', 'outcome', 'user_id']);
  });

  test('while the outermost good ones, and what is not documented, are not', async () => {
    const good = [
      'limit=1',
      'limit=50',
      'from=2026-11-22T05:30:00.123%2B11:00',
      `user_id=${'u'.repeat(64)}`,
      'color=red',
    ];
    for (const query of good) expect((await askForAttempts(handoff, sample, query)).status).toBe(200);
  });
});
