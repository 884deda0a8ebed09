// The rows of schema.sql as types. Moments are RFC 3339 text, JSON is text; parsing either is the store's work.

export type PartnersTable = {
  partner_id: string;
  name: string;
  created_at: string;
  suspended_at: string | null;
};

export type OrganizationsTable = {
  organization_id: string;
  parent_organization_id: string | null;
  name: string;
  created_at: string;
  suspended_at: string | null;
};

export type IntegrationsTable = {
  partner_id: string;
  organization_id: string;
  embed_origins: string;
  redirect_path_prefixes: string | null;
  return_url: string | null;
  scopes: string;
  created_at: string;
  connected_at: string | null;
  disabled_at: string | null;
};

/** A partner and an organization: an integration, whether it is there or not. */
export type IntegrationKey = Pick<IntegrationsTable, 'partner_id' | 'organization_id'>;

export type CredentialsTable = {
  credential_id: string;
  partner_id: string;
  organization_id: string | null;
  secret_hash: string;
  hint: string;
  created_by: 'operator' | 'partner';
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  last_used_at: string | null;
};

export type UsersTable = {
  user_id: string;
  organization_id: string;
  partner_id: string | null;
  email: string;
  given_name: string;
  family_name: string;
  title: string | null;
  phone: string | null;
  provider_details: string | null;
  created_at: string;
  suspended_at: string | null;
};

export type MembershipsTable = {
  user_id: string;
  organization_id: string;
  access_roles: string;
  created_at: string;
  disabled_at: string | null;
};

export type PartnerUserIdsTable = {
  partner_id: string;
  organization_id: string;
  partner_user_id: string;
  user_id: string;
};

export type SsoTokensTable = {
  jti: string;
  partner_id: string;
  organization_id: string;
  user_id: string;
  request_id: string;
  minted_at: string;
  expires_at: string;
  opened_at: string | null;
  redeemed_at: string | null;
  revoked_at: string | null;
};

export type SessionKind = 'top_level' | 'embed';
export type SessionEndReason = 'signed_out' | 'replaced' | 'revoked' | 'access_withdrawn';

export type SessionsTable = {
  session_id: string;
  secret_hash: string;
  kind: SessionKind;
  jti: string;
  partner_id: string;
  organization_id: string;
  user_id: string;
  created_at: string;
  idle_expires_at: string;
  expires_at: string;
  ended_at: string | null;
  end_reason: SessionEndReason | null;
};

export type IdempotencyKeysTable = {
  partner_id: string;
  organization_id: string;
  idempotency_key: string;
  request_hash: string;
  answer_encrypted: string;
  expires_at: string;
};

export type SigningKeyState = 'next' | 'active' | 'retiring';

export type SigningKeysTable = {
  kid: string;
  state: SigningKeyState;
  algorithm: string;
  public_jwk: string;
  private_key_encrypted: string;
  encryption_key_id: string;
  created_at: string;
  activated_at: string | null;
  retiring_at: string | null;
};

export type AuditActor = 'partner' | 'browser' | 'portal' | 'operator' | 'system';
export type AuditOutcome = 'granted' | 'refused';

export type AuditEventsTable = {
  event_id: string;
  occurred_at: string;
  actor: AuditActor;
  action: string;
  outcome: AuditOutcome;
  problem: string | null;
  target_id: string | null;
  partner_id: string | null;
  organization_id: string | null;
  user_id: string | null;
  session_id: string | null;
  jti: string | null;
  redirect_path: string | null;
  request_id: string | null;
  client_address: string | null;
  user_agent: string | null;
  detail: string | null;
};

export type Tables = {
  partners: PartnersTable;
  organizations: OrganizationsTable;
  integrations: IntegrationsTable;
  credentials: CredentialsTable;
  users: UsersTable;
  memberships: MembershipsTable;
  partner_user_ids: PartnerUserIdsTable;
  sso_tokens: SsoTokensTable;
  sessions: SessionsTable;
  idempotency_keys: IdempotencyKeysTable;
  signing_keys: SigningKeysTable;
  audit_events: AuditEventsTable;
};
