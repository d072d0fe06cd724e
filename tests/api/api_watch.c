/* The rules of suspicious activity through the front door: what people do at
 * the till and after it becomes a case that an admin sees. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"

enum { ORDERS = 10, DECLINED = 5, REVIEWERS = 5 };

#define PASSWORD "tall giraffes eat late"

/* Made by the first test that needs it. */
static struct {
	char product[64], variant[64];
} goods;

static const char *uuid_of(const char *hex)
{
	struct buf b;

	NEED_TRUE(hex != NULL && strlen(hex) == 32, "an id of a row");
	buf_init(&b, tc->arena, 40);
	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			buf_putc(&b, '-');
		buf_putc(&b, hex[i]);
	}
	return b.s;
}

static void need_goods(void)
{
	const char *category = uuid_of(peek(
		"SELECT LOWER(HEX(c.id)) FROM category c"
		" WHERE c.rgt = c.lft + 1"
		"   AND NOT EXISTS (SELECT 1 FROM category_attribute a"
		"        WHERE a.category_id IN (SELECT p.id FROM category p"
		"              WHERE p.lft <= c.lft AND p.rgt >= c.rgt))"
		" LIMIT 1"));

	if (*goods.product)
		return;
	const struct api_answer *a = api_post(
		"/api/vendor/products",
		FMT("{\"name\":\"%s\",\"category_id\":\"%s\","
	            "\"description\":\"Fresh\",\"variants\":[{\"sku\":\"%s\","
	            "\"price\":\"10.00\",\"stock\":500}]}",
	            unique("Sorghum"), category, unique("S")),
		token_of("vendor"));

	NEED_API(a, 201, "a product");
	snprintf(goods.product, sizeof(goods.product), "%s", at_text(a, "id"));
	snprintf(goods.variant, sizeof(goods.variant), "%s",
	         at_text(a, "variants[0].id"));
	NEED_TRUE(api_post(FMT("/api/admin/products/%s/approve", goods.product),
	                   NULL, token_of("admin"))
	                                  ->status /
	                          100 ==
	                  2,
	          "approved");
}

static const char *newcomer(const char **email)
{
	*email = FMT("%s@example.com", unique("shopper"));
	NEED_API(api_post("/api/auth/register/customer",
	                  FMT("{\"email\":\"%s\",\"name\":\"New Here\","
	                      "\"password\":\"" PASSWORD "\"}",
	                      *email),
	                  NULL),
	         201, "joins");
	struct mail_found m = mail_to(*email, NULL);

	NEED_API(api_post("/api/auth/verify-email",
	                  FMT("{\"token\":\"%s\"}",
	                      link_value(mail_link(&m, "token="), "token")),
	                  NULL),
	         200, "proves the address");
	const struct api_answer *a = api_login(*email, PASSWORD);

	NEED_API(a, 200, "signs in");
	return at_text(a, "access");
}

static const struct api_answer *order(const char *token)
{
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.body = FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1}"
	                    "],\"address\":{\"name\":\"A\",\"phone\":"
	                    "\"+251911223344\",\"line1\":\"Bole 1\",\"city\":"
	                    "\"Addis Ababa\"}}",
	                    goods.variant),
		.token = token,
		.idempotency_key = "new" });

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

/* An open case of the rule about this person (or subject, or anybody). */
struct wanted_case {
	const char *rule, *email;
};

static bool is_open(void *arg)
{
	const struct wanted_case *w = arg;
	const struct api_answer *a = api_get(
		FMT("/api/admin/security-cases?status=open&rule=%s", w->rule),
		token_of("moderator"));

	if (a->status != 200)
		return false;
	if (!w->email)
		return at_count(a, "results") > 0;
	const char *user = uuid_of(
		peek("SELECT LOWER(HEX(id)) FROM users WHERE email_key = '%s'",
	             w->email));

	return at_find(a, "results", "user_id", user) >= 0;
}

static void need_case(const char *rule, const char *email)
{
	struct wanted_case w = { rule, email };

	CHECK_TRUE(wait_until(is_open, &w, 20), FMT("a case of %s", rule));
}

static void ten_orders_an_hour_are_looked_at(void)
{
	const char *email = NULL, *token;

	need_goods();
	token = newcomer(&email);
	for (int i = 0; i < ORDERS - 1; i++)
		order(token);
	struct wanted_case w = { "order_burst", email };

	CHECK_TRUE(!is_open(&w), "not before");
	order(token);
	need_case("order_burst", email);
}

static bool has_failed(void *order)
{
	return peek_int("SELECT COUNT(*) FROM payment WHERE status = 'failed'"
	                " AND order_id = UNHEX(REPLACE('%s', '-', ''))",
	                (const char *)order) > 0;
}

static void five_declined_payments_are_looked_at(void)
{
	const char *email = NULL, *token;

	need_goods();
	token = newcomer(&email);
	for (int i = 0; i < DECLINED; i++) {
		const struct api_answer *a = order(token);

		press(a, "decline");
		NEED_TRUE(wait_until(has_failed,
		                     arena_strdup(tc->arena, at_text(a, "id")),
		                     20),
		          "declined");
	}
	need_case("payment_failures", email);
}

static void who_buys_and_praises_their_own_is_looked_at(void)
{
	need_goods();
	order(token_of("vendor"));
	need_case("self_purchase", dev_text("accounts.vendor.email"));
	CHECK_PROBLEM(api_post("/api/reviews",
	                       FMT("{\"product_id\":\"%s\",\"rating\":5,"
	                           "\"text\":\"The very best\"}",
	                           goods.product),
	                       token_of("vendor")),
	              403, "own_product", "their own");
	need_case("self_review", dev_text("accounts.vendor.email"));
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
	const char *email = NULL, *token = newcomer(&email);
	const struct api_answer *a = order(token);
	const char *id = at_text(a, "id");

	delivered_to = token;
	press(a, "pay");
	NEED_TRUE(wait_until(is_paid, arena_strdup(tc->arena, id), 20), "paid");
	a = api_get(FMT("/api/orders/%s", id), token);
	const char *part = at_text(a, "vendor_orders[0].id");
	const char *code = at_text(a, "vendor_orders[0].delivery_code");

	NEED_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                  "{\"method\":\"own\"}", token_of("vendor")),
	         200, "is brought");
	NEED_API(api_post(FMT("/api/vendor/orders/%s/deliver", part),
	                  FMT("{\"code\":\"%s\"}", code), token_of("vendor")),
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
	const char *token = token_of("moderator");
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

CHECK_MAIN_WITH("watch", &api_hooks, TEST(ten_orders_an_hour_are_looked_at),
                TEST(five_declined_payments_are_looked_at),
                TEST(who_buys_and_praises_their_own_is_looked_at),
                TEST(a_burst_of_praise_by_new_accounts_is_looked_at),
                TEST(a_case_is_dismissed_with_a_reason))
