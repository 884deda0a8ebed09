// What the audit trail has of each change that a partner makes: one event with the partner as its actor and the request's id, and
// nothing in its detail that says who the person is.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { timestamp } from '../../src/foundation/clock.ts';
import { releaseUser } from '../../src/users/user.ts';
import { requestIdOf } from '../handoff/expect-refusal.ts';
import { type Answer, call, mintLink, openLink } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  type PartnerUser,
  postUser,
  refusalOf,
  usersPath,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
  headers = { ...(await bearer(handoff, sample)), 'user-agent': 'Practice/7.1' };
});
afterAll(() => handoff.close());

const change = (user_id: string, method: string, rest: string, body?: unknown) =>
  callUser(handoff, sample, { user_id, headers, method, rest, body });
const eventsOf = (answer: Answer) => listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 10 });

/** The one event of a change. */
async function expectEvent(answer: Answer, user_id: string, { action, detail }: { action: string; detail: unknown }) {
  const events = (await eventsOf(answer)).map((event) => ({ ...event, detail: JSON.parse(event.detail ?? 'null') }));
  expect(events).toEqual([
    {
      event_id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) as unknown,
      occurred_at: timestamp(handoff.clock.now()),
      actor: 'partner',
      action,
      outcome: 'granted',
      problem: null,
      target_id: user_id,
      partner_id: sample.partner_id,
      organization_id: sample.organization_id,
      user_id,
      session_id: null,
      jti: null,
      redirect_path: null,
      request_id: requestIdOf(answer),
      client_address: '127.0.0.1',
      user_agent: 'Practice/7.1',
      detail,
    },
  ]);
}

describe('an event is left by', () => {
  test('a user’s creation, which says their roles', async () => {
    const answer = await postUser(handoff, sample, headers, newUser());
    const detail = { access_roles: ['provider'] };
    await expectEvent(answer, dataOf(answer).user_id, { action: 'user.created', detail });
  });

  test.each([
    ['some members', { title: 'Prof', phone: null }, ['title', 'phone']],
    ['a part of the provider details', { ahpra_number: 'MED9' }, ['provider_details']],
    ['the partner’s id', { partner_user_id: 'AUDIT#1' }, ['partner_user_id']],
    ['the partner’s id, taken away', { partner_user_id: null }, ['partner_user_id']],
    [
      'everything',
      { given_name: 'A', family_name: 'B', title: 'C', phone: 'D', sex: 'N', partner_user_id: 'AUDIT#2' },
      ['given_name', 'family_name', 'title', 'phone', 'provider_details', 'partner_user_id'],
    ],
    ['nothing', { email: 'ignored@clinic.example' }, []],
  ])('an update of %s, which says the members and not their values', async (_, body, changed) => {
    const { user_id } = await createUser(handoff, sample, headers);
    await expectEvent(await change(user_id, 'PUT', '', body), user_id, { action: 'user.updated', detail: { changed } });
  });

  test('new roles, which says the old ones too', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    const answer = await change(user_id, 'PUT', '/roles', { access_roles: ['admin', 'rx_reader'] });
    const detail = { access_roles: ['admin', 'rx_reader'], before: ['provider'] };
    await expectEvent(answer, user_id, { action: 'membership.set', detail });
  });

  test.each([
    ['disabling', 'PUT', '/disable', 'user.disabled'],
    ['deleting', 'DELETE', '', 'user.deleted'],
  ])('%s, which says how much ended with it', async (_, method, rest, action) => {
    const { user_id } = await createUser(handoff, sample, headers);
    const person = { ...sample, user_id };
    await openLink(handoff, await mintLink(handoff, person));
    await openLink(handoff, await mintLink(handoff, person));
    await mintLink(handoff, person);
    const detail = { tokens_revoked: 1, sessions_ended: 2 };
    await expectEvent(await change(user_id, method, rest), user_id, { action, detail });
  });

  test('enabling', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    await change(user_id, 'PUT', '/disable');
    await expectEvent(await change(user_id, 'PUT', '/enable'), user_id, { action: 'user.enabled', detail: null });
  });

  test('the change of a user who is the organization’s own, by the partner that made it', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    await releaseUser(handoff.deps.db, user_id, handoff.deps);
    const answer = await change(user_id, 'PUT', '', { title: 'Dr' });
    await expectEvent(answer, user_id, { action: 'user.updated', detail: { changed: ['title'] } });
  });
});

describe('no event is left by', () => {
  test('what was so already', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    expect(await eventsOf(await change(user_id, 'PUT', '/enable'))).toEqual([]);
    await change(user_id, 'PUT', '/disable');
    expect(await eventsOf(await change(user_id, 'PUT', '/disable'))).toEqual([]);
  });

  test('what was only looked at', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    expect(await eventsOf(await change(user_id, 'GET', ''))).toEqual([]);
    expect(await eventsOf(await change(user_id, 'GET', '/sessions'))).toEqual([]);
    expect(await eventsOf(await call(handoff, usersPath(handoff, sample), { headers }))).toEqual([]);
  });
});

describe('a change that is refused leaves an event that says why, and nothing of it is done', () => {
  type Attempt = { what: string; action: string; problem: string; attempt: (user: PartnerUser) => Promise<Answer> };
  const ATTEMPTS: Attempt[] = [
    {
      what: 'an e-mail address that is taken',
      action: 'user.created',
      problem: 'resource-conflict',
      attempt: ({ email }) => postUser(handoff, sample, headers, newUser({ email })),
    },
    {
      what: 'members that are wrong',
      action: 'user.created',
      problem: 'validation-error',
      attempt: () => postUser(handoff, sample, headers, newUser({ given_name: 'Unmistakable\0', phone: '' })),
    },
    {
      what: 'an id that is taken',
      action: 'user.updated',
      problem: 'resource-conflict',
      attempt: async ({ partner_user_id }) => {
        const other = await createUser(handoff, sample, headers);
        return change(other.user_id, 'PUT', '', { title: 'Prof', partner_user_id });
      },
    },
    {
      what: 'no roles',
      action: 'membership.set',
      problem: 'invalid-request',
      attempt: ({ user_id }) => change(user_id, 'PUT', '/roles', { access_roles: [] }),
    },
    ...(['disable', 'enable'] as const).map((verb) => ({
      what: `nobody to ${verb}`,
      action: `user.${verb}d`,
      problem: 'user-not-found',
      attempt: () => change('usr_nobody', 'PUT', `/${verb}`),
    })),
    {
      what: 'nobody to delete',
      action: 'user.deleted',
      problem: 'user-not-found',
      attempt: () => change('usr_nobody', 'DELETE', ''),
    },
    {
      what: 'a scope that is missing',
      action: 'user.deleted',
      problem: 'insufficient-scope',
      attempt: async ({ user_id }) => {
        const own = await bearer(handoff, sample, ['read:user']);
        return callUser(handoff, sample, { user_id, headers: own, method: 'DELETE', rest: '' });
      },
    },
  ];

  test.each(ATTEMPTS)('$what', async ({ action, problem, attempt }) => {
    const user = await createUser(handoff, sample, headers);
    const answer = await attempt(user);
    const events = await eventsOf(answer);
    const { partner_id, organization_id } = sample;
    expect(events).toMatchObject([
      {
        actor: 'partner',
        action,
        outcome: 'refused',
        problem,
        partner_id,
        organization_id,
        user_id: null,
        target_id: null,
      },
    ]);
    const { detail } = refusalOf(answer);
    expect(JSON.parse(events[0]?.detail ?? '')).toMatchObject({ detail });
    expect(events[0]?.detail ?? '').not.toMatch(/Unmistakable|clinic\.example/);
    expect(dataOf(await change(user.user_id, 'GET', ''))).toEqual(user);
  });

  test('by a stranger, who is not named', async () => {
    const { user_id } = await createUser(handoff, sample, headers);
    const wrong = { ...headers, authorization: 'Bearer wrong' };
    const answer = await callUser(handoff, sample, { user_id, headers: wrong, method: 'DELETE', rest: '' });
    const refused = { outcome: 'refused', problem: 'authentication-required', partner_id: null, organization_id: null };
    expect(await eventsOf(answer)).toMatchObject([{ actor: 'partner', action: 'user.deleted', ...refused }]);
  });
});

test('nothing in the trail of a user’s whole life says who they are', async () => {
  const person = newUser({ given_name: 'Unmistakable', family_name: 'Nobodyelse', phone: '+61 2 5550 8888' });
  const { user_id } = await createUser(handoff, sample, headers, person);
  const changed = { ...person, given_name: 'Otherwise', qualifications: 'Sorcery', partner_user_id: 'TELLING#1' };
  await change(user_id, 'PUT', '', changed);
  await change(user_id, 'PUT', '/roles', { access_roles: ['provider', 'admin'] });
  await change(user_id, 'PUT', '/disable');
  await change(user_id, 'PUT', '/enable');
  await change(user_id, 'DELETE', '');
  const events = await listEvents(handoff.deps.db, { user_id }, { limit: 50 });
  expect(events).toHaveLength(6);
  const text = JSON.stringify(events);
  const telling = [...Object.values(person), ...Object.values(changed)].filter((value) => typeof value === 'string');
  // One letter, or a word of one, is in every text.
  for (const value of telling.filter((one) => one.length > 2)) expect(text, 'a value of theirs').not.toContain(value);
});
