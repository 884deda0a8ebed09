// What the app never sees: bytes that are not HTTP, heads that are too long, and requests for addresses that no URL could have.
// Even so each answer has a request id, and the log its line.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { requestHead, sendRaw } from './raw-request.ts';

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff();
});
afterAll(() => handoff.close());

const CLOSE = 'connection: close\r\n';
const long = 'a'.repeat(40_000);

const UNREADABLE: { what: string; bytes: string; status: number }[] = [
  { what: 'no HTTP', bytes: 'hello\r\n\r\n', status: 400 },
  { what: 'a TLS handshake', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01', status: 400 },
  { what: 'a header without a colon', bytes: `GET /healthz HTTP/1.1\r\nhost: a\r\nnothing\r\n\r\n`, status: 400 },
  { what: 'a header with a NUL', bytes: requestHead('GET', '/healthz', { x: 'a\0b' }), status: 400 },
  { what: 'a header folded over two lines', bytes: requestHead('GET', '/healthz', { x: 'a\r\n b' }), status: 400 },
  { what: 'a space before the colon', bytes: requestHead('GET', '/healthz', { 'x ': 'a' }), status: 400 },
  {
    what: 'two lengths',
    bytes: `POST /v1/sso HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n`,
    status: 400,
  },
  {
    what: 'a length and chunks',
    bytes: `${requestHead('POST', '/v1/sso', { 'content-length': '5', 'transfer-encoding': 'chunked' })}0\r\n\r\n`,
    status: 400,
  },
  { what: 'a head that is too long', bytes: requestHead('GET', '/healthz', { x: long }), status: 431 },
  { what: 'an address that is too long', bytes: requestHead('GET', `/${long}`, {}), status: 431 },
  { what: 'no host', bytes: `GET /healthz HTTP/1.1\r\n${CLOSE}\r\n`, status: 400 },
  { what: 'an empty host', bytes: requestHead('GET', '/healthz', { host: '' }), status: 400 },
  { what: 'a host with a space', bytes: requestHead('GET', '/healthz', { host: 'a b' }), status: 400 },
  { what: 'a host with a path', bytes: requestHead('GET', '/healthz', { host: 'portal.example/auth?' }), status: 400 },
  { what: 'a host with a user', bytes: requestHead('GET', '/healthz', { host: 'user@portal.example' }), status: 400 },
  { what: 'a backslash in the path', bytes: requestHead('GET', '/auth\\sso', {}), status: 400 },
  { what: 'no path', bytes: requestHead('OPTIONS', '*', {}), status: 400 },
  { what: 'a path without a slash', bytes: requestHead('GET', 'healthz', {}), status: 400 },
  { what: 'an address of another scheme', bytes: requestHead('GET', 'ftp://portal.example/healthz', {}), status: 400 },
];

describe('a request', () => {
  test('that can be read is answered', async () => {
    expect((await sendRaw(handoff.url, requestHead('GET', '/healthz', {}))).status).toBe(200);
  });

  test('with its whole address is answered as one with its path', async () => {
    const answer = await sendRaw(handoff.url, requestHead('GET', 'http://portal.example/healthz', {}));
    expect(answer.status).toBe(200);
  });

  test('with an expectation that nobody knows is answered as one without', async () => {
    expect((await sendRaw(handoff.url, requestHead('GET', '/healthz', { expect: 'something' }))).status).toBe(200);
  });

  test.each(UNREADABLE)('with $what is refused with $status, a request id and a line in the log', async (request) => {
    const answer = await sendRaw(handoff.url, request.bytes);
    expect(answer.status).toBe(request.status);
    expect(answer.text.replace(/^0\r\n\r\n$/, '')).toBe('');
    const request_id = answer.headers.get('x-request-id');
    expect(request_id).toMatch(/^req_[0-9a-f]{32}$/);
    const lines = (await readFile(handoff.log_file, 'utf8'))
      .split('\n')
      .filter((line) => line.includes(request_id ?? ''));
    expect(lines.map((line) => (JSON.parse(line) as { status: number }).status)).toEqual([request.status]);
  });

  test('that cannot be read leaves the server as it was', async () => {
    await Promise.all(UNREADABLE.map(({ bytes }) => sendRaw(handoff.url, bytes)));
    expect((await sendRaw(handoff.url, requestHead('GET', '/readyz', {}))).status).toBe(200);
  });
});
