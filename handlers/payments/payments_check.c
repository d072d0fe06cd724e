/* What the gateway says about a payment, and what follows from it. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/payments_db.h"
#include "db/sql.h"
#include "fcgi/base/json.h"
#include "fcgi/base/log.h"
#include "handlers/payments/payments_inside.h"

enum { BATCH = 20 };

/* Seconds until the next question after the n-th that found it open. */
static const int check_delays[] = { 480, 1200, 1800, 3600, 7200, 21600, 86400 };
enum { CHECKS = sizeof check_delays / sizeof *check_delays };

/* Set once at start. */
static const struct payment_owner *the_owner;

void payments_use(const struct payment_owner *owner)
{
	the_owner = owner;
}

static bool is_settled(const struct payment *p)
{
	return !strcmp(p->status, "captured") || !strcmp(p->status, "review");
}

/* Says what is wrong with a payment that the gateway calls paid, or NULL. */
static const char *find_problem(struct ctx *c, const struct payment *p,
                                const struct gateway_status *s)
{
	char paid[MONEY_TEXT_MAX], due[MONEY_TEXT_MAX];

	if (!s->tx_ref || strcmp(s->tx_ref, p->tx_ref) != 0)
		return "the gateway answered for another reference";
	if (!s->currency || strcmp(s->currency, p->currency) != 0)
		return "paid in another currency";
	if (s->amount.minor != p->amount.minor)
		return arena_fmt(c->arena, "%s was paid instead of %s",
		                 money_text(s->amount, paid),
		                 money_text(p->amount, due));
	return NULL;
}

static enum rc capture(struct ctx *c, struct payment *p,
                       const struct gateway_status *s)
{
	const char *problem = find_problem(c, p, s);
	enum rc rc =
		payments_db_settle(c, p->id, problem ? "review" : "captured",
	                           s->reference, problem);

	if (rc)
		return rc;
	if (problem) {
		log_error("payment.review", "%s", problem);
		return outbox_add(c, "payment.review", p->id, NULL);
	}
	p->status = "captured";
	p->gateway_reference = s->reference;
	p->captured_at = c->now;
	return the_owner->captured(c, p);
}

static enum rc wait_longer(struct ctx *c, const struct payment *p)
{
	struct when next = { 0 };

	if (p->n_checks < CHECKS)
		next = when_plus(c->now, check_delays[p->n_checks]);
	return payments_db_wait(c, p->id, p->n_checks + 1, next);
}

/* The gateway's answer meets what we know, under lock. */
static enum rc act_on(struct ctx *c, struct payment *p,
                      const struct gateway_status *s)
{
	enum rc rc = the_owner->lock(c, p->order_id);

	if (!rc)
		rc = payments_db_lock(c, &payment_row_shape, p->id, p);
	if (rc || is_settled(p))
		return rc;
	switch (s->state) {
	case GATEWAY_PAID:
		return capture(c, p, s);
	case GATEWAY_DECLINED:
		if (!strcmp(p->status, "failed"))
			return RC_OK;
		rc = payments_db_settle(c, p->id, "failed", s->reference, NULL);
		if (!rc)
			rc = outbox_add(c, "payment.failed", p->order_id, NULL);
		return rc;
	case GATEWAY_OPEN:
		break;
	}
	return wait_longer(c, p);
}

enum rc payments_check(struct ctx *c, const char *tx_ref)
{
	struct payment p = { 0 };
	struct gateway_status s = { 0 };
	enum rc rc = payments_db_by_ref(c, &payment_row_shape, tx_ref, &p);

	if (rc || is_settled(&p))
		return rc;
	const struct payment_provider *gateway = payments_provider(p.provider);
	if (!gateway)
		return fail(c, RC_UNAVAILABLE, "no_gateway",
		            "The gateway is not configured any more.");
	rc = gateway->verify(c, &p, &s);
	if (rc)
		return rc;
	rc = sql_begin(c);
	if (rc)
		return rc;
	rc = act_on(c, &p, &s);
	return sql_end(c, rc);
}

enum rc payments_reconcile_job(struct ctx *c, bool *more)
{
	struct payment *due;
	size_t n;
	enum rc rc = payments_db_due(c, &payment_row_shape, BATCH,
	                             (void **)&due, &n);

	if (rc)
		return rc;
	for (size_t i = 0; i < n; i++) {
		rc = payments_check(c, due[i].tx_ref);
		if (!rc)
			continue;
		/* One gateway's trouble must not keep the others waiting. */
		log_warn("payment.check", "%s", rc_name(rc));
		fail_clear(c);
		rc = wait_longer(c, &due[i]);
		if (rc)
			return rc;
	}
	*more = n == BATCH;
	return RC_OK;
}

enum rc payments_event_handle(struct ctx *c, const struct outbox_event *e)
{
	json_t *payload;
	enum rc rc = json_read(c, e->payload, strlen(e->payload), &payload);

	if (rc)
		return rc;
	const char *tx_ref =
		json_string_value(json_object_get(payload, "tx_ref"));
	if (!tx_ref)
		return RC_OK;
	rc = payments_check(c, tx_ref);
	/* Words about a payment that is not ours need no second try. */
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}
