/* Products as their stores keep them. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/catalog/change_http.h"
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

static enum rc answer(struct req *r, struct id id, const char *location)
{
	struct product p = { 0 };
	enum rc rc = products_db_get(&r->ctx, id, r->ctx.vendor, &p);

	if (!rc)
		rc = catalog_product_full(&r->ctx, &p,
		                          catalog_parts_wanted(r, PARTS_STORE));
	if (rc)
		return rc;
	return location ? reply_created(r, &p, location) : reply(r, &p);
}

static enum rc version(struct req *r, struct id id, int64_t *out)
{
	struct product p = { 0 };
	enum rc rc = products_db_get(&r->ctx, id, r->ctx.vendor, &p);

	*out = p.version;
	return rc;
}

static const struct thing products = { "/api/vendor/products", version,
	                               answer };
/* Its status moves whatever it says meanwhile. */
static const struct thing statuses = { .answer = answer };

enum rc catalog_vendor_products_post(struct req *r)
{
	struct change ch = { .thing = &products };
	struct product_in in;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_product_create(&r->ctx, r->ctx.vendor, &in, &ch.id);
	return change_created(r, &ch, rc);
}

enum rc catalog_vendor_product_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer(r, id, NULL);
}

enum rc catalog_vendor_product_patch(struct req *r)
{
	struct change ch = { .thing = &products };
	struct product_patch in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_product_patch(&r->ctx, r->ctx.vendor, ch.id, ch.version,
	                           &in);
	return change_end(r, &ch, rc);
}

enum rc catalog_vendor_product_delete(struct req *r)
{
	struct change ch = { .thing = &products };
	enum rc rc = change_find(r, &ch);

	if (!rc)
		rc = catalog_product_delete(&r->ctx, r->ctx.vendor, ch.id,
		                            ch.version);
	return rc ? rc : reply_empty(r);
}

typedef enum rc verb(struct ctx *c, struct id vendor, struct id id);

static enum rc run(struct req *r, verb *what)
{
	struct change ch = { .thing = &statuses };
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	return change_end(r, &ch, what(&r->ctx, r->ctx.vendor, ch.id));
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
