/*
 * Demonstration data in bulk: rows as the generator makes them, many to a
 * statement, those that follow from others too.
 */
#ifndef MERKATO_DEMO_DB_H
#define MERKATO_DEMO_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/value.h"

struct demo_user {
	struct id id;
	const char *email, *email_key, *name, *phone;
	int roles;
	struct when verified_at, created_at, updated_at;
};

struct demo_vendor {
	struct id id, owner_id;
	const char *slug, *name, *status, *description, *phone, *address, *city,
		*region;
	double lat, lng;
	struct when status_at, created_at, updated_at;
};

struct demo_category {
	struct id id, parent_id;
	const char *slug, *name;
	int lft, rgt, depth;
	struct when created_at, updated_at;
};

struct demo_product {
	struct id id, vendor_id, category_id;
	const char *slug, *name, *brand, *description, *currency, *status,
		*reason_code, *reason, *option_list;
	bool is_visible, in_stock;
	struct money min_price, max_price;
	int n_variants;
	double lat, lng;
	int64_t rating_sum, rating_count, views, sales;
	struct when submitted_at, decided_at, created_at, updated_at;
};

struct demo_slug {
	const char *slug;
	struct id product_id;
};

struct demo_variant {
	struct id id, product_id, vendor_id;
	const char *sku, *name, *options;
	struct money price, compare_at_price, sale_price;
	struct when sale_from, sale_until;
	struct money current_price;
	struct when price_changes_at;
	int weight_g, stock, position;
	struct when created_at, updated_at;
};

struct demo_option {
	struct id variant_id;
	const char *name_key, *value_key;
	struct id product_id;
	const char *name, *value;
};

struct demo_movement {
	struct id id, variant_id, product_id, vendor_id;
	int delta, stock_delta, stock_after, backordered_after;
	const char *reason;
	struct when created_at;
};

struct demo_review {
	struct id id, product_id, vendor_id, customer_id;
	const char *author_name, *title, *text, *status;
	int rating;
	bool verified_purchase;
	int helpful_count;
	const char *response, *response_status;
	struct when response_at, decided_at, created_at, updated_at;
};

/* How many published reviews a product has, by stars. */
struct demo_rating {
	struct id product_id;
	int stars_1, stars_2, stars_3, stars_4, stars_5;
};

/* Something that can be bought. */
struct demo_good {
	struct id variant_id, vendor_id;
};

/* Whether there are people or products already. */
CHECKED enum rc demo_db_is_empty(struct ctx *c, bool *is_empty);
/* This connection's checks of keys are off from here: the generator's rows are
 * consistent, and loading is twice as fast. */
CHECKED enum rc demo_db_prepare(struct ctx *c);

CHECKED enum rc demo_db_users(struct ctx *c, const struct demo_user *rows,
                              size_t n);
CHECKED enum rc demo_db_vendors(struct ctx *c, const struct demo_vendor *rows,
                                size_t n);
CHECKED enum rc demo_db_categories(struct ctx *c,
                                   const struct demo_category *rows, size_t n);
CHECKED enum rc demo_db_products(struct ctx *c, const struct demo_product *rows,
                                 size_t n);
CHECKED enum rc demo_db_slugs(struct ctx *c, const struct demo_slug *rows,
                              size_t n);
CHECKED enum rc demo_db_variants(struct ctx *c, const struct demo_variant *rows,
                                 size_t n);
CHECKED enum rc demo_db_options(struct ctx *c, const struct demo_option *rows,
                                size_t n);
CHECKED enum rc demo_db_movements(struct ctx *c,
                                  const struct demo_movement *rows, size_t n);
CHECKED enum rc demo_db_reviews(struct ctx *c, const struct demo_review *rows,
                                size_t n);
CHECKED enum rc demo_db_ratings(struct ctx *c, const struct demo_rating *rows,
                                size_t n);

/* Up to n variants that are for sale, with enough of them: of every store some.
 */
CHECKED enum rc demo_db_goods(struct ctx *c, int64_t n, struct demo_good **rows,
                              size_t *n_rows);

#endif
