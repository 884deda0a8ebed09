// Every way in which access is taken away and given back, for the tests of what that does to links and sessions.

import type { Deps } from '../../src/deps.ts';
import type { ProblemSlug } from '../../src/foundation/problem-catalogue.ts';
import { disableIntegration, enableIntegration } from '../../src/partners/integration.ts';
import {
  createOrganization,
  getOrganization,
  resumeOrganization,
  suspendOrganization,
} from '../../src/partners/organization.ts';
import { resumePartner, suspendPartner } from '../../src/partners/partner.ts';
import { getUser, removeMembership, resumeUser, setMembership, suspendUser } from '../../src/users/user.ts';
import { createSample, type Sample } from './sample.ts';

/** A sample whose organization is part of another one. */
export type Place = Sample & { parent_organization_id: string };

export async function createPlace(deps: Deps): Promise<Place> {
  const { organization_id } = await createOrganization(deps.db, { name: 'Sample Group' }, deps);
  return {
    ...(await createSample(deps, { parent_organization_id: organization_id })),
    parent_organization_id: organization_id,
  };
}

export type Withdrawal = {
  /** As a sentence's beginning. */
  what: string;
  /** What whoever tries to sign on is told meanwhile. */
  problem: ProblemSlug;
  withdraw: (deps: Deps, place: Place) => Promise<unknown>;
  restore: (deps: Deps, place: Place) => Promise<unknown>;
};

async function joinAgain(deps: Deps, { user_id, organization_id }: Place): Promise<void> {
  const [user, organization] = [await getUser(deps.db, user_id), await getOrganization(deps.db, organization_id)];
  await setMembership(deps.db, { user, organization, access_roles: ['provider'] }, deps);
}

const pair = ({ partner_id, organization_id }: Place) => ({ partner_id, organization_id });

export const WITHDRAWALS: readonly Withdrawal[] = [
  {
    what: 'the user is suspended',
    problem: 'user-suspended',
    withdraw: (deps, { user_id }) => suspendUser(deps.db, user_id, deps),
    restore: (deps, { user_id }) => resumeUser(deps.db, user_id, deps),
  },
  {
    what: 'the membership is removed',
    problem: 'user-not-found',
    withdraw: (deps, { user_id, organization_id }) => removeMembership(deps.db, { user_id, organization_id }, deps),
    restore: joinAgain,
  },
  {
    what: 'the partner is suspended',
    problem: 'partner-suspended',
    withdraw: (deps, { partner_id }) => suspendPartner(deps.db, partner_id, deps),
    restore: (deps, { partner_id }) => resumePartner(deps.db, partner_id, deps),
  },
  {
    what: 'the organization is suspended',
    problem: 'organization-suspended',
    withdraw: (deps, { organization_id }) => suspendOrganization(deps.db, organization_id, deps),
    restore: (deps, { organization_id }) => resumeOrganization(deps.db, organization_id, deps),
  },
  {
    what: 'the organization above is suspended',
    problem: 'organization-suspended',
    withdraw: (deps, { parent_organization_id }) => suspendOrganization(deps.db, parent_organization_id, deps),
    restore: (deps, { parent_organization_id }) => resumeOrganization(deps.db, parent_organization_id, deps),
  },
  {
    what: 'the integration is disabled',
    problem: 'integration-disabled',
    withdraw: (deps, place) => disableIntegration(deps.db, pair(place), deps),
    restore: (deps, place) => enableIntegration(deps.db, { ...pair(place), options: {} }, deps),
  },
];
