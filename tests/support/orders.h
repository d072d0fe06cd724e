/*
 * Two stores with a variant each, somebody who buys, and their orders; on top
 * of the shop (support/shop.h). As hooks of CHECK_MAIN_WITH: ORDERS_HOOKS.
 */
#ifndef MERKATO_TEST_ORDERS_H
#define MERKATO_TEST_ORDERS_H

#include "handlers/orders/orders_inside.h"
#include "tests/support/database.h"
#include "tests/support/shop.h"

extern struct id store_a, store_b, variant_a, variant_b, customer;

#define ORDERS_HOOKS                                                 \
	{                                                            \
		.start = shop_start, .stop = database_stop,          \
		.before = orders_before, .after = database_roll_back \
	}
void orders_before(void);
struct checkout_item item(struct id variant, int quantity);
/* 3 of the second store's, 2 of the first's. */
struct order an_order(void);
struct order a_paid_order(void);
/* The store's part; the test ends without one. */
struct vendor_order *part_of(struct order *o, struct id vendor);
/* Of a part, as it is kept. */
const char *status_of(struct id part);

#endif
