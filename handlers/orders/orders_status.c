/* The one table that moves a vendor order, and the one function that walks
 * it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/outbox_db.h"
#include "fcgi/base/json.h"
#include "handlers/catalog/catalog.h"
#include "handlers/orders/orders_inside.h"

const char *const order_status_names[] = {
#define X(name, text) text,
	ORDER_STATUS_TABLE(X)
#undef X
		NULL
};

static const char *const event_names[] = {
#define X(name, text) text,
	ORDER_EVENT_TABLE(X)
#undef X
};

enum effect {
	RETURNS_STOCK = 1, /* what was reserved goes back on the shelf */
	IS_TOLD = 2        /* an outbox event for each part */
};

struct move {
	enum order_status from;
	enum order_event event;
	enum order_status to;
	unsigned who;
	unsigned effects;
};

/*
 * A paid order that is cancelled or refunded also gives money back; that is
 * done by orders_refund.c before the move, so that the amounts are known here.
 */
static const struct move moves[] = {
	{ ORDER_PENDING, ORDER_DO_PAY, ORDER_PAID, ROLE_SYSTEM, IS_TOLD },
	{ ORDER_PENDING, ORDER_DO_EXPIRE, ORDER_EXPIRED, ROLE_SYSTEM,
	  RETURNS_STOCK },
	{ ORDER_PENDING, ORDER_DO_CANCEL, ORDER_CANCELLED,
	  ROLE_CUSTOMER | ROLE_MODERATOR | ROLE_SYSTEM, RETURNS_STOCK },
	/* Paid too late, but the goods are still there. */
	{ ORDER_EXPIRED, ORDER_DO_PAY, ORDER_PAID, ROLE_SYSTEM, IS_TOLD },
	{ ORDER_PAID, ORDER_DO_SHIP, ORDER_SHIPPED, ROLE_STORE | ROLE_SYSTEM,
	  IS_TOLD },
	{ ORDER_PAID, ORDER_DO_CANCEL, ORDER_CANCELLED,
	  ROLE_CUSTOMER | ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM,
	  RETURNS_STOCK | IS_TOLD },
	{ ORDER_SHIPPED, ORDER_DO_DELIVER, ORDER_DELIVERED,
	  ROLE_STORE | ROLE_DELIVERY | ROLE_SYSTEM, IS_TOLD },
	{ ORDER_SHIPPED, ORDER_DO_CANCEL, ORDER_CANCELLED,
	  ROLE_MODERATOR | ROLE_SYSTEM, IS_TOLD },
	{ ORDER_SHIPPED, ORDER_DO_REFUND, ORDER_REFUNDED,
	  ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM, IS_TOLD },
	{ ORDER_DELIVERED, ORDER_DO_REFUND, ORDER_REFUNDED,
	  ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM, IS_TOLD },
};

static const char *const told_topics[ORDER_EVENT_N] = {
	[ORDER_DO_PAY] = "vendor_order.paid", /* to the store */
	[ORDER_DO_SHIP] = "order.shipped",
	[ORDER_DO_DELIVER] = "order.delivered",
	[ORDER_DO_CANCEL] = "order.cancelled",
	[ORDER_DO_REFUND] = "order.refunded",
};

enum order_status orders_status_of(const char *name)
{
	for (int i = 0; i < ORDER_STATUS_N; i++) {
		if (!strcmp(order_status_names[i], name))
			return (enum order_status)i;
	}
	abort();
}

static const struct move *find_move(const char *status, enum order_event event)
{
	enum order_status from = orders_status_of(status);

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		if (moves[i].from == from && moves[i].event == event)
			return &moves[i];
	}
	return NULL;
}

/* The role in which the actor did it, for people who read the history. */
static const char *role_name(const struct ctx *c, unsigned who)
{
	static const struct {
		unsigned role;
		const char *name;
	} names[] = {
		{ ROLE_SYSTEM, "system" },     { ROLE_STORE, "vendor" },
		{ ROLE_DELIVERY, "delivery" }, { ROLE_MODERATOR, "admin" },
		{ ROLE_CUSTOMER, "customer" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (c->roles & who & names[i].role)
			return names[i].name;
	}
	return "system";
}

struct order_step orders_step(const struct ctx *c, struct id order,
                              struct id part, unsigned who)
{
	return (struct order_step){ .id = id_new(),
		                    .order_id = order,
		                    .vendor_order_id = part,
		                    .actor_id = c->actor,
		                    .actor_role = role_name(c, who),
		                    .created_at = c->now };
}

/* For mails and whoever else listens: numbers and ids, no addresses. */
const char *orders_payload(struct ctx *c, const struct order *o,
                           const struct vendor_order *v, const char *reason)
{
	char part[ID_TEXT_MAX], vendor[ID_TEXT_MAX], customer[ID_TEXT_MAX];
	char total[MONEY_TEXT_MAX];
	json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s*}", "number",
	                      v ? v->number : o->number, "customer_id",
	                      id_text(o->customer_id, customer), "total",
	                      money_text(v ? v->total : o->total, total),
	                      "currency", o->currency, "reason", reason);

	if (v) {
		json_t *more = json_pack(
			"{s:s, s:s, s:s*, s:s*}", "vendor_order_id",
			id_text(v->id, part), "vendor_id",
			id_text(v->vendor_id, vendor), "carrier", v->carrier,
			"tracking_number", v->tracking_number);

		json_object_update(j, more);
		json_decref(more);
	}
	const char *text = json_text(c, j);
	json_decref(j);
	return text;
}

static enum rc move_part(struct ctx *c, struct order *o, struct vendor_order *v,
                         const struct move *m, const char *note)
{
	const char *from = v->status, *to = order_status_names[m->to];
	int64_t changed = 0;
	enum rc rc = orders_db_move_part(c, v->id, from, to, &changed);

	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "order_moved",
		            "The order has changed in the meantime.");
	if (rc)
		return rc;
	struct order_step step = orders_step(c, o->id, v->id, m->who);
	step.event = event_names[m->event];
	step.from_status = from;
	step.to_status = to;
	step.note = note;
	v->status = to;
	rc = orders_db_insert_steps(c, &step, 1);
	if (!rc && (m->effects & IS_TOLD))
		rc = outbox_add(c, told_topics[m->event], o->id,
		                orders_payload(c, o, v, note));
	return rc;
}

static int by_variant(const void *a, const void *b)
{
	const struct order_item *x = a, *y = b;

	return id_compare(x->variant_id, y->variant_id);
}

void orders_sort_by_variant(struct order_item *items, size_t n)
{
	qsort(items, n, sizeof *items, by_variant);
}

static bool is_one_of(struct id part, const struct vendor_order *parts,
                      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (id_equal(parts[i].id, part))
			return true;
	}
	return false;
}

static enum rc return_stock(struct ctx *c, const struct order *o,
                            const struct vendor_order *parts, size_t n)
{
	struct order_item *items;
	size_t n_items;
	enum rc rc = orders_db_items(c, o->id, &items, &n_items);

	if (rc)
		return rc;
	orders_sort_by_variant(items, n_items);
	for (size_t i = 0; i < n_items && !rc; i++) {
		int left = items[i].quantity - items[i].refunded_quantity;

		if (left > 0 && is_one_of(items[i].vendor_order_id, parts, n))
			rc = catalog_stock_return(c, items[i].variant_id, left,
			                          o->id);
	}
	return rc;
}

/*
 * The payer sees how far the slowest part that still counts has come; when none
 * counts any more, what became of them.
 */
enum order_status orders_derive(const struct vendor_order *parts, size_t n)
{
	enum order_status slowest = ORDER_STATUS_N, ended = ORDER_EXPIRED;

	for (size_t i = 0; i < n; i++) {
		enum order_status s = orders_status_of(parts[i].status);

		if (s <= ORDER_DELIVERED) {
			if (s < slowest)
				slowest = s;
		} else if (s == ORDER_REFUNDED ||
		           (s == ORDER_CANCELLED && ended == ORDER_EXPIRED)) {
			ended = s;
		}
	}
	return slowest == ORDER_STATUS_N ? ended : slowest;
}

static enum rc follow_parts(struct ctx *c, struct order *o, enum order_event e,
                            unsigned who)
{
	struct vendor_order *parts;
	size_t n;
	int64_t changed = 0;
	enum rc rc = orders_db_parts(c, o->id, &parts, &n);

	if (rc)
		return rc;
	const char *from = o->status;
	const char *to = order_status_names[orders_derive(parts, n)];
	if (!strcmp(from, to))
		return RC_OK;
	rc = orders_db_move(c, o->id, from, to, &changed);
	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "order_moved",
		            "The order has changed in the meantime.");
	if (rc)
		return rc;
	o->status = to;
	struct order_step step = orders_step(c, o->id, (struct id){ 0 }, who);
	step.event = event_names[e];
	step.from_status = from;
	step.to_status = to;
	return orders_db_insert_steps(c, &step, 1);
}

enum rc orders_allowed(struct ctx *c, const struct vendor_order *v,
                       enum order_event event)
{
	const struct move *m = find_move(v->status, event);

	if (!m)
		return fail(c, RC_CONFLICT, "not_allowed_now",
		            "This order is %s.", v->status);
	if (!(c->roles & m->who))
		return fail(c, RC_FORBIDDEN, "not_yours_to_do",
		            "Somebody else has to do this now.");
	return RC_OK;
}

enum rc orders_apply(struct ctx *c, struct order *o, struct vendor_order *parts,
                     size_t n, enum order_event event, const char *note)
{
	/* What was on its way already does not come back on the shelf, although
	 * the rest of its order does. */
	struct vendor_order *returned =
		arena_new_array(c->arena, struct vendor_order, n ? n : 1);
	size_t n_returned = 0;
	unsigned who = 0;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++) {
		const struct move *m = find_move(parts[i].status, event);

		rc = orders_allowed(c, &parts[i], event);
		if (rc || !m)
			return rc;
		who |= m->who;
		if (m->effects & RETURNS_STOCK)
			returned[n_returned++] = parts[i];
		rc = move_part(c, o, &parts[i], m, note);
	}
	if (!rc && n_returned)
		rc = return_stock(c, o, returned, n_returned);
	return rc ? rc : follow_parts(c, o, event, who);
}
