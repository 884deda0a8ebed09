// The user that a request to the users API speaks of.

import { isChosenId } from '../foundation/ids.ts';
import type { AppContext } from '../http/context.ts';
import { type MemberKey, noSuchUser } from './member.ts';

/** @throws Problem user-not-found for what cannot be an id: PostgreSQL would not even look for a U+0000 */
export function memberKey(c: AppContext): MemberKey {
  const { partner_id, organization_id } = c.get('caller');
  const user_id = c.req.param('user_id') ?? '';
  if (!isChosenId(user_id)) throw noSuchUser();
  return { partner_id, organization_id, user_id };
}
