-- The first schema; ../../../schema.sql says what each table is for.

CREATE TABLE partners (
  partner_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  suspended_at TEXT
);

CREATE TABLE organizations (
  organization_id TEXT NOT NULL PRIMARY KEY,
  parent_organization_id TEXT REFERENCES organizations (organization_id),
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  suspended_at TEXT,
  CHECK (parent_organization_id <> organization_id)
);
CREATE INDEX organizations_by_parent ON organizations (parent_organization_id);

CREATE TABLE integrations (
  partner_id TEXT NOT NULL REFERENCES partners (partner_id),
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  embed_origins TEXT NOT NULL,
  redirect_path_prefixes TEXT,
  return_url TEXT,
  scopes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  connected_at TEXT,
  disabled_at TEXT,
  PRIMARY KEY (partner_id, organization_id)
);
CREATE INDEX integrations_by_organization ON integrations (organization_id);

CREATE TABLE credentials (
  credential_id TEXT NOT NULL PRIMARY KEY,
  partner_id TEXT NOT NULL REFERENCES partners (partner_id),
  organization_id TEXT,
  secret_hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_by TEXT NOT NULL CHECK (created_by IN ('operator', 'partner')),
  created_at TEXT NOT NULL,
  expires_at TEXT,
  revoked_at TEXT,
  last_used_at TEXT,
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id)
);
CREATE UNIQUE INDEX credentials_by_secret ON credentials (secret_hash);
CREATE INDEX credentials_by_owner ON credentials (partner_id, organization_id);

CREATE TABLE users (
  user_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  partner_id TEXT REFERENCES partners (partner_id),
  email TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  title TEXT,
  phone TEXT,
  provider_details TEXT,
  created_at TEXT NOT NULL,
  suspended_at TEXT
);
CREATE UNIQUE INDEX users_by_email ON users (organization_id, email);

CREATE TABLE memberships (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  access_roles TEXT NOT NULL,
  created_at TEXT NOT NULL,
  disabled_at TEXT,
  PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX memberships_by_organization ON memberships (organization_id, user_id);

CREATE TABLE partner_user_ids (
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  partner_user_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  PRIMARY KEY (partner_id, organization_id, partner_user_id),
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id),
  FOREIGN KEY (user_id, organization_id) REFERENCES memberships (user_id, organization_id)
);
CREATE UNIQUE INDEX partner_user_ids_by_user ON partner_user_ids (user_id, organization_id, partner_id);

CREATE TABLE sso_tokens (
  jti TEXT NOT NULL PRIMARY KEY,
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  minted_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  opened_at TEXT,
  redeemed_at TEXT,
  revoked_at TEXT,
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id),
  CHECK (redeemed_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX sso_tokens_by_expiry ON sso_tokens (expires_at);

CREATE TABLE sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('top_level', 'embed')),
  jti TEXT NOT NULL,
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  idle_expires_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  ended_at TEXT,
  end_reason TEXT CHECK (end_reason IN ('signed_out', 'replaced', 'revoked', 'access_withdrawn')),
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id),
  CHECK ((ended_at IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX sessions_by_jti ON sessions (jti);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE idempotency_keys (
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  answer_encrypted TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (partner_id, organization_id, idempotency_key),
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retiring')),
  algorithm TEXT NOT NULL,
  public_jwk TEXT NOT NULL,
  private_key_encrypted TEXT NOT NULL,
  encryption_key_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  activated_at TEXT,
  retiring_at TEXT
);
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (state) WHERE state = 'next';
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active';

CREATE TABLE audit_events (
  event_id TEXT NOT NULL PRIMARY KEY,
  occurred_at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (actor IN ('partner', 'browser', 'portal', 'operator', 'system')),
  action TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('granted', 'refused')),
  problem TEXT,
  target_id TEXT,
  partner_id TEXT,
  organization_id TEXT,
  user_id TEXT,
  session_id TEXT,
  jti TEXT,
  redirect_path TEXT,
  request_id TEXT,
  client_address TEXT,
  user_agent TEXT,
  detail TEXT,
  CHECK ((outcome = 'refused') = (problem IS NOT NULL))
);
CREATE INDEX audit_events_by_user ON audit_events (user_id, partner_id, event_id);
CREATE INDEX audit_events_by_partner ON audit_events (partner_id, event_id);
CREATE INDEX audit_events_attempts ON audit_events (partner_id, organization_id, event_id)
  WHERE action = 'sso_token.minted';
CREATE INDEX audit_events_by_request ON audit_events (request_id);
