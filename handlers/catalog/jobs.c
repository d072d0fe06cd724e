/* What the catalog does by the clock. */
#include "config.h"

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/catalog/catalog_rules.h"

enum { PRICES_AT_ONCE = 200 };

/* A sale of this variant begins or ends. */
static enum rc follow(struct ctx *c, struct id id)
{
	const struct cause why = { .name = "job" };
	struct variant was = { 0 }, is;
	enum rc rc = variants_db_lock(c, id, (struct id){ { 0 } }, &was);

	if (rc)
		return rc == RC_NOT_FOUND ? RC_OK : rc;
	is = was;
	catalog_price_now(c->now, &is);
	struct product p = { .id = was.product_id, .vendor_id = was.vendor_id };
	rc = variants_db_update(c, &is);
	if (!rc)
		rc = catalog_note_money(c, &p, id, why, "current_price",
		                        was.current_price, is.current_price);
	if (!rc)
		rc = catalog_refresh(c, &was.product_id, 1, why);
	catalog_touch_variant(c, id);
	return rc;
}

enum rc catalog_job_prices(struct ctx *c, bool *more)
{
	struct variant *rows = NULL;
	size_t n = 0;
	enum rc rc = variants_db_price_due(c, &rows, &n);

	*more = n == PRICES_AT_ONCE;
	for (size_t i = 0; i < n && !rc; i++) {
		rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, follow(c, rows[i].id));
	}
	return rc;
}

enum rc catalog_job_timeline(struct ctx *c, bool *more)
{
	enum rc rc = events_db_expire(c, settings->timeline_days, more);

	return rc ? rc : variants_db_forget_sales(c);
}
