/* The timeline of products, and who wants to be told of what. */
#ifndef MERKATO_EVENTS_DB_H
#define MERKATO_EVENTS_DB_H

#include "db/catalog_types.h"
#include "fcgi/base/ctx.h"
#include "fcgi/base/page.h"

/* By sql_insert_later. */
CHECKED enum rc events_db_insert(struct ctx *c, const struct product_event *e,
                                 size_t n);

struct event_filter {
	struct id product, vendor; /* vendor none = any */
	const char *field;         /* NULL = any */
	struct when from, to;      /* 0 = open */
};
CHECKED enum rc events_db_list(struct ctx *c, const struct event_filter *f,
                               const struct page *page,
                               struct product_event **rows, size_t *n,
                               struct page_info *info);
/* Prices and availability of a product over time, newest first. */
CHECKED enum rc events_db_history(struct ctx *c, struct id product,
                                  const struct page *page,
                                  struct product_event **rows, size_t *n,
                                  struct page_info *info);
/* Whether it has been on sale, as far back as the timeline goes. */
CHECKED enum rc events_db_was_approved(struct ctx *c, struct id product,
                                       bool *was);
/* Deletes some that are older than days; *more if there may be others. */
CHECKED enum rc events_db_expire(struct ctx *c, int64_t days, bool *more);

struct watch {
	struct id customer_id, product_id;
	struct money price_below; /* none = not asked */
	bool back_in_stock, status_change;
	struct when created_at;
	const char *name, *slug;
	struct money price;
	const char *currency;
	bool in_stock;
};
extern const struct shape watch_shape;
CHECKED enum rc watch_db_put(struct ctx *c, const struct watch *w);
/* product, or the one with the slug, whether it can be seen or not. */
CHECKED enum rc watch_db_delete(struct ctx *c, struct id customer,
                                struct id product, const char *slug,
                                int64_t *changed);
CHECKED enum rc watch_db_list(struct ctx *c, struct id customer,
                              const struct page *page, struct watch **rows,
                              size_t *n, struct page_info *info);

struct crossed {
	struct watch *price_fell, *back;
	size_t n_price, n_back;
};

/*
 * Who is to be told now that a product costs price and has stock or not; each
 * is told once per crossing, because telling disarms them and the way back
 * arms them again.
 */
CHECKED enum rc watch_db_cross(struct ctx *c, struct id product,
                               struct money price, bool in_stock,
                               struct crossed *out);
/* Which of the products, n <= 256, somebody watches. */
CHECKED enum rc watch_db_watched(struct ctx *c, const struct id *products,
                                 size_t n, struct watch **rows, size_t *n_rows);
CHECKED enum rc watch_db_status(struct ctx *c, struct id product,
                                struct watch **rows, size_t *n);

#endif
