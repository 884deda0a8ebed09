// GET /auth/session: who is signed in, for how long, and that nobody else is.

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  type Answer,
  call,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  PRACTICE_ORIGIN,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps, { access_roles: ['provider', 'admin'] });
});
afterAll(() => handoff.close());

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const signIn = async () => openLink(handoff, await mintLink(handoff, sample));

async function signInFrame(): Promise<string> {
  const { path } = await mintLink(handoff, sample, EMBED_PATH);
  return cookieOf(await call(handoff, path, { headers: FRAME })) ?? '';
}

const session = (cookie: string) => call(handoff, '/auth/session', { headers: { cookie } });

/** A moment so many milliseconds from now, as the service writes it. */
const at = (milliseconds: number) => new Date(handoff.clock.now() + milliseconds).toISOString();

type Data = { session_id: string; created_at: string; idle_expires_at: string; expires_at: string };
const dataOf = (answer: Answer) => (answer.json as { data: Data & Record<string, unknown> }).data;

describe('who is signed in', () => {
  test('is told with user, organization, partner and limits, and without anything to sign in with', async () => {
    const cookie = await signIn();
    const answer = await session(cookie);
    expect(answer.status).toBe(200);
    const { session_id, user, ...rest } = dataOf(answer);
    const { email, ...person } = user as Record<string, unknown>;
    expect(session_id).toMatch(/^ses_[0-9a-f]{32}$/);
    expect(email).toMatch(/@clinic\.example$/);
    const { user_id, organization_id, partner_id } = sample;
    expect(person).toEqual({
      user_id,
      given_name: 'Pat',
      family_name: 'Provider',
      access_roles: ['admin', 'provider'],
    });
    expect(rest).toEqual({
      embed: false,
      organization: { organization_id, name: 'Sample Clinic' },
      partner: { partner_id, name: 'Sample Practice Software' },
      embed_origins: [PRACTICE_ORIGIN],
      created_at: at(0),
      idle_expires_at: at(30 * MINUTE),
      expires_at: at(12 * HOUR),
    });
    expect(answer.text.includes(cookie.slice(-43)), 'the secret in the answer').toBe(false);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  test('is told of an embedded session, and that it is one', async () => {
    const cookie = await signInFrame();
    const answer = await session(cookie);
    const { embed, idle_expires_at, expires_at } = dataOf(answer);
    expect({ embed, idle_expires_at, expires_at }).toEqual({
      embed: true,
      idle_expires_at: at(15 * MINUTE),
      expires_at: at(4 * HOUR),
    });
  });

  test('is told by the bearer token, too, and then cookies do not count', async () => {
    const cookie = await signIn();
    const authorization = `Bearer ${cookie.split('=')[1]}`;
    expect((await call(handoff, '/auth/session', { headers: { authorization } })).status).toBe(200);
    const forged = { authorization: authorization.replace(/.{43}$/, 'A'.repeat(43)), cookie };
    expect(problemOf(await call(handoff, '/auth/session', { headers: forged }))).toBe('session-expired');
    const of_the_portal = { authorization: 'Bearer something.of-the-portal.s-own', cookie };
    expect((await call(handoff, '/auth/session', { headers: of_the_portal })).status, 'no token of ours').toBe(200);
  });

  test('is told of the tab’s session when there is one of a frame beside it, and of no other when that is over', async () => {
    const [top_level, embed] = [await signIn(), await signInFrame()];
    const both = `${embed}; ${top_level}`;
    expect(dataOf(await session(both))['embed']).toBe(false);
    await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie: top_level } });
    expect(problemOf(await session(both))).toBe('session-expired');
    expect(dataOf(await session(embed))['embed']).toBe(true);
  });
});

describe('nobody is signed in', () => {
  test.each([
    ['with nothing', {}],
    ['with the cookie of somebody else’s making', { cookie: 'session=1; handoff=2' }],
    ['with another scheme', { authorization: 'Basic dXNlcjpwYXNzd29yZA==' }],
  ])('%s: a problem says so', async (_, headers) => {
    const answer = await call(handoff, '/auth/session', { headers });
    expect([answer.status, problemOf(answer)]).toEqual([401, 'session-required']);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  const FORGERIES: [string, (token: string) => string][] = [
    ['another secret', (token) => token.replace(/.{43}$/, 'A'.repeat(43))],
    [
      'one letter of the secret changed',
      (token) => token.replace(/.(.{10})$/, (_, rest) => `${token.at(-11) === 'A' ? 'B' : 'A'}${rest}`),
    ],
    ['the secret cut short', (token) => token.slice(0, -1)],
    ['the secret longer', (token) => `${token}A`],
    ['no secret', (token) => token.split('.')[0] ?? ''],
    ['an empty secret', (token) => `${token.split('.')[0]}.`],
    ['an unknown id', (token) => token.replace(/ses_.{32}/, `ses_${'0'.repeat(32)}`)],
    ['the id of another kind', (token) => token.replace('ses_', 'usr_')],
    ['the id in capitals', (token) => token.replace(/ses_[0-9a-f]{32}/, (id) => id.toUpperCase())],
    ['padding', (token) => `${token}=`],
    ['nothing in the cookie', () => ''],
    ['SQL', () => "' or '1'='1"],
  ];
  test.each(FORGERIES)('with a forged session: %s', async (_, forge) => {
    const cookie = await signIn();
    const [name = '', token = ''] = cookie.split('=');
    const forged = forge(token);
    expect(forged === token, 'the token is a changed one').toBe(false);
    expect(problemOf(await session(`${name}=${forged}`))).toBe('session-expired');
    expect((await session(cookie)).status, 'the real one').toBe(200);
  });

  test('with the secret of one session and the id of another', async () => {
    const [one, other] = [await signIn(), await signIn()];
    const mixed = one.replace(/.{43}$/, other.slice(-43));
    expect(problemOf(await session(mixed))).toBe('session-expired');
  });
});

describe('a session that is not used', () => {
  test.each([
    ['top-level', 30 * MINUTE, signIn],
    ['embedded', 15 * MINUTE, signInFrame],
  ])('ends after its idle limit: %s', async (_, idle, begin) => {
    const [early, late] = [await begin(), await begin()];
    handoff.clock.advance(idle - 1);
    expect((await session(early)).status).toBe(200);
    handoff.clock.advance(1);
    expect(problemOf(await session(late))).toBe('session-expired');
    expect((await session(early)).status, 'the one that was used a moment before').toBe(200);
  });
});

describe('a session that is used', () => {
  test('is prolonged by being asked for', async () => {
    const cookie = await signIn();
    handoff.clock.advance(20 * MINUTE);
    expect(dataOf(await session(cookie)).idle_expires_at).toBe(at(30 * MINUTE));
    handoff.clock.advance(29 * MINUTE);
    expect((await session(cookie)).status).toBe(200);
  });

  test('is not written more than once a minute', async () => {
    const cookie = await signIn();
    const limit = at(30 * MINUTE);
    handoff.clock.advance(MINUTE - 1);
    expect(dataOf(await session(cookie)).idle_expires_at).toBe(limit);
    handoff.clock.advance(1);
    expect(dataOf(await session(cookie)).idle_expires_at).toBe(at(30 * MINUTE));
  });

  test('is moved on for everybody who comes in the same moment, and for one who comes twice', async () => {
    const cookies: string[] = [];
    for (let count = 0; count < 20; count += 1) cookies.push(await signIn());
    handoff.clock.advance(2 * MINUTE);
    const asked = [...cookies, ...cookies.slice(0, 5)];
    const answers = await Promise.all(asked.map(async (cookie) => session(cookie)));
    expect(answers.map((answer) => dataOf(answer).idle_expires_at)).toEqual(asked.map(() => at(30 * MINUTE)));
    const kept = await handoff.deps.db.selectFrom('sessions').select('idle_expires_at').execute();
    const moved = kept.filter(({ idle_expires_at }) => idle_expires_at === at(30 * MINUTE));
    expect(moved).toHaveLength(cookies.length);
  });

  test.runIf(inject('test_database') === 'postgres')(
    'waits for nobody but whoever has its own row, as a suspension may',
    async () => {
      const [own, locked] = [await signIn(), await signIn()];
      const idOf = async (cookie: string) => dataOf(await session(cookie)).session_id;
      const [own_id, locked_id] = [await idOf(own), await idOf(locked)];
      handoff.clock.advance(2 * MINUTE);
      const { db } = handoff.deps;
      const waiting = await db.transaction().execute(async (tx) => {
        await tx.selectFrom('sessions').select('jti').where('session_id', '=', locked_id).forUpdate().execute();
        const both = [session(own), session(locked)] as const;
        expect(dataOf(await both[0]).idle_expires_at).toBe(at(30 * MINUTE));
        // The other row of those two, as whoever takes them in another order would.
        await tx.selectFrom('sessions').select('jti').where('session_id', '=', own_id).forUpdate().execute();
        return { other: both[1] };
      });
      expect(dataOf(await waiting.other).idle_expires_at).toBe(at(30 * MINUTE));
    },
  );

  test.each([
    ['top-level', 12 * HOUR, 20 * MINUTE, signIn],
    ['embedded', 4 * HOUR, 10 * MINUTE, signInFrame],
  ])('ends at its greatest age all the same: %s', async (_, age, pace, begin) => {
    const cookie = await begin();
    const end = at(age);
    for (let passed = pace; passed < age; passed += pace) {
      handoff.clock.advance(pace);
      const { idle_expires_at, expires_at } = dataOf(await session(cookie));
      expect(expires_at).toBe(end);
      expect(idle_expires_at <= end, 'the idle limit is never past the end').toBe(true);
    }
    handoff.clock.advance(pace - 1);
    expect((await session(cookie)).status, 'a millisecond before').toBe(200);
    handoff.clock.advance(1);
    expect(problemOf(await session(cookie)), 'at its greatest age').toBe('session-expired');
  });
});

test('lifetimes are the deployment’s to choose', async () => {
  const environment = {
    SESSION_IDLE_MINUTES: '5',
    SESSION_ABSOLUTE_MINUTES: '7',
    EMBED_SESSION_IDLE_MINUTES: '1',
    EMBED_SESSION_ABSOLUTE_MINUTES: '2',
  };
  const strict = await startHandoff({ environment });
  try {
    const place = await createSample(strict.deps);
    const cookie = await openLink(strict, await mintLink(strict, place));
    const limits = dataOf(await call(strict, '/auth/session', { headers: { cookie } }));
    expect([limits.idle_expires_at, limits.expires_at]).toEqual(
      [5, 7].map((minutes) => new Date(strict.clock.now() + minutes * MINUTE).toISOString()),
    );
    const frame = await call(strict, (await mintLink(strict, place, EMBED_PATH)).path, { headers: FRAME });
    const headers = { cookie: cookieOf(frame) ?? '' };
    strict.clock.advance(MINUTE - 1);
    expect((await call(strict, '/auth/session', { headers })).status).toBe(200);
    strict.clock.advance(MINUTE);
    expect((await call(strict, '/auth/session', { headers })).status).toBe(401);
  } finally {
    await strict.close();
  }
});
