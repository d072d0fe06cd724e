-- Who brings what to whom. courier_id is set once a courier has picked it up.
CREATE TABLE delivery_assignment (
  id BINARY(16) NOT NULL,
  vendor_order_id BINARY(16) NOT NULL,
  order_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  courier_id BINARY(16) NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  n_failed INT NOT NULL DEFAULT 0,
  note VARCHAR(500) NULL,
  picked_up_at DATETIME(6) NULL,
  finished_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY delivery_assignment_one (vendor_order_id),
  KEY delivery_assignment_open (status, created_at, id),
  KEY delivery_assignment_courier (courier_id, created_at, id),
  CONSTRAINT delivery_assignment_status_known CHECK (status IN
    ('open','picked_up','delivered','closed'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
