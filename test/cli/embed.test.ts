// `handoff embed check`: what it prints, how it leaves, and what it never says. What it finds out is tried in test/embed-doctor.

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/embed-doctor/examine.ts';
import { CHECKS } from '../../src/embed-doctor/report.ts';
import { type Portal, startPortal } from '../embed-doctor/portal.ts';
import { EMBED_PATH, mintLink, PRACTICE_ORIGIN } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { findLeaks } from '../support/leaks.ts';
import { createSample, type Sample } from '../support/sample.ts';
import { Operator, runProcess } from './operator.ts';

// There is no database at this address: the command needs none.
const NOWHERE = 'postgres://nobody@127.0.0.1:1/nothing';
const operator = new Operator(NOWHERE);

let handoff: Handoff;
let sample: Sample;
let portal: Portal;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { EMBED_WITHOUT_COOKIE: 'bearer' } });
  sample = await createSample(handoff.deps);
  portal = await startPortal(handoff.url, 'framing');
});
afterAll(async () => {
  await portal.close();
  await handoff.close();
});

async function newLink(): Promise<string> {
  return portal.url + (await mintLink(handoff, sample, EMBED_PATH)).path;
}

const ORIGIN = ['--origin', PRACTICE_ORIGIN];

test('an embed that works leaves with 0, as a process of its own, too', async () => {
  const { code, stdout, stderr } = await new Operator(NOWHERE, {}, runProcess).run(
    'embed',
    'check',
    await newLink(),
    ...ORIGIN,
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+\/auth\/sso\?…\nin a frame on a page of https:\/\/practice\.example\n/,
  );
  expect(stdout).toMatch(/The link has been spent\. The session\s+that was begun has been ended\./);
  expect(stdout).toMatch(/\n0 faults, 0 warnings, \d+ ok, \d+ not checked\.\n$/);
  expect(stdout.match(/Not checked\. No address of it was given\./g)).toHaveLength(1);
});

test('an embed with a fault leaves with 1, after the report, and says who mends it', async () => {
  const link = await newLink();
  const { code, stdout, stderr } = await operator.run('embed', 'check', link, '--origin', 'https://other.example');
  expect([code, stderr]).toEqual([1, 'error: the embed has 1 fault\n']);
  expect(stdout).toMatch(/FAULT {4}Registered embed origin\n.*the origin https:\/\/other\.example/s);
  expect(stdout).toMatch(/> Partner: Register https:\/\/other\.example/);
  expect(stdout).toMatch(/The link has not been spent\./);
});

test('what it prints is readable at 80 columns', async () => {
  const { stdout } = await operator.run('embed', 'check', await newLink(), '--origin', 'https://other.example');
  const long = stdout.split('\n').filter((line) => line.length > 80);
  expect(long).toEqual([]);
  expect(stdout.split('\n').length).toBeGreaterThan(40);
});

test('an embedded page’s address, and the page around it, can be checked without a link', async () => {
  const url = `${portal.url}/embed/`;
  const { code, stdout } = await operator.run(
    'embed',
    'check',
    url,
    ...ORIGIN,
    '--page',
    `${portal.url}/embed/`,
    '--plain',
  );
  expect(code).toBe(1);
  expect(stdout).toMatch(/Opened as a browser does in which nobody is signed in\./);
  expect(stdout).toMatch(/FAULT {4}Origin of the page\n/);
});

describe('--json', () => {
  test('has all that is documented, and nothing else', async () => {
    const report = await operator.json<Report>('embed', 'check', await newLink(), ...ORIGIN);
    const document = await readFile(new URL('../../docs/embed-doctor.md', import.meta.url), 'utf8');
    const [, checks = '', members = ''] = document.split('\n## ');
    const idsIn = (table: string) =>
      [...table.matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, cell = '']) => cell.replaceAll('`', '').split(', '));
    expect(idsIn(members).toSorted()).toEqual(Object.keys(report).toSorted());
    expect(idsIn(checks)).toEqual(Object.keys(CHECKS));
    expect(report.checks.map(({ id }) => id)).toEqual(Object.keys(CHECKS));
    for (const check of report.checks) {
      expect(Object.keys(check)).toEqual(['id', 'about', 'title', 'verdict', 'evidence', 'mended_by', 'mend']);
      for (const name of Object.keys(check)) expect(members).toContain(`\`${name}\``);
    }
    const { counts } = report;
    expect(counts.ok + counts.warning + counts.fault + counts.not_checked).toBe(report.checks.length);
    expect(report).toMatchObject({ ok: true, kind: 'link', origin: PRACTICE_ORIGIN, page: null });
    expect(Date.parse(report.checked_at)).toBeGreaterThan(0);
  });

  test('leaves with 1 where there is a fault, and is complete all the same', async () => {
    const link = await newLink();
    const { code, stdout } = await operator.run('embed', 'check', link, '--origin', 'https://other.example', '--json');
    expect([code, (JSON.parse(stdout) as Report).ok]).toEqual([1, false]);
  });
});

test('neither form holds the token, a cookie’s value, the query or a patient’s id, whether it works or not', async () => {
  for (const origin of [PRACTICE_ORIGIN, 'https://other.example']) {
    for (const form of [[], ['--json']]) {
      const link = await newLink();
      const { stdout, stderr } = await operator.run('embed', 'check', link, '--origin', origin, ...form);
      const printed = stdout + stderr;
      const { searchParams } = new URL(link);
      expect(findLeaks(printed)).toEqual([]);
      expect(printed.includes(searchParams.get('token') ?? 'none')).toBe(false);
      expect(printed.includes(encodeURIComponent(EMBED_PATH)) || printed.includes(EMBED_PATH)).toBe(false);
      expect(/ses_[0-9a-f]{8}/.test(printed)).toBe(false);
    }
  }
});

describe('a call that cannot be understood', () => {
  const LINK = 'https://portal.example/auth/sso?token=sample&redirect=%2Fembed%2F';

  test.each([
    ['without the origin', [LINK], /missing --origin; see handoff embed check --help/],
    ['without an address', ORIGIN, /missing required argument 'url'/],
    ['with something that is no address', ['portal.example', ...ORIGIN], /the address must be an http\(s\) address/],
    ['with another scheme', ['file:///etc/hosts', ...ORIGIN], /the address must be an http\(s\) address/],
    ['with a user name', [LINK.replace('//', '//user@'), ...ORIGIN], /must not hold a user name/],
    ['with a path in the origin', [LINK, '--origin', 'https://practice.example/page'], /without a path/],
    ['with a page that is no address', [LINK, ...ORIGIN, '--page', 'page'], /--page must be an http\(s\) address/],
  ])('%s gets one sentence without the link', async (_, args, sentence) => {
    const message = await operator.refusal('embed', 'check', ...args);
    expect(message).toMatch(sentence);
    expect(message.includes('token=')).toBe(false);
  });

  test('an origin with a slash at its end is understood', async () => {
    const { code } = await operator.run('embed', 'check', await newLink(), '--origin', `${PRACTICE_ORIGIN}/`);
    expect(code).toBe(0);
  });
});
