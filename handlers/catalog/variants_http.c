#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/catalog/change_http.h"

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
		variant_availability(&rows[i]);
	return rc ? rc : reply_page(r, rows, n, &info);
}

/* The variant of the path, if it is on sale. */
static enum rc find(struct req *r, struct variant *v)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = variants_db_visible(&r->ctx, id, v);
	if (!rc)
		variant_availability(v);
	return rc;
}

enum rc catalog_variant_get(struct req *r)
{
	struct variant v = { 0 };
	enum rc rc = find(r, &v);

	return rc ? rc : reply(r, &v);
}

/* Never from a cache, and by the clock: a sale may have begun this second. */
enum rc catalog_variant_live_get(struct req *r)
{
	struct variant v = { 0 };
	enum rc rc = find(r, &v);

	if (rc)
		return rc;
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
static enum rc answer(struct req *r, struct id id, const char *location)
{
	struct variant v = { 0 };
	enum rc rc = variants_db_get(&r->ctx, id, r->ctx.vendor, &v);

	if (!rc)
		rc = variants_db_velocity(&r->ctx, &v, 1);
	if (rc)
		return rc;
	variant_availability(&v);
	return location ? reply_created(r, &v, location) : reply(r, &v);
}

static enum rc version(struct req *r, struct id id, int64_t *out)
{
	struct variant v = { 0 };
	enum rc rc = variants_db_get(&r->ctx, id, r->ctx.vendor, &v);

	*out = v.version;
	return rc;
}

static const struct thing variants = { "/api/variants", version, answer };
/* Its changes name the version in their body. */
static const struct thing stocks = { .answer = answer };

enum rc catalog_variants_post(struct req *r)
{
	struct change ch = { .thing = &variants };
	struct variant_in in;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_variant_create(&r->ctx, r->ctx.vendor, in.product_id, &in,
	                            &ch.id);
	return change_created(r, &ch, rc);
}

enum rc catalog_variant_patch_(struct req *r)
{
	struct change ch = { .thing = &variants };
	struct variant_patch in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_variant_patch(&r->ctx, r->ctx.vendor, ch.id, ch.version,
	                           &in);
	return change_end(r, &ch, rc);
}

enum rc catalog_variant_delete_(struct req *r)
{
	struct change ch = { .thing = &variants };
	enum rc rc = change_find(r, &ch);

	if (!rc)
		rc = catalog_variant_delete(&r->ctx, r->ctx.vendor, ch.id,
		                            ch.version);
	return rc ? rc : reply_empty(r);
}

enum rc catalog_variant_stock_post(struct req *r)
{
	struct change ch = { .thing = &stocks };
	struct stock_change in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_stock_change(&r->ctx, r->ctx.vendor, ch.id, &in);
	return change_end(r, &ch, rc);
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
