// Taking access away: sessions and unspent links end in the transaction that makes the change, so that none outlives the
// decision. Everything that suspends, disables or removes goes through here.

import { type AuditEvent, recordEvent } from '../audit/audit.ts';
import { type Database, type DatabaseTransaction, lockAccess } from '../db/database.ts';
import { timestamp } from '../foundation/clock.ts';
import type { Makers } from '../foundation/ids.ts';
import { type AccessScope, endSessions } from '../sessions/store.ts';
import { revokeUnspentTokens } from './store.ts';

export type Withdrawal = {
  /** Makes the change as of a moment; false when it was made before, and then nothing else happens. */
  change: (tx: DatabaseTransaction, now: string) => Promise<boolean>;
  scope: AccessScope;
  event: AuditEvent;
};

/** Returns false when the change had been made before. */
export async function withdrawAccess(
  db: Database,
  { change, scope, event }: Withdrawal,
  makers: Makers,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await lockAccess(tx, 'exclusive');
    const now = timestamp(makers.clock());
    if (!(await change(tx, now))) return false;
    const tokens_revoked = await revokeUnspentTokens(tx, scope, now);
    // One event for all: a partner may have hundreds of thousands of sessions, and nobody signs on until this is done.
    const sessions_ended = await endSessions(tx, scope, { ended_at: now, end_reason: 'access_withdrawn' });
    await recordEvent(tx, { ...event, detail: { ...event.detail, tokens_revoked, sessions_ended } }, makers);
    return true;
  });
}

/** Gives access back: what ended stays ended, and new sign-ons work again. Returns false when nothing was withdrawn. */
export async function restoreAccess(
  db: Database,
  { change, event }: Pick<Withdrawal, 'change' | 'event'>,
  makers: Makers,
): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    if (!(await change(tx, timestamp(makers.clock())))) return false;
    await recordEvent(tx, event, makers);
    return true;
  });
}
