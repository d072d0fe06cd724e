#include "config.h"

#include "tests/support/shop.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts.h"
#include "handlers/catalog/catalog.h"
#include "handlers/ledger/ledger.h"
#include "tests/support/database.h"

/* Unique names within the program. */
static int n_made;

bool shop_start(void)
{
	if (!database_start())
		return false;
	orders_start();
	return true;
}

void shop_before(void)
{
	database_empty();
	shop_as_system();
}

void shop_as_system(void)
{
	tc->actor = (struct id){ 0 };
	tc->vendor = (struct id){ 0 };
	tc->roles = ROLE_SYSTEM;
	fail_clear(tc);
}

void shop_as_customer(struct id user)
{
	shop_as_system();
	tc->actor = user;
	tc->roles = ROLE_CUSTOMER;
}

void shop_as_vendor(struct id vendor)
{
	struct vendor_brief v = { 0 };

	shop_as_system();
	NEED_RC(accounts_vendor_get(tc, vendor, &v), RC_OK, "store");
	tc->actor = v.owner_id;
	tc->vendor = vendor;
	tc->roles = ROLE_VENDOR;
}

void shop_as_courier(struct id user)
{
	shop_as_system();
	tc->actor = user;
	tc->roles = ROLE_DELIVERY;
}

void shop_as_admin(void)
{
	shop_as_system();
	tc->actor = id_new();
	tc->roles = ROLE_SUPER;
}

struct id shop_user(unsigned roles)
{
	struct id id;
	struct account_new in = {
		.email = arena_fmt(tc->arena, "person%d@example.com", ++n_made),
		.name = "A Person",
		.roles = roles,
		.is_verified = true,
	};

	NEED_RC(accounts_create_user(tc, &in, &id), RC_OK, "user");
	return id;
}

struct id shop_vendor(void)
{
	struct id id;
	struct vendor_new in = {
		.owner = shop_user(ROLE_CUSTOMER),
		.name = arena_fmt(tc->arena, "Store %d", ++n_made),
		.status = "approved",
		.lat = 9.03,
		.lng = 38.74,
	};

	NEED_RC(accounts_create_vendor(tc, &in, &id), RC_OK, "store");
	return id;
}

static struct id a_category(void)
{
	struct id id = id_new();

	NEED_RC(sql_run(tc,
	                "INSERT INTO category (id, slug, name, lft, rgt,"
	                " depth, created_at, updated_at)"
	                " VALUES (?, ?, 'Things', 1, 2, 0, ?, ?)",
	                A(id), A(arena_fmt(tc->arena, "c%d", ++n_made)),
	                A(tc->now), A(tc->now)),
	        RC_OK, "category");
	return id;
}

struct id shop_variant(struct id vendor, int64_t price, int stock)
{
	struct id product = id_new(), variant = id_new();

	NEED_RC(sql_run(tc,
	                "INSERT INTO product (id, vendor_id, category_id, slug,"
	                " name, currency, status, is_visible, min_price,"
	                " max_price, in_stock, n_variants, created_at,"
	                " updated_at) VALUES (?, ?, ?, ?, 'Coffee', ?,"
	                " 'approved', 1, ?, ?, 1, 1, ?, ?)",
	                A(product), A(vendor), A(a_category()),
	                A(arena_fmt(tc->arena, "p%d", ++n_made)),
	                A(settings->currency), A(price), A(price), A(tc->now),
	                A(tc->now)),
	        RC_OK, "product");
	NEED_RC(sql_run(tc,
	                "INSERT INTO variant (id, product_id, vendor_id, sku,"
	                " name, price, current_price, stock, created_at,"
	                " updated_at) VALUES (?, ?, ?, ?, '250 g', ?, ?, ?, ?,"
	                " ?)",
	                A(variant), A(product), A(vendor),
	                A(arena_fmt(tc->arena, "S-%d", n_made)), A(price),
	                A(price), A(stock), A(tc->now), A(tc->now)),
	        RC_OK, "variant");
	return variant;
}

int64_t shop_number(const char *text)
{
	int64_t n = INT_NONE;

	CHECK_RC(sql_int_(tc, &n, text, ARGS_()), RC_OK, text);
	return n;
}

int64_t shop_stock(struct id variant)
{
	int64_t n = INT_NONE;

	CHECK_RC(sql_int(tc, &n, "SELECT stock FROM variant WHERE id = ?",
	                 A(variant)),
	         RC_OK, "stock");
	return n;
}

struct checkout shop_checkout(struct checkout_item *items, size_t n)
{
	static struct order_address address = {
		.name = "Abebe",
		.phone = "+251911223344",
		.line1 = "Bole 1",
		.city = "Addis Ababa",
		.country = "ET",
	};

	address.lat = REAL_NONE;
	address.lng = REAL_NONE;
	return (struct checkout){ .items = items,
		                  .n_items = n,
		                  .address = &address,
		                  .total = MONEY_NONE };
}

struct order shop_order(struct id customer, struct checkout_item *items,
                        size_t n)
{
	struct checkout in = shop_checkout(items, n);
	struct order o = { 0 };

	shop_as_customer(customer);
	NEED_RC(orders_place(tc, &in, &o), RC_OK, "place");
	return o;
}

struct order shop_paid_order(struct id customer, struct checkout_item *items,
                             size_t n)
{
	struct order o = shop_order(customer, items, n);

	NEED_RC(orders_pay_in_sandbox(tc, o.id), RC_OK, "pay");
	return shop_load(o.id);
}

struct order shop_load(struct id order)
{
	struct order o = { 0 };

	NEED_RC(orders_load(tc, order, false, &o), RC_OK, "load");
	return o;
}

/* Each must count 0 rows. */
static const struct {
	const char *what, *text;
} rules[] = {
	{ "an order is the sum of its parts",
	  "SELECT COUNT(*) FROM (SELECT o.id FROM orders o"
	  "  JOIN vendor_order v ON v.order_id = o.id GROUP BY o.id"
	  " HAVING MIN(o.total) <> SUM(v.total)"
	  "     OR MIN(o.tax_total) <> SUM(v.tax_total)"
	  "     OR MIN(o.refunded_total) <> SUM(v.refunded_total)) AS x" },
	{ "a part is the sum of its lines",
	  "SELECT COUNT(*) FROM (SELECT v.id FROM vendor_order v"
	  "  JOIN order_item i ON i.vendor_order_id = v.id GROUP BY v.id"
	  " HAVING MIN(v.items_total) <> SUM(i.line_total)"
	  "     OR MIN(v.tax_total) <> SUM(i.tax)"
	  "     OR MIN(v.commission_total) <> SUM(i.commission)) AS x" },
	{ "no paid order without a captured payment",
	  "SELECT COUNT(*) FROM vendor_order v"
	  " WHERE v.status IN ('paid', 'shipped', 'delivered', 'refunded')"
	  "   AND NOT EXISTS (SELECT 1 FROM payment p"
	  "        WHERE p.order_id = v.order_id AND p.status = 'captured')" },
	{ "no captured payment without its ledger rows",
	  "SELECT COUNT(*) FROM payment p WHERE p.status = 'captured'"
	  "   AND NOT EXISTS (SELECT 1 FROM ledger_transaction t"
	  "        WHERE t.kind = 'capture' AND t.order_id = p.order_id)" },
	{ "captured is not less than refunded",
	  "SELECT COUNT(*) FROM payment"
	  " WHERE refunded < 0 OR refunded > amount" },
	{ "every refund is booked",
	  "SELECT COUNT(*) FROM payment p WHERE p.refunded <>"
	  " (SELECT COALESCE(SUM(r.amount), 0) FROM refund r"
	  "   WHERE r.payment_id = p.id)" },
	{ "no status without its history",
	  "SELECT COUNT(*) FROM vendor_order v WHERE NOT EXISTS"
	  " (SELECT 1 FROM order_history h WHERE h.vendor_order_id = v.id"
	  "   AND h.to_status = v.status)" },
	{ "no order's status without its history",
	  "SELECT COUNT(*) FROM orders o WHERE NOT EXISTS"
	  " (SELECT 1 FROM order_history h WHERE h.order_id = o.id"
	  "   AND h.vendor_order_id IS NULL AND h.to_status = o.status)" },
	{ "pending purses are the shares not released",
	  "SELECT COUNT(*) FROM (SELECT v.vendor_id FROM vendor_order v"
	  "  GROUP BY v.vendor_id"
	  " HAVING SUM(IF(v.released_at IS NULL, v.vendor_share, 0)) <>"
	  "  COALESCE((SELECT b.balance FROM ledger_balance b"
	  "   WHERE b.vendor_id = v.vendor_id"
	  "     AND b.account LIKE '%/pending'), 0)) AS x" },
	{ "available purses are the shares released",
	  "SELECT COUNT(*) FROM (SELECT v.vendor_id FROM vendor_order v"
	  "  GROUP BY v.vendor_id"
	  " HAVING SUM(IF(v.released_at IS NULL, 0, v.vendor_share)) <>"
	  "  COALESCE((SELECT b.balance FROM ledger_balance b"
	  "   WHERE b.vendor_id = v.vendor_id"
	  "     AND b.account LIKE '%/available'), 0)) AS x" },
	{ "an ended part has no share left",
	  "SELECT COUNT(*) FROM vendor_order"
	  " WHERE status IN ('pending', 'cancelled', 'expired')"
	  "   AND vendor_share <> 0" },
	{ "the gateway holds what was captured and not refunded",
	  "SELECT ABS(COALESCE((SELECT SUM(amount - refunded) FROM payment"
	  "   WHERE status = 'captured'), 0)"
	  " + COALESCE((SELECT SUM(balance) FROM ledger_balance"
	  "   WHERE account LIKE 'gateway/%'), 0))" },
	{ "nothing stays unallocated",
	  "SELECT ABS(COALESCE(SUM(balance), 0)) FROM ledger_balance"
	  " WHERE account = 'platform/unallocated'" },
	{ "stock is never negative",
	  "SELECT COUNT(*) FROM variant WHERE stock < 0 OR backordered < 0" },
};

void shop_check_books(const char *what)
{
	struct ledger_report r = { 0 };

	CHECK_RC(ledger_verify(tc, &r), RC_OK, what);
	CHECK_INT(r.n_unbalanced, 0, what);
	CHECK_INT(r.n_wrong, 0, what);
	CHECK_INT(r.difference, 0, what);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		CHECK_INT(shop_number(rules[i].text), 0,
		          arena_fmt(tc->arena, "%s: %s", what, rules[i].what));
}
