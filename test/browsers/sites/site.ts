// One site of a run: a TLS server on a loopback address of its own. Browsers tell sites apart by host, so that `localhost`,
// 127.0.0.1 and 127.0.0.2 are as foreign to each other as three companies' names.

import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Certificate } from './certificate.ts';

export type Site = {
  origin: string;
  /** Method and path of each request since the case began; queries stay out, because they hold tokens. */
  requests: string[];
  close: () => Promise<void>;
};

/** Starts a site whose answers `answer` gives, which may be set once the site's origin is known. */
export async function startSite(
  host: string,
  certificate: Certificate,
  createListener: (origin: string) => RequestListener | Promise<RequestListener>,
): Promise<Site> {
  const requests: string[] = [];
  const server = createServer(certificate).listen(0, host);
  await once(server, 'listening');
  const origin = `https://${host}:${(server.address() as AddressInfo).port}`;
  const answer = await createListener(origin);
  server.on('request', (incoming, outgoing) => {
    requests.push(`${incoming.method} ${(incoming.url ?? '').replace(/\?.*$/s, '')}`);
    answer(incoming, outgoing);
  });
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { origin, requests, close };
}

/** An application's listener. */
export function listenerOf(app: Hono): RequestListener {
  const listen = getRequestListener(app.fetch);
  return (incoming, outgoing) => void listen(incoming, outgoing);
}
