// GET …/users: pages, the cursor between them while users come and go, and finding one user.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalizeEmail } from '../../src/users/user.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  callUsers,
  createUser,
  type Headers4,
  newUser,
  pageOf,
  type PartnerUser,
  plainUser,
  refusalOf,
} from '../support/partner-api.ts';
import { createSample, createSampleUser, type Sample } from '../support/sample.ts';

const MANY = 57;

let handoff: Handoff;
/** An organization with so many users. */
let sample: Sample;
let headers: Headers4;
let ids: string[];
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
  ids = [sample.user_id];
  while (ids.length < MANY) {
    handoff.clock.advance(ids.length % 3);
    ids.push(await createSampleUser(handoff.deps, sample.organization_id));
  }
  ids.sort();
});
afterAll(() => handoff.close());

const list = (rest = '', one = sample, own = headers) => callUsers(handoff, one, { headers: own, rest });
const idsOf = (users: PartnerUser[]) => users.map(({ user_id }) => user_id);

/** All pages one after the other; `between` happens before each next one. */
async function walk(limit: number, between: (last: string, page: number) => Promise<void> = async () => {}) {
  const seen: string[][] = [];
  for (let rest = `?limit=${limit}`; rest !== '';) {
    const { users, pagination } = pageOf(await list(rest));
    seen.push(idsOf(users));
    const { hasNext, lastKey } = pagination;
    expect(pagination).toEqual({ count: users.length, hasNext: lastKey !== null, limit, lastKey });
    if (hasNext) await between(users.at(-1)?.user_id ?? '', seen.length);
    rest = hasNext ? `?limit=${limit}&lastKey=${encodeURIComponent(lastKey ?? '')}` : '';
  }
  return seen;
}

describe('a page', () => {
  test('has 20 users unless it is said otherwise', async () => {
    const answer = await list();
    const { users, pagination } = pageOf(answer);
    expect(users).toHaveLength(20);
    expect(pagination).toMatchObject({ count: 20, hasNext: true, limit: 20 });
    expect(answer.json).toMatchObject({ message: 'Retrieved 20 users successfully' });
  });

  test.each([1, 49, 50])('has up to %i users if it is said so', async (limit) => {
    const { users, pagination } = pageOf(await list(`?limit=${limit}`));
    expect(users).toHaveLength(limit);
    expect(pagination).toMatchObject({ count: limit, limit, hasNext: true });
  });

  test.each(['0', '51', '100', '-1', '+1', '1.5', '1e1', '0x10', ' 1', '', 'all', '99999999999', '%00'])(
    'cannot have %s',
    async (limit) => {
      const answer = await list(`?limit=${encodeURIComponent(limit).replace('%2500', '%00')}`);
      expect(refusalOf(answer)).toEqual({
        status: 400,
        slug: 'invalid-request',
        detail: 'limit must be a whole number from 1 to 50',
        fields: ['limit invalid_value'],
      });
    },
  );

  test('cannot have two limits', async () => {
    expect(refusalOf(await list('?limit=1&limit=2'))).toMatchObject({ status: 400, fields: ['limit invalid_type'] });
  });

  test.each(['', 'x', 'usr_1', "usr_' or 1=1", '%00', 'usr_019CA8A03E8070000000000000000000'])(
    'cannot go on from %s',
    async (lastKey) => {
      const answer = await list(`?lastKey=${lastKey}`);
      expect(refusalOf(answer)).toMatchObject({ status: 400, fields: ['lastKey invalid_format'] });
    },
  );

  test('tells of every parameter that is wrong, and ignores those that nobody knows', async () => {
    const answer = await list('?limit=0&lastKey=x&sort=name');
    expect(refusalOf(answer).fields).toEqual(['limit invalid_value', 'lastKey invalid_format']);
    expect(pageOf(await list('?limit=1&sort=name&offset=7')).users).toHaveLength(1);
  });
});

describe('a walk from page to page', () => {
  test.each([7, 19, 20, 50])('of %i sees every user once, in one order', async (limit) => {
    const pages = await walk(limit);
    expect(pages.flat()).toEqual(ids);
    expect(pages.map((page) => page.length).slice(0, -1)).toEqual(pages.slice(0, -1).map(() => limit));
  });

  test('ends without an empty page when the last one is full', async () => {
    const pages = await walk(19);
    expect(pages.map((page) => page.length)).toEqual([19, 19, 19]);
  });

  test('sees those who were there all the time once, while others come and go', async () => {
    const gone = new Set<string>();
    const come: string[] = [];
    const remove = async (user_id: string) => {
      gone.add(user_id);
      await callUser(handoff, sample, { user_id, headers, method: 'DELETE', rest: '' });
    };
    const before = [...ids];
    const seen = (
      await walk(10, async (last, page) => {
        handoff.clock.advance(1);
        come.push((await createUser(handoff, sample, headers, plainUser())).user_id);
        // The one that the cursor names, one that has been seen, and one that has not.
        if (page === 1) await remove(last);
        if (page === 2) await remove(ids[3] ?? '');
        if (page === 3) await remove(ids.at(-1) ?? '');
      })
    ).flat();
    expect(gone.size).toBe(3);
    expect(seen).toEqual([...new Set(seen)].toSorted());
    expect(seen.filter((id) => !come.includes(id))).toEqual(before.filter((id) => id !== before.at(-1)));
    ids = [...before.filter((id) => !gone.has(id)), ...come].toSorted();
    expect((await walk(50)).flat()).toEqual(ids);
  });
});

test('a list without users is an empty page', async () => {
  const one = await createSample(handoff.deps);
  const own = await bearer(handoff, one);
  await callUser(handoff, one, { user_id: one.user_id, headers: own, method: 'DELETE', rest: '' });
  const answer = await list('', one, own);
  expect(answer.json).toMatchObject({ message: 'Retrieved 0 users successfully', data: [] });
  expect(pageOf(answer).pagination).toEqual({ count: 0, hasNext: false, limit: 20, lastKey: null });
});

test('users are listed whatever their state', async () => {
  const one = await createSample(handoff.deps);
  const own = await bearer(handoff, one);
  const { user_id } = await createUser(handoff, one, own);
  await callUser(handoff, one, { user_id, headers: own, method: 'PUT', rest: '/disable' });
  const { users } = pageOf(await list('', one, own));
  expect(Object.fromEntries(users.map((user) => [user.user_id, user.status]))).toEqual({
    [one.user_id]: 'active',
    [user_id]: 'disabled',
  });
});

describe('one user is found', () => {
  const body = newUser({ email: 'Found+One@Clinic.Example', partner_user_id: 'FOUND#ME & 100%' });
  let found: PartnerUser;
  beforeAll(async () => {
    found = await createUser(handoff, sample, headers, body);
  });

  test.each([
    ['their e-mail address', { email: normalizeEmail(String(body['email'])) }],
    ['it in another case, with spaces', { email: ' FOUND+ONE@clinic.example ' }],
    ['the partner’s id', { partner_user_id: 'FOUND#ME & 100%' }],
    ['both', { email: 'found+one@clinic.example', partner_user_id: 'FOUND#ME & 100%' }],
  ])('by %s', async (_, filter: Record<string, string>) => {
    const { users, pagination } = pageOf(await list(`?${new URLSearchParams(filter).toString()}`));
    expect(users).toEqual([found]);
    expect(pagination).toEqual({ count: 1, hasNext: false, limit: 20, lastKey: null });
  });

  test.each([
    ['another address', { email: 'found+one@clinic.exampl' }],
    ['a part of the id', { partner_user_id: 'FOUND#ME' }],
    ['a wildcard', { partner_user_id: '%' }],
    ['the id in another case', { partner_user_id: 'found#me & 100%' }],
    ['another user’s id', { email: 'found+one@clinic.example', partner_user_id: 'NOBODY' }],
    ['another user’s address', { email: 'nobody@clinic.example', partner_user_id: 'FOUND#ME & 100%' }],
    ['SQL', { partner_user_id: "' or '1'='1" }],
  ])('not by %s', async (_, filter: Record<string, string>) => {
    expect(pageOf(await list(`?${new URLSearchParams(filter).toString()}`)).users).toEqual([]);
  });

  test('by two that are two people’s, nobody is', async () => {
    const { partner_user_id } = await createUser(handoff, sample, headers);
    const filter = new URLSearchParams({ email: found.email, partner_user_id: partner_user_id ?? '' });
    expect(pageOf(await list(`?${filter.toString()}`)).users).toEqual([]);
  });

  test.each([
    ['email=', 'email invalid_format'],
    ['email=%25', 'email invalid_format'],
    ['email=found', 'email invalid_format'],
    ['email=%00', 'email invalid_format'],
    [`email=${'x'.repeat(255)}`, 'email too_big'],
    ['partner_user_id=', 'partner_user_id too_small'],
    ['partner_user_id=%00', 'partner_user_id invalid_format'],
    ['partner_user_id=%C3%A9', 'partner_user_id invalid_format'],
    [`partner_user_id=${'x'.repeat(256)}`, 'partner_user_id too_big'],
  ])('not by what can be nobody’s: %s', async (query, field) => {
    expect(refusalOf(await list(`?${query}`))).toMatchObject({ status: 400, slug: 'invalid-request', fields: [field] });
  });
});
