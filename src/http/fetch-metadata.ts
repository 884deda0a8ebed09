// What the browser says of a request's origin and purpose (W3C Fetch Metadata). Every header may be missing: servers and old
// browsers send none, and then nothing is concluded from it.

import { Problem } from '../foundation/problem.ts';
import { type AppContext, header } from './context.ts';

/**
 * Node's own fetch sends `Sec-Fetch-Mode: cors` although it is no browser, and nothing else of the family, which every
 * browser sends together. It is known by `Accept-Language: *` or its name.
 */
function isNodeFetch(c: AppContext): boolean {
  const alone = header(c, 'sec-fetch-site') === undefined && header(c, 'sec-fetch-dest') === undefined;
  return alone && (header(c, 'accept-language') === '*' || /^(node|undici)$/.test(header(c, 'user-agent') ?? ''));
}

function modeOf(c: AppContext): string | undefined {
  return isNodeFetch(c) ? undefined : header(c, 'sec-fetch-mode');
}

/** True for what only a script on a web page sends. */
export function isFromScript(c: AppContext): boolean {
  return header(c, 'origin') !== undefined || modeOf(c) === 'cors';
}

/** True for what a browser sends, of its own accord or for a script of the portal's: servers leave Sec-Fetch-Site out. */
export function isFromBrowser(c: AppContext): boolean {
  return header(c, 'sec-fetch-site') !== undefined || header(c, 'origin') !== undefined;
}

/** True for a prefetch, prerender or preview, in any of the spellings in use. */
function isSpeculative(c: AppContext): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) =>
    /\b(prefetch|prerender|preview)\b/i.test(header(c, name) ?? ''),
  );
}

/** True unless the browser says that this is not a person's navigation to a document or an iframe. */
export function isNavigation(c: AppContext): boolean {
  const destination = header(c, 'sec-fetch-dest') ?? 'document';
  const mode = modeOf(c) ?? 'navigate';
  return (destination === 'document' || destination === 'iframe') && mode === 'navigate' && !isSpeculative(c);
}

/** True when the browser says that another site's page brought this navigation about without a person's click. */
export function isUnprompted(c: AppContext): boolean {
  return header(c, 'sec-fetch-site') === 'cross-site' && header(c, 'sec-fetch-user') !== '?1';
}

/** `tab`, `frame`, or `unknown` when the browser does not say where it will show the answer. */
export function placementOf(c: AppContext): 'tab' | 'frame' | 'unknown' {
  switch (header(c, 'sec-fetch-dest') ?? '') {
    case 'document':
      return 'tab';
    case 'iframe':
      return 'frame';
    default:
      return 'unknown';
  }
}

/**
 * The origin of the page that a frame is in, from its Referer: browsers send the origin at least, unless that page forbids it.
 * Undefined when there is none, or it is not that of a web page (RFC 9110, 10.1.3).
 */
export function embeddingOrigin(c: AppContext): string | undefined {
  const referrer = header(c, 'referer') ?? '';
  if (!URL.canParse(referrer)) return undefined;
  const { protocol, origin } = new URL(referrer);
  return protocol === 'https:' || protocol === 'http:' ? origin : undefined;
}

/** @throws Problem cross-site-request unless the request comes from a page of the portal, or from no page at all */
export function requireSameOrigin(c: AppContext, portal_url: string): void {
  const site = header(c, 'sec-fetch-site');
  const origin = header(c, 'origin');
  const same =
    site === undefined ? origin === undefined || origin === portal_url : site === 'same-origin' || site === 'none';
  if (!same) throw new Problem('cross-site-request', 'This request came from a page of another site');
}

/**
 * The same for a form on a page of ours. Those pages have `Referrer-Policy: no-referrer`, for which browsers send
 * `Origin: null` even to the page's own origin (Fetch, "append a request `Origin` header"); only Sec-Fetch-Site tells.
 * @throws Problem cross-site-request
 */
export function requireOwnForm(c: AppContext, portal_url: string): void {
  const site = header(c, 'sec-fetch-site') ?? 'same-origin';
  const origin = header(c, 'origin') ?? 'null';
  if (site !== 'same-origin' || (origin !== 'null' && origin !== portal_url))
    throw new Problem('cross-site-request', 'This form was sent by a page of another site');
}
