#include "config.h"

#include "handlers/reviews/reviews_inside.h"

static const char *const yes_no[] = { "true", "false", NULL };
static const char *const statuses[] = { "pending",  "published", "hidden",
	                                "rejected", "response",  NULL };

static const struct field query_fields[] = {
	FIELD(review_query, product, .help = "Of this product"),
	FIELD(review_query, vendor, .help = "Of this store's products"),
	FIELD(review_query, rating, .min = 1, .max = 5),
	FIELD(review_query, verified, .one_of = yes_no,
	      .help = "Only by buyers, or only by others"),
	FIELDS_END,
};
static const struct shape query_shape = SHAPE(review_query, query_fields);

static const struct field queue_query_fields[] = {
	FIELD(review_queue_query, product),
	FIELD(review_queue_query, vendor),
	FIELD(review_queue_query, status, .one_of = statuses,
	      .help = "response: the store's answer waits"),
	FIELD(review_queue_query, rating, .min = 1, .max = 5),
	FIELD(review_queue_query, reported,
	      .help = "Only those that somebody has reported"),
	FIELDS_END,
};
static const struct shape queue_query_shape =
	SHAPE(review_queue_query, queue_query_fields);

static const struct field new_fields[] = {
	FIELD(review_new, product_id, .flags = REQUIRED, .max = 191,
	      .help = "Id or slug of the product"),
	FIELD(review_new, rating, .flags = REQUIRED, .min = 1, .max = 5),
	FIELD(review_new, title, .max = 120),
	FIELD(review_new, text, .flags = LONG_TEXT, .max = 5000),
	FIELDS_END,
};
static const struct shape new_shape = SHAPE(review_new, new_fields);

static const struct field patch_fields[] = {
	FIELD(review_patch, rating, .min = 1, .max = 5),
	FIELD(review_patch, title, .flags = NULLABLE, .max = 120),
	FIELD(review_patch, text, .flags = LONG_TEXT | NULLABLE, .max = 5000),
	FIELDS_END,
};
const struct shape review_patch_shape = SHAPE_PATCH(review_patch, patch_fields);

static const struct field text_fields[] = {
	FIELD(review_text, text, .flags = REQUIRED | LONG_TEXT, .min = 1,
	      .max = 2000),
	FIELDS_END,
};
static const struct shape text_shape = SHAPE(review_text, text_fields);

static const struct field reason_fields[] = {
	FIELD(review_reason, reason, .flags = REQUIRED, .min = 3, .max = 500),
	FIELDS_END,
};
static const struct shape reason_shape = SHAPE(review_reason, reason_fields);

static const struct field votes_fields[] = {
	FIELD(review_votes, helpful_count, .flags = REQUIRED),
	FIELDS_END,
};
static const struct shape votes_shape = SHAPE(review_votes, votes_fields);

struct review_page {
	struct review_summary *summary;
};
static const struct field page_fields[] = {
	OBJECT(review_page, summary, review_summary_shape, .flags = REQUIRED),
	FIELDS_END,
};
static const struct shape page_shape = SHAPE(review_page, page_fields);

static const char *const orders[] = { "-created_at", "-helpful_count",
	                              "-rating", NULL };
static const char *const queue_orders[] = { "created_at", "-report_count",
	                                    NULL };

static const char *const post_codes[] = { "not_bought", "own_product",
	                                  "already_reviewed",
	                                  "email_not_verified", NULL };

const struct route reviews_routes[] = {
	{ "GET", "/api/reviews/", reviews_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .query = &query_shape, .reply = &review_shape,
	  .list = true, .orderings = orders, .cache = CACHE_REVIEW,
	  .depends = TAG_REVIEWS | TAG_VENDORS, .max_age_s = 30,
	  .summary = "Published reviews" },
	{ "GET", "/api/reviews/{id}", reviews_one_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .reply = &review_shape, .cache = CACHE_REVIEW,
	  .depends = TAG_REVIEWS | TAG_VENDORS, .depends_on = "review",
	  .max_age_s = 30, .summary = "One published review" },
	{ "GET", "/api/products/{product}/reviews", reviews_product_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_READ, .query = &query_shape,
	  .reply = &review_shape, .list = true, .orderings = orders,
	  .extra = &page_shape, .cache = CACHE_REVIEW,
	  .depends = TAG_REVIEWS | TAG_VENDORS, .depends_on = "product",
	  .max_age_s = 30,
	  .summary = "What buyers think of a product, with its histogram" },
	{ "POST", "/api/reviews/", reviews_post, .who = ROLE_CUSTOMER,
	  .limit = LIMIT_WRITE, .body = &new_shape, .reply = &review_own_shape,
	  .status = 201, .errors = post_codes,
	  .summary = "Review a product that I have received" },
	{ "PATCH", "/api/reviews/{id}", reviews_one_patch, .who = ROLE_CUSTOMER,
	  .limit = LIMIT_WRITE, .body = &review_patch_shape,
	  .reply = &review_own_shape,
	  .summary = "Change my review; it is looked at again" },
	{ "DELETE", "/api/reviews/{id}", reviews_one_delete,
	  .who = ROLE_CUSTOMER, .limit = LIMIT_WRITE, .status = 204,
	  .summary = "Take my review back" },
	{ "POST", "/api/reviews/{id}/response", reviews_response_post,
	  .who = ROLE_STORE, .permission = MAY_STAFF_REVIEWS,
	  .limit = LIMIT_WRITE, .body = &text_shape, .reply = &review_own_shape,
	  .summary = "Answer a review of my store's product" },
	{ "POST", "/api/reviews/{id}/helpful", reviews_helpful_post,
	  .who = ROLE_CUSTOMER, .limit = LIMIT_WRITE, .reply = &votes_shape,
	  .summary = "Say that a review helped" },
	{ "POST", "/api/reviews/{id}/report", reviews_report_post,
	  .who = ROLE_USER, .limit = LIMIT_WRITE, .body = &reason_shape,
	  .status = 204, .summary = "Report a review to the moderators" },
	{ "GET", "/api/admin/reviews", reviews_admin_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_REVIEWS, .limit = LIMIT_READ,
	  .query = &queue_query_shape, .reply = &review_queue_shape,
	  .list = true, .orderings = queue_orders,
	  .summary = "Reviews of every status" },
	{ "POST", "/api/admin/reviews/{id}/approve", reviews_approve_post,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_REVIEWS,
	  .limit = LIMIT_WRITE, .reply = &review_queue_shape,
	  .summary = "Publish a review, or the store's answer to it" },
	{ "POST", "/api/admin/reviews/{id}/reject", reviews_reject_post,
	  .who = ROLE_MODERATOR, .permission = MAY_ADMIN_REVIEWS,
	  .limit = LIMIT_WRITE, .body = &reason_shape,
	  .reply = &review_queue_shape,
	  .summary = "Refuse a review, or hide a published one" },
	{ 0 },
};
