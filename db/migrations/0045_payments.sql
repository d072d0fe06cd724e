-- One row for each attempt to pay an order; what gateways told us, raw; and the
-- other side of the sandbox gateway, which stands for a foreign house.

CREATE TABLE payment (
  id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  provider VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tx_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  refunded BIGINT NOT NULL DEFAULT 0,
  checkout_url VARCHAR(500) NOT NULL,
  gateway_reference VARCHAR(100) NULL,
  problem VARCHAR(200) NULL,
  n_checks INT NOT NULL DEFAULT 0,
  check_at DATETIME(6) NULL,
  captured_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payment_reference (tx_ref),
  KEY payment_order (order_id, created_at),
  KEY payment_open (check_at),
  CONSTRAINT payment_status_known CHECK (status IN
    ('created','pending','captured','failed','expired','review')),
  CONSTRAINT payment_refund_sane CHECK (refunded BETWEEN 0 AND amount)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE payment_event (
  id BINARY(16) NOT NULL,
  provider VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  event_id VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tx_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  body MEDIUMBLOB NOT NULL,
  received_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY payment_event_once (provider, event_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE sandbox_payment (
  tx_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  return_url VARCHAR(500) NOT NULL,
  decided_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (tx_ref),
  CONSTRAINT sandbox_payment_status_known CHECK (status IN ('open','paid','declined'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE sandbox_refund (
  reference BINARY(16) NOT NULL,
  tx_ref VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (reference),
  KEY sandbox_refund_of (tx_ref)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
