#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/json.h"
#include "fcgi/base/log.h"
#include "fcgi/http/html.h"
#include "fcgi/http/reply.h"
#include "handlers/payments/payments_inside.h"

/* Stored raw and handed to the job runner; the same event twice is one. */
static enum rc store_event(struct ctx *c, const char *provider,
                           const struct gateway_event *e,
                           const struct webhook *w)
{
	json_t *payload = json_pack("{s:s}", "tx_ref", e->tx_ref);
	const char *text = json_text(c, payload);

	json_decref(payload);
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = payments_db_insert_event(c, provider, e->event_id, e->tx_ref,
	                              w->body, w->n);
	if (!rc)
		rc = outbox_add(c, "payment.event", (struct id){ 0 }, text);
	return sql_end(c, rc);
}

enum rc payments_webhook_post(struct req *r)
{
	const struct payment_provider *gateway =
		payments_provider(req_param(r, 0));
	struct gateway_event event = { 0 };

	if (!gateway)
		return RC_NOT_FOUND;
	struct webhook hook = {
		.body = r->body,
		.n = r->n_body,
		.signature = req_variable(r, gateway->signature_variable),
	};
	enum rc rc = gateway->read_event(&r->ctx, &hook, &event);
	if (rc)
		return rc;
	rc = store_event(&r->ctx, gateway->name, &event, &hook);
	if (rc == RC_CONFLICT)
		fail_clear(&r->ctx);
	else if (rc)
		return rc;
	return reply_empty(r);
}

/*
 * Where the gateway sends the payer back to. It asks the gateway at once, so
 * that nobody waits for a webhook; that this writes although it is a GET is
 * harmless, since asking any number of times has one effect.
 */
enum rc payments_return_get(struct req *r)
{
	struct payment p = { 0 };
	struct ctx *c = &r->ctx;
	const char *tx_ref = req_param(r, 0);

	c->read_only = false;
	c->use_primary = true;
	if (payments_check(c, tx_ref)) {
		log_warn("payment.return", "it could not be checked yet");
		fail_clear(c);
	}
	enum rc rc = payments_db_by_ref(c, &payment_row_shape, tx_ref, &p);
	if (rc)
		return rc;
	bool is_paid = !strcmp(p.status, "captured");
	bool is_failed = !strcmp(p.status, "failed");
	json_t *data = html_data(c);
	json_object_set_new(data, "title", json_string("Payment"));
	json_object_set_new(data, "tx_ref", json_string(p.tx_ref));
	json_object_set_new(data, "is_paid", json_boolean(is_paid));
	json_object_set_new(data, "is_failed", json_boolean(is_failed));
	json_object_set_new(data, "is_open",
	                    json_boolean(!is_paid && !is_failed));
	return reply_html(r, 200, "sandbox/return.html", data);
}
