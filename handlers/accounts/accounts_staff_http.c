/* A store's staff and its invitations. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

static struct staff_seen seen_of(struct ctx *c, const struct staff_row *s)
{
	struct staff_seen out = { .id = s->id,
		                  .user_id = s->user_id,
		                  .email = s->email,
		                  .name = s->name,
		                  .status = s->status,
		                  .invited_at = s->invited_at,
		                  .expires_at = s->expires_at,
		                  .accepted_at = s->accepted_at,
		                  .version = s->version };

	if (strcmp(s->status, "invited") == 0 && s->expires_at.us <= c->now.us)
		out.status = "expired";
	out.permissions =
		permission_names(c, s->permissions, &out.n_permissions);
	return out;
}

enum rc accounts_staff_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct staff_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc = staff_db_page(c, c->vendor, &r->page, &rows, &n, &info);

	if (rc)
		return rc;
	struct staff_seen *out =
		arena_new_array(c->arena, struct staff_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = seen_of(c, &rows[i]);
	return reply_page(r, out, n, &info);
}

static enum rc find(struct req *r, struct id id, struct staff_seen *out)
{
	struct staff_row s = { 0 };
	enum rc rc = staff_db_get(&r->ctx, r->ctx.vendor, id, &s);

	if (!rc)
		*out = seen_of(&r->ctx, &s);
	return rc;
}

static enum rc reply_one(struct req *r, struct id id)
{
	struct staff_seen out = { 0 };
	enum rc rc = find(r, id, &out);

	return rc ? rc : reply(r, &out);
}

enum rc accounts_staff_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	char text[ID_TEXT_MAX];
	struct staff_in in = { 0 };
	struct staff_seen out = { 0 };
	struct id id = { { 0 } };
	int64_t permissions = 0;

	req_body(r, &in);
	enum rc rc =
		permissions_read(c, "permissions", in.permissions,
	                         in.n_permissions, MAY_STAFF_ALL, &permissions);
	if (!rc)
		rc = staff_invite(c, in.email, permissions, &id);
	if (!rc)
		rc = find(r, id, &out);
	if (rc)
		return rc;
	return reply_created(
		r, &out,
		arena_fmt(c->arena, "/api/vendor/staff/%s", id_text(id, text)));
}

enum rc accounts_staff_one_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : reply_one(r, id);
}

enum rc accounts_staff_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct permissions_in in = { 0 };
	int64_t permissions = 0;
	struct staff_seen now = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = permissions_read(c, "permissions", in.permissions,
		                      in.n_permissions, MAY_STAFF_ALL,
		                      &permissions);
	if (!rc)
		rc = find(r, id, &now);
	if (!rc)
		rc = req_if_match(r, now.version);
	if (!rc)
		rc = staff_grant(c, id, permissions);
	return rc ? rc : reply_one(r, id);
}

enum rc accounts_staff_delete(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = staff_remove(&r->ctx, id);
	return rc ? rc : reply_empty(r);
}

enum rc accounts_staff_resend_post(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = staff_invite_again(&r->ctx, id);
	return rc ? rc : reply_one(r, id);
}

enum rc accounts_invitation_post(struct req *r)
{
	struct acceptance in = { 0 };
	struct account out = { 0 };

	req_body(r, &in);
	enum rc rc = invitation_accept(&r->ctx, &in, &out);
	return rc ? rc : reply(r, &out);
}
