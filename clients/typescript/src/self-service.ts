// What a partner sees to itself: its secrets, and where the portal may be shown.

import type { Api, RepeatableOptions } from './api.ts';
import { conceal } from './concealed.ts';
import { pathOf } from './exchange.ts';
import type { CallOptions } from './transport.ts';
import type {
  CredentialList,
  Integration,
  IntegrationUpdate,
  OrganizationSecretRotated,
  PartnerSecretRotated,
} from './types.ts';

export type RotateOptions = RepeatableOptions & {
  /** How long the previous secret stays good, 0 to 720. Default 24. */
  overlapHours?: number;
};

/** A client goes on with the secret it was made with: create another one with the new secret before the overlap is over. */
export type Credentials = {
  /** What there is, by its last four characters. */
  list: (options?: CallOptions) => Promise<CredentialList>;
  /** Keep what you get: the secret is shown this once. */
  rotatePartnerSecret: (options?: RotateOptions) => Promise<PartnerSecretRotated>;
  /** Keep what you get: the secret is shown this once. */
  rotateOrganizationSecret: (options?: RotateOptions) => Promise<OrganizationSecretRotated>;
  /** Ends a secret at once. Error `credential-in-use` for one that this client has. */
  revoke: (credentialId: string, options?: CallOptions) => Promise<void>;
};

export function createCredentials({ asPartner, idempotencyHeader }: Api): Credentials {
  async function rotate<Data>(kind: 'partner' | 'organization', options: RotateOptions = {}): Promise<Data> {
    const body = options.overlapHours === undefined ? undefined : { overlap_hours: options.overlapHours };
    const headers = idempotencyHeader(options);
    const path = `/v1/credentials/${kind}/rotate`;
    return (await asPartner<Data>({ method: 'POST', path, headers, body }, options)).data;
  }

  return {
    list: async (options) =>
      (await asPartner<CredentialList>({ method: 'GET', path: '/v1/credentials' }, options)).data,
    rotatePartnerSecret: async (options) =>
      conceal(await rotate<PartnerSecretRotated>('partner', options), { partner_secret: '[concealed]' }),
    rotateOrganizationSecret: async (options) =>
      conceal(await rotate<OrganizationSecretRotated>('organization', options), { organization_secret: '[concealed]' }),
    revoke: async (credentialId, options) => {
      await asPartner({ method: 'DELETE', path: pathOf`/v1/credentials/${credentialId}`, absentIsDone: true }, options);
    },
  };
}

export type IntegrationSettings = {
  /** The clinic, the scopes, where links may lead, where the portal may be shown in an iframe. */
  get: (options?: CallOptions) => Promise<Integration>;
  update: (changes: IntegrationUpdate, options?: CallOptions) => Promise<Integration>;
};

export function createIntegration({ asPartner }: Api): IntegrationSettings {
  const path = '/v1/integration';
  return {
    get: async (options) => (await asPartner<Integration>({ method: 'GET', path }, options)).data,
    update: async (changes, options) =>
      (await asPartner<Integration>({ method: 'PATCH', path, body: changes }, options)).data,
  };
}
