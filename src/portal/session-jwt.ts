// The session JWT: who is signed in, signed, for a portal that checks it without asking (clients/portal does). It lives for a
// minute, because nobody can take it back: so long may a session that was ended still be believed there, and no longer.

import type { Deps } from '../deps.ts';
import type { SignedIn } from '../partners/signed-in.ts';
import { signToken } from '../signing-keys/signed-token.ts';

const LIFETIME_SECONDS = 60;

/** RFC 7519, 4.1; `sid` OpenID Connect Front-Channel Logout 1.0, 3; `client_id` RFC 8693, 4.3; the others are ours. */
export async function signSessionJwt({ keyring, config, clock }: Deps, signed_in: SignedIn): Promise<string> {
  const { session, standing, member } = signed_in;
  const iat = Math.floor(clock() / 1000);
  const session_ends = Math.min(Date.parse(session.idle_expires_at), Date.parse(session.expires_at));
  return signToken(keyring, 'session+jwt', {
    iss: config.API_URL,
    aud: config.PORTAL_URL,
    sub: member.user_id,
    sid: session.session_id,
    org: standing.organization.organization_id,
    client_id: standing.partner.partner_id,
    roles: member.access_roles,
    embed: session.kind === 'embed',
    iat,
    exp: Math.min(iat + LIFETIME_SECONDS, Math.floor(session_ends / 1000)),
  });
}
