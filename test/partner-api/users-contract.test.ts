// The contract's table of the users calls, row by row: what each answers, member by member, and its refusals in their words.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { timestamp } from '../../src/foundation/clock.ts';
import type { Scope } from '../../src/partners/scopes.ts';
import { instanceOf, requestIdOf } from '../handoff/expect-refusal.ts';
import type { Answer } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import {
  accessToken,
  bearer,
  bearerHeaders,
  callUser,
  callUsers,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  NO_SUCH_USER,
  pageOf,
  plainUser,
  postUser,
  refusalOf,
  USER_CALLS,
} from '../support/partner-api.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { failureOf, successOf } from './envelope.ts';

let handoff: Handoff;
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  const environment = { API_URL: 'https://api.clinic.example/external', PORTAL_URL: 'https://portal.clinic.example' };
  handoff = await startHandoff({ environment });
  sample = await createSample(handoff.deps);
  headers = await bearer(handoff, sample);
});
afterAll(() => handoff.close());

const success = (answer: Answer, members: object) => successOf(handoff, answer, members);
const create = (body = newUser()) => createUser(handoff, sample, headers, body);
const put = (user_id: string, rest: string, body?: unknown) =>
  callUser(handoff, sample, { user_id, headers, method: 'PUT', rest, body });
const look = (user_id: string) => callUser(handoff, sample, { user_id, headers, method: 'GET', rest: '' });

/** The user that a body describes. */
function described(user_id: string, body: ReturnType<typeof newUser>): object {
  const { date_of_birth, sex, hpii_number, prescriber_type, prescriber_number, qualifications, ...more } = body;
  const { provider_number, ahpra_number, hospital_provider_number, ...person } = more;
  const required = { date_of_birth, sex, hpii_number, prescriber_type, prescriber_number, qualifications };
  return {
    user_id,
    ...person,
    full_name: 'Pat Provider',
    status: 'active',
    provider_details: { ...required, provider_number, ahpra_number, hospital_provider_number },
    created_at: timestamp(handoff.clock.now()),
  };
}

describe('POST …/users', () => {
  test('creates a user', async () => {
    const body = newUser();
    const answer = await postUser(handoff, sample, headers, body);
    expect(answer.status).toBe(201);
    const { user_id } = dataOf(answer);
    expect(user_id).toMatch(/^usr_[0-9a-f]{32}$/);
    const members = { message: 'User created successfully', code: 'USER_CREATED', data: described(user_id, body) };
    expect(answer.json).toEqual(success(answer, members));
  });

  test('with the members that are always required is enough', async () => {
    const body = plainUser();
    const { user_id, ...user } = await create(body);
    expect(user).toEqual({
      ...body,
      full_name: 'Pat Provider',
      title: null,
      phone: null,
      partner_user_id: null,
      access_roles: [],
      status: 'active',
      provider_details: null,
      created_at: timestamp(handoff.clock.now()),
    });
    expect(dataOf(await look(user_id))).toEqual({ user_id, ...user });
  });

  test.each([
    ['an e-mail address', 'email', 'USER_ALREADY_EXISTS'],
    ['a partner_user_id', 'partner_user_id', 'PARTNER_USER_ID_ALREADY_EXISTS'],
  ])('with %s that is taken is refused in the contract’s words', async (_, member, code) => {
    const body = newUser();
    await create(body);
    const answer = await postUser(handoff, sample, headers, newUser({ [member]: body[member] }));
    expect(answer.status).toBe(409);
    const words = { title: 'Resource conflict', detail: `User with this ${member} already exists` };
    expect(answer.json).toEqual(failureOf(handoff, answer, { slug: 'resource-conflict', code, ...words }));
    await create(newUser());
  });

  test('with several wrong fields names every one of them, once', async () => {
    const body = newUser({ family_name: 7, email: 'pat', sex: 'X', prescriber_number: '12345678901', phone: '' });
    const { given_name: _, ...wrong } = body;
    const answer = await postUser(handoff, sample, headers, { ...wrong, hpii_number: null });
    expect(answer.status).toBe(422);
    const validation = [
      { field: 'given_name', message: 'given_name is required', code: 'missing' },
      { field: 'family_name', message: 'family_name must be of type string', code: 'invalid_type' },
      { field: 'email', message: 'email must be an e-mail address', code: 'invalid_format' },
      { field: 'phone', message: 'phone must have at least 1 character', code: 'too_small' },
      { field: 'sex', message: 'sex must be one of M, F, I, N', code: 'invalid_value' },
      { field: 'prescriber_number', message: 'prescriber_number must have at most 10 characters', code: 'too_big' },
      {
        field: 'hpii_number',
        message: 'hpii_number is required for the role provider',
        code: 'required_for_provider',
      },
    ];
    const words = { title: 'Validation failed', detail: 'There were some problems with your input.', validation };
    expect(answer.json).toEqual(failureOf(handoff, answer, { slug: 'validation-error', ...words }));
    expect((await postUser(handoff, sample, headers, body)).status, 'and creates nothing').toBe(422);
  });
});

describe('GET …/users', () => {
  test('lists users', async () => {
    const one = await createSample(handoff.deps);
    const own = await bearer(handoff, one);
    const answer = await callUsers(handoff, one, { headers: own });
    expect(answer.status).toBe(200);
    const [user] = pageOf(answer).users;
    expect(user).toMatchObject({ user_id: one.user_id, email: expect.stringContaining('@') as unknown });
    const pagination = { count: 1, hasNext: false, limit: 20, lastKey: null };
    const message = 'Retrieved 1 users successfully';
    expect(answer.json).toEqual(success(answer, { message, data: [user], pagination }));
    const seen = await callUser(handoff, one, { user_id: one.user_id, headers: own, method: 'GET', rest: '' });
    expect(dataOf(seen), 'as the call for one user describes them').toEqual(user);
  });
});

describe('GET …/users/{user_id}', () => {
  test('describes a user', async () => {
    const body = newUser();
    const { user_id } = await create(body);
    const answer = await look(user_id);
    expect(answer.status).toBe(200);
    const members = { message: 'User retrieved successfully', data: described(user_id, body) };
    expect(answer.json).toEqual(success(answer, members));
  });
});

describe('PUT …/users/{user_id}', () => {
  test('changes what is in the body, and ignores an e-mail address and roles there', async () => {
    const body = newUser();
    const { user_id } = await create(body);
    const answer = await put(user_id, '', { title: 'Prof', email: 'other@clinic.example', access_roles: ['admin'] });
    expect(answer.status).toBe(200);
    const data = described(user_id, { ...body, title: 'Prof' });
    expect(answer.json).toEqual(success(answer, { message: 'User updated successfully', data }));
    expect(dataOf(await look(user_id))).toEqual(data);
  });
});

describe('PUT …/users/{user_id}/roles', () => {
  test('replaces the whole set', async () => {
    const { user_id } = await create();
    const answer = await put(user_id, '/roles', { access_roles: ['rx_reader', 'admin'] });
    expect(answer.status).toBe(200);
    const data = { user_id, access_roles: ['admin', 'rx_reader'] };
    expect(answer.json).toEqual(success(answer, { message: 'User roles updated successfully', data }));
    expect(dataOf(await look(user_id)).access_roles).toEqual(['admin', 'rx_reader']);
  });

  test.each([
    ['no role', [], 'access_roles too_small'],
    ['an unknown role', ['admin', 'nurse'], 'access_roles.1 invalid_value'],
  ])('refuses %s with 400, and changes nothing', async (_, access_roles, field) => {
    const { user_id } = await create();
    const answer = await put(user_id, '/roles', { access_roles });
    expect(refusalOf(answer)).toMatchObject({ status: 400, slug: 'invalid-request', fields: [field] });
    expect(dataOf(await look(user_id)).access_roles).toEqual(['provider']);
  });
});

describe('PUT …/users/{user_id}/disable and /enable', () => {
  test('say what they did, and that it was so already', async () => {
    const { user_id } = await create();
    const steps = [
      ['/enable', 'User is already enabled', 'active'],
      ['/disable', 'User disabled successfully', 'disabled'],
      ['/disable', 'User is already disabled', 'disabled'],
      ['/enable', 'User enabled successfully', 'active'],
      ['/enable', 'User is already enabled', 'active'],
    ] as const;
    for (const [rest, message, status] of steps) {
      const answer = await put(user_id, rest);
      expect(answer.status).toBe(200);
      expect(answer.json).toEqual(success(answer, { message, data: { user_id, status } }));
      expect(dataOf(await look(user_id)).status).toBe(status);
    }
  });
});

describe('DELETE …/users/{user_id}', () => {
  test('answers 204 without a body, and the user is gone', async () => {
    const { user_id } = await create();
    const answer = await callUser(handoff, sample, { user_id, headers, method: 'DELETE', rest: '' });
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([204, '', null]);
    expect(refusalOf(await look(user_id))).toEqual(NO_SUCH_USER);
  });
});

const COLLECTION = [
  { what: 'creating a user', method: 'POST', rest: undefined, scope: 'create:user', status: 201 },
  { what: 'listing users', method: 'GET', rest: undefined, scope: 'read:users', status: 200 },
] as const;

describe.each([...COLLECTION, ...USER_CALLS])('$what', ({ scope, status, ...one }) => {
  const others = (['create:user', 'read:user', 'read:users', 'update:user', 'delete:user'] as Scope[]).filter(
    (other) => other !== scope,
  );

  /** The call with a token of these scopes, for a user who is there. */
  async function callWith(scopes: Scope[]): Promise<Answer> {
    const own = bearerHeaders(await accessToken(handoff, sample, scopes), sample);
    if (one.rest === undefined) {
      const body = one.method === 'POST' ? { body: plainUser() } : {};
      return callUsers(handoff, sample, { method: one.method, headers: own, ...body });
    }
    return callUser(handoff, sample, { ...one, headers: own, user_id: (await create()).user_id });
  }

  test('is 403 with every scope but its own, and says which it wants', async () => {
    expect(refusalOf(await callWith(others))).toEqual({
      status: 403,
      slug: 'insufficient-scope',
      detail: `This operation needs the scope ${scope}`,
      authenticate: `Bearer error="insufficient_scope", scope="${scope}"`,
    });
  });

  test('is done with its own scope alone', async () => {
    expect((await callWith([scope])).status).toBe(status);
  });
});

const NOBODY = ['usr_019ca8a03e8070000000000000000000', 'nobody', '%20', 'a'.repeat(300), '%E2%82%AC', '%2F', '%00'];

test.each(USER_CALLS)('$what is 404 for a user who is not there, whatever the id looks like', async (one) => {
  for (const user_id of NOBODY) {
    const answer = await callUser(handoff, sample, { ...one, headers, user_id });
    expect({ user_id, ...refusalOf(answer) }).toEqual({ user_id, ...NO_SUCH_USER });
  }
});

test('a refusal is a bare problem for a caller that asks for one', async () => {
  const bare = { ...headers, accept: 'application/problem+json' };
  const answer = await callUser(handoff, sample, { user_id: 'nobody', headers: bare, method: 'GET', rest: '' });
  const { 'content-type': type } = Object.fromEntries(answer.headers);
  expect([answer.status, type]).toEqual([404, 'application/problem+json']);
  const request_id = requestIdOf(answer);
  expect(answer.json).toEqual({
    type: 'https://api.clinic.example/external/errors/user-not-found',
    title: 'User not found',
    detail: 'There is no such user in this organization',
    instance: instanceOf(request_id),
    status: 404,
    request_id,
  });
});
