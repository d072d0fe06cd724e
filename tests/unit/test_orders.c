#include "config.h"

#include <string.h>

#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/jobs.h"
#include "handlers/ledger/ledger.h"
#include "handlers/shipping/shipping.h"
#include "tests/support/check.h"
#include "tests/support/orders.h"

static void one_checkout_makes_a_part_for_each_store(void)
{
	struct order o = an_order();

	CHECK_TEXT(o.status, "pending", "status");
	CHECK_INT(o.n_vendor_orders, 2, "parts");
	/* 2 × 100.50 + 3 × 3.33 = 210.99; tax 30.15 + 1.50; 2 × 50 shipping */
	CHECK_MONEY(o.items_total, "210.99", "goods");
	CHECK_MONEY(o.tax_total, "31.65", "tax, rounded half up by line");
	CHECK_MONEY(o.shipping_total, "100.00", "shipping");
	CHECK_MONEY(o.total, "342.64", "total");
	CHECK_MONEY(part_of(&o, store_a)->commission_total, "20.10",
	            "commission of one store");
	CHECK_MONEY(part_of(&o, store_b)->commission_total, "1.00",
	            "0.999 is rounded up");
	CHECK_INT(shop_stock(variant_a), 8, "reserved");
	CHECK_INT(shop_stock(variant_b), 7, "reserved");
	CHECK_HAS(o.payment->checkout_url, "/sandbox/pay/", "where to pay");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM outbox"
	                      " WHERE topic = 'order.placed'"),
	          1, "told once");
	shop_check_books("placed");
}

/* Buyer and line; order, part, line, history, the gateway's and our payment;
 * stock, its journal, the timeline and the outbox. */
static void a_checkout_is_few_statements(void)
{
	struct checkout_item items[] = { item(variant_a, 1) };
	struct checkout in = shop_checkout(items, 1);
	struct order o = { 0 };

	shop_as_customer(customer);
	for (int i = 0; i < 2; i++) {
		int before = tc->n_statements;

		NEED_RC(orders_place(tc, &in, &o), RC_OK, "place");
		CHECK_INT(tc->n_statements - before, 12, "statements");
	}
}

static void refusals_say_why_and_store_nothing(void)
{
	struct id mine = shop_vendor();
	struct id own = shop_variant(mine, 100, 5);
	struct id closed = shop_vendor();
	struct id shut = shop_variant(closed, 100, 5);
	struct checkout_item items[1];
	static const char *const codes[] = { "not_for_sale",  "own_product",
		                             "store_closed",  "out_of_stock",
		                             "price_changed", "price_changed" };

	NEED_RC(sql_run(tc,
	                "UPDATE vendor SET status = 'suspended'"
	                " WHERE id = ?",
	                A(closed)),
	        RC_OK, "close");
	for (int i = 0; i < 6; i++) {
		struct checkout in = shop_checkout(items, 1);
		struct order o = { 0 };

		shop_as_customer(customer);
		items[0] = item(variant_a, 1);
		if (i == 0)
			items[0].variant_id = id_new();
		if (i == 1) {
			shop_as_vendor(mine);
			tc->roles = ROLE_CUSTOMER;
			items[0].variant_id = own;
		}
		if (i == 2)
			items[0].variant_id = shut;
		if (i == 3)
			items[0].quantity = 11;
		if (i == 4)
			items[0].price.minor = 10049;
		if (i == 5)
			in.total.minor = 1;
		CHECK_RC(orders_place(tc, &in, &o), RC_CONFLICT, codes[i]);
		CHECK_TEXT(tc->err.code, codes[i], "code");
		CHECK_HAS(tc->err.members, "\"quote\":{", codes[i]);
	}
	shop_as_system();
	CHECK_INT(shop_number("SELECT COUNT(*) FROM orders"), 0, "orders");
	CHECK_INT(shop_stock(variant_a), 10, "stock");
}

static void impossible_questions_are_faults_of_fields(void)
{
	struct checkout_item twice[] = { item(variant_a, 1),
		                         item(variant_a, 1) };
	struct checkout_item none[] = { item(variant_a, 0) };
	struct quote q = { 0 };
	struct order o = { 0 };

	CHECK_RC(orders_quote(tc, none, 1, &q), RC_INVALID, "none");
	fail_clear(tc);
	CHECK_RC(orders_quote(tc, none, 0, &q), RC_INVALID, "no items");
	shop_as_customer(customer);
	struct checkout in = shop_checkout(twice, 1);
	in.address = NULL;
	CHECK_RC(orders_place(tc, &in, &o), RC_INVALID, "no address");
	fail_clear(tc);
	in.address_id = id_new();
	CHECK_RC(orders_place(tc, &in, &o), RC_INVALID, "somebody's address");
}

static void lines_of_one_variant_are_added_up_first(void)
{
	struct checkout_item fits[] = { item(variant_a, 4),
		                        item(variant_a, 6) };
	struct checkout_item too_many[] = { item(variant_b, 4),
		                            item(variant_b, 7) };
	struct order o = shop_order(customer, fits, 2);
	struct checkout in = shop_checkout(too_many, 2);

	CHECK_INT(shop_load(o.id).vendor_orders[0].n_items, 1, "one line");
	CHECK_INT(shop_stock(variant_a), 0, "ten of them");
	CHECK_RC(orders_place(tc, &in, &o), RC_CONFLICT, "eleven of ten");
	CHECK_TEXT(tc->err.code, "out_of_stock", "code");
}

static void payment_splits_the_money_at_once(void)
{
	struct order o = a_paid_order();
	struct vendor_balance b = { 0 };
	struct money m;

	CHECK_TEXT(o.status, "paid", "status");
	CHECK_TEXT(part_of(&o, store_a)->status, "paid", "part");
	NEED_RC(ledger_vendor_balance(tc, store_a, &b), RC_OK, "balance");
	/* 201.00 + 50.00 shipping − 20.10 commission */
	CHECK_MONEY(b.pending, "230.90", "pending");
	CHECK_MONEY(b.available, "0.00", "available");
	NEED_RC(ledger_account_balance(tc, LEDGER_COMMISSION, &m), RC_OK, "c");
	CHECK_MONEY(m, "21.10", "commission");
	NEED_RC(ledger_account_balance(tc, LEDGER_TAX, &m), RC_OK, "tax");
	CHECK_MONEY(m, "31.65", "tax");
	NEED_RC(ledger_account_balance(tc, "gateway/sandbox", &m), RC_OK, "g");
	CHECK_MONEY(m, "-342.64", "gateway");
	shop_check_books("paid");
}

static void asking_twice_has_one_effect(void)
{
	struct order o = a_paid_order();
	int64_t n = shop_number("SELECT COUNT(*) FROM ledger_entry");

	for (int i = 0; i < 3; i++)
		CHECK_RC(payments_check(tc, o.payment->tx_ref), RC_OK, "again");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM ledger_entry"), n,
	          "entries");
	shop_check_books("again");
}

static void a_wrong_amount_ships_nothing(void)
{
	static const char *const changes[] = {
		"UPDATE sandbox_payment SET amount = amount - 1",
		"UPDATE sandbox_payment SET currency = 'USD'",
	};

	for (int i = 0; i < 2; i++) {
		struct order o = an_order();

		NEED_RC(sql_run_(tc, NULL, changes[i], ARGS_()), RC_OK,
		        "cheat");
		CHECK_RC(orders_pay_in_sandbox(tc, o.id), RC_OK, "pay");
		o = shop_load(o.id);
		CHECK_TEXT(o.status, "pending", changes[i]);
		CHECK_TEXT(o.payment->status, "review", changes[i]);
		CHECK_INT(shop_number("SELECT COUNT(*) FROM ledger_entry"), 0,
		          "nothing is booked");
	}
	CHECK_INT(shop_number("SELECT COUNT(*) FROM outbox"
	                      " WHERE topic = 'payment.review'"),
	          2, "somebody is told");
}

static void an_order_goes_its_way_to_the_door(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id, b = part_of(&o, store_b)->id;
	struct ship by_hand = { .carrier = "Selam Bus",
		                .tracking_number = "SB-1" };

	shop_as_vendor(store_a);
	CHECK_RC(orders_ship(tc, a, store_a, &by_hand), RC_OK, "ship");
	CHECK_TEXT(status_of(a), "shipped", "part");
	CHECK_TEXT(shop_load(o.id).status, "paid", "the other part waits");
	CHECK_RC(orders_deliver(tc, a, store_a, "000000"), RC_CONFLICT,
	         "a wrong code");
	CHECK_TEXT(tc->err.code, "wrong_code", "code");
	fail_clear(tc);
	CHECK_RC(orders_deliver(tc, a, store_a, orders_delivery_code(tc, a)),
	         RC_OK, "the right one");
	CHECK_TEXT(status_of(a), "delivered", "part");
	CHECK_RC(orders_ship(tc, a, store_a, &by_hand), RC_CONFLICT, "again");
	CHECK_TEXT(tc->err.code, "not_allowed_now", "code");
	shop_as_vendor(store_b);
	CHECK_RC(orders_ship(tc, b, store_b, &by_hand), RC_OK, "ship");
	CHECK_TEXT(shop_load(o.id).status, "shipped", "the slowest part");
	CHECK_RC(orders_deliver(tc, b, store_b, orders_delivery_code(tc, b)),
	         RC_OK, "deliver");
	CHECK_TEXT(shop_load(o.id).status, "delivered", "all");
	struct bought had = { 0 };
	struct id product = part_of(&o, store_a)->items[0].product_id;
	CHECK_RC(orders_bought(tc, customer, product, &had), RC_OK, "b");
	CHECK_TRUE(had.is_received, "has bought");
	CHECK_RC(orders_bought(tc, id_new(), product, &had), RC_OK, "b");
	CHECK_FALSE(had.is_received, "another has not");
	shop_check_books("delivered");
}

static void codes_cannot_be_found_by_trying(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;
	struct ship in = { .method = "own" };

	shop_as_vendor(store_a);
	NEED_RC(orders_ship(tc, a, store_a, &in), RC_OK, "ship");
	for (int i = 0; i < 5; i++) {
		CHECK_RC(orders_deliver(tc, a, store_a, "12345x"), RC_CONFLICT,
		         "wrong");
		CHECK_TEXT(tc->err.code, "wrong_code", "code");
		fail_clear(tc);
	}
	CHECK_RC(orders_deliver(tc, a, store_a, orders_delivery_code(tc, a)),
	         RC_CONFLICT, "even the right one");
	CHECK_TEXT(tc->err.code, "code_locked", "code");
	CHECK_TEXT(status_of(a), "shipped", "still on its way");
}

static void a_store_touches_its_own_part_only(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;
	struct ship in = { .method = "own" };
	struct vendor_order v = { 0 };

	shop_as_vendor(store_b);
	CHECK_RC(orders_ship(tc, a, store_b, &in), RC_NOT_FOUND, "ship");
	CHECK_RC(orders_cancel_part(tc, a, store_b, "no"), RC_NOT_FOUND,
	         "cancel");
	CHECK_RC(orders_refund(tc, a, store_b, NULL, 0, "no"), RC_NOT_FOUND,
	         "refund");
	CHECK_RC(orders_load_part(tc, a, store_b, &v), RC_NOT_FOUND, "read");
	shop_as_vendor(store_a);
	CHECK_RC(orders_load_part(tc, a, store_a, &v), RC_OK, "mine");
	CHECK_INT(v.n_items, 1, "its lines only");
	CHECK_HAS(v.address.s, "Abebe", "where to");
	CHECK_TEXT(v.delivery_code, NULL, "the code is the customer's");
}

static void an_unpaid_order_is_not_shown_to_stores(void)
{
	struct order o = an_order();
	struct vendor_order v = { 0 };
	struct id a = part_of(&o, store_a)->id;
	struct ship in = { .method = "own" };

	shop_as_vendor(store_a);
	CHECK_RC(orders_load_part(tc, a, store_a, &v), RC_NOT_FOUND, "read");
	CHECK_RC(orders_ship(tc, a, store_a, &in), RC_CONFLICT, "ship");
}

static void a_courier_takes_it_to_the_door(void)
{
	struct order o = a_paid_order();
	struct id a = part_of(&o, store_a)->id;
	struct id one = shop_user(ROLE_DELIVERY),
		  two = shop_user(ROLE_DELIVERY);
	struct page page = { .number = 1, .size = 10 };
	struct page_info info;
	struct delivery_assignment *rows, mine = { 0 };
	size_t n;
	struct money m;

	shop_as_vendor(store_a);
	CHECK_RC(orders_ship(tc, a, store_a, &(struct ship){ 0 }), RC_OK, "s");
	NEED_RC(ledger_account_balance(tc, LEDGER_SHIPPING, &m), RC_OK, "l");
	CHECK_MONEY(m, "50.00", "who ships gets the shipping");
	shop_as_courier(one);
	NEED_RC(shipping_list(tc, NULL, &page, &rows, &n, &info), RC_OK, "l");
	NEED_INT(n, 1, "open to all");
	CHECK_TRUE(rows[0].address.s == NULL, "without the address");
	NEED_RC(shipping_pick_up(tc, rows[0].id, &mine), RC_OK, "pick up");
	CHECK_HAS(mine.address.s, "Abebe", "now with it");
	shop_as_courier(two);
	CHECK_RC(shipping_pick_up(tc, mine.id, &mine), RC_NOT_FOUND,
	         "another does not see it any more");
	shop_as_courier(one);
	CHECK_RC(shipping_failed(tc, mine.id, "nobody home", &mine), RC_OK,
	         "fail");
	shop_as_courier(two);
	NEED_RC(shipping_pick_up(tc, mine.id, &mine), RC_OK, "the other");
	CHECK_RC(orders_deliver(tc, a, (struct id){ 0 },
	                        orders_delivery_code(tc, a)),
	         RC_OK, "deliver");
	NEED_RC(shipping_mine(tc, mine.id, &mine), RC_OK, "mine");
	CHECK_TEXT(mine.status, "delivered", "assignment");
	CHECK_TEXT(status_of(a), "delivered", "part");
	shop_check_books("by courier");
}

/* What the table lists, and nothing else. */
static void the_table_alone_moves_a_part(void)
{
	static const struct {
		enum order_status from;
		enum order_event event;
		unsigned who;
	} allowed[] = {
		{ ORDER_PENDING, ORDER_DO_PAY, ROLE_SYSTEM },
		{ ORDER_PENDING, ORDER_DO_EXPIRE, ROLE_SYSTEM },
		{ ORDER_PENDING, ORDER_DO_CANCEL,
		  ROLE_CUSTOMER | ROLE_MODERATOR | ROLE_SYSTEM },
		{ ORDER_EXPIRED, ORDER_DO_PAY, ROLE_SYSTEM },
		{ ORDER_PAID, ORDER_DO_SHIP, ROLE_STORE | ROLE_SYSTEM },
		{ ORDER_PAID, ORDER_DO_CANCEL,
		  ROLE_CUSTOMER | ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM },
		{ ORDER_SHIPPED, ORDER_DO_DELIVER,
		  ROLE_STORE | ROLE_DELIVERY | ROLE_SYSTEM },
		{ ORDER_SHIPPED, ORDER_DO_CANCEL,
		  ROLE_MODERATOR | ROLE_SYSTEM },
		{ ORDER_SHIPPED, ORDER_DO_REFUND,
		  ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM },
		{ ORDER_DELIVERED, ORDER_DO_REFUND,
		  ROLE_STORE | ROLE_MODERATOR | ROLE_SYSTEM },
	};

	for (int s = 0; s < ORDER_STATUS_N; s++) {
		for (int e = 0; e < ORDER_EVENT_N; e++) {
			for (unsigned role = 1; role <= ROLE_CLIENT;
			     role *= 2) {
				struct vendor_order v = {
					.status = order_status_names[s]
				};
				enum rc want = RC_CONFLICT;

				for (size_t i = 0;
				     i < sizeof allowed / sizeof *allowed;
				     i++) {
					if ((int)allowed[i].from == s &&
					    (int)allowed[i].event == e)
						want = allowed[i].who & role
						               ? RC_OK
						               : RC_FORBIDDEN;
				}
				tc->roles = role;
				fail_clear(tc);
				CHECK_RC(orders_allowed(tc, &v,
				                        (enum order_event)e),
				         want,
				         arena_fmt(tc->arena,
				                   "%s, event %d, role %u",
				                   v.status, e, role));
			}
		}
	}
}

static void an_order_is_as_far_as_its_slowest_part(void)
{
	static const struct {
		const char *a, *b, *want;
	} cases[] = {
		{ "paid", "shipped", "paid" },
		{ "delivered", "shipped", "shipped" },
		{ "cancelled", "delivered", "delivered" },
		{ "refunded", "paid", "paid" },
		{ "refunded", "cancelled", "refunded" },
		{ "cancelled", "refunded", "refunded" },
		{ "cancelled", "cancelled", "cancelled" },
		{ "expired", "expired", "expired" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct vendor_order parts[] = { { .status = cases[i].a },
			                        { .status = cases[i].b } };

		CHECK_TEXT(order_status_names[orders_derive(parts, 2)],
		           cases[i].want,
		           arena_fmt(tc->arena, "%s and %s", cases[i].a,
		                     cases[i].b));
	}
}

static void the_cart_becomes_the_order(void)
{
	struct cart_item in = { .id = id_new(),
		                .customer_id = customer,
		                .variant_id = variant_a,
		                .quantity = 2 };
	struct cart_item *rows;
	struct order o = { 0 };
	size_t n;

	shop_as_customer(customer);
	struct checkout from_cart = shop_checkout(NULL, 0);
	CHECK_RC(orders_place(tc, &from_cart, &o), RC_CONFLICT, "empty");
	CHECK_TEXT(tc->err.code, "cart_empty", "code");
	fail_clear(tc);
	NEED_RC(cart_db_add(tc, &in), RC_OK, "add");
	in.id = id_new();
	in.quantity = 1;
	NEED_RC(cart_db_add(tc, &in), RC_OK, "add the same");
	CHECK_RC(orders_place(tc, &from_cart, &o), RC_OK, "place");
	CHECK_MONEY(o.items_total, "301.50", "three of them");
	NEED_RC(cart_db_list(tc, customer, &rows, &n), RC_OK, "list");
	CHECK_INT(n, 0, "the cart is empty");
}

/* The one event of an order that waits in the outbox. */
static struct outbox_event placed(struct id order)
{
	static const struct field fields[] = {
		FIELD(outbox_event, id),
		FIELD(outbox_event, subject),
		FIELD(outbox_event, created_at),
		FIELDS_END,
	};
	static const struct shape shape = SHAPE(outbox_event, fields);
	struct outbox_event e = { 0 };

	NEED_RC(sql_get(tc, &shape, &e,
	                "SELECT id, subject, created_at FROM outbox"
	                " WHERE topic = 'order.placed' AND subject = ?",
	                A(order)),
	        RC_OK, "event");
	return e;
}

static int64_t n_watched(void)
{
	return shop_number("SELECT COUNT(*) FROM security_event"
	                   " WHERE kind = 'order.placed'");
}

static void orders_are_watched_together_and_once_each(void)
{
	struct checkout_item items[] = { item(variant_a, 1) };
	struct outbox_event events[3];

	for (int i = 0; i < 3; i++)
		events[i] = placed(shop_order(customer, items, 1).id);
	shop_as_system();
	CHECK_RC(orders_watch_all_placed(tc, events, 3), RC_OK, "all");
	CHECK_INT(n_watched(), 3, "all");
	CHECK_INT(shop_number("SELECT COUNT(DISTINCT user_id, subject_id)"
	                      "  FROM security_event"),
	          3, "each is somebody's");
	NEED_RC(sql_run(tc, "DELETE FROM security_event LIMIT 2"), RC_OK,
	        "forget two");
	CHECK_RC(orders_watch_all_placed(tc, events, 3), RC_CONFLICT,
	         "one was there");
	fail_clear(tc);
	CHECK_INT(n_watched(), 1, "all or none");
	/* The runner goes on with them one by one. */
	CHECK_RC(jobs_once(tc), RC_OK, "jobs");
	CHECK_INT(n_watched(), 3, "once each");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM outbox"), 0, "settled");
	events[1].subject = id_new();
	NEED_RC(sql_run(tc, "DELETE FROM security_event"), RC_OK, "forget");
	CHECK_RC(orders_watch_all_placed(tc, events, 3), RC_NOT_FOUND,
	         "an order that is not there");
	CHECK_INT(n_watched(), 0, "none");
}

static const struct check_hooks hooks = ORDERS_HOOKS;

CHECK_MAIN_WITH("orders", &hooks,
                TEST(one_checkout_makes_a_part_for_each_store),
                TEST(a_checkout_is_few_statements),
                TEST(refusals_say_why_and_store_nothing),
                TEST(impossible_questions_are_faults_of_fields),
                TEST(lines_of_one_variant_are_added_up_first),
                TEST(payment_splits_the_money_at_once),
                TEST(asking_twice_has_one_effect),
                TEST(a_wrong_amount_ships_nothing),
                TEST(an_order_goes_its_way_to_the_door),
                TEST(codes_cannot_be_found_by_trying),
                TEST(a_store_touches_its_own_part_only),
                TEST(an_unpaid_order_is_not_shown_to_stores),
                TEST(a_courier_takes_it_to_the_door),
                TEST(the_table_alone_moves_a_part),
                TEST(an_order_is_as_far_as_its_slowest_part),
                TEST(the_cart_becomes_the_order),
                TEST(orders_are_watched_together_and_once_each))
