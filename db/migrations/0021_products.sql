-- min_price, max_price and in_stock follow from the active variants; is_visible
-- is kept 1 exactly while status is approved and the store is open, so that hot
-- queries filter on one indexed column. lat and lng are the product's own
-- (has_own_place) or a copy of the store's. cell is the 0.1 degree grid cell; its
-- index has what lists are filtered by, so that places are counted in it alone.
-- option_list is what its active variants can be chosen by, for facets: name 0x1f value
-- 0x1e, each pair once.
CREATE TABLE product (
  id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  category_id BINARY(16) NOT NULL,
  slug VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name VARCHAR(200) NOT NULL,
  brand VARCHAR(100) NULL,
  description TEXT NULL,
  attributes TEXT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason_code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason VARCHAR(1000) NULL,
  screening TEXT NULL,
  is_visible TINYINT NOT NULL DEFAULT 0,
  min_price BIGINT NULL,
  max_price BIGINT NULL,
  in_stock TINYINT NOT NULL DEFAULT 0,
  n_variants INT NOT NULL DEFAULT 0,
  option_list TEXT NULL,
  has_own_place TINYINT NOT NULL DEFAULT 0,
  lat DOUBLE NULL,
  lng DOUBLE NULL,
  cell INT GENERATED ALWAYS AS (FLOOR((lat + 90) * 10) * 3600 + FLOOR((lng + 180) * 10)) STORED,
  rating_sum BIGINT NOT NULL DEFAULT 0,
  rating_count BIGINT NOT NULL DEFAULT 0,
  rating_avg DOUBLE GENERATED ALWAYS AS (IF(rating_count = 0, 0, ROUND(rating_sum / rating_count, 2))) STORED,
  views BIGINT NOT NULL DEFAULT 0,
  robot_views BIGINT NOT NULL DEFAULT 0,
  sales BIGINT NOT NULL DEFAULT 0,
  picture_id BINARY(16) NULL,
  picture VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
  picture_alt VARCHAR(200) NULL,
  n_pictures INT NOT NULL DEFAULT 0,
  submitted_at DATETIME(6) NULL,
  decided_at DATETIME(6) NULL,
  decided_by BINARY(16) NULL,
  version INT NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY slug (slug),
  KEY visible_newest (is_visible, created_at, id),
  KEY visible_price (is_visible, min_price, id),
  KEY visible_rating (is_visible, rating_avg, id),
  KEY visible_sales (is_visible, sales, id),
  KEY visible_name (is_visible, name, id),
  KEY visible_cell (is_visible, cell, lat, lng, id, category_id, min_price, rating_avg, in_stock),
  KEY category_newest (category_id, is_visible, created_at, id),
  KEY category_price (category_id, is_visible, min_price, id),
  KEY vendor_newest (vendor_id, is_visible, created_at, id),
  KEY vendor_status (vendor_id, status, created_at, id),
  KEY vendor_name (vendor_id, name),
  KEY queue (status, submitted_at, id),
  CONSTRAINT product_status CHECK (status IN ('draft', 'pending', 'approved', 'rejected', 'archived')),
  CONSTRAINT product_visible CHECK (is_visible = 0 OR status = 'approved'),
  CONSTRAINT product_place CHECK ((lat IS NULL AND lng IS NULL) OR (lat >= -90 AND lat <= 90 AND lng >= -180 AND lng <= 180)),
  CONSTRAINT product_rating CHECK (rating_count >= 0 AND rating_sum >= rating_count AND rating_sum <= rating_count * 5),
  CONSTRAINT product_category FOREIGN KEY (category_id) REFERENCES category (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- How many visible products stand at a place: what is near is counted by places,
-- of which a store has one for all of its products.
CREATE TABLE product_place (
  cell INT NOT NULL,
  lat DOUBLE NOT NULL,
  lng DOUBLE NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (cell, lat, lng)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Every slug a product ever had: old links lead to the present one.
CREATE TABLE product_slug (
  slug VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  product_id BINARY(16) NOT NULL,
  PRIMARY KEY (slug),
  KEY product (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- current_price is what a buyer pays at this moment: price, or sale_price inside its
-- window; price_changes_at is when that ends or begins. A job follows it;
-- checkout computes from the window itself. Units promised beyond the stock of a
-- back-order variant are counted in backordered; stock itself is never negative.
CREATE TABLE variant (
  id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  sku VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name VARCHAR(120) NULL,
  options TEXT NULL,
  price BIGINT NOT NULL,
  compare_at_price BIGINT NULL,
  sale_price BIGINT NULL,
  sale_from DATETIME(6) NULL,
  sale_until DATETIME(6) NULL,
  current_price BIGINT NOT NULL,
  price_changes_at DATETIME(6) NULL,
  weight_g INT NULL,
  barcode VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  stock INT NOT NULL DEFAULT 0,
  backordered INT NOT NULL DEFAULT 0,
  allow_backorder TINYINT NOT NULL DEFAULT 0,
  low_stock_threshold INT NULL,
  low_stock_told TINYINT NOT NULL DEFAULT 0,
  position INT NOT NULL DEFAULT 0,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'active',
  version INT NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY vendor_sku (vendor_id, sku),
  KEY product (product_id, status, position, id),
  KEY sku (sku),
  KEY price_changes (price_changes_at),
  CONSTRAINT variant_stock CHECK (stock >= 0 AND backordered >= 0),
  CONSTRAINT variant_price CHECK (price > 0 AND current_price > 0 AND (sale_price IS NULL OR sale_price > 0) AND (compare_at_price IS NULL OR compare_at_price > 0)),
  CONSTRAINT variant_status CHECK (status IN ('active', 'archived')),
  CONSTRAINT variant_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- The options of variants as rows, for filters and facets. The keys are folded
-- for comparing, the labels are as written.
CREATE TABLE variant_option (
  variant_id BINARY(16) NOT NULL,
  name_key VARCHAR(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  value_key VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  product_id BINARY(16) NOT NULL,
  name VARCHAR(40) NOT NULL,
  value VARCHAR(80) NOT NULL,
  PRIMARY KEY (variant_id, name_key),
  KEY product (product_id, name_key, value_key),
  KEY value_product (name_key, value_key, product_id),
  CONSTRAINT variant_option_variant FOREIGN KEY (variant_id) REFERENCES variant (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE product_related (
  product_id BINARY(16) NOT NULL,
  related_id BINARY(16) NOT NULL,
  position INT NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, related_id),
  CONSTRAINT product_related_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE,
  CONSTRAINT product_related_other FOREIGN KEY (related_id) REFERENCES product (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- An edit of a live product waits here; the product sells as it was meanwhile.
-- is_open is 1 while pending and else NULL, so that there is one at a time.
CREATE TABLE product_revision (
  id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_open TINYINT NULL,
  category_id BINARY(16) NOT NULL,
  name VARCHAR(200) NOT NULL,
  brand VARCHAR(100) NULL,
  description TEXT NULL,
  attributes TEXT NULL,
  screening TEXT NULL,
  reason_code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reason VARCHAR(1000) NULL,
  author_id BINARY(16) NULL,
  decided_by BINARY(16) NULL,
  decided_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY one_open (product_id, is_open),
  KEY queue (status, created_at, id),
  CONSTRAINT product_revision_status CHECK (status IN ('pending', 'approved', 'rejected', 'withdrawn')),
  CONSTRAINT product_revision_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What the catalog knows of a store beyond accounts: trusted stores' products
-- are approved by rule, a sample of them still waits for a person.
CREATE TABLE catalog_vendor (
  vendor_id BINARY(16) NOT NULL,
  is_trusted TINYINT NOT NULL DEFAULT 0,
  sample_percent INT NOT NULL DEFAULT 5,
  updated_at DATETIME(6) NOT NULL,
  PRIMARY KEY (vendor_id),
  CONSTRAINT catalog_vendor_sample CHECK (sample_percent >= 0 AND sample_percent <= 100)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Words that hold or refuse a product at screening; folded like search words.
CREATE TABLE screening_word (
  word VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  verdict VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (word),
  CONSTRAINT screening_word_verdict CHECK (verdict IN ('hold', 'reject'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
