#include "config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/base/crypto.h"
#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"

enum { AT_ONCE = 50, STOCK = 20, ROUNDS = 8 };

static int64_t stock_of(const char *variant)
{
	return peek_int("SELECT stock FROM variant"
	                " WHERE id = UNHEX(REPLACE('%s', '-', ''))",
	                variant);
}

static struct api_call a_checkout(const char *body, const char *key)
{
	return (struct api_call){ .method = "POST",
		                  .path = "/api/orders/checkout",
		                  .body = body,
		                  .token = token_of("customer"),
		                  .idempotency_key = key };
}

static const struct api_answer *checkout(const char *body, const char *key)
{
	return api_checkout(body, key, token_of("customer"));
}

static const struct api_answer *get_order(const char *id)
{
	return api_get(FMT("/api/orders/%s", id), token_of("customer"));
}

static void two_stores_goods_go_from_quote_to_door(void)
{
	const char *one = api_on_sale("vendor", "120.00", 5).variant;
	const char *two = api_on_sale("vendor2", "33.50", 5).variant;
	const char *lines =
		FMT("\"items\":[{\"variant_id\":\"%s\",\"quantity\":2},"
	            "{\"variant_id\":\"%s\",\"quantity\":1}]",
	            one, two);
	const struct api_answer *a = api_post(
		"/api/orders/quote", FMT("{%s}", lines), token_of("customer"));

	NEED_API(a, 200, "quote");
	CHECK_TEXT(at_text(a, "items_total"), "273.50", "goods");
	CHECK_INT(at_count(a, "vendors"), 2, "stores");
	const char *total = at_text(a, "total");
	a = checkout(FMT("{%s," API_ADDRESS ",\"total\":\"%s\"}", lines, total),
	             "new");
	NEED_API(a, 201, "checkout");
	const char *id = at_text(a, "id");
	CHECK_HAS(api_header(a, "Location"), id, "Location");
	CHECK_TEXT(at_text(a, "total"), total, "as quoted");
	CHECK_INT(stock_of(one), 3, "reserved");
	api_press(at_text(a, "payment.checkout_url"), "pay");
	api_needs_paid(id, token_of("customer"));
	CHECK_INT(stock_of(one), 3, "stock went down once");
	CHECK_INT(peek_int("SELECT SUM(e.amount) FROM ledger_entry e"
	                   " JOIN ledger_transaction t"
	                   "   ON t.id = e.transaction_id"
	                   " WHERE t.order_id = UNHEX(REPLACE('%s', '-', ''))",
	                   id),
	          0, "the books balance");
	a = get_order(id);
	const char *part = api_part_of(a, one, "id");
	const char *code = api_part_of(a, one, "delivery_code");
	NEED_TRUE(part && code, "the part and its code");
	CHECK_API(api_get(FMT("/api/vendor/orders/%s", part),
	                  token_of("vendor2")),
	          404, "the other store does not see it");
	a = api_get(FMT("/api/vendor/orders/%s", part), token_of("vendor"));
	CHECK_API(a, 200, "its own store does");
	CHECK_INT(at_count(a, "items"), 1, "with its line only");
	CHECK_TEXT(at_text(a, "delivery_code"), NULL, "without the code");
	a = api_post(FMT("/api/vendor/orders/%s/ship", part),
	             "{\"carrier\":\"Selam Bus\",\"tracking_number\":\"SB-7\"}",
	             token_of("vendor"));
	CHECK_API(a, 200, "ship");
	CHECK_TEXT(at_text(a, "status"), "shipped", "status");
	a = api_get(FMT("/api/orders/%s/track", id), token_of("customer"));
	CHECK_API(a, 200, "track");
	CHECK_TRUE(at_find(a, "parcels", "tracking_number", "SB-7") >= 0,
	           "the number is there");
	CHECK_TRUE(at_find(a, "timeline", "event", "ship") >= 0,
	           "and the step");
	CHECK_PROBLEM(api_post(FMT("/api/vendor/orders/%s/deliver", part),
	                       "{\"code\":\"00000x\"}", token_of("vendor")),
	              409, "wrong_code", "a wrong code");
	a = api_post(FMT("/api/vendor/orders/%s/deliver", part),
	             FMT("{\"code\":\"%s\"}", code), token_of("vendor"));
	CHECK_API(a, 200, "deliver");
	CHECK_TEXT(at_text(a, "status"), "delivered", "status");
	CHECK_API(api_get(FMT("/api/orders/%s", id), token_of("customer2")),
	          404, "another customer sees nothing");
	CHECK_API(api_get("/api/vendor/balance", token_of("vendor")), 200,
	          "balance");
	CHECK_API(api_get("/api/vendor/ledger", token_of("vendor")), 200,
	          "ledger");
	CHECK_API(api_get("/api/admin/orders", token_of("admin")), 200,
	          "all orders");
}

static void a_courier_delivers_with_the_customers_code(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 5).variant;
	const struct api_answer *a = checkout(api_one_line(variant, 1), "new");

	NEED_API(a, 201, "checkout");
	const char *id = at_text(a, "id");
	api_press(at_text(a, "payment.checkout_url"), "pay");
	api_needs_paid(id, token_of("customer"));
	a = get_order(id);
	const char *part = api_part_of(a, variant, "id");
	const char *code = api_part_of(a, variant, "delivery_code");
	const char *number = api_part_of(a, variant, "number");
	CHECK_API(api_post(FMT("/api/vendor/orders/%s/ship", part),
	                   "{\"method\":\"courier\"}", token_of("vendor")),
	          200, "ship");
	a = api_get("/api/delivery/assignments?status=open&page_size=100",
	            token_of("delivery"));
	NEED_API(a, 200, "assignments");
	int i = at_find(a, "results", "number", number);
	NEED_TRUE(i >= 0, "it waits for a courier");
	const char *job = at_text(a, FMT("results[%d].id", i));
	a = api_post(FMT("/api/delivery/assignments/%s/pick-up", job), NULL,
	             token_of("delivery"));
	NEED_API(a, 200, "pick up");
	CHECK_TEXT(at_text(a, "address.city"), "Addis Ababa", "where to");
	a = api_post(FMT("/api/delivery/assignments/%s/deliver", job),
	             FMT("{\"code\":\"%s\"}", code), token_of("delivery"));
	CHECK_API(a, 200, "deliver");
	CHECK_TEXT(at_text(get_order(id), "status"), "delivered", "status");
}

static void a_declined_payment_can_be_tried_again(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 5).variant;
	const struct api_answer *a = checkout(api_one_line(variant, 1), "new");

	NEED_API(a, 201, "checkout");
	const char *id = at_text(a, "id");
	api_press(at_text(a, "payment.checkout_url"), "decline");
	a = api_call(
		&(struct api_call){ .method = "POST",
	                            .path = FMT("/api/orders/%s/payments", id),
	                            /* lighttpd wants to hear a length. */
	                            .body = "",
	                            .token = token_of("customer"),
	                            .idempotency_key = "new" });
	NEED_API(a, 200, "another attempt");
	api_press(at_text(a, "checkout_url"), "pay");
	api_needs_paid(id, token_of("customer"));
}

static void the_same_key_is_the_same_order(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 5).variant;
	const char *key = unique("key");
	const struct api_answer *a = checkout(api_one_line(variant, 1), key);

	NEED_API(a, 201, "first");
	const struct api_answer *b = checkout(api_one_line(variant, 1), key);
	CHECK_API(b, 201, "replay");
	CHECK_TEXT(at_text(b, "id"), at_text(a, "id"), "the same order");
	CHECK_TEXT(api_header(b, "Idempotent-Replayed"), "true", "and says so");
	CHECK_INT(stock_of(variant), 4, "one effect");
	CHECK_PROBLEM(checkout(api_one_line(variant, 2), key), 409,
	              "key_reused", "another body");
	CHECK_API(checkout(api_one_line(variant, 1), NULL), 400, "no key");
}

static void the_same_key_at_once_is_one_order(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 50).variant;
	const char *key = unique("key"), *body = api_one_line(variant, 1);
	struct api_call calls[10];
	const struct api_answer *answers[10];

	for (int i = 0; i < 10; i++)
		calls[i] = a_checkout(body, key);
	api_together(calls, 10, answers);
	for (int i = 0; i < 10; i++) {
		CHECK_API(answers[i], 201, "each is answered");
		CHECK_TEXT(at_text(answers[i], "id"), at_text(answers[0], "id"),
		           "with the same order");
	}
	CHECK_INT(stock_of(variant), 49, "one effect");
}

static void the_last_twenty_are_sold_twenty_times(void)
{
	const char *variant = api_on_sale("vendor", "10.00", STOCK).variant;
	const char *body = api_one_line(variant, 1);
	struct api_call calls[AT_ONCE];
	const struct api_answer *answers[AT_ONCE];
	int n_sold = 0, n_refused = 0;

	for (int i = 0; i < AT_ONCE; i++)
		calls[i] = a_checkout(body, "new");
	api_together(calls, AT_ONCE, answers);
	for (int i = 0; i < AT_ONCE; i++) {
		const char *code = at_text(answers[i], "code");

		n_sold += answers[i]->status == 201;
		n_refused += answers[i]->status == 409 && code &&
		             !strcmp(code, "out_of_stock");
	}
	CHECK_INT(n_sold, STOCK, "sold");
	CHECK_INT(n_refused, AT_ONCE - STOCK, "refused");
	CHECK_INT(stock_of(variant), 0, "none is left");
	CHECK_INT(peek_int("SELECT COALESCE(SUM(quantity), 0) FROM order_item"
	                   " WHERE variant_id ="
	                   " UNHEX(REPLACE('%s', '-', ''))",
	                   variant),
	          STOCK, "in the orders");
}

static void a_changed_price_is_shown_and_not_taken(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 5).variant;
	const struct api_answer *a = checkout(
		FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1,"
	            "\"price\":\"9.99\"}]," API_ADDRESS "}",
	            variant),
		"new");

	CHECK_PROBLEM(a, 409, "price_changed", "an old price");
	CHECK_TEXT(at_text(a, "quote.vendors[0].lines[0].unit_price"), "10.00",
	           "the new one");
	CHECK_INT(stock_of(variant), 5, "nothing is reserved");
}

static const struct api_answer *send_event(const char *body,
                                           const char *signature)
{
	const char *const headers[] = {
		FMT("X-Sandbox-Signature: %s", signature), NULL
	};

	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = "/api/webhooks/sandbox",
	                                    .body = body,
	                                    .headers = headers });
}

static void a_webhook_is_believed_only_when_signed(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 5).variant;
	const struct api_answer *a = checkout(api_one_line(variant, 1), "new");

	NEED_API(a, 201, "checkout");
	const char *id = at_text(a, "id");
	const char *body = FMT(
		"{\"event_id\":\"%s\",\"tx_ref\":\"%s\",\"status\":\"paid\"}",
		unique("e"), at_text(a, "payment.tx_ref"));
	const char *secret = dev_text("payment_webhook_secret");
	const char *signature = hmac_sha256_hex(
		tc->arena, secret, strlen(secret), body, strlen(body));
	CHECK_PROBLEM(send_event(body, "00"), 401, "bad_signature", "forged");
	for (int i = 0; i < 3; i++)
		CHECK_API(send_event(body, signature), 204, "signed, replayed");
	CHECK_TEXT(at_text(get_order(id), "status"), "pending",
	           "the gateway itself has not been paid");
	api_press(FMT("/sandbox/pay/%s", at_text(a, "payment.tx_ref")), "pay");
	api_needs_paid(id, token_of("customer"));
	CHECK_INT(peek_int("SELECT COUNT(*) FROM ledger_transaction"
	                   " WHERE order_id = UNHEX(REPLACE('%s', '-', ''))",
	                   id),
	          1, "booked once");
}

/* A worker of a moment's choice at each step. */
static void kill_workers(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		pid_t pids[64];

		damage_at(i + 1);
		size_t n = workers_of(pids, 64);

		if (n)
			kill(pids[(size_t)i % n], SIGKILL);
	}
}

static void killed_workers_lose_no_order(void)
{
	const char *variant = api_on_sale("vendor", "10.00", 200).variant;
	struct api_call calls[AT_ONCE];
	const struct api_answer *answers[AT_ONCE];
	const char *body = api_one_line(variant, 1);

	for (int i = 0; i < AT_ONCE; i++)
		calls[i] = a_checkout(body, unique("key"));
	damage_begin(kill_workers);
	for (int round = 0; round < ROUNDS; round++) {
		damage_step();
		api_together(calls, AT_ONCE, answers);
	}
	damage_end();
	NEED_TRUE(wait_ready(20), "the workers are back");
	for (int i = 0; i < AT_ONCE; i++) {
		for (int k = 0; k < 5 && answers[i]->status != 201; k++)
			answers[i] = api_call(&calls[i]);
		CHECK_API(answers[i], 201, "the same key finishes it");
	}
	CHECK_INT(stock_of(variant), 200 - AT_ONCE, "each has one effect");
	CHECK_INT(peek_int("SELECT COUNT(*) FROM order_item WHERE variant_id ="
	                   " UNHEX(REPLACE('%s', '-', ''))",
	                   variant),
	          AT_ONCE, "orders");
}

CHECK_MAIN_WITH("orders", &api_hooks,
                TEST(two_stores_goods_go_from_quote_to_door),
                TEST(a_courier_delivers_with_the_customers_code),
                TEST(a_declined_payment_can_be_tried_again),
                TEST(the_same_key_is_the_same_order),
                TEST(the_same_key_at_once_is_one_order),
                TEST(the_last_twenty_are_sold_twenty_times),
                TEST(a_changed_price_is_shown_and_not_taken),
                TEST(a_webhook_is_believed_only_when_signed),
                TEST(killed_workers_lose_no_order))
