/*
 * A payment gateway to try things with: it has a hosted page, keeps its own
 * books and signs its webhooks like a real one. What it knows lies in tables of
 * its own, which nothing else reads.
 */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "fcgi/http/html.h"
#include "fcgi/http/reply.h"
#include "handlers/payments/payments_inside.h"

enum { EVENT_ID_MAX = 100, TX_REF_MAX = 64, CALL_MS = 5000 };

static enum rc sandbox_start(struct ctx *c, const struct payment *p,
                             const char **checkout_url)
{
	struct sandbox_payment row = {
		.tx_ref = p->tx_ref,
		.amount = p->amount,
		.currency = p->currency,
		.status = "open",
		.return_url = arena_fmt(c->arena, "%s/api/payments/%s/return",
		                        settings->base_url, p->tx_ref),
		.created_at = c->now,
	};

	*checkout_url = arena_fmt(c->arena, "%s/sandbox/pay/%s",
	                          settings->base_url, p->tx_ref);
	return sandbox_db_insert(c, &row);
}

static enum gateway_state state_of(const char *status)
{
	if (!strcmp(status, "paid"))
		return GATEWAY_PAID;
	return strcmp(status, "declined") ? GATEWAY_OPEN : GATEWAY_DECLINED;
}

static enum rc sandbox_verify(struct ctx *c, const struct payment *p,
                              struct gateway_status *out)
{
	struct sandbox_payment row = { 0 };
	enum rc rc = sandbox_db_get(c, p->tx_ref, &row);

	if (rc)
		return rc;
	out->state = state_of(row.status);
	out->amount = row.amount;
	out->currency = row.currency;
	out->tx_ref = row.tx_ref;
	out->reference = arena_fmt(c->arena, "sandbox-%s", row.tx_ref);
	return RC_OK;
}

static enum rc sandbox_refund(struct ctx *c, const struct payment *p,
                              struct id refund, struct money amount)
{
	return sandbox_db_refund(c, refund, p->tx_ref, amount);
}

static const char *sign(struct ctx *c, const void *body, size_t n)
{
	const char *secret = payments_webhook_secret(c);

	return hmac_sha256_hex(c->arena, secret, strlen(secret), body, n);
}

static enum rc sandbox_read_event(struct ctx *c, const struct webhook *w,
                                  struct gateway_event *out)
{
	json_t *body;

	if (!w->signature ||
	    !secret_equal_text(w->signature, sign(c, w->body, w->n)))
		return fail(c, RC_UNAUTHORIZED, "bad_signature",
		            "The signature does not fit the body.");
	enum rc rc = json_read(c, w->body, w->n, &body);
	if (rc)
		return rc;
	out->event_id = json_string_value(json_object_get(body, "event_id"));
	out->tx_ref = json_string_value(json_object_get(body, "tx_ref"));
	if (!out->event_id || !out->tx_ref ||
	    strlen(out->event_id) > EVENT_ID_MAX ||
	    strlen(out->tx_ref) > TX_REF_MAX)
		return fail(c, RC_BAD_REQUEST, "bad_event",
		            "event_id and tx_ref are needed.");
	return RC_OK;
}

const struct payment_provider sandbox_provider = {
	.name = "sandbox",
	.signature_variable = "HTTP_X_SANDBOX_SIGNATURE",
	.start = sandbox_start,
	.verify = sandbox_verify,
	.refund = sandbox_refund,
	.read_event = sandbox_read_event,
};

static enum rc page_payment(struct req *r, struct sandbox_payment *out)
{
	if (strcmp(settings->payment, sandbox_provider.name) != 0)
		return RC_NOT_FOUND;
	return sandbox_db_get(&r->ctx, req_param(r, 0), out);
}

enum rc sandbox_page_get(struct req *r)
{
	struct sandbox_payment p = { 0 };
	char amount[MONEY_TEXT_MAX];

	r->ctx.use_primary = true;
	enum rc rc = page_payment(r, &p);
	if (rc)
		return rc;
	json_t *data = html_data(&r->ctx);
	json_object_set_new(data, "title", json_string("Sandbox payment"));
	json_object_set_new(data, "tx_ref", json_string(p.tx_ref));
	json_object_set_new(data, "amount",
	                    json_string(money_text(p.amount, amount)));
	json_object_set_new(data, "currency", json_string(p.currency));
	json_object_set_new(data, "status", json_string(p.status));
	json_object_set_new(data, "is_open",
	                    json_boolean(!strcmp(p.status, "open")));
	json_object_set_new(data, "return_url", json_string(p.return_url));
	return reply_html(r, 200, "sandbox/pay.html", data);
}

static const char *event_body(struct ctx *c, const struct sandbox_payment *p,
                              const char *status)
{
	char amount[MONEY_TEXT_MAX], id[ID_TEXT_MAX], at[WHEN_TEXT_MAX];
	json_t *body =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "event_id",
	                  id_text(id_new(), id), "tx_ref", p->tx_ref, "status",
	                  status, "amount", money_text(p->amount, amount),
	                  "currency", p->currency, "at", when_text(c->now, at));
	const char *text = json_text(c, body);

	json_decref(body);
	return text;
}

static enum rc decide(struct ctx *c, const struct sandbox_payment *p,
                      const char *status)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sandbox_db_decide(c, p->tx_ref, status);
	if (!rc)
		rc = outbox_add(c, "sandbox.webhook", (struct id){ 0 },
		                event_body(c, p, status));
	return sql_end(c, rc);
}

enum rc sandbox_page_post(struct req *r)
{
	struct sandbox_payment p = { 0 };
	struct sandbox_choice in = { 0 };
	enum rc rc = page_payment(r, &p);

	if (rc)
		return rc;
	req_body(r, &in);
	rc = decide(&r->ctx, &p,
	            strcmp(in.action, "pay") ? "declined" : "paid");
	/* A second click: the first one counts. */
	if (rc && rc != RC_CONFLICT)
		return rc;
	fail_clear(&r->ctx);
	return reply_redirect(r, p.return_url);
}

/* The gateway calls us, as a real one would from outside. */
enum rc sandbox_webhook_handle(struct ctx *c, const struct outbox_event *e)
{
	size_t n = strlen(e->payload);
	const char *const headers[] = {
		"Content-Type: application/json",
		arena_fmt(c->arena, "X-Sandbox-Signature: %s",
		          sign(c, e->payload, n)),
		NULL,
	};
	struct call call = {
		.service = "sandbox",
		.method = "POST",
		.url = arena_fmt(c->arena, "%s/api/webhooks/sandbox",
		                 settings->base_url),
		.headers = headers,
		.body = e->payload,
		.n_body = n,
		.timeout_ms = CALL_MS,
	};
	struct answer answer = { 0 };
	enum rc rc = client_call(c, &call, &answer);

	if (rc)
		return rc;
	if (answer.status / 100 != 2)
		return fail(c, RC_UNAVAILABLE, "webhook_refused",
		            "The webhook was answered with %d.", answer.status);
	return RC_OK;
}

enum rc sandbox_pay(struct ctx *c, const char *tx_ref)
{
	return sandbox_db_decide(c, tx_ref, "paid");
}
