// One keep-alive connection that sends ready-made bytes and reads one answer at a time, with as little work as that takes: the
// load must not be what is measured.

import { connect, type Socket } from 'node:net';
import type { HttpAnswer } from './request.ts';

const HEAD_END = '\r\n\r\n';

/** The length of the first whole answer in `text`; undefined while there is more to come. RFC 9112, 6.3, for what servers send here. */
export function answerLength(text: string): number | undefined {
  const head_end = text.indexOf(HEAD_END);
  if (head_end === -1) return undefined;
  const head = text.slice(0, head_end);
  const body_start = head_end + HEAD_END.length;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = body_start + Number(length);
    return end <= text.length ? end : undefined;
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return body_start;
  // Requests are not pipelined, so that the last chunk ends the text.
  return text.endsWith(`0${HEAD_END}`) ? text.length : undefined;
}

function joinChunks(text: string): string {
  let body = '';
  let from = 0;
  for (;;) {
    const line_end = text.indexOf('\r\n', from);
    const size = Number.parseInt(text.slice(from, line_end), 16);
    if (line_end === -1 || !(size > 0)) return body;
    body += text.slice(line_end + 2, line_end + 2 + size);
    from = line_end + 2 + size + 2;
  }
}

/** Reads one whole answer; `text` holds its bytes, one a character. */
export function parseAnswer(text: string): HttpAnswer {
  const head_end = text.indexOf(HEAD_END);
  const [status_line = '', ...lines] = text.slice(0, head_end).split('\r\n');
  const headers = new Headers();
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  const rest = text.slice(head_end + HEAD_END.length);
  const bytes = headers.get('transfer-encoding') === 'chunked' ? joinChunks(rest) : rest;
  return { status: statusOf(status_line), headers, body: Buffer.from(bytes, 'latin1').toString('utf8') };
}

/** The status of an answer's text. */
export function statusOf(text: string): number {
  return Number(text.slice(9, 12));
}

export type ConnectionEvents = {
  /** A whole answer, one byte a character. */
  answered: (text: string) => void;
  /** The connection is gone, with or without an answer outstanding. */
  lost: () => void;
};

export type Connection = { send: (raw: string) => void; close: () => void };

function listen(socket: Socket, { answered, lost }: ConnectionEvents): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const length = answerLength(text);
    if (length === undefined) return;
    const answer = text.slice(0, length);
    text = text.slice(length);
    answered(answer);
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', lost);
}

/** Connects to a port of this machine. @throws when nobody listens there */
export async function openConnection(port: number, events: ConnectionEvents): Promise<Connection> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  listen(socket, events);
  return { send: (raw) => void socket.write(raw), close: () => socket.destroy() };
}
