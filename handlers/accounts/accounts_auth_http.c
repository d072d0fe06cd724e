/* Registration, sign-in, tokens and sessions. */
#include "config.h"

#include "handlers/accounts/accounts_http.h"

#include <string.h>

static enum rc say(struct req *r, const char *detail)
{
	struct said out = { detail };

	return reply(r, &out);
}

/* The same whether the address is taken or not. */
static const char mailed[] =
	"If the address can be used, a mail is on its way to it";

static const char *local_part(struct ctx *c, const char *email)
{
	return arena_strndup(c->arena, email, strcspn(email, "@"));
}

enum rc accounts_register_customer_post(struct req *r)
{
	struct register_customer in = { 0 };

	req_body(r, &in);
	if (!in.name)
		in.name = local_part(&r->ctx, in.email);
	enum rc rc = register_customer(&r->ctx, &in);
	return rc ? rc : say(r, mailed);
}

enum rc accounts_register_vendor_post(struct req *r)
{
	struct register_vendor in = { 0 };

	req_body(r, &in);
	enum rc rc = register_vendor(&r->ctx, &in);
	return rc ? rc : say(r, mailed);
}

enum rc accounts_verify_post(struct req *r)
{
	struct token_in in = { 0 };

	req_body(r, &in);
	enum rc rc = verify_email(&r->ctx, in.token);
	return rc ? rc : say(r, "The address is confirmed");
}

enum rc accounts_resend_post(struct req *r)
{
	struct email_in in = { 0 };

	req_body(r, &in);
	enum rc rc = verify_resend(&r->ctx, in.email);
	return rc ? rc : say(r, mailed);
}

enum rc accounts_login_post(struct req *r)
{
	struct credentials in = { 0 };
	struct signed_in out = { 0 };

	req_body(r, &in);
	enum rc rc = login(&r->ctx, &in, &out);
	return rc ? rc : reply(r, &out);
}

enum rc accounts_refresh_post(struct req *r)
{
	struct refresh_in in = { 0 };
	struct signed_in_tokens t = { 0 };

	req_body(r, &in);
	enum rc rc = session_refresh(&r->ctx, in.refresh, &t);
	if (rc)
		return rc;
	struct signed_in out = { .access = t.access,
		                 .refresh = t.refresh,
		                 .token_type = "Bearer",
		                 .expires_in = t.expires_in };

	return reply(r, &out);
}

/* By the access token, the refresh token, or both. */
enum rc accounts_logout_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct refresh_in in = { 0 };

	req_body(r, &in);
	if (id_is_none(c->actor) && !in.refresh)
		return fail(c, RC_UNAUTHORIZED, "no_token",
		            "Send an access or a refresh token");
	enum rc rc = RC_OK;

	if (!id_is_none(c->actor))
		rc = session_leave(c, c->actor, c->session);
	if (!rc && in.refresh)
		rc = session_leave_by_refresh(c, in.refresh);
	return rc ? rc : reply_empty(r);
}

enum rc accounts_logout_all_post(struct req *r)
{
	enum rc rc = session_leave_all(&r->ctx);

	return rc ? rc : reply_empty(r);
}

enum rc accounts_sessions_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct session_row *rows = NULL;
	size_t n = 0;
	struct page_info info = { 0 };
	enum rc rc = sessions_db_page(c, c->actor, &r->page, &rows, &n, &info);

	if (rc)
		return rc;
	struct session_seen *out =
		arena_new_array(c->arena, struct session_seen, n + 1);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct session_seen){
			.id = rows[i].id,
			.kind = rows[i].kind,
			.device = rows[i].device,
			.address = rows[i].address,
			.created_at = rows[i].created_at,
			.last_seen_at = rows[i].last_seen_at,
			.expires_at = rows[i].expires_at,
			.is_current = id_equal(rows[i].id, c->session),
		};
	return reply_page(r, out, n, &info);
}

enum rc accounts_session_delete(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct id id;
	enum rc rc = req_id(r, 0, &id);

	if (!rc)
		rc = session_leave(c, c->actor, id);
	return rc ? rc : reply_empty(r);
}

enum rc accounts_2fa_enroll_post(struct req *r)
{
	struct totp_secret out = { 0 };
	enum rc rc = accounts_need_recent_password(&r->ctx);

	if (!rc)
		rc = totp_enroll(&r->ctx, &out);
	return rc ? rc : reply(r, &out);
}

enum rc accounts_2fa_confirm_post(struct req *r)
{
	struct credentials in = { 0 };
	struct recovery_codes out = { 0 };

	req_body(r, &in);
	enum rc rc = totp_confirm(&r->ctx, in.totp, &out);
	return rc ? rc : reply(r, &out);
}

enum rc accounts_2fa_disable_post(struct req *r)
{
	struct credentials in = { 0 };

	req_body(r, &in);
	enum rc rc = totp_disable(&r->ctx, &in);
	return rc ? rc : reply_empty(r);
}
