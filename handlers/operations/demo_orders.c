#include "config.h"

#include "handlers/operations/demo_make.h"
#include "handlers/orders/orders.h"

enum { LINES = 2 };

/* How far an order goes. */
enum stage { UNPAID, PAID, SHIPPED, DELIVERED, CANCELLED, STAGES };

static const struct order_address address = {
	.name = "Bekele Girma",
	.phone = "+251911000006",
	.line1 = "Bole Road 12, Kebele 03",
	.line2 = "",
	.city = "Addis Ababa",
	.region = "Addis Ababa",
	.country = "ET",
	.lat = 9.0054,
	.lng = 38.7636,
};

/* Each step is done by whom it is for. */
static void act_as(struct ctx *c, unsigned role, struct id actor)
{
	c->roles = role;
	c->actor = actor;
}

static enum rc place(struct ctx *c, struct id customer,
                     const struct demo_good *goods, struct order *o)
{
	struct checkout_item items[LINES];
	struct order_address to = address;
	const struct checkout in = {
		.items = items,
		.n_items = LINES,
		.address = &to,
		.total = MONEY_NONE,
	};

	for (int i = 0; i < LINES; i++)
		items[i] = (struct checkout_item){ goods[i].variant_id, 1 + i,
			                           MONEY_NONE };
	act_as(c, ROLE_CUSTOMER, customer);
	return orders_place(c, &in, o);
}

static enum rc send_parts(struct ctx *c, const struct order *o, bool arrives)
{
	static const struct ship how = { .method = "carrier",
		                         .carrier = "Ethiopian Post",
		                         .tracking_number = "ET100200300" };
	struct order whole = { 0 };
	enum rc rc = orders_load(c, o->id, false, &whole);

	for (size_t i = 0; !rc && i < whole.n_vendor_orders; i++) {
		struct id part = whole.vendor_orders[i].id;
		struct id none = { 0 };

		rc = orders_ship(c, part, none, &how);
		if (!rc && arrives)
			rc = orders_deliver(c, part, none, NULL);
	}
	return rc;
}

static enum rc make_order(struct ctx *c, struct id customer,
                          const struct demo_good *goods, enum stage stage)
{
	struct order o = { 0 };
	enum rc rc = place(c, customer, goods, &o);

	if (rc || stage == UNPAID)
		return rc;
	if (stage == CANCELLED)
		return orders_cancel(c, o.id, customer, "Ordered twice");
	act_as(c, ROLE_SYSTEM, (struct id){ 0 });
	rc = orders_pay_in_sandbox(c, o.id);
	if (rc || stage == PAID)
		return rc;
	return send_parts(c, &o, stage == DELIVERED);
}

enum rc demo_make_orders(struct ctx *c, const struct demo_world *w,
                         const struct id *customers, size_t n_customers)
{
	struct arena *arena = arena_create(0);
	struct demo_good *goods;
	size_t n = (size_t)w->size->n_orders, n_goods = 0;
	enum rc rc = demo_db_goods(c, (int64_t)w->size->n_orders * LINES,
	                           &goods, &n_goods);

	if (n > n_goods / LINES)
		n = n_goods / LINES;
	for (size_t i = 0; !rc && i < n; i++) {
		struct ctx inner;

		ctx_init(&inner, arena);
		inner.request_id = c->request_id;
		inner.address = c->address;
		inner.agent = c->agent;
		inner.use_primary = true;
		/* One of each half, so that most have two stores. */
		const struct demo_good pair[LINES] = { goods[i], goods[n + i] };
		rc = make_order(&inner, customers[i % n_customers], pair,
		                (enum stage)(i / n_customers % STAGES));
		if (rc)
			fail(c, rc, "demo_failed", "order %zu: %s", i + 1,
			     inner.err.detail ? inner.err.detail
			                      : rc_title(rc));
		c->touched |= inner.touched;
		arena_reset(arena);
	}
	arena_destroy(arena);
	return rc;
}
