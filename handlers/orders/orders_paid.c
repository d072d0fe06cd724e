/* What happens when money has arrived, when it has not in time, and when a
 * vendor's share is through its holding days. */
#include "config.h"

#include <string.h>

#include "db/outbox_db.h"
#include "db/sql.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "handlers/catalog/catalog.h"
#include "handlers/ledger/ledger.h"
#include "handlers/orders/orders_inside.h"

enum { BATCH = 20, DAY_S = 86400 };

enum rc orders_lock(struct ctx *c, struct id order, struct order *o,
                    struct vendor_order **parts, size_t *n)
{
	enum rc rc = orders_db_lock(c, order, o);

	return rc ? rc : orders_db_lock_parts(c, order, parts, n);
}

static enum rc lock_for_payment(struct ctx *c, struct id order)
{
	struct order o = { 0 };

	return orders_db_lock(c, order, &o);
}

static const char *key_of(struct ctx *c, const char *what, struct id id)
{
	char text[ID_TEXT_MAX];

	return arena_fmt(c->arena, "%s/%s", what, id_text(id, text));
}

/*
 * The split of one captured payment: commission at once, tax apart, shipping
 * and the rest to the vendors' pending purses.
 */
static enum rc post_capture(struct ctx *c, const struct payment *p,
                            const struct vendor_order *parts, size_t n)
{
	struct posting *post = arena_new(c->arena, struct posting);
	enum rc rc = RC_OK;

	posting_init(post, c, "capture", key_of(c, "capture", p->id));
	post->order = p->order_id;
	posting_add_gateway(post, p->provider, money_negated(p->amount));
	for (size_t i = 0; i < n && !rc; i++) {
		const struct vendor_order *v = &parts[i];
		struct money share;

		if (!money_sub(v->total, v->tax_total, &share) ||
		    !money_sub(share, v->commission_total, &share))
			return fail(c, RC_INTERNAL, "internal",
			            "Internal error");
		posting_add(post, LEDGER_COMMISSION, v->commission_total);
		posting_add(post, LEDGER_TAX, v->tax_total);
		posting_add_vendor(post, v->vendor_id, PURSE_PENDING, share);
		rc = orders_db_add_share(c, v->id, share);
	}
	return rc ? rc : ledger_post(post);
}

static enum rc count_sales(struct ctx *c, struct id order)
{
	struct order_item *items;
	size_t n;
	enum rc rc = orders_db_items(c, order, &items, &n);

	for (size_t i = 0; i < n && !rc; i++)
		rc = catalog_count_sale(c, items[i].product_id,
		                        items[i].variant_id, items[i].quantity);
	return rc;
}

static enum rc pay_parts(struct ctx *c, struct order *o,
                         struct vendor_order *parts, size_t n,
                         const struct payment *p)
{
	enum rc rc = orders_apply(c, o, parts, n, ORDER_DO_PAY, NULL);

	/* Products before balances, as everywhere. */
	if (!rc)
		rc = count_sales(c, o->id);
	if (!rc)
		rc = post_capture(c, p, parts, n);
	if (!rc)
		rc = outbox_add(c, "order.paid", o->id,
		                orders_payload(c, o, NULL, NULL));
	return rc;
}

/* Money that nothing is sold for: booked in and at once out again. */
static enum rc give_all_back(struct ctx *c, const struct payment *p,
                             const char *why)
{
	struct posting *post = arena_new(c->arena, struct posting);
	struct id refund;

	posting_init(post, c, "capture", key_of(c, "capture", p->id));
	post->order = p->order_id;
	posting_add_gateway(post, p->provider, money_negated(p->amount));
	posting_add(post, LEDGER_UNALLOCATED, p->amount);
	enum rc rc = ledger_post(post);
	if (!rc)
		rc = payments_refund(c, p, (struct id){ 0 }, p->amount, why,
		                     &refund);
	if (rc)
		return rc;
	posting_init(post, c, "refund", key_of(c, "refund", refund));
	post->order = p->order_id;
	post->note = why;
	posting_add_gateway(post, p->provider, p->amount);
	posting_add(post, LEDGER_UNALLOCATED, money_negated(p->amount));
	rc = ledger_post(post);
	return rc ? rc
	          : outbox_add(c, "order.payment_returned", p->order_id, NULL);
}

/* All of it, or nothing: what was taken before the first that is short is put
 * back. */
static enum rc take_again(struct ctx *c, const struct order *o, bool *is_taken)
{
	struct order_item *items;
	size_t n, taken = 0;
	enum rc rc = orders_db_items(c, o->id, &items, &n);

	if (rc)
		return rc;
	orders_sort_by_variant(items, n);
	while (taken < n && !rc) {
		rc = catalog_stock_take(c, items[taken].variant_id,
		                        items[taken].quantity, o->id);
		taken += !rc;
	}
	*is_taken = !rc;
	if (rc != RC_CONFLICT && rc != RC_NOT_FOUND)
		return rc;
	fail_clear(c);
	rc = RC_OK;
	for (size_t i = 0; i < taken && !rc; i++)
		rc = catalog_stock_return(c, items[i].variant_id,
		                          items[i].quantity, o->id);
	return rc;
}

static enum rc captured(struct ctx *c, const struct payment *p)
{
	struct order o = { 0 };
	struct vendor_order *parts;
	bool is_taken = false;
	size_t n;
	enum rc rc = orders_lock(c, p->order_id, &o, &parts, &n);

	if (rc)
		return rc;
	switch (orders_status_of(o.status)) {
	case ORDER_PENDING:
		return pay_parts(c, &o, parts, n, p);
	case ORDER_EXPIRED:
		rc = take_again(c, &o, &is_taken);
		if (rc)
			return rc;
		if (is_taken)
			return pay_parts(c, &o, parts, n, p);
		return give_all_back(c, p, "paid after the order had expired");
	default:
		return give_all_back(c, p, "the order needed no payment");
	}
}

/* Payments act as the system, whoever's request brought the news. */
static enum rc captured_as_system(struct ctx *c, const struct payment *p)
{
	unsigned roles = c->roles;
	struct id actor = c->actor;

	c->roles = ROLE_SYSTEM;
	c->actor = (struct id){ 0 };
	enum rc rc = captured(c, p);
	c->roles = roles;
	c->actor = actor;
	return rc;
}

const struct payment_owner orders_payment_owner = {
	.lock = lock_for_payment,
	.captured = captured_as_system,
};

void orders_start(void)
{
	payments_use(&orders_payment_owner);
}

static enum rc expire(struct ctx *c, struct id order)
{
	struct order o = { 0 };
	struct vendor_order *parts;
	size_t n;
	enum rc rc = orders_lock(c, order, &o, &parts, &n);

	/* Paid or cancelled since it was found. */
	if (rc || strcmp(o.status, order_status_names[ORDER_PENDING]) != 0)
		return rc;
	rc = payments_expire(c, order);
	if (!rc)
		rc = orders_apply(c, &o, parts, n, ORDER_DO_EXPIRE, NULL);
	return rc ? rc
	          : outbox_add(c, "order.expired", order,
	                       orders_payload(c, &o, NULL, NULL));
}

enum rc orders_expire_job(struct ctx *c, bool *more)
{
	struct order_ref *due;
	size_t n;
	enum rc rc = orders_db_expired(c, BATCH, &due, &n);

	for (size_t i = 0; i < n && !rc; i++) {
		rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, expire(c, due[i].id));
	}
	*more = !rc && n == BATCH;
	return rc;
}

static enum rc release(struct ctx *c, const struct order_ref *ref)
{
	struct order o = { 0 };
	struct vendor_order *v;
	struct posting *post = arena_new(c->arena, struct posting);
	int64_t changed = 0;
	enum rc rc = orders_lock_part(c, ref->id, (struct id){ 0 }, &o, &v);

	if (!rc)
		rc = orders_db_release(c, v->id, &changed);
	if (rc || !changed)
		return rc;
	posting_init(post, c, "release", key_of(c, "release", v->id));
	post->order = o.id;
	post->vendor_order = v->id;
	posting_add_vendor(post, v->vendor_id, PURSE_PENDING,
	                   money_negated(v->vendor_share));
	posting_add_vendor(post, v->vendor_id, PURSE_AVAILABLE,
	                   v->vendor_share);
	return ledger_post(post);
}

enum rc orders_release_job(struct ctx *c, bool *more)
{
	struct when before =
		when_plus(c->now, -settings->payout_hold_days * DAY_S);
	struct order_ref *due;
	size_t n;
	enum rc rc = orders_db_releasable(c, before, BATCH, &due, &n);

	for (size_t i = 0; i < n && !rc; i++) {
		rc = sql_begin(c);
		if (!rc)
			rc = sql_end(c, release(c, &due[i]));
	}
	*more = !rc && n == BATCH;
	return rc;
}

enum rc orders_pay_in_sandbox(struct ctx *c, struct id order)
{
	struct payment p = { 0 };
	bool found = false;
	enum rc rc = payments_latest(c, order, &p, &found);

	if (rc || !found)
		return rc ? rc : RC_NOT_FOUND;
	rc = sandbox_pay(c, p.tx_ref);
	return rc ? rc : payments_check(c, p.tx_ref);
}
