#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "handlers/ledger/ledger.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/shop.h"

static struct posting *a_posting(const char *key)
{
	struct posting *p = arena_new(tc->arena, struct posting);

	posting_init(p, tc, "test", key);
	return p;
}

static enum rc post(struct posting *p)
{
	NEED_RC(sql_begin(tc), RC_OK, "begin");
	return sql_end(tc, ledger_post(p));
}

static const struct money ten = { 1000 };

static void what_does_not_sum_to_zero_is_refused(void)
{
	struct posting *p = a_posting("a");

	posting_add(p, LEDGER_TAX, ten);
	posting_add(p, LEDGER_COMMISSION, (struct money){ -999 });
	CHECK_RC(post(p), RC_INTERNAL, "one cent short");
	fail_clear(tc);
	CHECK_INT(shop_number("SELECT COUNT(*) FROM ledger_transaction"), 0,
	          "nothing is written");
	p = a_posting("b");
	posting_add(p, LEDGER_TAX, (struct money){ INT64_MAX });
	posting_add(p, LEDGER_TAX, (struct money){ 1 });
	CHECK_RC(post(p), RC_INTERNAL, "out of range");
}

static void a_key_is_posted_once(void)
{
	struct money m;

	for (int i = 0; i < 2; i++) {
		struct posting *p = a_posting("same");

		posting_add(p, LEDGER_TAX, ten);
		posting_add(p, LEDGER_COMMISSION, money_negated(ten));
		CHECK_RC(post(p), i ? RC_CONFLICT : RC_OK, "post");
		if (i)
			CHECK_TEXT(tc->err.code, "already_posted", "code");
	}
	fail_clear(tc);
	NEED_RC(ledger_account_balance(tc, LEDGER_TAX, &m), RC_OK, "balance");
	CHECK_MONEY(m, "10.00", "once");
	shop_check_books("once");
}

static void the_books_cannot_be_rewritten(void)
{
	static const char *const changes[] = {
		"UPDATE ledger_entry SET amount = amount + 1",
		"DELETE FROM ledger_entry",
		"UPDATE ledger_transaction SET note = 'x'",
		"DELETE FROM ledger_transaction",
	};
	struct posting *p = a_posting("kept");

	posting_add(p, LEDGER_TAX, ten);
	posting_add(p, LEDGER_COMMISSION, money_negated(ten));
	NEED_RC(post(p), RC_OK, "post");
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		CHECK_RC(sql_run_(tc, NULL, changes[i], ARGS_()), RC_INTERNAL,
		         changes[i]);
		fail_clear(tc);
	}
	CHECK_INT(shop_number("SELECT COUNT(*) FROM ledger_entry"), 2, "kept");
}

static void verify_finds_what_is_wrong(void)
{
	struct ledger_report r = { 0 };
	struct posting *p = a_posting("v");

	posting_add(p, LEDGER_TAX, ten);
	posting_add(p, LEDGER_COMMISSION, money_negated(ten));
	NEED_RC(post(p), RC_OK, "post");
	NEED_RC(sql_run(tc, "UPDATE ledger_balance SET balance = balance + 7"
	                    " WHERE account = 'tax/payable'"),
	        RC_OK, "cheat");
	NEED_RC(ledger_verify(tc, &r), RC_OK, "verify");
	CHECK_INT(r.n_wrong, 1, "one balance");
	CHECK_INT(r.difference, 7, "by so much");
	NEED_TRUE(
		database_run("INSERT INTO ledger_transaction (id, kind,"
	                     " once_key, created_at)"
	                     " VALUES (RANDOM_BYTES(16), 'x', 'x', NOW(6));\n"),
		"a transaction without entries");
	NEED_RC(ledger_verify(tc, &r), RC_OK, "verify");
	CHECK_INT(r.n_unbalanced, 1, "one transaction");
}

static void purses_are_told_apart(void)
{
	struct vendor_balance b = { 0 };
	struct id vendor = id_new();
	struct posting *p = a_posting("purses");

	posting_add_vendor(p, vendor, PURSE_PENDING, (struct money){ 1 });
	posting_add_vendor(p, vendor, PURSE_AVAILABLE, (struct money){ 20 });
	posting_add_vendor(p, vendor, PURSE_HELD, (struct money){ 300 });
	posting_add_vendor(p, vendor, PURSE_IN_TRANSIT, (struct money){ 4000 });
	posting_add_gateway(p, "sandbox", (struct money){ -4321 });
	NEED_RC(post(p), RC_OK, "post");
	NEED_RC(ledger_vendor_balance(tc, vendor, &b), RC_OK, "balance");
	CHECK_INT(b.pending.minor, 1, "pending");
	CHECK_INT(b.available.minor, 20, "available");
	CHECK_INT(b.held.minor, 300, "held");
	CHECK_INT(b.in_transit.minor, 4000, "in transit");
}

/* Random lives of orders; what must hold is looked at after every step. */
enum { STORES = 3, VARIANTS = 6, STEPS = 400, STOCK = 40, ORDERS_MAX = 400 };

struct world {
	uint64_t seed;
	struct id stores[STORES], variants[VARIANTS], customer;
	struct id orders[ORDERS_MAX];
	size_t n_orders;
};

/* xorshift64*: the printed seed repeats a run. */
static unsigned roll(struct world *w, unsigned n)
{
	w->seed ^= w->seed >> 12;
	w->seed ^= w->seed << 25;
	w->seed ^= w->seed >> 27;
	return (unsigned)((w->seed * 2685821657736338717u) >> 33) % n;
}

static void some_order(struct world *w)
{
	struct checkout_item items[3];
	size_t n = 1 + roll(w, 3);
	struct order o = { 0 };
	unsigned first = roll(w, VARIANTS);

	for (size_t i = 0; i < n; i++)
		items[i] = (struct checkout_item){
			w->variants[(first + i) % VARIANTS],
			(int)(1 + roll(w, 5)), MONEY_NONE
		};
	struct checkout in = shop_checkout(items, n);
	shop_as_customer(w->customer);
	if (!orders_place(tc, &in, &o) && w->n_orders < ORDERS_MAX)
		w->orders[w->n_orders++] = o.id;
}

static void some_refund(struct world *w, struct vendor_order *v)
{
	const struct order_item *i = &v->items[roll(w, (unsigned)v->n_items)];
	struct refund_line line = { i->id, (int)(1 + roll(w, 3)) };

	(void)!orders_refund(tc, v->id, (struct id){ 0 }, &line, roll(w, 2),
	                     "random");
}

static void some_step(struct world *w)
{
	struct order o;
	struct vendor_order *v;
	struct payment again = { 0 };
	bool more;
	static const char *const methods[] = { "own", "courier" };

	if (!w->n_orders || !roll(w, 8)) {
		some_order(w);
		return;
	}
	/* Mostly the latest, so that lives reach their end. */
	size_t back = roll(w, w->n_orders < 8 ? (unsigned)w->n_orders : 8);
	o = shop_load(w->orders[w->n_orders - 1 - back]);
	v = &o.vendor_orders[roll(w, (unsigned)o.n_vendor_orders)];
	shop_as_system();
	switch (roll(w, 12)) {
	case 0:
	case 1:
	case 2:
		(void)!orders_pay_in_sandbox(tc, o.id);
		break;
	case 3:
	case 4:
		(void)!orders_ship(
			tc, v->id, (struct id){ 0 },
			&(struct ship){ .method = methods[roll(w, 2)] });
		break;
	case 5:
	case 6:
		(void)!orders_deliver(tc, v->id, (struct id){ 0 }, NULL);
		break;
	case 7:
		if (!roll(w, 2))
			break;
		(void)!orders_cancel_part(tc, v->id, (struct id){ 0 },
		                          "random");
		break;
	case 8:
		if (!roll(w, 2))
			break;
		(void)!orders_cancel(tc, o.id, (struct id){ 0 }, "random");
		break;
	case 9:
		some_refund(w, v);
		break;
	case 10:
		tc->now = when_plus(tc->now, 900 + roll(w, 4 * 86400));
		CHECK_RC(orders_expire_job(tc, &more), RC_OK, "expire");
		CHECK_RC(orders_release_job(tc, &more), RC_OK, "release");
		CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "ask");
		break;
	default:
		shop_as_customer(w->customer);
		(void)!orders_pay_again(tc, o.id, &again);
	}
}

/* On the shelf and bought by somebody is what there was. */
static void check_stock(struct world *w, const char *what)
{
	int64_t bought = shop_number(
		"SELECT COALESCE(SUM(i.quantity), 0) FROM order_item i"
		"  JOIN vendor_order v ON v.id = i.vendor_order_id"
		" WHERE v.status IN ('pending', 'paid', 'shipped',"
		"                    'delivered', 'refunded')"
		"    OR (v.status = 'cancelled' AND v.shipped_at IS NOT NULL)");
	int64_t left = shop_number("SELECT SUM(stock) FROM variant");

	(void)w;
	CHECK_INT(left + bought, VARIANTS * STOCK, what);
}

static void the_books_add_up_after_anything(void)
{
	struct world w = { .seed = 20261122 };

	settings_set("tax_bp", "1500");
	settings_set("commission_bp", "1250");
	settings_set("shipping_fee", "4999");
	w.customer = shop_user(ROLE_CUSTOMER);
	for (int i = 0; i < STORES; i++)
		w.stores[i] = shop_vendor();
	for (int i = 0; i < VARIANTS; i++)
		w.variants[i] = shop_variant(w.stores[i % STORES],
		                             101 + 3337 * i, STOCK);
	for (int i = 0; i < STEPS; i++) {
		const char *what =
			arena_fmt(tc->arena, "seed 20261122 step %d", i);

		some_step(&w);
		fail_clear(tc);
		CHECK_FALSE(sql_in_transaction(), what);
		shop_check_books(what);
		check_stock(&w, what);
	}
	CHECK_TRUE(w.n_orders > 20, "there was something to do");
	CHECK_TRUE(shop_number("SELECT COUNT(*) FROM refund") > 5, "refunds");
	CHECK_TRUE(shop_number("SELECT COUNT(*) FROM vendor_order"
	                       " WHERE released_at IS NOT NULL") > 2,
	           "releases");
}

static const struct check_hooks hooks = {
	.start = shop_start,
	.stop = database_stop,
	.before = shop_before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("ledger", &hooks, TEST(what_does_not_sum_to_zero_is_refused),
                TEST(a_key_is_posted_once), TEST(the_books_cannot_be_rewritten),
                TEST(verify_finds_what_is_wrong), TEST(purses_are_told_apart),
                TEST(the_books_add_up_after_anything))
