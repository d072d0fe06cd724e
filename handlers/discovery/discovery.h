/*
 * How shoppers find products: listing, filters, facets, text search, nearness,
 * suggestions, trending.
 */
#ifndef MERKATO_DISCOVERY_H
#define MERKATO_DISCOVERY_H

#include "fcgi/base/ctx.h"
#include "fcgi/http/route.h"

extern const struct route discovery_routes[];

/* Chooses who finds products (the setting search); says what is wrong with it
 * on stderr. Before fork. */
bool discovery_start(void);

bool discovery_has_server(void);

/*
 * For a search server beside MySQL; without one they do nothing. Inside the
 * transaction of a change: before its commit, for all products that it has
 * touched; when all products of a store or category say something else.
 */
CHECKED enum rc discovery_note_touched(struct ctx *c);
CHECKED enum rc discovery_store_changed(struct ctx *c, struct id vendor);
CHECKED enum rc discovery_category_changed(struct ctx *c, struct id category);
/* Its index anew, while it is searched; how many products. */
CHECKED enum rc discovery_rebuild_server(struct ctx *c, int64_t *n);
/* How many changes it does not have yet (counted up to 10,000), and the age of
 * the oldest; false = there is none, or nobody knows. */
bool discovery_lag(struct ctx *c, int64_t *n_waiting, double *seconds);

/* Brings the search words of one product up to date, inside the transaction of
 * the change; they are found once it has committed. It has none unless it is
 * approved. */
CHECKED enum rc discovery_index(struct ctx *c, struct id product);
/* Products have become visible, or are so no more: what is counted by words
 * follows. In the transaction of the change, before their words change. */
CHECKED enum rc discovery_shown(struct ctx *c, const struct id *products,
                                size_t n, bool is_shown);
/* All products anew; how many. For `merkato search rebuild` and demo data. */
CHECKED enum rc discovery_rebuild(struct ctx *c, int64_t *n);
/* Its parts, for those who do it side by side: forgets what is suggested; then
 * products with ids in (after, last], in transactions of a hundred. */
CHECKED enum rc discovery_forget_terms(struct ctx *c);
CHECKED enum rc discovery_rebuild_span(struct ctx *c, struct id after,
                                       struct id last, int64_t *n);

/* Counts anew how many visible products have each word. */
CHECKED enum rc discovery_recount(struct ctx *c);

/* What routes call after answering: counts the look at the product that the
 * first path parameter names; notes searches that found nothing. */
void discovery_product_seen(struct req *r);
void discovery_list_seen(struct req *r);

/* Timed work. */
enum rc discovery_job_views(struct ctx *c, bool *more);
enum rc discovery_job_trending(struct ctx *c, bool *more);
enum rc discovery_job_index(struct ctx *c, bool *more);

#endif
