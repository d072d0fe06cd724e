#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"

enum rc catalog_variants_get(struct req *r)
{
	struct variant_list_query in;
	struct variant *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	req_query(r, &in);
	enum rc rc = variants_db_list(&r->ctx, in.product, &r->page, &rows, &n,
	                              &info);
	for (size_t i = 0; i < n; i++)
		catalog_availability(&rows[i]);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc catalog_variant_get(struct req *r)
{
	struct variant v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = variants_db_visible(&r->ctx, id, &v);
	if (rc)
		return rc;
	catalog_availability(&v);
	return reply(r, &v);
}

/* Never from a cache, and by the clock: a sale may have begun this second. */
enum rc catalog_variant_live_get(struct req *r)
{
	struct variant v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = variants_db_visible(&r->ctx, id, &v);
	if (rc)
		return rc;
	catalog_availability(&v);
	catalog_price_now(r->ctx.now, &v);
	struct live live = {
		.id = v.id,
		.price = v.current_price,
		.currency = v.currency,
		.availability = v.availability,
		.in_stock = v.in_stock,
		/* The moment of the last change: the same until the next. */
		.as_of = v.updated_at,
		.version = v.version,
	};
	return reply(r, &live);
}

/* The vendor's own variant, with what shoppers do not see. */
static enum rc answer(struct req *r, struct id id, bool is_new)
{
	struct variant v = { 0 };
	char text[ID_TEXT_MAX];
	enum rc rc = variants_db_get(&r->ctx, id, r->ctx.vendor, &v);

	if (!rc)
		rc = variants_db_velocity(&r->ctx, &v, 1);
	if (rc)
		return rc;
	catalog_availability(&v);
	if (!is_new)
		return reply(r, &v);
	return reply_created(
		r, &v,
		arena_fmt(r->ctx.arena, "/api/variants/%s", id_text(id, text)));
}

/* The answer is read in the transaction of the change: once that has happened,
 * nothing can fail any more and have it repeated. */
static enum rc finish(struct req *r, enum rc rc, struct id id, bool is_new)
{
	if (!rc)
		rc = answer(r, id, is_new);
	return sql_end(&r->ctx, rc);
}

enum rc catalog_variants_post(struct req *r)
{
	struct variant_in in;
	struct id id;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_variant_create(&r->ctx, r->ctx.vendor, in.product_id, &in,
	                            &id);
	return finish(r, rc, id, true);
}

static enum rc matched(struct req *r, struct id id, int64_t *version)
{
	struct variant v = { 0 };
	enum rc rc = variants_db_get(&r->ctx, id, r->ctx.vendor, &v);

	if (!rc)
		rc = req_if_match(r, v.version);
	*version = req_variable(r, "HTTP_IF_MATCH") ? v.version : INT_NONE;
	return rc;
}

enum rc catalog_variant_patch_(struct req *r)
{
	struct variant_patch in;
	int64_t version;
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = matched(r, id, &version);
	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = catalog_variant_patch(&r->ctx, r->ctx.vendor, id, version, &in);
	return finish(r, rc, id, false);
}

enum rc catalog_variant_delete_(struct req *r)
{
	int64_t version;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = matched(r, id, &version);
	if (!rc)
		rc = catalog_variant_delete(&r->ctx, r->ctx.vendor, id,
		                            version);
	return rc ? rc : reply_empty(r);
}

enum rc catalog_variant_stock_post(struct req *r)
{
	struct stock_change in;
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = catalog_stock_change(&r->ctx, r->ctx.vendor, id, &in);
	return finish(r, rc, id, false);
}

enum rc catalog_stock_movements_get(struct req *r)
{
	struct variant v;
	struct stock_movement *rows = NULL;
	struct page_info info = { 0 };
	struct id id;
	size_t n = 0;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = variants_db_get(&r->ctx, id, r->ctx.vendor, &v);
	if (!rc)
		rc = stock_db_list(&r->ctx, id, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}
