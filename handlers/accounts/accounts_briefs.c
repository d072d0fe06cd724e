/* What other modules ask of people and stores, and the checks they need. */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"

static struct user_brief brief_of_user(const struct user_seen *u)
{
	return (struct user_brief){ .id = u->id,
		                    .name = u->name,
		                    .email = u->email,
		                    .phone = u->phone,
		                    .locale = u->locale,
		                    .status = u->status,
		                    .roles = (unsigned)u->roles,
		                    .is_verified = u->verified_at.us != 0,
		                    .created_at = u->created_at };
}

enum rc accounts_user_list(struct ctx *c, const struct id *ids, size_t n_ids,
                           struct user_brief **out, size_t *n)
{
	struct user_seen *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = RC_OK;

	if (n_ids > 0)
		rc = accounts_db_user_list(c, ids, n_ids, &rows, &n_rows);
	if (rc)
		return rc;
	*out = arena_new_array(c->arena, struct user_brief, n_rows + 1);
	for (size_t i = 0; i < n_rows; i++)
		(*out)[i] = brief_of_user(&rows[i]);
	*n = n_rows;
	return RC_OK;
}

enum rc accounts_user_get(struct ctx *c, struct id user, struct user_brief *out)
{
	struct user_brief *rows = NULL;
	size_t n = 0;
	enum rc rc = accounts_user_list(c, &user, 1, &rows, &n);

	if (rc)
		return rc;
	if (n == 0)
		return fail(c, RC_NOT_FOUND, "not_found", "no such user");
	*out = rows[0];
	return RC_OK;
}

static double about(double v, bool is_approximate)
{
	return is_approximate ? round(v * 100) / 100 : v;
}

static bool is_closed(struct ctx *c, const struct vendor_row *v)
{
	return v->holiday_from.us && v->holiday_from.us <= c->now.us &&
	       (!v->holiday_until.us || v->holiday_until.us > c->now.us);
}

static struct vendor_brief brief_of_vendor(struct ctx *c,
                                           const struct vendor_row *v)
{
	return (struct vendor_brief){
		.id = v->id,
		.owner_id = v->owner_id,
		.slug = v->slug,
		.name = v->name,
		.status = v->status,
		.logo_url = logo_url(c, v->logo),
		.city = v->city,
		.lat = about(v->lat, v->is_approximate),
		.lng = about(v->lng, v->is_approximate),
		.commission_bp = v->commission_bp,
		.is_open =
			strcmp(v->status, "approved") == 0 && !is_closed(c, v),
		.payout_schedule = v->payout_schedule,
		.payout_day = v->payout_day,
		.bank_name = v->bank_name,
		.bank_last4 = v->bank_last4,
		.bank_verified_at = v->bank_verified_at,
		.payouts_held_until = v->payouts_held_until,
	};
}

enum rc accounts_vendor_get(struct ctx *c, struct id vendor,
                            struct vendor_brief *out)
{
	struct vendor_row v = { 0 };
	enum rc rc = vendors_db_get(c, vendor, &v);

	if (!rc)
		*out = brief_of_vendor(c, &v);
	return rc;
}

enum rc accounts_vendor_by_slug(struct ctx *c, const char *slug,
                                struct vendor_brief *out)
{
	struct vendor_row v = { 0 };
	bool found = false;
	enum rc rc = vendors_db_find_slug(c, slug, &v, &found);

	if (rc)
		return rc;
	if (!found)
		return fail(c, RC_NOT_FOUND, "not_found", "no such store");
	*out = brief_of_vendor(c, &v);
	return RC_OK;
}

enum rc accounts_vendor_list(struct ctx *c, const struct id *ids, size_t n_ids,
                             struct vendor_brief **out, size_t *n)
{
	struct vendor_row *rows = NULL;
	size_t n_rows = 0;
	enum rc rc = RC_OK;

	if (n_ids > 0)
		rc = vendors_db_list(c, ids, n_ids, &rows, &n_rows);
	if (rc)
		return rc;
	*out = arena_new_array(c->arena, struct vendor_brief, n_rows + 1);
	for (size_t i = 0; i < n_rows; i++)
		(*out)[i] = brief_of_vendor(c, &rows[i]);
	*n = n_rows;
	return RC_OK;
}

enum rc accounts_vendor_bank(struct ctx *c, struct id vendor,
                             const char **account)
{
	char text[ID_TEXT_MAX];
	struct vendor_row v = { 0 };
	char *clear = NULL;
	size_t n = 0;
	enum rc rc = vendors_db_get(c, vendor, &v);

	if (rc)
		return rc;
	if (!v.bank_account.p)
		return fail(c, RC_CONFLICT, "no_bank_account",
		            "The store has no bank account");
	if (!unseal(c->arena,
	            arena_fmt(c->arena, "vendor:bank_account:%s",
	                      id_text(vendor, text)),
	            v.bank_account, &clear, &n))
		return fail(c, RC_INTERNAL, "bank_account_damaged",
		            "The bank account cannot be read");
	*account = clear;
	return RC_OK;
}

enum rc accounts_address_get(struct ctx *c, struct id user, struct id address,
                             struct address_brief *out)
{
	struct address_row a = { 0 };
	enum rc rc = accounts_db_address_get(c, user, address, &a);

	if (rc)
		return rc;
	*out = (struct address_brief){ .id = a.id,
		                       .name = a.name,
		                       .phone = a.phone,
		                       .line1 = a.line1,
		                       .line2 = a.line2,
		                       .city = a.city,
		                       .region = a.region,
		                       .postal_code = a.postal_code,
		                       .country = a.country,
		                       .lat = a.lat,
		                       .lng = a.lng };
	return RC_OK;
}

static enum rc not_verified(struct ctx *c)
{
	return fail(c, RC_FORBIDDEN, "email_not_verified",
	            "Confirm your e-mail address first");
}

enum rc accounts_need_verified(struct ctx *c)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_get(c, c->actor, &u);

	return rc || u.verified_at.us ? rc : not_verified(c);
}

enum rc accounts_need_recent_password(struct ctx *c)
{
	struct session_row s = { 0 };
	enum rc rc = sessions_db_get(c, c->session, &s);

	if (!rc && when_plus(s.password_at, RECENT_PASSWORD_S).us < c->now.us)
		rc = fail(c, RC_FORBIDDEN, "password_needed",
		          "Confirm your password first");
	return rc;
}

static struct blob slowed_user(struct ctx *c)
{
	char text[ID_TEXT_MAX];

	return token_hash(
		c, arena_fmt(c->arena, "user:%s", id_text(c->actor, text)));
}

enum rc accounts_need_buyer(struct ctx *c)
{
	struct buyer_row b = { 0 };
	enum rc rc = security_db_buyer(
		c, c->actor, slowed_user(c),
		token_hash(c,
	                   arena_fmt(c->arena, "address:%s", address_net(c))),
		&b);

	if (rc)
		return rc;
	if (!b.verified_at.us)
		return not_verified(c);
	if (b.slowed_until.us <= c->now.us)
		return RC_OK;
	rc = fail(c, RC_TOO_MANY, "slowed", "Too many tries; wait a little");
	c->err.retry_after_s =
		(int)((b.slowed_until.us - c->now.us) / 1000000) + 1;
	return rc;
}
