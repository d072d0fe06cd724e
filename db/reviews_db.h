/* Reviews as rows. Only handlers/reviews includes this. */
#ifndef MERKATO_REVIEWS_DB_H
#define MERKATO_REVIEWS_DB_H

#include "db/query.h"

/* All of a row; the shapes below show parts of it. */
struct review {
	struct id id, product_id, vendor_id, customer_id;
	const char *product_name, *product_slug;
	const char *author_name; /* NULL = erased */
	int rating;
	const char *title, *text;
	const char *status; /* pending, published, hidden, rejected */
	const char *reason; /* why it was refused */
	bool verified_purchase;
	bool is_returned; /* the item went back; the opinion stays */
	int helpful_count, report_count;
	const char *response;        /* the store's */
	const char *response_status; /* pending, published, rejected */
	struct when response_at;
	struct when decided_at;
	struct when created_at, updated_at;
	int64_t version;
};
extern const struct shape review_shape;       /* as everybody sees it */
extern const struct shape review_own_shape;   /* as its author and store do */
extern const struct shape review_queue_shape; /* as moderators do */

struct review_filter {
	struct id product, vendor;
	int rating;         /* 0 = any */
	int verified;       /* 1 = yes, 0 = no, -1 = any */
	const char *status; /* moderators; "response" = an answer waits */
	bool reported;
};

/* What of a product reviews need. */
struct review_product {
	struct id id, vendor_id;
	const char *name;
	bool is_visible;
};
extern const struct shape review_product_shape;

struct review_summary {
	double average;
	int64_t count;
	int64_t stars_1, stars_2, stars_3, stars_4, stars_5;
};
extern const struct shape review_summary_shape;

/* Published ones. Orderings: created_at, helpful_count, rating. */
CHECKED enum rc reviews_db_page(struct ctx *c, const struct review_filter *f,
                                const struct page *page, struct review **rows,
                                size_t *n, struct page_info *info);
CHECKED enum rc reviews_db_published(struct ctx *c, struct id id,
                                     struct review *out);
/* Every status. Orderings: created_at, report_count. */
CHECKED enum rc reviews_db_queue(struct ctx *c, const struct review_filter *f,
                                 const struct page *page, struct review **rows,
                                 size_t *n, struct page_info *info);
CHECKED enum rc reviews_db_get(struct ctx *c, struct id id, struct review *out);
/* FOR UPDATE. The second one only if it is this customer's. */
CHECKED enum rc reviews_db_lock(struct ctx *c, struct id id,
                                struct review *out);
CHECKED enum rc reviews_db_lock_own(struct ctx *c, struct id id,
                                    struct id customer, struct review *out);
/* key is an id or a slug. */
CHECKED enum rc reviews_db_product(struct ctx *c, const char *key,
                                   struct review_product *out);
CHECKED enum rc reviews_db_summary(struct ctx *c, struct id product,
                                   struct review_summary *out);

CHECKED enum rc reviews_db_insert(struct ctx *c, const struct review *r);
/* Rating, title, text; version + 1; keeps how it was. */
CHECKED enum rc reviews_db_edit(struct ctx *c, const struct review *before,
                                const struct review *after);
/* RC_CONFLICT when it is no longer in the status seen. */
CHECKED enum rc reviews_db_move(struct ctx *c, const struct review *seen,
                                const char *to, const char *reason);
CHECKED enum rc reviews_db_answer(struct ctx *c, struct id id,
                                  const char *response, const char *status,
                                  struct when at);
/* *changed 0 when there is none of theirs, or it said so before. */
CHECKED enum rc reviews_db_return(struct ctx *c, struct id customer,
                                  struct id product, int64_t *changed,
                                  struct review *out);
CHECKED enum rc reviews_db_delete(struct ctx *c, struct id id);
/* *is_new false when this person did so before. */
CHECKED enum rc reviews_db_vote(struct ctx *c, struct id review, struct id user,
                                bool *is_new);
CHECKED enum rc reviews_db_report(struct ctx *c, struct id review,
                                  struct id user, const char *reason,
                                  bool *is_new);
/* A published rating came (from 0), changed or went (to 0): the product's sum,
 * count and histogram follow. */
CHECKED enum rc reviews_db_rate(struct ctx *c, struct id product, int from,
                                int to);
/* All sums and histograms from the reviews themselves. */
CHECKED enum rc reviews_db_recount(struct ctx *c);
/* Of one person: for export, and without name afterwards. */
CHECKED enum rc reviews_db_of_person(struct ctx *c, struct id user,
                                     struct review **rows, size_t *n);
CHECKED enum rc reviews_db_forget(struct ctx *c, struct id user);

#endif
