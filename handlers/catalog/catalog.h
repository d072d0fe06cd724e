/*
 * What a shop sells: categories, products, variants, stock and their history.
 * Other modules price and reserve lines, moderate, and say when a store has
 * changed; nobody else writes these tables, but media (product.picture…,
 * n_pictures) and reviews (rating_sum, rating_count) keep their own columns of
 * product and then call catalog_product_changed.
 */
#ifndef MERKATO_CATALOG_H
#define MERKATO_CATALOG_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/base/shape.h"

enum product_status {
	PRODUCT_DRAFT,
	PRODUCT_PENDING,
	PRODUCT_APPROVED,
	PRODUCT_REJECTED,
	PRODUCT_ARCHIVED
};
/* "draft", "pending" …; NULL-terminated. */
extern const char *const product_status_names[];

/* A line that somebody wants to buy, as the catalog sees it at this moment. */
struct sale_line {
	struct id variant_id, product_id, vendor_id, category_id;
	const char *sku;
	const char *product_name;
	const char *product_slug;
	const char *variant_name; /* may be NULL */
	struct json_text options; /* {"Colour":"Red"} or NULL */
	const char *picture;      /* as in product.picture; may be NULL */
	struct money price;       /* what a buyer pays now, sale included */
	const char *currency;
	int stock;
	bool allow_backorder;
	int weight_g;     /* 0 = not known */
	bool is_for_sale; /* active variant of a visible product */
};
extern const struct shape sale_line_shape;

/*
 * The lines of n variants, in the order asked, in one statement; a variant
 * that does not exist has is_for_sale false and no product_id. n <= 100.
 */
CHECKED enum rc catalog_lines_for_sale(struct ctx *c,
                                       const struct id *variants, size_t n,
                                       struct sale_line **lines);
/*
 * Takes quantity (> 0) off the stock for an order, inside the caller's
 * transaction, by conditional update with journal and event. RC_CONFLICT
 * "out_of_stock" if there is not enough and the variant allows no back-order.
 * Call in ascending variant id order.
 */
CHECKED enum rc catalog_stock_take(struct ctx *c, struct id variant,
                                   int quantity, struct id order);
/* Gives back what an order took (expired, cancelled, returned). */
CHECKED enum rc catalog_stock_return(struct ctx *c, struct id variant,
                                     int quantity, struct id order);
/* Counts sold units for rankings and velocity, when an order is paid. */
CHECKED enum rc catalog_count_sale(struct ctx *c, struct id product,
                                   int quantity);

/* Moderation. What the status does not allow is RC_CONFLICT "not_allowed". */
CHECKED enum rc catalog_product_approve(struct ctx *c, struct id product);
/* reason_code is a short word such as "picture", reason is for the vendor. */
CHECKED enum rc catalog_product_reject(struct ctx *c, struct id product,
                                       const char *reason_code,
                                       const char *reason);
CHECKED enum rc catalog_product_archive(struct ctx *c, struct id product,
                                        const char *reason);

/* A row of the moderators' queue. */
struct queue_product {
	struct id id;
	const char *slug, *name;
	const char *status;
	struct id vendor_id;
	const char *vendor_name, *vendor_slug;
	struct id category_id;
	const char *category_name;
	struct money min_price, max_price;
	const char *currency;
	bool in_stock;
	bool is_visible;
	int n_variants;
	int n_pictures;
	const char *picture;
	struct json_text screening; /* fired rules, or NULL */
	const char *reason_code, *reason;
	bool has_revision; /* an edit of a live product waits */
	struct when submitted_at, created_at, updated_at;
	int64_t version;
};
extern const struct shape queue_product_shape;

struct queue_filter {
	const char *status;    /* NULL = any; "revision" = live with an edit */
	const char *q;         /* part of the name, slug or SKU; NULL = any */
	struct id vendor, category; /* none = any */
};
/* Orderings: submitted_at, created_at, name. */
CHECKED enum rc catalog_queue_list(struct ctx *c, const struct queue_filter *f,
                                   const struct page *page,
                                   struct queue_product **rows, size_t *n,
                                   struct page_info *info);
/* How many products wait for a moderator. */
CHECKED enum rc catalog_queue_count(struct ctx *c, int64_t *n);

/*
 * A store's status, holiday or place has changed, in the caller's transaction:
 * its products follow (visibility, copied coordinates), caches are touched.
 */
CHECKED enum rc catalog_vendor_changed(struct ctx *c, struct id vendor);
/*
 * Columns of a product that media or reviews keep were changed in the caller's
 * transaction: writes the timeline row (field "pictures", "rating" …; old and
 * new are for people, may be NULL), raises the version, touches the caches.
 */
CHECKED enum rc catalog_product_changed(struct ctx *c, struct id product,
                                        const char *field, const char *old_value,
                                        const char *new_value);
/* Whether this product is the vendor's, for writes of what hangs on it:
 * RC_NOT_FOUND else. */
CHECKED enum rc catalog_product_owned(struct ctx *c, struct id product,
                                      struct id vendor);

/*
 * Fills what follows from products that were written by plain INSERTs (demo
 * data, restored backups): visibility, price bounds, category counts, search
 * words. Returns the number of products.
 */
CHECKED enum rc catalog_rebuild(struct ctx *c, int64_t *n_products);

#endif
