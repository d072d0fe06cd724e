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

static struct id customer_of(const struct order *orders, size_t n, struct id id)
{
	for (size_t i = 0; i < n; i++) {
		if (id_equal(orders[i].id, id))
			return orders[i].customer_id;
	}
	return (struct id){ 0 };
}

enum rc orders_watch_all_placed(struct ctx *c,
                                const struct outbox_event *events, size_t n)
{
	struct id *users = arena_new_array(c->arena, struct id, n);
	struct order *orders = NULL;
	size_t n_orders = 0;

	for (size_t i = 0; i < n; i++)
		users[i] = events[i].subject;
	enum rc rc = orders_db_customers(c, users, n, &orders, &n_orders);
	if (!rc && n_orders != n)
		rc = RC_NOT_FOUND;
	for (size_t i = 0; i < n; i++)
		users[i] = customer_of(orders, n_orders, events[i].subject);
	return rc ? rc
	          : security_events_of(c, events, "order.placed", users, n);
}

enum rc orders_watch_failed(struct ctx *c, const struct outbox_event *e)
{
	return note(c, e, "payment.failed");
}
