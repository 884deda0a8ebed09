// The access token: got once, renewed ahead of its end, thrown away when it is refused.

import { expect, test } from 'vitest';
import { failure, type Reply, stubClient, success, token } from './stub-api.ts';

const user = () => success({ user_id: 'usr_sample' });
const invalid = () => failure(401, 'authentication-required', { detail: 'invalid token' });
const bearer = ({ headers }: { headers: Headers }) => headers.get('authorization');

test('is asked for with the partner’s headers and all approved scopes, and sent with the organization’s secret', async () => {
  const { client, asked } = stubClient([token(), user()]);
  await client.users.get('usr_sample');
  const [first, second] = asked;
  expect(first?.url.href).toBe('https://api.example.com/external/v1/token');
  expect(first?.body).toEqual({ grantType: 'client_credentials' });
  expect(first?.headers.get('x-partner-secret')).toBe('hps_samplePartnerSecret0000');
  expect(second?.headers.get('authorization')).toBe('Bearer sample-token-1');
  expect(second?.headers.get('x-organization-secret')).toBe('hos_sampleOrganizationSecret');
  expect(second?.headers.has('x-partner-secret')).toBe(false);
});

test('has the scopes that were chosen', async () => {
  const { client, asked } = stubClient([token(), user()], { scope: ['read:user'] });
  await client.users.get('usr_sample');
  expect(asked[0]?.body).toEqual({ grantType: 'client_credentials', scope: ['read:user'] });
});

test('is asked for once by all who need it at the same time', async () => {
  const { client, asked } = stubClient([token(), user(), user(), user()]);
  await Promise.all(['usr_1', 'usr_2', 'usr_3'].map((id) => client.users.get(id)));
  expect(asked.filter(({ url }) => url.pathname.endsWith('/v1/token'))).toHaveLength(1);
});

test('is renewed a minute before its end, or a tenth of its life before', async () => {
  const { client, asked, advance } = stubClient([token(), user(), user(), token('sample-token-2', 100), user()]);
  await client.users.get('usr_sample');
  advance(3_539_000);
  await client.users.get('usr_sample');
  advance(1_000);
  await client.users.get('usr_sample');
  expect(asked.map(bearer)).toEqual([
    null,
    'Bearer sample-token-1',
    'Bearer sample-token-1',
    null,
    'Bearer sample-token-2',
  ]);

  const short = stubClient([token('sample-token-1', 100), user(), user(), token('sample-token-2', 100), user()]);
  await short.client.users.get('usr_sample');
  short.advance(89_000);
  await short.client.users.get('usr_sample');
  short.advance(1_000);
  await short.client.users.get('usr_sample');
  expect(short.asked.map(bearer).at(-1)).toBe('Bearer sample-token-2');
});

test('is used to its end when it cannot be renewed, and no longer', async () => {
  const away = () => failure(503, 'service-unavailable');
  const { client, asked, advance } = stubClient([token(), user(), away(), user(), away()], { retries: 0 });
  await client.users.get('usr_sample');
  advance(3_550_000);
  await client.users.get('usr_sample');
  expect(asked.map(bearer).at(-1)).toBe('Bearer sample-token-1');
  advance(50_000);
  await expect(client.users.get('usr_sample')).rejects.toMatchObject({ slug: 'service-unavailable' });
});

test('is got anew once when the API does not know it any more', async () => {
  const { client, asked } = stubClient([token(), invalid(), token('sample-token-2'), user(), user()]);
  await client.users.get('usr_sample');
  await client.users.get('usr_sample');
  expect(asked.map(bearer).slice(3)).toEqual(['Bearer sample-token-2', 'Bearer sample-token-2']);
});

test('that is refused again is an error', async () => {
  const { client, asked } = stubClient([token(), invalid(), token('sample-token-2'), invalid()]);
  await expect(client.users.get('usr_sample')).rejects.toMatchObject({ status: 401, detail: 'invalid token' });
  expect(asked).toHaveLength(4);
});

test('stays when it is something else that is refused', async () => {
  const other = failure(401, 'authentication-required', { detail: 'Invalid organization credentials' });
  const { client, asked } = stubClient([token(), other, user()]);
  await expect(client.users.get('usr_sample')).rejects.toMatchObject({ status: 401 });
  await client.users.get('usr_sample');
  expect(asked).toHaveLength(3);
});

test('is not kept when it lacks a scope, which may be approved by the next call', async () => {
  const narrow = failure(403, 'insufficient-scope');
  const { client, asked } = stubClient([token(), narrow, token('sample-token-2'), user()]);
  await expect(client.users.get('usr_sample')).rejects.toMatchObject({ slug: 'insufficient-scope' });
  await client.users.get('usr_sample');
  expect(asked.map(bearer).at(-1)).toBe('Bearer sample-token-2');
});

test('that came while a call with the previous one was under way is kept', async () => {
  let answerSlow: (response: Response) => void = () => undefined;
  const slow: Reply = () =>
    new Promise((resolve) => {
      answerSlow = resolve;
    });
  const { client, asked } = stubClient([token(), slow, invalid(), token('sample-token-2'), user(), user()]);
  const first = client.users.get('usr_slow');
  await expect.poll(() => asked.length).toBe(2);
  await client.users.get('usr_quick');
  answerSlow(invalid());
  await first;
  expect(asked.filter(({ url }) => url.pathname.endsWith('/v1/token'))).toHaveLength(2);
});

test('goes on for the others when the one who asked first gives up', async () => {
  let answerToken: (response: Response) => void = () => undefined;
  const slow: Reply = () =>
    new Promise((resolve) => {
      answerToken = resolve;
    });
  const { client } = stubClient([slow, user()]);
  const closed = new AbortController();
  const first = client.users.get('usr_1', { signal: closed.signal });
  const second = client.users.get('usr_2');
  closed.abort(new Error('closed'));
  await expect(first).rejects.toThrow('closed');
  answerToken(token());
  expect(await second).toEqual({ user_id: 'usr_sample' });
});

test('that never comes is asked for again after half a minute', async () => {
  const lost: Reply = () => new Promise<Response>(() => undefined);
  const { client, asked, advance } = stubClient([lost, token('sample-token-2'), user(), user()], {
    timeoutMs: 600_000,
  });
  const closed = new AbortController();
  const first = client.users.get('usr_1', { signal: closed.signal });
  await expect.poll(() => asked.length).toBe(1);
  advance(30_000);
  const others = [client.users.get('usr_2'), client.users.get('usr_3')];
  expect(await Promise.all(others)).toHaveLength(2);
  expect(asked).toHaveLength(4);
  closed.abort(new Error('closed'));
  await expect(first).rejects.toThrow('closed');
});

test('that could not be got is asked for again by the next call', async () => {
  const refused = failure(401, 'authentication-required', { detail: 'Invalid partner credentials' });
  const { client } = stubClient([refused, token(), user()]);
  await expect(client.users.get('usr_sample')).rejects.toMatchObject({ detail: 'Invalid partner credentials' });
  expect(await client.users.get('usr_sample')).toEqual({ user_id: 'usr_sample' });
});
