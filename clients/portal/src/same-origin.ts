// Whether a request comes from a page of the portal itself. The cookie of an embedded session goes along with requests that any
// page sends (SameSite=None), so that what changes something has to ask.

import { CrossSiteRequestError } from './errors.ts';
import { type PortalRequest, type ReadRequest, readRequest } from './request.ts';
import { parseUrl } from './settings.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Methods that by their meaning change nothing (RFC 9110, 9.2.1). */
export function changesNothing({ method }: ReadRequest): boolean {
  return READS.has(method);
}

/** Without `portalUrl` the host decides: behind a proxy that ends TLS, the scheme is not known here. */
function isOwnOrigin(origin: string, { header }: ReadRequest, portalUrl: string | undefined): boolean {
  return portalUrl === undefined ? parseUrl(origin)?.host === header('host') : origin === portalUrl;
}

/** Servers send neither header, and no cookie on somebody's behalf; every browser sends one of them with what changes something. */
export function isSameOrigin(request: ReadRequest, portalUrl: string | undefined): boolean {
  const site = request.header('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = request.header('origin');
  return origin === undefined || isOwnOrigin(origin, request, portalUrl);
}

/**
 * For what changes something. The middleware does it by itself for every method but GET, HEAD and OPTIONS.
 * @throws CrossSiteRequestError
 */
export function requireSameOrigin(request: PortalRequest, options: { portalUrl?: string } = {}): void {
  if (!isSameOrigin(readRequest(request), options.portalUrl)) throw new CrossSiteRequestError();
}
