// The caller of a partner API operation: a partner's server, known by the four headers of its partner and organization. The
// other way to authenticate, an access token, is in access-tokens/.

import type { MiddlewareHandler } from 'hono';
import type { Author } from '../audit/audit.ts';
import type { Deps } from '../deps.ts';
import type { Makers } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import { type AppContext, type AppEnv, type Caller, header, prove, requireSingleHeaders } from '../http/context.ts';
import { isFromScript } from '../http/fetch-metadata.ts';
import { authenticatePair } from './authentication.ts';
import { getEnabledStanding } from './standing.ts';
import { parsePathPrefixes } from './standing-store.ts';

/** In the documented order, which a refusal lists them in. */
export const PARTNER_HEADERS = [
  'x-partner-id',
  'x-partner-secret',
  'x-organization-id',
  'x-organization-secret',
] as const;

/** Nothing that takes a secret talks to a web page. @throws Problem browser-request-refused */
export function refuseBrowsers(c: AppContext): void {
  if (!isFromScript(c)) return;
  throw new Problem(
    'browser-request-refused',
    'This request came from a web page. Secrets do not belong in a browser: call this operation from your server',
    { received: 'a request with the headers that a browser adds for a script (Origin or Sec-Fetch-Mode: cors)' },
  );
}

/** With what the integration narrows links to. */
export type PartnerCaller = Caller & { redirect_path_prefixes: string[] | undefined };

function text(c: AppContext, name: string): string {
  return header(c, name) ?? '';
}

/** @throws Problem invalid-request that lists what is missing */
function requireHeaders(c: AppContext, names: readonly string[]): void {
  const missing = names.filter((name) => text(c, name) === '');
  if (missing.length === 0) return;
  const given = names.filter((name) => !missing.includes(name));
  throw new Problem('invalid-request', `Missing required headers: ${missing.join(', ')}`, {
    received: given.length === 0 ? 'none of them' : given.join(', '),
  });
}

/**
 * Authenticates partner and organization by their headers, which stand first among the required ones; notes each as soon as it is
 * proved. @throws Problem invalid-request, browser-request-refused or authentication-required
 */
export async function getCaller(
  { db, clock }: Deps,
  c: AppContext,
  requiredHeaders: (c: AppContext) => readonly string[] = () => PARTNER_HEADERS,
): Promise<PartnerCaller> {
  requireSingleHeaders(c);
  refuseBrowsers(c);
  requireHeaders(c, requiredHeaders(c));
  const [partner_id, organization_id] = [text(c, 'x-partner-id'), text(c, 'x-organization-id')];
  const secrets = {
    partner_secret: text(c, 'x-partner-secret'),
    organization_secret: text(c, 'x-organization-secret'),
  };
  const at = { db, now: clock() };
  const { partner, organization } = await authenticatePair(at, { partner_id, organization_id, ...secrets }, () =>
    prove(c, { partner_id }),
  );
  prove(c, { organization_id });
  return {
    partner_id,
    organization_id,
    credential_ids: [partner.credential_id, organization.credential_id],
    redirect_path_prefixes: parsePathPrefixes(organization.redirect_path_prefixes),
  };
}

/** The same as a middleware. */
export function authenticateCaller(deps: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set('caller', await getCaller(deps, c));
    await next();
  };
}

/** What a change made by the caller takes: time, randomness, and whom the audit event names. */
export function authored({ clock, random }: Deps, c: AppContext): Makers & { by: Author } {
  return { clock, random, by: byPartner(c) };
}

/** The caller as the author of an audit event. */
export function byPartner(c: AppContext): Author {
  return { actor: 'partner', request: c.get('request') };
}

/** For operations that look at the caller's standing nowhere else. @throws Problem partner-suspended and the like */
export function requireEnabledCaller({ db }: Deps): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await getEnabledStanding(db, c.get('caller'));
    await next();
  };
}
