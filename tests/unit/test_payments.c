#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "handlers/jobs.h"
#include "handlers/ledger/ledger.h"
#include "tests/support/check.h"
#include "tests/support/database.h"
#include "tests/support/inproc.h"
#include "tests/support/shop.h"

static struct id store, variant, customer;

static const struct field subject_fields[] = {
	FIELD(outbox_event, subject),
	FIELDS_END,
};
static const struct shape subject_shape = SHAPE(outbox_event, subject_fields);

static bool start(void)
{
	static const struct route *const tables[] = { payments_routes, NULL };
	const char *top = getenv("top_srcdir");
	char dir[512];

	if (!shop_start())
		return false;
	snprintf(dir, sizeof dir, "%s/templates", top ? top : ".");
	routes_use(tables);
	return html_load(dir);
}

static void before(void)
{
	shop_before();
	settings_set("payment_webhook_secret", "");
	store = shop_vendor();
	variant = shop_variant(store, 2500, 100);
	customer = shop_user(ROLE_CUSTOMER);
}

static struct order an_order(void)
{
	struct checkout_item items[] = { { variant, 2, MONEY_NONE } };

	return shop_order(customer, items, 1);
}

static const char *event_text(const char *event_id, const char *tx_ref)
{
	return arena_fmt(tc->arena,
	                 "{\"event_id\":\"%s\",\"tx_ref\":\"%s\","
	                 "\"status\":\"paid\"}",
	                 event_id, tx_ref);
}

static const char *signature_of(const char *body)
{
	const char *secret = payments_webhook_secret(tc);

	return arena_fmt(tc->arena, "X-Sandbox-Signature: %s",
	                 hmac_sha256_hex(tc->arena, secret, strlen(secret),
	                                 body, strlen(body)));
}

static const struct answered *send_event(const char *body, const char *header)
{
	return request("POST", "/api/webhooks/sandbox", body, header);
}

static const char *status_of(struct id order)
{
	return shop_load(order).status;
}

static void a_signed_webhook_makes_the_order_paid(void)
{
	struct order o = an_order();
	const char *body = event_text("e1", o.payment->tx_ref);

	NEED_RC(sandbox_db_decide(tc, o.payment->tx_ref, "paid"), RC_OK, "pay");
	CHECK_INT(send_event(body, signature_of(body))->status, 204, "taken");
	CHECK_TEXT(status_of(o.id), "pending", "acknowledged before handled");
	CHECK_RC(payments_event_handle(
			 tc, &(struct outbox_event){ .payload = body }),
	         RC_OK, "handled");
	CHECK_TEXT(status_of(o.id), "paid", "paid");
	shop_check_books("paid by webhook");
}

static void a_webhook_is_handled_once(void)
{
	struct order o = an_order();
	const char *body = event_text("e2", o.payment->tx_ref);

	for (int i = 0; i < 3; i++)
		CHECK_INT(send_event(body, signature_of(body))->status, 204,
		          "the gateway is told the same");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM payment_event"), 1, "rows");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM outbox"
	                      " WHERE topic = 'payment.event'"),
	          1, "work");
}

static void a_webhook_alone_pays_nothing(void)
{
	struct order o = an_order();
	const char *body = event_text("e3", o.payment->tx_ref);

	CHECK_INT(send_event(body, signature_of(body))->status, 204, "taken");
	CHECK_RC(payments_event_handle(
			 tc, &(struct outbox_event){ .payload = body }),
	         RC_OK, "handled");
	CHECK_TEXT(status_of(o.id), "pending", "the gateway says it is open");
}

static void a_wrong_signature_is_refused(void)
{
	struct order o = an_order();
	const char *body = event_text("e4", o.payment->tx_ref);
	const char *other = event_text("e5", o.payment->tx_ref);

	CHECK_INT(send_event(body, NULL)->status, 401, "none");
	CHECK_INT(send_event(body, "X-Sandbox-Signature: 00")->status, 401,
	          "nonsense");
	CHECK_INT(send_event(other, signature_of(body))->status, 401,
	          "another body's");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM payment_event"), 0,
	          "nothing is stored");
	CHECK_INT(request("POST", "/api/webhooks/nobody", body,
	                  signature_of(body))
	                  ->status,
	          404, "an unknown gateway");
}

static void a_signed_body_must_make_sense(void)
{
	static const char half_an_event[] = "{\"event_id\":1,\"tx_ref\":\"x\"}";
	static const char *const bodies[] = {
		"", "{", "[]", "{}", "{\"event_id\":\"x\"}", half_an_event
	};

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		int status =
			send_event(bodies[i], signature_of(bodies[i]))->status;

		CHECK_TRUE(status == 400 || status == 411, bodies[i]);
	}
}

static void the_hosted_page_pays_and_declines(void)
{
	static const struct {
		const char *action, *payment, *order;
	} cases[] = {
		{ "action=pay", "captured", "paid" },
		{ "action=decline", "failed", "pending" },
	};

	for (int i = 0; i < 2; i++) {
		struct order o = an_order();
		const char *path = arena_fmt(tc->arena, "/sandbox/pay/%s",
		                             o.payment->tx_ref);
		const char *back =
			arena_fmt(tc->arena, "/api/payments/%s/return",
		                  o.payment->tx_ref);
		const char *form = "Content-Type: "
				   "application/x-www-form-urlencoded";
		const char *origin =
			arena_fmt(tc->arena, "Origin: %s", settings->base_url);
		const struct answered *a = request("GET", path, NULL);

		CHECK_INT(a->status, 200, "page");
		CHECK_HAS(a->body, "value=\"pay\"", "its button");
		CHECK_HAS(a->body, "100.00 ETB", "its amount");
		CHECK_INT(request("POST", path, "action=steal", form, origin)
		                  ->status,
		          422, "no other action");
		a = request("POST", path, cases[i].action, form, origin);
		CHECK_INT(a->status, 303, "back to the shop");
		CHECK_HAS(answered_header(a, "Location"), back, "where to");
		request("POST", path, "action=pay", form, origin);
		CHECK_INT(request("GET", back, NULL)->status, 200, "return");
		o = shop_load(o.id);
		CHECK_TEXT(o.payment->status, cases[i].payment, "payment");
		CHECK_TEXT(o.status, cases[i].order, "order");
	}
	CHECK_INT(request("GET", "/sandbox/pay/mk-unknown", NULL)->status, 404,
	          "an unknown reference");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM outbox"
	                      " WHERE topic = 'sandbox.webhook'"),
	          2, "one webhook for each");
	shop_check_books("by the page");
}

static void a_lost_webhook_costs_minutes_only(void)
{
	struct order o = an_order();
	bool more;

	NEED_RC(sandbox_db_decide(tc, o.payment->tx_ref, "paid"), RC_OK, "pay");
	shop_as_system();
	CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "at once");
	CHECK_TEXT(status_of(o.id), "pending", "not asked for yet");
	tc->now = when_plus(tc->now, 121);
	CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "after 2 minutes");
	CHECK_TEXT(status_of(o.id), "paid", "found");
}

static void an_open_payment_is_asked_for_less_and_less(void)
{
	static const int delays[] = { 120,  480,  1200,  1800,
		                      3600, 7200, 21600, 86400 };
	struct order o = an_order();
	bool more;

	shop_as_system();
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		tc->now = when_plus(tc->now, delays[i]);
		CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "ask");
		CHECK_INT(shop_load(o.id).payment->n_checks, i + 1, "asked");
		CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "ask");
		CHECK_INT(shop_load(o.id).payment->n_checks, i + 1,
		          "not before its time");
	}
	tc->now = when_plus(tc->now, 10L * 86400);
	CHECK_RC(payments_reconcile_job(tc, &more), RC_OK, "ask");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM payment"
	                      " WHERE check_at IS NULL"),
	          1, "given up in the end");
}

static void a_refund_reaches_the_gateway_once(void)
{
	struct order o = an_order();

	NEED_RC(orders_pay_in_sandbox(tc, o.id), RC_OK, "pay");
	shop_as_customer(customer);
	NEED_RC(orders_cancel(tc, o.id, customer, "no need"), RC_OK, "cancel");
	struct outbox_event e = { 0 };
	NEED_RC(sql_get(tc, &subject_shape, &e,
	                "SELECT subject FROM outbox"
	                " WHERE topic = 'payment.refund'"),
	        RC_OK, "event");
	for (int i = 0; i < 2; i++)
		CHECK_RC(payments_refund_handle(tc, &e), RC_OK, "sent");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM sandbox_refund"), 1,
	          "one effect");
	CHECK_INT(shop_number("SELECT amount FROM sandbox_refund"),
	          o.total.minor, "all of it");
	CHECK_INT(shop_number("SELECT COUNT(*) FROM refund"
	                      " WHERE status = 'done'"),
	          1, "settled");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = database_stop,
	.before = before,
	.after = database_roll_back,
};

CHECK_MAIN_WITH("payments", &hooks, TEST(a_signed_webhook_makes_the_order_paid),
                TEST(a_webhook_is_handled_once),
                TEST(a_webhook_alone_pays_nothing),
                TEST(a_wrong_signature_is_refused),
                TEST(a_signed_body_must_make_sense),
                TEST(the_hosted_page_pays_and_declines),
                TEST(a_lost_webhook_costs_minutes_only),
                TEST(an_open_payment_is_asked_for_less_and_less),
                TEST(a_refund_reaches_the_gateway_once))
