/* Pictures, the files behind them, and what stores take up. */
#ifndef MERKATO_MEDIA_DB_H
#define MERKATO_MEDIA_DB_H

#include "db/media_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"

/* The row of a picture, whole. */
struct image_row {
	struct id id, product_id, vendor_id;
	const char *status, *reason_code, *reason;
	const char *alt;
	int position;
	bool is_primary;
	int width, height;
	const char *stem;   /* NULL until ready */
	const char *source; /* private file with the upload; NULL when done */
	int64_t reserved;   /* bytes that it counts for */
	int attempts;
	struct id author_id;
	int64_t version;
	struct when created_at, updated_at;
};

/* What a product has, under its lock. */
struct image_counts {
	int64_t n;             /* pictures in any state */
	int64_t n_ready;       /* … that shoppers see */
	int64_t last_position; /* of all; -1 = none */
	int64_t n_primary;
};

/* Locks the product; none as vendor is for jobs. RC_NOT_FOUND when it is not
 * the vendor's. */
CHECKED enum rc media_db_lock(struct ctx *c, struct id product,
                              struct id vendor);
/* The same without a lock. */
CHECKED enum rc media_db_owns(struct ctx *c, struct id product,
                              struct id vendor);
CHECKED enum rc media_db_count(struct ctx *c, struct id product,
                               struct image_counts *out);
CHECKED enum rc media_db_insert(struct ctx *c, const struct image_row *row);
CHECKED enum rc media_db_insert_all(struct ctx *c, const struct image_row *rows,
                                    size_t n);
CHECKED enum rc media_db_row(struct ctx *c, struct id id,
                             struct image_row *out);
/* The same if it is the vendor's. */
CHECKED enum rc media_db_owned(struct ctx *c, struct id id, struct id vendor,
                               struct image_row *out);

/* Who is looking: pictures that are not ready are seen by their store and by
 * moderators only. */
struct image_view {
	struct id product; /* none = of all */
	struct id vendor;  /* the looking store; none = nobody's */
	bool is_moderator;
};
CHECKED enum rc media_db_visible(struct ctx *c, struct id id,
                                 const struct image_view *view,
                                 struct product_image *out);
/* Orderings: created_at, position. */
CHECKED enum rc media_db_list(struct ctx *c, const struct image_view *view,
                              const struct page *page,
                              struct product_image **rows, size_t *n,
                              struct page_info *info);
CHECKED enum rc media_db_of_products(struct ctx *c, const struct id *products,
                                     size_t n_products,
                                     struct product_image **out, size_t *n);
/* All of a product, in any state, at most 1,000. */
CHECKED enum rc media_db_all_of(struct ctx *c, struct id product,
                                struct image_row **out, size_t *n);

/* Changes of a picture raise its version. */
CHECKED enum rc media_db_edit(struct ctx *c, const struct image_row *row);
/* processing → ready or refused; *changed is false when it is not processing
 * any more. */
CHECKED enum rc media_db_settle(struct ctx *c, const struct image_row *row,
                                bool *changed);
CHECKED enum rc media_db_count_attempt(struct ctx *c, struct id id);
CHECKED enum rc media_db_delete(struct ctx *c, struct id id);
/* Takes the primary mark off all of a product, or puts it on one. */
CHECKED enum rc media_db_unmark(struct ctx *c, struct id product);
CHECKED enum rc media_db_mark(struct ctx *c, struct id id);
/* The picture that stands for a product: ready ones first, then by mark and
 * position. */
CHECKED enum rc media_db_first(struct ctx *c, struct id product, bool *found,
                               struct image_row *out);
/* Writes product.picture… */
CHECKED enum rc media_db_show(struct ctx *c, struct id product,
                              const struct image_row *first, int64_t n_ready);
/* The same for the products of many new rows at once, one picture each. */
CHECKED enum rc media_db_show_all(struct ctx *c, const struct image_row *rows,
                                  size_t n);

/* Adds to (or takes off) what a store takes up; RC_CONFLICT "store_full" when
 * it would be above most; 0 = no bound. */
CHECKED enum rc media_db_use(struct ctx *c, struct id vendor, int64_t bytes,
                             int64_t most);

/* A file in the store; remove_at none = wanted. */
struct media_file {
	const char *name;
	const char *area; /* public, private */
	const char *type;
	int64_t size;
	struct id owner_id;
	struct when remove_at, created_at;
};
/* Also when it is there: then type, size and remove_at are set anew. */
CHECKED enum rc media_db_file_put(struct ctx *c, const struct media_file *f);
CHECKED enum rc media_db_file_get(struct ctx *c, const char *name,
                                  struct media_file *out);
/* remove_at none keeps it. */
CHECKED enum rc media_db_file_until(struct ctx *c, const char *name,
                                    struct when remove_at);
/* All files of an owner (a picture). */
CHECKED enum rc media_db_files_until(struct ctx *c, struct id owner,
                                     struct when remove_at);
/* All files of one stem; remove_at none keeps them. */
CHECKED enum rc media_db_stem_until(struct ctx *c, const char *stem,
                                    struct when remove_at);
CHECKED enum rc media_db_files_due(struct ctx *c, int max,
                                   struct media_file **out, size_t *n);
/* Unless it is wanted again. */
CHECKED enum rc media_db_file_delete(struct ctx *c, const struct media_file *f);
CHECKED enum rc media_db_accessed(struct ctx *c, const char *name,
                                  struct id actor);

#endif
