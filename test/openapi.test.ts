// Each answer that openapi.yaml documents is one that a request gets. Whether an answer is as documented is checked wherever
// tests call (support/contract.ts); that the documented operations are the registered routes, in openapi/routes.test.ts.

import type { KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFailureLimit } from '../src/http/failure-limit.ts';
import { createKeyring } from '../src/signing-keys/keyring.ts';
import { type Ask, type Asked, type Caller, createCaller, send, withHeaders } from './openapi/asked.ts';
import { PARTNER_REFUSALS } from './openapi/partner-refusals.ts';
import { PORTAL_REFUSALS } from './openapi/portal-requests.ts';
import { REQUESTS, usualRequest } from './openapi/requests.ts';
import { holdTransactions, pathsOf, serve, type Served, startBelowPath, WITH_GET } from './openapi/serve.ts';
import { type Answer, call, problemOf } from './support/client.ts';
import type { Handoff } from './support/handoff.ts';
import { documentedAnswers, type Operation, OPERATIONS } from './support/openapi.ts';

let handoff: Handoff;
/** Of those whose requests change nothing. */
let caller: Caller;
beforeAll(async () => {
  handoff = await startBelowPath();
  caller = await createCaller(handoff);
});
afterAll(() => handoff.close());

function addressOf(operation: Operation): string {
  const [path = ''] = pathsOf(operation);
  return path
    .replace('{slug}', 'not-found')
    .replace('{original_path}', 'dashboard')
    .replaceAll(/\{(\w+)\}/g, 'sample-$1');
}

/** Asks for an organization of its own, so that no request finds what another one left behind. */
async function ask(request: Ask): Promise<Answer> {
  return send(handoff, await request(await createCaller(handoff)));
}

/** The usual request of an operation with some headers replaced. */
async function usual(id: string, headers: Record<string, string | undefined> = {}): Promise<Asked> {
  return withHeaders(await usualRequest(id)(caller), headers);
}

test.each(Object.entries(REQUESTS))('%s is what a good request gets', async (name, request) => {
  const { status } = await ask(request);
  expect(status).toBe(Number(name.split(' ')[1]));
});

const REFUSALS = [...PARTNER_REFUSALS, ...PORTAL_REFUSALS];

test.each(REFUSALS)('%s is what a request gets that is not as it should be: %s', async (name, problem, request) => {
  const answer = await ask(request);
  const { code = problemOf(answer) } = answer.json as { code?: string };
  expect({ status: answer.status, problem: code }).toEqual({ status: Number(name.split(' ')[1]), problem });
});

const documenting = (status: number): Operation[] => OPERATIONS.filter(({ answers }) => answers.has(status));

const TWICE: [string, string][] = [
  ['accept', 'text/html'],
  ['x-original-uri', '/dashboard'],
  ['x-original-uri', '/embed'],
];

test.each(documenting(400))('$id refuses a header that arrives twice', async (operation) => {
  const { status } = await call(handoff, addressOf(operation), { method: operation.method, headers: TWICE });
  expect(status).toBe(400);
});

type Unproved = { headers: Record<string, string | undefined>; authenticate: string; detail: string };

const WRONG_SECRET = 'sample-wrong-secret';
const INVALID_ORGANIZATION = {
  headers: { 'x-organization-secret': WRONG_SECRET },
  detail: 'Invalid organization credentials',
};

/** By the scheme that an operation's `security` names first. */
const BY_SCHEME: Record<string, Unproved[]> = {
  partnerId: [
    {
      headers: { 'x-partner-secret': WRONG_SECRET },
      authenticate: 'Handoff-Partner',
      detail: 'Invalid partner credentials',
    },
    { ...INVALID_ORGANIZATION, authenticate: 'Handoff-Partner' },
  ],
  accessToken: [
    { headers: { authorization: undefined }, authenticate: 'Bearer error="invalid_token"', detail: 'invalid token' },
    {
      headers: { 'x-organization-secret': undefined },
      authenticate: 'Bearer',
      detail: 'Missing x-organization-secret',
    },
    { ...INVALID_ORGANIZATION, authenticate: 'Bearer' },
  ],
  portalSession: [{ headers: { cookie: undefined }, authenticate: 'Bearer', detail: '' }],
};

const UNPROVED = documenting(401).flatMap(({ id, place }) => {
  const { security } = place.value as { security: object[] };
  const [scheme = ''] = Object.keys(security[0] ?? {});
  return (BY_SCHEME[scheme] ?? []).map((one) => ({ id, ...one }));
});

test.each(UNPROVED)('$id says to those who are not known how to authenticate: $authenticate $detail', async (one) => {
  const answer = await send(handoff, await usual(one.id, one.headers));
  expect(answer.status).toBe(401);
  expect(answer.headers.get('www-authenticate')).toBe(one.authenticate);
  expect(answer.text).toContain(one.detail);
});

const TOO_LARGE = 'x'.repeat(16_385);

test.each(documenting(413))('$id refuses a body that is too large', async ({ id }) => {
  const { status } = await send(handoff, { ...(await usual(id)), body: TOO_LARGE });
  expect(status).toBe(413);
});

test.each(documenting(415))('$id refuses a body of another media type', async ({ id }) => {
  const { status } = await send(handoff, await usual(id, { 'content-type': 'text/plain' }));
  expect(status).toBe(415);
});

const isProbe = ({ path }: Operation) => OPERATIONS.some((other) => other.path === path && other.method === 'HEAD');

test.each(OPERATIONS.filter((one) => one.method === 'GET' && !isProbe(one)))('$id answers HEAD too', async ({ id }) => {
  const answer = await send(handoff, { ...(await usual(id)), method: 'HEAD' });
  expect(answer).toMatchObject({ status: 200, text: '' });
});

/** Every address that answers 405, with what it may be asked. */
const ADDRESSES = Map.groupBy(documenting(405), addressOf);

test.each([...ADDRESSES])('%s tells which methods it takes', async (address, operations) => {
  const methods = operations.flatMap(({ method }) => (method === 'GET' ? WITH_GET : [method]));
  const allow = [...new Set([...methods, 'OPTIONS'])].toSorted().join(', ');
  const other = ['PUT', 'PATCH'].find((method) => !methods.includes(method)) ?? '';
  const refused = await call(handoff, address, { method: other });
  expect(refused.status).toBe(405);
  expect(refused.headers.get('allow')).toBe(allow);
  const options = await call(handoff, address, { method: 'OPTIONS' });
  expect(options.headers.get('allow')).toBe(allow);
});

test('the path behind /auth/verify may be empty and may have slashes', async () => {
  for (const path of ['/auth/verify/', '/auth/verify/a/b', '/auth/verify/a//b']) {
    expect((await call(handoff, path)).status).toBe(401);
  }
});

/** What takes an Idempotency-Key. */
const CREATING = documenting(201);

/** For an organization of its own, and with a key. */
async function keyed(id: string): Promise<Asked> {
  const asked = await usualRequest(id)(await createCaller(handoff));
  return withHeaders(asked, { 'idempotency-key': 'sample-key' });
}

test.each(CREATING)('$id gives the first answer again to the same key', async ({ id }) => {
  const asked = await keyed(id);
  const first = await send(handoff, asked);
  expect(first.headers.has('idempotent-replayed')).toBe(false);
  const again = await send(handoff, asked);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.text).toBe(first.text);
});

test.each(CREATING)('$id answers 409 while a request with the same key is being worked on', async ({ id }) => {
  const { db, wanted, release } = holdTransactions(handoff.deps.db);
  const served = await serve({ ...handoff.deps, db });
  const asked = await keyed(id);
  const first = send(served, asked);
  await wanted;
  const second = await send(served, asked);
  expect([second.status, problemOf(second)]).toEqual([409, 'idempotency-key-in-use']);
  release();
  expect((await first).status).toBe(201);
  await served.close();
});

describe('when too many requests have failed', () => {
  let limited: Served;
  beforeAll(async () => {
    limited = await serve({ ...handoff.deps, failures: createFailureLimit(1) });
  });
  afterAll(() => limited.close());

  test.each(documenting(429))('$id answers 429 to the next one that fails', async (operation) => {
    const failing = () => call(limited, addressOf(operation), { method: operation.method, headers: TWICE });
    // Each time, because the limit is of the last minute, and of real time.
    await failing();
    expect((await failing()).status).toBe(429);
  });

  test('a good request from the same address is answered', async () => {
    expect((await send(limited, await usual('getIntegration'))).status).toBe(200);
    expect((await send(limited, await usual('openLink'))).status).toBe(303);
  });
});

describe('when the database fails', () => {
  let failure: Error;
  const failing: KyselyPlugin = {
    transformQuery: () => {
      throw failure;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  let served: Served;

  beforeAll(async () => {
    const { clock, config } = handoff.deps;
    const db = handoff.deps.db.withPlugin(failing);
    const keyring = createKeyring({ db, clock, master_key: config.MASTER_KEY });
    served = await serve({ ...handoff.deps, db, keyring });
  });
  afterAll(() => served.close());

  const PAGE = { accept: 'text/html' };

  test.each(documenting(503))('$id answers 503 while it is away', async ({ id }) => {
    failure = Object.assign(new Error('sample failure: connection refused'), { code: 'ECONNREFUSED' });
    const answer = await send(served, await usual(id, PAGE));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  test.each(documenting(500))('$id answers 500 when it cannot make sense of it', async ({ id }) => {
    failure = new Error('sample failure: out of luck');
    expect((await send(served, await usual(id, PAGE))).status).toBe(500);
  });

  test('the answer says nothing of the reason, in any of its forms', async () => {
    failure = new Error('sample failure: out of luck');
    for (const { id } of documenting(500).filter(({ method }) => method !== 'HEAD')) {
      const asked = await usual(id);
      for (const accept of ['text/html', 'application/json', 'application/problem+json']) {
        const answer = await send(served, withHeaders(asked, { accept }));
        expect(answer.status).toBe(500);
        expect(answer.text).not.toContain('sample failure');
      }
    }
  });

  test('what needs no database answers as before', async () => {
    failure = new Error('sample failure: out of luck');
    const answer = await call(served, '/healthz');
    expect(answer.status).toBe(200);
  });
});

test('a process that is shutting down is not ready', async () => {
  const served = await serve(handoff.deps, { draining: true });
  const answer = await call(served, '/readyz');
  expect(answer.status).toBe(503);
  await served.close();
});

const FOR_ALL_ALIKE = [400, 405, 413, 415, 429, 500, 503];

test('every documented answer is asked for in this file', () => {
  const own = [
    ...Object.keys(REQUESTS),
    ...REFUSALS.map(([name]) => name),
    ...UNPROVED.map(({ id }) => `${id} 401`),
    ...CREATING.map(({ id }) => `${id} 409`),
  ];
  const alike = FOR_ALL_ALIKE.flatMap((status) => documenting(status).map(({ id }) => `${id} ${status}`));
  expect([...new Set([...own, ...alike])].toSorted()).toEqual(documentedAnswers().toSorted());
});
