-- People, their sessions and links, stores and their staff, what was noticed
-- and what was changed.

CREATE TABLE users (
  id BINARY(16) NOT NULL,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  email_key VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  password_hash VARCHAR(160) CHARACTER SET ascii COLLATE ascii_bin NULL,
  name VARCHAR(100) NOT NULL,
  phone VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  locale VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'en',
  roles INT UNSIGNED NOT NULL,
  permissions INT UNSIGNED NOT NULL DEFAULT 0,
  status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'active',
  status_reason VARCHAR(500) NULL,
  verified_at DATETIME(6) NULL,
  token_version BIGINT NOT NULL DEFAULT 1,
  locked_until DATETIME(6) NULL,
  payouts_held_until DATETIME(6) NULL,
  totp_secret VARBINARY(128) NULL,
  totp_pending VARBINARY(128) NULL,
  totp_counter BIGINT NOT NULL DEFAULT 0,
  totp_at DATETIME(6) NULL,
  last_login_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY users_email (email_key),
  KEY users_status (status, id),
  CONSTRAINT users_status_known CHECK (status IN ('active','suspended','erased'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- One sign-in on one device and all the tokens that came out of it.
CREATE TABLE session (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  client_id BINARY(16) NULL,
  scope VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NULL,
  cookie_hash BINARY(32) NULL,
  device VARCHAR(200) NOT NULL,
  device_hash BINARY(32) NOT NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  last_seen_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  password_at DATETIME(6) NULL,
  ended_at DATETIME(6) NULL,
  end_reason VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (id),
  UNIQUE KEY session_cookie (cookie_hash),
  KEY session_user (user_id, ended_at, last_seen_at),
  KEY session_old (expires_at),
  CONSTRAINT session_kind_known CHECK (kind IN ('login','console','oauth','client'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Refresh tokens by their SHA-256; a spent one stays, so that its second use is seen.
CREATE TABLE refresh_token (
  token_hash BINARY(32) NOT NULL,
  session_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  PRIMARY KEY (token_hash),
  KEY refresh_token_session (session_id),
  KEY refresh_token_old (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What a mailed link stands for: bound to purpose, person and address.
CREATE TABLE one_time_token (
  id BINARY(16) NOT NULL,
  token_hash BINARY(32) NOT NULL,
  purpose VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BINARY(16) NULL,
  subject_id BINARY(16) NULL,
  email_key VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  roles INT UNSIGNED NOT NULL DEFAULT 0,
  permissions INT UNSIGNED NOT NULL DEFAULT 0,
  created_by BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  voided_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY one_time_token_hash (token_hash),
  KEY one_time_token_address (purpose, email_key, created_at),
  KEY one_time_token_subject (subject_id),
  KEY one_time_token_user (user_id, purpose),
  KEY one_time_token_old (expires_at),
  CONSTRAINT one_time_token_purpose_known
    CHECK (purpose IN ('verify','reset','email','admin_invite','staff_invite','oidc_link'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE recovery_code (
  user_id BINARY(16) NOT NULL,
  code_hash BINARY(32) NOT NULL,
  used_at DATETIME(6) NULL,
  PRIMARY KEY (user_id, code_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Tries to log in, counted before the password is hashed; successes are taken
-- out again. The account is the hash of the address given, known or not.
CREATE TABLE login_attempt (
  id BINARY(16) NOT NULL,
  account BINARY(32) NOT NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY login_attempt_account (account, created_at),
  KEY login_attempt_address (address, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE address (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  label VARCHAR(40) NOT NULL DEFAULT '',
  name VARCHAR(100) NOT NULL,
  phone VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  line1 VARCHAR(200) NOT NULL,
  line2 VARCHAR(200) NOT NULL DEFAULT '',
  city VARCHAR(100) NOT NULL,
  region VARCHAR(100) NOT NULL DEFAULT '',
  postal_code VARCHAR(16) NOT NULL DEFAULT '',
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  lat DOUBLE NULL,
  lng DOUBLE NULL,
  is_default BOOLEAN NOT NULL DEFAULT FALSE,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  KEY address_user (user_id, is_default, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- A store. Everybody sees it, and finds it near, at seen_lat and seen_lng: its
-- place, or about a kilometre around when that is a home. seen_cell is the square
-- of 0.1 degrees that these fall into. logo is
-- the stem of its files, logo_source an upload that is still worked on,
-- logo_refused why the last one became no logo. was_on_holiday is what those who
-- follow the store were told last.
CREATE TABLE vendor (
  id BINARY(16) NOT NULL,
  owner_id BINARY(16) NOT NULL,
  slug VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name VARCHAR(100) NOT NULL,
  status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  status_reason VARCHAR(500) NULL,
  status_at DATETIME(6) NOT NULL,
  description TEXT NOT NULL,
  logo VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
  logo_source VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  logo_refused VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  email VARCHAR(254) NULL,
  phone VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NULL,
  address VARCHAR(300) NOT NULL DEFAULT '',
  city VARCHAR(100) NOT NULL DEFAULT '',
  region VARCHAR(100) NOT NULL DEFAULT '',
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'ET',
  lat DOUBLE NULL,
  lng DOUBLE NULL,
  is_approximate BOOLEAN NOT NULL DEFAULT FALSE,
  seen_lat DOUBLE GENERATED ALWAYS AS (IF(is_approximate, ROUND(lat, 2), lat)) STORED,
  seen_lng DOUBLE GENERATED ALWAYS AS (IF(is_approximate, ROUND(lng, 2), lng)) STORED,
  seen_cell INT GENERATED ALWAYS AS (FLOOR((IF(is_approximate, ROUND(lat, 2), lat) + 90) * 10) * 3600 + FLOOR((IF(is_approximate, ROUND(lng, 2), lng) + 180) * 10)) STORED,
  opening_hours JSON NULL,
  holiday_from DATETIME(6) NULL,
  holiday_until DATETIME(6) NULL,
  holiday_note VARCHAR(300) NULL,
  was_on_holiday BOOLEAN NOT NULL DEFAULT FALSE,
  payout_schedule VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'weekly',
  payout_day INT NOT NULL DEFAULT 1,
  bank_account VARBINARY(600) NULL,
  bank_name VARCHAR(100) NULL,
  bank_last4 VARCHAR(4) CHARACTER SET ascii COLLATE ascii_bin NULL,
  bank_changed_at DATETIME(6) NULL,
  bank_verified_at DATETIME(6) NULL,
  payouts_held_until DATETIME(6) NULL,
  commission_bp INT NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY vendor_slug (slug),
  UNIQUE KEY vendor_owner (owner_id),
  KEY vendor_place (status, seen_cell, seen_lat, seen_lng, id),
  KEY vendor_holiday (holiday_from, was_on_holiday),
  KEY vendor_name (status, name, id),
  KEY vendor_newest (status, created_at, id),
  CONSTRAINT vendor_status_known CHECK (status IN ('pending','approved','rejected','suspended')),
  CONSTRAINT vendor_schedule_known CHECK (payout_schedule IN ('daily','weekly','monthly','manual')),
  CONSTRAINT vendor_commission_sane CHECK (commission_bp IS NULL OR commission_bp BETWEEN 0 AND 10000)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who works in a store, or is asked to. A person works in one store.
CREATE TABLE vendor_staff (
  id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  user_id BINARY(16) NULL,
  email VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  email_key VARCHAR(254) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  permissions INT UNSIGNED NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  invited_by BINARY(16) NULL,
  invited_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NULL,
  accepted_at DATETIME(6) NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY vendor_staff_email (vendor_id, email_key),
  UNIQUE KEY vendor_staff_user (user_id),
  CONSTRAINT vendor_staff_status_known CHECK (status IN ('invited','active'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Identity papers and the like: files are private, kept by the uploads room.
CREATE TABLE vendor_document (
  id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  file VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  size BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY vendor_document_vendor (vendor_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE security_event (
  id BINARY(16) NOT NULL,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BINARY(16) NULL,
  account BINARY(32) NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  device VARCHAR(200) NOT NULL DEFAULT '',
  subject_id BINARY(16) NULL,
  facts JSON NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY security_event_user (user_id, kind, created_at),
  KEY security_event_account (account, kind, created_at),
  KEY security_event_address (address, kind, created_at),
  KEY security_event_subject (subject_id, kind, created_at),
  KEY security_event_kind (kind, created_at),
  KEY security_event_time (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- When is it too much, and what then. counts: what is counted in the window
-- (events, or different values); within: whose events are counted together.
CREATE TABLE security_rule (
  name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  after_kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  within VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  counts VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'events',
  threshold INT NOT NULL,
  window_s INT NOT NULL,
  actions INT UNSIGNED NOT NULL,
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (name),
  KEY security_rule_kind (kind),
  CONSTRAINT security_rule_within_known CHECK (within IN ('account','user','address','subject')),
  CONSTRAINT security_rule_counts_known CHECK (counts IN ('events','accounts','users')),
  CONSTRAINT security_rule_sane CHECK (threshold >= 1 AND window_s >= 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE security_case (
  id BINARY(16) NOT NULL,
  rule VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  rule_version BIGINT NOT NULL,
  scope_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id BINARY(16) NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  facts JSON NOT NULL,
  hits BIGINT NOT NULL DEFAULT 1,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'open',
  open_key VARCHAR(140) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason VARCHAR(500) NULL,
  decided_by BINARY(16) NULL,
  decided_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  last_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY security_case_open (open_key),
  KEY security_case_status (status, created_at, id),
  CONSTRAINT security_case_status_known CHECK (status IN ('open','dismissed','confirmed'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who is answered 429 for a while: the hash of an account, user or address.
CREATE TABLE slow_down (
  slowed BINARY(32) NOT NULL,
  until_at DATETIME(6) NOT NULL,
  PRIMARY KEY (slowed),
  KEY slow_down_old (until_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Every privileged change. Only added to.
CREATE TABLE audit (
  id BINARY(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  actor_id BINARY(16) NULL,
  actor_roles INT UNSIGNED NOT NULL,
  client_id BINARY(16) NULL,
  what VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_kind VARCHAR(30) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id BINARY(16) NULL,
  state_before JSON NULL,
  state_after JSON NULL,
  why VARCHAR(500) NULL,
  address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (id),
  KEY audit_actor (actor_id, id),
  KEY audit_subject (subject_id, id),
  KEY audit_what (what, id),
  KEY audit_time (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit rows are only added';

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'audit rows are only added';
