// While the database cannot do its work every attempt is answered with 503 and when to come again, nothing is spent, and the
// server goes on by itself afterwards. What "away" means differs: PostgreSQL may be out of reach or refuse connections; SQLite is
// a file whose one writer may be another process.

import { connect, createServer, type Server, type Socket } from 'node:net';
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, describe, expect, inject, test } from 'vitest';
import { call, CLICK, mintLink, partnerHeaders, PATIENT_PATH, problemOf, requestSso } from '../support/client.ts';
import { asSuperuser, createDatabase, setPatience, type TestDatabase } from '../support/database.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample } from '../support/sample.ts';
import { openSocket, requestHead } from './raw-request.ts';

type Outage = {
  what: string;
  /** What /readyz says meanwhile: SQLite can be read while another process writes. */
  ready: 200 | 503;
  prepare: () => Promise<{
    handoff: Handoff;
    begin: () => Promise<void>;
    end: () => Promise<void>;
    drop: () => Promise<void>;
  }>;
};

/** A way to the database that can be cut. */
class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #port = 0;

  constructor(target: URL) {
    this.#server = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          this.#sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  async connect(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.#port = address.port;
    return this.#port;
  }

  async cut(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.#server.close(resolve);
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

async function startBehindWire() {
  const database = await createDatabase();
  const url = new URL(database.url);
  const wire = new Wire(new URL(database.url));
  url.hostname = '127.0.0.1';
  url.port = String(await wire.connect());
  const handoff = await startHandoff({ database: { ...database, url: url.href } });
  const drop = async () => {
    await wire.cut();
    await database.drop();
  };
  return { handoff, begin: () => wire.cut(), end: async () => void (await wire.connect()), drop };
}

async function startOnRefusing() {
  const database = await createDatabase();
  const name = new URL(database.url).pathname.slice(1);
  const handoff = await startHandoff({ database });
  const begin = () =>
    asSuperuser(
      `alter database ${name} allow_connections false`,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
    );
  return {
    handoff,
    begin,
    end: () => asSuperuser(`alter database ${name} allow_connections true`),
    drop: database.drop,
  };
}

async function startOnLocked() {
  const database: TestDatabase = await createDatabase();
  const handoff = await startHandoff({ database });
  setPatience(handoff.deps.db, 10);
  const other_process = new BetterSqlite3(database.url.slice('sqlite:'.length));
  const begin = async () => void other_process.exec('begin immediate');
  const end = async () => void other_process.exec('rollback');
  const drop = async () => {
    other_process.close();
    await database.drop();
  };
  return { handoff, begin, end, drop };
}

const OUTAGES: Outage[] =
  inject('test_database') === 'postgres'
    ? [
        { what: 'cannot be reached', ready: 503, prepare: startBehindWire },
        { what: 'accepts no connections', ready: 503, prepare: startOnRefusing },
      ]
    : [{ what: 'is locked by another process', ready: 200, prepare: startOnLocked }];

let cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of cleanUp) await step();
  cleanUp = [];
});

describe.each(OUTAGES)('while the database $what', ({ ready, prepare }) => {
  test('attempts are put off and nothing is spent, and afterwards everything works by itself', async () => {
    const { handoff, begin, end, drop } = await prepare();
    cleanUp = [() => handoff.close(), drop];
    const sample = await createSample(handoff.deps);
    const link = await mintLink(handoff, sample);
    expect((await call(handoff, '/readyz')).status).toBe(200);

    await begin();
    for (const headers of [{}, { 'x-partner-secret': 'wrong' }, { 'x-user-id': '' }]) {
      const answer = await requestSso(handoff, sample, { headers });
      expect([answer.status, problemOf(answer)]).toEqual([503, 'service-unavailable']);
      expect(answer.headers.get('retry-after')).toBe('5');
      expect(answer.json).toMatchObject({ error: { detail: 'The service is not available at the moment' } });
    }
    const page = await call(handoff, link.path, { headers: CLICK });
    expect([page.status, page.headers.get('retry-after')]).toEqual([503, '5']);
    expect(page.text).toContain('The portal is not available at the moment');
    expect((await call(handoff, '/readyz')).status).toBe(ready);
    expect((await call(handoff, '/healthz')).status).toBe(200);

    await end();
    expect((await requestSso(handoff, sample)).status).toBe(200);
    expect((await call(handoff, link.path, { headers: CLICK })).status).toBe(303);
    expect((await call(handoff, '/readyz')).status).toBe(200);
  });
});

// An error event of a connection in use once had no listener, and ended the process.
test.each(OUTAGES)(
  'a database that goes away under load, because it $what, costs requests but not the server',
  async ({ prepare }) => {
    const { handoff, begin, end, drop } = await prepare();
    cleanUp = [() => handoff.close(), drop];
    const sample = await createSample(handoff.deps);
    for (let round = 0; round < 3; round += 1) {
      const answers = Array.from({ length: 40 }, () => requestSso(handoff, sample));
      await begin();
      const statuses = new Set((await Promise.all(answers)).map((answer) => answer.status));
      expect(statuses.difference(new Set([200, 503]))).toEqual(new Set());
      await end();
    }
    expect((await requestSso(handoff, sample)).status).toBe(200);
  },
);

describe('a server that is told to stop', () => {
  /** The answer to a request that had begun before the server was told, and ended after. */
  async function answerWhileStopping(handoff: Handoff, head: string, rest: string): Promise<string> {
    const socket = openSocket(handoff.url);
    let received = '';
    const closed = new Promise((resolve) => {
      socket.on('close', resolve);
    });
    const first = new Promise<void>((resolve) => {
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
        if (received.includes('{"status":"ready"}')) resolve();
      });
    });
    // Both arrive as one piece: when the first is answered, the second has begun.
    socket.write(`GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n${head}`);
    await first;
    const stopped = handoff.close();
    socket.write(rest);
    await Promise.all([closed, stopped]);
    return received.slice(received.indexOf('{"status":"ready"}') + '{"status":"ready"}'.length);
  }

  test('is not ready any more, and says when to come again', async () => {
    const head = requestHead('GET', '/readyz', {});
    const answer = await answerWhileStopping(await startHandoff(), head.slice(0, -2), head.slice(-2));
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/^retry-after: 5\r$/m);
  });

  test('still grants what had begun, and accepts nothing more', async () => {
    const handoff = await startHandoff();
    const body = JSON.stringify({ redirect_path: PATIENT_PATH });
    const headers = { ...partnerHeaders(await createSample(handoff.deps)), 'content-length': String(body.length) };
    const answer = await answerWhileStopping(handoff, requestHead('POST', '/v1/sso', headers), body);
    expect(answer.slice(0, 'HTTP/1.1 200'.length)).toBe('HTTP/1.1 200');
    await expect(call(handoff, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
