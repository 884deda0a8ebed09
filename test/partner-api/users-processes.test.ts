// The partner API on two real processes that share a database: what one of them made the other knows, and of calls to both at one
// moment one gets what only one can have.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Deps } from '../../src/deps.ts';
import { type Answer, call, CLICK, cookieOf, mintLink, problemOf } from '../support/client.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import {
  bearer,
  callUser,
  createUser,
  dataOf,
  type Headers4,
  newUser,
  pageOf,
  callUsers,
  postUser,
  refusalOf,
} from '../support/partner-api.ts';
import { deploymentOn, endAll, openDeployment, type ServerProcess, startProcess } from '../support/processes.ts';
import { createSample, type Sample } from '../support/sample.ts';

const RACERS = 20;

let database: TestDatabase;
let deployment: Deps & { close: () => Promise<void> };
let servers: [ServerProcess, ServerProcess];
let sample: Sample;
let headers: Headers4;
beforeAll(async () => {
  database = await createDatabase();
  const variables = await deploymentOn(database);
  servers = await Promise.all([startProcess(variables), startProcess(variables)]);
  deployment = openDeployment(variables);
  sample = await createSample(deployment);
  headers = await bearer(servers[0], sample);
});
afterAll(async () => {
  await endAll(servers ?? []);
  await deployment?.close();
  await database.drop();
});

/** Half of them to each process, at one moment. */
const race = (ask: (server: ServerProcess, racer: number) => Promise<Answer>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: RACERS }, (_, racer) => ask(servers[racer % 2 === 0 ? 0 : 1], racer)));

test.each([
  ['one e-mail address', () => ({ email: 'raced.1@clinic.example' }), 'USER_ALREADY_EXISTS'],
  ['one partner_user_id', () => ({ partner_user_id: 'RACED#2' }), 'PARTNER_USER_ID_ALREADY_EXISTS'],
  ['both', () => ({ email: 'raced.3@clinic.example', partner_user_id: 'RACED#3' }), 'USER_ALREADY_EXISTS'],
])('of many that create a user with %s one is the first', async (_, same, code) => {
  const answers = await race((server) => postUser(server, sample, headers, newUser(same())));
  const [first, ...more] = answers.filter(({ status }) => status === 201);
  expect(more).toEqual([]);
  const others = answers.filter((answer) => answer !== first).map((answer) => refusalOf(answer));
  expect(others.map((other) => [other.status, other.code])).toEqual(others.map(() => [409, code]));
  const filter = new URLSearchParams(same()).toString();
  for (const server of servers) {
    const { users } = pageOf(await callUsers(server, sample, { headers, rest: `?${filter}` }));
    expect(users).toEqual(first === undefined ? [] : [dataOf(first)]);
  }
});

test('of many that disable a user one does it, and the user is signed out at both', async () => {
  const { user_id } = await createUser(servers[0], sample, headers);
  const link = await mintLink(servers[1], { ...sample, user_id });
  const cookie = cookieOf(await call(servers[0], link.path, { headers: CLICK })) ?? '';
  expect((await call(servers[1], '/auth/session', { headers: { cookie } })).status).toBe(200);
  const answers = await race((server) =>
    callUser(server, sample, { user_id, headers, method: 'PUT', rest: '/disable' }),
  );
  const messages = answers.map(({ json }) => (json as { message: string }).message);
  expect(messages.filter((message) => message === 'User disabled successfully')).toHaveLength(1);
  expect(messages.filter((message) => message === 'User is already disabled')).toHaveLength(RACERS - 1);
  for (const server of servers)
    expect(problemOf(await call(server, '/auth/session', { headers: { cookie } }))).toBe('session-expired');
});

test('of many that delete a user and change it none is answered with a fault, and nobody is there at the end', async () => {
  const { user_id } = await createUser(servers[0], sample, headers);
  const ways = [
    { method: 'PUT', rest: '', body: { partner_user_id: 'GONE#1' } },
    { method: 'PUT', rest: '/roles', body: { access_roles: ['admin'] } },
    { method: 'DELETE', rest: '' },
    { method: 'PUT', rest: '/disable' },
  ];
  const answers = await race((server, racer) =>
    callUser(server, sample, { user_id, headers, ...(ways[racer % ways.length] ?? { method: 'GET', rest: '' }) }),
  );
  expect(answers.filter(({ status }) => ![200, 204, 404].includes(status))).toEqual([]);
  for (const server of servers) {
    expect((await callUser(server, sample, { user_id, headers, method: 'GET', rest: '' })).status).toBe(404);
  }
});

test('an access token of one process is good at the other', async () => {
  const { user_id } = await createUser(servers[1], sample, await bearer(servers[0], sample));
  const seen = await callUser(servers[0], sample, {
    user_id,
    headers: await bearer(servers[1], sample),
    method: 'GET',
    rest: '',
  });
  expect(dataOf(seen).user_id).toBe(user_id);
});
