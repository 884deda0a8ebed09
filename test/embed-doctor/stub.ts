// A server that answers what a test tells it to, over http or https.

import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Certificate } from './certificate.ts';

export type StubAnswer = { status?: number; headers?: OutgoingHttpHeaders; body?: string };

export type Stub = {
  url: string;
  /** The headers of each request, in order. */
  requests: { path: string; headers: IncomingMessage['headers'] }[];
  close: () => Promise<void>;
};

/** An answer; `stall` sends headers and never the end of the body. */
export type Answering = (path: string) => StubAnswer | 'stall';

export async function startStub(answering: Answering, certificate?: Certificate): Promise<Stub> {
  const requests: Stub['requests'] = [];
  const listener: RequestListener = (incoming, outgoing) => {
    const path = incoming.url ?? '/';
    requests.push({ path, headers: incoming.headers });
    const answer = answering(path);
    if (answer === 'stall') {
      outgoing.writeHead(200, { 'content-type': 'text/html' });
      outgoing.write('<p>');
      return;
    }
    outgoing.writeHead(answer.status ?? 200, { 'content-type': 'text/html; charset=utf-8', ...answer.headers });
    outgoing.end(answer.body ?? '<!doctype html><title>Sample</title>');
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
