// The client, put together. Its secrets live in closures only: no inspection of it reaches them.

import { createApi } from './api.ts';
import { type Attempts, createAttempts } from './attempts.ts';
import type { Platform } from './platform.ts';
import { createCredentials, createIntegration, type Credentials, type IntegrationSettings } from './self-service.ts';
import { type HandoffClientOptions, parseSettings } from './settings.ts';
import { createSsoLinks, type SsoLink, type SsoLinkRequest } from './sso-link.ts';
import { pathOf } from './exchange.ts';
import type { CallOptions } from './transport.ts';
import type { Validated } from './types.ts';
import { createUsers, type Users } from './users.ts';

export type HandoffClient = {
  /** A link for one clinician to one page. Ask when she presses the button: it lives for five minutes and works once. */
  readonly createSsoLink: (request: SsoLinkRequest, options?: CallOptions) => Promise<SsoLink>;
  /** Whether the credentials are good; marks the integration as connected. */
  readonly validate: (options?: CallOptions) => Promise<Validated>;
  /** The users of the organization: those this partner created, and those the operator made. */
  readonly users: Users;
  /** Receipts: what became of each request for a link. */
  readonly attempts: Attempts;
  /** Your own secrets. */
  readonly credentials: Credentials;
  readonly integration: IntegrationSettings;
};

/** The client on a given platform, for tests. @throws TypeError naming an option that is missing or wrong */
export function createClientOn(platform: Platform, options: HandoffClientOptions): HandoffClient {
  const api = createApi(parseSettings(options), platform);
  return Object.freeze({
    createSsoLink: createSsoLinks(api),
    validate: async (callOptions?: CallOptions) => {
      const path = pathOf`/v1/organizations/${api.organizationId}/validate`;
      return (await api.asBearer<Validated>({ method: 'GET', path }, callOptions)).data;
    },
    users: Object.freeze(createUsers(api)),
    attempts: Object.freeze(createAttempts(api)),
    credentials: Object.freeze(createCredentials(api)),
    integration: Object.freeze(createIntegration(api)),
  });
}
