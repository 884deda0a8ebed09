// A running server: database, migrations, keys, listening, sweeping, and draining when it is told to stop.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './db/database.ts';
import { migrateDatabase } from './db/migrate.ts';
import type { Deps } from './deps.ts';
import { type Clock, systemClock } from './foundation/clock.ts';
import { newId, type Random, systemRandom } from './foundation/ids.ts';
import { createLog, type Log } from './foundation/log.ts';
import type { Readiness } from './health/routes.ts';
import { checkMasterKey, createKeyring } from './signing-keys/keyring.ts';
import { ensureSigningKeys } from './signing-keys/rotate.ts';
import { startSweeping } from './sweep.ts';

/** Longer than any honest client needs to send 16 KiB; a slow one must not hold a connection for ever. */
const REQUEST_TIMEOUT_MILLISECONDS = 15_000;
const HEADERS_TIMEOUT_MILLISECONDS = 10_000;

export type RunningServer = { deps: Deps; port: number; close: () => Promise<void> };

export type ServerOptions = { log?: Log; clock?: Clock; random?: Random };

async function prepare(config: Config, options: ServerOptions): Promise<Deps> {
  const log = options.log ?? createLog(config.LOG_LEVEL);
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const db: Database = openDatabase(config.DATABASE_URL, (err) => log.warn({ err }, 'database connection lost'));
  try {
    const migrations = await migrateDatabase(db);
    if (migrations.length > 0) log.info({ migrations }, 'database migrated');
    const master_key = config.MASTER_KEY;
    await checkMasterKey(db, master_key);
    await ensureSigningKeys(db, { clock, random, master_key });
    return { config, log, db, clock, random, keyring: createKeyring({ db, clock, master_key }) };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

const UNREADABLE_REQUEST: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** What node:http cannot read as HTTP never reaches the app; even so the answer carries a request id. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, deps: Deps): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const request_id = newId('req', deps);
  const status = UNREADABLE_REQUEST[error.code ?? ''] ?? '400 Bad Request';
  deps.log.info({ request_id, status: Number(status.slice(0, 3)), reason: error.code }, 'request');
  socket.end(`HTTP/1.1 ${status}\r\nx-request-id: ${request_id}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

function createServer(deps: Deps, readiness: Readiness): Server {
  const app = createApp(deps, readiness);
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { requestTimeout: REQUEST_TIMEOUT_MILLISECONDS, headersTimeout: HEADERS_TIMEOUT_MILLISECONDS },
  });
  // createAdaptorServer makes an HTTP/1.1 server unless it is told otherwise; its type allows for HTTP/2.
  if (!('closeIdleConnections' in server)) throw new Error('not an HTTP/1.1 server');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => answerUnreadable(error, socket, deps));
  return server;
}

async function listen(server: Server, { PORT, HOST }: Config): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : PORT;
}

/** Stops accepting, lets requests in flight finish for `seconds`, and then closes what is left. */
async function drain(server: Server, seconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  // close() itself waits for idle keep-alive connections.
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), seconds * 1000);
  await closed;
  clearTimeout(deadline);
}

/** Starts a server. @throws when the database is away, MASTER_KEY is the wrong one or the port is taken */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const deps = await prepare(config, options);
  const readiness: Readiness = { draining: false };
  const server = createServer(deps, readiness);
  const port = await listen(server, config).catch(async (error: unknown) => {
    await deps.db.destroy();
    throw error;
  });
  const stopSweeping = startSweeping(deps);
  let closing: Promise<void> | undefined;
  const close = async () => {
    readiness.draining = true;
    await stopSweeping();
    await drain(server, config.DRAIN_SECONDS);
    await deps.db.destroy();
  };
  return { deps, port, close: () => (closing ??= close()) };
}
