// A token that was changed on the way, or is spelled differently. jose reads several spellings of a token; here one token has
// one spelling. Beside each the right one, which still works.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { call, CLICK, mintLink, PATIENT_PATH, problemOf } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample, type Sample } from '../support/sample.ts';

let handoff: Handoff;
let sample: Sample;
beforeAll(async () => {
  handoff = await startHandoff();
  sample = await createSample(handoff.deps);
});
afterAll(() => handoff.close());

function open(token: string) {
  const parameters = new URLSearchParams({ token, redirect: PATIENT_PATH });
  return call(handoff, `/auth/sso?${parameters.toString()}`, { headers: { ...CLICK, accept: 'application/json' } });
}

const encode = (text: string) => Buffer.from(text).toString('base64url');
const decode = (part: string) => Buffer.from(part, 'base64url').toString();

type Parts = [header: string, payload: string, signature: string];

/** Each gets a token as minted and makes something else of it. */
const CHANGES: [string, (parts: Parts, whole: string) => string][] = [
  ['one letter of the header', ([h, p, s]) => `${flip(h)}.${p}.${s}`],
  ['one letter of the payload', ([h, p, s]) => `${h}.${flip(p)}.${s}`],
  ['one letter of the signature', ([h, p, s]) => `${h}.${p}.${flip(s)}`],
  ['the header of another kid', ([h, p, s]) => `${encode(decode(h).replace(/key_.{4}/, 'key_0000'))}.${p}.${s}`],
  ['another path in the payload', ([h, p, s]) => `${h}.${encode(decode(p).replace('dashboard', 'dashboarb'))}.${s}`],
  ['the payload with a space in it', ([h, p, s]) => `${h}.${encode(decode(p).replace('{', '{ '))}.${s}`],
  ['no signature', ([h, p]) => `${h}.${p}.`],
  ['no signature and no dot', ([h, p]) => `${h}.${p}`],
  ['no payload', ([h, , s]) => `${h}..${s}`],
  ['no header', ([, p, s]) => `.${p}.${s}`],
  ['a fourth part', (_, whole) => `${whole}.e30`],
  ['a dot at the end', (_, whole) => `${whole}.`],
  ['a dot at the beginning', (_, whole) => `.${whole}`],
  ['two dots', ([h, p, s]) => `${h}..${p}.${s}`],
  ['padding at the end', (_, whole) => `${whole}==`],
  ['padding after the header', ([h, p, s]) => `${h}=.${p}.${s}`],
  ['padding after the payload', ([h, p, s]) => `${h}.${p}==.${s}`],
  ['a space before it', (_, whole) => ` ${whole}`],
  ['a space after it', (_, whole) => `${whole} `],
  ['a line break in the signature', ([h, p, s]) => `${h}.${p}.${s.slice(0, 8)}\n${s.slice(8)}`],
  ['a line break after it', (_, whole) => `${whole}\r\n`],
  ['a tab in the payload', ([h, p, s]) => `${h}.${p.slice(0, 8)}\t${p.slice(8)}.${s}`],
  ['a byte order mark', (_, whole) => `\uFEFF${whole}`],
  ['a NUL after it', (_, whole) => `${whole}\0`],
  ['a scheme before it', (_, whole) => `Bearer ${whole}`],
  ['a last letter with other spare bits', ([h, p, s]) => `${h}.${p}.${respell(s)}`],
  ['the signature twice', ([h, p, s]) => `${h}.${p}.${s}${s}`],
  ['the signature cut short', ([h, p, s]) => `${h}.${p}.${s.slice(0, -4)}`],
  ['a signature of nothing but zeros', ([h, p]) => `${h}.${p}.${'A'.repeat(86)}`],
  ['nothing but words in it', () => 'not a token'],
  ['9,000 characters', ([h, p, s]) => `${h}.${p}${'A'.repeat(9_000)}.${s}`],
];

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Changes a letter in the middle. */
function flip(part: string): string {
  const middle = Math.floor(part.length / 2);
  return `${part.slice(0, middle)}${part[middle] === 'A' ? 'B' : 'A'}${part.slice(middle + 1)}`;
}

/** The same bytes in another spelling: 64 bytes leave four bits of the last letter without a meaning. */
function respell(signature: string): string {
  const last = ALPHABET.indexOf(signature.at(-1) ?? '');
  const twin = signature.slice(0, -1) + ALPHABET.charAt(last + 1);
  if (Buffer.compare(Buffer.from(twin, 'base64url'), Buffer.from(signature, 'base64url')) !== 0)
    throw new Error('no twin');
  return twin;
}

test.each(CHANGES)('a token with %s is not valid, and the right one still works', async (_, change) => {
  const link = await mintLink(handoff, sample);
  const changed = change(link.sso_token.split('.') as Parts, link.sso_token);
  expect(changed === link.sso_token, 'the token is a changed one').toBe(false);
  const answer = await open(changed);
  expect(problemOf(answer)).toBe('token-invalid');
  expect(answer.status).toBe(400);
  expect(answer.headers.getSetCookie()).toEqual([]);
  expect(problemOf(await open(link.sso_token))).toBeUndefined();
});

test('a token in the other base64 alphabet is not valid, and the right one still works', async () => {
  // Signatures are random: most have a "-" or "_" in them, and this one has to.
  let token = '';
  while (!/[-_]/.test(token)) token = (await mintLink(handoff, sample)).sso_token;
  expect(problemOf(await open(token.replaceAll('-', '+').replaceAll('_', '/')))).toBe('token-invalid');
  expect((await open(token)).status).toBe(303);
});
