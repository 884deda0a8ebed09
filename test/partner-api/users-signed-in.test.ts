// One user's sessions from the side of the partner whose links opened them: what the list says, and what ending them does. Who
// sees whose is in user-sessions.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { requestIdOf } from '../handoff/expect-refusal.ts';
import {
  type Answer,
  call,
  CLICK,
  cookieOf,
  EMBED_PATH,
  FRAME,
  mintLink,
  openLink,
  problemOf,
} from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { bearer, callUser, createUser, dataOf, type Headers4, refusalOf } from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { successOf } from './envelope.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

type Session = { session_id: string; embed: boolean; created_at: string; idle_expires_at: string; expires_at: string };
type Page = { data: Session[]; pagination: { lastKey: string | null } };

const MINUTE = 60_000;

const newPerson = async (): Promise<Sample> => ({
  ...sample,
  user_id: (await createUser(handoff, sample, headers)).user_id,
});
const sessions = (one: Sample, method: string, rest = '', own = headers) =>
  callUser(handoff, one, { user_id: one.user_id, headers: own, method, rest: `/sessions${rest}` });
const listed = async (one: Sample, rest = '') => ((await sessions(one, 'GET', rest)).json as Page).data;

/** Signs somebody on a millisecond after whatever was before: ids of one moment have no order. */
async function signIn(one: Sample): Promise<string> {
  handoff.clock.advance(1);
  return openLink(handoff, await mintLink(handoff, one));
}

const present = (cookie: string): Promise<Answer> => call(handoff, '/auth/session', { headers: { cookie } });
const idOf = (cookie: string) => /ses_[0-9a-f]{32}/.exec(cookie)?.[0] ?? '';

describe('the list', () => {
  test('has every live session, newest first, and nothing by which one could be used', async () => {
    const one = await newPerson();
    const tab = await signIn(one);
    handoff.clock.advance(MINUTE);
    const framed = await call(handoff, (await mintLink(handoff, one, EMBED_PATH)).path, { headers: FRAME });
    const now = handoff.clock.now();
    const answer = await sessions(one, 'GET');
    const data = [
      {
        session_id: idOf(cookieOf(framed) ?? ''),
        embed: true,
        created_at: timestamp(now),
        idle_expires_at: timestamp(now + 15 * MINUTE),
        expires_at: timestamp(now + 240 * MINUTE),
      },
      {
        session_id: idOf(tab),
        embed: false,
        created_at: timestamp(now - MINUTE),
        idle_expires_at: timestamp(now + 29 * MINUTE),
        expires_at: timestamp(now + 719 * MINUTE),
      },
    ];
    const pagination = { count: 2, hasNext: false, limit: 20, lastKey: null };
    const message = 'Retrieved 2 sessions successfully';
    expect(answer.json).toEqual(successOf(handoff, answer, { message, data, pagination }));
  });

  test('is empty for somebody who is not signed in', async () => {
    expect(await listed(await newPerson())).toEqual([]);
  });

  test('has no session that has ended, been idle too long, or reached its greatest age', async () => {
    const one = await newPerson();
    const [out, idle] = [await signIn(one), await signIn(one)];
    await call(handoff, '/auth/logout', { method: 'POST', headers: { cookie: out } });
    handoff.clock.advance(20 * MINUTE);
    const kept = await signIn(one);
    handoff.clock.advance(10 * MINUTE);
    expect((await present(idle)).status).toBe(401);
    expect((await listed(one)).map(({ session_id }) => session_id)).toEqual([idOf(kept)]);
    handoff.clock.advance(20 * MINUTE);
    expect(await listed(one)).toEqual([]);
  });

  test('comes in pages', async () => {
    const one = await newPerson();
    const cookies = [await signIn(one), await signIn(one), await signIn(one)].toReversed();
    const first = (await sessions(one, 'GET', '?limit=2')).json as Page;
    expect(first.data.map(({ session_id }) => session_id)).toEqual(cookies.slice(0, 2).map(idOf));
    const rest = `?limit=2&lastKey=${first.pagination.lastKey}`;
    const second = await sessions(one, 'GET', rest);
    expect((second.json as Page).data.map(({ session_id }) => session_id)).toEqual(cookies.slice(2).map(idOf));
    expect(second.json).toMatchObject({ pagination: { count: 1, hasNext: false, limit: 2, lastKey: null } });
  });

  test.each([
    ['?limit=51', 'limit invalid_value'],
    ['?lastKey=usr_019ca8a03e8070000000000000000000', 'lastKey invalid_format'],
  ])('cannot be asked for with %s', async (rest, field) => {
    expect(refusalOf(await sessions(sample, 'GET', rest))).toMatchObject({ status: 400, fields: [field] });
  });

  test('has only the sessions of this user, in this organization, through this partner', async () => {
    const [one, colleague] = [await newPerson(), await newPerson()];
    const stranger = await createSample(handoff.deps);
    const mine = await signIn(one);
    await signIn(colleague);
    await signIn(stranger);
    expect((await listed(one)).map(({ session_id }) => session_id)).toEqual([idOf(mine)]);
  });
});

describe('ending all', () => {
  test('ends every one of them at once, says how many, and lets the user sign on again', async () => {
    const one = await newPerson();
    const cookies = [await signIn(one), await signIn(one)];
    const answer = await sessions(one, 'DELETE');
    const data = { user_id: one.user_id, sessions_ended: 2, links_revoked: 0 };
    expect(answer.json).toEqual(successOf(handoff, answer, { message: 'Ended 2 sessions successfully', data }));
    for (const cookie of cookies) expect(problemOf(await present(cookie))).toBe('session-expired');
    expect(await listed(one)).toEqual([]);
    expect((await present(await signIn(one))).status).toBe(200);
  });

  test('takes back the links that would start another one, and no link that comes later', async () => {
    const one = await newPerson();
    const [spent, ...links] = [
      await mintLink(handoff, one),
      await mintLink(handoff, one),
      await mintLink(handoff, one),
    ];
    await openLink(handoff, spent);
    const answer = await sessions(one, 'DELETE');
    expect(dataOf(answer)).toEqual({ user_id: one.user_id, sessions_ended: 1, links_revoked: 2 });
    const open = (path: string) => call(handoff, path, { headers: { ...CLICK, accept: 'application/json' } });
    for (const link of links) expect(problemOf(await open(link.path))).toBe('token-revoked');
    expect((await open((await mintLink(handoff, one)).path)).status).toBe(303);
  });

  test('leaves everybody else alone', async () => {
    const [one, colleague] = [await newPerson(), await newPerson()];
    const [cookie, link] = [await signIn(colleague), await mintLink(handoff, colleague)];
    await sessions(one, 'DELETE');
    expect((await present(cookie)).status).toBe(200);
    expect((await present(await openLink(handoff, link))).status).toBe(200);
  });

  test('ends none where there is none', async () => {
    const answer = await sessions(await newPerson(), 'DELETE');
    expect(answer.status).toBe(200);
    expect(dataOf(answer)).toMatchObject({ sessions_ended: 0, links_revoked: 0 });
  });

  test('leaves one event with their number', async () => {
    const one = await newPerson();
    await signIn(one);
    await signIn(one);
    const request_id = requestIdOf(await sessions(one, 'DELETE'));
    const events = await listEvents(handoff.deps.db, { request_id }, { limit: 5 });
    const { partner_id, organization_id, user_id } = one;
    expect(events).toMatchObject([{ actor: 'partner', action: 'session.ended', partner_id, organization_id, user_id }]);
    expect(JSON.parse(events[0]?.detail ?? '')).toEqual({ reason: 'revoked', sessions_ended: 2, tokens_revoked: 0 });
  });
});

describe('ending one', () => {
  test('ends it at once and leaves the others, with an event', async () => {
    const one = await newPerson();
    const [first, second] = [await signIn(one), await signIn(one)];
    const answer = await sessions(one, 'DELETE', `/${idOf(first)}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect([problemOf(await present(first)), (await present(second)).status]).toEqual(['session-expired', 200]);
    const [event] = await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 5 });
    const { user_id } = one;
    expect(event).toMatchObject({ actor: 'partner', action: 'session.ended', session_id: idOf(first), user_id });
    expect(JSON.parse(event?.detail ?? '')).toEqual({ reason: 'revoked', kind: 'top_level' });
  });

  const NONE = { status: 404, slug: 'not-found', detail: 'This user has no such session' };

  test('is 404 for one that has ended, and for one that never was', async () => {
    const one = await newPerson();
    const id = idOf(await signIn(one));
    expect((await sessions(one, 'DELETE', `/${id}`)).status).toBe(204);
    for (const session_id of [id, 'ses_019ca8a03e8070000000000000000000', 'x', '%00', '%20'])
      expect(refusalOf(await sessions(one, 'DELETE', `/${session_id}`))).toEqual(NONE);
  });

  test('is 404 for a colleague’s and for a stranger’s, which go on', async () => {
    const [one, colleague, stranger] = [await newPerson(), await newPerson(), await createSample(handoff.deps)];
    for (const cookie of [await signIn(colleague), await signIn(stranger)]) {
      expect(refusalOf(await sessions(one, 'DELETE', `/${idOf(cookie)}`))).toEqual(NONE);
      expect((await present(cookie)).status).toBe(200);
    }
  });

  test('is done once when it is asked for many times at once', async () => {
    const one = await newPerson();
    const id = idOf(await signIn(one));
    const answers = await Promise.all(Array.from({ length: 5 }, () => sessions(one, 'DELETE', `/${id}`)));
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['204', '404', '404', '404', '404']);
  });
});
