// What the log says of an error, and what it must never say: values of rows, and anything that could be used to sign in.

import { describe, expect, test } from 'vitest';
import { newId, newSecret, newSessionToken, systemRandom } from '../../src/foundation/ids.ts';
import { createLog, describeError, LOG_LEVELS, redact } from '../../src/foundation/log.ts';
import { Problem } from '../../src/foundation/problem.ts';
import { findLeaks } from '../support/leaks.ts';

const EMAIL = 'pat@clinic.example';

/** Made here, so that nobody finds them in the sources. */
const TOKEN = ['eyJhbGciOiJFUzI1NiJ9', 'eyJqdGkiOiJzYW1wbGUifQ', 'c2FtcGxlLXNpZ25hdHVyZQ'].join('.');
const SECRETS = [
  newSecret('hps', systemRandom),
  newSecret('hos', systemRandom),
  newSessionToken(newId('ses', { clock: Date.now, random: systemRandom }), systemRandom).session_token,
  TOKEN,
];

function lineOf(fields: object): string {
  const lines: string[] = [];
  createLog('info', { write: (line: string) => void lines.push(line) }).error(fields, 'sample');
  return lines.join('');
}

describe('a line of the log', () => {
  test('is JSON with its level by name and its time as text, and nothing of the machine', () => {
    const line = JSON.parse(lineOf({ request_id: 'req_1' })) as Record<string, unknown>;
    expect(line).toEqual({
      level: 'error',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as unknown,
      request_id: 'req_1',
      msg: 'sample',
    });
  });

  test('is written from its level on', () => {
    const written = LOG_LEVELS.filter((level) => {
      const lines: string[] = [];
      createLog(level, { write: (line: string) => void lines.push(line) }).warn('sample');
      return lines.length > 0;
    });
    expect(written).toEqual(['trace', 'debug', 'info', 'warn']);
  });

  test('has name, code and stack of an error', () => {
    const error = Object.assign(new TypeError('sample failure'), { code: 'SAMPLE' });
    const { err } = JSON.parse(lineOf({ err: error })) as { err: Record<string, string> };
    expect(Object.keys(err).toSorted()).toEqual(['code', 'name', 'stack']);
    expect(err).toMatchObject({ name: 'TypeError', code: 'SAMPLE' });
    expect(err['stack']).toContain('TypeError: sample failure');
  });

  // As node-postgres and better-sqlite3 hang them on their errors.
  test.each(['detail', 'parameters', 'where', 'hint', 'internalQuery', 'query', 'sql', 'errors', 'bindings'])(
    'has nothing of what a driver says in %s',
    (member) => {
      const error = Object.assign(new Error('duplicate key'), { code: '23505', [member]: [`Key (email)=(${EMAIL})`] });
      expect(lineOf({ err: error }).includes(EMAIL)).toBe(false);
      expect(lineOf({ err: new Problem('internal-error', 'sample', { cause: error }) }).includes(EMAIL)).toBe(false);
    },
  );

  test('has the cause of an error, and of that nothing more either', () => {
    const cause = Object.assign(new Error('the cause'), { detail: EMAIL });
    const line = lineOf({ err: new Error('sample failure', { cause }) });
    expect(line).toContain('Error: the cause');
    expect(line.includes(EMAIL)).toBe(false);
  });

  test('has the words of a problem for its caller nowhere: its detail may quote them', () => {
    expect(lineOf({ err: new Problem('invalid-request', EMAIL) }).includes(EMAIL)).toBe(false);
  });

  test.each([
    ['text', 'sample'],
    ['nothing', undefined],
    ['a number', 7],
    ['an object', { email: EMAIL }],
  ])('says only what kind of thing was thrown: %s', (_, thrown) => {
    expect(describeError(thrown)).toEqual({ name: typeof thrown });
  });
});

describe('a secret in an error', () => {
  test('is redacted in its message, and in the message of its cause', () => {
    for (const secret of SECRETS) {
      const error = new Error(`cannot read ${secret}`, { cause: new Error(`"${secret}" is not JSON`) });
      const line = lineOf({ err: error });
      expect(line.includes(secret)).toBe(false);
      expect(line.match(/\[redacted\]/g)).toHaveLength(2);
      expect(findLeaks(line)).toEqual([]);
    }
  });

  test('is redacted wherever it stands, and what stands around it is kept', () => {
    const text = SECRETS.map((secret, index) => `${index}=${secret}`).join('&');
    expect(redact(text)).toBe('0=[redacted]&1=[redacted]&2=[redacted]&3=[redacted]');
    expect(redact('req_019ca8a03e8070000000000000000000 is no secret')).toBe(
      'req_019ca8a03e8070000000000000000000 is no secret',
    );
  });
});
