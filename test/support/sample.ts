// Sample people and places in a database under test, made by the functions that the command line uses.

import { randomBytes } from 'node:crypto';
import type { Deps } from '../../src/deps.ts';
import { enableIntegration, type IntegrationOptions } from '../../src/partners/integration.ts';
import { createOrganization, getOrganization } from '../../src/partners/organization.ts';
import { createPartner } from '../../src/partners/partner.ts';
import type { AccessRole } from '../../src/users/roles.ts';
import { createUser } from '../../src/users/user.ts';
import { PRACTICE_ORIGIN } from './client.ts';

export type Sample = {
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
  user_id: string;
};

export type SampleOptions = {
  integration?: IntegrationOptions;
  parent_organization_id?: string;
  access_roles?: AccessRole[];
};

/** A user of an organization, with an e-mail address nobody else has. */
export async function createSampleUser(
  deps: Deps,
  organization_id: string,
  access_roles: AccessRole[] = ['provider'],
): Promise<string> {
  const organization = await getOrganization(deps.db, organization_id);
  const email = `${randomBytes(6).toString('hex')}@clinic.example`;
  const user = { organization, email, given_name: 'Pat', family_name: 'Provider', access_roles };
  return (await createUser(deps.db, user, deps)).user_id;
}

/** A partner enabled for a new organization with one user. */
export async function createSample(deps: Deps, options: SampleOptions = {}): Promise<Sample> {
  const { parent_organization_id } = options;
  const { partner_id, partner_secret } = await createPartner(deps.db, { name: 'Sample Practice Software' }, deps);
  const place = { name: 'Sample Clinic', ...(parent_organization_id !== undefined && { parent_organization_id }) };
  const { organization_id } = await createOrganization(deps.db, place, deps);
  const enabled = await enableIntegration(
    deps.db,
    { partner_id, organization_id, options: { embed_origins: [PRACTICE_ORIGIN], ...options.integration } },
    deps,
  );
  if (enabled.organization_secret === null) throw new Error('the integration is not new');
  const user_id = await createSampleUser(deps, organization_id, options.access_roles);
  return { partner_id, partner_secret, organization_id, organization_secret: enabled.organization_secret, user_id };
}
