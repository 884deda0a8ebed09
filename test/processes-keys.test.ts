// Signing keys under load: real processes mint and open links while operators rotate the keys under them.

import { decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, CLICK, mintLink, problemOf } from './support/client.ts';
import { createDatabase, type TestDatabase } from './support/database.ts';
import {
  deploymentOn,
  endAll,
  openDeployment,
  runCommand,
  type ServerProcess,
  startProcess,
  type Variables,
} from './support/processes.ts';
import { createSample, type Sample } from './support/sample.ts';

const ROTATIONS = 5;

let database: TestDatabase;
let variables: Variables;
let deployment: ReturnType<typeof openDeployment>;
let servers: [ServerProcess, ServerProcess];
let sample: Sample;
beforeAll(async () => {
  database = await createDatabase();
  variables = await deploymentOn(database);
  servers = await Promise.all([startProcess(variables), startProcess(variables)]);
  deployment = openDeployment(variables);
  sample = await createSample(deployment);
});
afterAll(async () => {
  await endAll(servers ?? []);
  await deployment?.close();
  await database.drop();
});

async function keyStates(): Promise<string[]> {
  const rows = await deployment.db.selectFrom('signing_keys').select('state').execute();
  return rows
    .map(({ state }) => state)
    .filter((state) => state !== 'retiring')
    .toSorted();
}

const rotate = async () => expect((await runCommand(['key', 'rotate', '--json'], variables)).code).toBe(0);

test('processes that start at once make one key that signs and one next one', async () => {
  expect(await keyStates()).toEqual(['active', 'next']);
});

test('while keys rotate, not one link is refused, whichever process made and whichever opens it', async () => {
  const refused: (string | undefined)[] = [];
  const kids = new Set<string | undefined>();
  const rotation = { over: false };
  // A server looks for another key every five seconds; rotations may all be over before that.
  const deadline = Date.now() + 20_000;
  const isOver = () => rotation.over && (kids.size > 1 || Date.now() > deadline);
  const cross = async (from: ServerProcess, to: ServerProcess) => {
    while (!isOver()) {
      const link = await mintLink(from, sample);
      kids.add(decodeProtectedHeader(link.sso_token).kid);
      const answer = await call(to, link.path, { headers: { ...CLICK, accept: 'application/json' } });
      if (answer.status !== 303) refused.push(problemOf(answer));
    }
  };
  const [one, other] = servers;
  const pairs = [cross(one, other), cross(other, one)];
  const rotateAll = async () => {
    for (let times = 0; times < ROTATIONS; times += 1) await rotate();
  };
  await rotateAll().finally(() => {
    rotation.over = true;
  });
  await Promise.all(pairs);
  expect(refused).toEqual([]);
  expect(kids.size, 'keys that signed').toBeGreaterThan(1);
}, 120_000);

test('operators who rotate at once leave one key that signs and one next one', async () => {
  await Promise.all(Array.from({ length: 3 }, rotate));
  expect(await keyStates()).toEqual(['active', 'next']);
  const link = await mintLink(servers[0], sample);
  expect((await call(servers[1], link.path, { headers: CLICK })).status).toBe(303);
});
