#include "config.h"

#include <string.h>

#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/ledger/ledger.h"
#include "handlers/shipping/shipping.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"
#include "tests/support/sql_faults.h"

/* Any statement of a checkout may fail: the order is there or it is not. */
static void a_failing_statement_leaves_all_or_nothing(void)
{
	static const unsigned errors[] = { 1213, 1205, 2013, 1062 };
	int k;

	for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
		for (k = 1; k < 60; k++) {
			struct checkout_item items[] = { item(variant_b, 1),
				                         item(variant_a, 1) };
			struct checkout in = shop_checkout(items, 2);
			struct order o = { 0 };
			int64_t n = shop_number("SELECT COUNT(*) FROM orders");
			int64_t stock = shop_stock(variant_a);
			const char *what =
				arena_fmt(tc->arena, "%u at %d", errors[e], k);

			shop_as_customer(customer);
			fault_at(k, errors[e]);
			enum rc rc = orders_place(tc, &in, &o);
			bool has_failed = fault_clear();
			fail_clear(tc);
			CHECK_INT(shop_number("SELECT COUNT(*) FROM orders"),
			          n + !rc, what);
			CHECK_INT(shop_stock(variant_a), stock - !rc, what);
			shop_check_books(what);
			if (!has_failed)
				break;
			CHECK_FALSE(sql_in_transaction(), what);
		}
		CHECK_TRUE(k > 10 && k < 60, "every statement had its turn");
		NEED_RC(sql_run(tc, "UPDATE variant SET stock = 10"), RC_OK,
		        "restock");
	}
}

/* The same for the moment when money arrives. */
static void a_failing_capture_is_made_up_for(void)
{
	static const unsigned errors[] = { 1213, 2013 };

	for (size_t e = 0; e < sizeof errors / sizeof *errors; e++) {
		for (int k = 1; k < 80; k++) {
			struct checkout_item items[] = { item(variant_a, 1) };
			struct order o = shop_order(customer, items, 1);
			const char *what =
				arena_fmt(tc->arena, "%u at %d", errors[e], k);

			NEED_RC(sandbox_db_decide(tc, o.payment->tx_ref,
			                          "paid"),
			        RC_OK, "decide");
			fault_at(k, errors[e]);
			enum rc rc = payments_check(tc, o.payment->tx_ref);
			bool has_failed = fault_clear();
			fail_clear(tc);
			CHECK_TEXT(shop_load(o.id).status,
			           rc ? "pending" : "paid", what);
			CHECK_RC(payments_check(tc, o.payment->tx_ref), RC_OK,
			         what);
			CHECK_TEXT(shop_load(o.id).status, "paid", what);
			shop_check_books(what);
			NEED_RC(sql_run(tc, "UPDATE variant SET stock = 10"),
			        RC_OK, "restock");
			if (!has_failed)
				break;
		}
	}
}

/* A test that was left may have left a fault behind. */
static void before(void)
{
	fault_clear();
	orders_before();
}

static const struct check_hooks hooks = {
	.start = shop_start,
	.stop = database_stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("order faults", &hooks,
                TEST(a_failing_statement_leaves_all_or_nothing),
                TEST(a_failing_capture_is_made_up_for))
