/* The rules of suspicious activity through the front door: what people do at
 * the till and after it becomes a case that an admin sees. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"
#include "tests/support/api_join.h"
#include "tests/support/api_stack.h"

enum { ORDERS = 10, DECLINED = 5, REVIEWERS = 5 };

/* A store of this program's own and what it sells; as long as the program. */
static struct {
	char *seller; /* its owner's token */
	char *product, *variant;
} goods;

static char *keep(const char *text)
{
	NEED_TRUE(text != NULL, "something to keep");
	return strdup(text);
}

static const char *category(void)
{
	const struct api_answer *a = api_post(
		"/api/admin/categories",
		FMT("{\"name\":\"%s\"}", unique("Grain")), token_of("admin"));

	NEED_API(a, 201, "a category");
	return at_text(a, "id");
}

static void need_goods(void)
{
	if (goods.seller)
		return;
	const char *seller = api_join_vendor("watch");
	const struct api_answer *a = api_get("/api/vendor/store", seller);

	NEED_API(
		api_post(FMT("/api/admin/vendors/%s/approve", at_text(a, "id")),
	                 "{}", token_of("admin")),
		200, "a store");
	a = api_post("/api/vendor/products",
	             FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	                 "\"description\":\"Fresh\",\"variants\":[{\"sku\":"
	                 "\"%s\",\"price\":\"10.00\",\"stock\":500}]}",
	                 unique("Sorghum"), category(), unique("S")),
	             seller);
	NEED_API(a, 201, "a product");
	goods.seller = keep(seller);
	goods.product = keep(at_text(a, "id"));
	goods.variant = keep(at_text(a, "variants[0].id"));
	NEED_TRUE(api_post(FMT("/api/admin/products/%s/approve", goods.product),
	                   NULL, token_of("admin"))
	                                  ->status /
	                          100 ==
	                  2,
	          "approved");
}

static const struct api_answer *checkout(const char *token)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.body = FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1}"
	                    "],\"address\":{\"name\":\"A\",\"phone\":"
	                    "\"+251911223344\",\"line1\":\"Bole 1\",\"city\":"
	                    "\"Addis Ababa\"}}",
	                    goods.variant),
		.token = token,
		.idempotency_key = "new" });
}

static const struct api_answer *order(const char *token)
{
	const struct api_answer *a = checkout(token);

	NEED_API(a, 201, "an order");
	return a;
}

/* The button of the sandbox's page. */
static void press(const struct api_answer *order, const char *action)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };

	CHECK_API(api_call(&(struct api_call){
			  .method = "POST",
			  .path = at_text(order, "payment.checkout_url"),
			  .body = FMT("action=%s", action),
			  .type = "application/x-www-form-urlencoded",
			  .headers = headers }),
	          303, action);
}

/* An open case of the rule about this person; user NULL = about anybody. */
struct wanted_case {
	const char *rule, *user;
};

static bool is_open(void *arg)
{
	const struct wanted_case *w = arg;
	const struct api_answer *a = api_get(
		FMT("/api/admin/security-cases?status=open&rule=%s", w->rule),
		token_of("admin"));

	CHECK_API(a, 200, w->rule);
	return w->user ? at_find(a, "results", "user_id", w->user) >= 0
	               : at_count(a, "results") > 0;
}

static struct wanted_case case_of(const char *rule, const char *token)
{
	return (struct wanted_case){
		rule, at_text(api_get("/api/users/me", token), "id")
	};
}

static void need_case(const char *rule, const char *token)
{
	struct wanted_case w = { rule, NULL };

	if (token)
		w = case_of(rule, token);
	CHECK_TRUE(wait_until(is_open, &w, 20), FMT("a case of %s", rule));
}

static void ten_orders_an_hour_are_looked_at(void)
{
	need_goods();
	const char *token = api_join_customer("shopper");

	for (int i = 0; i < ORDERS - 1; i++)
		order(token);
	struct wanted_case w = case_of("order_burst", token);

	CHECK_TRUE(!is_open(&w), "not before");
	order(token);
	need_case("order_burst", token);
}

static bool has_failed(void *order)
{
	return peek_int("SELECT COUNT(*) FROM payment WHERE status = 'failed'"
	                " AND order_id = UNHEX(REPLACE('%s', '-', ''))",
	                (const char *)order) > 0;
}

static void five_declined_payments_are_looked_at(void)
{
	need_goods();
	const char *token = api_join_customer("shopper");

	for (int i = 0; i < DECLINED; i++) {
		const struct api_answer *a = order(token);

		press(a, "decline");
		NEED_TRUE(wait_until(has_failed,
		                     arena_strdup(tc->arena, at_text(a, "id")),
		                     20),
		          "declined");
	}
	need_case("payment_failures", token);
}

static void who_buys_and_praises_their_own_is_looked_at(void)
{
	need_goods();
	CHECK_PROBLEM(checkout(goods.seller), 409, "own_product",
	              "the till refuses it");
	need_case("self_purchase", goods.seller);
	CHECK_PROBLEM(api_post("/api/reviews",
	                       FMT("{\"product_id\":\"%s\",\"rating\":5,"
	                           "\"text\":\"The very best\"}",
	                           goods.product),
	                       goods.seller),
	              403, "own_product", "their own");
	need_case("self_review", goods.seller);
}

static const char *delivered_to;

static bool is_paid(void *id)
{
	const char *status = at_text(
		api_get(FMT("/api/orders/%s", (const char *)id), delivered_to),
		"status");

	return status && !strcmp(status, "paid");
}

static void buy_and_praise(void)
{
	const char *token = api_join_customer("reviewer");
	const struct api_answer *a = order(token);
	const char *id = at_text(a, "id");

	delivered_to = token;
	press(a, "pay");
	NEED_TRUE(wait_until(is_paid, arena_strdup(tc->arena, id), 20), "paid");
	a = api_get(FMT("/api/orders/%s", id), token);
	const char *part = at_text(a, "vendor_orders[0].id");
	const char *code = at_text(a, "vendor_orders[0].delivery_code");

	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                  "{\"method\":\"own\"}", goods.seller),
	         200, "is brought");
	NEED_API(api_post(FMT("/api/vendor/orders/%s/deliver", part),
	                  FMT("{\"code\":\"%s\"}", code), goods.seller),
	         200, "is there");
	NEED_API(api_post("/api/reviews",
	                  FMT("{\"product_id\":\"%s\",\"rating\":5,"
	                      "\"text\":\"The very best\"}",
	                      goods.product),
	                  token),
	         201, "is praised");
}

static void a_burst_of_praise_by_new_accounts_is_looked_at(void)
{
	need_goods();
	for (int i = 0; i < REVIEWERS; i++)
		buy_and_praise();
	need_case("review_burst_new_accounts", NULL);
}

/* What an admin does about it: sees the facts, dismisses with a reason. */
static void a_case_is_dismissed_with_a_reason(void)
{
	const char *token = token_of("admin");
	const struct api_answer *a = api_get(
		"/api/admin/security-cases?status=open&rule=self_review",
		token);

	NEED_TRUE(at_count(a, "results") > 0, "a case");
	const char *path = FMT("/api/admin/security-cases/%s",
	                       at_text(a, "results[0].id"));

	CHECK_INT(at_int(a, "results[0].facts.threshold"), 1, "the rule then");
	CHECK_INT(at_int(a, "results[0].rule_version"), 1, "its version");
	CHECK_PROBLEM(api_post(FMT("%s/dismiss", path), "{}", token), 422, NULL,
	              "why?");
	CHECK_API(api_post(FMT("%s/dismiss", path),
	                   "{\"reason\":\"They did not know\"}", token),
	          200, "dismissed");
	CHECK_TEXT(at_text(api_get(path, token), "status"), "dismissed",
	           "status");
}

/* Programs before this one have failed to sign in from the same address, which
 * is slowed down for it. */
static void before(void)
{
	poke("DELETE FROM login_attempt");
	poke("DELETE FROM security_event WHERE kind = 'login.failed'");
	poke("DELETE FROM slow_down");
}

static void stop(void)
{
	free(goods.seller);
	free(goods.product);
	free(goods.variant);
	api_stop();
}

static const struct check_hooks hooks = { .start = api_start,
	                                  .stop = stop,
	                                  .before = before };

CHECK_MAIN_WITH("watch", &hooks, TEST(ten_orders_an_hour_are_looked_at),
                TEST(five_declined_payments_are_looked_at),
                TEST(who_buys_and_praises_their_own_is_looked_at),
                TEST(a_burst_of_praise_by_new_accounts_is_looked_at),
                TEST(a_case_is_dismissed_with_a_reason))
