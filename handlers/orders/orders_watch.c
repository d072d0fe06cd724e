/* What the rules of suspicious activity see of orders, told by the job runner
 * so that nobody at the till waits for it. */
#include "config.h"

#include "db/orders_db.h"
#include "db/outbox_db.h"
#include "handlers/accounts/accounts.h"
#include "handlers/orders/orders.h"

/* Whoever buys at the store they own or work for. */
static enum rc watch_own_store(struct ctx *c, const struct outbox_event *e,
                               const struct order *o)
{
	struct vendor_order *parts = NULL;
	struct id store = { { 0 } };
	size_t n = 0;
	enum rc rc = accounts_store_of(c, o->customer_id, &store);

	if (rc || id_is_none(store))
		return rc;
	rc = orders_db_parts(c, o->id, &parts, &n);
	for (size_t i = 0; i < n && !rc; i++)
		if (id_equal(parts[i].vendor_id, store))
			rc = security_event_of(c, e, "order.self_purchase",
			                       o->customer_id, o->id);
	return rc;
}

enum rc orders_watch_placed(struct ctx *c, const struct outbox_event *e)
{
	struct order o = { 0 };
	enum rc rc = orders_db_get(c, e->subject, &o);

	if (!rc)
		rc = security_event_of(c, e, "order.placed", o.customer_id,
		                       o.id);
	return rc ? rc : watch_own_store(c, e, &o);
}

enum rc orders_watch_failed(struct ctx *c, const struct outbox_event *e)
{
	struct order o = { 0 };
	enum rc rc = orders_db_get(c, e->subject, &o);

	return rc ? rc
	          : security_event_of(c, e, "payment.failed", o.customer_id,
	                              o.id);
}
