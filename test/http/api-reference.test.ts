// The API reference: its page, the files that the page loads, and the document. How it looks and what it does in a browser is
// in browser/api-reference.browser.test.ts.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { call } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { linksOf } from '../support/html.ts';
import { DOCUMENT } from '../support/openapi.ts';
import { requestHead, sendRaw } from './raw-request.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

const MEDIA_TYPES: Record<string, string> = { css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' };

describe.each(['', '/external'])('with the API at %j', (base_path) => {
  const environment = {
    API_URL: `https://api.practice-portal.example${base_path}`,
    PORTAL_URL: 'https://practice-portal.example',
  };
  let handoff: Handoff;
  beforeAll(async () => {
    handoff = await startHandoff({ environment });
  });
  afterAll(() => handoff.close());

  const page = () => call(handoff, `${base_path}/docs`);

  /** The paths of what a page loads. */
  async function loaded(): Promise<string[]> {
    const { text } = await page();
    return [...text.matchAll(/<(?:link rel="stylesheet" href|script defer src)="([^"]*)"/g)].map(
      ([, href = '']) => new URL(href, `${handoff.url}${base_path}/docs`).pathname,
    );
  }

  test('the page has a title, nothing inline, and a policy without exceptions', async () => {
    const { status, headers, text } = await page();
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    expect(text).toContain('<title>Handoff API reference</title>');
    expect(text).not.toMatch(/<style|<script(?![^>]*\ssrc=)|<[^>]*\s(?:style|on\w+)\s*=|https?:/i);
    expect(headers.get('content-security-policy')).toBe(POLICY);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test('without JavaScript the page leads to the document', async () => {
    const answer = await page();
    expect(answer.text).toMatch(/<noscript>[\s\S]*<a href="openapi.yaml">[\s\S]*<\/noscript>/);
    const [link = ''] = linksOf(answer);
    const { pathname } = new URL(link, `${handoff.url}${base_path}/docs`);
    expect((await call(handoff, pathname)).status).toBe(200);
  });

  test('everything that the page loads is there, may be kept for good, and is named by its content', async () => {
    const paths = await loaded();
    expect(paths.map((path) => path.split('.').at(-1))).toEqual(['css', 'css', 'js', 'js']);
    for (const path of paths) {
      const { status, headers, text } = await call(handoff, path);
      const [, hash = '', kind = ''] = /^.*\.([0-9a-f]{16})\.(\w+)$/.exec(path) ?? [];
      expect([status, headers.get('content-type')]).toEqual([200, MEDIA_TYPES[kind]]);
      expect(createHash('sha256').update(text).digest('hex').startsWith(hash)).toBe(true);
      expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
    }
  });

  test('the document is the file, with the servers of this deployment', async () => {
    const { headers, text } = await call(handoff, `${base_path}/openapi.yaml`);
    expect(headers.get('content-type')).toBe('application/yaml; charset=utf-8');
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const filled = JSON.stringify(DOCUMENT, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('url' in value)) return value;
      const { variables, url, ...rest } = value as { variables?: object; url: string };
      if (variables === undefined) return value;
      return { url: url.includes('api_host') ? environment.API_URL : environment.PORTAL_URL, ...rest };
    });
    expect(parse(text)).toEqual(JSON.parse(filled));
    expect(parse(text)).not.toEqual(DOCUMENT);
    expect(text).not.toMatch(/\{(?:api|portal)_host\}/);
    expect((parse(text) as { servers: object[] }).servers).toMatchObject([{ url: environment.API_URL }]);
  });

  test('HEAD has the headers of GET and no body', async () => {
    for (const path of [`${base_path}/docs`, `${base_path}/openapi.yaml`, ...(await loaded())]) {
      const [get, head] = [
        await sendRaw(handoff.url, requestHead('GET', path, {})),
        await sendRaw(handoff.url, requestHead('HEAD', path, {})),
      ];
      expect([get.status, head.status, head.text]).toEqual([200, 200, '']);
      const kept = ({ headers }: { headers: Headers }) =>
        [...headers].filter(([name]) => !/^(x-request-id|date|content-length)$/.test(name));
      expect(kept(head)).toEqual(kept(get));
    }
  });

  test.each([
    'swagger-ui.js',
    'swagger-ui-bundle.js',
    'swagger-ui.0000000000000000.js',
    'package.json',
    '__proto__',
    'constructor',
    '',
    '%2e%2e%2fpackage.json',
    '..%2f..%2f..%2fpackage.json',
    '%2fetc%2fpasswd',
    'start.js%00',
    '%ff',
  ])('there is no file %j', async (name) => {
    const path = `${base_path}/docs/assets/${name}`;
    expect((await sendRaw(handoff.url, requestHead('GET', path, {}))).status).toBe(404);
  });

  test.each([`${base_path}/docs`, `${base_path}/openapi.yaml`])('%s is for reading only', async (path) => {
    const answer = await call(handoff, path, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('is below the base path alone', async () => {
    const elsewhere = base_path === '' ? '/external' : '';
    for (const path of ['/docs', '/openapi.yaml']) {
      expect((await call(handoff, elsewhere + path)).status).toBe(404);
    }
  });

  test.each([
    ['gzip', true],
    ['br, gzip;q=0.5', true],
    ['deflate, GZIP', true],
    ['gzip;q=0', false],
    ['gzip; q=0.0, br', false],
    ['identity', false],
    ['x-gzip-not', false],
    ['', false],
  ])('a file comes compressed to who takes that: %j', async (accepted, is_compressed) => {
    const [path = ''] = await loaded();
    const plain = await call(handoff, path);
    const answer = await fetch(handoff.url + path, { headers: { 'accept-encoding': accepted } });
    expect(answer.headers.get('content-encoding')).toBe(is_compressed ? 'gzip' : null);
    expect(answer.headers.get('vary')).toBe('accept-encoding');
    expect(plain.headers.get('vary')).toBe('accept-encoding');
    expect((await answer.text()) === plain.text).toBe(true);
  });
});
