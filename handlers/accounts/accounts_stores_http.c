/* Stores: as the public, their people and admins see and change them. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"
#include "handlers/media/media.h"

#include <math.h>
#include <string.h>

enum { RADIUS_KM = 50 };

static enum rc filter_of(struct ctx *c, const struct vendor_query *in,
                         struct vendor_filter *f)
{
	if (isnan(in->lat) != isnan(in->lng))
		return fail_field(c, isnan(in->lat) ? "lat" : "lng", "required",
		                  "lat and lng belong together");
	*f = (struct vendor_filter){ .q = in->q,
		                     .city = in->city,
		                     .lat = in->lat,
		                     .lng = in->lng,
		                     .radius = isnan(in->radius) ? RADIUS_KM
		                                                 : in->radius };
	return RC_OK;
}

/* Nearest first, unless asked otherwise or nobody said where. */
static enum rc choose_order(struct req *r, const struct vendor_filter *f)
{
	struct page *page = &r->page;
	bool asked = false;

	for (size_t i = 0; i < r->n_queries; i++)
		asked |= strcmp(r->queries[i].name, "ordering") == 0;
	if (!asked && !isnan(f->lat)) {
		page->n_order = 1;
		page->order[0] = (struct page_order){ "distance_km", false };
	}
	for (int i = 0; i < page->n_order; i++)
		if (strcmp(page->order[i].name, "distance_km") == 0 &&
		    isnan(f->lat))
			return fail(&r->ctx, RC_BAD_REQUEST, "bad_ordering",
			            "Ordering by distance_km needs lat and "
			            "lng");
	return RC_OK;
}

enum rc accounts_vendors_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct vendor_query in = { 0 };
	struct vendor_filter f = { 0 };
	struct vendor_seen *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };

	req_query(r, &in);
	enum rc rc = filter_of(c, &in, &f);
	if (!rc)
		rc = choose_order(r, &f);
	if (!rc)
		rc = vendors_db_seen_page(c, &f, &r->page, &rows, &n, &info);
	for (size_t i = 0; i < n && !rc; i++)
		rows[i].logo_url = logo_url(c, rows[i].logo);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc accounts_vendor_one_get(struct req *r)
{
	struct vendor_seen out = { 0 };
	enum rc rc = vendors_db_seen(&r->ctx, req_param(r, 0), &out);

	out.logo_url = logo_url(&r->ctx, out.logo);

	return rc ? rc : reply(r, &out);
}

static struct store_bank *bank_of(struct ctx *c, const struct vendor_row *v)
{
	if (!v->bank_last4)
		return NULL;
	struct store_bank *b = arena_new(c->arena, struct store_bank);

	*b = (struct store_bank){ v->bank_name, v->bank_last4,
		                  v->bank_verified_at };
	return b;
}

static struct store_seen seen_of(struct ctx *c, const struct vendor_row *v)
{
	return (struct store_seen){
		.id = v->id,
		.owner_id = v->owner_id,
		.slug = v->slug,
		.name = v->name,
		.status = v->status,
		.status_reason = v->status_reason,
		.description = v->description,
		.logo_url = logo_url(c, v->logo),
		.logo_status = v->logo_source    ? "processing"
		               : v->logo_refused ? "refused"
		               : v->logo         ? "ready"
		                                 : "none",
		.logo_reason = media_refusal(v->logo_refused),
		.email = v->email,
		.phone = v->phone,
		.address = v->address,
		.city = v->city,
		.region = v->region,
		.country = v->country,
		.lat = v->lat,
		.lng = v->lng,
		.is_approximate = v->is_approximate,
		.opening_hours = v->opening_hours,
		.holiday_from = v->holiday_from,
		.holiday_until = v->holiday_until,
		.holiday_note = v->holiday_note,
		.payout_schedule = v->payout_schedule,
		.payout_day = v->payout_day,
		.bank_account = bank_of(c, v),
		.payouts_held_until = v->payouts_held_until,
		.commission_bp = v->commission_bp,
		.created_at = v->created_at,
		.updated_at = v->updated_at,
		.version = v->version,
	};
}

enum rc store_reply(struct req *r, const struct vendor_row *v)
{
	struct store_seen out = seen_of(&r->ctx, v);

	return reply(r, &out);
}

enum rc accounts_store_get(struct req *r)
{
	struct vendor_row v = { 0 };
	enum rc rc = vendors_db_get(&r->ctx, r->ctx.vendor, &v);

	return rc ? rc : store_reply(r, &v);
}

enum rc accounts_store_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct vendor_patch in = { 0 };
	struct vendor_row v = { 0 };

	req_body(r, &in);
	enum rc rc = sql_begin(c);
	if (rc)
		return rc;
	rc = vendors_db_lock(c, c->vendor, &v);
	if (!rc)
		rc = req_if_match(r, v.version);
	if (!rc)
		rc = store_change(c, c->vendor, &in, &v);
	rc = sql_end(c, rc);
	return rc ? rc : store_reply(r, &v);
}

enum rc accounts_store_apply_post(struct req *r)
{
	struct vendor_row v = { 0 };
	enum rc rc =
		vendor_apply(&r->ctx, r->ctx.vendor, VENDOR_REAPPLY, NULL, &v);

	return rc ? rc : store_reply(r, &v);
}

enum rc accounts_admin_vendors_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct vendors_query in = { 0 };
	struct vendor_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };

	req_query(r, &in);
	enum rc rc =
		vendors_db_page(c, in.status, in.q, &r->page, &rows, &n, &info);
	if (rc)
		return rc;
	struct store_seen *out =
		arena_new_array(c->arena, struct store_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = seen_of(c, &rows[i]);
	return reply_page(r, out, n, &info);
}

enum rc accounts_admin_vendor_get(struct req *r)
{
	struct vendor_row v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = vendors_db_get(&r->ctx, id, &v);
	return rc ? rc : store_reply(r, &v);
}

enum rc accounts_admin_vendor_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct commission_in in = { 0 };
	struct vendor_row v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = vendors_db_lock(c, id, &v);
	if (!rc)
		rc = req_if_match(r, v.version);
	if (!rc && shape_given(&commission_in_shape, &in, "commission_bp"))
		rc = vendor_commission(c, &v, in.commission_bp);
	if (!rc && shape_given(&commission_in_shape, &in, "bank_verified"))
		rc = vendor_bank_verify(c, &v, in.bank_verified);
	/* Shoppers see its version. */
	touch(c, TAG_VENDORS);
	touch_name(c, "vendor", v.slug);
	if (!rc)
		rc = vendors_db_get(c, id, &v);
	rc = sql_end(c, rc);
	return rc ? rc : store_reply(r, &v);
}

static enum rc apply(struct req *r, enum vendor_event event)
{
	struct reason_in in = { 0 };
	struct vendor_row v = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc && event == VENDOR_SUSPEND)
		rc = accounts_need_recent_password(&r->ctx);
	if (!rc)
		rc = vendor_apply(&r->ctx, id, event, in.reason, &v);
	return rc ? rc : store_reply(r, &v);
}

enum rc accounts_admin_vendor_approve_post(struct req *r)
{
	return apply(r, VENDOR_APPROVE);
}

enum rc accounts_admin_vendor_reject_post(struct req *r)
{
	return apply(r, VENDOR_REJECT);
}

enum rc accounts_admin_vendor_suspend_post(struct req *r)
{
	return apply(r, VENDOR_SUSPEND);
}
