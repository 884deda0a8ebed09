// Which paths an embedded session may open, by the portal kit's rule: never one that Handoff's own rule refuses.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isEmbedPath } from '../../clients/portal/src/embed-path.ts';
import { judgeRedirectPath } from '../../src/handoff/redirect-path.ts';
import { ELSEWHERE, EMBEDDED, IN_HEADERS_ONLY } from '../portal/original-paths.ts';

const pathOf = (url: string) => url.replace(/[?#].*$/s, '');
const RULES = { portal_origin: 'https://portal.invalid', allowed_prefixes: ['/embed'], own_paths: [] };
const isHandoffs = (path: string) => judgeRedirectPath(path, RULES).ok;

describe('an embedded page is', () => {
  test.each(EMBEDDED)('%s', (url) => {
    expect(isEmbedPath(pathOf(url))).toBe(true);
  });
});

describe('no embedded page is', () => {
  test.each([
    ...ELSEWHERE,
    ...IN_HEADERS_ONLY,
    '/embed//x',
    '/embed/x//',
    '/embed/?',
    '/embed/#',
    `/embed/${'a'.repeat(2_048)}`,
  ])('%s', (url) => {
    expect(isEmbedPath(pathOf(url)) && isEmbedPath(url)).toBe(false);
  });
});

const PIECES =
  'embed Embed %65mbed a . .. / \\ ; % 2 e 5 c %2e %2f %5c %25 %00 %c0%ae %0a %ef%bc%8e %ef%bc%8f ? # ~ " < ^ ` { | [ ] @ : ! $ & ( + , = %C3%A9 %uff0e é \u007f ． %252e %25252e %2525252e %cc%a7'
    .split(' ')
    .concat("'", ' ', '\t');

test('the rule is Handoff’s, but that an empty segment is refused, too', () => {
  const piece = fc.constantFrom(...PIECES);
  const path = fc
    .array(piece, { maxLength: 6 })
    .chain((pieces) => fc.constantFrom('/embed/', '/embed', '/', '').map((start) => start + pieces.join('')));
  fc.assert(
    fc.property(path, (url) => {
      if (/[?#]/.test(url)) return;
      expect(isEmbedPath(url), url).toBe(isHandoffs(url) && !url.includes('//'));
    }),
    { numRuns: 20_000 },
  );
});
