/* What admins see and change of people, events, cases, rules, the audit log.
 */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

static struct admin_user admin_user_of(struct ctx *c, const struct user_seen *u)
{
	struct admin_user out = { .id = u->id,
		                  .email = u->email,
		                  .email_verified = u->verified_at.us != 0,
		                  .name = u->name,
		                  .phone = u->phone,
		                  .locale = u->locale,
		                  .status = u->status,
		                  .status_reason = u->status_reason,
		                  .two_factor_enabled = u->totp_at.us != 0,
		                  .last_login_at = u->last_login_at,
		                  .created_at = u->created_at,
		                  .version = u->version };

	out.roles = role_names(c, u->roles, &out.n_roles);
	out.permissions =
		permission_names(c, u->permissions, &out.n_permissions);
	return out;
}

enum rc accounts_admin_users_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct users_query in = { 0 };
	struct user_seen *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	int64_t role = 0;
	enum rc rc = RC_OK;

	req_query(r, &in);
	if (in.role)
		rc = roles_read(c, "role", &in.role, 1, &role);
	struct user_filter f = { .q = in.q, .status = in.status, .role = role };

	if (!rc)
		rc = accounts_db_user_page(c, &f, &r->page, &rows, &n, &info);
	if (rc)
		return rc;
	struct admin_user *out =
		arena_new_array(c->arena, struct admin_user, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = admin_user_of(c, &rows[i]);
	return reply_page(r, out, n, &info);
}

static enum rc reply_user(struct req *r, struct id id)
{
	struct ctx *c = &r->ctx;
	struct user_seen *rows = NULL;
	size_t n = 0;
	enum rc rc = accounts_db_user_list(c, &id, 1, &rows, &n);

	if (rc)
		return rc;
	if (n == 0)
		return fail(c, RC_NOT_FOUND, "not_found", "no such user");
	struct admin_user out = admin_user_of(c, &rows[0]);

	return reply(r, &out);
}

enum rc accounts_admin_user_get(struct req *r)
{
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	return rc ? rc : reply_user(r, id);
}

static enum rc grant_of(struct ctx *c, const struct rights_in *in,
                        struct user_grant *g)
{
	enum rc rc = RC_OK, other;

	g->has_roles = shape_given(&rights_in_shape, in, "roles");
	g->has_permissions = shape_given(&rights_in_shape, in, "permissions");
	if (g->has_roles)
		rc = roles_read(c, "roles", in->roles, in->n_roles, &g->roles);
	other = g->has_permissions
	                ? permissions_read(c, "permissions", in->permissions,
	                                   in->n_permissions, MAY_ADMIN_ALL,
	                                   &g->permissions)
	                : RC_OK;
	return rc ? rc : other;
}

/* If-Match is looked at before anything is locked, and again with the lock. */
static enum rc match_user(struct req *r, struct id id, struct user_grant *g)
{
	struct user_seen *rows = NULL;
	size_t n = 0;
	enum rc rc = accounts_db_user_list(&r->ctx, &id, 1, &rows, &n);

	if (!rc && n == 0)
		return fail(&r->ctx, RC_NOT_FOUND, "not_found", "no such user");
	if (!rc)
		rc = req_if_match(r, rows[0].version);
	if (!rc && req_variable(r, "HTTP_IF_MATCH"))
		g->version = rows[0].version;
	return rc;
}

enum rc accounts_admin_user_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct rights_in in = { 0 };
	struct user_grant g = { 0 };
	struct user_row before = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = match_user(r, id, &g);
	if (!rc)
		rc = grant_of(c, &in, &g);
	if (!rc)
		rc = accounts_need_recent_password(c);
	if (!rc)
		rc = user_change(c, id, &g, &before);
	return rc ? rc : reply_user(r, id);
}

enum rc accounts_admin_user_suspend_post(struct req *r)
{
	struct reason_in in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = accounts_need_recent_password(&r->ctx);
	if (!rc)
		rc = user_suspend(&r->ctx, id, in.reason);
	return rc ? rc : reply_user(r, id);
}

enum rc accounts_admin_user_reinstate_post(struct req *r)
{
	struct reason_in in = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = user_reinstate(&r->ctx, id, in.reason);
	return rc ? rc : reply_user(r, id);
}

enum rc accounts_admin_events_get(struct req *r)
{
	struct events_query in = { 0 };
	struct event_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };

	req_query(r, &in);
	struct event_filter f = { .kind = in.kind,
		                  .address = in.address,
		                  .user_id = in.user,
		                  .from = in.from,
		                  .to = in.to };
	enum rc rc =
		security_db_event_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc accounts_admin_cases_get(struct req *r)
{
	struct cases_query in = { 0 };
	struct case_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };

	req_query(r, &in);
	enum rc rc = security_db_case_page(&r->ctx, in.status, in.rule, in.user,
	                                   &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}

enum rc accounts_admin_case_get(struct req *r)
{
	struct case_row out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = security_db_case_get(&r->ctx, id, &out);
	return rc ? rc : reply(r, &out);
}

static enum rc decide(struct req *r, const char *status)
{
	struct reason_in in = { 0 };
	struct case_row out = { 0 };
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	req_body(r, &in);
	if (!rc)
		rc = case_decide(&r->ctx, id, status, in.reason, &out);
	return rc ? rc : reply(r, &out);
}

enum rc accounts_admin_case_dismiss_post(struct req *r)
{
	return decide(r, "dismissed");
}

enum rc accounts_admin_case_confirm_post(struct req *r)
{
	return decide(r, "confirmed");
}

static struct rule_seen rule_seen_of(struct ctx *c, const struct rule_row *r)
{
	struct rule_seen out = { .name = r->name,
		                 .kind = r->kind,
		                 .after_kind = r->after_kind,
		                 .within = r->within,
		                 .counts = r->counts,
		                 .threshold = r->threshold,
		                 .window_s = r->window_s,
		                 .is_enabled = r->is_enabled,
		                 .updated_at = r->updated_at,
		                 .version = r->version };

	out.actions = arena_new_array(c->arena, const char *, 9);
	for (int i = 0; rule_action_names[i]; i++)
		if (r->actions & (1 << i))
			out.actions[out.n_actions++] = rule_action_names[i];
	return out;
}

enum rc accounts_admin_rules_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct rule_row *rows = NULL;
	size_t n = 0;
	enum rc rc = security_db_rules(c, NULL, &rows, &n);

	if (rc)
		return rc;
	struct rule_seen *out =
		arena_new_array(c->arena, struct rule_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = rule_seen_of(c, &rows[i]);
	return reply_all(r, out, n);
}

enum rc accounts_admin_rule_patch(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct rule_in in = { 0 };
	struct rule_row row = { 0 };

	req_body(r, &in);
	enum rc rc = rule_change(c, req_param(r, 0), &in, &row);
	if (rc)
		return rc;
	struct rule_seen out = rule_seen_of(c, &row);

	return reply(r, &out);
}

enum rc accounts_admin_audit_get(struct req *r)
{
	struct audit_query in = { 0 };
	struct audit_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };

	req_query(r, &in);
	struct audit_filter f = { .actor_id = in.actor,
		                  .subject_id = in.subject,
		                  .what = in.what,
		                  .subject_kind = in.subject_kind,
		                  .from = in.from,
		                  .to = in.to };
	enum rc rc = audit_db_page(&r->ctx, &f, &r->page, &rows, &n, &info);
	return rc ? rc : reply_page(r, rows, n, &info);
}
