// A session together with who stands behind it: good only while the user, organization, partner and integration are.

import type { Database } from '../db/database.ts';
import type { SessionsTable } from '../db/tables.ts';
import { parseSessionToken } from '../foundation/ids.ts';
import { Problem } from '../foundation/problem.ts';
import { isCarriedBy } from '../sessions/session.ts';
import { type Access, requireAccess } from './standing.ts';
import { findSessionAccess } from './standing-store.ts';

export type SignedIn = Access & { session: SessionsTable };

/** The live session of a token whose user, organization, partner and integration are all active. */
export async function findSignedIn(db: Database, session_token: string, now: number): Promise<SignedIn | undefined> {
  const carried = parseSessionToken(session_token);
  if (carried === undefined) return undefined;
  const found = await findSessionAccess(db, carried.session_id);
  if (found === undefined || !isCarriedBy(found.session, carried, now)) return undefined;
  try {
    return { session: found.session, ...requireAccess(found) };
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

/** The public form of a session, without anything that could be used to act as the user. */
export function describeSession({ session, standing, member }: SignedIn) {
  const { partner_id, name: partner_name } = standing.partner;
  const { organization_id, name: organization_name } = standing.organization;
  const { user_id, email, given_name, family_name, access_roles } = member;
  return {
    session_id: session.session_id,
    embed: session.kind === 'embed',
    user: { user_id, email, given_name, family_name, access_roles },
    organization: { organization_id, name: organization_name },
    partner: { partner_id, name: partner_name },
    embed_origins: standing.integration.embed_origins,
    created_at: session.created_at,
    idle_expires_at: session.idle_expires_at,
    expires_at: session.expires_at,
  };
}
