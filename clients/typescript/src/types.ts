// The objects of the API by name, as openapi.yaml has them: openapi.ts is generated from it.

import type { components } from './openapi.ts';

type Schemas = components['schemas'];

export type AccessRole = Schemas['AccessRole'];
export type Scope = Schemas['Scope'];
export type ProblemSlug = Schemas['ProblemSlug'];
export type ValidationCode = Schemas['ValidationCode'];

export type AccessToken = Schemas['AccessToken'];
export type SsoToken = Schemas['SsoTokenCreated']['data'];
export type Validated = Schemas['OrganizationValidated']['data'];

export type User = Schemas['User'];
export type UserCreate = Schemas['UserCreate'];
export type UserUpdate = Schemas['UserUpdate'];
export type UserRoles = Schemas['UserRolesReplaced']['data'];
export type UserAccess = Schemas['UserAccessChanged']['data'];
export type UserSession = Schemas['UserSession'];
export type UserSessionsEnded = Schemas['UserSessionsEnded']['data'];

export type Attempt = Schemas['Attempt'];
export type AttemptOutcome = Schemas['AttemptOutcome'];
export type AttemptWithEvents = Schemas['AttemptWithEvents'];

export type Credential = Schemas['Credential'];
export type CredentialList = Schemas['CredentialsListed']['data'];
export type PartnerSecretRotated = Schemas['PartnerSecretRotated']['data'];
export type OrganizationSecretRotated = Schemas['OrganizationSecretRotated']['data'];
export type Integration = Schemas['Integration'];
export type IntegrationUpdate = Schemas['IntegrationUpdate'];

export type Pagination = Schemas['Pagination'];
