// How a real process starts and ends: what it refuses to start with, and that SIGTERM lets requests in flight finish.

import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Deps } from '../src/deps.ts';
import { call, mintLink } from './support/client.ts';
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

let database: TestDatabase;
let variables: Variables;
let deployment: Deps & { close: () => Promise<void> };
let sample: Sample;
const started: ServerProcess[] = [];

async function start(changes: Variables = {}): Promise<ServerProcess> {
  const server = await startProcess({ ...variables, ...changes });
  started.push(server);
  return server;
}

beforeAll(async () => {
  database = await createDatabase();
  variables = await deploymentOn(database);
  await runCommand(['migrate'], variables);
  deployment = openDeployment(variables);
  sample = await createSample(deployment);
});
afterEach(() => endAll(started));
afterAll(async () => {
  await deployment.close();
  await database.drop();
});

/** A request whose body is on its way: the server has read the headers and waits. */
async function beginExchange(server: ServerProcess, body: string, agent: Agent): Promise<ClientRequest> {
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    expect: '100-continue',
  };
  const sent = request(`${server.url}/auth/sso`, { method: 'POST', headers, agent });
  sent.flushHeaders();
  await once(sent, 'continue');
  return sent;
}

/** Until the server takes no new connection. */
async function stopsListening(server: ServerProcess): Promise<void> {
  const listens = () => call(server, '/healthz').then(Boolean, () => false);
  while (await listens()) await pause(10);
}

describe('on SIGTERM', () => {
  test('a process takes no new request, finishes the one in flight, and ends well', async () => {
    const server = await start();
    // Idle keep-alive connections must not hold it up, nor the one that the request came on.
    const agent = new Agent({ keepAlive: true });
    const idle = request(`${server.url}/healthz`, { agent }).end();
    const [answer] = (await once(idle, 'response')) as [IncomingMessage];
    await text(answer);
    const body = JSON.stringify({ token: (await mintLink(server, sample)).sso_token });
    const sent = await beginExchange(server, body, new Agent({ keepAlive: true }));
    server.signal('SIGTERM');
    await stopsListening(server);
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const { data } = JSON.parse(await text(response)) as { data: { session_token: string } };
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    expect(await server.exit).toEqual({ code: 0, signal: null });
    expect(server.log()).toContain('"msg":"stopped"');
    agent.destroy();
    // What it granted is good at any other process.
    const headers = { authorization: `Bearer ${data.session_token}` };
    expect((await call(await start(), '/auth/session', { headers })).status).toBe(200);
  });

  test('an idle process ends at once', async () => {
    const server = await start();
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 0, signal: null });
  });

  test('a request that never ends is cut off after DRAIN_SECONDS', async () => {
    const server = await start({ DRAIN_SECONDS: '1' });
    const sent = await beginExchange(server, '{"token":"x"}', new Agent());
    const cut_off = once(sent, 'error');
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 0, signal: null });
    const [error] = (await cut_off) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
  });

  test('a second signal ends the process without waiting', async () => {
    const server = await start();
    const sent = await beginExchange(server, '{"token":"x"}', new Agent());
    sent.on('error', () => undefined);
    server.signal('SIGTERM');
    await stopsListening(server);
    server.signal('SIGTERM');
    expect(await server.exit).toEqual({ code: 1, signal: null });
  });
});

describe('a process does not start', () => {
  test('with another MASTER_KEY than the database’s, and says so in one sentence', async () => {
    await start();
    const { code, output } = await runCommand(['serve'], {
      ...variables,
      PORT: '0',
      MASTER_KEY: randomBytes(32).toString('base64'),
    });
    expect(code).toBe(1);
    const said = output
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{'));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^error: MASTER_KEY \(id [0-9a-f]{16}\) is not the key that encrypted signing key key_/);
  });

  test('on a port that is taken, and says so', async () => {
    const server = await start();
    const { code, output } = await runCommand(['serve'], { ...variables, PORT: new URL(server.url).port });
    expect(code).toBe(1);
    expect(output).toContain('error: the port is taken');
    expect(output).not.toMatch(/^\s+at /m);
  });

  test('with settings that are missing, all of which it names', async () => {
    const { code, output } = await runCommand(['serve'], {});
    expect(code).toBe(1);
    for (const name of ['API_URL', 'PORTAL_URL', 'MASTER_KEY']) expect(output).toContain(`  - ${name} is not set`);
    expect(output).not.toMatch(/^\s+at /m);
  });
});
