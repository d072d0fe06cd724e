/* Products as shoppers see them. */
#include "config.h"

#include <string.h>

#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/media/media.h"

/* A visible product by what stands in the path: an id or a slug. */
static enum rc find_with(struct req *r, bool texts, struct product *p)
{
	const char *key = req_param(r, 0);
	struct id id = { { 0 } };

	(void)id_parse(key, &id);
	return products_db_visible(&r->ctx, id, key, texts, p);
}

static enum rc find(struct req *r, struct product *p)
{
	return find_with(r, false, p);
}

/* What once was its slug leads to the present one (RFC 9110, 301). */
static enum rc lead_on(struct req *r, enum rc rc)
{
	struct product p = { 0 };
	struct buf path;

	if (rc != RC_NOT_FOUND ||
	    products_db_old_slug(&r->ctx, req_param(r, 0), &p))
		return rc;
	buf_init(&path, r->ctx.arena, 64);
	buf_puts(&path, "/api/products/");
	buf_url(&path, p.slug);
	rc = reply_redirect(r, path.s);
	r->status = 301;
	return rc;
}

enum rc catalog_product_get(struct req *r)
{
	bool texts = req_wants(r, "description") || req_wants(r, "attributes");
	struct product p = { 0 };
	enum rc rc = find_with(r, texts, &p);

	if (rc)
		return lead_on(r, rc);
	rc = catalog_product_full(&r->ctx, &p,
	                          catalog_parts_wanted(r, PARTS_SHOPPER));
	return rc ? rc : reply(r, &p);
}

enum rc catalog_product_variants_get(struct req *r)
{
	struct product p = { 0 };
	struct variant *rows = NULL;
	size_t n = 0;
	enum rc rc = find(r, &p);

	if (!rc)
		rc = variants_db_of(&r->ctx, p.id, false, &rows, &n);
	for (size_t i = 0; i < n; i++) {
		rows[i].currency = p.currency;
		variant_availability(&rows[i]);
	}
	return rc ? rc : reply_all(r, rows, n);
}

enum rc catalog_product_images_get(struct req *r)
{
	struct product p = { 0 };
	struct product_image *rows = NULL;
	size_t n = 0;
	enum rc rc = find(r, &p);

	if (!rc)
		rc = media_list_of_products(&r->ctx, &p.id, 1, &rows, &n);
	return rc ? rc : reply_all(r, rows, n);
}

enum rc catalog_product_history_get(struct req *r)
{
	struct product p = { 0 };
	struct product_event *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;
	enum rc rc = find(r, &p);

	if (!rc)
		rc = events_db_history(&r->ctx, p.id, &r->page, &rows, &n,
		                       &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc catalog_product_watch_put(struct req *r)
{
	struct watch_in in;
	struct product p = { 0 };

	req_body(r, &in);
	if (money_is_none(in.price_below) && !in.back_in_stock &&
	    !in.status_change)
		return fail_field(&r->ctx, "price_below", "nothing_to_watch",
		                  "Say what you want to be told of.");
	enum rc rc = find(r, &p);
	struct watch w = {
		.customer_id = r->ctx.actor,
		.product_id = p.id,
		.price_below = in.price_below,
		.back_in_stock = in.back_in_stock,
		.status_change = in.status_change,
		.created_at = r->ctx.now,
		.name = p.name,
		.slug = p.slug,
		.price = p.min_price,
		.currency = p.currency,
		.in_stock = p.in_stock,
	};
	if (!rc)
		rc = watch_db_put(&r->ctx, &w);
	return rc ? rc : reply(r, &w);
}

enum rc catalog_product_watch_delete(struct req *r)
{
	const char *key = req_param(r, 0);
	struct id id = { { 0 } };
	int64_t changed = 0;

	(void)id_parse(key, &id);
	enum rc rc = watch_db_delete(&r->ctx, r->ctx.actor, id, key, &changed);
	if (!rc && !changed)
		rc = RC_NOT_FOUND;
	return rc ? rc : reply_empty(r);
}

enum rc catalog_watched_get(struct req *r)
{
	struct watch *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;
	enum rc rc = watch_db_list(&r->ctx, r->ctx.actor, &r->page, &rows, &n,
	                           &info);

	return rc ? rc : reply_page(r, rows, n, &info);
}
