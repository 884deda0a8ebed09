// Sample data, made on the sandbox's first start only: a partner, an organization, an integration and three users.

import type { Deps } from '../deps.ts';
import { enableIntegration } from '../partners/integration.ts';
import { getOrganization, createOrganization } from '../partners/organization.ts';
import { createPartner } from '../partners/partner.ts';
import { listPartners } from '../partners/store.ts';
import type { AccessRole } from '../users/roles.ts';
import { createUser, suspendUser } from '../users/user.ts';

export type SampleUser = { user_id: string; name: string; what: string };

export type SampleData = {
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
  users: SampleUser[];
};

const PEOPLE: { given_name: string; family_name: string; access_roles: AccessRole[]; what: string }[] = [
  { given_name: 'Pat', family_name: 'Provider', access_roles: ['provider'], what: 'a provider' },
  { given_name: 'Alex', family_name: 'Admin', access_roles: ['admin'], what: 'an admin' },
  { given_name: 'Sam', family_name: 'Suspended', access_roles: ['provider'], what: 'a provider, suspended' },
];

/** Undefined when the database has partners already: a second start keeps everything and tells no secrets. */
export async function seedSandbox(deps: Deps): Promise<SampleData | undefined> {
  const { db } = deps;
  if ((await listPartners(db, { limit: 1 })).length > 0) return undefined;
  const { partner_id, partner_secret } = await createPartner(db, { name: 'Sample Practice Software' }, deps);
  const { organization_id } = await createOrganization(db, { name: 'Sample Clinic' }, deps);
  const organization = await getOrganization(db, organization_id);
  // A page on this machine may try an iframe; in production each origin is registered by name.
  const options = { embed_origins: ['http://localhost:*', 'http://127.0.0.1:*'] };
  const { organization_secret } = await enableIntegration(db, { partner_id, organization_id, options }, deps);
  const users: SampleUser[] = [];
  for (const { what, ...person } of PEOPLE) {
    const email = `${person.given_name.toLowerCase()}@clinic.example`;
    const { user_id } = await createUser(db, { organization, email, ...person }, deps);
    users.push({ user_id, name: `${person.given_name} ${person.family_name}`, what });
  }
  const suspended = users.at(-1);
  if (suspended) await suspendUser(db, suspended.user_id, deps);
  return { partner_id, partner_secret, organization_id, organization_secret: organization_secret ?? '', users };
}
