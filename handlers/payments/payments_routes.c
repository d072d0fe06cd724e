#include "config.h"

#include "handlers/payments/payments_inside.h"

static const char *const actions[] = { "pay", "decline", NULL };

static const struct field choice_fields[] = {
	FIELD(sandbox_choice, action, .flags = REQUIRED, .one_of = actions),
	FIELDS_END,
};
static const struct shape choice_shape = SHAPE(sandbox_choice, choice_fields);

static const char *const webhook_errors[] = { "bad_signature", "bad_event",
	                                      NULL };

const struct route payments_routes[] = {
	{ "POST", "/api/webhooks/{provider}", payments_webhook_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_WRITE, .body_kind = BODY_RAW,
	  .body_max = 65536, .status = 204, .errors = webhook_errors,
	  .summary = "A gateway tells that something happened to a payment" },
	{ "GET", "/api/payments/{tx_ref}/return", payments_return_get,
	  .who = ROLE_ANYONE, .limit = LIMIT_READ, .surface = SURFACE_PAGE,
	  .type = "text/html",
	  .summary = "Where the gateway sends the payer back to" },
	{ "GET", "/sandbox/pay/{tx_ref}", sandbox_page_get, .who = ROLE_ANYONE,
	  .limit = LIMIT_READ, .surface = SURFACE_PAGE, .type = "text/html",
	  .summary = "The sandbox gateway's hosted payment page" },
	{ "POST", "/sandbox/pay/{tx_ref}", sandbox_page_post,
	  .who = ROLE_ANYONE, .limit = LIMIT_WRITE, .surface = SURFACE_PAGE,
	  .body = &choice_shape, .body_kind = BODY_FORM, .status = 303,
	  .type = "text/html",
	  .summary = "Pay or decline on the sandbox gateway's page" },
	{ 0 },
};
