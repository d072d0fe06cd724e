#include "config.h"

#include "db/payments_db.h"

#include "db/sql.h"

/* Every column of a payment, as each of the readers below selects them. */
#define COLUMNS                                                            \
	"SELECT id, order_id, provider, tx_ref, amount, currency, status," \
	" refunded, checkout_url, gateway_reference, problem, n_checks,"   \
	" check_at, captured_at, created_at, updated_at FROM payment"

static const struct field refund_fields[] = {
	FIELD(refund, id),
	FIELD(refund, order_id),
	FIELD(refund, vendor_order_id),
	FIELD(refund, payment_id),
	FIELD(refund, amount),
	FIELD(refund, currency),
	FIELD(refund, reason),
	FIELD(refund, status),
	FIELD(refund, created_by),
	FIELD(refund, created_at),
	FIELDS_END,
};
static const struct shape refund_shape = SHAPE(refund, refund_fields);

static const struct field sandbox_fields[] = {
	FIELD(sandbox_payment, tx_ref),     FIELD(sandbox_payment, amount),
	FIELD(sandbox_payment, currency),   FIELD(sandbox_payment, status),
	FIELD(sandbox_payment, return_url), FIELD(sandbox_payment, decided_at),
	FIELD(sandbox_payment, created_at), FIELDS_END,
};
static const struct shape sandbox_shape =
	SHAPE(sandbox_payment, sandbox_fields);

enum rc payments_db_insert(struct ctx *c, const struct shape *s,
                           const void *payment)
{
	return sql_insert(c, "payment", s, payment);
}

enum rc payments_db_by_ref(struct ctx *c, const struct shape *s,
                           const char *tx_ref, void *out)
{
	return sql_get(c, s, out, COLUMNS " WHERE tx_ref = ?", A(tx_ref));
}

enum rc payments_db_get(struct ctx *c, const struct shape *s, struct id id,
                        void *out)
{
	return sql_get(c, s, out, COLUMNS " WHERE id = ?", A(id));
}

enum rc payments_db_lock(struct ctx *c, const struct shape *s, struct id id,
                         void *out)
{
	return sql_get(c, s, out, COLUMNS " WHERE id = ? FOR UPDATE", A(id));
}

enum rc payments_db_latest(struct ctx *c, const struct shape *s,
                           struct id order, void *out, bool *found)
{
	return sql_find(c, s, out, found,
	                COLUMNS " WHERE order_id = ?"
	                        " ORDER BY created_at DESC, id DESC LIMIT 1",
	                A(order));
}

enum rc payments_db_captured(struct ctx *c, const struct shape *s,
                             struct id order, void *out)
{
	return sql_get(c, s, out,
	               COLUMNS " WHERE order_id = ? AND status = 'captured'"
	                       " ORDER BY refunded >= amount, created_at, id"
	                       " LIMIT 1",
	               A(order));
}

enum rc payments_db_due(struct ctx *c, const struct shape *s, int max,
                        void **out, size_t *n)
{
	return sql_list(c, s, out, n,
	                COLUMNS " WHERE check_at <= ?"
	                        " ORDER BY check_at LIMIT ?",
	                A(c->now), A(max));
}

enum rc payments_db_settle(struct ctx *c, struct id id, const char *status,
                           const char *gateway_reference, const char *problem)
{
	int64_t changed = 0;
	enum rc rc = sql_change(
		c, &changed,
		"UPDATE payment"
		"   SET status = ?, gateway_reference = ?, problem = ?,"
		"       check_at = NULL, updated_at = ?,"
		"       captured_at = IF(? = 'captured', ?, NULL)"
		" WHERE id = ?"
		"   AND status IN ('created', 'pending', 'expired', 'failed')",
		A(status), A(gateway_reference), A(problem), A(c->now),
		A(status), A(c->now), A(id));

	return rc || changed ? rc : RC_CONFLICT;
}

enum rc payments_db_wait(struct ctx *c, struct id id, int n_checks,
                         struct when check_at)
{
	return sql_run(c,
	               "UPDATE payment"
	               "   SET n_checks = ?, check_at = ?, updated_at = ?"
	               " WHERE id = ?"
	               "   AND status IN ('created', 'pending', 'expired')",
	               A(n_checks), A(check_at), A(c->now), A(id));
}

enum rc payments_db_expire(struct ctx *c, struct id order, struct when check_at)
{
	return sql_run(c,
	               "UPDATE payment"
	               "   SET status = 'expired', updated_at = ?, check_at = ?"
	               " WHERE order_id = ?"
	               "   AND status IN ('created', 'pending')",
	               A(c->now), A(check_at), A(order));
}

enum rc payments_db_add_refund(struct ctx *c, struct id id, struct money amount,
                               int64_t *changed)
{
	return sql_change(c, changed,
	                  "UPDATE payment"
	                  "   SET refunded = refunded + ?, updated_at = ?"
	                  " WHERE id = ? AND status = 'captured'"
	                  "   AND refunded + ? <= amount",
	                  A(amount), A(c->now), A(id), A(amount));
}

enum rc payments_db_insert_refund(struct ctx *c, const struct refund *r)
{
	return sql_insert(c, "refund", &refund_shape, r);
}

enum rc payments_db_refund(struct ctx *c, struct id id, struct refund *out)
{
	return sql_get(c, &refund_shape, out,
	               "SELECT id, order_id, vendor_order_id, payment_id,"
	               "       amount, currency, reason, status, created_by,"
	               "       created_at"
	               "  FROM refund WHERE id = ?",
	               A(id));
}

enum rc payments_db_refund_done(struct ctx *c, struct id id)
{
	return sql_run(c,
	               "UPDATE refund SET status = 'done', sent_at = ?"
	               " WHERE id = ? AND status = 'pending'",
	               A(c->now), A(id));
}

enum rc payments_db_insert_event(struct ctx *c, const char *provider,
                                 const char *event_id, const char *tx_ref,
                                 const void *body, size_t n)
{
	return sql_run(c,
	               "INSERT INTO payment_event"
	               "       (id, provider, event_id, tx_ref, body,"
	               "        received_at)"
	               "VALUES (?, ?, ?, ?, ?, ?)",
	               A(id_new()), A(provider), A(event_id), A(tx_ref),
	               A(((struct blob){ body, n })), A(c->now));
}

enum rc sandbox_db_insert(struct ctx *c, const struct sandbox_payment *p)
{
	return sql_insert(c, "sandbox_payment", &sandbox_shape, p);
}

enum rc sandbox_db_get(struct ctx *c, const char *tx_ref,
                       struct sandbox_payment *out)
{
	return sql_get(c, &sandbox_shape, out,
	               "SELECT tx_ref, amount, currency, status, return_url,"
	               "       decided_at, created_at"
	               "  FROM sandbox_payment WHERE tx_ref = ?",
	               A(tx_ref));
}

enum rc sandbox_db_decide(struct ctx *c, const char *tx_ref, const char *status)
{
	int64_t changed = 0;
	enum rc rc = sql_change(c, &changed,
	                        "UPDATE sandbox_payment"
	                        "   SET status = ?, decided_at = ?"
	                        " WHERE tx_ref = ? AND status = 'open'",
	                        A(status), A(c->now), A(tx_ref));

	return rc || changed ? rc : RC_CONFLICT;
}

enum rc sandbox_db_refund(struct ctx *c, struct id reference,
                          const char *tx_ref, struct money amount)
{
	return sql_run(c,
	               "INSERT INTO sandbox_refund"
	               "       (reference, tx_ref, amount, created_at)"
	               "VALUES (?, ?, ?, ?)"
	               "    ON DUPLICATE KEY UPDATE tx_ref = VALUES(tx_ref)",
	               A(reference), A(tx_ref), A(amount), A(c->now));
}
