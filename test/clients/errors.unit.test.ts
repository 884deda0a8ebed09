// What an error says of an answer.

import { expect, test } from 'vitest';
import { HandoffConnectionError, HandoffError } from '../../clients/typescript/src/errors.ts';
import { failure, LINK, type Reply, REQUEST, REQUEST_ID, stubClient, success, token } from './stub-api.ts';

async function errorOf(reply: Reply): Promise<HandoffError> {
  const error: unknown = await stubClient([reply], { retries: 0 })
    .client.createSsoLink(REQUEST)
    .catch((reason: unknown) => reason);
  if (error instanceof HandoffError) return error;
  throw new Error('not refused as expected', { cause: error });
}

test('an error carries the problem: type, slug, status, words, request id and the wrong fields', async () => {
  const validation = [{ field: 'redirect_path', message: 'must begin with /', code: 'not_absolute' }];
  const error = await errorOf(
    failure(400, 'invalid-request', { detail: 'redirect_path must begin with /', validation }),
  );
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(HandoffConnectionError);
  expect(Object.fromEntries(Object.entries(error))).toEqual({
    name: 'HandoffError',
    type: 'https://api.example.com/external/errors/invalid-request',
    slug: 'invalid-request',
    status: 400,
    title: 'Words',
    detail: 'redirect_path must begin with /',
    requestId: REQUEST_ID,
    validation,
    code: undefined,
    retryAfter: undefined,
  });
  expect(error.message).toBe(`redirect_path must begin with / (400, invalid-request, ${REQUEST_ID})`);
});

test('and the code, where a problem has several', async () => {
  const detail = 'User with this email already exists';
  const taken = failure(409, 'resource-conflict', { detail, code: 'USER_ALREADY_EXISTS' });
  const user = { given_name: 'Pat', family_name: 'Provider', email: 'pat@clinic.example' };
  await expect(stubClient([token(), taken]).client.users.create(user)).rejects.toMatchObject({
    slug: 'resource-conflict',
    code: 'USER_ALREADY_EXISTS',
    message: `${detail} (409, resource-conflict, USER_ALREADY_EXISTS, ${REQUEST_ID})`,
  });
});

test('a bare problem is read as well as one in the envelope', async () => {
  const problem = {
    type: 'https://api.example.com/errors/user-suspended',
    title: 'User suspended',
    detail: 'This user is suspended',
    status: 403,
    request_id: REQUEST_ID,
  };
  const error = await errorOf(new Response(JSON.stringify(problem), { status: 403 }));
  expect(error).toMatchObject({ slug: 'user-suspended', status: 403, requestId: REQUEST_ID });
});

test('no answer is a connection error, with the system’s word for the cause', async () => {
  const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:443'), { code: 'ECONNREFUSED' });
  const error = await errorOf(new TypeError('fetch failed', { cause }));
  expect(error).toBeInstanceOf(HandoffConnectionError);
  expect(error).toMatchObject({
    name: 'HandoffConnectionError',
    type: 'about:blank',
    slug: 'connection-failed',
    status: undefined,
    detail: 'No answer from https://api.example.com',
    code: 'ECONNREFUSED',
    validation: [],
  });
  expect((await errorOf(new Error('no word'))).code).toBeUndefined();
});

const UNEXPECTED: [string, () => Response][] = [
  ['a page', () => new Response('<h1>Welcome</h1>', { status: 200 })],
  ['a page of an error', () => new Response('<h1>Not found</h1>', { status: 404 })],
  ['other JSON', () => new Response('{"ok":true}', { status: 200 })],
  ['a list', () => new Response('[]', { status: 200 })],
  ['null', () => new Response('null', { status: 200 })],
  ['no text', () => new Response('', { status: 200 })],
  ['a failure with the status of a success', () => new Response('{"success":false,"error":{"type":"/x"}}')],
  ['a problem without a type', () => new Response('{"title":"Teapot"}', { status: 418 })],
  ['a problem whose type ends in nothing', () => new Response('{"type":"https://x.example/"}', { status: 418 })],
];

test.each(UNEXPECTED)('%s is not taken for an answer of the API', async (_what, reply) => {
  const { status } = reply();
  expect(await errorOf(reply())).toMatchObject({ slug: 'unexpected-answer', type: 'about:blank', status });
});

test('a redirection that the runtime does not show is none either', async () => {
  const opaque = Object.defineProperty(Response.error(), 'type', { value: 'opaqueredirect' });
  const error = await errorOf(opaque);
  expect(error).toMatchObject({ slug: 'unexpected-answer', status: undefined });
  expect(error.detail).toContain('redirection');
});

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'portal.example.com/auth/sso',
  '/auth/sso?token=x',
  '',
  undefined,
  7,
])('a redirect_url that is no web address is not handed on: %s', async (redirect_url) => {
  expect(await errorOf(success({ ...LINK, redirect_url }))).toMatchObject({
    slug: 'unexpected-answer',
    requestId: REQUEST_ID,
  });
});

test('a success without data is not handed on', async () => {
  expect(await errorOf(success(undefined))).toMatchObject({ slug: 'unexpected-answer' });
});
