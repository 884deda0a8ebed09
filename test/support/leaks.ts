// What must never be in any output: signed tokens, server secrets, session tokens, patient ids in paths, query strings.

/** Independent of the patterns that the log redacts by, so that a hole there is seen here. */
const FORBIDDEN: [string, RegExp][] = [
  ['a signed token', /eyJ[\w-]{10,}/g],
  ['a secret', /\bh[po]s_[0-9A-Za-z]{20,}/g],
  ['a session token', /ses_[0-9a-f]{32}\.[\w-]{20,}/g],
  ['a patient id', /1234-5678-3456-2345/g],
  ['a query string', /[?&](?:token|redirect)=[\w%.-]{4,}/g],
];

/** Each leak as what it is and its first characters; never the whole, which would put it out once more. */
export function findLeaks(text: string): string[] {
  return FORBIDDEN.flatMap(([what, pattern]) =>
    [...text.matchAll(pattern)].map(([leak]) => `${what}, ${leak.slice(0, 8)}…`),
  );
}
