/*
 * Stores: application, profile, and the one table of their status. What a
 * change means to listings and carts other modules say (struct accounts_part),
 * in the same transaction.
 */
#include "config.h"

#include "handlers/accounts/accounts_inside.h"

#include <math.h>
#include <string.h>

#include "fcgi/base/text.h"

enum { SLUG_TRIES = 20 };

enum rc store_slug(struct ctx *c, const char *name, const char **slug)
{
	const char *base = text_slug(c->arena, name);
	char text[ID_TEXT_MAX];

	if (!*base)
		base = "store";
	for (int i = 1; i <= SLUG_TRIES; i++) {
		const char *now =
			i == 1 ? base : arena_fmt(c->arena, "%s-%d", base, i);
		struct vendor_row v = { 0 };
		bool found = false;
		enum rc rc = vendors_db_find_slug(c, now, &v, &found);

		if (rc)
			return rc;
		if (!found) {
			*slug = now;
			return RC_OK;
		}
	}
	*slug = arena_fmt(c->arena, "%s-%.8s", base,
	                  id_text(id_new(), text) + 24);
	return RC_OK;
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static struct vendor_row row_of(struct ctx *c, const struct vendor_new *in,
                                const char *slug)
{
	return (struct vendor_row){
		.id = id_is_none(in->id) ? id_new() : in->id,
		.owner_id = in->owner,
		.slug = slug,
		.name = in->name,
		.status = in->status ? in->status : "pending",
		.status_at = c->now,
		.description = or_empty(in->description),
		.phone = in->phone,
		.address = or_empty(in->address),
		.city = or_empty(in->city),
		.region = or_empty(in->region),
		.country = "ET",
		.lat = in->lat,
		.lng = in->lng,
		.is_approximate = in->is_approximate,
		.payout_schedule = "weekly",
		.payout_day = 1,
		.commission_bp = INT_NONE,
		.created_at = c->now,
		.updated_at = c->now,
		.version = 1,
	};
}

static enum rc add_role(struct ctx *c, struct id user, unsigned role)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_lock(c, user, &u);

	if (rc || (u.roles & role))
		return rc;
	return accounts_db_roles_set(c, user, u.roles | role, u.permissions);
}

static enum rc insert_store(struct ctx *c, const struct vendor_row *v)
{
	enum rc rc = vendors_db_insert(c, v);

	if (rc == RC_CONFLICT)
		return fail(c, rc, "store_exists",
		            "This person has a store already");
	if (!rc)
		rc = add_role(c, v->owner_id, ROLE_VENDOR);
	if (!rc)
		rc = parts_vendor_changed(c, v->id);
	touch(c, TAG_VENDORS);
	return rc;
}

enum rc accounts_create_vendor(struct ctx *c, const struct vendor_new *in,
                               struct id *out)
{
	const char *slug = in->slug;
	enum rc rc = RC_OK;

	if (!slug)
		rc = store_slug(c, in->name, &slug);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	struct vendor_row v = row_of(c, in, slug);

	rc = sql_end(c, insert_store(c, &v));
	if (!rc)
		*out = v.id;
	return rc;
}

enum rc accounts_create_staff(struct ctx *c, struct id vendor, struct id user,
                              unsigned permissions)
{
	struct user_row u = { 0 };
	enum rc rc = accounts_db_user_get(c, user, &u);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	struct staff_row s = { .id = id_new(),
		               .vendor_id = vendor,
		               .user_id = user,
		               .email = u.email,
		               .email_key = u.email_key,
		               .permissions = permissions & MAY_STAFF_ALL,
		               .status = "active",
		               .invited_at = c->now,
		               .accepted_at = c->now };

	rc = staff_db_insert(c, &s);
	if (rc == RC_CONFLICT)
		rc = fail(c, rc, "works_already",
		          "This person works in a store already");
	if (!rc)
		rc = add_role(c, user, ROLE_STAFF);
	return sql_end(c, rc);
}

/* The status machine. */

struct vendor_move {
	const char *from;
	enum vendor_event event;
	const char *to;
	const char *what; /* audit and mail */
};
static const struct vendor_move moves[] = {
	{ "pending", VENDOR_APPROVE, "approved", "vendor.approved" },
	{ "pending", VENDOR_REJECT, "rejected", "vendor.rejected" },
	{ "approved", VENDOR_SUSPEND, "suspended", "vendor.suspended" },
	{ "suspended", VENDOR_APPROVE, "approved", "vendor.approved" },
	{ "rejected", VENDOR_APPROVE, "approved", "vendor.approved" },
	{ "rejected", VENDOR_REAPPLY, "pending", "vendor.applied" },
};

static const struct vendor_move *find_move(const char *from,
                                           enum vendor_event event)
{
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i].event == event && strcmp(moves[i].from, from) == 0)
			return &moves[i];
	return NULL;
}

static const char *status_text(struct ctx *c, const char *status)
{
	return json_given(c, json_pack("{s:s}", "status", status));
}

static enum rc record_move(struct ctx *c, const struct vendor_row *v,
                           const struct vendor_move *m, const char *reason)
{
	struct user_row owner = { 0 };
	enum rc rc =
		audit_add(c, m->what, "vendor", v->id, status_text(c, m->from),
	                  status_text(c, m->to), reason);

	if (!rc)
		rc = accounts_db_user_get(c, v->owner_id, &owner);
	if (!rc && owner.email)
		rc = tell(c, m->what, v->id, owner.email, owner.name,
		          owner.locale,
		          json_pack("{s:s, s:s?}", "store", v->name, "reason",
		                    reason));
	if (!rc)
		rc = parts_vendor_changed(c, v->id);
	touch(c, TAG_VENDORS | TAG_CATALOG);
	touch_name(c, "vendor", v->slug);
	return rc;
}

static enum rc apply(struct ctx *c, struct id vendor, enum vendor_event event,
                     const char *reason, struct vendor_row *v)
{
	int64_t changed = 0;
	enum rc rc = vendors_db_lock(c, vendor, v);

	if (rc)
		return rc;
	const struct vendor_move *m = find_move(v->status, event);

	if (!m)
		return fail(c, RC_CONFLICT, "not_allowed", "The store is %s",
		            v->status);
	rc = vendors_db_move(c, vendor, m->from, m->to, reason, &changed);
	if (!rc && !changed)
		rc = fail(c, RC_CONFLICT, "changed",
		          "The store has changed in the meantime");
	if (!rc)
		rc = record_move(c, v, m, reason);
	return rc;
}

enum rc vendor_apply(struct ctx *c, struct id vendor, enum vendor_event event,
                     const char *reason, struct vendor_row *out)
{
	enum rc rc = sql_begin(c);

	if (rc)
		return rc;
	rc = apply(c, vendor, event, reason, out);
	if (!rc)
		rc = vendors_db_get(c, vendor, out);
	return sql_end(c, rc);
}

/* The profile. */

static enum rc check_place(struct ctx *c, const struct vendor_patch *p)
{
	const struct shape *s = &vendor_patch_shape;
	bool lat = shape_given(s, p, "lat"), lng = shape_given(s, p, "lng");

	if (lat != lng || (lat && isnan(p->lat) != isnan(p->lng)))
		return fail_field(c, lat ? "lng" : "lat", "required",
		                  "lat and lng belong together");
	if (shape_given(s, p, "holiday_until") && p->holiday_until.us &&
	    p->holiday_from.us && p->holiday_until.us <= p->holiday_from.us)
		return fail_field(c, "holiday_until", "too_early",
		                  "The end lies before the beginning");
	return RC_OK;
}

/* What shoppers see of its goods may depend on these. */
static bool moves_goods(const struct vendor_patch *p)
{
	static const char *const names[] = {
		"lat",           "lng",  "is_approximate", "holiday_from",
		"holiday_until", "name", "city",           NULL
	};

	for (size_t i = 0; names[i]; i++)
		if (shape_given(&vendor_patch_shape, p, names[i]))
			return true;
	return false;
}

static enum rc change_store(struct ctx *c, const struct vendor_row *v,
                            const struct vendor_patch *p,
                            struct json_text hours)
{
	enum rc rc = vendors_db_set(c, v->id, p);

	if (!rc && hours.s)
		rc = vendors_db_hours_set(c, v->id, hours);
	if (!rc && p->bank_account)
		rc = bank_change(c, v, p->bank_account);
	if (!rc && moves_goods(p))
		rc = vendors_db_note_holiday(c, v->id);
	if (!rc && moves_goods(p))
		rc = parts_vendor_changed(c, v->id);
	touch(c, TAG_VENDORS);
	if (moves_goods(p))
		touch(c, TAG_CATALOG);
	touch_name(c, "vendor", v->slug);
	return rc;
}

static enum rc check_change(struct ctx *c, const struct vendor_patch *p,
                            struct json_text *hours)
{
	enum rc rc = check_place(c, p);

	if (shape_given(&vendor_patch_shape, p, "opening_hours") &&
	    hours_text(c, p->opening_hours, p->n_opening_hours, hours))
		rc = RC_INVALID;
	if (!rc && p->bank_account)
		rc = accounts_need_recent_password(c);
	return rc;
}

enum rc store_change(struct ctx *c, struct id vendor,
                     const struct vendor_patch *p, struct vendor_row *out)
{
	struct json_text hours = { NULL };
	enum rc rc = check_change(c, p, &hours);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = vendors_db_lock(c, vendor, out);
	if (!rc)
		rc = change_store(c, out, p, hours);
	if (!rc)
		rc = vendors_db_get(c, vendor, out);
	return sql_end(c, rc);
}
