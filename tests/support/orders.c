#include "config.h"

#include "tests/support/orders.h"

#include "fcgi/base/settings.h"
#include "tests/support/check.h"

struct id store_a, store_b, variant_a, variant_b, customer;

void orders_before(void)
{
	shop_before();
	settings_set("tax_bp", "1500");
	settings_set("commission_bp", "1000");
	settings_set("shipping_fee", "5000");
	store_a = shop_vendor();
	store_b = shop_vendor();
	variant_a = shop_variant(store_a, 10050, 10);
	variant_b = shop_variant(store_b, 333, 10);
	customer = shop_user(ROLE_CUSTOMER);
}

struct checkout_item item(struct id variant, int quantity)
{
	return (struct checkout_item){ variant, quantity, MONEY_NONE };
}

struct order an_order(void)
{
	struct checkout_item items[] = { item(variant_b, 3),
		                         item(variant_a, 2) };

	return shop_order(customer, items, 2);
}

struct order a_paid_order(void)
{
	struct checkout_item items[] = { item(variant_b, 3),
		                         item(variant_a, 2) };

	return shop_paid_order(customer, items, 2);
}

struct vendor_order *part_of(struct order *o, struct id vendor)
{
	for (size_t i = 0; i < o->n_vendor_orders; i++) {
		if (id_equal(o->vendor_orders[i].vendor_id, vendor))
			return &o->vendor_orders[i];
	}
	NEED_TRUE(false, "the store has a part");
	return NULL;
}

const char *status_of(struct id part)
{
	struct vendor_order v = { 0 };

	NEED_RC(orders_db_part(tc, part, (struct id){ 0 }, &v), RC_OK, "part");
	return v.status;
}
