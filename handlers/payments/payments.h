/*
 * Money that comes in and goes back: attempts to pay, gateways, webhooks,
 * refunds. A webhook is only a hint: amount, currency and state come from the
 * gateway's own answer to a question of ours. Whose money it is, is the
 * owner's business (orders), who is told through struct payment_owner.
 */
#ifndef MERKATO_PAYMENTS_H
#define MERKATO_PAYMENTS_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"
#include "fcgi/http/route.h"

extern const struct route payments_routes[];

struct payment {
	struct id id, order_id;
	const char *provider;
	const char *tx_ref; /* ours, unique, cannot be guessed */
	struct money amount;
	const char *currency;
	const char *status; /* created, pending, captured, failed, expired,
	                       review */
	struct money refunded;
	const char *checkout_url;
	const char *gateway_reference; /* theirs; NULL until known */
	const char *problem;           /* why it is in review; NULL = nothing */
	int n_checks;
	struct when check_at; /* when it is asked for again; 0 = never */
	struct when captured_at, created_at, updated_at;
};
/* What the payer may see of it. */
extern const struct shape payment_shape;

/* A gateway's answer about one attempt. */
enum gateway_state { GATEWAY_OPEN, GATEWAY_PAID, GATEWAY_DECLINED };
struct gateway_status {
	enum gateway_state state;
	struct money amount;
	const char *currency;
	const char *tx_ref;
	const char *reference;
};

struct webhook {
	const char *body; /* raw bytes, as signed */
	size_t n;
	const char
		*signature; /* header of the provider's choice; may be NULL */
};

struct gateway_event {
	const char *event_id; /* unique for the provider */
	const char *tx_ref;
};

/*
 * start runs inside the order's transaction and therefore asks nobody outside;
 * a gateway that must be asked for a page gives an address of ours that does
 * so. verify and refund run outside of transactions. refund is safe to repeat:
 * the same refund id has one effect.
 */
struct payment_provider {
	const char *name;
	const char *signature_variable; /* "HTTP_X_SANDBOX_SIGNATURE" */
	enum rc (*start)(struct ctx *c, const struct payment *p,
	                 const char **checkout_url);
	enum rc (*verify)(struct ctx *c, const struct payment *p,
	                  struct gateway_status *out);
	enum rc (*refund)(struct ctx *c, const struct payment *p,
	                  struct id refund, struct money amount);
	enum rc (*read_event)(struct ctx *c, const struct webhook *w,
	                      struct gateway_event *out);
};
extern const struct payment_provider sandbox_provider;
/* NULL = there is no such gateway. */
const struct payment_provider *payments_provider(const char *name);

/* What the owner of payments does; both inside one transaction of payments. */
struct payment_owner {
	/* Locks what is locked before a payment. */
	enum rc (*lock)(struct ctx *c, struct id order);
	/* The payment has just been marked captured. */
	enum rc (*captured)(struct ctx *c, const struct payment *p);
};
/* Set once at start. */
void payments_use(const struct payment_owner *owner);

/* A new attempt, inside the caller's transaction. */
CHECKED enum rc payments_open(struct ctx *c, struct id order,
                              struct money amount, struct payment *out);
/* The newest attempt of an order, if any. */
CHECKED enum rc payments_latest(struct ctx *c, struct id order,
                                struct payment *out, bool *found);
/* The captured attempt that paid an order: the first that was not given back
 * whole, if there is one; RC_NOT_FOUND. */
CHECKED enum rc payments_captured(struct ctx *c, struct id order,
                                  struct payment *out);
/* Open attempts of an order expire, inside the caller's transaction. */
CHECKED enum rc payments_expire(struct ctx *c, struct id order);
/*
 * Asks the gateway and acts on its answer. Outside of a transaction. RC_OK
 * whatever the answer was; a payment that is settled is not asked for.
 */
CHECKED enum rc payments_check(struct ctx *c, const char *tx_ref);
/*
 * Gives amount back: refund row and outbox event, inside the caller's
 * transaction (which also writes the ledger). RC_CONFLICT "refund_too_large"
 * above what was captured and not yet refunded.
 */
CHECKED enum rc payments_refund(struct ctx *c, const struct payment *p,
                                struct id vendor_order, struct money amount,
                                const char *reason, struct id *refund);

/* Secret that gateways sign with; from the settings or derived. */
const char *payments_webhook_secret(struct ctx *c);

/* Consumers and jobs. */
struct outbox_event;
enum rc payments_event_handle(struct ctx *c, const struct outbox_event *e);
enum rc payments_refund_handle(struct ctx *c, const struct outbox_event *e);
/* The payer presses "pay" on the sandbox's page: for demo and tests. */
CHECKED enum rc sandbox_pay(struct ctx *c, const char *tx_ref);
enum rc sandbox_webhook_handle(struct ctx *c, const struct outbox_event *e);
enum rc payments_reconcile_job(struct ctx *c, bool *more);

#endif
