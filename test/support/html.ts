// Reading the service's pages as a browser does, as far as tests need it: the form on a page, and what a page may hold at all.

import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { Answer } from './client.ts';

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };

/** Text or an attribute's value as the browser reads it. */
function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}

/** What a person reads: the text between the tags of the body. */
export function textOf({ text }: Answer): string {
  const body = /<body>(.*)<\/body>/s.exec(text)?.[1] ?? '';
  return unescapeHtml(body.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')).trim();
}

function attributeOf(tag: string, name: string): string | undefined {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? undefined : unescapeHtml(value);
}

export type Form = { method: string | undefined; action: string | undefined; body: string };

/** The page's one form, filled in as its button sends it; undefined when there is none. */
export function formOf({ text }: Answer): Form | undefined {
  const [form, ...more] = text.match(/<form\b.*?<\/form>/gs) ?? [];
  if (form === undefined || more.length > 0) return undefined;
  const fields = (form.match(/<input\b[^>]*>/g) ?? []).map((input): [string, string] => [
    attributeOf(input, 'name') ?? '',
    attributeOf(input, 'value') ?? '',
  ]);
  return {
    method: attributeOf(form, 'method'),
    action: attributeOf(form, 'action'),
    body: new URLSearchParams(fields).toString(),
  };
}

/** The href of each link, as the browser reads it. */
export function linksOf({ text }: Answer): string[] {
  return (text.match(/<a\b[^>]*>/g) ?? []).map((tag) => attributeOf(tag, 'href') ?? '');
}

function directivesOf(policy: string): Map<string, string> {
  return new Map(
    policy
      .split(';')
      .map((part) => part.trim())
      .map((part) => [part.split(' ')[0] ?? '', part] as const),
  );
}

/** In a frame, a page may have the one script that its policy allows by hash; anywhere else none. */
function expectKnownScript(text: string, script_src: string | undefined): void {
  const scripts = [...text.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => script);
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  expect(script_src).toBe(hashes.length === 0 ? undefined : `script-src ${hashes.join(' ')}`);
  expect(hashes.length).toBeLessThan(2);
}

/** Holds for every page: in a language, for a phone, without script but the one for frames, without anything from another host, and kept nowhere. */
export function expectPlainPage(answer: Answer): void {
  const { headers, text } = answer;
  expect(headers.get('content-type')).toMatch(/^text\/html; charset=UTF-8$/i);
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(text).toMatch(/<title>[^<]{5,}<\/title>/);
  expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
  const without_known = text.replace(/<script>.*?<\/script>/s, '');
  expect(without_known, 'a script').not.toMatch(/<script|javascript:|<[^>]*\son\w+\s*=/i);
  expect(without_known, 'something loaded').not.toMatch(
    /<(?:link|img|iframe|object|embed|base|video|audio|source|svg)\b|@import|url\(/i,
  );
  expect(text, 'a style outside the style element').not.toMatch(/<[^>]*\sstyle\s*=/i);
  const styles = [...text.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style = '']) => style);
  expect(styles).toHaveLength(1);
  expect(styles[0]).toContain('prefers-color-scheme:dark');
  const hash = createHash('sha256')
    .update(styles[0] ?? '')
    .digest('base64');
  const directives = directivesOf(headers.get('content-security-policy') ?? '');
  expect(directives.get('default-src')).toBe("default-src 'none'");
  expect(directives.get('style-src')).toBe(`style-src 'sha256-${hash}'`);
  expect(directives.get('form-action')).toBe("form-action 'self'");
  expect(directives.get('base-uri')).toBe("base-uri 'none'");
  expect(directives.get('frame-ancestors')).toBeDefined();
  if (frameAncestorsOf(answer) === "'none'") expect(text, 'a script outside a frame').not.toContain('<script');
  expectKnownScript(text, directives.get('script-src'));
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
}

/** `frame-ancestors` of the page's policy, without its name. */
export function frameAncestorsOf({ headers }: Answer): string | undefined {
  const policy = headers.get('content-security-policy') ?? '';
  return directivesOf(policy).get('frame-ancestors')?.replace('frame-ancestors ', '');
}
