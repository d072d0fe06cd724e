#include "config.h"

#include "db/demo_db.h"

#include "db/sql.h"

static const struct field user_fields[] = {
	FIELD(demo_user, id),          FIELD(demo_user, email),
	FIELD(demo_user, email_key),   FIELD(demo_user, name),
	FIELD(demo_user, phone),       FIELD(demo_user, roles),
	FIELD(demo_user, verified_at), FIELD(demo_user, created_at),
	FIELD(demo_user, updated_at),  FIELDS_END,
};
static const struct shape user_shape = SHAPE(demo_user, user_fields);

static const struct field vendor_fields[] = {
	FIELD(demo_vendor, id),         FIELD(demo_vendor, owner_id),
	FIELD(demo_vendor, slug),       FIELD(demo_vendor, name),
	FIELD(demo_vendor, status),     FIELD(demo_vendor, description),
	FIELD(demo_vendor, phone),      FIELD(demo_vendor, address),
	FIELD(demo_vendor, city),       FIELD(demo_vendor, region),
	FIELD(demo_vendor, lat),        FIELD(demo_vendor, lng),
	FIELD(demo_vendor, status_at),  FIELD(demo_vendor, created_at),
	FIELD(demo_vendor, updated_at), FIELDS_END,
};
static const struct shape vendor_shape = SHAPE(demo_vendor, vendor_fields);

static const struct field category_fields[] = {
	FIELD(demo_category, id),         FIELD(demo_category, parent_id),
	FIELD(demo_category, slug),       FIELD(demo_category, name),
	FIELD(demo_category, lft),        FIELD(demo_category, rgt),
	FIELD(demo_category, depth),      FIELD(demo_category, created_at),
	FIELD(demo_category, updated_at), FIELDS_END,
};
static const struct shape category_shape =
	SHAPE(demo_category, category_fields);

static const struct field product_fields[] = {
	FIELD(demo_product, id),           FIELD(demo_product, vendor_id),
	FIELD(demo_product, category_id),  FIELD(demo_product, slug),
	FIELD(demo_product, name),         FIELD(demo_product, brand),
	FIELD(demo_product, description),  FIELD(demo_product, currency),
	FIELD(demo_product, status),       FIELD(demo_product, reason_code),
	FIELD(demo_product, reason),       FIELD(demo_product, is_visible),
	FIELD(demo_product, in_stock),     FIELD(demo_product, min_price),
	FIELD(demo_product, max_price),    FIELD(demo_product, n_variants),
	FIELD(demo_product, option_list),  FIELD(demo_product, lat),
	FIELD(demo_product, lng),          FIELD(demo_product, rating_sum),
	FIELD(demo_product, rating_count), FIELD(demo_product, views),
	FIELD(demo_product, sales),        FIELD(demo_product, submitted_at),
	FIELD(demo_product, decided_at),   FIELD(demo_product, created_at),
	FIELD(demo_product, updated_at),   FIELDS_END,
};
static const struct shape product_shape = SHAPE(demo_product, product_fields);

static const struct field slug_fields[] = {
	FIELD(demo_slug, slug),
	FIELD(demo_slug, product_id),
	FIELDS_END,
};
static const struct shape slug_shape = SHAPE(demo_slug, slug_fields);

static const struct field variant_fields[] = {
	FIELD(demo_variant, id),
	FIELD(demo_variant, product_id),
	FIELD(demo_variant, vendor_id),
	FIELD(demo_variant, sku),
	FIELD(demo_variant, name),
	FIELD(demo_variant, options),
	FIELD(demo_variant, price),
	FIELD(demo_variant, compare_at_price),
	FIELD(demo_variant, sale_price),
	FIELD(demo_variant, sale_from),
	FIELD(demo_variant, sale_until),
	FIELD(demo_variant, current_price),
	FIELD(demo_variant, price_changes_at),
	FIELD(demo_variant, weight_g),
	FIELD(demo_variant, stock),
	FIELD(demo_variant, position),
	FIELD(demo_variant, created_at),
	FIELD(demo_variant, updated_at),
	FIELDS_END,
};
static const struct shape variant_shape = SHAPE(demo_variant, variant_fields);

static const struct field option_fields[] = {
	FIELD(demo_option, variant_id),
	FIELD(demo_option, name_key),
	FIELD(demo_option, value_key),
	FIELD(demo_option, product_id),
	FIELD(demo_option, name),
	FIELD(demo_option, value),
	FIELDS_END,
};
static const struct shape option_shape = SHAPE(demo_option, option_fields);

static const struct field movement_fields[] = {
	FIELD(demo_movement, id),
	FIELD(demo_movement, variant_id),
	FIELD(demo_movement, product_id),
	FIELD(demo_movement, vendor_id),
	FIELD(demo_movement, delta),
	FIELD(demo_movement, stock_delta),
	FIELD(demo_movement, stock_after),
	FIELD(demo_movement, backordered_after),
	FIELD(demo_movement, reason),
	FIELD(demo_movement, created_at),
	FIELDS_END,
};
static const struct shape movement_shape =
	SHAPE(demo_movement, movement_fields);

static const struct field review_fields[] = {
	FIELD(demo_review, id),
	FIELD(demo_review, product_id),
	FIELD(demo_review, vendor_id),
	FIELD(demo_review, customer_id),
	FIELD(demo_review, author_name),
	FIELD(demo_review, title),
	FIELD(demo_review, text),
	FIELD(demo_review, status),
	FIELD(demo_review, rating),
	FIELD(demo_review, verified_purchase),
	FIELD(demo_review, helpful_count),
	FIELD(demo_review, response),
	FIELD(demo_review, response_status),
	FIELD(demo_review, response_at),
	FIELD(demo_review, decided_at),
	FIELD(demo_review, created_at),
	FIELD(demo_review, updated_at),
	FIELDS_END,
};
static const struct shape review_shape = SHAPE(demo_review, review_fields);

static const struct field rating_fields[] = {
	FIELD(demo_rating, product_id),
	FIELD(demo_rating, stars_1),
	FIELD(demo_rating, stars_2),
	FIELD(demo_rating, stars_3),
	FIELD(demo_rating, stars_4),
	FIELD(demo_rating, stars_5),
	FIELDS_END,
};
static const struct shape rating_shape = SHAPE(demo_rating, rating_fields);

static const struct field good_fields[] = {
	FIELD(demo_good, variant_id),
	FIELD(demo_good, vendor_id),
	FIELDS_END,
};
static const struct shape good_shape = SHAPE(demo_good, good_fields);

enum rc demo_db_is_empty(struct ctx *c, bool *is_empty)
{
	int64_t n = 0;
	enum rc rc = sql_int(c, &n,
	                     "SELECT (SELECT COUNT(*) FROM users) +"
	                     "       (SELECT COUNT(*) FROM category) +"
	                     "       (SELECT COUNT(*) FROM product)");

	*is_empty = n == 0;
	return rc;
}

enum rc demo_db_prepare(struct ctx *c)
{
	enum rc rc = sql_run(c, "SET SESSION foreign_key_checks = 0");

	return rc ? rc : sql_run(c, "SET SESSION unique_checks = 0");
}

enum rc demo_db_users(struct ctx *c, const struct demo_user *rows, size_t n)
{
	return sql_insert_all(c, "users", &user_shape, rows, n);
}

enum rc demo_db_vendors(struct ctx *c, const struct demo_vendor *rows, size_t n)
{
	return sql_insert_all(c, "vendor", &vendor_shape, rows, n);
}

enum rc demo_db_categories(struct ctx *c, const struct demo_category *rows,
                           size_t n)
{
	return sql_insert_all(c, "category", &category_shape, rows, n);
}

enum rc demo_db_products(struct ctx *c, const struct demo_product *rows,
                         size_t n)
{
	return sql_insert_all(c, "product", &product_shape, rows, n);
}

enum rc demo_db_slugs(struct ctx *c, const struct demo_slug *rows, size_t n)
{
	return sql_insert_all(c, "product_slug", &slug_shape, rows, n);
}

enum rc demo_db_variants(struct ctx *c, const struct demo_variant *rows,
                         size_t n)
{
	return sql_insert_all(c, "variant", &variant_shape, rows, n);
}

enum rc demo_db_options(struct ctx *c, const struct demo_option *rows, size_t n)
{
	return sql_insert_all(c, "variant_option", &option_shape, rows, n);
}

enum rc demo_db_movements(struct ctx *c, const struct demo_movement *rows,
                          size_t n)
{
	return sql_insert_all(c, "stock_movement", &movement_shape, rows, n);
}

enum rc demo_db_reviews(struct ctx *c, const struct demo_review *rows, size_t n)
{
	return sql_insert_all(c, "review", &review_shape, rows, n);
}

enum rc demo_db_ratings(struct ctx *c, const struct demo_rating *rows, size_t n)
{
	return sql_insert_all(c, "product_rating", &rating_shape, rows, n);
}

enum rc demo_db_goods(struct ctx *c, int64_t n, struct demo_good **rows,
                      size_t *n_rows)
{
	/* Along an index: of a million products nothing is sorted. */
	return sql_list(c, &good_shape, rows, n_rows,
	                "SELECT v.id AS variant_id, v.vendor_id"
	                "  FROM product p FORCE INDEX (visible_newest)"
	                "  STRAIGHT_JOIN variant v ON v.product_id = p.id"
	                " WHERE p.is_visible = 1 AND v.status = 'active'"
	                "   AND v.stock > 5"
	                " ORDER BY p.created_at, p.id LIMIT ?",
	                A(n));
}
