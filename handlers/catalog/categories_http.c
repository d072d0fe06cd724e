#include "config.h"

#include "db/categories_db.h"
#include "db/sql.h"
#include "fcgi/http/reply.h"
#include "handlers/catalog/catalog_http.h"

enum rc catalog_categories_get(struct req *r)
{
	struct category *roots = NULL;
	size_t n = 0;
	enum rc rc = catalog_category_tree(&r->ctx, &roots, &n);

	return rc ? rc : reply_all(r, roots, n);
}

static enum rc answer(struct req *r, struct id id, bool is_new)
{
	struct category k = { 0 };
	char text[ID_TEXT_MAX];
	enum rc rc = categories_db_get(&r->ctx, id, &k);

	if (!rc)
		rc = catalog_category_page(&r->ctx, &k);
	if (rc)
		return rc;
	if (!is_new)
		return reply(r, &k);
	return reply_created(r, &k,
	                     arena_fmt(r->ctx.arena, "/api/admin/categories/%s",
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

enum rc catalog_category_get(struct req *r)
{
	struct category k = { 0 };
	enum rc rc = categories_db_by_slug(&r->ctx, req_param(r, 0), &k);

	if (!rc)
		rc = catalog_category_page(&r->ctx, &k);
	return rc ? rc : reply(r, &k);
}

enum rc catalog_admin_categories_post(struct req *r)
{
	struct category_in in;
	struct id id;

	req_body(r, &in);
	enum rc rc = sql_begin(&r->ctx);

	if (rc)
		return rc;
	rc = catalog_category_create(&r->ctx, &in, &id);
	return finish(r, rc, id, true);
}

/* The version that If-Match has named, for the check under the lock. */
static enum rc matched(struct req *r, struct id id, int64_t *version)
{
	struct category k = { 0 };
	enum rc rc = categories_db_get(&r->ctx, id, &k);

	if (!rc)
		rc = req_if_match(r, k.version);
	*version = req_variable(r, "HTTP_IF_MATCH") ? k.version : INT_NONE;
	return rc;
}

enum rc catalog_admin_category_patch(struct req *r)
{
	struct category_patch in;
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
	rc = catalog_category_patch(&r->ctx, id, version, &in);
	return finish(r, rc, id, false);
}

enum rc catalog_admin_category_delete(struct req *r)
{
	struct category_delete_query in;
	int64_t version;
	struct id id;

	req_query(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = matched(r, id, &version);
	if (!rc)
		rc = catalog_category_delete(&r->ctx, id, in.reassign_to);
	return rc ? rc : reply_empty(r);
}

enum rc catalog_admin_category_move_post(struct req *r)
{
	struct category_move in;
	struct id id;

	req_body(r, &in);
	enum rc rc = req_id(r, 0, &id);
	if (!rc)
		rc = sql_begin(&r->ctx);
	if (rc)
		return rc;
	rc = catalog_category_move(&r->ctx, id, &in);
	return finish(r, rc, id, false);
}
