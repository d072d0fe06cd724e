/* What customers do. */
#include "config.h"

#include "handlers/orders/orders_http.h"

#include <string.h>

#include "fcgi/http/reply.h"

enum rc orders_quote_post(struct req *r)
{
	struct checkout in = { 0 };
	struct quote q = { 0 };

	req_body(r, &in);
	in.n_items =
		orders_merge_items(&r->ctx, in.items, in.n_items, &in.items);
	enum rc rc = orders_quote(&r->ctx, in.items, in.n_items, &q);
	return rc ? rc : reply(r, &q);
}

enum rc orders_checkout_post(struct req *r)
{
	struct checkout in = { 0 };
	struct order order = { 0 };
	char id[ID_TEXT_MAX];

	req_body(r, &in);
	enum rc rc = orders_place(&r->ctx, &in, &order);
	const char *why = r->ctx.err.code;

	if (rc && why && strcmp(why, "own_product") == 0)
		r->noticed = "order.self_purchase";
	if (rc)
		return rc;
	return reply_created(r, &order,
	                     arena_fmt(r->ctx.arena, "/api/orders/%s",
	                               id_text(order.id, id)));
}

enum rc orders_list_get(struct req *r)
{
	struct order_query in = { 0 };
	struct page_info info = { 0 };
	struct order *rows;
	size_t n;

	req_query(r, &in);
	struct orders_filter f = { .customer = r->ctx.actor,
		                   .status = in.status };
	enum rc rc = orders_db_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc answer_order(struct req *r, struct id id, bool mine)
{
	struct order order = { 0 };
	enum rc rc = orders_load(&r->ctx, id, mine, &order);

	return rc ? rc : reply(r, &order);
}

enum rc orders_one_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : answer_order(r, id, true);
}

enum rc orders_pay_post(struct req *r)
{
	struct payment payment = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = orders_pay_again(&r->ctx, id, &payment);
	return rc ? rc : reply(r, &payment);
}

enum rc orders_cancel_post(struct req *r)
{
	struct order_reason in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = orders_cancel(&r->ctx, id, r->ctx.actor, in.reason);
	return rc ? rc : answer_order(r, id, true);
}

/* What a customer reads of it: moves, not payments of other people's parts. */
static struct track_step *timeline(struct ctx *c,
                                   const struct order_step *steps, size_t n)
{
	struct track_step *out =
		arena_new_array(c->arena, struct track_step, n ? n : 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct track_step){ steps[i].event,
			                      steps[i].to_status, steps[i].note,
			                      steps[i].vendor_order_id,
			                      steps[i].created_at };
	return out;
}

static struct track_part *parcels(struct ctx *c, const struct order *o)
{
	struct track_part *out = arena_new_array(c->arena, struct track_part,
	                                         o->n_vendor_orders + 1);

	for (size_t i = 0; i < o->n_vendor_orders; i++) {
		const struct vendor_order *v = &o->vendor_orders[i];

		out[i] = (struct track_part){ v->id,
			                      v->number,
			                      v->vendor_name,
			                      v->status,
			                      v->shipping_method,
			                      v->carrier,
			                      v->tracking_number,
			                      v->shipped_at,
			                      v->delivered_at };
	}
	return out;
}

enum rc orders_track_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct order o = { 0 };
	struct order_step *steps;
	struct track t = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = orders_load(c, id, true, &o);
	if (!rc)
		rc = orders_db_steps(c, id, &steps, &t.n_timeline);
	if (rc)
		return rc;
	t.id = o.id;
	t.number = o.number;
	t.status = o.status;
	t.parcels = parcels(c, &o);
	t.n_parcels = o.n_vendor_orders;
	t.timeline = timeline(c, steps, t.n_timeline);
	return reply(r, &t);
}

static enum rc answer_cart(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct cart cart = { 0 };
	struct cart_item *rows;
	size_t n;
	enum rc rc = cart_db_list(c, c->actor, &rows, &n);

	if (rc)
		return rc;
	struct checkout_item *items =
		arena_new_array(c->arena, struct checkout_item, n + 1);
	cart.items = arena_new_array(c->arena, struct cart_line, n + 1);
	cart.n_items = n;
	for (size_t i = 0; i < n; i++) {
		cart.items[i] =
			(struct cart_line){ rows[i].id, rows[i].variant_id,
			                    rows[i].quantity };
		items[i] =
			(struct checkout_item){ rows[i].variant_id,
			                        rows[i].quantity, MONEY_NONE };
	}
	cart.quote = n ? arena_new(c->arena, struct quote) : NULL;
	if (n)
		rc = orders_quote(c, items, n, cart.quote);
	return rc ? rc : reply(r, &cart);
}

enum rc orders_cart_get(struct req *r)
{
	return answer_cart(r);
}

enum rc orders_cart_delete(struct req *r)
{
	enum rc rc = cart_db_clear(&r->ctx, r->ctx.actor);

	return rc ? rc : reply_empty(r);
}

enum rc orders_cart_items_post(struct req *r)
{
	struct cart_add in = { 0 };
	struct cart_item *rows;
	size_t n;
	struct ctx *c = &r->ctx;

	req_body(r, &in);
	enum rc rc = cart_db_list(c, c->actor, &rows, &n);
	if (!rc && n >= ORDER_LINES_MAX)
		return fail(c, RC_CONFLICT, "cart_full",
		            "At most %d lines fit into a cart.",
		            ORDER_LINES_MAX);
	struct cart_item item = { .id = id_new(),
		                  .customer_id = c->actor,
		                  .variant_id = in.variant_id,
		                  .quantity = in.quantity };
	if (!rc)
		rc = cart_db_add(c, &item);
	return rc ? rc : answer_cart(r);
}

static enum rc answer_change(struct req *r, enum rc rc, int64_t changed)
{
	if (rc)
		return rc;
	return changed ? answer_cart(r) : RC_NOT_FOUND;
}

enum rc orders_cart_item_patch(struct req *r)
{
	struct cart_quantity in = { 0 };
	struct id id;
	int64_t changed = 0;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = cart_db_set(&r->ctx, r->ctx.actor, id, in.quantity,
		                 &changed);
	return answer_change(r, rc, changed);
}

enum rc orders_cart_item_delete(struct req *r)
{
	struct id id;
	int64_t changed = 0;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = cart_db_delete(&r->ctx, r->ctx.actor, id, &changed);
	return answer_change(r, rc, changed);
}
