// Minting: an authenticated partner asks for a link for one user and one path. Every step returns or throws a Problem; what
// is granted is on disk, with its audit event, before the token leaves.

import { recordEvent } from '../audit/audit.ts';
import { grant } from '../db/group.ts';
import type { SsoTokensTable } from '../db/tables.ts';
import type { Deps } from '../deps.ts';
import { timestamp } from '../foundation/clock.ts';
import { newId } from '../foundation/ids.ts';
import { getActiveAccess } from '../partners/standing.ts';
import { insertSsoToken } from '../sso-tokens/store.ts';
import { expiresAt, signSsoToken, SSO_TOKEN_LIFETIME_SECONDS, type TokenSubject } from './sso-token.ts';
import type { RequestContext } from '../foundation/request-context.ts';

export type MintedToken = { sso_token: string; redirect_url: string; expires_in: number };

/** RFC 3986 form of the link: both parameters percent-encoded, so that the path's own query survives. */
function redirectUrl(portal_url: string, sso_token: string, redirect_path: string): string {
  return `${portal_url}/auth/sso?token=${sso_token}&redirect=${encodeURIComponent(redirect_path)}`;
}

/**
 * Mints a token good for 300 seconds. `requirePath` judges the path once more by what the integration narrows links to, which may
 * have changed since the caller was authenticated. @throws Problem partner-suspended, organization-suspended, integration-disabled,
 * user-not-found or user-suspended, and what `requirePath` throws
 */
export async function mintSsoToken(
  deps: Deps,
  subject: TokenSubject,
  { request, requirePath }: { request: RequestContext; requirePath: (narrowed: string[] | undefined) => void },
): Promise<MintedToken> {
  const now = deps.clock();
  const jti = newId('sso', deps);
  // Signed first: if signing fails, nothing has been recorded as granted. Nobody sees the token before the commit below.
  const sso_token = await signSsoToken(deps, { jti, subject, now });
  await grant(deps.db, {
    check: async (tx) => {
      const { standing } = await getActiveAccess(tx, subject);
      requirePath(standing.integration.redirect_path_prefixes);
    },
    write: async (tx) => {
      await Promise.all([
        insertSsoToken(tx, tokenRow(subject, { jti, now, request_id: request.request_id })),
        recordEvent(tx, { actor: 'partner', action: 'sso_token.minted', request, jti, ...subject }, deps),
      ]);
    },
  });
  const redirect_url = redirectUrl(deps.config.PORTAL_URL, sso_token, subject.redirect_path);
  return { sso_token, redirect_url, expires_in: SSO_TOKEN_LIFETIME_SECONDS };
}

function tokenRow(
  { partner_id, organization_id, user_id }: TokenSubject,
  { jti, now, request_id }: { jti: string; now: number; request_id: string },
): SsoTokensTable {
  const minted_at = timestamp(now);
  const expires_at = timestamp(expiresAt(now));
  return {
    jti,
    partner_id,
    organization_id,
    user_id,
    request_id,
    minted_at,
    expires_at,
    opened_at: null,
    redeemed_at: null,
    revoked_at: null,
  };
}
