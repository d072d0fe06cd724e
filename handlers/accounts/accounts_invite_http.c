/* Invitations of admins: by super admins, who give their password again. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

static struct invitation_seen seen_of(struct ctx *c, const struct link_row *l)
{
	struct invitation_seen out = {
		.id = l->id,
		.email = l->email,
		.status = l->expires_at.us > c->now.us ? "invited" : "expired",
		.is_super = (l->roles & ROLE_SUPER) != 0,
		.invited_by = l->created_by,
		.created_at = l->created_at,
		.expires_at = l->expires_at,
	};

	out.permissions =
		permission_names(c, l->permissions, &out.n_permissions);
	return out;
}

enum rc accounts_register_admin_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct admin_in in = { 0 };
	struct link_row l = { 0 };
	int64_t permissions = 0;

	req_body(r, &in);
	enum rc rc =
		permissions_read(c, "permissions", in.permissions,
	                         in.n_permissions, MAY_ADMIN_ALL, &permissions);
	if (!rc && !in.is_super && !permissions)
		rc = fail_field(c, "permissions", "required",
		                "A limited admin needs permissions");
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = admin_invite(c, in.email, in.is_super, permissions, &l);
	if (rc)
		return rc;
	struct invitation_seen out = seen_of(c, &l);

	return reply_created(r, &out, "/api/admin/invitations");
}

enum rc accounts_invitations_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct link_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc = links_db_open_page(c, "admin_invite", &r->page, &rows, &n,
	                                &info);

	if (rc)
		return rc;
	struct invitation_seen *out =
		arena_new_array(c->arena, struct invitation_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = seen_of(c, &rows[i]);
	return reply_page(r, out, n, &info);
}

enum rc accounts_invitation_resend_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct link_row l = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = admin_invite_again(c, id, &l);
	if (rc)
		return rc;
	struct invitation_seen out = seen_of(c, &l);

	return reply(r, &out);
}

enum rc accounts_invitation_delete(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = admin_invite_revoke(&r->ctx, id);
	return rc ? rc : reply_empty(r);
}
