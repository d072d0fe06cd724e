/* From items to an order with its reserved stock and its payment. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/buf.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/orders/orders_inside.h"

enum { NUMBER_LENGTH = 10, WHOLE_BP = 10000 };

/* Everything that one checkout becomes. */
struct draft {
	struct order order;
	struct vendor_order *parts;
	size_t n_parts;
	struct order_item *items;
	size_t n_items;
};

/* "M" and ten letters that nobody mixes up on the telephone. */
static const char *new_number(struct ctx *c)
{
	static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	unsigned char random[NUMBER_LENGTH];
	char *s = arena_alloc(c->arena, NUMBER_LENGTH + 2);

	random_bytes(random, sizeof random);
	s[0] = 'M';
	for (int i = 0; i < NUMBER_LENGTH; i++)
		s[1 + i] = letters[random[i] & 31];
	return s;
}

/* The first problem of the quote as a refusal; the quote goes with it. */
static enum rc refuse(struct ctx *c, const struct quote *q, const char *code)
{
	static const struct {
		const char *code, *text;
	} texts[] = {
		{ "not_for_sale", "Something in it is not for sale any more." },
		{ "store_closed", "One of the stores is closed." },
		{ "own_product", "Your own products cannot be bought." },
		{ "out_of_stock", "There is not enough of something in it." },
		{ "price_changed", "A price has changed." },
	};
	struct buf b;
	const char *text = "";

	buf_init(&b, c->arena, 2048);
	buf_puts(&b, "\"quote\":");
	shape_write(&b, &quote_shape, q, ALL_FIELDS);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!strcmp(texts[i].code, code)) {
			code = texts[i].code;
			text = texts[i].text;
		}
	}
	enum rc rc = fail(c, RC_CONFLICT, code, "%s", text);
	c->err.members = b.s;
	return rc;
}

static const char *first_problem(const struct quote *q)
{
	for (size_t i = 0; i < q->n_vendors; i++) {
		for (size_t k = 0; k < q->vendors[i].n_lines; k++) {
			if (q->vendors[i].lines[k].problem)
				return q->vendors[i].lines[k].problem;
		}
	}
	return NULL;
}

static enum rc check_quote(struct ctx *c, const struct checkout *in,
                           const struct quote *q)
{
	const char *problem = first_problem(q);

	if (problem)
		return refuse(c, q, problem);
	if (!money_is_none(in->total) && in->total.minor != q->total.minor)
		return refuse(c, q, "price_changed");
	return RC_OK;
}

static enum rc find_address(struct ctx *c, const struct checkout *in,
                            const char **out)
{
	struct address_brief brief = { 0 };

	if (in->address) {
		*out = orders_address_text(c, in->address);
		return RC_OK;
	}
	if (id_is_none(in->address_id))
		return fail_field(c, "address", "required",
		                  "address or address_id is needed");
	enum rc rc = accounts_address_get(c, c->actor, in->address_id, &brief);
	if (rc == RC_NOT_FOUND)
		return fail_field(c, "address_id", "unknown",
		                  "is none of your addresses");
	if (rc)
		return rc;
	struct order_address a = { brief.name,    brief.phone, brief.line1,
		                   brief.line2,   brief.city,  brief.region,
		                   brief.country, brief.lat,   brief.lng };
	*out = orders_address_text(c, &a);
	return RC_OK;
}

static void draft_order(struct ctx *c, const struct checkout *in,
                        const struct quote *q, const char *address,
                        struct order *o)
{
	*o = (struct order){
		.id = id_new(),
		.number = new_number(c),
		.customer_id = c->actor,
		.status = order_status_names[ORDER_PENDING],
		.currency = q->currency,
		.items_total = q->items_total,
		.discount_total = q->discount_total,
		.shipping_total = q->shipping_total,
		.tax_total = q->tax_total,
		.total = q->total,
		.address = { address },
		.note = in->note,
		.expires_at = when_plus(c->now, settings->order_expiry_s),
		.created_at = c->now,
		.updated_at = c->now,
		.version = 1,
	};
}

static void draft_part(struct ctx *c, const struct order *o,
                       const struct quote_part *q, size_t i,
                       struct vendor_order *v)
{
	*v = (struct vendor_order){
		.id = id_new(),
		.order_id = o->id,
		.vendor_id = q->vendor_id,
		.customer_id = o->customer_id,
		.number = arena_fmt(c->arena, "%s-%zu", o->number, i + 1),
		.status = order_status_names[ORDER_PENDING],
		.currency = o->currency,
		.items_total = q->items_total,
		.discount_total = q->discount_total,
		.shipping_total = q->shipping_total,
		.tax_total = q->tax_total,
		.total = q->total,
		.vendor_name = q->vendor_name,
		.created_at = c->now,
		.updated_at = c->now,
		.version = 1,
	};
}

static bool draft_item(const struct quote *q, size_t i,
                       const struct quote_line *l, const struct vendor_order *v,
                       struct order_item *out)
{
	const struct sale_line *s = &q->sales[i];

	*out = (struct order_item){
		.id = id_new(),
		.order_id = v->order_id,
		.vendor_order_id = v->id,
		.vendor_id = v->vendor_id,
		.customer_id = v->customer_id,
		.product_id = s->product_id,
		.variant_id = s->variant_id,
		.line = (int)i + 1,
		.sku = s->sku,
		.product_name = s->product_name,
		.product_slug = s->product_slug,
		.variant_name = s->variant_name,
		.options = s->options,
		.picture = s->picture,
		.unit_price = s->price,
		.quantity = l->quantity,
		.line_total = l->line_total,
		.tax = l->tax,
		.tax_bp = (int)settings->tax_bp,
		.commission_bp = (int)q->commission_bp[i],
	};
	/* The commission is on the price of the goods after discounts, rounded
	 * half up once for each line. */
	return money_share(out->line_total, out->commission_bp, WHOLE_BP,
	                   &out->commission);
}

static size_t place_of(const struct quote *q, size_t n, struct id variant)
{
	size_t i = 0;

	while (i < n && !id_equal(q->sales[i].variant_id, variant))
		i++;
	return i;
}

static bool make_draft(struct ctx *c, const struct checkout *in,
                       const struct quote *q, const char *address,
                       struct draft *d)
{
	bool fits = true;

	draft_order(c, in, q, address, &d->order);
	d->n_parts = q->n_vendors;
	d->parts = arena_new_array(c->arena, struct vendor_order, d->n_parts);
	d->items = arena_new_array(c->arena, struct order_item, in->n_items);
	for (size_t i = 0; i < q->n_vendors; i++) {
		const struct quote_part *p = &q->vendors[i];
		struct vendor_order *v = &d->parts[i];

		draft_part(c, &d->order, p, i, v);
		v->items = &d->items[d->n_items];
		v->n_items = p->n_lines;
		for (size_t k = 0; k < p->n_lines; k++) {
			struct order_item *item = &d->items[d->n_items++];
			size_t at = place_of(q, in->n_items,
			                     p->lines[k].variant_id);

			fits = fits &&
			       draft_item(q, at, &p->lines[k], v, item) &&
			       money_add(v->commission_total, item->commission,
			                 &v->commission_total);
		}
	}
	return fits;
}

static enum rc insert_draft(struct ctx *c, const struct draft *d)
{
	struct order_step *steps =
		arena_new_array(c->arena, struct order_step, d->n_parts + 1);
	enum rc rc = orders_db_insert(c, &d->order);

	for (size_t i = 0; i <= d->n_parts; i++) {
		struct id part = i ? d->parts[i - 1].id : (struct id){ 0 };

		steps[i] = orders_step(c, d->order.id, part, ROLE_CUSTOMER);
		steps[i].event = "place";
		steps[i].to_status = d->order.status;
	}
	if (!rc)
		rc = orders_db_insert_parts(c, d->parts, d->n_parts);
	if (!rc)
		rc = orders_db_insert_items(c, d->items, d->n_items);
	return rc ? rc : orders_db_insert_steps(c, steps, d->n_parts + 1);
}

/* In the order of variant ids, as products may have to be locked, too. */
static enum rc take_stock(struct ctx *c, const struct quote *q,
                          const struct draft *d)
{
	struct order_item *sorted =
		arena_dup(c->arena, d->items, d->n_items * sizeof *d->items);
	enum rc rc = RC_OK;

	orders_sort_by_variant(sorted, d->n_items);
	for (size_t i = 0; i < d->n_items && !rc; i++) {
		size_t at = place_of(q, d->n_items, sorted[i].variant_id);

		rc = catalog_line_take(c, &q->sales[at], sorted[i].quantity,
		                       d->order.id);
	}
	return rc;
}

static enum rc store_draft(struct ctx *c, const struct quote *q,
                           struct draft *d, struct payment *payment)
{
	enum rc rc = insert_draft(c, d);

	if (!rc)
		rc = payments_open(c, d->order.id, d->order.total, payment);
	if (!rc)
		rc = take_stock(c, q, d);
	if (!rc)
		rc = outbox_add(c, "order.placed", d->order.id,
		                orders_payload(c, &d->order, NULL, NULL));
	return rc;
}

static enum rc cart_items(struct ctx *c, struct checkout *in)
{
	struct cart_item *rows;
	size_t n;
	enum rc rc = cart_db_list(c, c->actor, &rows, &n);

	if (rc)
		return rc;
	if (!n)
		return fail(c, RC_CONFLICT, "cart_empty",
		            "There is nothing in the cart.");
	in->items = arena_new_array(c->arena, struct checkout_item, n);
	in->n_items = n;
	for (size_t i = 0; i < n; i++)
		in->items[i] =
			(struct checkout_item){ rows[i].variant_id,
			                        rows[i].quantity, MONEY_NONE };
	return RC_OK;
}

static enum rc place(struct ctx *c, struct checkout *in, struct draft *d,
                     struct payment *payment)
{
	bool is_cart = !in->n_items;
	struct quote q = { 0 };
	const char *address = NULL;
	enum rc rc = is_cart ? cart_items(c, in) : RC_OK;

	if (!rc)
		rc = find_address(c, in, &address);
	in->n_items = orders_merge_items(c, in->items, in->n_items, &in->items);
	/* What is quoted now is what is sold: nobody changes it meanwhile. */
	if (!rc)
		rc = orders_quote_lock(c, in->items, in->n_items, &q);
	if (!rc)
		rc = check_quote(c, in, &q);
	if (rc)
		return rc;
	if (!make_draft(c, in, &q, address, d))
		return fail_field(c, "items", "too_large",
		                  "is more than can be paid");
	rc = store_draft(c, &q, d, payment);
	return rc || !is_cart ? rc : cart_db_clear(c, c->actor);
}

enum rc orders_place(struct ctx *c, const struct checkout *in,
                     struct order *out)
{
	struct checkout copy = *in;
	struct draft d = { 0 };
	struct payment *payment = arena_new(c->arena, struct payment);
	enum rc rc = accounts_need_buyer(c);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	sql_gather();
	rc = sql_end(c, place(c, &copy, &d, payment));
	if (rc)
		return rc;
	*out = d.order;
	out->vendor_orders = d.parts;
	out->n_vendor_orders = d.n_parts;
	out->payment = payment;
	return RC_OK;
}

enum rc orders_pay_again(struct ctx *c, struct id order, struct payment *out)
{
	struct order o = { 0 };
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = orders_db_lock(c, order, &o);
	if (!rc && !id_equal(o.customer_id, c->actor))
		rc = RC_NOT_FOUND;
	if (!rc && strcmp(o.status, order_status_names[ORDER_PENDING]) != 0)
		rc = fail(c, RC_CONFLICT, "not_allowed_now",
		          "This order is %s.", o.status);
	if (!rc)
		rc = payments_open(c, o.id, o.total, out);
	return sql_end(c, rc);
}
