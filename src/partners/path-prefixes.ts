// Where links may lead: below prefixes that the deployment sets and an integration may narrow.

/** Both are path parts, without query. `/a` covers `/a` and `/a/b`, not `/ab`; an empty prefix covers nothing. */
export function isUnderPrefix(path: string, prefix: string): boolean {
  if (prefix === '') return false;
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}

/** What both the deployment and the integration allow: of two prefixes, one inside the other, the inner one. */
export function allowedPrefixes(
  deployment: readonly string[],
  integration: readonly string[] | null | undefined,
): readonly string[] {
  if (integration === undefined || integration === null) return deployment;
  return deployment.flatMap((outer) =>
    integration.flatMap((prefix) => {
      if (isUnderPrefix(prefix, outer)) return [prefix];
      return isUnderPrefix(outer, prefix) ? [outer] : [];
    }),
  );
}
