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

static enum rc version(struct req *r, struct id id, int64_t *out)
{
	struct product p = { 0 };
	enum rc rc = products_db_get(&r->ctx, id, (struct id){ { 0 } }, &p);

	*out = p.version;
	return rc;
}

static const struct thing products = { .version = version, .answer = answer };

enum rc catalog_admin_product_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer(r, id, NULL);
}

typedef enum rc decision(struct ctx *c, struct id product, int64_t if_version,
                         const struct reason_in *in);

static enum rc decide(struct req *r, const struct reason_in *in, decision *what)
{
	struct change ch = { .thing = &products };
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	return change_end(r, &ch, what(&r->ctx, ch.id, ch.version, in));
}

static enum rc decide_with_reason(struct req *r, decision *what)
{
	struct reason_in in;

	req_body(r, &in);
	return decide(r, &in, what);
}

static enum rc approve(struct ctx *c, struct id product, int64_t if_version,
                       const struct reason_in *in)
{
	(void)in; /* approval needs no reason */
	return catalog_product_approve(c, product, if_version);
}

static enum rc reject(struct ctx *c, struct id product, int64_t if_version,
                      const struct reason_in *in)
{
	return catalog_product_reject(c, product, if_version, in->reason_code,
	                              in->reason);
}

static enum rc archive(struct ctx *c, struct id product, int64_t if_version,
                       const struct reason_in *in)
{
	return catalog_product_archive(c, product, if_version, in->reason);
}

enum rc catalog_admin_approve_post(struct req *r)
{
	return decide(r, NULL, approve);
}

enum rc catalog_admin_reject_post(struct req *r)
{
	return decide_with_reason(r, reject);
}

enum rc catalog_admin_archive_post(struct req *r)
{
	return decide_with_reason(r, archive);
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
