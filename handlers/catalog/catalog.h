/*
 * What a shop sells: categories, products, variants, stock and their history.
 * Other modules price and reserve lines, moderate, and say when a store has
 * changed; nobody else writes these tables, but media (product.picture…,
 * n_pictures) and reviews (rating_sum, rating_count) keep their own columns of
 * product and then call catalog_product_changed.
 */
#ifndef MERKATO_CATALOG_H
#define MERKATO_CATALOG_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"
#include "fcgi/http/route.h"

struct accounts_part;

extern const struct route catalog_routes[];

enum product_status {
	PRODUCT_DRAFT,
	PRODUCT_PENDING,
	PRODUCT_APPROVED,
	PRODUCT_REJECTED,
	PRODUCT_ARCHIVED
};
/* "draft", "pending" …; NULL-terminated. */
extern const char *const product_status_names[];

/*
 * The lines of n variants, in the order asked, in one statement; a variant
 * that does not exist has is_for_sale false and no product_id. n <= 100.
 */
CHECKED enum rc catalog_lines_for_sale(struct ctx *c, const struct id *variants,
                                       size_t n, struct sale_line **lines);
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

/* Orderings: submitted_at, created_at, name. */
CHECKED enum rc catalog_queue_list(struct ctx *c, const struct queue_filter *f,
                                   const struct page *page,
                                   struct queue_product **rows, size_t *n,
                                   struct page_info *info);
/* How many products wait for a moderator. */
CHECKED enum rc catalog_queue_count(struct ctx *c, int64_t *n);

/* For accounts_use: products follow their store. */
extern const struct accounts_part catalog_part;
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
                                        const char *field,
                                        const char *old_value,
                                        const char *new_value);
/* Whether this product is the vendor's, for writes of what hangs on it:
 * RC_NOT_FOUND else. */
CHECKED enum rc catalog_product_owned(struct ctx *c, struct id product,
                                      struct id vendor);

/* How many nodes of the tree or counts are not what they should be: 0. */
CHECKED enum rc catalog_categories_verify(struct ctx *c, int64_t *n_faults);

/*
 * Fills what follows from products that were written by plain INSERTs (demo
 * data, restored backups): visibility, price bounds, category counts, search
 * words. Returns the number of products.
 */
CHECKED enum rc catalog_rebuild(struct ctx *c, int64_t *n_products);

#endif
