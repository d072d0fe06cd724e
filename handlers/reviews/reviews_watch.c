/* What the rules of suspicious activity see of reviews. */
#include "config.h"

#include "db/outbox_db.h"
#include "handlers/reviews/reviews_inside.h"

enum { NEW_S = 7 * 86400 };

/* A review by somebody who came only lately. */
enum rc reviews_watch_written(struct ctx *c, const struct outbox_event *e)
{
	struct review r = { 0 };
	struct user_brief author = { 0 };
	enum rc rc = reviews_db_get(c, e->subject, &r);

	/* Dropped in the meantime. */
	if (rc == RC_NOT_FOUND) {
		fail_clear(c);
		return RC_OK;
	}
	if (!rc)
		rc = accounts_user_get(c, r.customer_id, &author);
	if (rc || when_plus(author.created_at, NEW_S).us < e->created_at.us)
		return rc;
	return security_event_of(c, e, "review.new_account", r.customer_id,
	                         r.product_id);
}
