// The cookies as they arrive: something on the way may have changed them, or keeps them from coming back.

import { cookieFaults, type SetCookie, showCookie } from '../cookie.ts';
import { type Outcome, probeCookieOf, secondArrival, sessionCookieOf } from '../entry.ts';
import type { Exchange, Send } from '../exchange.ts';
import { fault, type Finding, notChecked, ok } from '../report.ts';
import { BROWSER_HEADERS, type Walk } from '../walk.ts';

const LEAVE_COOKIES =
  'Something on the way changes Set-Cookie. Take /auth/ out of it. nginx: proxy_cookie_path, proxy_cookie_domain, proxy_cookie_flags, more_set_headers; Apache: “Header edit Set-Cookie”, ProxyPassReverseCookie…; HAProxy: http-response replace-header; a CDN’s cookie rules.';

function intactFinding(cookie: SetCookie): Finding {
  const faults = cookieFaults(cookie);
  if (faults.length === 0) return ok(showCookie(cookie));
  const evidence = [...faults.map((words) => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`), showCookie(cookie)];
  return fault({ evidence, by: 'portal-engineer', mend: LEAVE_COOKIES });
}

/** Handoff sets it when it sends the browser to the same link again, and at no other time. */
export function checkProbeCookie(walk: Walk): Finding {
  const cookie = probeCookieOf(walk);
  if (cookie !== undefined) return intactFinding(cookie);
  if (secondArrival(walk) === undefined) return notChecked('The browser was not tried out.');
  return fault({
    evidence: ['The redirect that tries the browser out came without its Set-Cookie.'],
    by: 'portal-engineer',
    mend: LEAVE_COOKIES,
  });
}

export function checkSessionCookie(walk: Walk): Finding {
  const cookie = sessionCookieOf(walk);
  return cookie === undefined ? notChecked('Nobody was signed in by a cookie.') : intactFinding(cookie);
}

/** `walk`: of a browser that keeps partitioned cookies. */
export function checkCookieReturns(walk: Walk, outcome: Outcome): Finding {
  const arrival = secondArrival(walk);
  if (arrival === undefined) return notChecked('The browser was not tried out.');
  const sent = arrival.sent_cookies.some((name) => name.includes('handoff-probe'));
  if (!sent) return notChecked('No browser keeps the cookie as it arrives: see the check before.');
  if (outcome.kind !== 'bearer' && outcome.kind !== 'tab') return ok();
  return fault({
    evidence: ['The browser brought the cookie back, and Handoff did not get it.'],
    by: 'portal-engineer',
    mend: 'Let the request header Cookie through to Handoff, at least for /auth/. Caches and CDNs often take it out.',
  });
}

function readSession({ ok: answered, ...exchange }: Exchange): { status: number | undefined; data: unknown } {
  if (!answered || !('answer' in exchange)) return { status: undefined, data: undefined };
  const { status, body } = exchange.answer;
  try {
    const parsed: unknown = JSON.parse(body);
    return {
      status,
      data: typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : undefined,
    };
  } catch {
    return { status, data: undefined };
  }
}

function embedOrigins(data: unknown): string[] | undefined {
  if (typeof data !== 'object' || data === null || !('embed_origins' in data)) return undefined;
  const origins: unknown = data.embed_origins;
  return Array.isArray(origins) ? origins.filter((origin) => typeof origin === 'string') : undefined;
}

/** What a script of the portal's page sends to its own origin. */
function scriptHeaders({ jar }: Walk): Record<string, string> {
  const { 'upgrade-insecure-requests': _, ...headers } = BROWSER_HEADERS;
  return {
    ...headers,
    accept: 'application/json',
    cookie: jar.header(),
    'sec-fetch-site': 'same-origin',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
  };
}

/** Asks as the page in the frame does who is signed in. `url`: of anything on the portal's origin. */
export async function checkSession(
  walk: Walk,
  url: URL,
  { send, page_origin }: { send: Send; page_origin: string },
): Promise<Finding> {
  if (sessionCookieOf(walk) === undefined) return notChecked('Nobody was signed in by a cookie.');
  if (walk.jar.names().length === 0) return notChecked('No browser keeps the cookie as it arrives.');
  const exchange = await send({ url: new URL('/auth/session', url), headers: scriptHeaders(walk) });
  const { status, data } = readSession(exchange);
  const origins = embedOrigins(data);
  if (status === 200 && origins !== undefined) {
    if (origins.includes(page_origin) || page_origin === url.origin) return ok();
    return fault({
      evidence: [`The session may be shown by other pages than ${page_origin}.`],
      by: 'partner',
      mend: `Register ${page_origin} with PATCH /v1/integration (embed_origins).`,
    });
  }
  const evidence =
    status === 401
      ? 'With the cookie that it has just set, /auth/session answers 401: nobody is signed in.'
      : `/auth/session answers ${status ?? 'nothing'}, and not as Handoff does.`;
  return fault({
    evidence: [evidence],
    by: 'portal-engineer',
    mend: 'Send everything below /auth/ to Handoff, with the request header Cookie and no cache in between.',
  });
}

/** Ends the session that was begun for the examination. False where that did not work, null where there is none. */
export async function endSession(walk: Walk, url: URL, send: Send): Promise<boolean | null> {
  if (sessionCookieOf(walk) === undefined) return null;
  const headers = { ...scriptHeaders(walk), origin: url.origin, 'content-length': '0' };
  const exchange = await send({ url: new URL('/auth/logout', url), method: 'POST', headers });
  return exchange.ok && exchange.answer.status === 204;
}
