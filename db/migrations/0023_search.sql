-- Text search over words that the application has cut, folded and hashed: the
-- same in every script and on every server. A posting is one word of one product
-- and how much it says there.
CREATE TABLE search_posting (
  word BIGINT NOT NULL,
  product_id BINARY(16) NOT NULL,
  weight SMALLINT NOT NULL,
  PRIMARY KEY (word, product_id),
  KEY best (word, weight, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- How many visible products are posted under a word.
CREATE TABLE search_word (
  id BIGINT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What is posted of a product, by word: ten bytes each, the hash and the weight.
CREATE TABLE product_search (
  product_id BINARY(16) NOT NULL,
  words MEDIUMBLOB NOT NULL,
  PRIMARY KEY (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Words of names, as they are written, and how many products have them there:
-- what is suggested, and what an unfinished word may become.
CREATE TABLE search_term (
  term VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  weight BIGINT NOT NULL,
  PRIMARY KEY (term)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE search_synonym (
  term VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  synonym VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (term, synonym)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Searches that found nothing, by folded words.
CREATE TABLE search_miss (
  query VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  n BIGINT NOT NULL,
  first_at DATETIME(6) NOT NULL,
  last_at DATETIME(6) NOT NULL,
  PRIMARY KEY (query),
  KEY n (n, query)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- A CSV import: the file, how far it is, and what was wrong with which row.
CREATE TABLE product_import (
  id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  actor_id BINARY(16) NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_dry_run TINYINT NOT NULL DEFAULT 0,
  csv MEDIUMBLOB NULL,
  n_rows INT NOT NULL DEFAULT 0,
  n_done INT NOT NULL DEFAULT 0,
  n_created INT NOT NULL DEFAULT 0,
  n_updated INT NOT NULL DEFAULT 0,
  n_unchanged INT NOT NULL DEFAULT 0,
  n_failed INT NOT NULL DEFAULT 0,
  at_byte INT NOT NULL DEFAULT 0,
  leased_until DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  finished_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  KEY vendor (vendor_id, id),
  KEY open_imports (status, id),
  CONSTRAINT product_import_status CHECK (status IN ('waiting', 'running', 'done', 'failed'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE product_import_fault (
  import_id BINARY(16) NOT NULL,
  line INT NOT NULL,
  field VARCHAR(64) NOT NULL,
  message VARCHAR(300) NOT NULL,
  PRIMARY KEY (import_id, line, field),
  CONSTRAINT product_import_fault_import FOREIGN KEY (import_id) REFERENCES product_import (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
