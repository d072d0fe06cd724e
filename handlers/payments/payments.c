#include "config.h"

#include "handlers/payments/payments.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/payments/payments_inside.h"

enum { REFERENCE_BYTES = 18 };

static const struct field row_fields[] = {
	FIELD(payment, id),
	FIELD(payment, order_id),
	FIELD(payment, provider),
	FIELD(payment, tx_ref),
	FIELD(payment, amount),
	FIELD(payment, currency),
	FIELD(payment, status),
	FIELD(payment, refunded),
	FIELD(payment, checkout_url),
	FIELD(payment, gateway_reference),
	FIELD(payment, problem),
	FIELD(payment, n_checks),
	FIELD(payment, check_at),
	FIELD(payment, captured_at),
	FIELD(payment, created_at),
	FIELD(payment, updated_at),
	FIELDS_END,
};
const struct shape payment_row_shape = SHAPE(payment, row_fields);

static const struct field payment_fields[] = {
	FIELD(payment, id),
	FIELD(payment, provider),
	FIELD(payment, tx_ref),
	FIELD(payment, amount),
	FIELD(payment, currency),
	FIELD(payment, status,
	      .help = "created, pending, captured, failed, expired or review"),
	FIELD(payment, refunded),
	FIELD(payment, checkout_url, .help = "where the customer pays"),
	FIELD(payment, captured_at, .flags = NULLABLE),
	FIELD(payment, created_at),
	FIELDS_END,
};
const struct shape payment_shape = SHAPE(payment, payment_fields);

const struct payment_provider *payments_provider(const char *name)
{
	/* One gateway is configured; payments of an earlier one are still
	 * asked for by its name. */
	static const struct payment_provider *const all[] = {
		&sandbox_provider,
		NULL,
	};

	for (size_t i = 0; all[i]; i++) {
		if (!strcmp(all[i]->name, name))
			return all[i];
	}
	return NULL;
}

const char *payments_webhook_secret(struct ctx *c)
{
	if (*settings->payment_webhook_secret)
		return settings->payment_webhook_secret;
	return text_hex(c->arena, key_for("payment-webhook"), 32);
}

enum rc payments_open(struct ctx *c, struct id order, struct money amount,
                      struct payment *out)
{
	const struct payment_provider *gateway =
		payments_provider(settings->payment);

	if (!gateway)
		return fail(c, RC_UNAVAILABLE, "no_gateway",
		            "No payment gateway is configured.");
	struct payment p = {
		.id = id_new(),
		.order_id = order,
		.provider = gateway->name,
		.tx_ref = arena_fmt(c->arena, "mk-%s",
		                    random_token(c->arena, REFERENCE_BYTES)),
		.amount = amount,
		.currency = settings->currency,
		.status = "pending",
		.check_at = when_plus(c->now, PAYMENT_FIRST_CHECK_S),
		.created_at = c->now,
		.updated_at = c->now,
	};
	enum rc rc = gateway->start(c, &p, &p.checkout_url);
	if (!rc)
		rc = payments_db_insert(c, &payment_row_shape, &p);
	if (!rc)
		*out = p;
	return rc;
}

enum rc payments_latest(struct ctx *c, struct id order, struct payment *out,
                        bool *found)
{
	return payments_db_latest(c, &payment_row_shape, order, out, found);
}

enum rc payments_captured(struct ctx *c, struct id order, struct payment *out)
{
	return payments_db_captured(c, &payment_row_shape, order, out);
}

enum rc payments_expire(struct ctx *c, struct id order)
{
	/* Somebody may be paying at this moment: it is asked for once more. */
	return payments_db_expire(c, order,
	                          when_plus(c->now, PAYMENT_FIRST_CHECK_S));
}

enum rc payments_refund(struct ctx *c, const struct payment *p,
                        struct id vendor_order, struct money amount,
                        const char *reason, struct id *refund)
{
	struct refund row = {
		.id = id_new(),
		.order_id = p->order_id,
		.vendor_order_id = vendor_order,
		.payment_id = p->id,
		.amount = amount,
		.currency = p->currency,
		.reason = reason,
		.status = "pending",
		.created_by = c->actor,
		.created_at = c->now,
	};
	int64_t changed = 0;
	enum rc rc = payments_db_add_refund(c, p->id, amount, &changed);

	if (!rc && !changed)
		return fail(c, RC_CONFLICT, "refund_too_large",
		            "More than what was paid and not yet given back.");
	if (!rc)
		rc = payments_db_insert_refund(c, &row);
	if (!rc)
		rc = outbox_add(c, "payment.refund", row.id, NULL);
	if (!rc)
		*refund = row.id;
	return rc;
}

enum rc payments_refund_handle(struct ctx *c, const struct outbox_event *e)
{
	struct refund r = { 0 };
	struct payment p = { 0 };
	enum rc rc = payments_db_refund(c, e->subject, &r);

	if (!rc)
		rc = payments_db_get(c, &payment_row_shape, r.payment_id, &p);
	if (rc || !strcmp(r.status, "done"))
		return rc;
	const struct payment_provider *gateway = payments_provider(p.provider);
	if (!gateway)
		return fail(c, RC_UNAVAILABLE, "no_gateway",
		            "The gateway is not configured any more.");
	rc = gateway->refund(c, &p, r.id, r.amount);
	return rc ? rc : payments_db_refund_done(c, r.id);
}
