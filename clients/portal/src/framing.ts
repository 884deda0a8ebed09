// Who may frame a page, as a Content-Security-Policy (CSP3, 6.4.2).

const ORIGIN = /^https?:\/\/[^\s;,'"*]+$/;

export const NOBODY_FRAMES = "frame-ancestors 'none'";

/** A list with anything in it but origins frames nothing: it is not what Handoff says. */
export function frameAncestors(origins: readonly unknown[]): string {
  const good = origins.every((origin) => typeof origin === 'string' && ORIGIN.test(origin));
  return good && origins.length > 0 ? `frame-ancestors ${origins.join(' ')}` : NOBODY_FRAMES;
}

/** What a proxy passes on in x-auth-content-security-policy; nobody frames the page where there is nothing or something else. */
export function parseFrameAncestors(policy: string | undefined): string {
  const [directive, ...origins] = (policy ?? '').split(' ');
  return directive === 'frame-ancestors' ? frameAncestors(origins) : NOBODY_FRAMES;
}

/**
 * One more policy beside the page's own. A browser enforces each (CSP3, 8.1), so that neither can be weakened by the other: a
 * `frame-ancestors` of the page's own still holds.
 */
export function addPolicy(own: string | undefined, policy: string): string {
  return own === undefined || own.trim() === '' ? policy : `${own}, ${policy}`;
}
