/* Giving back: whole or by line, in the shares of the original. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "handlers/ledger/ledger.h"
#include "handlers/orders/orders_inside.h"

/* What goes back, and from whom. */
struct give_back {
	struct money amount;     /* to the customer */
	struct money commission; /* from the platform */
	struct money tax;        /* from the tax office's account */
	struct money shipping;   /* from whoever shipped */
};

/*
 * The part of m that falls on quantities done … done + more of all. Differences
 * of rounded running shares add up to m exactly, however it is cut.
 */
static bool running_share(struct money m, int done, int more, int all,
                          struct money *out)
{
	struct money before, after;

	return money_share(m, done, all, &before) &&
	       money_share(m, done + more, all, &after) &&
	       money_sub(after, before, out);
}

static bool add_item(struct give_back *g, const struct order_item *i,
                     int quantity)
{
	struct money goods, discount, tax, commission;

	return running_share(i->line_total, i->refunded_quantity, quantity,
	                     i->quantity, &goods) &&
	       running_share(i->discount, i->refunded_quantity, quantity,
	                     i->quantity, &discount) &&
	       running_share(i->tax, i->refunded_quantity, quantity,
	                     i->quantity, &tax) &&
	       running_share(i->commission, i->refunded_quantity, quantity,
	                     i->quantity, &commission) &&
	       money_add(g->amount, goods, &g->amount) &&
	       money_sub(g->amount, discount, &g->amount) &&
	       money_add(g->amount, tax, &g->amount) &&
	       money_add(g->tax, tax, &g->tax) &&
	       money_add(g->commission, commission, &g->commission);
}

/* How many of this item are asked back; -1 = more than there are. */
static int wanted(const struct order_item *i, const struct refund_line *lines,
                  size_t n)
{
	int left = i->quantity - i->refunded_quantity;

	if (!n)
		return left;
	for (size_t k = 0; k < n; k++) {
		if (id_equal(lines[k].item_id, i->id))
			return lines[k].quantity <= left ? lines[k].quantity
			                                 : -1;
	}
	return 0;
}

static enum rc check_lines(struct ctx *c, const struct vendor_order *v,
                           const struct order_item *items, size_t n_items,
                           const struct refund_line *lines, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const char *path = arena_fmt(c->arena, "lines[%zu]", k);
		bool is_there = false;

		for (size_t i = 0; i < n_items; i++)
			is_there = is_there ||
			           (id_equal(items[i].id, lines[k].item_id) &&
			            id_equal(items[i].vendor_order_id, v->id));
		for (size_t i = 0; i < k; i++)
			is_there = is_there && !id_equal(lines[i].item_id,
			                                 lines[k].item_id);
		if (!is_there)
			return fail_field(c, path, "unknown",
			                  "is no line of this order");
		if (lines[k].quantity < 1)
			return fail_field(c, path, "out_of_range",
			                  "at least 1");
	}
	return RC_OK;
}

static enum rc gather(struct ctx *c, const struct vendor_order *v,
                      const struct refund_line *lines, size_t n,
                      struct give_back *g, bool *is_all)
{
	struct order_item *items;
	size_t n_items;
	enum rc rc = orders_db_items(c, v->order_id, &items, &n_items);

	if (!rc)
		rc = check_lines(c, v, items, n_items, lines, n);
	*is_all = true;
	for (size_t i = 0; i < n_items && !rc; i++) {
		int quantity;

		if (!id_equal(items[i].vendor_order_id, v->id))
			continue;
		quantity = wanted(&items[i], lines, n);
		if (quantity < 0)
			return fail(c, RC_CONFLICT, "refund_too_large",
			            "More than what is left of a line.");
		*is_all = *is_all && items[i].refunded_quantity + quantity ==
		                             items[i].quantity;
		if (!quantity)
			continue;
		if (!add_item(g, &items[i], quantity))
			return fail(c, RC_INTERNAL, "internal",
			            "Internal error");
		rc = orders_db_refund_item(c, items[i].id, quantity);
	}
	return rc;
}

/* From the vendor's purse, the commission and the tax, back to the gateway. */
static enum rc book(struct ctx *c, struct order *o, struct vendor_order *v,
                    const struct payment *p, const struct give_back *g,
                    struct id refund, const char *reason)
{
	struct posting *post = arena_new(c->arena, struct posting);
	char text[ID_TEXT_MAX];
	struct money share;
	bool is_ours =
		v->shipping_method && !strcmp(v->shipping_method, "courier");
	struct money ours = is_ours ? g->shipping : (struct money){ 0 };

	if (!money_sub(g->amount, g->tax, &share) ||
	    !money_sub(share, g->commission, &share) ||
	    !money_sub(share, ours, &share))
		return fail(c, RC_INTERNAL, "internal", "Internal error");
	posting_init(post, c, "refund",
	             arena_fmt(c->arena, "refund/%s", id_text(refund, text)));
	post->order = o->id;
	post->vendor_order = v->id;
	post->note = reason;
	posting_add_gateway(post, p->provider, g->amount);
	posting_add(post, LEDGER_TAX, money_negated(g->tax));
	posting_add(post, LEDGER_COMMISSION, money_negated(g->commission));
	posting_add(post, LEDGER_SHIPPING, money_negated(ours));
	posting_add_vendor(post, v->vendor_id,
	                   v->released_at.us ? PURSE_AVAILABLE : PURSE_PENDING,
	                   money_negated(share));
	enum rc rc = orders_db_add_share(c, v->id, money_negated(share));
	return rc ? rc : ledger_post(post);
}

enum rc orders_give_back(struct ctx *c, struct order *o, struct vendor_order *v,
                         const struct takeback *t, bool *is_all)
{
	struct payment p = { 0 };
	struct give_back g = { 0 };
	struct id refund = { 0 };
	enum rc rc = payments_captured(c, o->id, &p);

	if (!rc)
		rc = gather(c, v, t->lines, t->n, &g, is_all);
	if (t->with_shipping)
		g.shipping = v->shipping_total;
	if (!rc && !money_add(g.amount, g.shipping, &g.amount))
		rc = fail(c, RC_INTERNAL, "internal", "Internal error");
	if (rc)
		return rc;
	if (!g.amount.minor)
		return RC_OK;
	rc = payments_refund(c, &p, v->id, g.amount, t->reason, &refund);
	if (!rc)
		rc = orders_db_add_refund(c, o->id, v->id, g.amount);
	return rc ? rc : book(c, o, v, &p, &g, refund, t->reason);
}

enum rc orders_lock_part(struct ctx *c, struct id part, struct id vendor,
                         struct order *o, struct vendor_order **one)
{
	struct vendor_order seen = { 0 }, *parts = NULL;
	size_t n = 0;
	enum rc rc = orders_db_part(c, part, vendor, &seen);

	if (!rc)
		rc = orders_lock(c, seen.order_id, o, &parts, &n);
	for (size_t i = 0; i < n && !rc; i++) {
		if (!id_equal(parts[i].id, part))
			continue;
		*one = &parts[i];
		return RC_OK;
	}
	return rc ? rc : RC_NOT_FOUND;
}

static enum rc refund_part(struct ctx *c, struct id part, struct id vendor,
                           const struct refund_line *lines, size_t n,
                           const char *reason)
{
	struct order o = { 0 };
	struct vendor_order *v;
	bool is_all = false;
	enum rc rc = orders_lock_part(c, part, vendor, &o, &v);

	if (!rc)
		rc = orders_allowed(c, v, ORDER_DO_REFUND);
	if (!rc)
		rc = orders_give_back(
			c, &o, v, &(struct takeback){ lines, n, false, reason },
			&is_all);
	if (rc)
		return rc;
	if (is_all)
		return orders_apply(c, &o, v, 1, ORDER_DO_REFUND, reason);
	struct order_step step =
		orders_step(c, o.id, v->id, ROLE_STORE | ROLE_MODERATOR);
	step.event = "refund_part";
	step.from_status = v->status;
	step.to_status = v->status;
	step.note = reason;
	return orders_db_insert_steps(c, &step, 1);
}

enum rc orders_refund(struct ctx *c, struct id part, struct id vendor,
                      const struct refund_line *lines, size_t n,
                      const char *reason)
{
	enum rc rc = sql_begin(c);

	return rc ? rc
	          : sql_end(c, refund_part(c, part, vendor, lines, n, reason));
}

static bool is_paid_for(const struct vendor_order *v)
{
	enum order_status s = orders_status_of(v->status);

	return s == ORDER_PAID || s == ORDER_SHIPPED;
}

/* One part: money back first (its lines still say how much is left of the
 * stock), then the move. */
static enum rc cancel_parts(struct ctx *c, struct order *o,
                            struct vendor_order *parts, size_t n,
                            const char *reason)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < n && !rc; i++)
		rc = orders_allowed(c, &parts[i], ORDER_DO_CANCEL);
	/* The stock goes back for what has not been refunded before. */
	bool *is_paid = arena_new_array(c->arena, bool, n);
	for (size_t i = 0; i < n; i++)
		is_paid[i] = is_paid_for(&parts[i]);
	if (!rc)
		rc = orders_apply(c, o, parts, n, ORDER_DO_CANCEL, reason);
	for (size_t i = 0; i < n && !rc; i++) {
		bool is_all;

		if (is_paid[i])
			rc = orders_give_back(
				c, o, &parts[i],
				&(struct takeback){ NULL, 0, true, reason },
				&is_all);
	}
	return rc;
}

static enum rc cancel(struct ctx *c, struct id order, struct id customer,
                      const char *reason)
{
	struct order o = { 0 };
	struct vendor_order *parts, *open;
	size_t n, n_open = 0;
	enum rc rc = orders_lock(c, order, &o, &parts, &n);

	if (!rc && !id_is_none(customer) && !id_equal(customer, o.customer_id))
		return RC_NOT_FOUND;
	if (rc)
		return rc;
	/* What a store has cancelled before stays as it is. */
	open = arena_new_array(c->arena, struct vendor_order, n);
	for (size_t i = 0; i < n; i++) {
		if (orders_status_of(parts[i].status) <= ORDER_DELIVERED)
			open[n_open++] = parts[i];
	}
	if (!n_open)
		return fail(c, RC_CONFLICT, "not_allowed_now",
		            "This order is %s.", o.status);
	bool was_pending = !strcmp(o.status, order_status_names[ORDER_PENDING]);
	if (was_pending)
		rc = payments_expire(c, order);
	return rc ? rc : cancel_parts(c, &o, open, n_open, reason);
}

enum rc orders_cancel(struct ctx *c, struct id order, struct id customer,
                      const char *reason)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, cancel(c, order, customer, reason));
}

static enum rc cancel_part(struct ctx *c, struct id part, struct id vendor,
                           const char *reason)
{
	struct order o = { 0 };
	struct vendor_order *v;
	enum rc rc = orders_lock_part(c, part, vendor, &o, &v);

	/* Nobody ships what is not paid: an unpaid order ends as a whole. */
	if (!rc && orders_status_of(v->status) == ORDER_PENDING)
		return fail(c, RC_CONFLICT, "not_allowed_now",
		            "This order is %s.", v->status);
	return rc ? rc : cancel_parts(c, &o, v, 1, reason);
}

enum rc orders_cancel_part(struct ctx *c, struct id part, struct id vendor,
                           const char *reason)
{
	enum rc rc = sql_begin(c);

	return rc ? rc : sql_end(c, cancel_part(c, part, vendor, reason));
}
