#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "db/outbox_db.h"
#include "db/sql.h"
#include "handlers/catalog/catalog.h"
#include "handlers/reviews/reviews_inside.h"

static const char published[] = "published";

static const struct move {
	const char *from;
	enum review_event event;
	const char *to;
} moves[] = {
	{ "pending", REVIEW_APPROVE, published },
	{ "rejected", REVIEW_APPROVE, published },
	{ "hidden", REVIEW_APPROVE, published },
	{ "pending", REVIEW_REJECT, "rejected" },
	{ published, REVIEW_REJECT, "hidden" },
	{ "pending", REVIEW_EDIT, "pending" },
	{ published, REVIEW_EDIT, "pending" },
	{ "rejected", REVIEW_EDIT, "pending" },
	{ "hidden", REVIEW_EDIT, "pending" },
};

const char *reviews_next(const char *status, enum review_event event)
{
	for (size_t i = 0; i < sizeof(moves) / sizeof(*moves); i++) {
		if (moves[i].event == event && !strcmp(moves[i].from, status))
			return moves[i].to;
	}
	return NULL;
}

enum rc reviews_count(struct ctx *c, struct id product, int from, int to)
{
	if (from == to)
		return RC_OK;
	enum rc rc = reviews_db_rate(c, product, from, to);
	if (rc)
		return rc;
	return catalog_product_changed(
		c, product, "rating",
		from ? arena_fmt(c->arena, "%d", from) : NULL,
		to ? arena_fmt(c->arena, "%d", to) : NULL);
}

void reviews_touch(struct ctx *c, const struct review *r)
{
	touch(c, TAG_REVIEWS);
	touch_one(c, "review", r->id);
	touch_one(c, "product", r->product_id);
}

enum rc reviews_apply(struct ctx *c, const struct review *seen,
                      enum review_event event, const char *reason)
{
	const char *to = reviews_next(seen->status, event);

	if (!to)
		return fail(c, RC_CONFLICT, "not_allowed", "The review is %s",
		            seen->status);
	int before = strcmp(seen->status, published) ? 0 : seen->rating;
	int after = strcmp(to, published) ? 0 : seen->rating;
	enum rc rc = reviews_db_move(c, seen, to, reason);

	if (!rc)
		rc = reviews_count(c, seen->product_id, before, after);
	if (!rc)
		reviews_touch(c, seen);
	return rc;
}

enum rc reviews_tell(struct ctx *c, const char *topic, const struct review *r,
                     const char *reason)
{
	struct review full = { 0 };
	struct buf b;
	char id[ID_TEXT_MAX];
	enum rc rc = reviews_db_get(c, r->id, &full);

	if (rc)
		return rc;
	buf_init(&b, c->arena, 256);
	buf_puts(&b, "{\"product_name\":");
	buf_json(&b, full.product_name);
	buf_fmt(&b, ",\"product_id\":\"%s\"", id_text(full.product_id, id));
	buf_fmt(&b, ",\"rating\":%d,\"reason\":", full.rating);
	buf_json(&b, reason);
	if (!strcmp(topic, "review.written"))
		buf_fmt(&b, ",\"vendor_id\":\"%s\"}",
		        id_text(full.vendor_id, id));
	else
		buf_fmt(&b, ",\"customer_id\":\"%s\"}",
		        id_text(full.customer_id, id));
	return outbox_add(c, topic, r->id, b.s);
}

static enum rc record(struct ctx *c, const char *what,
                      const struct review *seen, const char *to,
                      const char *reason)
{
	return audit_add(
		c, what, "review", seen->id,
		arena_fmt(c->arena, "{\"status\":\"%s\"}", seen->status),
		arena_fmt(c->arena, "{\"status\":\"%s\"}", to), reason);
}

/* An answer of the store waits although the review itself is out. */
static bool is_about_answer(const struct review *r)
{
	return !strcmp(r->status, published) && r->response_status &&
	       !strcmp(r->response_status, "pending");
}

static enum rc decide_answer(struct ctx *c, const struct review *seen,
                             const char *to, const char *reason)
{
	enum rc rc = reviews_db_answer(c, seen->id, seen->response, to,
	                               seen->response_at);

	if (!rc)
		rc = audit_add(
			c, "review.response", "review", seen->id,
			"{\"response_status\":\"pending\"}",
			arena_fmt(c->arena, "{\"response_status\":\"%s\"}", to),
			reason);
	if (!rc && !strcmp(to, published))
		rc = reviews_tell(c, "review.answered", seen, NULL);
	reviews_touch(c, seen);
	return rc;
}

static enum rc decide(struct ctx *c, struct id id, enum review_event event,
                      const char *reason)
{
	bool approves = event == REVIEW_APPROVE;
	struct review seen = { 0 };
	enum rc rc = reviews_db_lock(c, id, &seen);

	if (rc)
		return rc;
	if (is_about_answer(&seen))
		return decide_answer(c, &seen,
		                     approves ? published : "rejected", reason);
	rc = reviews_apply(c, &seen, event, reason);
	if (!rc)
		rc = record(c, approves ? "review.approved" : "review.rejected",
		            &seen, reviews_next(seen.status, event), reason);
	if (!rc)
		rc = reviews_tell(
			c, approves ? "review.published" : "review.rejected",
			&seen, reason);
	return rc;
}

enum rc reviews_approve(struct ctx *c, struct id id)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, decide(c, id, REVIEW_APPROVE, NULL));
}

enum rc reviews_reject(struct ctx *c, struct id id, const char *reason)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, decide(c, id, REVIEW_REJECT, reason));
}

enum rc reviews_queue_list(struct ctx *c, const struct review_filter *f,
                           const struct page *page, struct review **rows,
                           size_t *n, struct page_info *info)
{
	return reviews_db_queue(c, f, page, rows, n, info);
}

enum rc reviews_rebuild(struct ctx *c)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	touch(c, TAG_REVIEWS | TAG_CATALOG);
	return sql_end(c, reviews_db_recount(c));
}
