#include "config.h"

#include <string.h>

#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/ledger/ledger.h"
#include "handlers/shipping/shipping.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

static void a_cancelled_order_gives_everything_back(void)
{
	struct order o = an_order();

	CHECK_RC(orders_cancel(tc, o.id, customer, "no need"), RC_OK, "unpaid");
	CHECK_TEXT(shop_load(o.id).status, "cancelled", "status");
	CHECK_INT(shop_stock(variant_a), 10, "stock");
	shop_check_books("cancelled unpaid");
	o = a_paid_order();
	CHECK_RC(orders_cancel(tc, o.id, customer, "no need"), RC_OK, "paid");
	o = shop_load(o.id);
	CHECK_TEXT(o.status, "cancelled", "status");
	CHECK_INT(o.refunded_total.minor, o.total.minor, "all of it");
	CHECK_INT(shop_stock(variant_b), 10, "stock");
	shop_check_books("cancelled paid");
	CHECK_RC(orders_cancel(tc, o.id, customer, "twice"), RC_CONFLICT,
	         "twice");
}

static void a_shipped_order_is_cancelled_by_moderators_only(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;
	struct ship in = { .method = "own" };

	shop_as_vendor(store_a);
	NEED_RC(orders_ship(tc, a, store_a, &in), RC_OK, "ship");
	CHECK_RC(orders_cancel_part(tc, a, store_a, "oh"), RC_FORBIDDEN,
	         "the store");
	shop_as_customer(customer);
	CHECK_RC(orders_cancel(tc, o.id, customer, "oh"), RC_FORBIDDEN,
	         "the customer");
	shop_as_admin();
	CHECK_RC(orders_cancel_part(tc, a, (struct id){ 0 }, "lost"), RC_OK,
	         "a moderator");
	CHECK_INT(shop_stock(variant_a), 8, "what is on its way is not back");
	CHECK_TEXT(shop_load(o.id).status, "paid", "the other part goes on");
	shop_check_books("cancelled on the way");
}

static void a_store_cancels_its_part_alone(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;

	shop_as_vendor(store_a);
	CHECK_RC(orders_cancel_part(tc, a, store_a, "broken"), RC_OK, "cancel");
	o = shop_load(o.id);
	CHECK_TEXT(o.status, "paid", "the other part goes on");
	CHECK_INT(o.refunded_total.minor, part_of(&o, store_a)->total.minor,
	          "its part is paid back");
	CHECK_INT(shop_stock(variant_a), 10, "its stock is back");
	CHECK_INT(shop_stock(variant_b), 7, "the other's is not");
	shop_check_books("part cancelled");
}

static void what_is_on_its_way_does_not_return_with_the_rest(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;

	shop_as_vendor(store_a);
	NEED_RC(orders_ship(tc, a, store_a, &(struct ship){ .method = "own" }),
	        RC_OK, "ship");
	shop_as_admin();
	CHECK_RC(orders_cancel(tc, o.id, (struct id){ 0 }, "fraud"), RC_OK,
	         "the whole order");
	CHECK_INT(shop_stock(variant_a), 8, "on its way");
	CHECK_INT(shop_stock(variant_b), 10, "still on the shelf");
	o = shop_load(o.id);
	CHECK_INT(o.refunded_total.minor, o.total.minor, "all is paid back");
	shop_check_books("cancelled in two states");
}

static void refunds_by_line_add_up_to_the_whole(void)
{
	struct order o = a_paid_order();
	struct vendor_order *b = part_of(&o, store_b);
	struct ship in = { .method = "own" };
	struct refund_line one = { b->items[0].id, 1 };
	struct money m;

	shop_as_vendor(store_b);
	NEED_RC(orders_ship(tc, b->id, store_b, &in), RC_OK, "ship");
	NEED_RC(orders_deliver(tc, b->id, store_b,
	                       orders_delivery_code(tc, b->id)),
	        RC_OK, "deliver");
	for (int i = 0; i < 3; i++) {
		CHECK_RC(orders_refund(tc, b->id, store_b, &one, 1, "broken"),
		         RC_OK, "one of three");
		shop_check_books("refunded by line");
	}
	o = shop_load(o.id);
	b = part_of(&o, store_b);
	CHECK_TEXT(b->status, "refunded", "nothing is left");
	/* 9.99 + 1.50 tax; shipping was done */
	CHECK_MONEY(b->refunded_total, "11.49", "goods and tax, to the cent");
	NEED_RC(ledger_account_balance(tc, LEDGER_COMMISSION, &m), RC_OK, "c");
	CHECK_MONEY(m, "20.10", "its commission is given back exactly");
	CHECK_RC(orders_refund(tc, b->id, store_b, &one, 1, "more"),
	         RC_CONFLICT, "no more");
}

static void more_than_was_bought_is_not_refunded(void)
{
	struct order o = a_paid_order();
	struct vendor_order *b = part_of(&o, store_b);
	struct ship in = { .method = "own" };
	struct refund_line four = { b->items[0].id, 4 };
	struct refund_line foreign = { part_of(&o, store_a)->items[0].id, 1 };

	shop_as_vendor(store_b);
	NEED_RC(orders_ship(tc, b->id, store_b, &in), RC_OK, "ship");
	CHECK_RC(orders_refund(tc, b->id, store_b, &four, 1, "all"),
	         RC_CONFLICT, "four of three");
	CHECK_TEXT(tc->err.code, "refund_too_large", "code");
	fail_clear(tc);
	CHECK_RC(orders_refund(tc, b->id, store_b, &foreign, 1, "all"),
	         RC_INVALID, "another part's line");
	shop_check_books("not refunded");
}

static void unpaid_orders_expire_and_give_stock_back(void)
{
	struct order o = an_order();
	bool more;

	shop_as_system();
	CHECK_RC(orders_expire_job(tc, &more), RC_OK, "early");
	CHECK_TEXT(shop_load(o.id).status, "pending", "early");
	tc->now = when_plus(tc->now, 1801);
	CHECK_RC(orders_expire_job(tc, &more), RC_OK, "late");
	o = shop_load(o.id);
	CHECK_TEXT(o.status, "expired", "late");
	CHECK_TEXT(o.payment->status, "expired", "payment");
	CHECK_INT(shop_stock(variant_a), 10, "stock");
	shop_check_books("expired");
}

static void a_late_payment_takes_the_stock_again(void)
{
	struct order o = an_order();
	bool more;

	shop_as_system();
	tc->now = when_plus(tc->now, 1801);
	CHECK_RC(orders_expire_job(tc, &more), RC_OK, "expire");
	CHECK_RC(orders_pay_in_sandbox(tc, o.id), RC_OK, "pay");
	CHECK_TEXT(shop_load(o.id).status, "paid", "status");
	CHECK_INT(shop_stock(variant_a), 8, "stock");
	shop_check_books("paid late");
}

static void a_late_payment_without_stock_is_given_back(void)
{
	struct order o = an_order();
	struct checkout_item all[] = { item(variant_b, 9) };
	bool more;

	shop_as_system();
	tc->now = when_plus(tc->now, 1801);
	CHECK_RC(orders_expire_job(tc, &more), RC_OK, "expire");
	shop_order(customer, all, 1);
	CHECK_RC(orders_pay_in_sandbox(tc, o.id), RC_OK, "pay");
	o = shop_load(o.id);
	CHECK_TEXT(o.status, "expired", "status");
	CHECK_TEXT(o.payment->status, "captured", "payment");
	CHECK_INT(o.payment->refunded.minor, o.total.minor, "all is back");
	CHECK_INT(shop_stock(variant_a), 10, "what was there is back");
	CHECK_INT(shop_stock(variant_b), 1,
	          "the other's goods are not touched");
	shop_check_books("given back");
}

/* The first late payment has been given back; the order was paid by another. */
static void what_paid_the_order_is_what_a_cancel_gives_back(void)
{
	struct order o = an_order(), other;
	struct checkout_item all[] = { item(variant_b, 9) };
	struct payment second = { 0 };
	bool more;

	NEED_RC(orders_pay_again(tc, o.id, &second), RC_OK, "second attempt");
	shop_as_system();
	tc->now = when_plus(tc->now, 1801);
	NEED_RC(orders_expire_job(tc, &more), RC_OK, "expire");
	other = shop_order(customer, all, 1);
	NEED_RC(sandbox_db_decide(tc, o.payment->tx_ref, "paid"), RC_OK, "one");
	NEED_RC(sandbox_db_decide(tc, second.tx_ref, "paid"), RC_OK, "two");
	shop_as_system();
	CHECK_RC(payments_check(tc, o.payment->tx_ref), RC_OK, "too late");
	CHECK_TEXT(shop_load(o.id).status, "expired", "no stock");
	NEED_RC(orders_cancel(tc, other.id, (struct id){ 0 }, "test"), RC_OK,
	        "the stock is back");
	CHECK_RC(payments_check(tc, second.tx_ref), RC_OK, "in time");
	CHECK_TEXT(shop_load(o.id).status, "paid", "by the second");
	CHECK_RC(orders_cancel(tc, o.id, (struct id){ 0 }, "test"), RC_OK,
	         "cancel");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM payment"
	                      " WHERE status = 'captured'"
	                      "   AND refunded = amount"),
	          2, "both are given back");
	shop_check_books("cancelled");
}

static void a_second_payment_is_given_back(void)
{
	struct order o = an_order();
	struct payment second = { 0 };

	CHECK_RC(orders_pay_again(tc, o.id, &second), RC_OK, "second attempt");
	NEED_RC(sandbox_db_decide(tc, o.payment->tx_ref, "paid"), RC_OK, "one");
	NEED_RC(sandbox_db_decide(tc, second.tx_ref, "paid"), RC_OK, "two");
	CHECK_RC(payments_check(tc, o.payment->tx_ref), RC_OK, "first");
	CHECK_RC(payments_check(tc, second.tx_ref), RC_OK, "second");
	CHECK_TEXT(shop_load(o.id).status, "paid", "status");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM payment"
	                      " WHERE status = 'captured'"
	                      "   AND refunded = amount"),
	          1, "one of them is given back");
	shop_check_books("paid twice");
}

static void shares_are_released_after_the_holding_days(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;
	struct vendor_balance b = { 0 };
	bool more;

	shop_as_system();
	NEED_RC(orders_ship(tc, a, store_a, &(struct ship){ .method = "own" }),
	        RC_OK, "ship");
	NEED_RC(orders_deliver(tc, a, store_a, NULL), RC_OK, "deliver");
	tc->now = when_plus(tc->now, 7 * 86400 - 1);
	CHECK_RC(orders_release_job(tc, &more), RC_OK, "a second early");
	NEED_RC(ledger_vendor_balance(tc, store_a, &b), RC_OK, "balance");
	CHECK_MONEY(b.available, "0.00", "not yet");
	tc->now = when_plus(tc->now, 1);
	CHECK_RC(orders_release_job(tc, &more), RC_OK, "on time");
	CHECK_RC(orders_release_job(tc, &more), RC_OK, "twice");
	NEED_RC(ledger_vendor_balance(tc, store_a, &b), RC_OK, "balance");
	CHECK_MONEY(b.available, "230.90", "available");
	CHECK_MONEY(b.pending, "0.00", "pending");
	shop_check_books("released");
	CHECK_RC(orders_refund(tc, a, store_a, NULL, 0, "broken"), RC_OK,
	         "refund after release");
	shop_check_books("refunded after release");
}

static const struct check_hooks hooks = ORDERS_HOOKS;

CHECK_MAIN_WITH("refunds", &hooks,
                TEST(a_cancelled_order_gives_everything_back),
                TEST(a_shipped_order_is_cancelled_by_moderators_only),
                TEST(a_store_cancels_its_part_alone),
                TEST(what_is_on_its_way_does_not_return_with_the_rest),
                TEST(refunds_by_line_add_up_to_the_whole),
                TEST(more_than_was_bought_is_not_refunded),
                TEST(unpaid_orders_expire_and_give_stock_back),
                TEST(a_late_payment_takes_the_stock_again),
                TEST(a_late_payment_without_stock_is_given_back),
                TEST(what_paid_the_order_is_what_a_cancel_gives_back),
                TEST(a_second_payment_is_given_back),
                TEST(shares_are_released_after_the_holding_days))
