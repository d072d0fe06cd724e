/* Products as their stores keep them. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/media/media.h"

enum rc catalog_vendor_products_get(struct req *r)
{
	struct list_query in;
	struct product *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	req_query(r, &in);
	struct queue_filter f = { .status = in.status,
		                  .q = in.q,
		                  .category = in.category };
	enum rc rc = products_db_vendor_list(&r->ctx, r->ctx.vendor, &f,
	                                     &r->page, &rows, &n, &info);
	for (size_t i = 0; i < n; i++)
		rows[i].picture = media_url(&r->ctx, rows[i].picture,
		                            MEDIA_MEDIUM, "jpg");
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc answer(struct req *r, struct id id, bool is_new)
{
	struct product p = { 0 };
	char text[ID_TEXT_MAX];
	enum rc rc = products_db_get(&r->ctx, id, r->ctx.vendor, &p);

	if (!rc)
		rc = catalog_product_full(&r->ctx, &p,
		                          catalog_parts_wanted(r, PARTS_STORE));
	if (rc)
		return rc;
	if (!is_new)
		return reply(r, &p);
	return reply_created(r, &p,
	                     arena_fmt(r->ctx.arena, "/api/vendor/products/%s",
	                               id_text(id, text)));
}

/* The answer is read in the transaction of the change: once that has happened,
 * nothing can fail any more and have it repeated. */
static enum rc finish(struct req *r, enum rc rc, struct id id, bool is_new)
{
	if (!rc)
		rc = answer(r, id, is_new);
	return sql_end(&r->ctx, rc);
}

enum rc catalog_vendor_products_post(struct req *r)
{
	struct product_in in;
	struct id id;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_product_create(&r->ctx, r->ctx.vendor, &in, &id);
	return finish(r, rc, id, true);
}

enum rc catalog_vendor_product_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer(r, id, false);
}

static enum rc matched(struct req *r, struct id id, int64_t *version)
{
	struct product p = { 0 };
	enum rc rc = products_db_get(&r->ctx, id, r->ctx.vendor, &p);

	if (!rc)
		rc = req_if_match(r, p.version);
	*version = req_variable(r, "HTTP_IF_MATCH") ? p.version : INT_NONE;
	return rc;
}

enum rc catalog_vendor_product_patch(struct req *r)
{
	struct product_patch in;
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
	rc = catalog_product_patch(&r->ctx, r->ctx.vendor, id, version, &in);
	return finish(r, rc, id, false);
}

enum rc catalog_vendor_product_delete(struct req *r)
{
	int64_t version;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = matched(r, id, &version);
	if (!rc)
		rc = catalog_product_delete(&r->ctx, r->ctx.vendor, id,
		                            version);
	return rc ? rc : reply_empty(r);
}

typedef enum rc verb(struct ctx *c, struct id vendor, struct id id);

static enum rc run(struct req *r, verb *what)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = what(&r->ctx, r->ctx.vendor, id);
	return finish(r, rc, id, false);
}

enum rc catalog_vendor_submit_post(struct req *r)
{
	return run(r, catalog_product_submit);
}

enum rc catalog_vendor_archive_post(struct req *r)
{
	return run(r, catalog_product_retire);
}

enum rc catalog_vendor_restore_post(struct req *r)
{
	return run(r, catalog_product_restore);
}

enum rc catalog_vendor_timeline_get(struct req *r)
{
	struct timeline_query in;
	struct event_filter f = { .vendor = r->ctx.vendor };
	struct product_event *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	req_query(r, &in);
	f.field = in.field;
	f.from = in.from;
	f.to = in.to;
	/* No look at the product itself: its timeline outlives it. */
	enum rc rc = req_id(r, 0, &f.product);
	if (!rc)
		rc = events_db_list(&r->ctx, &f, &r->page, &rows, &n, &info);
	if (!rc && !n && r->page.number == 1 && !r->page.has_after &&
	    !in.field && !in.from.us && !in.to.us)
		return RC_NOT_FOUND;
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc catalog_vendor_visibility_get(struct req *r)
{
	enum { REASONS_MAX = 8 };
	struct product p = { 0 };
	struct store_facts store = { 0 };
	struct visibility out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = products_db_get(&r->ctx, id, r->ctx.vendor, &p);
	if (!rc)
		rc = products_db_store(&r->ctx, p.vendor_id, &store);
	if (rc)
		return rc;
	out.is_visible = p.is_visible;
	out.reasons = arena_new_array(r->ctx.arena, const char *, REASONS_MAX);
	if (strcmp(p.status, "approved") != 0)
		out.reasons[out.n_reasons++] =
			arena_fmt(r->ctx.arena, "status_%s", p.status);
	if (!store.is_open)
		out.reasons[out.n_reasons++] = "store_closed";
	if (!p.n_variants)
		out.reasons[out.n_reasons++] = "no_active_variant";
	/* Seen, but left out of lists that ask for it. */
	if (!p.in_stock)
		out.reasons[out.n_reasons++] = "out_of_stock";
	if (!p.n_pictures)
		out.reasons[out.n_reasons++] = "no_picture";
	return reply(r, &out);
}
