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
/* The same, and the variants stay as they are until the caller's transaction
 * ends. They are locked in the order of their ids, whatever was asked. */
CHECKED enum rc catalog_lines_lock(struct ctx *c, const struct id *variants,
                                   size_t n, struct sale_line **lines);
/*
 * Takes quantity (> 0) off the stock for an order, inside the caller's
 * transaction, with journal and event. RC_CONFLICT
 * "out_of_stock" if there is not enough and the variant allows no back-order.
 * Call in ascending variant id order.
 */
CHECKED enum rc catalog_stock_take(struct ctx *c, struct id variant,
                                   int quantity, struct id order);
/* The same of a line that catalog_lines_lock has given in this transaction;
 * once for each. */
CHECKED enum rc catalog_line_take(struct ctx *c, const struct sale_line *l,
                                  int quantity, struct id order);
/* Gives back what an order took (expired, cancelled, returned). */
CHECKED enum rc catalog_stock_return(struct ctx *c, struct id variant,
                                     int quantity, struct id order);
/* Counts sold units for rankings and velocity, when an order is paid. */
CHECKED enum rc catalog_count_sale(struct ctx *c, struct id product,
                                   struct id variant, int quantity);

/* Moderation. What the status does not allow is RC_CONFLICT "not_allowed"; what
 * is not at if_version any more (INT_NONE = any) RC_PRECONDITION. */
CHECKED enum rc catalog_product_approve(struct ctx *c, struct id product,
                                        int64_t if_version);
/* reason_code is a short word such as "picture", reason is for the vendor. */
CHECKED enum rc catalog_product_reject(struct ctx *c, struct id product,
                                       int64_t if_version,
                                       const char *reason_code,
                                       const char *reason);
CHECKED enum rc catalog_product_archive(struct ctx *c, struct id product,
                                        int64_t if_version, const char *reason);

/* Orderings: submitted_at, created_at, name. */
CHECKED enum rc catalog_queue_list(struct ctx *c, const struct queue_filter *f,
                                   const struct page *page,
                                   struct queue_product **rows, size_t *n,
                                   struct page_info *info);
/* How many products wait for a moderator. */
CHECKED enum rc catalog_queue_count(struct ctx *c, int64_t *n);

/* A product in any status with all that a moderator needs to decide. */
struct product_view {
	struct product product;
	/* The edit that waits; name NULL = none. What is NULL stays. */
	const char *new_name, *new_brand, *new_description;
	const char *new_category; /* its name, if the edit moves it */
	struct json_text new_attributes, new_screening;
	struct when edited_at;
	struct product_event *events; /* the newest 20 */
	size_t n_events;
};
/* The product's own shape for it: every public member, status, screening. */
extern const struct shape catalog_owned_shape;
CHECKED enum rc catalog_product_view(struct ctx *c, struct id product,
                                     struct product_view *out);

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

/* Timed work. */
enum rc catalog_job_prices(struct ctx *c, bool *more);
enum rc catalog_job_import(struct ctx *c, bool *more);
enum rc catalog_job_timeline(struct ctx *c, bool *more);

/* How many nodes of the tree or counts are not what they should be: 0. */
CHECKED enum rc catalog_categories_verify(struct ctx *c, int64_t *n_faults);

/*
 * Fills what follows from products that were written by plain INSERTs (demo
 * data, restored backups): visibility, price bounds, category counts, search
 * words. Returns the number of products.
 */
CHECKED enum rc catalog_rebuild(struct ctx *c, int64_t *n_products);
/* The products of the categories alone. */
CHECKED enum rc catalog_recount(struct ctx *c);

/* The tree of categories, for those who keep it. */
struct category_in {
	const char *name, *slug, *description;
	struct id parent_id;
	int64_t commission_bp;
	struct category_attribute *attributes;
	size_t n_attributes;
};
extern const struct shape category_in_shape;
struct category_patch {
	uint64_t given;
	const char *name, *slug, *description;
	int64_t commission_bp;
	struct category_attribute *attributes;
	size_t n_attributes;
};
extern const struct shape category_patch_shape;
struct category_move {
	struct id parent_id; /* none = becomes a root */
	struct id before_id; /* none = last among its brothers */
};
extern const struct shape category_move_shape;
CHECKED enum rc catalog_category_create(struct ctx *c,
                                        const struct category_in *in,
                                        struct id *out);
CHECKED enum rc catalog_category_patch(struct ctx *c, struct id id,
                                       int64_t if_version,
                                       const struct category_patch *in);
CHECKED enum rc catalog_category_move(struct ctx *c, struct id id,
                                      const struct category_move *in);
/* Products go to reassign_to (none = refused while there are any). */
CHECKED enum rc catalog_category_delete(struct ctx *c, struct id id,
                                        struct id reassign_to);
/* The whole tree with the counts of its nodes; roots in out. */
CHECKED enum rc catalog_category_tree(struct ctx *c, struct category **out,
                                      size_t *n);
/* The page of one category: counts, breadcrumbs, attributes, children. */
CHECKED enum rc catalog_category_page(struct ctx *c, struct category *k);

#endif
