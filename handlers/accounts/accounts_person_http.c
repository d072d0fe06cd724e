/* What people do with their own password, address, places and data. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <math.h>
#include <string.h>

enum { ADDRESSES_MAX = 50 };

static enum rc say(struct req *r, const char *detail)
{
	struct said out = { detail };

	return reply(r, &out);
}

enum rc accounts_forgot_post(struct req *r)
{
	struct email_in in = { 0 };

	req_body(r, &in);
	enum rc rc = password_forgot(&r->ctx, in.email);
	return rc ? rc : say(r, "If there is an account, a mail is on its way");
}

enum rc accounts_reset_post(struct req *r)
{
	struct reset_in in = { 0 };

	req_body(r, &in);
	enum rc rc = password_reset(&r->ctx, in.token, in.password);
	return rc ? rc : say(r, "The password is changed");
}

enum rc accounts_password_change_post(struct req *r)
{
	struct password_change_in in = { 0 };
	struct signed_in_tokens t = { 0 };

	req_body(r, &in);
	enum rc rc =
		password_change(&r->ctx, in.current_password, in.password, &t);
	if (rc)
		return rc;
	struct signed_in out = { .access = t.access,
		                 .token_type = "Bearer",
		                 .expires_in = t.expires_in };

	return reply(r, &out);
}

enum rc accounts_password_confirm_post(struct req *r)
{
	struct password_in in = { 0 };

	req_body(r, &in);
	enum rc rc = accounts_password_confirm(&r->ctx, in.password);
	return rc ? rc : reply_empty(r);
}

enum rc accounts_me_email_post(struct req *r)
{
	struct email_change_in in = { 0 };

	req_body(r, &in);
	enum rc rc = email_change(&r->ctx, in.email, in.password);
	return rc ? rc
	          : say(r, "If the address can be used, a mail is on its "
	                   "way to it");
}

enum rc accounts_email_confirm_post(struct req *r)
{
	struct token_in in = { 0 };

	req_body(r, &in);
	enum rc rc = email_confirm(&r->ctx, in.token);
	return rc ? rc : say(r, "The new address is confirmed");
}

enum rc accounts_me_delete(struct req *r)
{
	enum rc rc = accounts_need_recent_password(&r->ctx);

	if (!rc)
		rc = user_erase(&r->ctx, r->ctx.actor);
	return rc ? rc : reply_empty(r);
}

/* Addresses. */

static enum rc check_place(struct ctx *c, double lat, double lng)
{
	if (isnan(lat) != isnan(lng))
		return fail_field(c, isnan(lat) ? "lat" : "lng", "required",
		                  "lat and lng belong together");
	return RC_OK;
}

static struct address_row row_of(struct ctx *c, const struct address_patch *in)
{
	return (struct address_row){
		.id = id_new(),
		.user_id = c->actor,
		.label = in->label ? in->label : "",
		.name = in->name,
		.phone = in->phone,
		.line1 = in->line1,
		.line2 = in->line2 ? in->line2 : "",
		.city = in->city,
		.region = in->region ? in->region : "",
		.postal_code = in->postal_code ? in->postal_code : "",
		.country = in->country,
		.lat = in->lat,
		.lng = in->lng,
		.is_default = in->is_default,
		.created_at = c->now,
		.updated_at = c->now,
		.version = 1,
	};
}

/* The person's row is locked, so that two at once keep the number and the one
 * default. */
static enum rc add_address(struct ctx *c, struct address_row *a)
{
	struct user_row u = { 0 };
	int64_t n = 0;
	enum rc rc = accounts_db_user_lock(c, c->actor, &u);

	if (!rc)
		rc = accounts_db_address_count(c, c->actor, &n);
	if (!rc && n >= ADDRESSES_MAX)
		rc = fail(c, RC_CONFLICT, "too_many_addresses",
		          "There are at most %d addresses", ADDRESSES_MAX);
	if (n == 0)
		a->is_default = true;
	if (!rc)
		rc = accounts_db_address_insert(c, a);
	if (!rc && a->is_default)
		rc = accounts_db_address_default(c, c->actor, a->id);
	return rc;
}

enum rc accounts_addresses_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	char text[ID_TEXT_MAX];
	struct address_patch in = { 0 };

	req_body(r, &in);
	enum rc rc = check_place(c, in.lat, in.lng);
	struct address_row a = row_of(c, &in);

	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, add_address(c, &a));
	if (rc)
		return rc;
	return reply_created(r, &a,
	                     arena_fmt(c->arena, "/api/users/me/addresses/%s",
	                               id_text(a.id, text)));
}

enum rc accounts_addresses_get(struct req *r)
{
	struct address_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc = accounts_db_address_page(&r->ctx, r->ctx.actor, &r->page,
	                                      &rows, &n, &info);

	return rc ? rc : reply_page(r, rows, n, &info);
}

static enum rc reply_address(struct req *r, struct id id)
{
	struct address_row a = { 0 };
	enum rc rc = accounts_db_address_get(&r->ctx, r->ctx.actor, id, &a);

	return rc ? rc : reply(r, &a);
}

enum rc accounts_address_one_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : reply_address(r, id);
}

static enum rc change_address(struct req *r, struct id id,
                              const struct address_patch *in)
{
	struct ctx *c = &r->ctx;
	struct user_row u = { 0 };
	struct address_row a = { 0 };
	enum rc rc = accounts_db_user_lock(c, c->actor, &u);

	if (!rc)
		rc = accounts_db_address_get(c, c->actor, id, &a);
	if (!rc)
		rc = req_if_match(r, a.version);
	if (!rc)
		rc = accounts_db_address_set(c, c->actor, id, in);
	if (!rc && in->is_default)
		rc = accounts_db_address_default(c, c->actor, id);
	return rc;
}

enum rc accounts_address_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct address_patch in = { 0 };
	const struct shape *s = &address_patch_shape;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc && shape_given(s, &in, "lat") != shape_given(s, &in, "lng"))
		rc = fail_field(c, "lat", "required",
		                "lat and lng belong together");
	if (!rc && shape_given(s, &in, "lat"))
		rc = check_place(c, in.lat, in.lng);
	if (!rc)
		rc = sql_begin(c);
	if (rc)
		return rc;
	rc = sql_end(c, change_address(r, id, &in));
	return rc ? rc : reply_address(r, id);
}

enum rc accounts_address_delete(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = accounts_db_address_delete(&r->ctx, r->ctx.actor, id);
	return rc ? rc : reply_empty(r);
}

/* Everything held on a person, as one document. */

enum { EXPORT_ROWS = 100, EXPORT_PAGES = 100 };

static struct page first_page(const char *order)
{
	struct page p = { .number = 1, .size = EXPORT_ROWS, .n_order = 1 };

	p.order[0] = (struct page_order){ order, true };
	return p;
}

static enum rc export_addresses(struct ctx *c, json_t *into)
{
	struct page p = first_page("created_at");
	struct address_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc =
		accounts_db_address_page(c, c->actor, &p, &rows, &n, &info);

	if (!rc)
		json_object_set(
			into, "addresses",
			json_from_shapes(c, &address_row_shape, rows, n));
	return rc;
}

static void add_session(struct ctx *c, json_t *list,
                        const struct session_row *s)
{
	struct session_seen seen = { .id = s->id,
		                     .kind = s->kind,
		                     .device = s->device,
		                     .address = s->address,
		                     .created_at = s->created_at,
		                     .last_seen_at = s->last_seen_at,
		                     .expires_at = s->expires_at };

	json_array_append(list, json_from_shape(c, &session_seen_shape, &seen));
}

static enum rc export_sessions(struct ctx *c, json_t *into)
{
	json_t *list = json_array();
	bool more = true;
	enum rc rc = RC_OK;
	struct page p = first_page("last_seen_at");

	for (; more && !rc && p.number <= EXPORT_PAGES; p.number++) {
		struct session_row *rows = NULL;
		size_t n = 0;
		struct page_info info = { 0 };

		rc = sessions_db_page(c, c->actor, &p, &rows, &n, &info);
		for (size_t i = 0; i < n && !rc; i++)
			add_session(c, list, &rows[i]);
		more = info.more;
	}
	json_object_set_new(into, "sessions", list);
	return rc;
}

static enum rc export_events(struct ctx *c, json_t *into)
{
	struct event_filter f = { .user_id = c->actor };
	json_t *list = json_array();
	bool more = true;
	enum rc rc = RC_OK;
	struct page p = first_page("created_at");

	for (; more && !rc && p.number <= EXPORT_PAGES; p.number++) {
		struct event_row *rows = NULL;
		size_t n = 0;
		struct page_info info = { 0 };

		rc = security_db_event_page(c, &f, &p, &rows, &n, &info);
		for (size_t i = 0; i < n && !rc; i++)
			json_array_append(list,
			                  json_from_shape(c, &event_seen_shape,
			                                  &rows[i]));
		more = info.more;
	}
	json_object_set_new(into, "security_events", list);
	return rc;
}

static enum rc export_account(struct ctx *c, json_t *into)
{
	struct account a = { 0 };
	enum rc rc = account_get(c, c->actor, &a);

	if (!rc)
		json_object_set(into, "account",
		                json_from_shape(c, &account_shape, &a));
	return rc;
}

enum rc accounts_me_export_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	json_t *all = json_object();
	enum rc rc = export_account(c, all);

	if (!rc)
		rc = export_addresses(c, all);
	if (!rc)
		rc = export_sessions(c, all);
	if (!rc)
		rc = export_events(c, all);
	if (!rc)
		rc = parts_list_personal(c, c->actor, all);
	const char *text = json_given(c, all);

	if (rc)
		return rc;
	reply_header(r, "Content-Disposition",
	             "attachment; filename=\"merkato-export.json\"");
	return reply_text(r, 200, "application/json", text, strlen(text));
}
