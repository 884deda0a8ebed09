// What the client tries again, when, and what it gives up on.

import { expect, test, vi } from 'vitest';
import { HandoffConnectionError, HandoffError } from '../../clients/typescript/src/errors.ts';
import { systemPlatform } from '../../clients/typescript/src/platform.ts';
import { failure, LINK, nothing, type Reply, REQUEST, START, stubClient, success, token } from './stub-api.ts';

const down = (headers?: Record<string, string>) => failure(503, 'service-unavailable', headers && { headers });
const reset = () => new TypeError('fetch failed', { cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }) });

test.each([429, 500, 502, 503, 504])('%i is tried again', async (status) => {
  const { client, asked } = stubClient([failure(status, 'service-unavailable'), success(LINK)]);
  expect(await client.createSsoLink(REQUEST)).toMatchObject({ redirectUrl: LINK.redirect_url });
  expect(asked).toHaveLength(2);
});

test.each([400, 401, 403, 404, 405, 409, 410, 413, 415, 422])('%i is not', async (status) => {
  const { client, asked } = stubClient([failure(status, 'invalid-request')]);
  await expect(client.createSsoLink(REQUEST)).rejects.toMatchObject({ status });
  expect(asked).toHaveLength(1);
});

test('a broken connection is tried again, and so is a proxy’s page of a passing error', async () => {
  const page = new Response('<h1>Bad gateway</h1>', { status: 502 });
  const { client, asked } = stubClient([reset(), page, success(LINK)]);
  await client.createSsoLink(REQUEST);
  expect(asked).toHaveLength(3);
});

test('after two more tries, or as many as were asked for, the last error is told', async () => {
  const replies = () => [down(), down(), reset(), success(LINK)];
  await expect(stubClient(replies()).client.createSsoLink(REQUEST)).rejects.toThrow(HandoffConnectionError);
  await expect(stubClient(replies(), { retries: 0 }).client.createSsoLink(REQUEST)).rejects.toThrow(HandoffError);
  expect((await stubClient(replies(), { retries: 3 }).client.createSsoLink(REQUEST)).expiresIn).toBe(300);
});

test('the pauses grow twofold up to eight seconds, with full jitter', async () => {
  const replies: Reply[] = Array.from({ length: 8 }, () => down());
  const { client, slept } = stubClient(replies, { retries: 7 });
  await expect(client.createSsoLink(REQUEST)).rejects.toThrow(HandoffError);
  // The stub's chance is always one half.
  expect(slept).toEqual([125, 250, 500, 1000, 2000, 4000, 4000]);
});

test('Retry-After is waited for, as seconds and as a date', async () => {
  const date = new Date(START + 7_000).toUTCString();
  const { client, slept } = stubClient([down({ 'retry-after': '3' }), success(LINK), down({ 'retry-after': date })]);
  await client.createSsoLink(REQUEST);
  expect(slept).toEqual([3_125]);
  const later = stubClient([down({ 'retry-after': date }), success(LINK)]);
  await later.client.createSsoLink(REQUEST);
  expect(later.slept).toEqual([7_125]);
});

test('a Retry-After in the past or without sense is no reason to wait longer', async () => {
  for (const value of [new Date(START - 60_000).toUTCString(), 'soon', '-5', '1.5', '']) {
    const { client, slept } = stubClient([down({ 'retry-after': value }), success(LINK)]);
    await client.createSsoLink(REQUEST);
    expect(slept).toEqual([125]);
  }
});

test('a Retry-After of more than half a minute is told instead of waited for', async () => {
  const { client, asked } = stubClient([failure(429, 'too-many-requests', { headers: { 'retry-after': '31' } })]);
  await expect(client.createSsoLink(REQUEST)).rejects.toMatchObject({ slug: 'too-many-requests', retryAfter: 31 });
  expect(asked).toHaveLength(1);
});

test('creating and rotating carry an Idempotency-Key, the same in each try and another for each call', async () => {
  const user = { given_name: 'Pat', family_name: 'Provider', email: 'pat@clinic.example' };
  const made = () => success({ user_id: 'usr_sample' }, { status: 201 });
  const { client, asked } = stubClient([token(), down(), reset(), made(), made()]);
  await client.users.create(user);
  await client.users.create(user);
  const keys = asked.map(({ headers }) => headers.get('idempotency-key'));
  expect(keys).toEqual([null, 'sample-key-1', 'sample-key-1', 'sample-key-1', 'sample-key-2']);

  const rotated = success({ credential_id: 'crd_sample', partner_secret: 'hps_new' }, { status: 201 });
  const rotating = stubClient([down(), rotated]);
  await rotating.client.credentials.rotatePartnerSecret({ idempotencyKey: 'march-rotation' });
  expect(rotating.asked.map(({ headers }) => headers.get('idempotency-key'))).toEqual(
    Array.from({ length: 2 }, () => 'march-rotation'),
  );
});

test('an Idempotency-Key that no header can hold is refused without being quoted', async () => {
  const { client, asked } = stubClient([]);
  const refused = client.credentials.rotateOrganizationSecret({ idempotencyKey: 'two\nlines' });
  await expect(refused).rejects.toThrow(/^idempotencyKey must be visible ASCII/);
  expect(asked).toEqual([]);
});

test('its own earlier try, still at work in the API, is waited for', async () => {
  const busy = failure(409, 'idempotency-key-in-use');
  const { client } = stubClient([busy, success({ credential_id: 'crd_sample' }, { status: 201 })]);
  expect(await client.credentials.rotatePartnerSecret()).toEqual({ credential_id: 'crd_sample' });
});

test('a deletion whose answer was lost is done when the next try finds nothing', async () => {
  const gone = () => failure(404, 'user-not-found');
  const { client, asked } = stubClient([token(), reset(), gone()]);
  expect(await client.users.delete('usr_sample')).toBeUndefined();
  expect(asked).toHaveLength(3);
  await expect(stubClient([token(), gone()]).client.users.delete('usr_sample')).rejects.toThrow(HandoffError);
  // Not an answer of the API's: who knows what is gone.
  const page = new Response('<h1>Not found</h1>', { status: 404 });
  const elsewhere = stubClient([token(), reset(), page]);
  await expect(elsewhere.client.users.delete('usr_sample')).rejects.toMatchObject({ slug: 'unexpected-answer' });
});

test('revoking a receipt that is not there is an error in any try', async () => {
  const { client } = stubClient([down(), failure(404, 'attempt-not-found')]);
  await expect(client.attempts.revoke('req_sample')).rejects.toMatchObject({ slug: 'attempt-not-found' });
});

test('a deletion is answered with nothing', async () => {
  const { client } = stubClient([token(), nothing()]);
  expect(await client.users.delete('usr_sample')).toBeUndefined();
});

test('an answer that takes too long is given up and asked for again, whatever the fetch in use does', async () => {
  const endless: Reply = () => new Promise<Response>(() => undefined);
  const { client, asked } = stubClient([endless, endless, endless], { timeoutMs: 20 });
  const error: unknown = await client.createSsoLink(REQUEST).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HandoffConnectionError);
  expect(error).toMatchObject({ slug: 'timed-out', detail: 'No answer from https://api.example.com within 20 ms' });
  expect(asked).toHaveLength(3);
  expect(asked.every(({ init }) => init.signal?.aborted === true)).toBe(true);
});

test('the time includes the body', async () => {
  const endless = new Response(new ReadableStream({ start: () => undefined }));
  const { client } = stubClient([endless], { timeoutMs: 20, retries: 0 });
  await expect(client.createSsoLink(REQUEST)).rejects.toMatchObject({ slug: 'timed-out' });
});

test('whoever gives a call up gets the reason back, and nothing more is sent', async () => {
  const reason = new Error('The tab was closed');
  const [before, during, between] = [new AbortController(), new AbortController(), new AbortController()];

  before.abort(reason);
  const first = stubClient([]);
  await expect(first.client.createSsoLink(REQUEST, { signal: before.signal })).rejects.toBe(reason);

  const abort: Reply = () => {
    during.abort(reason);
    return new Promise<Response>(() => undefined);
  };
  const second = stubClient([abort]);
  await expect(second.client.createSsoLink(REQUEST, { signal: during.signal })).rejects.toBe(reason);

  const abortThenFail: Reply = () => {
    between.abort(reason);
    return down();
  };
  const third = stubClient([abortThenFail, success(LINK)]);
  await expect(third.client.createSsoLink(REQUEST, { signal: between.signal })).rejects.toBe(reason);
});

test('sleeping ends at once when the call is given up', async () => {
  vi.useFakeTimers();
  try {
    const rest = new AbortController();
    const slept = systemPlatform.sleep(60_000, rest.signal);
    rest.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
    const woken = systemPlatform.sleep(1_000, undefined);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await woken).toBeUndefined();
  } finally {
    vi.useRealTimers();
  }
});

test('a redirection is not followed, for the secrets would go along', async () => {
  const elsewhere = new Response(null, { status: 307, headers: { location: 'https://elsewhere.example/v1/sso' } });
  const { client, asked } = stubClient([elsewhere]);
  await expect(client.createSsoLink(REQUEST)).rejects.toMatchObject({
    slug: 'unexpected-answer',
    status: 307,
    detail: expect.stringContaining('redirection'),
  });
  expect(asked[0]?.init.redirect).toBe('manual');
});

test('nothing is kept in a cache, where the runtime lets one say so', async () => {
  const { client, asked } = stubClient([success(LINK)]);
  await client.createSsoLink(REQUEST);
  expect(asked[0]?.init.cache).toBe('no-store');

  vi.stubGlobal('Request', function RequestWithoutCache(_url: string, { cache }: RequestInit) {
    if (cache !== undefined) throw new Error('The cache field on RequestInitializerDict is not implemented.');
  });
  try {
    const older = stubClient([success(LINK)]);
    await older.client.createSsoLink(REQUEST);
    expect(older.asked[0]?.init).not.toHaveProperty('cache');
  } finally {
    vi.unstubAllGlobals();
  }
});
