/* Orders as they are shown: parts, lines, names and payment around the row. */
#include "config.h"

#include <string.h>

#include "handlers/accounts/accounts.h"
#include "handlers/orders/orders_inside.h"

static enum rc name_vendors(struct ctx *c, struct vendor_order *parts, size_t n)
{
	struct id *ids = arena_new_array(c->arena, struct id, n ? n : 1);
	struct vendor_brief *vendors = NULL;
	size_t n_vendors = 0;

	for (size_t i = 0; i < n; i++)
		ids[i] = parts[i].vendor_id;
	enum rc rc = n ? accounts_vendor_list(c, ids, n, &vendors, &n_vendors)
	               : RC_OK;
	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n_vendors; k++) {
			if (id_equal(vendors[k].id, parts[i].vendor_id))
				parts[i].vendor_name = vendors[k].name;
		}
	}
	return RC_OK;
}

/* The lines of each part, in the order of the list. */
static void deal_items(struct ctx *c, struct vendor_order *parts, size_t n,
                       const struct order_item *items, size_t n_items)
{
	for (size_t i = 0; i < n; i++) {
		struct vendor_order *v = &parts[i];

		v->items = arena_new_array(c->arena, struct order_item,
		                           n_items ? n_items : 1);
		v->n_items = 0;
		for (size_t k = 0; k < n_items; k++) {
			if (id_equal(items[k].vendor_order_id, v->id))
				v->items[v->n_items++] = items[k];
		}
	}
}

/* The customer tells it at the door, so only they see it, and only while it
 * matters. */
static void show_codes(struct ctx *c, struct vendor_order *parts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum order_status s = orders_status_of(parts[i].status);

		if (s == ORDER_PAID || s == ORDER_SHIPPED)
			parts[i].delivery_code =
				orders_delivery_code(c, parts[i].id);
	}
}

enum rc orders_load(struct ctx *c, struct id id, bool mine, struct order *out)
{
	struct order o = { 0 };
	struct order_item *items;
	size_t n_items;
	bool has_payment = false;
	enum rc rc = mine ? orders_db_get_mine(c, id, c->actor, &o)
	                  : orders_db_get(c, id, &o);

	if (!rc)
		rc = orders_db_parts(c, id, &o.vendor_orders,
		                     &o.n_vendor_orders);
	if (!rc)
		rc = orders_db_items(c, id, &items, &n_items);
	if (!rc)
		rc = name_vendors(c, o.vendor_orders, o.n_vendor_orders);
	o.payment = arena_new(c->arena, struct payment);
	if (!rc)
		rc = payments_latest(c, id, o.payment, &has_payment);
	if (rc)
		return rc;
	if (!has_payment)
		o.payment = NULL;
	deal_items(c, o.vendor_orders, o.n_vendor_orders, items, n_items);
	if (mine)
		show_codes(c, o.vendor_orders, o.n_vendor_orders);
	*out = o;
	return RC_OK;
}

enum rc orders_load_part(struct ctx *c, struct id id, struct id vendor,
                         struct vendor_order *out)
{
	struct vendor_order v = { 0 };
	struct order_item *items;
	size_t n_items;
	enum rc rc = orders_db_part(c, id, vendor, &v);

	/* Nobody ships what is not paid, so nobody sees it either. */
	if (!rc && !id_is_none(vendor) && !v.paid_at.us)
		return RC_NOT_FOUND;
	if (!rc)
		rc = orders_db_items(c, v.order_id, &items, &n_items);
	if (!rc)
		rc = name_vendors(c, &v, 1);
	if (rc)
		return rc;
	deal_items(c, &v, 1, items, n_items);
	*out = v;
	return RC_OK;
}

enum rc orders_bought(struct ctx *c, struct id customer, struct id product,
                      struct bought *out)
{
	return orders_db_bought(c, customer, product, out);
}

enum rc orders_refunded(struct ctx *c, struct id refund,
                        struct order_item **lines, size_t *n)
{
	return orders_db_refunded(c, refund, lines, n);
}
