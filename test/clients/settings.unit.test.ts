// The options of a client: what is refused, and that the message names the option and not its value.

import { describe, expect, test } from 'vitest';
import { createHandoffClient, type HandoffClientOptions } from '../../clients/typescript/src/handoff-client.ts';
import { parseSettings } from '../../clients/typescript/src/settings.ts';
import { CREDENTIALS } from './stub-api.ts';

/** As from plain JavaScript, where anything may arrive. */
function withOptions(options: Record<string, unknown>) {
  const all: unknown = { ...CREDENTIALS, ...options };
  return createHandoffClient(all as HandoffClientOptions);
}

describe('baseUrl', () => {
  test.each([
    'https://api.example.com',
    'https://api.example.com/external/',
    'http://localhost:8787',
    'http://127.0.0.1:8787/external',
    'http://[::1]:8787',
  ])('%s is good', (baseUrl) => {
    expect(parseSettings({ ...CREDENTIALS, baseUrl }).baseUrl).toBe(baseUrl.replace(/\/$/, ''));
  });

  test.each([
    ['http://api.example.com', /^baseUrl must begin with https:\/\//],
    ['ftp://localhost/', /^baseUrl must begin with https:\/\//],
    ['http://localhost.example.com', /^baseUrl must begin with https:\/\//],
    ['api.example.com', /^baseUrl must be a URL/],
    ['', /^baseUrl must be a URL/],
    [undefined, /^baseUrl must be a URL/],
    [new URL('https://api.example.com'), /^baseUrl must be a URL/],
    ['https://user@api.example.com', /^baseUrl must have no user name/],
    ['https://user:hps_secret@api.example.com', /^baseUrl must have no user name/],
    ['https://api.example.com?x=1', /^baseUrl must have no user name/],
    ['https://api.example.com#x', /^baseUrl must have no user name/],
  ])('%s is not', (baseUrl, message) => {
    expect(() => withOptions({ baseUrl })).toThrow(message);
    expect(() => withOptions({ baseUrl })).toThrow(TypeError);
  });
});

describe.each(['partnerId', 'partnerSecret', 'organizationId', 'organizationSecret'])('%s', (name) => {
  test.each([undefined, ''])('must be there: %s', (value) => {
    expect(() => withOptions({ [name]: value })).toThrow(`${name} is missing`);
  });

  test.each(['s3cret-value\n', ' s3cret-value', 's3cret-välue', 's3cret-value\u0000', 7, null, {}])(
    'must fit into a header: %j, and is not quoted',
    (value) => {
      const message = `${name} must be visible ASCII without spaces (did a line break come with it?)`;
      expect(() => withOptions({ [name]: value })).toThrow(new TypeError(message));
    },
  );
});

test.each([
  [{ timeoutMs: 0 }, 'timeoutMs must be a whole number from 1 to 600000'],
  [{ timeoutMs: NaN }, 'timeoutMs must be a whole number from 1 to 600000'],
  [{ timeoutMs: '10' }, 'timeoutMs must be a whole number from 1 to 600000'],
  [{ retries: -1 }, 'retries must be a whole number from 0 to 10'],
  [{ retries: 1.5 }, 'retries must be a whole number from 0 to 10'],
  [{ fetch: 'https://proxy.example' }, 'fetch must be a function like the global fetch'],
  [{ scope: 'read:users' }, "scope must be a list of scopes, such as ['read:users']"],
  [{ scope: [] }, "scope must be a list of scopes, such as ['read:users']"],
  [{ scope: [7] }, "scope must be a list of scopes, such as ['read:users']"],
])('%j is refused', (options, message) => {
  expect(() => withOptions(options)).toThrow(new TypeError(message));
});

test('what is left out has a default, also when it is undefined', () => {
  const { timeoutMs, retries, scope } = parseSettings({ ...CREDENTIALS });
  expect({ timeoutMs, retries, scope }).toEqual({ timeoutMs: 10_000, retries: 2, scope: undefined });
  expect(() => withOptions({ timeoutMs: undefined, retries: undefined, fetch: undefined })).not.toThrow();
});
