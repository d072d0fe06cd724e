-- What leaves the house, answers of idempotent requests, and timed work.

CREATE TABLE outbox (
	id BINARY(16) NOT NULL PRIMARY KEY,
	topic VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	subject BINARY(16),
	payload MEDIUMTEXT NOT NULL,
	status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'waiting',
	attempts INT NOT NULL DEFAULT 0,
	due_at DATETIME(6) NOT NULL,
	created_at DATETIME(6) NOT NULL,
	last_error VARCHAR(255),
	KEY outbox_due (status, due_at),
	CONSTRAINT outbox_status CHECK (status IN ('waiting', 'gathered', 'dead'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Tags of a write, until the cache is known to have heard of it.
CREATE TABLE cache_touch (
	id BINARY(16) NOT NULL PRIMARY KEY,
	tags INT NOT NULL,
	names MEDIUMTEXT,
	created_at DATETIME(6) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE once_answer (
	hash BINARY(32) NOT NULL PRIMARY KEY,
	fingerprint BINARY(32) NOT NULL,
	status SMALLINT NOT NULL,
	type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin,
	location VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
	body MEDIUMBLOB,
	created_at DATETIME(6) NOT NULL,
	KEY once_answer_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE job (
	name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
	due_at DATETIME(6) NOT NULL,
	leased_until DATETIME(6),
	ran_at DATETIME(6),
	last_us BIGINT NOT NULL DEFAULT 0,
	failures INT NOT NULL DEFAULT 0
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
