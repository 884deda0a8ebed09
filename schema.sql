-- The whole database, readable in one place. Production only ever runs the migrations in src/db/migrations; a test builds
-- a database each way, on both engines, and compares the two.
--
-- One dialect for SQLite and PostgreSQL: TEXT and INTEGER only. Moments are RFC 3339 UTC text of 24 characters
-- (2026-11-22T05:30:00.000Z), which sorts as time does. JSON is kept as text. Ids are made by the application and carry a
-- prefix and a UUID v7, so that they sort by time too. On SQLite every table is WITHOUT ROWID: the migrations add that.

-- A vendor whose software hands clinicians over to the portal.
CREATE TABLE partners (
  partner_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  suspended_at TEXT
);

-- A clinic or group of clinics (parent_organization_id NULL), or a part of one.
CREATE TABLE organizations (
  organization_id TEXT NOT NULL PRIMARY KEY,
  parent_organization_id TEXT REFERENCES organizations (organization_id),
  name TEXT NOT NULL,
  created_at TEXT NOT NULL,
  suspended_at TEXT,
  CHECK (parent_organization_id <> organization_id)
);
CREATE INDEX organizations_by_parent ON organizations (parent_organization_id);

-- A partner enabled for an organization.
CREATE TABLE integrations (
  partner_id TEXT NOT NULL REFERENCES partners (partner_id),
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  -- JSON arrays of text; redirect_path_prefixes NULL means every prefix of the deployment.
  embed_origins TEXT NOT NULL,
  redirect_path_prefixes TEXT,
  return_url TEXT,
  -- JSON array of text: what the partner's access tokens may be good for.
  scopes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- When the partner first showed that its credentials work.
  connected_at TEXT,
  disabled_at TEXT,
  PRIMARY KEY (partner_id, organization_id)
);
CREATE INDEX integrations_by_organization ON integrations (organization_id);

-- Secrets of a partner (organization_id NULL) and of an integration, as SHA-256 hashes.
CREATE TABLE credentials (
  credential_id TEXT NOT NULL PRIMARY KEY,
  partner_id TEXT NOT NULL REFERENCES partners (partner_id),
  organization_id TEXT,
  secret_hash TEXT NOT NULL,
  -- The last four characters, so that a person can tell two secrets apart.
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

-- A person of one top-level organization; the same person at two tenants is two users.
CREATE TABLE users (
  user_id TEXT NOT NULL PRIMARY KEY,
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  -- The partner that made this user, and sees it alone; NULL: the organization's own, seen by all its partners.
  partner_id TEXT REFERENCES partners (partner_id),
  -- Trimmed and lower-cased.
  email TEXT NOT NULL,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  title TEXT,
  phone TEXT,
  -- JSON object: what a prescriber is registered as.
  provider_details TEXT,
  created_at TEXT NOT NULL,
  suspended_at TEXT
);
CREATE UNIQUE INDEX users_by_email ON users (organization_id, email);

-- What a user is in the top-level organization and in its sub-organizations.
CREATE TABLE memberships (
  user_id TEXT NOT NULL REFERENCES users (user_id),
  organization_id TEXT NOT NULL REFERENCES organizations (organization_id),
  -- JSON array of text.
  access_roles TEXT NOT NULL,
  created_at TEXT NOT NULL,
  -- May not sign in here; users.suspended_at is the same everywhere.
  disabled_at TEXT,
  PRIMARY KEY (user_id, organization_id)
);
CREATE INDEX memberships_by_organization ON memberships (organization_id, user_id);

-- A partner's own ids of users, one a user and integration.
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

-- One row a minted token; the token itself is never stored. Spent, revoked or neither, and never both. Kept as a receipt
-- longer than its user may be, so that user_id is no foreign key.
CREATE TABLE sso_tokens (
  jti TEXT NOT NULL PRIMARY KEY,
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  minted_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  -- When a browser first came with it, whatever came of that.
  opened_at TEXT,
  redeemed_at TEXT,
  revoked_at TEXT,
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id),
  CHECK (redeemed_at IS NULL OR revoked_at IS NULL)
);
CREATE INDEX sso_tokens_by_expiry ON sso_tokens (expires_at);

-- A sign-in. The bearer holds <session_id>.<secret>; only the secret's SHA-256 hash is here. Its user may be deleted before it
-- is, so that user_id is no foreign key.
CREATE TABLE sessions (
  session_id TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('top_level', 'embed')),
  -- The sso_token it came from; unique, so that the database itself refuses a second session for one token.
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

-- Answers to requests that carried an Idempotency-Key, encrypted with MASTER_KEY: some hold a secret that is shown once.
CREATE TABLE idempotency_keys (
  partner_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  -- HMAC-SHA-256 of what was asked for.
  request_hash TEXT NOT NULL,
  answer_encrypted TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  PRIMARY KEY (partner_id, organization_id, idempotency_key),
  FOREIGN KEY (partner_id, organization_id) REFERENCES integrations (partner_id, organization_id)
);
CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at);

-- Keys that sign sso_tokens and access tokens. The private half is encrypted with MASTER_KEY (AES-256-GCM).
CREATE TABLE signing_keys (
  kid TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('next', 'active', 'retiring')),
  algorithm TEXT NOT NULL,
  -- JSON Web Key, RFC 7517.
  public_jwk TEXT NOT NULL,
  private_key_encrypted TEXT NOT NULL,
  encryption_key_id TEXT NOT NULL,
  created_at TEXT NOT NULL,
  activated_at TEXT,
  retiring_at TEXT
);
CREATE UNIQUE INDEX signing_keys_one_next ON signing_keys (state) WHERE state = 'next';
CREATE UNIQUE INDEX signing_keys_one_active ON signing_keys (state) WHERE state = 'active';

-- Every attempt and every change, granted or refused. No foreign keys: a row outlives what it speaks of.
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
  -- JSON object: what else somebody who reads the row wants to know, such as why a session ended.
  detail TEXT,
  CHECK ((outcome = 'refused') = (problem IS NOT NULL))
);
-- event_id sorts by time.
CREATE INDEX audit_events_by_user ON audit_events (user_id, partner_id, event_id);
CREATE INDEX audit_events_by_partner ON audit_events (partner_id, event_id);
CREATE INDEX audit_events_attempts ON audit_events (partner_id, organization_id, event_id)
  WHERE action = 'sso_token.minted';
CREATE INDEX audit_events_by_request ON audit_events (request_id);
