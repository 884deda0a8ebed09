// Starts the sample practice, alone with `node demo/practice/server.ts` or from demo/start.ts, and stops it.

import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { createPractice } from './app.ts';
import type { Env } from './context.ts';
import type { Log } from './links.ts';
import { MissingSettings, readSettings, type Settings } from './settings.ts';

export type RunningPractice = { url: string; close: () => Promise<void> };

type Options = {
  /** `public_url`: where a proxy in front makes it another one than that of the port. */
  settings: Omit<Settings, 'public_url'> & { public_url?: string };
  port: number;
  log?: Log;
};

const DRAIN_MILLISECONDS = 5_000;

/** Requests in flight may finish; what is left then is closed. */
async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  // close() itself waits for idle keep-alive connections.
  server.closeIdleConnections();
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MILLISECONDS);
  await closed;
  clearTimeout(deadline);
}

/** Listens on the loopback address only. @throws EADDRINUSE when the port is taken */
export async function startPractice({ settings, port, log }: Options): Promise<RunningPractice> {
  // Its own address is among the settings, and is known when it listens.
  let app: Hono<Env> | undefined;
  const fetch = (request: Request) => app?.fetch(request) ?? new Response(null, { status: 503 });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without options, the adaptor makes one of node:http
  const server = createAdaptorServer({ fetch }) as Server;
  // 127.0.0.1 and localhost are different sites to a browser, as the partner's software and the portal are.
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const actual_port = typeof address === 'object' ? address?.port : port;
  const url = settings.public_url ?? `http://127.0.0.1:${actual_port}`;
  app = createPractice({ ...settings, public_url: url }, log);
  return { url, close: () => stop(server) };
}

function stopOnSignal({ close }: RunningPractice): void {
  process.once('SIGTERM', () => void close());
  process.once('SIGINT', () => void close());
}

if (import.meta.main) {
  try {
    const { PORT, PRACTICE_URL } = process.env;
    const settings = { ...readSettings(process.env), ...(PRACTICE_URL && { public_url: PRACTICE_URL }) };
    const practice = await startPractice({ settings, port: Number(PORT ?? 8788) });
    console.log(`Open ${practice.url}/ in a browser.`);
    stopOnSignal(practice);
  } catch (error) {
    if (!(error instanceof MissingSettings)) throw error;
    console.error(`Set ${error.message}: npm start in the repository's root prints them.`);
    process.exitCode = 1;
  }
}
