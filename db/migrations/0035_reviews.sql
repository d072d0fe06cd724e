-- What buyers think of products. product.rating_sum and rating_count count the
-- published ones, product_rating keeps the histogram; both are changed in the
-- transaction that publishes or hides a review. Placed by product; a customer has
-- one review for each product.
CREATE TABLE review (
  id BINARY(16) NOT NULL,
  product_id BINARY(16) NOT NULL,
  vendor_id BINARY(16) NOT NULL,
  customer_id BINARY(16) NOT NULL,
  author_name VARCHAR(100) NULL,
  rating TINYINT NOT NULL,
  title VARCHAR(120) NULL,
  text TEXT NULL,
  status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(500) NULL,
  verified_purchase TINYINT NOT NULL DEFAULT 0,
  is_returned TINYINT NOT NULL DEFAULT 0,
  helpful_count INT NOT NULL DEFAULT 0,
  report_count INT NOT NULL DEFAULT 0,
  response TEXT NULL,
  response_status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NULL,
  response_at DATETIME(6) NULL,
  decided_by BINARY(16) NULL,
  decided_at DATETIME(6) NULL,
  created_at DATETIME(6) NOT NULL,
  updated_at DATETIME(6) NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  PRIMARY KEY (id),
  UNIQUE KEY review_one (product_id, customer_id),
  KEY review_newest (status, created_at, id),
  KEY review_helpful (status, helpful_count, id),
  KEY review_product_newest (product_id, status, created_at, id),
  KEY review_product_helpful (product_id, status, helpful_count, id),
  KEY review_vendor (vendor_id, status, created_at, id),
  KEY review_customer (customer_id, created_at),
  KEY review_response (response_status, response_at),
  CONSTRAINT review_rating_range CHECK (rating BETWEEN 1 AND 5),
  CONSTRAINT review_status_known CHECK (status IN ('pending','published','hidden','rejected')),
  CONSTRAINT review_response_known CHECK (response_status IS NULL OR response_status IN ('pending','published','rejected')),
  CONSTRAINT review_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE product_rating (
  product_id BINARY(16) NOT NULL,
  stars_1 BIGINT NOT NULL DEFAULT 0,
  stars_2 BIGINT NOT NULL DEFAULT 0,
  stars_3 BIGINT NOT NULL DEFAULT 0,
  stars_4 BIGINT NOT NULL DEFAULT 0,
  stars_5 BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id),
  CONSTRAINT product_rating_sane CHECK (stars_1 >= 0 AND stars_2 >= 0 AND stars_3 >= 0 AND stars_4 >= 0 AND stars_5 >= 0),
  CONSTRAINT product_rating_product FOREIGN KEY (product_id) REFERENCES product (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- How a review read before it was edited.
CREATE TABLE review_edit (
  id BINARY(16) NOT NULL,
  review_id BINARY(16) NOT NULL,
  rating TINYINT NOT NULL,
  title VARCHAR(120) NULL,
  text TEXT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (id),
  KEY review_edit_review (review_id, id),
  CONSTRAINT review_edit_of FOREIGN KEY (review_id) REFERENCES review (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who found it helpful, who reported it: each person once.
CREATE TABLE review_vote (
  review_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (review_id, user_id),
  KEY review_vote_user (user_id),
  CONSTRAINT review_vote_of FOREIGN KEY (review_id) REFERENCES review (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

CREATE TABLE review_report (
  review_id BINARY(16) NOT NULL,
  user_id BINARY(16) NOT NULL,
  reason VARCHAR(500) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  PRIMARY KEY (review_id, user_id),
  KEY review_report_user (user_id),
  CONSTRAINT review_report_of FOREIGN KEY (review_id) REFERENCES review (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
