// What comes with a link: its parameters, the token they hold, and what the browser holds already. What becomes of it is in
// open-link.ts.

import type { SessionsTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { invalidRequest } from '../foundation/problem.ts';
import { type AppContext, prove } from '../http/context.ts';
import { findStanding, type Standing } from '../partners/standing-store.ts';
import { listBrowserSessions } from '../sessions/carried-session.ts';
import { requireSamePath } from './redeem.ts';
import { type VerifiedToken, verifySsoToken } from './sso-token.ts';

type Link = { token: string; redirect: string };

/** @throws Problem invalid-request for a parameter that is missing or there twice */
function parseLink(parameters: URLSearchParams): Link {
  const read = (field: keyof Link): string => {
    const [value, ...more] = parameters.getAll(field);
    if (value === undefined || value === '')
      throw invalidRequest([{ field, message: `${field} is required`, code: 'missing' }]);
    if (more.length > 0)
      throw invalidRequest([{ field, message: `${field} arrived more than once`, code: 'repeated' }]);
    return value;
  };
  return { token: read('token'), redirect: read('redirect') };
}

/** Verifies the token and notes what it vouches for, so that every later refusal can name the partner and lead back. */
export async function readToken(
  deps: Deps,
  c: AppContext,
  token: string,
): Promise<{ verified: VerifiedToken; standing: Standing | undefined }> {
  const { keyring, config } = deps;
  const verified = await verifySsoToken(token, { keyring, config, now: deps.clock() });
  const { expires_at: _, ...facts } = verified;
  prove(c, facts);
  const standing = await findStanding(deps.db, verified);
  if (standing)
    c.set('return_to', { partner_name: standing.partner.name, return_url: standing.integration.return_url });
  return { verified, standing };
}

/** What came with a link, and the live sessions that the browser holds already. */
export type Arrival = Link & {
  verified: VerifiedToken;
  standing: Standing | undefined;
  held: SessionsTable[];
};

/** @throws Problem invalid-request, token-invalid or redirect-mismatch */
export async function parseArrival(deps: Deps, c: AppContext, parameters: URLSearchParams): Promise<Arrival> {
  const link = parseLink(parameters);
  const { verified, standing } = await readToken(deps, c, link.token);
  requireSamePath(verified, link.redirect);
  return { ...link, verified, standing, held: await listBrowserSessions(deps, c) };
}

/** This browser's session that came from this very token: the reload and the double click. */
export function ownSession({ held, verified }: Arrival): SessionsTable | undefined {
  return held.find((session) => session.jti === verified.jti);
}

/** A session of somebody else, in a tab or in a frame: two people must not be signed in in one browser. */
export function strangersSession({ held, verified }: Arrival): SessionsTable | undefined {
  return held.find((session) => session.user_id !== verified.user_id);
}

/**
 * A frame's session that is not this user's, in this organization, through this partner. Some browsers (WebKitGTK, once the portal
 * has been open in a tab) keep one jar for the frames of all pages, so that another partner's frame may be what it belongs to.
 */
export function otherFramesSession({ held, verified }: Arrival): SessionsTable | undefined {
  const { user_id, organization_id, partner_id } = verified;
  return held.find(
    (session) =>
      session.kind === 'embed' &&
      (session.user_id !== user_id || session.organization_id !== organization_id || session.partner_id !== partner_id),
  );
}
