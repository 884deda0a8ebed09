// The pages behind the `type` URIs of problems: each opens where the URI says, and says cause and fix.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { PROBLEMS, type ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { call, requestSso } from '../support/client.ts';
import { type Handoff, startHandoff } from '../support/handoff.ts';
import { createSample } from '../support/sample.ts';
import { requestHead, sendRaw } from './raw-request.ts';

const SLUGS = Object.keys(PROBLEMS) as ProblemSlug[];

let handoff: Handoff;
beforeAll(async () => {
  handoff = await startHandoff({ environment: { API_URL: 'http://localhost:8787/external' } });
});
afterAll(() => handoff.close());

/** The path of a type URI on this server. */
const pathOf = (slug: string) => new URL(`${handoff.config.PROBLEM_BASE_URL}/${slug}`).pathname;

/** As HTML writes it. */
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&#39;').replaceAll('"', '&quot;');

/** A sentence of the catalogue as the page writes it. */
const inHtml = (text: string) => escaped(text).replaceAll(/`([^`]*)`/g, '<code>$1</code>');

test('the type of an answer opens as it stands', async () => {
  const sample = await createSample(handoff.deps);
  const answer = await requestSso(handoff, sample, { headers: { 'x-user-id': '' } });
  const { error } = answer.json as { error: { type: string } };
  const page = await call(handoff, new URL(error.type).pathname);
  expect(page.status).toBe(200);
  expect(page.text).toContain('<h1>Invalid request</h1>');
});

test.each(SLUGS)('the page about %s says its status, its cause and what to do', async (slug) => {
  const page = await call(handoff, pathOf(slug));
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
  const { status, title, cause, fix } = PROBLEMS[slug];
  for (const part of [`HTTP ${status}`, `<h1>${title}</h1>`, `<code>${slug}</code>`, inHtml(cause), inHtml(fix)]) {
    expect(page.text.includes(part), part).toBe(true);
  }
});

test('the index leads to every page', async () => {
  const page = await call(handoff, pathOf(''));
  const links = [...page.text.matchAll(/<a href="\.\/([a-z-]+)">/g)].map(([, slug]) => slug);
  expect(links).toEqual(SLUGS);
});

// It was answered with 405, whose Allow named the very method.
test.each(['nothing', 'toString', '__proto__', 'Invalid-Request', '%ff', 'invalid-request/'])(
  'there is no page about %s',
  async (name) => {
    expect((await call(handoff, pathOf('') + name)).status).toBe(404);
  },
);

test.each(['/external/errors/', '/external/errors/token-used', '/auth/signed-out', '/healthz', '/readyz'])(
  'HEAD of %s has the headers of GET and no body',
  async (path) => {
    const [get, head] = [
      await sendRaw(handoff.url, requestHead('GET', path, {})),
      await sendRaw(handoff.url, requestHead('HEAD', path, {})),
    ];
    expect([head.status, head.text]).toEqual([get.status, '']);
    const kept = ({ headers }: { headers: Headers }) =>
      [...headers].filter(([name]) => !/^(x-request-id|date|content-length)$/.test(name));
    expect(kept(head)).toEqual(kept(get));
  },
);
