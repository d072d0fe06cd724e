/* Writes of those who sell and buy: stores, orders, reviews, people. */
#include "config.h"

#include <string.h>

#include "tests/api/api_cache.h"
#include "tests/support/api_stack.h"
#include "tests/support/pictures.h"

const struct api_answer *store_patch(void)
{
	return api_patch("/api/vendor/store",
	                 FMT("{\"name\":\"%s\"}", unique("Mill")),
	                 scene.vendor);
}

const struct api_answer *store_move(void)
{
	return api_patch("/api/vendor/store", "{\"lat\":8.5,\"lng\":39.2}",
	                 scene.vendor);
}

const struct api_answer *logo_post(void)
{
	struct bytes_of png = a_png(99, 99, 3, bytes_text(""));
	const struct api_answer *a =
		api_upload("/api/vendor/store/logo", "image", "l.png",
	                   "image/png", png.p, png.n, NULL, scene.vendor);

	NEED_SOON(!strcmp(at_text(api_get("/api/vendor/store", scene.vendor),
	                          "logo_status"),
	                  "ready"),
	          "the logo is worked on");
	wait_told();
	return a;
}

const struct api_answer *logo_delete(void)
{
	return api_delete("/api/vendor/store/logo", scene.vendor);
}

static const struct api_answer *store_verb(const char *verb)
{
	return api_post(FMT("/api/admin/vendors/%s/%s", scene.store, verb),
	                "{\"reason\":\"Looked at\"}", token_of("admin"));
}

const struct api_answer *store_suspend(void)
{
	return store_verb("suspend");
}

const struct api_answer *store_approve(void)
{
	return api_post(FMT("/api/admin/vendors/%s/approve", scene.store), "{}",
	                token_of("admin"));
}

const struct api_answer *store_commission(void)
{
	return api_patch(FMT("/api/admin/vendors/%s", scene.store),
	                 "{\"commission_bp\":900}", token_of("admin"));
}

const struct api_answer *store_trust(void)
{
	return api_put(FMT("/api/admin/vendors/%s/trust", scene.store),
	               "{\"is_trusted\":false,\"sample_percent\":5}",
	               token_of("admin"));
}

const struct api_answer *checkout(void)
{
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "POST",
		.path = "/api/orders/checkout",
		.token = scene.customer,
		.idempotency_key = "new",
		.body = FMT("{\"items\":[{\"variant_id\":\"%s\",\"quantity\":1}"
	                    "],\"address\":{\"name\":\"Hana\",\"phone\":"
	                    "\"+251911234567\",\"line1\":\"Bole 12\",\"city\":"
	                    "\"Addis Ababa\"}}",
	                    scene.variant),
	});

	scene.order = at_text(a, "id");
	scene.tx_ref = at_text(a, "payment.tx_ref");
	return a;
}

const struct api_answer *order_cancel(void)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/api/orders/%s/cancel", scene.order),
		.token = scene.customer,
		.idempotency_key = "new",
		.body = "{\"reason\":\"Too dear\"}",
	});
}

static bool is_paid(void *unused)
{
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s", scene.order), scene.customer);

	(void)unused;
	return at_text(a, "status") && !strcmp(at_text(a, "status"), "paid");
}

/* At the sandbox's page; its webhook says so. */
const struct api_answer *pay(void)
{
	const char *const headers[] = { FMT("Origin: %s", dev_text("base_url")),
		                        NULL };
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/sandbox/pay/%s", scene.tx_ref),
		.body = "action=pay",
		.type = "application/x-www-form-urlencoded",
		.headers = headers });

	NEED_TRUE(wait_until(is_paid, NULL, 20), "paid");
	wait_told();
	return a;
}

const struct api_answer *ship(void)
{
	scene.part = at_text(api_get("/api/vendor/orders", scene.vendor),
	                     "results[0].id");
	return api_post(FMT("/api/vendor/orders/%s/ship", scene.part),
	                "{\"carrier\":\"manual\",\"tracking_number\":\"AA-1\"}",
	                scene.vendor);
}

const struct api_answer *deliver(void)
{
	const struct api_answer *a =
		api_get(FMT("/api/orders/%s", scene.order), scene.customer);

	return api_post(FMT("/api/vendor/orders/%s/deliver", scene.part),
	                FMT("{\"code\":\"%s\"}",
	                    at_text(a, "vendor_orders[0].delivery_code")),
	                scene.vendor);
}

const struct api_answer *review_post(void)
{
	const struct api_answer *a = api_post(
		"/api/reviews/",
		FMT("{\"product_id\":\"%s\",\"rating\":5,\"title\":\"Fine\","
	            "\"text\":\"As it should be.\"}",
	            scene.product),
		scene.customer);

	scene.review = at_text(a, "id");
	return a;
}

static const struct api_answer *review_verb(const char *verb, const char *body,
                                            const char *token)
{
	return api_post(FMT("/api/reviews/%s/%s", scene.review, verb), body,
	                token);
}

static const struct api_answer *review_moderated(const char *verb)
{
	return api_post(FMT("/api/admin/reviews/%s/%s", scene.review, verb),
	                strcmp(verb, "reject") ? NULL
	                                       : "{\"reason\":\"Rude words\"}",
	                token_of("moderator"));
}

const struct api_answer *review_approve(void)
{
	return review_moderated("approve");
}

const struct api_answer *review_reject(void)
{
	return review_moderated("reject");
}

const struct api_answer *review_response(void)
{
	return review_verb("response", "{\"text\":\"Thank you!\"}",
	                   scene.vendor);
}

const struct api_answer *review_helpful(void)
{
	return review_verb("helpful", NULL, scene.other);
}

const struct api_answer *review_report(void)
{
	return review_verb("report", "{\"reason\":\"Not about it\"}",
	                   scene.other);
}

const struct api_answer *review_patch(void)
{
	return api_patch(FMT("/api/reviews/%s", scene.review), "{\"rating\":2}",
	                 scene.customer);
}

const struct api_answer *review_delete(void)
{
	return api_delete(FMT("/api/reviews/%s", scene.review), scene.customer);
}

const struct api_answer *refund(void)
{
	return api_call(&(struct api_call){
		.method = "POST",
		.path = FMT("/api/vendor/orders/%s/refund", scene.part),
		.token = scene.vendor,
		.idempotency_key = "new",
		.body = "{\"reason\":\"Sent back\"}",
	});
}

const struct api_answer *person_delete(void)
{
	return api_delete("/api/users/me", scene.customer);
}
