#include "config.h"

#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_join.h"
#include "tests/support/api_stack.h"

/* One sale, from nobody to delivered, through the front door alone. */

/* The people and things of the story; texts live in the test's arena. */
static struct {
	const char *customer, *vendor, *other_vendor; /* access tokens */
	const char *store;                            /* id */
	const char *product, *slug, *small, *large;   /* of the new store */
	const char *other_product, *other_variant;    /* of the other store */
	const char *order, *tx_ref;
	int64_t other_stock;
} sale;

static void people_join(void)
{
	sale.customer = api_join_customer("sale");
	sale.vendor = api_join_vendor("sale");
	sale.other_vendor = token_of("vendor2");
}

static void the_store_is_admitted(void)
{
	const struct api_answer *a = api_get("/api/vendor/store", sale.vendor);

	NEED_API(a, 200, "the store");
	CHECK_TEXT(at_text(a, "status"), "pending", "an application");
	sale.store = at_text(a, "id");
	NEED_API(api_post(FMT("/api/admin/vendors/%s/approve", sale.store),
	                  "{}", token_of("admin")),
	         200, "admitted");
}

static void a_product_waits_unseen(void)
{
	const struct api_answer *a =
		api_get("/api/categories/coffee-beans", NULL);
	const char *category = at_text(a, "id");
	const char *name = unique("Yirgacheffe");

	a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"description\":\"Washed, light roast\","
	            "\"category_id\":\"%s\",\"lat\":9.03,\"lng\":38.74,"
	            "\"variants\":["
	            "{\"sku\":\"S-%s\",\"price\":\"450.00\",\"stock\":40,"
	            "\"options\":{\"Size\":\"250 g\"}},"
	            "{\"sku\":\"L-%s\",\"price\":\"1600.00\",\"stock\":12,"
	            "\"options\":{\"Size\":\"1 kg\"}}]}",
	            name, category, name + strlen(name) - 8,
	            name + strlen(name) - 8),
		sale.vendor);
	NEED_API(a, 201, "the product");
	CHECK_TEXT(at_text(a, "status"), "pending", "waits");
	sale.product = at_text(a, "id");
	sale.slug = at_text(a, "slug");
	sale.small = at_text(a, "variants[0].id");
	sale.large = at_text(a, "variants[1].id");
	CHECK_PROBLEM(api_get(FMT("/api/products/%s", sale.product), NULL), 404,
	              NULL, "by id");
	CHECK_PROBLEM(api_get(FMT("/api/products/%s", sale.slug), NULL), 404,
	              NULL, "by slug");
}

/* The cached lists that must change at once. */
static const char *lists(size_t i)
{
	const char *const all[] = {
		FMT("/api/products?vendor=%s", sale.store),
		"/api/products?ordering=-created_at",
		"/api/categories/coffee-beans/products?ordering=-created_at",
		FMT("/api/products?q=%s&lat=9.0&lng=38.7&radius=50", sale.slug),
	};

	return i < sizeof(all) / sizeof(*all) ? all[i] : NULL;
}

static void the_public_sees(bool seen, const char *when)
{
	for (size_t i = 0; lists(i); i++) {
		const struct api_answer *a = api_get(lists(i), NULL);

		CHECK_API(a, 200, lists(i));
		CHECK_INT(at_find(a, "results", "id", sale.product) >= 0, seen,
		          FMT("%s: %s", when, lists(i)));
	}
}

static void a_moderator_lets_it_be_seen_at_once(void)
{
	/* Twice, so that the second comes out of the cache. */
	the_public_sees(false, "while pending");
	the_public_sees(false, "while pending, again");
	CHECK_API(api_post(FMT("/api/admin/products/%s/approve", sale.product),
	                   "{}", sale.customer),
	          403, "a customer is no moderator");
	NEED_API(api_post(FMT("/api/admin/products/%s/approve", sale.product),
	                  "{}", token_of("moderator")),
	         200, "approved");
	the_public_sees(true, "once approved");
	const struct api_answer *a = api_get(lists(3), NULL);
	CHECK_TRUE(json_number_value(at(a, "results[0].distance_km")) < 10,
	           "its distance");
}

/* Something of another store that can be bought. */
static void choose_from_the_other_store(void)
{
	const struct api_answer *a = api_get(
		"/api/vendor/products?status=approved", sale.other_vendor);

	NEED_API(a, 200, "the other store's products");
	for (int i = 0; i < (int)at_count(a, "results"); i++) {
		const char *id = at_text(a, FMT("results[%d].id", i));
		const struct api_answer *one = api_get(
			FMT("/api/vendor/products/%s", id), sale.other_vendor);

		sale.other_stock = at_int(one, "variants[0].stock");
		if (at_true(one, "is_visible") && sale.other_stock > 3) {
			sale.other_product = id;
			sale.other_variant = at_text(one, "variants[0].id");
			return;
		}
	}
	NEED_TRUE(false, "nothing to buy from the other store");
}

/* As its own store sees it. */
static int64_t stock_of(const char *product, const char *token)
{
	return at_int(api_get(FMT("/api/vendor/products/%s", product), token),
	              "variants[0].stock");
}

static void one_order_for_two_stores(void)
{
	const char *body = FMT(
		"{\"items\":[{\"variant_id\":\"%s\",\"quantity\":2},"
		"{\"variant_id\":\"%s\",\"quantity\":1},"
		"{\"variant_id\":\"%s\",\"quantity\":1}],"
		"\"address\":{\"name\":\"Hana Tesfaye\",\"phone\":\"+251911234567\","
		"\"line1\":\"Bole Road 12\",\"city\":\"Addis Ababa\"}}",
		sale.small, sale.other_variant, sale.small);
	const char *key = unique("checkout");
	struct api_call call = { .method = "POST",
		                 .path = "/api/orders/checkout",
		                 .body = body,
		                 .token = sale.customer };

	CHECK_PROBLEM(api_call(&call), 400, NULL, "without a key");
	call.idempotency_key = key;
	const struct api_answer *a = api_call(&call);
	NEED_API(a, 201, "the order");
	sale.order = at_text(a, "id");
	CHECK_INT(at_count(a, "vendor_orders"), 2, "a part for each store");
	CHECK_TEXT(at_text(a, "status"), "pending", "unpaid");
	const struct api_answer *again = api_call(&call);
	CHECK_API(again, 201, "the same again");
	CHECK_TEXT(again->body, a->body, "is the same order");
	CHECK_INT(stock_of(sale.product, sale.vendor), 37,
	          "stock went down once");
	CHECK_INT(stock_of(sale.other_product, sale.other_vendor),
	          sale.other_stock - 1, "at the other store too");
	sale.tx_ref = at_text(a, "payment.tx_ref");
	CHECK_HAS(at_text(a, "payment.checkout_url"), sale.tx_ref,
	          "where to pay");
}

static bool is_paid(void *unused)
{
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s", sale.order), sale.customer);

	(void)unused;
	return at_text(a, "status") && !strcmp(at_text(a, "status"), "paid");
}

static void the_gateway_says_it_is_paid(void)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };
	const char *page = FMT("/sandbox/pay/%s", sale.tx_ref);

	const struct api_answer *a = api_get(page, NULL);
	CHECK_API(a, 200, "the gateway's page");
	CHECK_HAS(a->body, "Pay", "a button");
	a = api_call(
		&(struct api_call){ .method = "POST",
	                            .path = page,
	                            .body = "action=pay",
	                            .type = "application/x-www-form-urlencoded",
	                            .headers = headers });
	CHECK_API(a, 303, "paid at the gateway");
	/* The customer's browser never comes back: the webhook alone must do.
	 */
	NEED_TRUE(wait_until(is_paid, NULL, 20), "the order is paid");
}

static void the_books_balance(void)
{
	CHECK_INT(peek_int("SELECT COUNT(*) FROM ledger_transaction t WHERE"
	                   " (SELECT SUM(amount) FROM ledger_entry e"
	                   "   WHERE e.transaction_id = t.id) <> 0"),
	          0, "every transaction sums to zero");
	const struct api_answer *a =
		api_get("/api/vendor/balance", sale.vendor);
	CHECK_API(a, 200, "balance");
	CHECK_TEXT(at_text(a, "available"), "0.00", "nothing to pay out yet");
	/* 3 × 450.00 less 10 % commission, and the 50.00 of shipping. */
	CHECK_TEXT(at_text(a, "pending"), "1265.00", "its share");
	a = api_get("/api/vendor/ledger", sale.vendor);
	CHECK_API(a, 200, "ledger");
	CHECK_TEXT(at_text(a, "results[0].kind"), "capture", "what happened");
	CHECK_HAS(at_text(a, "results[0].account"), "/pending", "which purse");
	CHECK_TEXT(at_text(a, "results[0].order_id"), sale.order, "for what");
}

/* The part of the order that this store has. */
static const char *part_of(const char *token)
{
	const struct api_answer *a = api_get("/api/vendor/orders", token);

	NEED_API(a, 200, "a store's orders");
	return at_text(a, "results[0].id");
}

static void each_store_sees_its_part_only(void)
{
	const char *mine = part_of(sale.vendor);
	const char *theirs = part_of(sale.other_vendor);
	const struct api_answer *a =
		api_get(FMT("/api/vendor/orders/%s", mine), sale.vendor);

	CHECK_API(a, 200, "mine");
	/* Two lines of one variant became one. */
	CHECK_INT(at_count(a, "items"), 1, "its lines");
	CHECK_INT(at_int(a, "items[0].quantity"), 3, "added up");
	CHECK_PROBLEM(
		api_get(FMT("/api/vendor/orders/%s", theirs), sale.vendor), 404,
		NULL, "theirs");
	CHECK_PROBLEM(api_get(FMT("/api/orders/%s", sale.order),
	                      token_of("customer")),
	              404, NULL, "another customer");
}

static void the_store_ships_and_the_customer_follows(void)
{
	const char *part = part_of(sale.vendor);
	const char *ship =
		"{\"carrier\":\"manual\",\"tracking_number\":\"AA-1\"}";

	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part), ship,
	                  sale.vendor),
	         200, "shipped");
	CHECK_PROBLEM(api_post(FMT("/api/vendor/orders/%s/ship", part), ship,
	                       sale.vendor),
	              409, NULL, "not twice");
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s/track", sale.order), sale.customer);
	CHECK_API(a, 200, "track");
	int at_part = at_find(a, "parcels", "id", part);
	CHECK_TEXT(at_text(a, FMT("parcels[%d].status", at_part)), "shipped",
	           "on its way");
	CHECK_TEXT(at_text(a, FMT("parcels[%d].tracking_number", at_part)),
	           "AA-1", "its number");
	a = api_get(FMT("/api/orders/%s", sale.order), sale.customer);
	at_part = at_find(a, "vendor_orders", "id", part);
	const char *code =
		at_text(a, FMT("vendor_orders[%d].delivery_code", at_part));
	NEED_TRUE(code != NULL, "the customer's code");
	const char *path = FMT("/api/vendor/orders/%s/deliver", part);
	CHECK_TRUE(
		api_post(path, "{\"code\":\"000000x\"}", sale.vendor)->status >=
			400,
		"a wrong code");
	NEED_API(api_post(path, FMT("{\"code\":\"%s\"}", code), sale.vendor),
	         200, "delivered");
	a = api_get(FMT("/api/orders/%s/track", sale.order), sale.customer);
	at_part = at_find(a, "parcels", "id", part);
	CHECK_TEXT(at_text(a, FMT("parcels[%d].status", at_part)), "delivered",
	           "delivered");
}

static void one_sale_goes_all_the_way(void)
{
	people_join();
	the_store_is_admitted();
	a_product_waits_unseen();
	a_moderator_lets_it_be_seen_at_once();
	choose_from_the_other_store();
	one_order_for_two_stores();
	the_gateway_says_it_is_paid();
	the_books_balance();
	each_store_sees_its_part_only();
	the_store_ships_and_the_customer_follows();
}

CHECK_MAIN_WITH("sale", &api_hooks, TEST(one_sale_goes_all_the_way))
