/*
 * Listings in SQL. Two ways: a walk along an index for lists without words and
 * places (discovery_db_walk), and hits for those with (hits_db.h), where one
 * statement finds all that match and another loads the few shown.
 */
#ifndef MERKATO_DISCOVERY_DB_H
#define MERKATO_DISCOVERY_DB_H

#include "db/catalog_types.h"
#include "db/query.h"
#include "db/search_db.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

/* A product as lists show it. */
struct product_card {
	struct id id;
	const char *slug, *name, *brand;
	struct money price, max_price;
	const char *currency;
	bool in_stock;
	double rating;
	int64_t rating_count;
	const char *picture, *picture_alt;
	struct id category_id;
	const char *category_name, *category_slug;
	struct id vendor_id;
	const char *vendor_name, *vendor_slug;
	double distance_km; /* NaN unless a place was asked for */
	int64_t sales, views;
	struct when created_at;
	int64_t version;
	/* Values for cursors. */
	const char *distance;
	double relevance;
	/* What a walk reads beside its rows: see names.h; visible
	 * products in all, where they are counted. */
	int64_t names_version, n_visible;
	/* When they are asked for (?expand=). */
	struct variant *variants;
	size_t n_variants;
	struct product_image *images; /* of media */
	size_t n_images;
};
/* What a row fills of it; the routes add what is asked for. */
/* clang-format off */
#define CARD_FIELDS                                                     \
	FIELD(product_card, id),                                        \
	FIELD(product_card, slug),                                      \
	FIELD(product_card, name),                                      \
	FIELD(product_card, brand),                                     \
	FIELD(product_card, price),                                     \
	FIELD(product_card, max_price),                                 \
	FIELD(product_card, currency),                                  \
	FIELD(product_card, in_stock),                                  \
	FIELD(product_card, rating, .digits = 2),                       \
	FIELD(product_card, rating_count),                              \
	FIELD(product_card, picture),                                   \
	FIELD(product_card, picture_alt),                               \
	FIELD(product_card, category_id),                               \
	FIELD(product_card, category_name),                             \
	FIELD(product_card, category_slug),                             \
	FIELD(product_card, vendor_id),                                 \
	FIELD(product_card, vendor_name),                               \
	FIELD(product_card, vendor_slug),                               \
	FIELD(product_card, distance_km, .digits = 2, .flags = OMIT_NONE),\
	FIELD(product_card, sales),                                     \
	FIELD(product_card, views),                                     \
	FIELD(product_card, created_at),                                \
	FIELD(product_card, version),                                   \
	FIELD(product_card, distance, .flags = PRIVATE),                \
	FIELD(product_card, relevance, .flags = PRIVATE),               \
	FIELD(product_card, names_version, .flags = PRIVATE),           \
	FIELD(product_card, n_visible, .flags = PRIVATE)
/* clang-format on */

struct option_filter {
	const char *name_key, *value_key;
};

#define OPTION_FILTERS_MAX 8
#define CATEGORIES_MAX 400

struct product_filter {
	const struct id *categories; /* the node and all below it */
	size_t n_categories;
	bool by_category;      /* categories is meant, even if empty */
	int64_t n_in_category; /* visible products there; for the plan */
	int64_t n_visible;     /* in all; for the plan of a subtree */
	struct id vendor;      /* none = any */
	struct money min_price, max_price; /* none = any */
	double rating;                     /* NaN = any */
	int in_stock;                      /* -1 = any */
	struct option_filter options[OPTION_FILTERS_MAX];
	size_t n_options;
	double lat, lng, radius;             /* NaN = anywhere */
	const struct search_question *words; /* NULL = any */
	const struct id *sku_products; /* have the words as SKU: come first */
	size_t n_sku_products;
};

/* Adds " AND …" for all of a filter that is not words or places, to a query
 * over product p. */
void discovery_db_add_filter(struct query *q, const struct product_filter *f);

/* Whether it asks for none of these; categories aside. */
bool discovery_db_is_plain(const struct product_filter *f);

/* Adds " FORCE INDEX (…)" behind "FROM product p": the one that has the page's
 * order, unless few products have the category. */
void discovery_db_add_index(struct query *q, const struct product_filter *f,
                            const struct page *page);

/* Products along the order of an index. Fills info->count. */
CHECKED enum rc discovery_db_walk(struct ctx *c, const struct product_filter *f,
                                  const struct page *page,
                                  struct product_card **rows, size_t *n,
                                  struct page_info *info);

/* The cards of these ids, in any order. */
CHECKED enum rc discovery_db_cards(struct ctx *c, const struct id *ids,
                                   size_t n_ids, struct product_card **rows,
                                   size_t *n);

/* The category of a slug or id and all below it, with their counts. */
struct branch {
	struct id id;
	const char *slug, *name;
	int64_t n_products;
};
CHECKED enum rc discovery_db_branch(struct ctx *c, struct id id,
                                    const char *slug, struct branch **rows,
                                    size_t *n);
CHECKED enum rc discovery_db_count_visible(struct ctx *c, int64_t *n);
/* How many products the store or the category has; INT64_MAX when neither is
 * asked for, or when the category has more than COUNT_CAP. */
CHECKED enum rc discovery_db_count_shelf(struct ctx *c,
                                         const struct product_filter *f,
                                         int64_t *n);
/* The orders that have an index each, over product p. */
extern const struct sort product_sorts[];
/* Products with a variant of exactly this SKU; at most 8. */
CHECKED enum rc discovery_db_sku(struct ctx *c, const char *sku,
                                 struct id **ids, size_t *n);
CHECKED enum rc discovery_db_vendor(struct ctx *c, struct id id,
                                    const char *slug, struct id *out);
enum { VARIANTS_AT_ONCE = 100000 };
/* The active variants of these products, by product, then by position. */
CHECKED enum rc discovery_db_variants(struct ctx *c,
                                      const struct product_card *cards,
                                      size_t n_cards, struct variant **rows,
                                      size_t *n);
CHECKED enum rc discovery_db_category_names(struct ctx *c, const struct id *ids,
                                            size_t n_ids, struct branch **rows,
                                            size_t *n);

CHECKED enum rc discovery_db_trending(struct ctx *c, int max,
                                      struct product_card **rows, size_t *n);
/* What the customer has looked at, newest first. */
CHECKED enum rc discovery_db_recent(struct ctx *c, struct id customer, int max,
                                    struct product_card **rows, size_t *n);
/* Set by hand first, then sold best in the same category. */
CHECKED enum rc discovery_db_related(struct ctx *c, struct id product, int max,
                                     struct product_card **rows, size_t *n);

#endif
