-- Sign-in at other houses (OpenID Connect) and programs that sign in at ours
-- (OAuth 2.0).

CREATE TABLE user_identity (
  id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  issuer VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  subject VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  email VARCHAR(254) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY user_identity_theirs (issuer, subject),
  KEY user_identity_user (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- A sign-in that has left for the provider and not yet come back.
CREATE TABLE oidc_start (
  state_hash BINARY(32) NOT NULL,
  browser_hash BINARY(32) NOT NULL,
  provider VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  nonce VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  verifier VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  PRIMARY KEY (state_hash),
  KEY oidc_start_old (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE oauth_client (
  id BINARY(16) NOT NULL,
  owner_id BINARY(16) NOT NULL,
  name VARCHAR(100) NOT NULL,
  secret_hash BINARY(32) NULL,
  redirect_uris JSON NOT NULL,
  scopes INT UNSIGNED NOT NULL,
  grants VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_enabled BOOLEAN NOT NULL DEFAULT TRUE,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  KEY oauth_client_owner (owner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE oauth_code (
  code_hash BINARY(32) NOT NULL,
  client_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  redirect_uri VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  challenge VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  scope VARCHAR(500) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  session_id BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  used_at DATETIME(6) NULL,
  PRIMARY KEY (code_hash),
  KEY oauth_code_old (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

INSERT INTO security_rule (name, kind, after_kind, within, counts, threshold, window_s, actions, updated_at) VALUES
  ('login_failures_account', 'login.failed', NULL, 'account', 'events', 5, 900, 65, UTC_TIMESTAMP(6)),
  ('login_failures_address', 'login.failed', NULL, 'address', 'events', 20, 900, 67, UTC_TIMESTAMP(6)),
  ('accounts_tried_from_address', 'login.failed', NULL, 'address', 'accounts', 11, 600, 67, UTC_TIMESTAMP(6)),
  ('reset_burst_account', 'password.forgot', NULL, 'account', 'events', 5, 3600, 1, UTC_TIMESTAMP(6)),
  ('reset_burst_address', 'password.forgot', NULL, 'address', 'events', 20, 3600, 67, UTC_TIMESTAMP(6)),
  ('refresh_reuse', 'refresh.reused', NULL, 'user', 'events', 1, 3600, 209, UTC_TIMESTAMP(6)),
  ('new_device_then_email', 'email.changed', 'login.new_device', 'user', 'events', 1, 3600, 229, UTC_TIMESTAMP(6)),
  ('new_device_then_password', 'password.changed', 'login.new_device', 'user', 'events', 1, 3600, 229, UTC_TIMESTAMP(6)),
  ('new_device_then_bank', 'bank.changed', 'login.new_device', 'user', 'events', 1, 3600, 229, UTC_TIMESTAMP(6)),
  ('order_burst', 'order.placed', NULL, 'user', 'events', 10, 3600, 65, UTC_TIMESTAMP(6)),
  ('payment_failures', 'payment.failed', NULL, 'user', 'events', 5, 3600, 65, UTC_TIMESTAMP(6)),
  ('review_burst_new_accounts', 'review.new_account', NULL, 'subject', 'users', 5, 86400, 65, UTC_TIMESTAMP(6)),
  ('self_purchase', 'order.self_purchase', NULL, 'user', 'events', 1, 86400, 65, UTC_TIMESTAMP(6)),
  ('self_review', 'review.self', NULL, 'user', 'events', 1, 86400, 65, UTC_TIMESTAMP(6)),
  ('scraping', 'limit.hit', NULL, 'address', 'events', 20, 3600, 65, UTC_TIMESTAMP(6)),
  ('staff_export_volume', 'export.made', NULL, 'user', 'events', 10, 86400, 65, UTC_TIMESTAMP(6)),
  ('second_factor_guessing', 'totp.failed', NULL, 'user', 'events', 5, 900, 9, UTC_TIMESTAMP(6)),
  ('access_refused_burst', 'access.refused', NULL, 'user', 'events', 50, 3600, 65, UTC_TIMESTAMP(6));
