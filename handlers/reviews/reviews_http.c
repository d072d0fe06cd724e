#include "config.h"

#include <string.h>

#include "fcgi/http/reply.h"
#include "handlers/reviews/reviews_inside.h"

static struct review_filter filter_of(const struct req *r)
{
	struct review_query in;

	req_query(r, &in);
	return (struct review_filter){
		.product = in.product,
		.vendor = in.vendor,
		.rating = in.rating,
		.verified = in.verified ? !strcmp(in.verified, "true") : -1,
	};
}

enum rc reviews_get(struct req *r)
{
	const struct review_filter f = filter_of(r);
	struct review *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	enum rc rc = reviews_db_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc reviews_one_get(struct req *r)
{
	struct review out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = reviews_db_published(&r->ctx, id, &out);
	return rc ? rc : reply(r, &out);
}

enum rc reviews_product_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct review_product p = { 0 };
	struct review_summary summary = { 0 };
	struct review *rows = NULL;
	struct page_info info = { 0 };
	struct buf extra;
	size_t n = 0;

	enum rc rc = reviews_db_product(c, req_param(r, 0), &p);
	if (!rc && !p.is_visible)
		rc = fail(c, RC_NOT_FOUND, "not_found",
		          "There is no such product");
	if (!rc)
		rc = reviews_db_summary(c, p.id, &summary);
	struct review_filter f = filter_of(r);
	f.product = p.id;
	if (!rc)
		rc = reviews_db_page(c, &f, &r->page, &rows, &n, &info);
	if (rc)
		return rc;
	buf_init(&extra, c->arena, 128);
	buf_puts(&extra, "\"summary\":");
	shape_write(&extra, &review_summary_shape, &summary, ALL_FIELDS);
	return reply_page_with(r, rows, n, &info, extra.s);
}

enum rc reviews_post(struct req *r)
{
	struct review_new in;
	struct review out = { 0 };

	req_body(r, &in);
	enum rc rc = reviews_write(&r->ctx, &in, &out);
	if (rc)
		return rc;
	char id[ID_TEXT_MAX];
	return reply_created(r, &out,
	                     arena_fmt(r->ctx.arena, "/api/reviews/%s",
	                               id_text(out.id, id)));
}

/* The version that If-Match asks for must be the one that is changed. */
static enum rc read_own(struct req *r, struct id *id, int64_t *version)
{
	struct review seen = { 0 };
	enum rc rc = req_id(r, 0, id);

	if (!rc)
		rc = reviews_db_get(&r->ctx, *id, &seen);
	if (!rc && !id_equal(seen.customer_id, r->ctx.actor))
		rc = fail(&r->ctx, RC_NOT_FOUND, "not_found",
		          "There is no such review");
	if (!rc)
		rc = req_if_match(r, seen.version);
	*version = seen.version;
	return rc;
}

enum rc reviews_one_patch(struct req *r)
{
	struct review_patch in;
	struct review out = { 0 };
	struct id id;
	int64_t version = 0;

	req_body(r, &in);
	enum rc rc = read_own(r, &id, &version);
	if (!rc)
		rc = reviews_edit(&r->ctx, id, version, &in, &out);
	return rc ? rc : reply(r, &out);
}

enum rc reviews_one_delete(struct req *r)
{
	struct id id;
	int64_t version = 0;
	enum rc rc = read_own(r, &id, &version);

	if (!rc)
		rc = reviews_drop(&r->ctx, id, version);
	return rc ? rc : reply_empty(r);
}

enum rc reviews_response_post(struct req *r)
{
	struct review_text in;
	struct review out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = reviews_answer(&r->ctx, id, in.text, &out);
	return rc ? rc : reply(r, &out);
}

enum rc reviews_helpful_post(struct req *r)
{
	struct review_votes out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = reviews_vote(&r->ctx, id, &out.helpful_count);
	return rc ? rc : reply(r, &out);
}

enum rc reviews_report_post(struct req *r)
{
	struct review_reason in;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = reviews_report(&r->ctx, id, in.reason);
	return rc ? rc : reply_empty(r);
}

enum rc reviews_admin_get(struct req *r)
{
	struct review_queue_query in;
	struct review *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	req_query(r, &in);
	const struct review_filter f = {
		.product = in.product,
		.vendor = in.vendor,
		.rating = in.rating,
		.status = in.status,
		.reported = in.reported,
		.verified = -1,
	};
	enum rc rc =
		reviews_queue_list(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc reply_decided(struct req *r, struct id id)
{
	struct review out = { 0 };
	enum rc rc = reviews_db_get(&r->ctx, id, &out);

	return rc ? rc : reply(r, &out);
}

enum rc reviews_approve_post(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = reviews_approve(&r->ctx, id);
	return rc ? rc : reply_decided(r, id);
}

enum rc reviews_reject_post(struct req *r)
{
	struct review_reason in;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = reviews_reject(&r->ctx, id, in.reason);
	return rc ? rc : reply_decided(r, id);
}
