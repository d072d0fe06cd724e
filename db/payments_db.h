/* Rows of payments, refunds and what gateways told us. */
#ifndef MERKATO_PAYMENTS_DB_H
#define MERKATO_PAYMENTS_DB_H

#include "fcgi/base/ctx.h"
#include "fcgi/base/shape.h"

struct refund {
	struct id id, order_id, vendor_order_id, payment_id;
	struct money amount;
	const char *currency, *reason, *status;
	struct id created_by;
	struct when created_at;
};

/* s is the shape of struct payment with all columns. */
CHECKED enum rc payments_db_insert(struct ctx *c, const struct shape *s,
                                   const void *payment);
CHECKED enum rc payments_db_by_ref(struct ctx *c, const struct shape *s,
                                   const char *tx_ref, void *out);
CHECKED enum rc payments_db_get(struct ctx *c, const struct shape *s,
                                struct id id, void *out);
CHECKED enum rc payments_db_lock(struct ctx *c, const struct shape *s,
                                 struct id id, void *out);
CHECKED enum rc payments_db_latest(struct ctx *c, const struct shape *s,
                                   struct id order, void *out, bool *found);
CHECKED enum rc payments_db_captured(struct ctx *c, const struct shape *s,
                                     struct id order, void *out);
/* Those whose check_at has come. */
CHECKED enum rc payments_db_due(struct ctx *c, const struct shape *s, int max,
                                void **out, size_t *n);
/* Moves an unsettled payment; check_at 0 = no further checks. RC_CONFLICT when
 * it has been settled meanwhile. */
CHECKED enum rc payments_db_settle(struct ctx *c, struct id id,
                                   const char *status,
                                   const char *gateway_reference,
                                   const char *problem);
CHECKED enum rc payments_db_wait(struct ctx *c, struct id id, int n_checks,
                                 struct when check_at);
CHECKED enum rc payments_db_expire(struct ctx *c, struct id order,
                                   struct when check_at);
/* *changed 0 = more than is left. */
CHECKED enum rc payments_db_add_refund(struct ctx *c, struct id id,
                                       struct money amount, int64_t *changed);
CHECKED enum rc payments_db_insert_refund(struct ctx *c,
                                          const struct refund *r);
CHECKED enum rc payments_db_refund(struct ctx *c, struct id id,
                                   struct refund *out);
CHECKED enum rc payments_db_refund_done(struct ctx *c, struct id id);
/* RC_CONFLICT: this event is known. */
CHECKED enum rc payments_db_insert_event(struct ctx *c, const char *provider,
                                         const char *event_id,
                                         const char *tx_ref, const void *body,
                                         size_t n);

/* The other side of the sandbox gateway. */
struct sandbox_payment {
	const char *tx_ref;
	struct money amount;
	const char *currency, *status, *return_url;
	struct when decided_at, created_at;
};
CHECKED enum rc sandbox_db_insert(struct ctx *c,
                                  const struct sandbox_payment *p);
CHECKED enum rc sandbox_db_get(struct ctx *c, const char *tx_ref,
                               struct sandbox_payment *out);
/* RC_CONFLICT unless it is open. */
CHECKED enum rc sandbox_db_decide(struct ctx *c, const char *tx_ref,
                                  const char *status);
/* The same reference has one effect. */
CHECKED enum rc sandbox_db_refund(struct ctx *c, struct id reference,
                                  const char *tx_ref, struct money amount);

#endif
