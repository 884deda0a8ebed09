// The way of a frame: requests as a browser sends them for an iframe on the partner's page, redirect by redirect, until a page or an
// end. What the answers mean is for checks/.

import { resolveAddress } from './address.ts';
import { type BrowserKind, createJar, type Jar, parseSetCookies, type SetCookie, type Site } from './cookie.ts';
import type { Answer, Failure, Send } from './exchange.ts';
import { lastReferrerPolicy } from './referrer-policy.ts';

const MOST_HOPS = 10;

export type Hop = {
  answer: Answer;
  set_cookies: SetCookie[];
  /** Names of the cookies that the request carried. */
  sent_cookies: string[];
  /** Whether the request told the origin of the page around the frame. */
  told_origin: boolean;
};

export type Ending =
  | { kind: 'page'; answer: Answer }
  | { kind: 'failed'; url: URL; failure: Failure }
  /** To another origin, or to http; not followed, for the token might go along. */
  | { kind: 'left'; to: URL }
  | { kind: 'no-address' }
  | { kind: 'loop' };

export type Walk = { browser: BrowserKind; hops: Hop[]; ending: Ending; jar: Jar };

/** Of one site for certain only where the host is the same: which names belong together is a list that changes. */
function siteOf(page_origin: string, url: URL): Site {
  if (page_origin === url.origin) return 'same-origin';
  const page = new URL(page_origin);
  return page.hostname === url.hostname && page.protocol === url.protocol ? 'same-site' : 'cross-site';
}

/** Says what it is; the rest is what Chrome, Firefox and Safari have in common. */
export const BROWSER_HEADERS = {
  'user-agent': 'Mozilla/5.0 (compatible; Handoff Embed Doctor)',
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'accept-language': 'en',
  // What is compressed could grow without bounds.
  'accept-encoding': 'identity',
  'upgrade-insecure-requests': '1',
  'sec-fetch-mode': 'navigate',
};

type Frame = { browser: BrowserKind; page_origin: string; send: Send };

function headersFor({ page_origin }: Frame, url: URL, { jar, told }: { jar: Jar; told: boolean }) {
  const cookie = jar.header();
  return {
    ...BROWSER_HEADERS,
    'sec-fetch-dest': 'iframe',
    'sec-fetch-site': siteOf(page_origin, url),
    ...(told && { referer: `${page_origin}/` }),
    ...(cookie !== '' && { cookie }),
  };
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Where an answer leads; undefined for one that is a page. */
export function redirectOf({ url, status, headers }: Answer): { to: URL | undefined } | undefined {
  const location = headers.get('location');
  if (!REDIRECTS.has(status) || location === null) return undefined;
  return { to: resolveAddress(location, url) };
}

function endOf(answer: Answer): Ending | { kind: 'on'; to: URL } {
  const redirect = redirectOf(answer);
  if (redirect === undefined) return { kind: 'page', answer };
  if (redirect.to === undefined) return { kind: 'no-address' };
  return redirect.to.origin === answer.url.origin ? { kind: 'on', to: redirect.to } : { kind: 'left', to: redirect.to };
}

/** Opens an address in a new browser's iframe on the page. */
export async function openInFrame(start: URL, frame: Frame): Promise<Walk> {
  const jar = createJar(frame.browser, siteOf(frame.page_origin, start));
  const hops: Hop[] = [];
  const seen = new Set<string>();
  const end = (ending: Ending): Walk => ({ browser: frame.browser, hops, ending, jar });
  let [url, told] = [start, true];
  for (;;) {
    // The same address with the same cookies gets the same answer.
    const visit = `${url.href} ${jar.header()}`;
    if (seen.has(visit) || hops.length >= MOST_HOPS) return end({ kind: 'loop' });
    seen.add(visit);
    const sent_cookies = jar.names();
    const exchange = await frame.send({ url, headers: headersFor(frame, url, { jar, told }) });
    if (!exchange.ok) return end({ kind: 'failed', url, failure: exchange.failure });
    const { answer } = exchange;
    const set_cookies = parseSetCookies(answer.headers);
    jar.keep(set_cookies);
    hops.push({ answer, set_cookies, sent_cookies, told_origin: told });
    const next = endOf(answer);
    if (next.kind !== 'on') return end(next);
    // Fetch, 4.4: a redirect's own policy holds for what comes after it.
    const policy = lastReferrerPolicy(answer.headers.get('referrer-policy'));
    told &&=
      policy !== 'no-referrer' && !(policy === 'same-origin' && siteOf(frame.page_origin, next.to) !== 'same-origin');
    url = next.to;
  }
}
