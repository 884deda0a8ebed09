// Permissions-Policy (W3C Permissions Policy, 5.2), as far as it concerns what the portal needs in a frame.

/** What handoff-embed asks for with the iframe's `allow`. */
export const FEATURES = ['clipboard-write', 'publickey-credentials-get', 'publickey-credentials-create'] as const;

/** The allowlist of a feature; undefined where the header says nothing of it. Of two the last counts (RFC 9651, 4.2.2). */
function allowlistOf(header: string, feature: string): string[] | undefined {
  const members = [...header.matchAll(/(?:^|,)\s*([a-z0-9-]+)\s*=\s*(\([^)]*\)|"[^"]*"|[^,;]*)/g)];
  const value = members.findLast(([, name]) => name === feature)?.[2];
  return value
    ?.replaceAll(/[()"]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

function isListed(list: readonly string[], { origin, self }: { origin: string; self: string }): boolean {
  return list.some((word) => word === '*' || (word === 'self' ? origin === self : word === origin));
}

/** The features that a page of the origin `self` keeps from `origin`. */
export function featuresWithheld(header: string | null, places: { origin: string; self: string }): string[] {
  return FEATURES.filter((feature) => {
    const list = allowlistOf(header ?? '', feature);
    return list !== undefined && !isListed(list, places);
  });
}
