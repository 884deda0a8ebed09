// Cookies as a browser reads them from Set-Cookie (RFC 6265bis, 5), and what two kinds of browsers keep of them in a frame on another
// site's page.

import { maskCookie } from './mask.ts';

export type SetCookie = {
  line: string;
  name: string;
  value: string;
  /** By their lower-case names; of two alike the last, as browsers have it. */
  attributes: Map<string, string>;
};

/** Undefined for a line that a browser ignores (RFC 6265bis, 5.6). */
function parseSetCookie(line: string): SetCookie | undefined {
  const [pair = '', ...rest] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, Math.max(equals, 0)).trim();
  if (name === '') return undefined;
  const attributes = rest.map((part): [string, string] => {
    const [key = '', ...value] = part.split('=');
    return [key.trim().toLowerCase(), value.join('=').trim()];
  });
  return { line, name, value: pair.slice(equals + 1).trim(), attributes: new Map(attributes) };
}

export function parseSetCookies(headers: Headers): SetCookie[] {
  return headers.getSetCookie().flatMap((line) => parseSetCookie(line) ?? []);
}

/** How Handoff sends the cookies of a frame (src/sessions/cookies.ts), and what goes wrong without. */
const EXPECTED: [(cookie: SetCookie) => boolean, string][] = [
  [({ name }) => name.startsWith('__Host-'), 'its name has lost the prefix __Host-'],
  [({ attributes }) => attributes.has('secure'), 'Secure is missing'],
  [({ attributes }) => attributes.has('httponly'), 'HttpOnly is missing'],
  [({ attributes }) => attributes.get('samesite')?.toLowerCase() === 'none', 'SameSite is not None'],
  [({ attributes }) => attributes.has('partitioned'), 'Partitioned is missing'],
  [({ attributes }) => attributes.get('path') === '/', 'Path is not /'],
  [({ attributes }) => !attributes.has('domain'), 'Domain has been added'],
];

/** What is not as Handoff sent it, in words. */
export function cookieFaults(cookie: SetCookie): string[] {
  return EXPECTED.flatMap(([holds, words]) => (holds(cookie) ? [] : [words]));
}

/** The line without the value, for a person. */
export function showCookie({ line }: SetCookie): string {
  return maskCookie(line);
}

function keepsPrefix({ name, attributes }: SetCookie): boolean {
  if (!name.startsWith('__Host-')) return true;
  return attributes.has('secure') && attributes.get('path') === '/' && !attributes.has('domain');
}

function isOver({ attributes }: SetCookie): boolean {
  const [age, expires] = [attributes.get('max-age'), attributes.get('expires')];
  if (age !== undefined) return Number(age) <= 0;
  return expires !== undefined && Date.parse(expires) <= 0;
}

/** What is played: the two ways in which today's browsers treat another site's frame. */
export type BrowserKind = 'without-cookies' | 'partitioned-cookies';

/** Whether the page around the frame and the portal are one site to a browser. */
export type Site = 'same-origin' | 'same-site' | 'cross-site';

export type Jar = {
  keep(cookies: readonly SetCookie[]): void;
  /** For the Cookie header; empty without cookies. */
  header(): string;
  /** Their names, without their values. */
  names(): string[];
};

/** A new browser's jar for one frame. */
export function createJar(kind: BrowserKind, site: Site): Jar {
  const cookies = new Map<string, string>();
  const isKept = (cookie: SetCookie): boolean => {
    if (kind === 'without-cookies' || !keepsPrefix(cookie)) return false;
    if (site !== 'cross-site') return true;
    const { attributes } = cookie;
    // CHIPS: Partitioned needs Secure, and SameSite=None to be sent from a frame at all.
    return (
      attributes.has('secure') && attributes.has('partitioned') && /^none$/i.test(attributes.get('samesite') ?? '')
    );
  };
  return {
    keep(set) {
      for (const cookie of set) {
        if (isOver(cookie)) cookies.delete(cookie.name);
        else if (isKept(cookie)) cookies.set(cookie.name, cookie.value);
      }
    },
    header: () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    names: () => [...cookies.keys()],
  };
}
