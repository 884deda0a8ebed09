// Referrer-Policy (W3C Referrer Policy, 8.1): of several words the last that a browser knows counts.

const POLICIES = [
  'no-referrer',
  'no-referrer-when-downgrade',
  'same-origin',
  'origin',
  'strict-origin',
  'origin-when-cross-origin',
  'strict-origin-when-cross-origin',
  'unsafe-url',
] as const;

export type ReferrerPolicy = (typeof POLICIES)[number];

/** Of a header or an attribute; undefined where it says nothing that a browser knows. */
export function lastReferrerPolicy(text: string | null | undefined): ReferrerPolicy | undefined {
  const words = (text ?? '').toLowerCase().split(/[\s,]+/);
  return words.toReversed().flatMap((word) => POLICIES.find((policy) => policy === word) ?? [])[0];
}

/** True where another site's server is told nothing. */
export function hidesOrigin(policy: ReferrerPolicy | undefined): boolean {
  return policy === 'no-referrer' || policy === 'same-origin';
}

/** True where another site's server is told the page's whole address. */
export function tellsAddress(policy: ReferrerPolicy | undefined): boolean {
  return policy === 'unsafe-url' || policy === 'no-referrer-when-downgrade';
}
