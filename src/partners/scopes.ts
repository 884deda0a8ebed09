// What an access token may be good for (RFC 6749, 3.3). The operator approves scopes for an integration; a token gets those of
// them that it asks for.

export const SCOPES = ['create:user', 'read:user', 'read:users', 'update:user', 'delete:user'] as const;
export type Scope = (typeof SCOPES)[number];

export function isScope(text: string): text is Scope {
  return SCOPES.some((scope) => scope === text);
}

/** The column's form: a JSON array, each scope once, in the order of SCOPES. */
export function formatScopes(scopes: readonly Scope[]): string {
  return JSON.stringify(SCOPES.filter((scope) => scopes.includes(scope)));
}

/** Reads the column; a scope that is none any more is left out. */
export function parseScopes(json: string): Scope[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? SCOPES.filter((scope) => list.includes(scope)) : [];
}
