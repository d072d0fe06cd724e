#include "config.h"

#include "db/categories_db.h"
#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"
#include "handlers/catalog/change_http.h"

enum rc catalog_categories_get(struct req *r)
{
	struct category *roots = NULL;
	size_t n = 0;
	enum rc rc = catalog_category_tree(&r->ctx, &roots, &n);

	return rc ? rc : reply_all(r, roots, n);
}

enum rc catalog_category_get(struct req *r)
{
	struct category k = { 0 };
	enum rc rc = categories_db_by_slug(&r->ctx, req_param(r, 0), &k);

	if (!rc)
		rc = catalog_category_page(&r->ctx, &k);
	return rc ? rc : reply(r, &k);
}

static enum rc answer(struct req *r, struct id id, const char *location)
{
	struct category k = { 0 };
	enum rc rc = categories_db_get(&r->ctx, id, &k);

	if (!rc)
		rc = catalog_category_page(&r->ctx, &k);
	if (rc)
		return rc;
	return location ? reply_created(r, &k, location) : reply(r, &k);
}

static enum rc version(struct req *r, struct id id, int64_t *out)
{
	struct category k = { 0 };
	enum rc rc = categories_db_get(&r->ctx, id, &k);

	*out = k.version;
	return rc;
}

static const struct thing categories = { "/api/admin/categories", version,
	                                 answer };
/* Where it hangs is nothing that it says of itself. */
static const struct thing places = { .answer = answer };

enum rc catalog_admin_categories_post(struct req *r)
{
	struct change ch = { .thing = &categories };
	struct category_in in;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_category_create(&r->ctx, &in, &ch.id);
	return change_created(r, &ch, rc);
}

enum rc catalog_admin_category_patch(struct req *r)
{
	struct change ch = { .thing = &categories };
	struct category_patch in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_category_patch(&r->ctx, ch.id, ch.version, &in);
	return change_end(r, &ch, rc);
}

enum rc catalog_admin_category_delete(struct req *r)
{
	struct change ch = { .thing = &categories };
	struct category_delete_query in;

	req_query(r, &in);
	enum rc rc = change_find(r, &ch);

	if (!rc)
		rc = catalog_category_delete(&r->ctx, ch.id, in.reassign_to);
	return rc ? rc : reply_empty(r);
}

enum rc catalog_admin_category_move_post(struct req *r)
{
	struct change ch = { .thing = &places };
	struct category_move in;

	req_body(r, &in);
	enum rc rc = change_begin(r, &ch);

	if (rc)
		return rc;
	rc = catalog_category_move(&r->ctx, ch.id, &in);
	return change_end(r, &ch, rc);
}
