// Sample data, made on the sandbox's first start only: a partner, an organization, an integration and three users. Their secrets
// are kept by credentials.ts.

import type { Deps } from '../deps.ts';
import { enableIntegration } from '../partners/integration.ts';
import { getOrganization, createOrganization } from '../partners/organization.ts';
import { createPartner, getPartner } from '../partners/partner.ts';
import { listIntegrations, listPartners } from '../partners/store.ts';
import { type AccessRole, parseAccessRoles } from '../users/roles.ts';
import { listMembers } from '../users/store.ts';
import { createUser, suspendUser } from '../users/user.ts';

export type SampleUser = { user_id: string; name: string; what: string };

export type SampleIds = { partner_id: string; organization_id: string; users: SampleUser[] };

export type SampleData = SampleIds & { partner_secret: string; organization_secret: string };

const PEOPLE: { given_name: string; family_name: string; access_roles: AccessRole[]; suspended?: true }[] = [
  { given_name: 'Pat', family_name: 'Provider', access_roles: ['provider'] },
  { given_name: 'Alex', family_name: 'Admin', access_roles: ['admin'] },
  { given_name: 'Sam', family_name: 'Suspended', access_roles: ['provider'], suspended: true },
];

const PARTNER_NAME = 'Sample Practice Software';
const ORGANIZATION_NAME = 'Sample Clinic';

/**
 * `practice_url`: the origin of the sample practice, which may embed the portal and which error pages lead back to. Undefined
 * when the database has partners already: a second start keeps everything.
 */
export async function seedSandbox(deps: Deps, practice_url: string): Promise<SampleData | undefined> {
  const { db } = deps;
  if ((await listPartners(db, { limit: 1 })).length > 0) return undefined;
  const { partner_id, partner_secret } = await createPartner(db, { name: PARTNER_NAME }, deps);
  const { organization_id } = await createOrganization(db, { name: ORGANIZATION_NAME }, deps);
  const organization = await getOrganization(db, organization_id);
  const options = { embed_origins: [practice_url], return_url: `${practice_url}/` };
  const { organization_secret } = await enableIntegration(db, { partner_id, organization_id, options }, deps);
  const users: SampleUser[] = [];
  for (const { suspended = false, ...person } of PEOPLE) {
    const email = `${person.given_name.toLowerCase()}@clinic.example`;
    const { user_id } = await createUser(db, { organization, email, ...person }, deps);
    if (suspended) await suspendUser(db, user_id, deps);
    users.push(describeUser({ user_id, suspended, ...person }));
  }
  return { partner_id, partner_secret, organization_id, organization_secret: organization_secret ?? '', users };
}

type Person = { user_id: string; suspended: boolean } & Omit<(typeof PEOPLE)[number], 'suspended'>;

function describeUser({ user_id, given_name, family_name, access_roles, suspended }: Person): SampleUser {
  return {
    user_id,
    name: `${given_name} ${family_name}`,
    what: [...access_roles, ...(suspended ? ['suspended'] : [])].join(', '),
  };
}

async function listSampleUsers({ db }: Deps, organization_id: string): Promise<SampleUser[]> {
  const members = await listMembers(db, organization_id, { limit: PEOPLE.length });
  return members.map((member) =>
    describeUser({
      ...member,
      access_roles: parseAccessRoles(member.access_roles),
      suspended: member.suspended_at !== null,
    }),
  );
}

/** The ids of the first integration there is: on a second start, the sample's. */
export async function findSampleIds(deps: Deps): Promise<SampleIds | undefined> {
  const [first] = await listIntegrations(deps.db, {}, { limit: 1 });
  if (first === undefined) return undefined;
  const { partner_id, organization_id } = first;
  return { partner_id, organization_id, users: await listSampleUsers(deps, organization_id) };
}

/** True for what seedSandbox has made: only there may the sandbox change anything by itself. */
export async function isSample({ db }: Deps, { partner_id, organization_id }: SampleIds): Promise<boolean> {
  const [partner, organization] = [await getPartner(db, partner_id), await getOrganization(db, organization_id)];
  return partner.name === PARTNER_NAME && organization.name === ORGANIZATION_NAME;
}
