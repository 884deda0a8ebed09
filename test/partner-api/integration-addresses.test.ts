// Which addresses a partner may name: of the pages that frame the portal, and of the page that an error leads back to.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { askToChange, integrationOf } from './integration.ts';

let production: Handoff;
let sandbox: Handoff;
let sample: Sample;
let sandbox_sample: Sample;
beforeAll(async () => {
  [production, sandbox] = await Promise.all([startHandoff(), startHandoff({ mode: 'sandbox' })]);
  [sample, sandbox_sample] = await Promise.all([createSample(production.deps), createSample(sandbox.deps)]);
});
afterAll(() => Promise.all([production.close(), sandbox.close()]));

const LOCAL = '; http:// for localhost, 127.0.0.1 and [::1] only';
const AN_ORIGIN = 'must be an exact origin such as https://practice.example, without a path or wildcard';
const A_URL = 'must be an https:// URL without user and password';

type Entry = { field: string; message: string; code: string };

/** Taken as it is, to the last character. */
async function expectTaken(body: object, where: 'production' | 'sandbox' = 'production'): Promise<void> {
  const [server, one] = where === 'sandbox' ? [sandbox, sandbox_sample] : [production, sample];
  const answer = await askToChange(server, one, body);
  expect([answer.status, answer.json]).toMatchObject([200, { data: body }]);
  expect(await integrationOf(server, one)).toMatchObject(body);
}

/** Refused for these fields, and what was there before is still there. */
async function expectRefused(
  body: object,
  validation: Entry[],
  where: 'production' | 'sandbox' = 'production',
): Promise<void> {
  const [server, one] = where === 'sandbox' ? [sandbox, sandbox_sample] : [production, sample];
  const before = await integrationOf(server, one);
  const answer = await askToChange(server, one, body);
  expect(answer.json).toMatchObject({ statusCode: 422, error: { title: 'Validation failed', validation } });
  expect((answer.json as { error: { validation: Entry[] } }).error.validation).toHaveLength(validation.length);
  expect(await integrationOf(server, one)).toEqual(before);
}

const badOrigin = (index: number, where: string = ''): Entry => {
  const field = `embed_origins.${index}`;
  return { field, message: `${field} ${AN_ORIGIN}${where}`, code: 'invalid_origin' };
};
const badUrl = (where: string = ''): Entry => ({
  field: 'return_url',
  message: `return_url ${A_URL}${where}`,
  code: 'invalid_url',
});

describe('an embed origin', () => {
  test.each([
    'https://practice.example',
    'https://a.b.practice.example',
    'https://practice.example:8443',
    'https://practice-7.example',
    'https://xn--bcher-kva.example',
    'https://203.0.113.7',
    'https://intranet',
  ])('%s is taken', (origin) => expectTaken({ embed_origins: [origin] }));

  test.each([
    ['a wildcard', 'https://*.practice.example'],
    ['a wildcard alone', '*'],
    ['a wildcard for a port', 'https://practice.example:*'],
    ['a wildcard for the host', 'https://*'],
    ['a scheme alone', 'https:'],
    ['a host alone', 'practice.example'],
    ['without the scheme', '//practice.example'],
    ['a path', 'https://practice.example/embed'],
    ['a trailing slash', 'https://practice.example/'],
    ['a query', 'https://practice.example?x'],
    ['a fragment', 'https://practice.example#x'],
    ['a user', 'https://user@practice.example'],
    ['a user and a password', 'https://user:password@practice.example'],
    ['capitals in the host', 'https://Practice.example'],
    ['capitals in the scheme', 'HTTPS://practice.example'],
    ['other letters', 'https://b\u00fccher.example'],
    ['letters that only look like others', 'https://pr\u0430ctice.example'],
    ['full-width letters', 'https://\uff50ractice.example'],
    ['the port that is meant anyway', 'https://practice.example:443'],
    ['a port that is none', 'https://practice.example:65536'],
    ['a port with a zero before it', 'https://practice.example:08443'],
    ['no port after the colon', 'https://practice.example:'],
    ['a dot at the end', 'https://practice.example.'],
    ['an address in another spelling', 'https://0x7f.1'],
    ['a space', 'https://practice.example '],
    ['two', 'https://a.example https://b.example'],
    ['a line break', 'https://practice.example\n'],
    ['U+0000', 'https://practice.example\0'],
    ['another directive', 'https://practice.example;script-src'],
    ['a keyword', "'self'"],
    ['nothing', ''],
    ['null', 'null'],
    ['http', 'http://practice.example'],
    ['another scheme', 'ftp://practice.example'],
    ['a script', 'javascript://practice.example'],
    ['data', 'data:text/html,x'],
    ['too long', `https://${'a'.repeat(63)}.${'b.'.repeat(1_000)}example`],
  ])('%s is refused', async (_, origin) => {
    await expectRefused({ embed_origins: ['https://good.example', origin] }, [badOrigin(1)]);
    await expectRefused({ embed_origins: [origin] }, [badOrigin(0, LOCAL)], 'sandbox');
  });

  test('that is no text is refused, and each bad one is named by its place', async () => {
    const embed_origins = ['https://good.example', 7, '*', null];
    await expectRefused({ embed_origins }, [
      { field: 'embed_origins.1', message: 'embed_origins.1 must be of type string', code: 'invalid_type' },
      badOrigin(2),
      { field: 'embed_origins.3', message: 'embed_origins.3 must be of type string', code: 'invalid_type' },
    ]);
  });

  test.each([
    'http://localhost',
    'http://localhost:5173',
    'http://127.0.0.1:8080',
    'http://[::1]:3000',
    'https://localhost:8443',
  ])('%s is taken in a sandbox and refused in production', async (origin) => {
    await expectTaken({ embed_origins: [origin] }, 'sandbox');
    await expectRefused({ embed_origins: [origin] }, [badOrigin(0)]);
  });

  test('may be one of 20, and not of 21', async () => {
    const origins = Array.from({ length: 21 }, (_, index) => `https://practice-${index}.example`);
    await expectTaken({ embed_origins: origins.slice(0, 20) });
    const message = 'embed_origins must have at most 20 entries';
    await expectRefused({ embed_origins: origins }, [{ field: 'embed_origins', message, code: 'too_big' }]);
  });

  test('may not be there twice', async () => {
    const [one, other] = ['https://a.example', 'https://b.example'];
    const message = 'embed_origins must not name an origin twice';
    await expectRefused({ embed_origins: [one, other, one] }, [{ field: 'embed_origins', message, code: 'duplicate' }]);
    await expectTaken({ embed_origins: [other, one] });
  });

  test.each([null, 'https://practice.example', { 0: 'https://practice.example' }])('has to be in a list: %j', (value) =>
    expectRefused({ embed_origins: value }, [
      { field: 'embed_origins', message: 'embed_origins must be of type array', code: 'invalid_type' },
    ]),
  );
});

describe('a return_url', () => {
  const longest = 'https://practice.example/'.padEnd(2_048, 'x');

  test.each([
    ['with a path', 'https://practice.example/patients/7'],
    ['without one', 'https://practice.example'],
    ['with a port, a query and a fragment', 'https://practice.example:8443/?from=portal&x=%20y#top'],
    ['with other letters', 'https://b\u00fccher.example/zur\u00fcck'],
    ['with quotes and brackets, which pages escape', 'https://practice.example/"><script>'],
    ['with an @ behind the host', 'https://practice.example/@user'],
    ['of 2,048 characters', longest],
    ['that is null', null],
  ])('%s is taken', (_, return_url) => expectTaken({ return_url }));

  test.each([
    ['a script', 'javascript:alert(1)'],
    ['a script in capitals', 'JavaScript:alert(1)'],
    ['a script behind a space', ' javascript:alert(1)'],
    ['a script with a tab in it', 'java\tscript:alert(1)'],
    ['a script that looks like an address', 'javascript://practice.example/%0aalert(1)'],
    ['data', 'data:text/html,<script>alert(1)</script>'],
    ['vbscript', 'vbscript:x'],
    ['a file', 'file:///etc/passwd'],
    ['a blob', 'blob:https://practice.example/7'],
    ['http', 'http://practice.example/'],
    ['a path', '/patients'],
    ['another host', '//practice.example/'],
    ['nothing', ''],
    ['a word', 'practice.example'],
    ['a user', 'https://user@practice.example/'],
    ['a user and a password', 'https://user:password@practice.example/'],
    ['an empty user with a password', 'https://:password@practice.example/'],
    ['too long', `${longest}x`],
    // A page would read this as a path of its own.
    ['no slashes', 'https:practice.example'],
    ['backslashes', 'https:\\\\practice.example'],
    ['a backslash', 'https://practice.example\\@evil.test/'],
    ['a space before it', ' https://practice.example/'],
    ['a space in it', 'https://practice.example/a b'],
    ['a line break', 'https://practice.example/\nx'],
    // It was answered with 500 on PostgreSQL.
    ['U+0000', 'https://practice.example/\0'],
    ['half a character', 'https://practice.example/\ud800'],
    ['no host', 'https://'],
  ])('%s is refused', async (_, return_url) => {
    await expectRefused({ return_url }, [badUrl()]);
    await expectRefused({ return_url }, [badUrl(LOCAL)], 'sandbox');
  });

  test.each(['http://localhost:5173/patients', 'http://127.0.0.1/', 'http://[::1]:3000/', 'https://localhost/x'])(
    '%s is taken in a sandbox and refused in production',
    async (return_url) => {
      await expectTaken({ return_url }, 'sandbox');
      await expectRefused({ return_url }, [badUrl()]);
    },
  );

  test('that is no text is refused', () =>
    expectRefused({ return_url: 7 }, [
      { field: 'return_url', message: 'return_url must be of type string', code: 'invalid_type' },
    ]));

  test('and origins are told of together, and neither is changed when one is bad', async () => {
    await expectRefused({ return_url: 'javascript:x', embed_origins: ['*'] }, [badOrigin(0), badUrl()]);
    await expectRefused({ return_url: 'https://practice.example/new', embed_origins: ['*'] }, [badOrigin(0)]);
    await expectTaken({ return_url: 'https://practice.example/new', embed_origins: ['https://new.example'] });
  });
});
