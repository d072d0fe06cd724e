/* Where a product stands: what its store may do with it, and when. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "handlers/catalog/catalog_rules.h"
#include "handlers/media/media.h"

const char *const product_status_names[] = { "draft",    "pending",  "approved",
	                                     "rejected", "archived", NULL };

static const struct id none;

static const char *name_of(enum product_status s)
{
	return product_status_names[s];
}

bool catalog_has_status(const struct product *p, enum product_status s)
{
	return strcmp(p->status, name_of(s)) == 0;
}

enum rc catalog_product_lock(struct ctx *c, struct id vendor, struct id id,
                             int64_t if_version, struct product *p)
{
	enum rc rc = products_db_lock(c, id, vendor, p);

	if (!rc && if_version != INT_NONE && if_version != p->version)
		return fail(c, RC_PRECONDITION, "changed_meanwhile",
		            "The product has changed in the meantime.");
	return rc;
}

/* By the id's random tail. */
bool catalog_is_sample(const struct store_facts *store, struct id id)
{
	return id.b[15] * 100 / 256 < store->sample_percent;
}

/* To the moderators, or past them by rule. */
static void judge(const struct ctx *c, const struct store_facts *store,
                  enum verdict_of_rules verdict, struct product *p,
                  struct status_change *by)
{
	*by = (struct status_change){ p->status, catalog_cause(c) };
	p->status = name_of(PRODUCT_PENDING);
	p->reason_code = NULL;
	p->reason = NULL;
	p->submitted_at = c->now;
	p->decided_at = (struct when){ 0 };
	p->decided_by = none;
	if (verdict == RULES_REJECT) {
		p->status = name_of(PRODUCT_REJECTED);
		p->reason_code = "screening";
		p->reason = "The rules of the marketplace do not allow it.";
	} else if (verdict == RULES_PASS && store->is_trusted &&
	           !catalog_is_sample(store, p->id)) {
		p->status = name_of(PRODUCT_APPROVED);
	}
	if (!catalog_has_status(p, PRODUCT_PENDING)) {
		p->decided_at = c->now;
		by->why = (struct cause){ .name = "rule" };
	}
}

/* The first of them, up to the first that is refused. */
static enum rc submit_some(struct ctx *c, struct product *ps, size_t *n)
{
	enum verdict_of_rules *verdicts =
		arena_new_array(c->arena, enum verdict_of_rules, *n);
	struct status_change *by =
		arena_new_array(c->arena, struct status_change, *n);
	struct store_facts store = { 0 };
	enum rc rc = catalog_screen(c, ps, n, verdicts);

	if (!rc)
		rc = catalog_store_facts(c, ps[0].vendor_id, &store);
	if (rc)
		return rc;
	for (size_t i = 0; i < *n; i++)
		judge(c, &store, verdicts[i], &ps[i], &by[i]);
	return catalog_set_status(c, ps, by, *n);
}

enum rc catalog_submit(struct ctx *c, struct product *ps, size_t n)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n; i++)
		if (!ps[i].n_variants)
			return fail(c, RC_CONFLICT, "no_variants",
			            "A product needs a variant before it is "
			            "submitted.");
	for (size_t at = 0, some; at < n && !rc; at += some) {
		some = n - at;
		rc = submit_some(c, ps + at, &some);
	}
	return rc;
}

enum rc catalog_rescreen(struct ctx *c, struct id product)
{
	enum verdict_of_rules verdict = RULES_HOLD;
	struct store_facts store = { 0 };
	struct status_change by;
	struct product p = { 0 };
	size_t n = 1;
	enum rc rc = products_db_lock(c, product, none, &p);

	if (rc || !catalog_has_status(&p, PRODUCT_PENDING))
		return rc;
	const struct when submitted_at = p.submitted_at;
	rc = catalog_screen(c, &p, &n, &verdict);
	if (rc || verdict != RULES_REJECT)
		return rc ? rc : products_db_set_screening(c, &p);
	judge(c, &store, verdict, &p, &by);
	p.submitted_at = submitted_at;
	return catalog_set_status(c, &p, &by, 1);
}

/* What the store may do with a product that stands so. */
struct verb {
	enum product_status from[2];
	const char *only; /* "only approved ones are archived." */
	enum rc (*work)(struct ctx *c, struct product *p);
};

static enum rc retire(struct ctx *c, struct product *p)
{
	const struct status_change by = { p->status, catalog_cause(c) };

	p->status = name_of(PRODUCT_ARCHIVED);
	return catalog_set_status(c, p, &by, 1);
}

static enum rc submit(struct ctx *c, struct product *p)
{
	return catalog_submit(c, p, 1);
}

static const struct verb submits = {
	{ PRODUCT_DRAFT, PRODUCT_REJECTED },
	"only drafts and rejected ones are submitted.",
	submit,
};
static const struct verb retires = {
	{ PRODUCT_APPROVED, PRODUCT_APPROVED },
	"only approved ones are archived.",
	retire,
};
static const struct verb restores = {
	{ PRODUCT_ARCHIVED, PRODUCT_ARCHIVED },
	"only archived ones are restored.",
	submit,
};

static enum rc run(struct ctx *c, struct id vendor, struct id id,
                   const struct verb *v)
{
	struct product p = { 0 };
	enum rc rc = products_db_lock(c, id, vendor, &p);

	if (rc)
		return rc;
	if (!catalog_has_status(&p, v->from[0]) &&
	    !catalog_has_status(&p, v->from[1]))
		return fail(c, RC_CONFLICT, "not_allowed",
		            "The product is %s: %s", p.status, v->only);
	return v->work(c, &p);
}

static enum rc begin_and_run(struct ctx *c, struct id vendor, struct id id,
                             const struct verb *v)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, run(c, vendor, id, v));
}

enum rc catalog_product_submit(struct ctx *c, struct id vendor, struct id id)
{
	return begin_and_run(c, vendor, id, &submits);
}

enum rc catalog_product_retire(struct ctx *c, struct id vendor, struct id id)
{
	return begin_and_run(c, vendor, id, &retires);
}

enum rc catalog_product_restore(struct ctx *c, struct id vendor, struct id id)
{
	return begin_and_run(c, vendor, id, &restores);
}

/* Ever: what was put away and handed in again waits like a new one. */
static enum rc was_on_sale(struct ctx *c, const struct product *p, bool *was)
{
	*was = catalog_has_status(p, PRODUCT_APPROVED) ||
	       catalog_has_status(p, PRODUCT_ARCHIVED) || p->sales > 0;
	return *was ? RC_OK : events_db_was_approved(c, p->id, was);
}

static enum rc drop(struct ctx *c, struct id vendor, struct id id,
                    int64_t if_version)
{
	struct product p = { 0 };
	bool was_sold = false;
	enum rc rc = catalog_product_lock(c, vendor, id, if_version, &p);

	if (rc)
		return rc;
	rc = was_on_sale(c, &p, &was_sold);
	if (rc)
		return rc;
	/* It may stand in orders and links: it is archived. */
	if (was_sold)
		return fail(c, RC_CONFLICT, "archive_instead",
		            "A product that was on sale is archived, not "
		            "deleted.");
	rc = catalog_note(c, &p, none, catalog_cause(c), "deleted", p.name,
	                  NULL);
	if (!rc)
		rc = media_delete_of_product(c, id);
	if (!rc)
		rc = products_db_delete(c, id);
	catalog_touch_product(c, &p);
	return rc;
}

enum rc catalog_product_delete(struct ctx *c, struct id vendor, struct id id,
                               int64_t if_version)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, drop(c, vendor, id, if_version));
}
