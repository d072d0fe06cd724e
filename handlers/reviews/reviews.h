/*
 * What buyers think of products: written by those whose order was delivered,
 * moderated, answered by the store. Only published reviews count in a product's
 * rating, which is kept with the change that publishes or hides one.
 *
 *	pending → published | rejected
 *	published → hidden; rejected, hidden → published
 *	an edit by the author makes any of them pending
 *
 * Outbox events (subject: the review): review.written (vendor_id),
 * review.published, review.rejected, review.answered (customer_id), each with
 * product_name, rating, and reason or null.
 */
#ifndef MERKATO_REVIEWS_H
#define MERKATO_REVIEWS_H

#include "db/reviews_db.h"
#include "fcgi/http/route.h"
#include "handlers/accounts/accounts.h"

extern const struct route reviews_routes[];
/* What happens to reviews when a person is exported or erased. */
extern const struct accounts_part reviews_part;

struct review_new {
	const char *product_id; /* id or slug */
	int rating;
	const char *title, *text;
};
/* RC_FORBIDDEN "not_bought", "own_product"; RC_CONFLICT "already_reviewed". */
CHECKED enum rc reviews_write(struct ctx *c, const struct review_new *in,
                              struct review *out);
struct review_patch {
	uint64_t given;
	int rating;
	const char *title, *text;
};
/* version is the one seen: RC_PRECONDITION if it has changed since. */
CHECKED enum rc reviews_edit(struct ctx *c, struct id id, int64_t version,
                             const struct review_patch *in, struct review *out);
CHECKED enum rc reviews_drop(struct ctx *c, struct id id, int64_t version);

/* The store's answer; it may be changed for 48 hours. */
CHECKED enum rc reviews_answer(struct ctx *c, struct id id, const char *text,
                               struct review *out);
CHECKED enum rc reviews_vote(struct ctx *c, struct id id, int *helpful_count);
CHECKED enum rc reviews_report(struct ctx *c, struct id id, const char *reason);

/*
 * Moderation, for API and console. Approving publishes the review, or the
 * store's answer when only that waits; rejecting refuses, or hides what is
 * published. Writes the audit row. RC_CONFLICT "not_allowed" else.
 */
CHECKED enum rc reviews_approve(struct ctx *c, struct id id);
CHECKED enum rc reviews_reject(struct ctx *c, struct id id, const char *reason);
/* Orderings: created_at, report_count. */
CHECKED enum rc reviews_queue_list(struct ctx *c, const struct review_filter *f,
                                   const struct page *page,
                                   struct review **rows, size_t *n,
                                   struct page_info *info);

/* Consumer of "review.written" for the rules of suspicious activity. */
struct outbox_event;
enum rc reviews_watch_written(struct ctx *c, const struct outbox_event *e);

/* Consumer of "payment.refund": what went back is said beside its review. */
enum rc reviews_mark_returned(struct ctx *c, const struct outbox_event *e);

/* Sums and histograms of all products from the reviews themselves. */
CHECKED enum rc reviews_rebuild(struct ctx *c);

#endif
