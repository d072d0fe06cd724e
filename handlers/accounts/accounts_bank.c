#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <ctype.h>
#include <string.h>

#include "fcgi/base/crypto.h"

enum { HOLD_S = 72 * HOUR };

static const char *plain_number(struct ctx *c, const char *s)
{
	char *out = arena_strdup(c->arena, s);
	size_t n = 0;

	for (; *s; s++)
		if (*s != ' ' && *s != '-')
			out[n++] = *s;
	out[n] = '\0';
	return out;
}

static bool is_number(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]))
			return false;
	return n >= 6 && n <= 34;
}

static enum rc announce(struct ctx *c, const struct vendor_row *v,
                        const char *last4)
{
	struct user_row owner = { 0 };
	enum rc rc = accounts_db_user_get(c, v->owner_id, &owner);

	if (!rc)
		rc = tell(c, "vendor.bank_changed", v->id, owner.email,
		          owner.name, owner.locale,
		          json_pack("{s:s, s:s}", "store", v->name, "last4",
		                    last4));
	if (!rc)
		rc = security_event_add(c, "bank.changed", v->owner_id, v->id,
		                        NULL);
	return rc;
}

enum rc bank_change(struct ctx *c, const struct vendor_row *v,
                    const struct bank_account *b)
{
	char text[ID_TEXT_MAX];
	const char *number = plain_number(c, b->number);
	const char *place = arena_fmt(c->arena, "vendor:bank_account:%s",
	                              id_text(v->id, text));

	if (!is_number(number))
		return fail_field(c, "bank_account.number", "bad_number",
		                  "An account number has 6 to 34 letters and "
		                  "digits");
	const char *last4 = number + strlen(number) - 4;
	enum rc rc = vendors_db_bank_set(
		c, v->id, seal(c->arena, place, number, strlen(number)),
		b->bank_name, last4, when_plus(c->now, HOLD_S));

	if (!rc)
		rc = audit_add(
			c, "vendor.bank_changed", "vendor", v->id,
			json_given(c,
		                   json_pack("{s:s?}", "last4", v->bank_last4)),
			json_given(c, json_pack("{s:s}", "last4", last4)),
			NULL);
	return rc ? rc : announce(c, v, last4);
}

enum rc vendor_bank_verify(struct ctx *c, const struct vendor_row *v,
                           bool is_verified)
{
	if (!v->bank_last4)
		return fail(c, RC_CONFLICT, "no_bank_account",
		            "The store has no bank account");
	enum rc rc = vendors_db_bank_verified(
		c, v->id, is_verified ? c->now : (struct when){ 0 });

	if (!rc)
		rc = audit_add(
			c, "vendor.bank_verified", "vendor", v->id,
			json_given(c, json_pack("{s:b}", "verified",
		                                v->bank_verified_at.us != 0)),
			json_given(c,
		                   json_pack("{s:b}", "verified", is_verified)),
			NULL);
	return rc;
}

static const char *rate_text(struct ctx *c, int64_t bp)
{
	if (bp == INT_NONE)
		return "{\"commission_bp\":null}";
	return json_given(c,
	                  json_pack("{s:I}", "commission_bp", (json_int_t)bp));
}

enum rc vendor_commission(struct ctx *c, const struct vendor_row *v, int64_t bp)
{
	enum rc rc = vendors_db_commission_set(c, v->id, bp);

	if (!rc)
		rc = audit_add(c, "vendor.commission", "vendor", v->id,
		               rate_text(c, v->commission_bp), rate_text(c, bp),
		               NULL);
	return rc;
}
