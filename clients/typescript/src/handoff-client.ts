// A client of Handoff's partner API for a partner's server. What it makes up itself (options, arguments, a link) is camelCase; the
// objects of the API pass through as openapi.yaml has them, in snake_case.

import { createClientOn, type HandoffClient } from './client.ts';
import { refuseBrowsers, systemPlatform } from './platform.ts';
import type { HandoffClientOptions } from './settings.ts';

export type { RepeatableOptions } from './api.ts';
export type { AttemptFilter, Attempts } from './attempts.ts';
export { type ErrorSlug, HandoffConnectionError, HandoffError, type ValidationEntry } from './errors.ts';
export type { HandoffClient } from './client.ts';
export type { Page, PageOptions } from './page.ts';
export type { Credentials, IntegrationSettings, RotateOptions } from './self-service.ts';
export type { HandoffClientOptions } from './settings.ts';
export type { SsoLink, SsoLinkRequest } from './sso-link.ts';
export type { CallOptions } from './transport.ts';
export type * from './types.ts';
export type { UserFilter, Users } from './users.ts';

/**
 * One client for one organization; keep it, for it keeps the access token.
 * @throws TypeError naming an option that is missing or wrong
 * @throws Error in a browser
 */
export function createHandoffClient(options: HandoffClientOptions): HandoffClient {
  refuseBrowsers();
  return createClientOn(systemPlatform, options);
}
