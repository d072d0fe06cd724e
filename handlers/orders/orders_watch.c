/* What the rules of suspicious activity see of orders, told by the job runner
 * so that nobody at the till waits for it. */
#include "config.h"

#include "db/orders_db.h"
#include "db/outbox_db.h"
#include "handlers/accounts/accounts.h"
#include "handlers/orders/orders.h"

static enum rc note(struct ctx *c, const struct outbox_event *e,
                    const char *kind)
{
	struct order o = { 0 };
	enum rc rc = orders_db_get(c, e->subject, &o);

	return rc ? rc : security_event_of(c, e, kind, o.customer_id, o.id);
}

enum rc orders_watch_placed(struct ctx *c, const struct outbox_event *e)
{
	return note(c, e, "order.placed");
}

enum rc orders_watch_failed(struct ctx *c, const struct outbox_event *e)
{
	return note(c, e, "payment.failed");
}
