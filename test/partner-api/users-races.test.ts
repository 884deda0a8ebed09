// Many calls at one moment: of those that want the same thing one gets it, none is half done, and none is answered with a fault
// of ours. Several processes do the same in users-processes.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, call, CLICK, mintLink, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  type PartnerUser,
  plainUser,
  postUser,
  refusalOf,
  type UserBody,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

const RACERS = 20;
const ROUNDS = 4;

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

const change = (user_id: string, method: string, rest: string, body?: unknown) =>
  callUser(handoff, sample, { user_id, headers, method, rest, body });

/** How often each status, or each code of a conflict, was answered. */
function tally(answers: Answer[]): Record<string, number> {
  const words = answers.map(
    (answer) => (answer.status === 409 ? refusalOf(answer).code : undefined) ?? String(answer.status),
  );
  return Object.fromEntries([...new Set(words)].map((word) => [word, words.filter((one) => one === word).length]));
}

/** What there is of users, and of events that made some. */
async function countRows(): Promise<number[]> {
  const { db } = handoff.deps;
  const tables = ['users', 'memberships', 'partner_user_ids'] as const;
  const rows = [
    ...tables.map((table) => db.selectFrom(table).select((eb) => eb.fn.countAll().as('count'))),
    db
      .selectFrom('audit_events')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('action', '=', 'user.created')
      .where('outcome', '=', 'granted'),
  ];
  return (await Promise.all(rows.map((query) => query.executeTakeFirst()))).map((row) => Number(row?.count));
}

describe('of many that create at once', () => {
  const race = (bodyOf: (racer: number) => UserBody) =>
    Promise.all(Array.from({ length: RACERS }, (_, racer) => postUser(handoff, sample, headers, bodyOf(racer))));

  test.each([
    ['one e-mail address', () => ({ email: 'raced.1@clinic.example' }), 'USER_ALREADY_EXISTS'],
    [
      'one e-mail address in many cases',
      (racer: number) => ({ email: racer % 2 ? 'RACED.2@clinic.example' : 'raced.2@CLINIC.example' }),
      'USER_ALREADY_EXISTS',
    ],
    ['one partner_user_id', () => ({ partner_user_id: 'RACED#3' }), 'PARTNER_USER_ID_ALREADY_EXISTS'],
    ['both', () => ({ email: 'raced.4@clinic.example', partner_user_id: 'RACED#4' }), 'USER_ALREADY_EXISTS'],
  ])('%s, one is the first and the others are told', async (_, same, code) => {
    const before = await countRows();
    const answers = await race((racer) => newUser(same(racer)));
    expect(tally(answers)).toEqual({ 201: 1, [code]: RACERS - 1 });
    const after = await countRows();
    expect(
      after.map((count, table) => count - (before[table] ?? 0)),
      'one row of each kind',
    ).toEqual([1, 1, 1, 1]);
  });

  test('one e-mail address or one partner_user_id, crosswise, no two get the same', async () => {
    const answers = await race((racer) =>
      newUser({
        email: `crossed.${racer % 4}@clinic.example`,
        partner_user_id: `CROSSED#${Math.floor(racer / 2) % 4}`,
      }),
    );
    const made = answers.filter(({ status }) => status === 201).map((answer) => dataOf(answer));
    expect(answers.filter(({ status }) => status !== 201 && status !== 409)).toEqual([]);
    expect(new Set(made.map(({ email }) => email)).size).toBe(made.length);
    expect(new Set(made.map(({ partner_user_id }) => partner_user_id)).size).toBe(made.length);
    expect(made.length).toBeGreaterThan(0);
  });

  test('different users, all are made', async () => {
    expect(tally(await race(() => newUser()))).toEqual({ 201: RACERS });
  });
});

const person = () => createUser(handoff, sample, headers, newUser());
const look = async (user_id: string): Promise<PartnerUser> => dataOf(await change(user_id, 'GET', ''));
const times = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

describe('of many that change', () => {
  test('different members of one user, none is lost', async () => {
    const { user_id } = await person();
    const parts = [
      { title: 'Prof' },
      { phone: '1' },
      { given_name: 'Sam' },
      { ahpra_number: 'A' },
      { provider_number: 'B' },
      { hpii_number: 'C' },
    ];
    const answers = await Promise.all([...parts, ...parts].map((body) => change(user_id, 'PUT', '', body)));
    expect(tally(answers)).toEqual({ 200: 12 });
    const { title, phone, given_name, provider_details } = await look(user_id);
    expect({ title, phone, given_name }).toEqual({ title: 'Prof', phone: '1', given_name: 'Sam' });
    expect(provider_details).toMatchObject({ ahpra_number: 'A', provider_number: 'B', hpii_number: 'C', sex: 'F' });
  });

  test('the partner_user_id of one user, each is told so, and one of them is the last', async () => {
    const { user_id } = await person();
    const answers = await times(RACERS, (racer) => change(user_id, 'PUT', '', { partner_user_id: `LAST#${racer}` }));
    expect(tally(answers)).toEqual({ 200: RACERS });
    expect((await look(user_id)).partner_user_id).toMatch(/^LAST#\d+$/);
    const ids = handoff.deps.db.selectFrom('partner_user_ids').selectAll().where('user_id', '=', user_id);
    expect(await ids.execute()).toHaveLength(1);
  });

  test('many users to one partner_user_id, one gets it', async () => {
    const people = await times(6, person);
    const answers = await Promise.all(
      people.map(({ user_id }) => change(user_id, 'PUT', '', { partner_user_id: 'WANTED' })),
    );
    expect(tally(answers)).toEqual({ 200: 1, PARTNER_USER_ID_ALREADY_EXISTS: 5 });
    const now = await Promise.all(people.map(({ user_id }) => look(user_id)));
    expect(now.filter(({ partner_user_id }) => partner_user_id === 'WANTED')).toHaveLength(1);
    const before = new Set(people.map(({ partner_user_id }) => partner_user_id));
    expect(
      now.filter(({ partner_user_id }) => before.has(partner_user_id)),
      'the others keep theirs',
    ).toHaveLength(5);
  });

  test('the state of one user, one is told that it did it', async () => {
    const { user_id } = await person();
    for (const [rest, done, already] of [
      ['/disable', 'User disabled successfully', 'User is already disabled'],
      ['/enable', 'User enabled successfully', 'User is already enabled'],
    ] as const) {
      const answers = await times(6, () => change(user_id, 'PUT', rest));
      const messages = answers.map(({ json }) => (json as { message: string }).message);
      expect(messages.filter((message) => message === done)).toHaveLength(1);
      expect(messages.filter((message) => message === already)).toHaveLength(5);
    }
  });
});

describe('of many that delete', () => {
  test('one user, one does, and the others are told that it is gone', async () => {
    const { user_id } = await person();
    const answers = await times(6, () => change(user_id, 'DELETE', ''));
    expect(tally(answers)).toEqual({ 204: 1, 404: 5 });
    const deleted = handoff.deps.db.selectFrom('audit_events').selectAll();
    const events = deleted.where('action', '=', 'user.deleted').where('user_id', '=', user_id);
    expect(await events.where('outcome', '=', 'granted').execute()).toHaveLength(1);
  });

  test('and create it again, no two are there at the end, and no row is left of those who are gone', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const body = newUser();
      const { user_id } = await createUser(handoff, sample, headers, body);
      const again = () => postUser(handoff, sample, headers, body);
      const answers = await Promise.all([again(), again(), change(user_id, 'DELETE', ''), again(), again()]);
      const others = answers.filter(({ status }) => ![201, 204, 409].includes(status));
      expect(others.map((answer) => refusalOf(answer))).toEqual([]);
      expect(tally(answers)[201] ?? 0).toBeLessThanOrEqual(1);
      const ids = handoff.deps.db.selectFrom('partner_user_ids').selectAll();
      expect(await ids.where('user_id', '=', user_id).execute()).toEqual([]);
    }
  });

  test.each([
    ['updates', '', () => ({ title: 'Prof', sex: 'M' })],
    ['new ids', '', (round: number) => ({ partner_user_id: `RACED#GONE${round}` })],
    ['new roles', '/roles', () => ({ access_roles: ['admin'] })],
    ['disabling', '/disable', () => undefined],
    ['enabling', '/enable', () => undefined],
  ])('one user beside %s, nothing but 200, 204 and 404 is answered, and the user is gone', async (_, rest, bodyOf) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { user_id } = await createUser(handoff, sample, headers, plainUser());
      const changes = Array.from({ length: 4 }, () => change(user_id, 'PUT', rest, bodyOf(round)));
      const answers = await Promise.all([...changes.slice(0, 2), change(user_id, 'DELETE', ''), ...changes.slice(2)]);
      expect(
        answers.filter(({ status }) => ![200, 204, 404].includes(status)).map((answer) => refusalOf(answer)),
      ).toEqual([]);
      expect((await change(user_id, 'GET', '')).status, 'gone').toBe(404);
      const memberships = handoff.deps.db.selectFrom('memberships').selectAll().where('user_id', '=', user_id);
      expect(await memberships.execute(), 'and not a member any more').toEqual([]);
    }
  });
});

test.each([
  ['disabled', 'PUT', '/disable'],
  ['deleted', 'DELETE', ''],
])('no session or link is left to somebody who is %s at the very moment of signing on', async (_, method, rest) => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const { user_id } = await person();
    const one = { ...sample, user_id };
    const links = await times(3, () => mintLink(handoff, one));
    const opening = links.map((link) => call(handoff, link.path, { headers: CLICK }));
    const minting = times(3, () => requestSso(handoff, one));
    await Promise.all([...opening, change(user_id, method, rest), minting]);
    const { db } = handoff.deps;
    const live = db
      .selectFrom('sessions')
      .select('session_id')
      .where('user_id', '=', user_id)
      .where('ended_at', 'is', null);
    expect(await live.execute()).toEqual([]);
    const unspent = db.selectFrom('sso_tokens').select('jti').where('user_id', '=', user_id);
    expect(await unspent.where('redeemed_at', 'is', null).where('revoked_at', 'is', null).execute()).toEqual([]);
  }
});
