// What holds for every answer, and requests that are HTTP but not what was asked for: repeated headers, wrong methods, claimed
// addresses. Bodies are in bodies.test.ts, and what is not HTTP at all in unreadable.test.ts.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listEvents } from '../../src/audit/audit.ts';
import { type Answer, call, CLICK, mintLink, partnerHeaders, PATIENT_PATH, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { expectRefusal, requestIdOf } from '../handoff/expect-refusal.ts';
import { requestHead, sendRaw } from './raw-request.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

const goodBody = JSON.stringify({ redirect_path: PATIENT_PATH });

function problemTypeOf(answer: Answer): string | undefined {
  return (answer.json as { type?: string } | undefined)?.type?.split('/').at(-1);
}

describe('every answer', () => {
  const requests: { what: string; send: () => Promise<Answer> }[] = [
    { what: 'a link', send: () => requestSso(handoff, sample) },
    { what: 'a refusal', send: () => requestSso(handoff, sample, { headers: { 'x-user-id': '' } }) },
    { what: 'a redirect', send: async () => call(handoff, (await mintLink(handoff, sample)).path, { headers: CLICK }) },
    { what: 'an error page', send: () => call(handoff, '/auth/sso', { headers: CLICK }) },
    { what: 'HEAD of a link', send: () => call(handoff, '/auth/sso', { method: 'HEAD' }) },
    { what: 'no session', send: () => call(handoff, '/auth/session') },
    { what: 'a sign-out', send: () => call(handoff, '/auth/logout', { method: 'POST' }) },
    { what: 'a page about a problem', send: () => call(handoff, '/errors/token-used') },
    { what: 'the published keys', send: () => call(handoff, '/.well-known/jwks.json') },
    { what: 'liveness', send: () => call(handoff, '/healthz') },
    { what: 'readiness', send: () => call(handoff, '/readyz') },
    { what: 'a wrong address', send: () => call(handoff, '/nothing/here') },
    { what: 'a wrong method', send: () => call(handoff, '/v1/sso') },
    { what: 'OPTIONS', send: () => call(handoff, '/v1/sso', { method: 'OPTIONS' }) },
  ];

  test.each(requests)('carries a request id and the security headers: $what', async ({ send }) => {
    const { headers } = await send();
    expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'$/);
    const telling = /^(access-control-.*|server|x-powered-by)$/;
    expect([...headers.keys()].filter((name) => telling.test(name))).toEqual([]);
  });

  test('has a request id of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(handoff, '/healthz')));
    expect(new Set(answers.map(requestIdOf)).size).toBe(50);
  });
});

describe('a header that arrives twice', () => {
  const names = ['x-partner-id', 'x-partner-secret', 'x-organization-id', 'x-organization-secret', 'x-user-id'];

  test.each([...names, 'content-type', 'host', 'origin', 'authorization', 'referer'])(
    'is refused by its name and leaves an event, with equal values too: %s',
    async (name) => {
      const given = { ...partnerHeaders(sample), host: 'localhost' };
      const value = (given as Record<string, string>)[name] ?? 'https://partner.example';
      const twice =
        name === 'host'
          ? [[name, value]]
          : [
              [name, value],
              [name.toUpperCase(), value],
            ];
      const others = Object.entries(partnerHeaders(sample)).filter(([other]) => other !== name);
      const answer = await call(handoff, '/v1/sso', {
        method: 'POST',
        headers: [...others, ...twice] as [string, string][],
        body: goodBody,
      });
      const detail = `The header ${name} arrived more than once`;
      const validation = [{ field: name, message: detail, code: 'repeated' }];
      await expectRefusal(handoff, answer, { slug: 'invalid-request', detail, validation });
    },
  );

  test('is refused everywhere, and named beside the others', async () => {
    const headers: [string, string][] = ['authorization', 'x-forwarded-uri'].flatMap((name) => [
      [name, 'a'],
      [name, 'b'],
    ]);
    const answer = await call(handoff, '/auth/session', { headers });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ validation: [{ field: 'authorization' }, { field: 'x-forwarded-uri' }] });
  });

  test('is no matter where it may be a list', async () => {
    const answer = await call(handoff, '/healthz', {
      headers: [
        ['accept', 'text/html'],
        ['accept', '*/*'],
      ],
    });
    expect(answer.status).toBe(200);
  });
});

describe('an address or method that is not there', () => {
  test('is told in the envelope below /v1', async () => {
    const answer = await call(handoff, '/v1/nothing');
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ success: false, statusCode: 404, error: { title: 'Not found' } });
  });

  test('is told as a bare problem elsewhere, and as a page to a browser', async () => {
    const bare = await call(handoff, '/nothing');
    expect([bare.status, problemTypeOf(bare)]).toEqual([404, 'not-found']);
    const page = await call(handoff, '/nothing', { headers: CLICK });
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=UTF-8']);
    expect(page.text).toContain('There is no such page');
  });

  test.each([
    ['GET', '/v1/sso', 'OPTIONS, POST'],
    ['PUT', '/v1/sso', 'OPTIONS, POST'],
    ['TRACE', '/v1/sso', 'OPTIONS, POST'],
    ['DELETE', '/auth/sso', 'GET, HEAD, OPTIONS, POST'],
    ['GET', '/auth/logout', 'OPTIONS, POST'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['POST', '/errors/token-used', 'GET, HEAD, OPTIONS'],
  ])('is refused with what is allowed: %s %s', async (method, path, allow) => {
    const answer = await call(handoff, path, { method });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, allow]);
  });

  test('is refused to HEAD alike, without a body', async () => {
    const answer = await sendRaw(handoff.url, requestHead('HEAD', '/v1/sso', {}));
    expect([answer.status, answer.headers.get('allow'), answer.text]).toEqual([405, 'OPTIONS, POST', '']);
  });

  test('is what a preflight finds: OPTIONS allows nothing to other origins', async () => {
    const headers = { origin: 'https://partner.example', 'access-control-request-method': 'POST' };
    const answer = await call(handoff, '/v1/sso', { method: 'OPTIONS', headers });
    expect([answer.status, answer.headers.get('allow'), answer.text]).toEqual([204, 'OPTIONS, POST', '']);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  test('leaves no event: nothing was attempted', async () => {
    const answers = [await call(handoff, '/v1/sso'), await call(handoff, '/v1/sso', { method: 'OPTIONS' })];
    for (const answer of answers) {
      expect(await listEvents(handoff.deps.db, { request_id: requestIdOf(answer) }, { limit: 1 })).toEqual([]);
    }
  });
});

describe('the client address', () => {
  let behind_proxy: Handoff;
  beforeAll(async () => {
    behind_proxy = await startHandoff({ environment: { TRUSTED_PROXIES: 'loopback, 10.0.0.0/8' } });
  });
  afterAll(() => behind_proxy.close());

  /** As the audit event has it. */
  async function addressOf(server: Handoff, forwarded: string): Promise<string | null | undefined> {
    const headers = { 'x-forwarded-for': forwarded, 'x-user-id': '' };
    const answer = await requestSso(server, sample, { headers });
    const [event] = await listEvents(server.deps.db, { request_id: requestIdOf(answer) }, { limit: 1 });
    return event?.client_address;
  }

  test('is the connection’s, whatever a stranger writes down', async () => {
    expect(await addressOf(handoff, '203.0.113.7')).toBe('127.0.0.1');
  });

  test.each([
    ['is what a trusted proxy wrote down', '203.0.113.7', '203.0.113.7'],
    ['may be of version 6', '2001:db8::7', '2001:db8::7'],
    ['is the nearest that is no proxy of ours', '198.51.100.1, 203.0.113.7, 10.1.2.3', '203.0.113.7'],
    ['is the farthest where all are ours', '10.1.2.3, 10.4.5.6', '10.1.2.3'],
    ['is the connection’s where something else was written down', '<script>', '127.0.0.1'],
    ['is the connection’s where a name was written down', 'unknown', '127.0.0.1'],
    ['is the connection’s where a port was written down too', '203.0.113.7:4711', '127.0.0.1'],
    ['is the connection’s where nothing was written down', '', '127.0.0.1'],
  ])('%s', async (_, forwarded, expected) => {
    expect(await addressOf(behind_proxy, forwarded)).toBe(expected);
  });
});
