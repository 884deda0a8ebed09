// What may be shown of what a server sent. An address keeps its origin and the first part of its path: the rest may name a patient,
// and the query of a link is a key.

import { redact } from '../foundation/log.ts';

const CUT = '…';
const LONGEST = 300;
// Handoff's own addresses, of which nothing is secret.
const KNOWN_PATHS = new Set(['/', '/auth/sso', '/auth/session', '/auth/logout']);

/** `https://portal.example/embed/…`, `https://portal.example/auth/sso?…` */
export function maskAddress({ origin, pathname, search }: URL): string {
  const first = /^\/[a-z][a-z-]{0,30}(?=\/|$)/.exec(pathname)?.[0] ?? '/';
  const path = KNOWN_PATHS.has(pathname) || pathname === first ? pathname : `${first}${first === '/' ? '' : '/'}${CUT}`;
  return `${origin}${path}${search === '' ? '' : `?${CUT}`}`;
}

/** A header's value or an attribute's: in one line, not endless, without what a terminal would obey or a token looks like. */
export function plain(text: string): string {
  const line = redact(text)
    .replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}${CUT}` : line;
}

/** A Set-Cookie line without the value. */
export function maskCookie(line: string): string {
  return plain(line.replace(/^([^=;]*)=[^;]*/, `$1=${CUT}`));
}
