/* What follows for reviews from what happens elsewhere, told by the job runner.
 */
#include "config.h"

#include "db/outbox_db.h"
#include "handlers/orders/orders.h"
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

static enum rc mark(struct ctx *c, struct id customer, struct id product)
{
	struct review r = { 0 };
	struct bought had = { 0 };
	int64_t changed = 0;
	enum rc rc = orders_bought(c, customer, product, &had);

	if (!rc && had.is_given_back)
		rc = reviews_db_return(c, customer, product, &changed, &r);
	if (!rc && changed)
		reviews_touch(c, &r);
	return rc;
}

enum rc reviews_mark_returned(struct ctx *c, const struct outbox_event *e)
{
	struct order_item *lines = NULL;
	size_t n = 0;
	enum rc rc = orders_refunded(c, e->subject, &lines, &n);

	for (size_t i = 0; i < n && !rc; i++)
		rc = mark(c, lines[i].customer_id, lines[i].product_id);
	return rc;
}
