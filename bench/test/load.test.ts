// Requests as bytes, and answers read from bytes that come in pieces.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { freePort } from '../../test/support/ports.ts';
import { onTestFinished, test } from 'vitest';
import { answerLength, parseAnswer, statusOf } from '../load/connection.ts';
import { gather } from '../load/gather.ts';
import { rawRequest, rawRequests } from '../load/request.ts';

const POST = { method: 'POST', path: '/v1/sso', headers: { 'x-user-id': 'usr_1' }, body: '{"å":1}' } as const;

test('a request says its host and the length of its body in bytes', () => {
  assert.equal(
    rawRequest(POST, '127.0.0.1:1'),
    'POST /v1/sso HTTP/1.1\r\nhost: 127.0.0.1:1\r\nx-user-id: usr_1\r\ncontent-length: 8\r\n\r\n{"å":1}',
  );
});

test('each request of a file has its end', () => {
  assert.equal(rawRequests([POST, POST], 'h').split('\x1e').length, 3);
});

const SIZED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello';
const CHUNKED = 'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n';
const EMPTY = 'HTTP/1.1 204 No Content\r\nA: b\r\n\r\n';

for (const [kind, text] of Object.entries({ SIZED, CHUNKED, EMPTY })) {
  test(`an answer is whole at its last byte and not before: ${kind}`, () => {
    assert.equal(answerLength(text), text.length);
    for (let length = 0; length < text.length; length += 1)
      assert.equal(answerLength(text.slice(0, length)), undefined);
  });
}

test('what follows an answer is not part of it', () => {
  assert.equal(answerLength(`${SIZED}HTTP/1.1 200 OK`), SIZED.length);
});

test('an answer is read with status, headers and body', () => {
  const sized = parseAnswer(SIZED);
  assert.deepEqual([sized.status, sized.headers.get('a'), sized.body], [200, 'b', 'hello']);
  assert.deepEqual([parseAnswer(CHUNKED).status, parseAnswer(CHUNKED).body], [201, 'hello']);
  assert.equal(statusOf(EMPTY), 204);
});

test('answers of a real server come in the order of the requests', async () => {
  const port = await freePort();
  const server = createServer((request, response) => {
    setTimeout(() => response.end(`you asked ${request.url} ö`), request.url === '/0' ? 20 : 0);
  }).listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const requests = [0, 1, 2, 3, 4].map((n) => ({ method: 'GET', path: `/${n}`, headers: {} }) as const);
  const answers = await gather(port, requests, 2);
  assert.deepEqual(
    answers.map(({ body }) => body),
    requests.map(({ path }) => `you asked ${path} ö`),
  );
});
