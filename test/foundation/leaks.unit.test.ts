// The search that every run ends with: it finds a planted leak of each kind, and does not cry wolf.

import { describe, expect, test } from 'vitest';
import { newId, newSecret, newSessionToken, systemRandom } from '../../src/foundation/ids.ts';
import { PATIENT_PATH } from '../support/client.ts';
import { findLeaks } from '../support/leaks.ts';

const makers = { clock: Date.now, random: systemRandom };
const { session_token } = newSessionToken(newId('ses', makers), systemRandom);

/** Taken apart in this file, which is itself no place for the whole. */
const TOKEN = ['eyJhbGciOiJFUzI1NiJ9', 'eyJqdGkiOiJzYW1wbGUifQ', 'c2FtcGxl'].join('.');

const PLANTED: [string, string, string][] = [
  ['a signed token', 'in a line of the log', JSON.stringify({ msg: `token ${TOKEN} refused` })],
  ['a signed token', 'cut off', TOKEN.slice(0, 16)],
  ['a secret', 'of a partner', `x-partner-secret: ${newSecret('hps', systemRandom)}`],
  ['a secret', 'of an organization', `'${newSecret('hos', systemRandom)}'`],
  ['a secret', 'cut off', newSecret('hps', systemRandom).slice(0, 28)],
  ['a session token', 'in a cookie', `__Host-handoff=${session_token}; Path=/`],
  ['a session token', 'cut off', session_token.slice(0, 60)],
  ['a patient id', 'in a path', PATIENT_PATH],
  ['a query string', 'of a link', `GET /auth/sso?${['redirect', '%2Fdashboard'].join('=')}`],
  ['a query string', 'of which the token is none', `/auth/sso?x=1&${['token', 'abcd'].join('=')}`],
];

test.each(PLANTED)('%s is found %s', (what, _, text) => {
  const leaks = findLeaks(`some line before\n${text}\nsome line after`);
  expect(leaks.map((leak) => leak.split(',')[0])).toContain(what);
});

test('each leak is told by its first characters, and by no more', () => {
  const text = PLANTED.map(([, , planted]) => planted).join('\n');
  const leaks = findLeaks(text);
  expect(leaks.length).toBeGreaterThanOrEqual(PLANTED.length);
  for (const leak of leaks) expect(leak).toMatch(/^a(?: [a-z]+)+, .{8}…$/);
  expect(findLeaks(leaks.join('\n'))).toEqual([]);
});

test('a leak is found as often as it happened', () => {
  expect(findLeaks(`${session_token} ${session_token}`)).toHaveLength(2);
});

describe('no leak is', () => {
  test.each([
    ['an id', () => (['req', 'ses', 'usr', 'key', 'sso'] as const).map((prefix) => newId(prefix, makers)).join(' ')],
    ['what stands for a secret', () => '[redacted] <sso_token> hps_… hos_ ses_'],
    ['the route of a link', () => '{"route":"/auth/sso","status":303}'],
    ['the first characters of a token', () => 'eyJhbGci…'],
  ])('%s', (_, text) => {
    expect(findLeaks(text())).toEqual([]);
  });
});
