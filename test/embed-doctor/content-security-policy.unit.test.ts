// How Embed Doctor reads a policy, as a table; the cases are CSP Level 3's own rules and what browsers do.

import { describe, expect, test } from 'vitest';
import {
  findDirective,
  parsePolicies,
  scriptAllowed,
  sourcesAllow,
} from '../../src/embed-doctor/content-security-policy.ts';

const SELF = new URL('https://portal.example/embed/');

const SOURCES: [sources: string, url: string, allowed: boolean][] = [
  ["'none'", 'https://practice.example', false],
  ['', 'https://practice.example', false],
  ['https://practice.example', 'https://practice.example', true],
  ['https://PRACTICE.example', 'https://practice.example', true],
  ['https://practice.example', 'https://other.example', false],
  ['https://practice.example', 'https://sub.practice.example', false],
  ['https://practice.example', 'https://practice.example.evil.example', false],
  ['https://practice.example', 'http://practice.example', false],
  ['http://practice.example', 'https://practice.example', true],
  ['http://practice.example:80', 'https://practice.example', true],
  ['https://practice.example', 'https://practice.example:8443', false],
  ['https://practice.example:8443', 'https://practice.example:8443', true],
  ['https://practice.example:8443', 'https://practice.example', false],
  ['https://practice.example:443', 'https://practice.example', true],
  ['https://practice.example:*', 'https://practice.example:8443', true],
  ['practice.example', 'https://practice.example', true],
  ['practice.example', 'http://practice.example', false],
  ['https://*.practice.example', 'https://a.practice.example', true],
  ['https://*.practice.example', 'https://a.b.practice.example', true],
  ['https://*.practice.example', 'https://practice.example', false],
  ['https://*.practice.example', 'https://evilpractice.example', false],
  ['*', 'https://practice.example', true],
  ['*', 'http://127.0.0.1:8788', true],
  ['*', 'data:text/html,x', false],
  ['https:', 'https://practice.example', true],
  ['https:', 'http://practice.example', false],
  ['http:', 'https://practice.example', true],
  ["'self'", 'https://portal.example', true],
  ["'SELF'", 'https://portal.example', true],
  ["'self'", 'https://portal.example:8443', false],
  ["'self'", 'http://portal.example', false],
  ["'none' https://practice.example", 'https://practice.example', true],
  ['https://a.example https://practice.example', 'https://practice.example', true],
  ['http://127.0.0.1:8788', 'http://127.0.0.1:8788', true],
  ['http://127.0.0.1:8788', 'http://localhost:8788', false],
  ['http://[::1]:8788', 'http://[::1]:8788', false],
  ['https://practice.example/frame/', 'https://practice.example/frame/a', true],
  ['https://practice.example/frame/', 'https://practice.example/other', false],
  ['https://practice.example/frame', 'https://practice.example/frame/a', false],
  ['https://practice.example/', 'https://practice.example/frame/a', true],
  ['https://practice.example?x', 'https://practice.example', false],
];

test.each(SOURCES)('%j and %s: %s', (sources, url, allowed) => {
  const list = sources.split(' ').filter((source) => source !== '');
  expect(sourcesAllow(list, new URL(url), SELF)).toBe(allowed);
});

test('a page of http counts itself also where it is reached by https', () => {
  expect(sourcesAllow(["'self'"], new URL('https://portal.example'), new URL('http://portal.example'))).toBe(true);
});

describe('a header', () => {
  test.each<[string, string | null, Record<string, string[]>[]]>([
    ['that is not there', null, []],
    ['that is empty', ' ; , ', []],
    ['with one policy', "default-src 'self'; img-src a b", [{ 'default-src': ["'self'"], 'img-src': ['a', 'b'] }]],
    ['with two policies', 'a 1, b 2', [{ a: ['1'] }, { b: ['2'] }]],
    ['with a directive twice, of which the first counts', 'a 1; A 2', [{ a: ['1'] }]],
    ['with a directive without a value', 'upgrade-insecure-requests', [{ 'upgrade-insecure-requests': [] }]],
  ])('%s', (_, header, policies) => {
    const read = parsePolicies(header).map((policy) => Object.fromEntries(policy));
    expect(read).toEqual(policies);
  });

  test('falls back from one directive on the next', () => {
    const [policy = new Map()] = parsePolicies('default-src a; child-src b');
    expect(findDirective(policy, ['frame-src', 'child-src', 'default-src'])?.name).toBe('child-src');
    expect(findDirective(policy, ['frame-src'])).toBeUndefined();
  });
});

describe('a script', () => {
  const url = new URL('https://cdn.example/handoff-embed.js');
  test.each<[string, string, { nonce?: string; integrity?: string }, boolean]>([
    ['of an allowed address', 'https://cdn.example', {}, true],
    ['of another address', 'https://other.example', {}, false],
    ['with the nonce', "'nonce-a1'", { nonce: 'a1' }, true],
    ['with another nonce', "'nonce-a1'", { nonce: 'b2' }, false],
    ['with its hash', "'sha384-abc'", { integrity: 'sha384-abc' }, true],
    ['with several hashes, one of which is not allowed', "'sha384-abc'", { integrity: 'sha384-abc sha384-def' }, false],
    ['of an allowed address under strict-dynamic', "https://cdn.example 'strict-dynamic'", {}, false],
    ['with the nonce under strict-dynamic', "'nonce-a1' 'strict-dynamic'", { nonce: 'a1' }, true],
  ])('%s', (_, sources, attributes, allowed) => {
    const directive = { name: 'script-src', sources: sources.split(' ') };
    expect(scriptAllowed(directive, { url, ...attributes }, SELF)).toBe(allowed);
  });
});
