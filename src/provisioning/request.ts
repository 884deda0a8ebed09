// What a request to the users API speaks of, and by whom.

import type { Deps } from '../deps.ts';
import type { AppContext } from '../http/context.ts';
import type { Authored } from './change-user.ts';
import type { MemberKey } from './member.ts';

export function memberKey(c: AppContext): MemberKey {
  const { partner_id, organization_id } = c.get('caller');
  return { partner_id, organization_id, user_id: c.req.param('user_id') ?? '' };
}

export function authorOf({ clock, random }: Deps, c: AppContext): Authored {
  return { clock, random, by: { actor: 'partner', request: c.get('request') } };
}
