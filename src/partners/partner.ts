// Partners: the vendors whose software hands clinicians over. Their secrets are in credential.ts, what they are enabled for
// in integration.ts.

import { recordEvent } from '../audit/audit.ts';
import type { Database } from '../db/database.ts';
import { isUniqueViolation } from '../db/errors.ts';
import type { PartnersTable } from '../db/tables.ts';
import { timestamp } from '../foundation/clock.ts';
import { CHOSEN_ID_RULE, isChosenId, type Makers, newId } from '../foundation/ids.ts';
import { OperatorError } from '../foundation/operator-error.ts';
import { restoreAccess, withdrawAccess } from '../sso-tokens/withdraw.ts';
import { issueCredential } from './credential.ts';
import { findPartner, insertPartner, updatePartnerSuspension } from './store.ts';

/** @throws OperatorError when the chosen id is taken or not of the form */
export async function createPartner(
  db: Database,
  partner: { name: string; id?: string },
  makers: Makers,
): Promise<{ partner_id: string; partner_secret: string }> {
  if (partner.id !== undefined && !isChosenId(partner.id)) throw new OperatorError(CHOSEN_ID_RULE);
  const partner_id = partner.id ?? newId('ptr', makers);
  const row: PartnersTable = {
    partner_id,
    name: partner.name.trim(),
    created_at: timestamp(makers.clock()),
    suspended_at: null,
  };
  try {
    return await db.transaction().execute(async (tx) => {
      await insertPartner(tx, row);
      await recordEvent(
        tx,
        { actor: 'operator', action: 'partner.created', target_id: partner_id, partner_id },
        makers,
      );
      const { secret } = await issueCredential(tx, { partner_id, organization_id: null }, makers);
      return { partner_id, partner_secret: secret };
    });
  } catch (error) {
    if (isUniqueViolation(error)) throw new OperatorError(`a partner ${partner_id} already exists`);
    throw error;
  }
}

/** @throws OperatorError when there is no such partner */
export async function getPartner(db: Database, partner_id: string): Promise<PartnersTable> {
  const partner = await findPartner(db, partner_id);
  if (partner === undefined) throw new OperatorError(`there is no partner ${partner_id}`);
  return partner;
}

/** Suspends a partner and ends the sessions and unspent tokens it brought about; false when suspended already. */
export async function suspendPartner(db: Database, partner_id: string, makers: Makers): Promise<boolean> {
  await getPartner(db, partner_id);
  return withdrawAccess(
    db,
    {
      change: (tx, now) => updatePartnerSuspension(tx, partner_id, now),
      scope: { partner_id },
      event: { actor: 'operator', action: 'partner.suspended', target_id: partner_id, partner_id },
    },
    makers,
  );
}

/** False when not suspended. */
export async function resumePartner(db: Database, partner_id: string, makers: Makers): Promise<boolean> {
  await getPartner(db, partner_id);
  const event = { actor: 'operator', action: 'partner.resumed', target_id: partner_id, partner_id } as const;
  return restoreAccess(db, { change: (tx) => updatePartnerSuspension(tx, partner_id, null), event }, makers);
}
