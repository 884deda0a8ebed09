// Content-Security-Policy as browsers read it (CSP Level 3): policies, and whether a source list allows an address. All policies of a
// page have to allow what it does.

/** A policy's directives; of two of the same name the first counts (CSP3, 2.2.1). */
export type Policy = ReadonlyMap<string, readonly string[]>;

/** Of a header, whose several lines and several policies are one list with commas (CSP3, 2.2.2). */
export function parsePolicies(header: string | null): Policy[] {
  return (header ?? '')
    .split(',')
    .map((serialized) => {
      const policy = new Map<string, readonly string[]>();
      for (const directive of serialized.split(';')) {
        const [name = '', ...values] = directive.trim().split(/\s+/);
        const key = name.toLowerCase();
        if (key !== '' && !policy.has(key)) policy.set(key, values);
      }
      return policy;
    })
    .filter((policy) => policy.size > 0);
}

const HTTP = new Set(['http:', 'https:']);

/** CSP3, 6.7.2.8: what may be loaded by http may be loaded by https. */
function schemeMatches(scheme: string, { protocol }: URL): boolean {
  return scheme === protocol || (scheme === 'http:' && protocol === 'https:');
}

/** CSP3, 6.7.2.9. An IPv6 address is no source in any browser; an IPv4 address is one in all of them, whatever the text says. */
function hostMatches(pattern: string, { hostname }: URL): boolean {
  if (pattern === '*') return true;
  return pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;
}

const STANDARD_PORTS: Record<string, string> = { 'http:': '80', 'https:': '443' };

/** CSP3, 6.7.2.10 */
function portMatches(pattern: string | undefined, { protocol, port }: URL): boolean {
  const actual = port === '' ? STANDARD_PORTS[protocol] : port;
  if (pattern === undefined) return actual === STANDARD_PORTS[protocol];
  return pattern === '*' || pattern === actual || (pattern === '80' && actual === '443');
}

/** CSP3, 6.7.2.11: up to a slash at its end, or exactly. */
function pathMatches(pattern: string, { pathname }: URL): boolean {
  if (pattern === '' || pattern === '/') return true;
  return pattern.endsWith('/') ? pathname.startsWith(pattern) : pathname === pattern;
}

const SCHEME_SOURCE = /^([a-z][a-z0-9+.-]*:)$/i;
const HOST_SOURCE =
  /^(?:([a-z][a-z0-9+.-]*:)\/\/)?(\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\d+|\*))?(\/[^?#]*)?$/i;

/** CSP3, 6.7.2.13: the page's own origin, also where it is reached by https instead of http. */
function selfMatches(url: URL, self: URL): boolean {
  const upgraded = self.protocol === 'http:' && url.protocol === 'https:';
  const standard = url.port === '' && self.port === '';
  return url.origin === self.origin || (upgraded && standard && url.hostname === self.hostname);
}

function hostSourceMatches(expression: string, url: URL, self: URL): boolean {
  const [, scheme, host, port, path = ''] = HOST_SOURCE.exec(expression) ?? [];
  if (host === undefined) return false;
  // Without a scheme it is that of the page (CSP3, 6.7.2.7, step 4).
  if (!schemeMatches(scheme?.toLowerCase() ?? self.protocol, url)) return false;
  return hostMatches(host.toLowerCase(), url) && portMatches(port, url) && pathMatches(path, url);
}

function sourceMatches(expression: string, url: URL, self: URL): boolean {
  if (expression === '*') return HTTP.has(url.protocol);
  if (expression.toLowerCase() === "'self'") return selfMatches(url, self);
  const [, scheme] = SCHEME_SOURCE.exec(expression) ?? [];
  if (scheme !== undefined) return schemeMatches(scheme.toLowerCase(), url);
  return hostSourceMatches(expression, url, self);
}

/** CSP3, 6.7.2.5. `self`: the page whose policy it is. An empty list and 'none' allow nothing. */
export function sourcesAllow(sources: readonly string[], url: URL, self: URL): boolean {
  return sources.some((expression) => sourceMatches(expression, url, self));
}

export type Directive = { name: string; sources: readonly string[] };

/** The first directive of these that a policy has: `frame-src` falls back on `child-src`, and that on `default-src`. */
export function findDirective(policy: Policy, names: readonly string[]): Directive | undefined {
  const name = names.find((candidate) => policy.has(candidate));
  return name === undefined ? undefined : { name, sources: policy.get(name) ?? [] };
}

export type ScriptTag = { url: URL; nonce?: string | undefined; integrity?: string | undefined };

/** CSP3, 6.7.1.1: by nonce, by hash of the whole content, or by address unless `strict-dynamic` says that addresses do not count. */
export function scriptAllowed({ sources }: Directive, script: ScriptTag, self: URL): boolean {
  const { url, nonce = '', integrity = '' } = script;
  if (nonce !== '' && sources.includes(`'nonce-${nonce}'`)) return true;
  const hashes = integrity.split(/\s+/).filter((hash) => hash !== '');
  if (hashes.length > 0 && hashes.every((hash) => sources.includes(`'${hash}'`))) return true;
  const by_address = !sources.some((expression) => expression.toLowerCase() === "'strict-dynamic'");
  return by_address && sourcesAllow(sources, url, self);
}

/** `frame-src https://a.example` */
export function showDirective({ name, sources }: Directive): string {
  return `${name} ${sources.length === 0 ? "'none'" : sources.join(' ')}`;
}
