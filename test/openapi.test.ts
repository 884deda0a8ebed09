import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../src/app.ts';
import type { Deps } from '../src/deps.ts';
import { createKeyring } from '../src/signing-keys/keyring.ts';
import {
  type Answer,
  call,
  type CallOptions,
  CLICK,
  cookieOf,
  mintLink,
  openLink,
  partnerHeaders,
  PATIENT_PATH,
  requestSso,
} from './support/client.ts';
import { expectDocumented } from './support/contract.ts';
import { type Handoff, PUBLIC_URL, startHandoff } from './support/handoff.ts';
import { findLeaks } from './support/leaks.ts';
import { documentedAnswers, type Operation, OPERATIONS } from './support/openapi.ts';
import { createSample, createSampleUser, type Sample } from './support/sample.ts';

const BASE_PATH = '/external';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: `${PUBLIC_URL}${BASE_PATH}` } });
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

/** Where an operation is found on this server: once or, on two hosts, twice. */
function pathsOf({ path, mounts }: Operation): string[] {
  return mounts.map((mount) => (mount === 'api' ? BASE_PATH + path : path));
}

function addressOf(operation: Operation): string {
  const [path = ''] = pathsOf(operation);
  return path.replace('{slug}', 'not-found').replace('{original_path}', 'dashboard');
}

const WITH_GET = ['GET', 'HEAD'];
const EVERY_METHOD = OPERATIONS.filter(({ path }) => path.endsWith('{original_path}')).map(({ method }) => method);

/** Routes as the document writes them. A path with nothing but ALL takes every method; elsewhere ALL is a middleware. */
function registeredOperations(): Set<string> {
  const { routes } = createApp(handoff.deps, { draining: false });
  const paths = new Set(routes.map(({ path }) => path).filter((path) => path !== '/*'));
  const registered = [...paths].flatMap((path) => {
    const methods = routes.filter((route) => route.path === path && route.method !== 'ALL').map(({ method }) => method);
    const taken = methods.length === 0 ? EVERY_METHOD : methods.flatMap((one) => (one === 'GET' ? WITH_GET : [one]));
    const template = path.replace('/*', '/{original_path}').replaceAll(/:(\w+)/g, '{$1}');
    return taken.map((method) => `${method} ${template}`);
  });
  return new Set(registered);
}

test('the documented operations are the registered routes, and the other way round', () => {
  const documented = OPERATIONS.flatMap((operation) =>
    pathsOf(operation).flatMap((path) =>
      (operation.method === 'GET' ? WITH_GET : [operation.method]).map((method) => `${method} ${path}`),
    ),
  );
  expect([...new Set(documented)].toSorted()).toEqual([...registeredOperations()].toSorted());
  expect(documented).toContain('POST /external/v1/sso');
});

async function link(): Promise<{ token: string; path: string }> {
  const { sso_token, path } = await mintLink(handoff, sample);
  return { token: sso_token, path };
}

async function spentLink(): Promise<{ token: string; path: string }> {
  const spent = await link();
  await call(handoff, spent.path, { headers: CLICK });
  return spent;
}

/** A well-signed link that the database knows nothing of, as after a restored backup. */
async function forgottenLink(): Promise<{ token: string; path: string }> {
  const forgotten = await link();
  await handoff.deps.db.deleteFrom('sso_tokens').where('redeemed_at', 'is', null).execute();
  return forgotten;
}

async function cookie(): Promise<string> {
  return openLink(handoff, await mintLink(handoff, sample));
}

const get = (path: string, headers: Record<string, string> = {}) => call(handoff, path, { headers });

async function exchange({ token }: { token: string }, headers: Record<string, string> = {}): Promise<Answer> {
  const body = JSON.stringify({ token });
  const options = { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body };
  return call(handoff, '/auth/sso', options);
}

async function submit({ token }: { token: string }): Promise<Answer> {
  const body = new URLSearchParams({ token, redirect: PATIENT_PATH }).toString();
  const headers = { ...CLICK, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
  return call(handoff, '/auth/sso', { method: 'POST', headers, body });
}

/** Another user's link, opened by a page of another site while somebody is signed in. */
async function unpromptedSwitch(): Promise<Answer> {
  const signed_in = await cookie();
  const user_id = await createSampleUser(handoff.deps, sample.organization_id);
  const { path } = await mintLink(handoff, { ...sample, user_id });
  const { 'sec-fetch-user': _, ...unprompted } = CLICK;
  return get(path, { ...unprompted, cookie: signed_in });
}

const signOut = (headers: Record<string, string> = {}) => call(handoff, '/auth/logout', { method: 'POST', headers });

const WRONG_SECRET = { 'x-organization-secret': 'sample-wrong-secret' };
const TOO_LARGE = 'x'.repeat(16_385);

/** How each status that needs a request of its own comes about; the others follow below for all operations alike. */
const REQUESTS: Record<string, () => Promise<Answer>> = {
  'createSsoToken 200': () => requestSso(handoff, sample),
  'createSsoToken 401': () => requestSso(handoff, sample, { headers: WRONG_SECRET }),
  'createSsoToken 403': () => requestSso(handoff, sample, { headers: { origin: 'https://software.example' } }),
  'createSsoToken 404': () => requestSso(handoff, { ...sample, user_id: 'usr_nobody' }),
  'createSsoToken 413': () => requestSso(handoff, sample, { redirect_path: TOO_LARGE }),
  'createSsoToken 415': () => requestSso(handoff, sample, { headers: { 'content-type': 'text/plain' } }),
  'openLink 200': unpromptedSwitch,
  'openLink 303': async () => get((await link()).path, CLICK),
  'openLink 403': async () => get((await link()).path, { 'sec-purpose': 'prefetch' }),
  'openLink 404': async () => get((await forgottenLink()).path, CLICK),
  'openLink 410': async () => get((await spentLink()).path, CLICK),
  'probeLink 200': async () => call(handoff, (await link()).path, { method: 'HEAD' }),
  'exchangeToken 200': async () => exchange(await link()),
  'exchangeToken 303': async () => submit(await link()),
  'exchangeToken 403': async () => exchange(await link(), { 'sec-fetch-site': 'cross-site' }),
  'exchangeToken 404': async () => exchange(await forgottenLink()),
  'exchangeToken 410': async () => exchange(await spentLink()),
  'exchangeToken 413': () => exchange({ token: TOO_LARGE }),
  'exchangeToken 415': () => exchange({ token: 'sample' }, { 'content-type': 'text/plain' }),
  'getSession 200': async () => get('/auth/session', { cookie: await cookie() }),
  'getSession 401': () => get('/auth/session'),
  'verifySession 200': async () => get('/auth/verify', { cookie: await cookie() }),
  'verifySession 401': () => get('/auth/verify'),
  'signOut 204': async () => signOut({ cookie: await cookie() }),
  'signOut 303': async () => signOut({ cookie: await cookie(), accept: 'text/html' }),
  'signOut 403': async () => signOut({ cookie: await cookie(), 'sec-fetch-site': 'cross-site' }),
  'showSignedOut 200': () => get('/auth/signed-out'),
  'listSigningKeys 200': () => get('/.well-known/jwks.json'),
  'listProblems 200': () => get(`${BASE_PATH}/errors/`),
  'showProblem 200': () => get(`${BASE_PATH}/errors/not-found`),
  'showProblem 404': () => get(`${BASE_PATH}/errors/no-such-problem`),
  'getLiveness 200': () => get('/healthz'),
  'getReadiness 200': () => get('/readyz'),
};

// HEAD is asked for a page: an answer to it has a media type but no JSON to read.
const VERIFY_HEADERS = { accept: 'text/html' };

for (const { id, method, path } of OPERATIONS.filter((one) => one.path === '/auth/verify/{original_path}')) {
  const address = path.replace('{original_path}', 'dashboard/patients/sample-patient');
  REQUESTS[`${id} 200`] = async () => call(handoff, address, { method, headers: { cookie: await cookie() } });
  REQUESTS[`${id} 401`] = () => call(handoff, address, { method, headers: VERIFY_HEADERS });
}

test.each(Object.entries(REQUESTS))('%s is what a request gets', async (name, ask) => {
  const { status } = await ask();
  expect(status).toBe(Number(name.split(' ')[1]));
});

const documenting = (status: number): Operation[] => OPERATIONS.filter(({ answers }) => answers.has(status));

/** Every address that answers 405, with what it may be asked. */
const ADDRESSES = Map.groupBy(documenting(405), addressOf);

const FOR_ALL_ALIKE = [400, 405, 500, 503];

test('every documented answer is asked for in this file', () => {
  const alike = FOR_ALL_ALIKE.flatMap((status) => documenting(status).map(({ id }) => `${id} ${status}`));
  expect([...Object.keys(REQUESTS), ...alike].toSorted()).toEqual(documentedAnswers().toSorted());
});

test.each(documenting(400))('$id refuses a header that arrives twice', async (operation) => {
  const twice: [string, string][] = [
    ['accept', 'text/html'],
    ['x-original-uri', '/dashboard'],
    ['x-original-uri', '/embed'],
  ];
  const { status } = await call(handoff, addressOf(operation), { method: operation.method, headers: twice });
  expect(status).toBe(400);
});

test.each([...ADDRESSES])('%s tells which methods it takes', async (address, operations) => {
  const methods = operations.flatMap(({ method }) => (method === 'GET' ? WITH_GET : [method]));
  const allow = [...new Set([...methods, 'OPTIONS'])].toSorted().join(', ');
  const refused = await call(handoff, address, { method: 'PUT' });
  expect(refused.status).toBe(405);
  expect(refused.headers.get('allow')).toBe(allow);
  const options = await call(handoff, address, { method: 'OPTIONS' });
  expect(options.headers.get('allow')).toBe(allow);
});

test('the path behind /auth/verify may be empty and may have slashes', async () => {
  for (const path of ['/auth/verify/', '/auth/verify/a/b', '/auth/verify/a//b']) {
    expect((await get(path)).status).toBe(401);
  }
});

type Served = Pick<Handoff, 'url' | 'config'> & { close: () => Promise<unknown> };

/** The same service once more, on a port of its own, with some of its parts replaced. */
async function serve(parts: Partial<Deps>, { draining } = { draining: false }): Promise<Served> {
  const listener = getRequestListener(createApp({ ...handoff.deps, ...parts }, { draining }).fetch);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((resolve) => server.close(resolve));
  return { url: `http://127.0.0.1:${port}`, config: handoff.config, close };
}

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
    served = await serve({ db, keyring: createKeyring({ db, clock, master_key: config.MASTER_KEY }) });
  });
  afterAll(() => served.close());

  const SESSION_TOKEN = `ses_${'0'.repeat(32)}.${'A'.repeat(43)}`;

  async function ask(operation: Operation, accept: string): Promise<Answer> {
    const headers = { ...partnerHeaders(sample), accept, authorization: `Bearer ${SESSION_TOKEN}` };
    const options: CallOptions = { method: operation.method, headers };
    return call(served, addressOf(operation), options);
  }

  test.each(documenting(503))('$id answers 503 while it is away', async (operation) => {
    failure = Object.assign(new Error('sample failure: connection refused'), { code: 'ECONNREFUSED' });
    const answer = await ask(operation, 'text/html');
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
  });

  test.each(documenting(500))('$id answers 500 when it cannot make sense of it', async (operation) => {
    failure = new Error('sample failure: out of luck');
    expect((await ask(operation, 'text/html')).status).toBe(500);
  });

  test('the answer says nothing of the reason, in any of its forms', async () => {
    failure = new Error('sample failure: out of luck');
    for (const operation of documenting(500).filter(({ method }) => method !== 'HEAD')) {
      for (const accept of ['text/html', 'application/json', 'application/problem+json']) {
        const answer = await ask(operation, accept);
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
  const served = await serve({}, { draining: true });
  const answer = await call(served, '/readyz');
  expect(answer.status).toBe(503);
  await served.close();
});

describe('an answer that openapi.yaml does not say fails the test that gets it', () => {
  const MINT = { method: 'POST', path: `${BASE_PATH}/v1/sso` };

  const withHeader = (answer: Answer, name: string, value: string): Answer => {
    const headers = new Headers(answer.headers);
    headers.set(name, value);
    return { ...answer, headers };
  };
  const without = (answer: Answer, name: string): Answer => {
    const headers = new Headers(answer.headers);
    headers.delete(name);
    return { ...answer, headers };
  };
  const withMember = (answer: Answer, member: object): Answer => ({
    ...answer,
    json: { ...(answer.json as object), ...member },
  });

  const CHANGES: [string, (answer: Answer) => Answer, RegExp][] = [
    ['a status', (answer) => ({ ...answer, status: 202 }), /the status is not documented/],
    ['a member', (answer) => withMember(answer, { more: 1 }), /must NOT have unevaluated properties \(more\)/],
    ['a missing member', (answer) => withMember(answer, { data: {} }), /must have required property 'sso_token'/],
    ['a value', (answer) => withMember(answer, { statusCode: 201 }), /\/statusCode must be equal to constant/],
    ['a media type', (answer) => withHeader(answer, 'content-type', 'text/plain'), /media type text\/plain is not/],
    ['a header', (answer) => withHeader(answer, 'set-cookie', 'sample=1'), /the header set-cookie is not documented/],
    ['a missing header', (answer) => without(answer, 'x-request-id'), /the header x-request-id is missing/],
    ['a header’s value', (answer) => withHeader(answer, 'x-request-id', '1'), /the header x-request-id must match/],
  ];

  test.each(CHANGES)('%s', async (_what, change, message) => {
    const answer = await requestSso(handoff, sample);
    expect(() => expectDocumented(handoff.config, MINT, answer)).not.toThrow();
    expect(() => expectDocumented(handoff.config, MINT, change(answer))).toThrow(message);
  });

  const PROBLEM_CHANGES: [string, (error: Record<string, string>) => object, RegExp][] = [
    ['a title', (error) => ({ ...error, title: 'Sample' }), /the title of the problem does not agree/],
    [
      'an instance',
      (error) => ({ ...error, instance: `urn:uuid:${'0'.repeat(8)}-0000-0000-0000-${'0'.repeat(12)}` }),
      /the instance does not agree/,
    ],
    [
      'a type of nobody',
      (error) => ({ ...error, type: 'https://api.example.com/errors/sample' }),
      /the type is not ours/,
    ],
    [
      'another type of the status',
      (error) => ({
        ...error,
        type: error['type']?.replace('user-not-found', 'token-unknown'),
        title: 'Unknown token',
      }),
      /token-unknown is not named/,
    ],
  ];

  test.each(PROBLEM_CHANGES)('in a problem, %s', async (_what, change, message) => {
    const answer = await requestSso(handoff, { ...sample, user_id: 'usr_nobody' });
    const { error } = answer.json as { error: Record<string, string> };
    expect(() => expectDocumented(handoff.config, MINT, answer)).not.toThrow();
    const changed = withMember(answer, { error: change(error) });
    expect(() => expectDocumented(handoff.config, MINT, changed)).toThrow(message);
  });

  test('a body where none is documented', async () => {
    const answer = await call(handoff, '/auth/verify', { headers: { cookie: await cookie() } });
    const request = { method: 'GET', path: '/auth/verify' };
    expect(() => expectDocumented(handoff.config, request, answer)).not.toThrow();
    const changed = { ...answer, text: 'sample' };
    expect(() => expectDocumented(handoff.config, request, changed)).toThrow('a body where none is documented');
  });

  test('a method', async () => {
    const answer = await requestSso(handoff, sample);
    const put = { ...MINT, method: 'PUT' };
    expect(() => expectDocumented(handoff.config, put, answer)).toThrow('the method is not documented');
  });

  test('an address, unless the sandbox has its sample portal there', async () => {
    const answer = await call(handoff, '/healthz');
    const elsewhere = { method: 'GET', path: '/dashboard/sample' };
    expect(() => expectDocumented(handoff.config, elsewhere, answer)).toThrow('nothing is documented at this address');
    const config = { ...handoff.config, mode: 'sandbox' } as const;
    expect(() => expectDocumented(config, elsewhere, answer)).not.toThrow();
  });

  test('a problem at an address that is not documented', async () => {
    const answer = await call(handoff, '/no/such/address');
    const elsewhere = { method: 'GET', path: '/no/such/address' };
    expect(() => expectDocumented(handoff.config, elsewhere, answer)).not.toThrow();
    const changed = withMember(answer, { title: 'Sample' });
    expect(() => expectDocumented(handoff.config, elsewhere, changed)).toThrow('the title of the problem');
  });

  test('and the failure quotes nothing of the answer', async () => {
    const answer = await get((await link()).path, CLICK);
    expect(cookieOf(answer)).toBeDefined();
    let message = '';
    try {
      expectDocumented(handoff.config, MINT, withHeader(answer, 'set-cookie', `${cookieOf(answer)}; Path=/dashboard`));
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('openapi.yaml');
    expect(findLeaks(message)).toEqual([]);
  });
});
