/* What moderators decide, and what follows from a store's state. */
#include "config.h"

#include <string.h>

#include "db/categories_db.h"
#include "db/places_db.h"
#include "db/sql.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog_rules.h"
#include "handlers/discovery/discovery.h"

static const struct id none;

static enum rc audit(struct ctx *c, const char *what, const struct product *p,
                     const char *old_status, const char *why)
{
	return audit_add(c, what, "product", p->id,
	                 arena_fmt(c->arena, "{\"status\":\"%s\"}", old_status),
	                 arena_fmt(c->arena, "{\"status\":\"%s\"}", p->status),
	                 why);
}

static enum rc refuse(struct ctx *c, const struct product *p, const char *what)
{
	return fail(c, RC_CONFLICT, "not_allowed",
	            "The product is %s: it can not be %s.", p->status, what);
}

/* What is to be decided: a locked product, or the edit that waits on it. */
struct matter {
	struct product p;
	bool has_revision;
	struct product_revision r;
};

static enum rc lock(struct ctx *c, struct id product, int64_t if_version,
                    struct matter *m)
{
	enum rc rc = catalog_product_lock(c, none, product, if_version, &m->p);

	m->has_revision = false;
	if (rc || strcmp(m->p.status, "approved") != 0)
		return rc;
	return products_db_open_revision(c, product, &m->has_revision, &m->r);
}

static enum rc decide(struct ctx *c, struct product *p, const char *status,
                      const char *reason_code, const char *reason)
{
	const struct status_change by = { p->status, catalog_cause(c) };

	p->status = status;
	p->reason_code = reason_code;
	p->reason = reason;
	p->decided_at = c->now;
	p->decided_by = c->actor;
	enum rc rc = catalog_set_status(c, p, &by, 1);
	if (rc)
		return rc;
	return audit(c, arena_fmt(c->arena, "product.%s", status), p,
	             by.old_status, reason);
}

static enum rc approve_revision(struct ctx *c, struct matter *m)
{
	enum rc rc = catalog_category_exists(c, m->r.category_id);

	if (rc == RC_NOT_FOUND)
		return fail(c, RC_CONFLICT, "category_gone",
		            "The category that it is to go to was deleted.");
	if (!rc)
		rc = products_db_close_revision(c, m->r.id, "approved", NULL,
		                                NULL);
	if (!rc)
		rc = catalog_revision_apply(c, &m->p, &m->r);
	if (!rc)
		rc = catalog_announce(c, &m->p, "revision_approved");
	return rc ? rc
	          : audit(c, "product.revision_approved", &m->p, m->p.status,
	                  NULL);
}

static enum rc approve(struct ctx *c, struct id product, int64_t if_version)
{
	struct matter m = { 0 };
	enum rc rc = lock(c, product, if_version, &m);

	if (rc)
		return rc;
	if (m.has_revision)
		return approve_revision(c, &m);
	if (strcmp(m.p.status, "pending") != 0)
		return refuse(c, &m.p, "approved");
	if (!m.p.n_variants)
		return fail(c, RC_CONFLICT, "no_variants",
		            "The product has nothing to sell.");
	return decide(c, &m.p, "approved", NULL, NULL);
}

enum rc catalog_product_approve(struct ctx *c, struct id product,
                                int64_t if_version)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, approve(c, product, if_version));
}

static enum rc reject_revision(struct ctx *c, struct matter *m,
                               const char *reason_code, const char *reason)
{
	enum rc rc = products_db_close_revision(c, m->r.id, "rejected",
	                                        reason_code, reason);

	if (!rc)
		rc = catalog_note(c, &m->p, none, catalog_cause(c), "revision",
		                  "pending", "rejected");
	m->p.reason_code = reason_code;
	m->p.reason = reason;
	if (!rc)
		rc = catalog_announce(c, &m->p, "revision_rejected");
	return rc ? rc
	          : audit(c, "product.revision_rejected", &m->p, m->p.status,
	                  reason);
}

static enum rc reject(struct ctx *c, struct id product, int64_t if_version,
                      const char *reason_code, const char *reason)
{
	struct matter m = { 0 };
	enum rc rc = lock(c, product, if_version, &m);

	if (rc)
		return rc;
	if (m.has_revision)
		return reject_revision(c, &m, reason_code, reason);
	if (strcmp(m.p.status, "pending") != 0)
		return refuse(c, &m.p, "rejected");
	return decide(c, &m.p, "rejected", reason_code, reason);
}

enum rc catalog_product_reject(struct ctx *c, struct id product,
                               int64_t if_version, const char *reason_code,
                               const char *reason)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, reject(c, product, if_version, reason_code, reason));
}

static enum rc archive(struct ctx *c, struct id product, int64_t if_version,
                       const char *reason)
{
	struct product p = { 0 };
	enum rc rc = catalog_product_lock(c, none, product, if_version, &p);

	if (rc)
		return rc;
	if (strcmp(p.status, "approved") != 0)
		return refuse(c, &p, "archived");
	return decide(c, &p, "archived", "moderator", reason);
}

enum rc catalog_product_archive(struct ctx *c, struct id product,
                                int64_t if_version, const char *reason)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, archive(c, product, if_version, reason));
}

enum rc catalog_queue_list(struct ctx *c, const struct queue_filter *f,
                           const struct page *page, struct queue_product **rows,
                           size_t *n, struct page_info *info)
{
	return products_db_queue_list(c, f, page, rows, n, info);
}

enum rc catalog_queue_count(struct ctx *c, int64_t *n)
{
	return products_db_queue_count(c, n);
}

static enum rc trust(struct ctx *c, struct id vendor, bool is_trusted,
                     int64_t sample_percent)
{
	enum rc rc =
		products_db_set_trust(c, vendor, is_trusted, sample_percent);

	if (rc)
		return rc;
	return audit_add(c, "vendor.trusted", "vendor", vendor, NULL,
	                 is_trusted ? "{\"is_trusted\":true}"
	                            : "{\"is_trusted\":false}",
	                 NULL);
}

enum rc catalog_trust(struct ctx *c, struct id vendor, bool is_trusted,
                      int64_t sample_percent)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	return sql_end(c, trust(c, vendor, is_trusted, sample_percent));
}

static enum rc show_or_hide(struct ctx *c, const struct store_facts *store,
                            const struct product *rows, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n);
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++)
		ids[i] = rows[i].id;
	if (!store->is_open)
		rc = catalog_leave(c, ids, n);
	if (!rc)
		rc = products_db_show(c, rows, n, store->is_open);
	if (!rc && store->is_open)
		rc = catalog_come(c, ids, n);
	for (size_t i = 0; i < n && !rc; i++) {
		rc = categories_db_count_add(c, rows[i].category_id,
		                             store->is_open ? 1 : -1);
		if (!rc)
			rc = catalog_note(c, &rows[i], none, catalog_cause(c),
			                  "visible", NULL,
			                  store->is_open ? "yes" : "no");
		catalog_touch_product(c, &rows[i]);
	}
	if (!rc && store->is_open)
		rc = catalog_watched_again(c, rows, n);
	return rc;
}

enum rc catalog_vendor_changed(struct ctx *c, struct id vendor)
{
	struct store_facts store = { 0 };
	struct product *rows = NULL;
	size_t n = 0;
	enum rc rc = products_db_store(c, vendor, &store);

	while (!rc) {
		rc = products_db_wrong_visibility(c, vendor, store.is_open,
		                                  &rows, &n);
		if (rc || !n)
			break;
		rc = show_or_hide(c, &store, rows, n);
	}
	if (!rc)
		rc = places_db_move_store(c, &store);
	if (!rc)
		rc = discovery_store_changed(c, vendor);
	touch(c, TAG_CATALOG | TAG_CATEGORIES);
	return rc;
}

enum rc catalog_index(struct ctx *c, struct id product)
{
	return discovery_index(c, product);
}

enum rc catalog_recount(struct ctx *c)
{
	touch(c, TAG_CATALOG | TAG_CATEGORIES);
	enum rc rc = categories_db_recount(c);
	if (!rc)
		rc = places_db_recount(c);
	return rc ? rc : discovery_recount(c);
}

enum rc catalog_rebuild(struct ctx *c, int64_t *n_products)
{
	int64_t n_indexed = 0;
	enum rc rc = products_db_rebuild(c, n_products);

	if (!rc)
		rc = discovery_rebuild(c, &n_indexed);
	return rc ? rc : catalog_recount(c);
}

const struct accounts_part catalog_part = {
	.name = "catalog",
	.vendor_changed = catalog_vendor_changed,
};
