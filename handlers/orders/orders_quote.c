/* What something costs now: prices, shipping, tax and commission of lines. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "handlers/catalog/catalog.h"
#include "handlers/orders/orders_inside.h"

enum { WHOLE_BP = 10000, QUANTITY_MAX = 999 };

static enum rc check_items(struct ctx *c, const struct checkout_item *items,
                           size_t n)
{
	enum rc rc = RC_OK;

	if (!n || n > ORDER_LINES_MAX)
		return fail_field(c, "items", "count",
		                  "1 to %d lines can be ordered at once",
		                  ORDER_LINES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (items[i].quantity < 1 || items[i].quantity > QUANTITY_MAX)
			rc = fail_field(
				c,
				arena_fmt(c->arena, "items[%zu].quantity", i),
				"out_of_range", "1 to %d", QUANTITY_MAX);
	}
	return rc;
}

static struct checkout_item *same_line(struct checkout_item *items, size_t n,
                                       const struct checkout_item *one)
{
	for (size_t i = 0; i < n; i++) {
		if (id_equal(items[i].variant_id, one->variant_id))
			return &items[i];
	}
	return NULL;
}

size_t orders_merge_items(struct ctx *c, const struct checkout_item *items,
                          size_t n, struct checkout_item **out)
{
	struct checkout_item *merged =
		arena_new_array(c->arena, struct checkout_item, n + 1);
	size_t n_merged = 0;

	for (size_t i = 0; i < n; i++) {
		struct checkout_item *same =
			same_line(merged, n_merged, &items[i]);

		if (!same) {
			merged[n_merged++] = items[i];
			continue;
		}
		same->quantity += items[i].quantity;
		/* What does not fit the real price must be seen. */
		if (!money_is_none(items[i].price))
			same->price = items[i].price;
	}
	*out = merged;
	return n_merged;
}

/* The first reason why a line cannot be bought, or NULL. */
static const char *problem_of(const struct ctx *c,
                              const struct checkout_item *item,
                              const struct sale_line *s)
{
	if (!s->is_for_sale || strcmp(s->currency, settings->currency) != 0)
		return "not_for_sale";
	if (!s->is_store_open)
		return "store_closed";
	if (id_equal(s->store_owner, c->actor) ||
	    (!id_is_none(c->vendor) && id_equal(c->vendor, s->vendor_id)))
		return "own_product";
	if (!s->allow_backorder && s->stock < item->quantity)
		return "out_of_stock";
	if (!money_is_none(item->price) && item->price.minor != s->price.minor)
		return "price_changed";
	return NULL;
}

static struct quote_part *part_of(struct quote *q, struct ctx *c,
                                  struct id vendor, const char *name, size_t n)
{
	for (size_t i = 0; i < q->n_vendors; i++) {
		if (id_equal(q->vendors[i].vendor_id, vendor))
			return &q->vendors[i];
	}
	struct quote_part *p = &q->vendors[q->n_vendors++];
	p->vendor_id = vendor;
	p->vendor_name = name;
	p->lines = arena_new_array(c->arena, struct quote_line, n);
	return p;
}

static bool add_to(struct money *sum, struct money m)
{
	return money_add(*sum, m, sum);
}

/* Tax is added to the price of the goods; shipping bears none. */
static bool price_line(struct quote_line *l, struct money price, int quantity)
{
	l->unit_price = price;
	l->quantity = quantity;
	return money_times(price, quantity, &l->line_total) &&
	       money_share(l->line_total, settings->tax_bp, WHOLE_BP, &l->tax);
}

static bool add_line(struct quote_part *p, const struct quote_line *l)
{
	p->lines[p->n_lines++] = *l;
	return add_to(&p->items_total, l->line_total) &&
	       add_to(&p->tax_total, l->tax);
}

static bool add_up(struct quote *q)
{
	bool ok = true;

	for (size_t i = 0; i < q->n_vendors; i++) {
		struct quote_part *p = &q->vendors[i];

		p->shipping_total.minor = settings->shipping_fee;
		p->total = p->items_total;
		ok = ok && money_sub(p->total, p->discount_total, &p->total) &&
		     add_to(&p->total, p->shipping_total) &&
		     add_to(&p->total, p->tax_total) &&
		     add_to(&q->items_total, p->items_total) &&
		     add_to(&q->discount_total, p->discount_total) &&
		     add_to(&q->shipping_total, p->shipping_total) &&
		     add_to(&q->tax_total, p->tax_total) &&
		     add_to(&q->total, p->total);
	}
	return ok;
}

static int by_vendor(const void *a, const void *b)
{
	const struct quote_part *x = a, *y = b;

	return id_compare(x->vendor_id, y->vendor_id);
}

static enum rc quote(struct ctx *c, const struct checkout_item *items, size_t n,
                     bool lock, struct quote *out)
{
	struct id *ids = arena_new_array(c->arena, struct id, n ? n : 1);
	struct quote q = { .currency = settings->currency, .can_order = true };
	struct sale_line *sales;
	bool fits = true;

	enum rc rc = check_items(c, items, n);
	for (size_t i = 0; i < n; i++)
		ids[i] = items[i].variant_id;
	if (!rc)
		rc = lock ? catalog_lines_lock(c, ids, n, &sales)
		          : catalog_lines_for_sale(c, ids, n, &sales);
	if (rc)
		return rc;
	q.vendors = arena_new_array(c->arena, struct quote_part, n);
	q.commission_bp = arena_new_array(c->arena, int64_t, n);
	q.sales = sales;
	for (size_t i = 0; i < n; i++) {
		const struct sale_line *s = &sales[i];
		struct quote_line l = {
			.variant_id = items[i].variant_id,
			.product_id = s->product_id,
			.sku = s->sku ? s->sku : "",
			.product_name = s->product_name ? s->product_name : "",
			.variant_name = s->variant_name,
			.in_stock = s->allow_backorder ? -1 : s->stock,
			.problem = problem_of(c, &items[i], s),
		};

		q.can_order = q.can_order && !l.problem;
		fits = fits &&
		       price_line(&l,
		                  s->is_for_sale ? s->price
		                                 : (struct money){ 0 },
		                  items[i].quantity) &&
		       add_line(part_of(&q, c, s->vendor_id,
		                        s->store_name ? s->store_name : "", n),
		                &l);
		/* The most specific rate wins. */
		q.commission_bp[i] = s->store_commission_bp != INT_NONE
		                             ? s->store_commission_bp
		                             : settings->commission_bp;
	}
	if (!fits || !add_up(&q))
		return fail_field(c, "items", "too_large",
		                  "is more than can be paid");
	qsort(q.vendors, q.n_vendors, sizeof *q.vendors, by_vendor);
	*out = q;
	return RC_OK;
}

enum rc orders_quote(struct ctx *c, const struct checkout_item *items, size_t n,
                     struct quote *out)
{
	return quote(c, items, n, false, out);
}

enum rc orders_quote_lock(struct ctx *c, const struct checkout_item *items,
                          size_t n, struct quote *out)
{
	return quote(c, items, n, true, out);
}
