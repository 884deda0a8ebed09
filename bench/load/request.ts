// A request as data, and as the bytes that go over the wire. How requests are sent is in connection.ts, wrk.lua and autocannon.ts.

export type HttpRequest = {
  method: 'GET' | 'POST';
  path: string;
  headers: Record<string, string>;
  body?: string;
};

export type HttpAnswer = { status: number; headers: Headers; body: string };

/** Ends each request in a file of raw requests: a control character that no header or JSON body holds. */
export const SEPARATOR = '\x1e';

/** HTTP/1.1 with keep-alive, as written by a client that adds nothing of its own. */
export function rawRequest({ method, path, headers, body }: HttpRequest, host: string): string {
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ host, ...headers, ...length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body ?? ''}`;
}

/** The text of a file of raw requests, for wrk.lua and paced.ts. */
export function rawRequests(requests: readonly HttpRequest[], host: string): string {
  return requests.map((request) => rawRequest(request, host) + SEPARATOR).join('');
}
