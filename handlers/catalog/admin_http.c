/* Products as moderators see them. */
#include "config.h"

#include "fcgi/http/reply.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/catalog/change_http.h"
#include "handlers/media/media.h"

enum rc catalog_admin_products_get(struct req *r)
{
	struct list_query in;
	struct queue_product *rows = NULL;
	struct page_info info = { 0 };
	size_t n = 0;

	req_query(r, &in);
	struct queue_filter f = { .status = in.status,
		                  .q = in.q,
		                  .vendor = in.vendor,
		                  .category = in.category };
	enum rc rc =
		catalog_queue_list(&r->ctx, &f, &r->page, &rows, &n, &info);
	for (size_t i = 0; i < n; i++)
		rows[i].picture = media_url(&r->ctx, rows[i].picture,
		                            MEDIA_MEDIUM, "jpg");
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc answer(struct req *r, struct id id, const char *location)
{
	struct product p = { 0 };
	enum rc rc = products_db_get(&r->ctx, id, (struct id){ { 0 } }, &p);

	(void)location; /* moderators make none */
	if (!rc)
		rc = catalog_product_full(&r->ctx, &p,
		                          catalog_parts_wanted(r, PARTS_STORE));
	return rc ? rc : reply(r, &p);
}

static const struct thing products = { .answer = answer };

enum rc catalog_admin_product_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer(r, id, NULL);
}

enum rc catalog_admin_approve_post(struct req *r)
{
	struct change ch = { .thing = &products };
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	return change_end(r, &ch, catalog_product_approve(&r->ctx, ch.id));
}

enum rc catalog_admin_reject_post(struct req *r)
{
	struct change ch = { .thing = &products };
	struct reason_in in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_product_reject(&r->ctx, ch.id, in.reason_code, in.reason);
	return change_end(r, &ch, rc);
}

enum rc catalog_admin_archive_post(struct req *r)
{
	struct change ch = { .thing = &products };
	struct reason_in in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_product_archive(&r->ctx, ch.id, in.reason);
	return change_end(r, &ch, rc);
}

enum rc catalog_admin_trust_put(struct req *r)
{
	struct trust_in in;
	struct vendor_brief vendor;
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = accounts_vendor_get(&r->ctx, id, &vendor);
	if (!rc)
		rc = catalog_trust(&r->ctx, id, in.is_trusted,
		                   in.sample_percent);
	return rc ? rc : reply(r, &in);
}
