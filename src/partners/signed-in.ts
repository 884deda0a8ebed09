// A session together with who stands behind it: good only while the user, organization, partner and integration are.

import type { Database } from '../db/database.ts';
import type { SessionsTable } from '../db/tables.ts';
import { Problem } from '../foundation/problem.ts';
import { findLiveSession } from '../sessions/session.ts';
import { getActiveMember, getEnabledStanding, type Member, type Standing } from './standing.ts';

export type SignedIn = { session: SessionsTable; standing: Standing; member: Member };

/** The live session of a token whose user, organization, partner and integration are all active. */
export async function findSignedIn(db: Database, session_token: string, now: number): Promise<SignedIn | undefined> {
  const session = await findLiveSession(db, session_token, now);
  if (session === undefined) return undefined;
  try {
    return { session, standing: await getEnabledStanding(db, session), member: await getActiveMember(db, session) };
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
