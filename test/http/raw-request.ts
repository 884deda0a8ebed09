// Bytes on a socket, for what an HTTP client refuses to send: header lines that break the rules, bodies that are no text or
// never end.

import { connect, type Socket } from 'node:net';

export type RawAnswer = { status: number; headers: Headers; text: string };

/** The answer as it came; status 0 when the connection was closed without one. */
function parseAnswer(received: string): RawAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [status_line = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => [line.split(':')[0] ?? '', line.replace(/^[^:]*:\s*/, '')]),
  );
  return { status: Number(status_line.split(' ')[1] ?? 0), headers, text: rest.join('\r\n\r\n') };
}

/** A connection to the server under test. */
export function openSocket(url: string): Socket {
  const { hostname, port } = new URL(url);
  return connect(Number(port), hostname);
}

/** Everything that arrives until the server closes the connection. */
export async function readToEnd(socket: Socket): Promise<RawAnswer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // A server that closes while we still write resets the connection; what it answered before that counts.
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('close', resolve);
  });
  return parseAnswer(Buffer.concat(chunks).toString('latin1'));
}

/** Sends bytes and reads until the server closes the connection, which the bytes or the server have to ask for. */
export async function sendRaw(url: string, ...pieces: (string | Uint8Array)[]): Promise<RawAnswer> {
  const socket = openSocket(url);
  for (const piece of pieces) socket.write(piece);
  return readToEnd(socket);
}

/** The head of a request that closes its connection. */
export function requestHead(method: string, target: string, headers: Record<string, string>): string {
  const lines = Object.entries({ host: 'localhost', connection: 'close', ...headers });
  return `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}
