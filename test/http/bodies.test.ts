// The body of POST /v1/sso as bytes: its type, its length, its encoding, and whether it ends. What it says is in
// ../handoff/mint-refusals.test.ts.

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { partnerHeaders, PATIENT_PATH, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { expectRefusal, provedBy } from '../handoff/expect-refusal.ts';
import { openSocket, type RawAnswer, readToEnd, requestHead, sendRaw } from './raw-request.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const goodBody = JSON.stringify({ redirect_path: PATIENT_PATH });

/** The bytes of a body, with its length or what else is given. */
async function post(body: Uint8Array, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const all = { ...partnerHeaders(sample), 'content-length': String(body.byteLength), ...headers };
  return sendRaw(handoff.url, requestHead('POST', '/v1/sso', all), body);
}

const detailOf = (answer: RawAnswer) => (JSON.parse(answer.text) as { error: { detail: string } }).error.detail;

describe('a body', () => {
  test('of bytes is read as it is', async () => {
    expect((await post(Buffer.from(goodBody))).status).toBe(200);
  });

  test('in chunks is read as one', async () => {
    const head = requestHead('POST', '/v1/sso', { ...partnerHeaders(sample), 'transfer-encoding': 'chunked' });
    const chunks = goodBody.match(/.{1,9}/g) ?? [];
    const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    expect((await sendRaw(handoff.url, head, ...framed, '0\r\n\r\n')).status).toBe(200);
  });

  test.each([
    ['no type', '', 'The Content-Type must be application/json'],
    ['another type', 'text/plain', 'The Content-Type must be application/json'],
    ['a form', 'application/x-www-form-urlencoded', 'The Content-Type must be application/json'],
    ['another JSON', 'application/problem+json', 'The Content-Type must be application/json'],
    ['another alphabet', 'application/json; charset=utf-16', 'The body must be UTF-8'],
  ])('of %s is refused with 415', async (_, type, detail) => {
    const answer = await requestSso(handoff, sample, { headers: { 'content-type': type } });
    await expectRefusal(handoff, answer, { slug: 'unsupported-media-type', detail, proved: provedBy(sample) });
  });

  test('that is compressed is refused with 415, as what it is or as JSON', async () => {
    const zipped = gzipSync(goodBody);
    const honest = await post(zipped, { 'content-encoding': 'gzip' });
    expect([honest.status, detailOf(honest)]).toEqual([415, 'The body must not be compressed']);
    const hidden = await post(zipped);
    expect([hidden.status, detailOf(hidden)]).toEqual([400, 'The body is not valid JSON']);
    const plain = await post(Buffer.from(goodBody), { 'content-encoding': 'identity' });
    expect(plain.status).toBe(200);
  });

  test('with a byte order mark in front is read without it', async () => {
    expect((await post(Buffer.from(`\uFEFF${goodBody}`))).status).toBe(200);
  });

  test('that is not UTF-8 is refused', async () => {
    const bytes = Buffer.from('{"redirect_path":"/dashboard/\xe9"}', 'latin1');
    const answer = await post(bytes);
    expect([answer.status, detailOf(answer)]).toEqual([
      400,
      'redirect_path must be ASCII; percent-encode other characters as UTF-8',
    ]);
  });

  test('of ten thousand levels is refused like any other', async () => {
    for (const deep of ['['.repeat(10_000), '['.repeat(8_000) + ']'.repeat(8_000), '{"a":'.repeat(3_000)]) {
      expect((await post(Buffer.from(deep))).status).toBe(400);
    }
  });

  test('of the greatest size is read, and one byte more is refused', async () => {
    const filled = (size: number) => Buffer.from(goodBody.padEnd(size));
    expect((await post(filled(16_384))).status).toBe(200);
    const answer = await post(filled(16_385));
    expect([answer.status, detailOf(answer)]).toEqual([413, 'The body must not be larger than 16384 bytes']);
  });

  test('that is announced as too large is refused before it is sent', async () => {
    const head = requestHead('POST', '/v1/sso', { ...partnerHeaders(sample), 'content-length': '1000000000000' });
    expect((await sendRaw(handoff.url, head)).status).toBe(413);
  });

  test('without an end is refused at the limit, and its connection closed', async () => {
    const socket = openSocket(handoff.url);
    const chunk = `1000\r\n${' '.repeat(0x1000)}\r\n`;
    const pump = () => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', pump);
    socket.write(requestHead('POST', '/v1/sso', { ...partnerHeaders(sample), 'transfer-encoding': 'chunked' }));
    pump();
    expect((await readToEnd(socket)).status).toBe(413);
  });

  // It was taken for the database that had gone away, because of the error's code.
  test('that breaks off leaves a refusal for what it was', async () => {
    const one = await createSample(handoff.deps);
    const socket = openSocket(handoff.url);
    const head = requestHead('POST', '/v1/sso', { ...partnerHeaders(one), 'content-length': '100' });
    socket.end(`${head}{"redirect`);
    await readToEnd(socket);
    // Nobody is there any more to be answered, so that only the event tells when the server is done.
    await vi.waitFor(async () => {
      const events = await listEvents(
        handoff.deps.db,
        { partner_id: one.partner_id, outcome: 'refused' },
        { limit: 2 },
      );
      expect(events.map((event) => event.problem)).toEqual(['invalid-request']);
    });
  });
});
