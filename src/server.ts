// A running server: database, migrations, keys, listening, sweeping, and draining when it is told to stop.

import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, RequestError } from '@hono/node-server';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { type Database, isReadCommitted, openDatabase } from './db/database.ts';
import { migrateDatabase } from './db/migrate.ts';
import type { Deps } from './deps.ts';
import { type Clock, systemClock } from './foundation/clock.ts';
import { newId, type Random, systemRandom } from './foundation/ids.ts';
import { createLog, type Log } from './foundation/log.ts';
import { createFailureLimit } from './http/failure-limit.ts';
import type { Readiness } from './health/routes.ts';
import { createEmbedders } from './partners/embedders.ts';
import { checkMasterKey, createKeyring } from './signing-keys/keyring.ts';
import { ensureSigningKeys } from './signing-keys/rotate.ts';
import { startSweeping } from './sweep.ts';

/** Longer than any honest client needs to send 16 KiB; a slow one must not hold a connection for ever. */
const REQUEST_TIMEOUT_MILLISECONDS = 15_000;
const HEADERS_TIMEOUT_MILLISECONDS = 10_000;
/** How often node:http looks for connections over their limit. */
const CHECKING_INTERVAL_MILLISECONDS = 5_000;
/** Longer than load balancers keep an idle connection (60 s as a rule), so that it is never we who close one in use. */
const KEEP_ALIVE_MILLISECONDS = 65_000;
/** The longest link has some 12,000 characters, and the portal's own cookies come along. */
const MAX_HEADER_BYTES = 32_768;

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
    await ensureSigningKeys(db, { clock, random, master_key });
    // Behind making them: of two processes with different keys that start at once, one has to notice.
    await checkMasterKey(db, master_key);
    await warnOfIsolation(db, log);
    const failures = createFailureLimit(config.FAILURES_PER_MINUTE);
    const keyring = createKeyring({ db, clock, master_key });
    return { config, log, db, clock, random, keyring, failures, embedders: createEmbedders({ db, clock }) };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** A stricter level gives no wrong answers, but 503 where two requests meet. */
async function warnOfIsolation(db: Database, log: Log): Promise<void> {
  if (await isReadCommitted(db)) return;
  log.warn(
    'the database’s default_transaction_isolation is not read committed: requests that meet will be answered 503',
  );
}

const UNREADABLE_REQUEST: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/** One log line and the headers of an answer that the app does not make. */
function answerOutsideApp(deps: Deps, { status, reason }: { status: number; reason: string | undefined }) {
  const request_id = newId('req', deps);
  deps.log.info({ request_id, status, reason }, 'request');
  return { 'x-request-id': request_id };
}

/** What node:http cannot read as HTTP never reaches the app; even so the answer carries a request id. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket, deps: Deps): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status_line = UNREADABLE_REQUEST[error.code ?? ''] ?? '400 Bad Request';
  const headers = answerOutsideApp(deps, { status: Number(status_line.slice(0, 3)), reason: error.code });
  socket.end(
    `HTTP/1.1 ${status_line}\r\nx-request-id: ${headers['x-request-id']}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}

/** What is HTTP, but names no address that a URL could have: a missing or impossible Host, a backslash in the path. */
function answerUnaddressed(error: unknown, deps: Deps): Response {
  const status = error instanceof RequestError ? 400 : 500;
  // The app answers its own faults; whatever gets past it must not end the process.
  if (status === 500) deps.log.error({ err: error }, 'request failed');
  const headers = answerOutsideApp(deps, { status, reason: error instanceof Error ? error.name : typeof error });
  return new Response(null, { status, headers });
}

async function createServer(deps: Deps, readiness: Readiness): Promise<Server> {
  const { fetch } = await createApp(deps, readiness);
  const answer = getRequestListener(fetch, { errorHandler: (error) => answerUnaddressed(error, deps) });
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    // HTTP/1.0 has no Host, and load balancers still check health with it.
    if (incoming.httpVersion === '1.0' && incoming.headers.host === undefined) {
      incoming.headers.host = 'localhost';
      incoming.rawHeaders.push('Host', 'localhost');
    }
    void answer(incoming, outgoing);
  };
  const server = createHttpServer(
    {
      requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
      headersTimeout: HEADERS_TIMEOUT_MILLISECONDS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MILLISECONDS,
      keepAliveTimeout: KEEP_ALIVE_MILLISECONDS,
      maxHeaderSize: MAX_HEADER_BYTES,
      // node:http would refuse a request without Host itself, without a request id; the listener refuses it too.
      requireHostHeader: false,
    },
    listener,
  );
  // Expectations that nobody knows may be ignored (RFC 9110, 10.1.1); node:http would answer 417, without a request id.
  server.on('checkExpectation', listener);
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
  const server = await createServer(deps, readiness);
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
