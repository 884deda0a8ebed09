// The service with an API below a path; and once more in the same process, on a port of its own, with parts replaced.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createApp } from '../../src/app.ts';
import type { Database } from '../../src/db/database.ts';
import type { Deps } from '../../src/deps.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from '../support/handoff.ts';
import type { Operation } from '../support/openapi.ts';

export const BASE_PATH = '/external';

export async function startBelowPath(): Promise<Handoff> {
  return startHandoff({ environment: { API_URL: `${PUBLIC_URL}${BASE_PATH}` } });
}

/** Where an operation is found on this server: once or, on two hosts, twice. */
export function pathsOf({ path, mounts }: Operation): string[] {
  return mounts.map((mount) => (mount === 'api' ? BASE_PATH + path : path));
}

/** What an address takes that takes GET. */
export const WITH_GET = ['GET', 'HEAD'];

export type Served = Pick<Handoff, 'url' | 'config'> & { close: () => Promise<unknown> };

export async function serve(deps: Deps, { draining } = { draining: false }): Promise<Served> {
  const listener = getRequestListener((await createApp(deps, { draining })).fetch);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}`, config: deps.config, close };
}

type Held = {
  db: Database;
  /** Resolves when a request wants to begin a transaction. */
  wanted: Promise<void>;
  release: () => void;
};

/** A database in which transactions begin when they are told to; everything else goes on. */
export function holdTransactions(db: Database): Held {
  const wanted = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const execute: ReturnType<Database['transaction']>['execute'] = async (run) => {
    wanted.resolve();
    await released.promise;
    return db.transaction().execute(run);
  };
  const held = new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') return () => ({ execute });
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
  return { db: held, wanted: wanted.promise, release: released.resolve };
}
