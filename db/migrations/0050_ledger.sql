-- Double entry. Credits are positive, debits negative, so that what is owed to
-- a vendor reads as a positive balance. Entries are only added.

CREATE TABLE ledger_transaction (
  id BINARY(16) NOT NULL,
  kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  once_key VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  order_id BINARY(16) NULL,
  vendor_order_id BINARY(16) NULL,
  note VARCHAR(200) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY ledger_transaction_once (once_key),
  KEY ledger_transaction_order (order_id),
  KEY ledger_transaction_newest (created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE ledger_entry (
  id BINARY(16) NOT NULL,
  transaction_id BINARY(16) NOT NULL,
  account VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vendor_id BINARY(16) NULL,
  amount BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY ledger_entry_transaction (transaction_id),
  KEY ledger_entry_account (account, created_at, id),
  KEY ledger_entry_vendor (vendor_id, created_at, id),
  KEY ledger_entry_newest (created_at, id),
  CONSTRAINT ledger_entry_is_something CHECK (amount <> 0),
  CONSTRAINT ledger_entry_of FOREIGN KEY (transaction_id) REFERENCES ledger_transaction (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE ledger_balance (
  account VARCHAR(80) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  vendor_id BINARY(16) NULL,
  balance BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (account),
  KEY ledger_balance_vendor (vendor_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TRIGGER ledger_transaction_stays BEFORE UPDATE ON ledger_transaction FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger rows are only added';

CREATE TRIGGER ledger_transaction_is_kept BEFORE DELETE ON ledger_transaction FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger rows are only added';

CREATE TRIGGER ledger_entry_stays BEFORE UPDATE ON ledger_entry FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger rows are only added';

CREATE TRIGGER ledger_entry_is_kept BEFORE DELETE ON ledger_entry FOR EACH ROW
  SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'ledger rows are only added';
