/* On its way and at the door. */
#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "handlers/ledger/ledger.h"
#include "handlers/orders/orders_inside.h"
#include "handlers/shipping/shipping.h"

enum { CODE_TRIES = 5, CODE_RANGE = 1000000 };

/*
 * Not stored: derived from the part's id by a key of its own, so that it can be
 * shown again at any time and is in no dump.
 */
const char *orders_delivery_code(struct ctx *c, struct id part)
{
	unsigned char hash[32];
	unsigned n;

	hmac_sha256(key_for("delivery-code"), 32, part.b, sizeof part.b, hash);
	n = (unsigned)hash[0] << 24 | (unsigned)hash[1] << 16 |
	    (unsigned)hash[2] << 8 | hash[3];
	return arena_fmt(c->arena, "%06u", n % CODE_RANGE);
}

/* The platform's courier brings it: what shipping cost is the platform's. */
static enum rc post_courier(struct ctx *c, const struct vendor_order *v)
{
	struct posting *post = arena_new(c->arena, struct posting);
	char text[ID_TEXT_MAX];

	posting_init(post, c, "shipping",
	             arena_fmt(c->arena, "shipping/%s", id_text(v->id, text)));
	post->order = v->order_id;
	post->vendor_order = v->id;
	posting_add_vendor(post, v->vendor_id, PURSE_PENDING,
	                   money_negated(v->shipping_total));
	posting_add(post, LEDGER_SHIPPING, v->shipping_total);
	enum rc rc =
		orders_db_add_share(c, v->id, money_negated(v->shipping_total));
	return rc ? rc : ledger_post(post);
}

static const char *method_of(const struct ship *in)
{
	if (in->method)
		return in->method;
	return in->carrier ? "carrier" : "courier";
}

static enum rc check_ship(struct ctx *c, const struct ship *in)
{
	if (strcmp(method_of(in), "carrier") != 0)
		return RC_OK;
	if (!in->carrier)
		return fail_field(c, "carrier", "required",
		                  "which carrier brings it");
	return RC_OK;
}

static enum rc ship(struct ctx *c, struct id part, struct id vendor,
                    const struct ship *in)
{
	struct order o = { 0 };
	struct vendor_order *v;
	bool is_courier = !strcmp(method_of(in), "courier");
	enum rc rc = orders_lock_part(c, part, vendor, &o, &v);

	if (!rc)
		rc = orders_db_set_shipping(c, v->id, method_of(in),
		                            in->carrier, in->tracking_number);
	if (rc)
		return rc;
	v->shipping_method = method_of(in);
	v->carrier = in->carrier;
	v->tracking_number = in->tracking_number;
	rc = orders_apply(c, &o, v, 1, ORDER_DO_SHIP, NULL);
	if (!rc && is_courier)
		rc = shipping_assign(c, v->id, o.id, v->vendor_id);
	return rc || !is_courier ? rc : post_courier(c, v);
}

enum rc orders_ship(struct ctx *c, struct id part, struct id vendor,
                    const struct ship *in)
{
	enum rc rc = check_ship(c, in);

	if (!rc)
		rc = sql_begin(c);
	return rc ? rc : sql_end(c, ship(c, part, vendor, in));
}

/* A code that does not fit is counted, so that it cannot be found by trying;
 * the count is committed although the delivery is refused. */
static enum rc check_code(struct ctx *c, const struct vendor_order *v,
                          const char *code, bool *fits)
{
	*fits = (c->roles & ROLE_SYSTEM) && !code;
	if (*fits)
		return RC_OK;
	if (v->code_tries >= CODE_TRIES)
		return fail(c, RC_CONFLICT, "code_locked",
		            "Too many wrong codes. Ask the moderators.");
	*fits = code && secret_equal_text(code, orders_delivery_code(c, v->id));
	return *fits ? RC_OK : orders_db_count_try(c, v->id);
}

static enum rc deliver(struct ctx *c, struct id part, struct id vendor,
                       const char *code, bool *fits)
{
	struct order o = { 0 };
	struct vendor_order *v;
	enum rc rc = orders_lock_part(c, part, vendor, &o, &v);

	if (!rc)
		rc = orders_allowed(c, v, ORDER_DO_DELIVER);
	if (!rc)
		rc = check_code(c, v, code, fits);
	if (rc || !*fits)
		return rc;
	rc = orders_apply(c, &o, v, 1, ORDER_DO_DELIVER, NULL);
	return rc ? rc : shipping_delivered(c, v->id);
}

enum rc orders_deliver(struct ctx *c, struct id part, struct id vendor,
                       const char *code)
{
	bool fits = false;
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = sql_end(c, deliver(c, part, vendor, code, &fits));
	if (!rc && !fits)
		return fail(c, RC_CONFLICT, "wrong_code",
		            "The customer's code is another.");
	return rc;
}
