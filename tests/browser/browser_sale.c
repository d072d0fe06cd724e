/*
 * One sale from end to end: a customer and a store register by the mailed link,
 * a moderator lets the store and its product in, the listings that were cached
 * a moment before show it, the customer pays for goods of two stores on the
 * gateway's page, both stores send their part, and it arrives.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"
#include "tests/support/webdriver.h"

static const char password[] = "a quiet goat walks north";

static bool start(void)
{
	return api_start() && browser_start();
}

static void stop(void)
{
	browser_stop();
	api_stop();
}

static void before(void)
{
	browser_size(1280, 1000);
}

static const char *at_base(const char *path)
{
	return FMT("%s%s", dev_text("base_url"), path);
}

/* By the button behind the mailed link, as a person does it. */
static void confirm_address(const char *email)
{
	struct mail_found m = mail_to(email, "onfirm");

	browser_go(mail_link(&m, "token="));
	browser_click("form button");
	CHECK_TRUE(browser_wait_text("main", "onfirmed"), email);
	browser_shot("sale_confirmed");
}

static const char *register_customer(void)
{
	const char *email = FMT("%s@example.org", unique("buyer"));

	NEED_API(api_post("/api/auth/register/customer",
	                  FMT("{\"email\":\"%s\",\"password\":\"%s\","
	                      "\"name\":\"Hanna Bekele\"}",
	                      email, password),
	                  NULL),
	         201, "a customer registers");
	confirm_address(email);
	return at_text(api_login(email, password), "access");
}

static const char *register_vendor(const char *store, const char **email)
{
	*email = FMT("%s@example.org", unique("seller"));
	NEED_API(api_post("/api/auth/register/vendor",
	                  FMT("{\"email\":\"%s\",\"password\":\"%s\","
	                      "\"name\":\"Dawit Alemu\",\"store_name\":\"%s\","
	                      "\"phone\":\"+251911223344\","
	                      "\"address\":\"Piazza 7\",\"city\":\"Gondar\","
	                      "\"lat\":12.6,\"lng\":37.46}",
	                      *email, password, store),
	                  NULL),
	         201, "a store applies");
	confirm_address(*email);
	return at_text(api_login(*email, password), "access");
}

static void sign_in(const char *who)
{
	browser_go(at_base("/console/login"));
	browser_forget();
	browser_go(at_base("/console/login"));
	browser_type("#email", dev_text(FMT("accounts.%s.email", who)));
	browser_type("#password", dev_text(FMT("accounts.%s.password", who)));
	browser_click("#sign-in");
	NEED_TRUE(browser_wait_text("h1", "Overview"), "signed in");
}

static void approve_store(const char *store)
{
	browser_go(at_base("/console/vendors?status=pending"));
	browser_follow(store);
	NEED_TRUE(browser_wait_text("h1", store), "its page");
	browser_shot("sale_store");
	browser_click("#approve");
	CHECK_TRUE(browser_wait_text(".message", "approved"), "store");
}

static const char *add_product(const char *name, const char *token)
{
	const struct api_answer *tree = api_get("/api/categories", NULL);
	const struct api_answer *a =
		api_post("/api/vendor/products",
	                 FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	                     "\"description\":\"Turned by hand\",\"lat\":12.6,"
	                     "\"lng\":37.46,\"variants\":["
	                     "{\"sku\":\"%s\",\"price\":\"400.00\",\"stock\":5,"
	                     "\"options\":{\"Size\":\"small\"}},"
	                     "{\"sku\":\"%s\",\"price\":\"550.00\",\"stock\":3,"
	                     "\"options\":{\"Size\":\"large\"}}]}",
	                     name, at_text(tree, "results[0].id"),
	                     unique("small"), unique("large")),
	                 token);

	NEED_API(a, 201, "the store adds a product");
	CHECK_TEXT(at_text(a, "status"), "pending", "it waits");
	return at_text(a, "id");
}

/* The three lists that shoppers look at. */
static int lists_with(const char *id, const char *name)
{
	const struct api_answer *tree = api_get("/api/categories", NULL);
	const char *paths[] = {
		FMT("/api/products?q=%s", name),
		FMT("/api/categories/%s/products?ordering=-created_at",
		    at_text(tree, "results[0].slug")),
		FMT("/api/products?q=%s&lat=12.6&lng=37.4&radius=50", name),
	};
	int n = 0;

	for (size_t i = 0; i < 3; i++) {
		const struct api_answer *a = api_get(paths[i], NULL);

		CHECK_API(a, 200, paths[i]);
		n += at_find(a, "results", "id", id) >= 0;
	}
	return n;
}

static void approve_product(const char *id)
{
	browser_go(at_base(FMT("/console/products/%s", id)));
	browser_click("#approve");
	CHECK_TRUE(browser_wait_text(".message", "approved"), "product");
}

/* A variant of the demonstration's own store, so that there are two. */
static const char *other_variant(void)
{
	const struct api_answer *a = api_get(
		"/api/vendor/products?status=approved", token_of("vendor"));

	for (size_t i = 0; i < at_count(a, "results"); i++) {
		const struct api_answer *one =
			api_get(FMT("/api/products/%s",
		                    at_text(a, FMT("results[%zu].id", i))),
		                NULL);

		for (size_t k = 0; k < at_count(one, "variants"); k++)
			if (at_true(one, FMT("variants[%zu].in_stock", k)))
				return at_text(one, FMT("variants[%zu].id", k));
	}
	NEED_TRUE(false, "a variant in stock");
	return NULL;
}

static const struct api_answer *check_out(const char *mine, const char *other,
                                          const char *token)
{
	struct api_call call = {
		.method = "POST",
		.path = "/api/orders/checkout",
		.body = FMT(
			"{\"items\":[{\"variant_id\":\"%s\",\"quantity\":2},"
			"{\"variant_id\":\"%s\",\"quantity\":1}],"
			"\"address\":{\"name\":\"Hanna Bekele\","
			"\"phone\":\"+251911556677\",\"line1\":\"Bole 12\","
			"\"city\":\"Addis Ababa\"}}",
			mine, other),
		.token = token,
		.idempotency_key = "new",
	};
	const struct api_answer *a = api_call(&call);

	NEED_API(a, 201, "checks out");
	CHECK_INT(at_count(a, "vendor_orders"), 2, "two stores");
	return a;
}

static void pay(const char *url)
{
	browser_go(url);
	browser_shot("sale_pay");
	browser_click("#pay");
	CHECK_TRUE(browser_wait_text("main", "Thank you") ||
	                   browser_wait_text("main", "not complete"),
	           "back in the shop");
	browser_shot("sale_paid");
}

struct wanted {
	const char *path, *token, *status;
};

static bool has_status(void *arg)
{
	const struct wanted *w = arg;
	const char *is = at_text(api_get(w->path, w->token), "status");

	return is && !strcmp(is, w->status);
}

static void wait_status(const char *path, const char *token, const char *status)
{
	struct wanted w = { path, token, status };

	CHECK_TRUE(wait_until(has_status, &w, 15), FMT("%s %s", path, status));
}

/* By the store's own rider, who is told the customer's code at the door. */
static void send_part(const char *part, const char *store, const char *order,
                      const char *customer)
{
	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                  "{\"method\":\"own\"}", store),
	         200, "the store sends it");
	const struct api_answer *o = api_get(order, customer);
	int i = at_find(o, "vendor_orders", "id", part);
	const char *code =
		at_text(o, FMT("vendor_orders[%d].delivery_code", i));
	NEED_TRUE(code != NULL, "the customer has a code");
	NEED_API(api_post(FMT("/api/vendor/orders/%s/deliver", part),
	                  FMT("{\"code\":\"%s\"}", code), store),
	         200, "it arrives");
}

static void one_sale_goes_all_the_way(void)
{
	const char *store = unique("Gondar pots"), *name = unique("Coffeepot");
	const char *email, *vendor = register_vendor(store, &email);
	const char *customer = register_customer();

	sign_in("moderator");
	approve_store(store);
	const char *id = add_product(name, vendor);
	CHECK_INT(lists_with(id, name), 0, "nobody sees it; lists are cached");
	approve_product(id);
	CHECK_INT(lists_with(id, name), 3, "all lists show it at once");

	const struct api_answer *p = api_get(FMT("/api/products/%s", id), NULL);
	const char *variant = at_text(p, "variants[0].id");
	const struct api_answer *order =
		check_out(variant, other_variant(), customer);
	const char *path = FMT("/api/orders/%s", at_text(order, "id"));
	pay(at_text(order, "payment.checkout_url"));
	wait_status(path, customer, "paid");
	CHECK_INT(peek_int("SELECT SUM(stock) FROM variant WHERE id ="
	                   " UNHEX(REPLACE('%s','-',''))",
	                   variant),
	          3, "stock went down once");

	int mine = at_find(api_get(path, customer), "vendor_orders",
	                   "vendor_name", store);
	for (int i = 0; i < 2; i++) {
		const char *part =
			at_text(order, FMT("vendor_orders[%d].id", i));

		CHECK_INT(api_get(FMT("/api/vendor/orders/%s", part), vendor)
		                  ->status,
		          i == mine ? 200 : 404, "only their own part");
		send_part(part, i == mine ? vendor : token_of("vendor"), path,
		          customer);
	}
	CHECK_API(api_get(FMT("%s/track", path), customer), 200, "followed");
	wait_status(path, customer, "delivered");
	struct mail_found m = mail_to(email, "A new order");
	CHECK_HAS(m.subject, "A new order", "the store was told");
	sign_in("admin");
	browser_go(at_base("/console/orders"));
	browser_follow(at_text(order, "number"));
	CHECK_TRUE(browser_wait_text("main", store), "both parts are shown");
	CHECK_TRUE(browser_wait_text("h1 + .badge", "Delivered"), "status");
	browser_shot("sale_order");
}

static const struct check_hooks hooks = { .start = start,
	                                  .stop = stop,
	                                  .before = before };

CHECK_MAIN_WITH("sale", &hooks, TEST(one_sale_goes_all_the_way))
