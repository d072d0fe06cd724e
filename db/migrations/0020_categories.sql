-- The category tree as a nested set: a node's descendants are the rows whose
-- lft lies between its own lft and rgt.
CREATE TABLE category (
  id BINARY(16) NOT NULL,
  parent_id BINARY(16) NULL,
  slug VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name VARCHAR(120) NOT NULL,
  description VARCHAR(2000) NULL,
  lft INT NOT NULL,
  rgt INT NOT NULL,
  depth INT NOT NULL,
  commission_bp INT NULL,
  version INT NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY slug (slug),
  KEY lft (lft),
  KEY parent (parent_id),
  CONSTRAINT category_order CHECK (lft < rgt AND depth >= 0),
  CONSTRAINT category_commission CHECK (commission_bp IS NULL OR (commission_bp >= 0 AND commission_bp <= 10000)),
  CONSTRAINT category_parent FOREIGN KEY (parent_id) REFERENCES category (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- One row: whoever changes the shape of the tree locks it first.
CREATE TABLE category_tree (
  id INT NOT NULL,
  version BIGINT NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

INSERT INTO category_tree (id, version) VALUES (1, 1);

-- Visible products filed directly under a category. Apart from category, so
-- that approvals do not wait for edits of the tree.
CREATE TABLE category_count (
  category_id BINARY(16) NOT NULL,
  n_products BIGINT NOT NULL,
  PRIMARY KEY (category_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Typed attributes that products of a category (and of those below it) have.
CREATE TABLE category_attribute (
  id BINARY(16) NOT NULL,
  category_id BINARY(16) NOT NULL,
  name VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_required TINYINT NOT NULL DEFAULT 0,
  unit VARCHAR(16) NULL,
  choices TEXT NULL,
  position INT NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY category_name (category_id, name),
  CONSTRAINT category_attribute_type CHECK (type IN ('text', 'number', 'boolean', 'choice')),
  CONSTRAINT category_attribute_category FOREIGN KEY (category_id) REFERENCES category (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
