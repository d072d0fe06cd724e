-- What customers pay (orders) and what each vendor ships of it (vendor_order).
-- Lines keep a copy of all that the books need.

CREATE TABLE orders (
  id BINARY(16) NOT NULL,
  number VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  customer_id BINARY(16) NOT NULL,
  status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  items_total BIGINT NOT NULL,
  discount_total BIGINT NOT NULL,
  shipping_total BIGINT NOT NULL,
  tax_total BIGINT NOT NULL,
  total BIGINT NOT NULL,
  refunded_total BIGINT NOT NULL DEFAULT 0,
  address JSON NOT NULL,
  note VARCHAR(500) NULL,
  expires_at DATETIME(6) NOT NULL,
  paid_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY orders_number (number),
  KEY orders_customer (customer_id, created_at, id),
  KEY orders_newest (created_at, id),
  KEY orders_status (status, created_at, id),
  KEY orders_expiry (status, expires_at),
  CONSTRAINT orders_status_known CHECK (status IN
    ('pending','paid','shipped','delivered','refunded','cancelled','expired')),
  CONSTRAINT orders_total_adds_up CHECK
    (total = items_total - discount_total + shipping_total + tax_total),
  CONSTRAINT orders_refund_sane CHECK (refunded_total BETWEEN 0 AND total)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE vendor_order (
  id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  customer_id BINARY(16) NOT NULL,
  number VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  items_total BIGINT NOT NULL,
  discount_total BIGINT NOT NULL,
  shipping_total BIGINT NOT NULL,
  tax_total BIGINT NOT NULL,
  total BIGINT NOT NULL,
  commission_total BIGINT NOT NULL,
  vendor_share BIGINT NOT NULL DEFAULT 0,
  refunded_total BIGINT NOT NULL DEFAULT 0,
  shipping_method VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL,
  carrier VARCHAR(60) NULL,
  tracking_number VARCHAR(80) NULL,
  code_tries INT NOT NULL DEFAULT 0,
  paid_at DATETIME(6) NULL,
  shipped_at DATETIME(6) NULL,
  delivered_at DATETIME(6) NULL,
  released_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY vendor_order_one (order_id, vendor_id),
  KEY vendor_order_vendor (vendor_id, created_at, id),
  KEY vendor_order_vendor_status (vendor_id, status, created_at, id),
  KEY vendor_order_holding (status, released_at, delivered_at),
  CONSTRAINT vendor_order_status_known CHECK (status IN
    ('pending','paid','shipped','delivered','refunded','cancelled','expired')),
  CONSTRAINT vendor_order_total_adds_up CHECK
    (total = items_total - discount_total + shipping_total + tax_total),
  CONSTRAINT vendor_order_refund_sane CHECK (refunded_total BETWEEN 0 AND total),
  CONSTRAINT vendor_order_method_known CHECK
    (shipping_method IS NULL OR shipping_method IN ('carrier','own','courier')),
  CONSTRAINT vendor_order_of FOREIGN KEY (order_id) REFERENCES orders (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE order_item (
  id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  vendor_order_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  customer_id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  variant_id BINARY(16) NOT NULL,
  line INT NOT NULL,
  sku VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  product_name VARCHAR(200) NOT NULL,
  product_slug VARCHAR(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  variant_name VARCHAR(200) NULL,
  options JSON NULL,
  picture VARCHAR(500) NULL,
  unit_price BIGINT NOT NULL,
  quantity INT NOT NULL,
  line_total BIGINT NOT NULL,
  discount BIGINT NOT NULL,
  tax BIGINT NOT NULL,
  tax_bp INT NOT NULL,
  commission BIGINT NOT NULL,
  commission_bp INT NOT NULL,
  refunded_quantity INT NOT NULL DEFAULT 0,
  PRIMARY KEY (id),
  UNIQUE KEY order_item_line (order_id, line),
  KEY order_item_vendor_order (vendor_order_id),
  KEY order_item_bought (customer_id, product_id),
  CONSTRAINT order_item_quantity_sane CHECK (quantity BETWEEN 1 AND 999),
  CONSTRAINT order_item_refund_sane CHECK (refunded_quantity BETWEEN 0 AND quantity),
  CONSTRAINT order_item_adds_up CHECK (line_total = unit_price * quantity),
  CONSTRAINT order_item_of FOREIGN KEY (vendor_order_id) REFERENCES vendor_order (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- No status without its row here; written in the transaction of the change.
CREATE TABLE order_history (
  id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  vendor_order_id BINARY(16) NULL,
  event VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
  to_status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NULL,
  note VARCHAR(500) NULL,
  actor_id BINARY(16) NULL,
  actor_role VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY order_history_order (order_id, created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- An amount that goes back: decided in one transaction with its ledger rows,
-- sent to the gateway by the outbox under its own id.
CREATE TABLE refund (
  id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  vendor_order_id BINARY(16) NULL,
  payment_id BINARY(16) NOT NULL,
  amount BIGINT NOT NULL,
  currency CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(500) NOT NULL,
  status VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by BINARY(16) NULL,
  created_at DATETIME(6) NOT NULL,
  sent_at DATETIME(6) NULL,
  PRIMARY KEY (id),
  KEY refund_order (order_id),
  KEY refund_payment (payment_id),
  CONSTRAINT refund_status_known CHECK (status IN ('pending','done')),
  CONSTRAINT refund_is_positive CHECK (amount > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE cart_item (
  id BINARY(16) NOT NULL,
  customer_id BINARY(16) NOT NULL,
  variant_id BINARY(16) NOT NULL,
  quantity INT NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY cart_item_one (customer_id, variant_id),
  CONSTRAINT cart_item_quantity_sane CHECK (quantity BETWEEN 1 AND 999)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
