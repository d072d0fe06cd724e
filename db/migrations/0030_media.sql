-- Pictures of products. stem names the files that shoppers are sent; source is
-- the upload itself, kept privately until it has been worked on. reserved is
-- what the picture counts for in media_usage.
CREATE TABLE product_image (
	id BINARY(16) NOT NULL,
	product_id BINARY(16) NOT NULL,
	vendor_id BINARY(16) NOT NULL,
	status VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	reason_code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NULL,
	reason VARCHAR(200) NULL,
	alt VARCHAR(200) NOT NULL DEFAULT '',
	position INT NOT NULL,
	is_primary TINYINT NOT NULL DEFAULT 0,
	width INT NOT NULL DEFAULT 0,
	height INT NOT NULL DEFAULT 0,
	stem VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin NULL,
	source VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NULL,
	reserved BIGINT NOT NULL DEFAULT 0,
	attempts INT NOT NULL DEFAULT 0,
	author_id BINARY(16) NULL,
	version BIGINT NOT NULL DEFAULT 1,
	created_at DATETIME(6) NOT NULL,
	updated_at DATETIME(6) NOT NULL,
	PRIMARY KEY (id),
	KEY product (product_id, is_primary, position, id),
	KEY vendor (vendor_id, created_at, id),
	KEY newest (created_at, id),
	KEY waiting (status, created_at),
	CONSTRAINT product_image_status CHECK (status IN ('processing', 'ready', 'refused')),
	CONSTRAINT product_image_ready CHECK (status <> 'ready' OR stem IS NOT NULL),
	CONSTRAINT product_image_product FOREIGN KEY (product_id) REFERENCES product (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- What a store's pictures take up.
CREATE TABLE media_usage (
	vendor_id BINARY(16) NOT NULL,
	bytes BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (vendor_id),
	CONSTRAINT media_usage_bytes CHECK (bytes >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Every file that was ever put into the store, written down before it is put
-- there. remove_at is set while nothing refers to it; then the sweep takes it.
CREATE TABLE media_file (
	name VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	area VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	type VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	size BIGINT NOT NULL,
	owner_id BINARY(16) NULL,
	remove_at DATETIME(6) NULL,
	created_at DATETIME(6) NOT NULL,
	PRIMARY KEY (name),
	KEY due (remove_at),
	KEY owner (owner_id),
	CONSTRAINT media_file_area CHECK (area IN ('public', 'private'))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;

-- Who was shown a private file.
CREATE TABLE media_access (
	id BINARY(16) NOT NULL,
	name VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	actor_id BINARY(16) NULL,
	address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
	created_at DATETIME(6) NOT NULL,
	PRIMARY KEY (id),
	KEY name (name, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci;
