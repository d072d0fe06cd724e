#include "config.h"

#include "db/oauth_db.h"
#include "db/vendors_db.h"
#include "handlers/accounts/accounts_inside.h"

enum {
	BATCH = 500,
	STORES_AT_ONCE = 20,
	ATTEMPTS_DAYS = 1,
	EVENTS_DAYS = 180,
	SESSIONS_DAYS = 30
};

/* What nobody needs any longer goes, in slices. */
enum rc accounts_job_tidy(struct ctx *c, bool *more)
{
	int64_t events = 0, sessions = 0, codes = 0;
	enum rc rc = security_db_tidy(
		c, when_plus(c->now, -(int64_t)ATTEMPTS_DAYS * DAY),
		when_plus(c->now, -(int64_t)EVENTS_DAYS * DAY), BATCH, &events);

	if (!rc)
		rc = sessions_db_tidy(
			c, when_plus(c->now, -(int64_t)SESSIONS_DAYS * DAY),
			BATCH, &sessions);
	if (!rc)
		rc = oauth_db_tidy(c, when_plus(c->now, -(int64_t)DAY), BATCH,
		                   &codes);
	*more = !rc && (events >= BATCH || sessions >= BATCH || codes >= BATCH);
	return rc;
}

/* Locked, so that nobody writes another holiday meanwhile. */
static enum rc turn(struct ctx *c, struct id vendor)
{
	struct vendor_row v;
	enum rc rc = vendors_db_lock(c, vendor, &v);

	if (!rc)
		rc = vendors_db_note_holiday(c, vendor);
	if (!rc)
		rc = parts_vendor_changed(c, vendor);
	if (rc)
		return rc;
	touch(c, TAG_VENDORS | TAG_CATALOG);
	touch_name(c, "vendor", v.slug);
	return RC_OK;
}

enum rc accounts_job_holidays(struct ctx *c, bool *more)
{
	struct vendor_row *rows = NULL;
	size_t n = 0;
	enum rc rc = vendors_db_turned(c, STORES_AT_ONCE, &rows, &n);

	for (size_t i = 0; i < n && !rc; i++) {
		rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, turn(c, rows[i].id));
	}
	*more = !rc && n == STORES_AT_ONCE;
	return rc;
}
