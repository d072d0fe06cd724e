-- Every change of a stock: the journal that the stock can be recounted from.
-- delta is what came or went; taken is what of it moved stock itself (the rest
-- moved backordered).
CREATE TABLE stock_movement (
  id BINARY(16) NOT NULL,
  variant_id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  delta INT NOT NULL,
  stock_delta INT NOT NULL,
  stock_after INT NOT NULL,
  backordered_after INT NOT NULL,
  reason VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  note VARCHAR(200) NULL,
  order_id BINARY(16) NULL,
  actor_id BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY variant (variant_id, id),
  KEY order_ (order_id),
  CONSTRAINT stock_movement_reason CHECK (reason IN ('initial', 'received', 'counted', 'damaged', 'lost', 'returned', 'correction', 'import', 'order', 'order_returned'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Paid units for a month: how fast a variant sells.
CREATE TABLE variant_sale (
  id BINARY(16) NOT NULL,
  variant_id BINARY(16) NOT NULL,
  quantity INT NOT NULL,
  sold_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY variant (variant_id, sold_at, quantity),
  KEY sold_at (sold_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- The timeline of products: outlives them, so it has no foreign key.
CREATE TABLE product_event (
  id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  variant_id BINARY(16) NULL,
  field VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  old_value VARCHAR(500) NULL,
  new_value VARCHAR(500) NULL,
  cause VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  cause_id BINARY(16) NULL,
  actor_id BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY product (product_id, id),
  KEY product_field (product_id, field, id),
  CONSTRAINT product_event_cause CHECK (cause IN ('user', 'order', 'import', 'rule', 'job', 'moderator'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Views and sales by day; trending and analytics read these.
CREATE TABLE product_day (
  product_id BINARY(16) NOT NULL,
  day DATE NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  views BIGINT NOT NULL DEFAULT 0,
  robot_views BIGINT NOT NULL DEFAULT 0,
  sales BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, day),
  KEY day (day, product_id),
  KEY vendor_day (vendor_id, day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE product_trend (
  product_id BINARY(16) NOT NULL,
  score BIGINT NOT NULL,
  PRIMARY KEY (product_id),
  KEY score (score, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who has looked at what in which half-hour: the memory of view counting.
CREATE TABLE product_visit (
  product_id BINARY(16) NOT NULL,
  visitor BINARY(16) NOT NULL,
  half_hour INT NOT NULL,
  is_robot TINYINT NOT NULL DEFAULT 0,
  counted TINYINT NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, visitor, half_hour),
  KEY open_visits (counted, half_hour)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE recently_viewed (
  customer_id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  viewed_at DATETIME(6) NOT NULL,
  PRIMARY KEY (customer_id, product_id),
  KEY newest (customer_id, viewed_at, product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- is_armed: the notice for the next crossing has not been sent yet.
CREATE TABLE product_watch (
  customer_id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  price_below BIGINT NULL,
  back_in_stock TINYINT NOT NULL DEFAULT 0,
  status_change TINYINT NOT NULL DEFAULT 0,
  price_is_armed TINYINT NOT NULL DEFAULT 1,
  stock_is_armed TINYINT NOT NULL DEFAULT 1,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (customer_id, product_id),
  KEY product (product_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
