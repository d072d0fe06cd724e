/* Between the files of reviews. */
#ifndef MERKATO_REVIEWS_INSIDE_H
#define MERKATO_REVIEWS_INSIDE_H

#include "fcgi/http/request.h"
#include "handlers/reviews/reviews.h"

enum review_event { REVIEW_APPROVE, REVIEW_REJECT, REVIEW_EDIT };

/* The next status by the table; NULL if the table does not list it. */
const char *reviews_next(const char *status, enum review_event event);
/* Moves a locked review and its rating; old_rating is what counted before. */
CHECKED enum rc reviews_apply(struct ctx *c, const struct review *seen,
                              enum review_event event, const char *reason);
/* The product's rating when a published rating changes: 0 = none. */
CHECKED enum rc reviews_count(struct ctx *c, struct id product, int from,
                              int to);
CHECKED enum rc reviews_tell(struct ctx *c, const char *topic,
                             const struct review *r, const char *reason);
/* Marks the cached answers of one review and its product. */
void reviews_touch(struct ctx *c, const struct review *r);

/* Routes. */
extern const struct shape review_patch_shape;
struct review_query {
	struct id product, vendor;
	int rating;
	const char *verified;
};
struct review_queue_query {
	struct id product, vendor;
	const char *status;
	int rating;
	bool reported;
};
struct review_text {
	const char *text;
};
struct review_reason {
	const char *reason;
};
struct review_votes {
	int helpful_count;
};
enum rc reviews_get(struct req *r);
enum rc reviews_one_get(struct req *r);
enum rc reviews_product_get(struct req *r);
enum rc reviews_post(struct req *r);
enum rc reviews_one_patch(struct req *r);
enum rc reviews_one_delete(struct req *r);
enum rc reviews_response_post(struct req *r);
enum rc reviews_helpful_post(struct req *r);
enum rc reviews_report_post(struct req *r);
enum rc reviews_admin_get(struct req *r);
enum rc reviews_approve_post(struct req *r);
enum rc reviews_reject_post(struct req *r);

#endif
