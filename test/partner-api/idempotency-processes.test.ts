// One Idempotency-Key at two processes on one database: the thing is made once, and every answer is it or "wait".

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Deps } from '../../src/deps.ts';
import { problemOf } from '../support/client.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { deploymentOn, endAll, openDeployment, type ServerProcess, startProcess } from '../support/processes.ts';
import { createSample } from '../support/sample.ts';
import { CREATING, expectProblem, expectReplay, send } from './idempotency.ts';

const ROUNDS = 5;
const AT_ONCE = 4;

let database: TestDatabase;
let servers: ServerProcess[] = [];
let deployment: Deps & { close: () => Promise<void> };
beforeAll(async () => {
  database = await createDatabase();
  const variables = await deploymentOn(database);
  servers = await Promise.all([startProcess(variables), startProcess(variables)]);
  deployment = openDeployment(variables);
});
afterAll(async () => {
  await endAll(servers);
  await deployment?.close();
  await database.drop();
});

test.each(CREATING)('$what is done once', async ({ pathOf, headersOf, body, other_body, count }) => {
  const seen = { made: 0, replayed: 0, told_to_wait: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const sample = await createSample(deployment);
    const [one, other] = servers;
    if (one === undefined || other === undefined) throw new Error('two servers');
    const headers = await headersOf(one, sample);
    const request = { path: pathOf(sample), headers, key: randomUUID(), body: JSON.stringify(body()) };
    const before = await count({ deps: deployment }, sample);
    const racers = Array.from({ length: AT_ONCE }, () => servers.map((server) => send(server, request))).flat();
    const answers = await Promise.all(racers);
    expect(await count({ deps: deployment }, sample)).toBe(before + 1);
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(made.map(({ text }) => text)).size, 'different answers').toBe(1);
    const [first, ...more] = made.filter((answer) => !answer.headers.has('idempotent-replayed'));
    expect([first?.status, more]).toEqual([201, []]);
    const waiting = answers.filter(({ status }) => status !== 201);
    expect(new Set(waiting.map(problemOf))).toEqual(new Set(waiting.map(() => 'idempotency-key-in-use')));
    seen.made += 1;
    seen.replayed += made.length - 1;
    seen.told_to_wait += waiting.length;
    if (first === undefined) continue;
    for (const server of servers) expectReplay(first, await send(server, request));
    expectProblem(await send(other, { ...request, body: JSON.stringify(other_body()) }), 422, 'idempotency-key-reused');
  }
  expect(seen.made + seen.replayed + seen.told_to_wait).toBe(ROUNDS * AT_ONCE * servers.length);
});

test('a key is another one for another partner, at both processes at once', async () => {
  const samples = [await createSample(deployment), await createSample(deployment)];
  const key = randomUUID();
  for (const { pathOf, headersOf, body } of CREATING.slice(0, 1)) {
    const answers = await Promise.all(
      samples.map(async (sample, index) => {
        const server = servers[index];
        if (server === undefined) throw new Error('two servers');
        const headers = await headersOf(server, sample);
        return send(server, { path: pathOf(sample), headers, key, body: JSON.stringify(body()) });
      }),
    );
    expect(answers.map((answer) => [answer.status, answer.headers.has('idempotent-replayed')])).toEqual([
      [201, false],
      [201, false],
    ]);
  }
});
