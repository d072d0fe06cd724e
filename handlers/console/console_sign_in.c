/*
 * Signing in and out. When the account has a second factor, the form comes back
 * asking for the code; address and password wait in it sealed, bound to this
 * browser's visit, for five minutes.
 */
#include "config.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts.h"
#include "handlers/console/console_inside.h"

enum { SEALED_S = 300 };

static const char *place_of(struct req *r)
{
	return arena_fmt(r->ctx.arena, "console:login:%s", r->csrf);
}

static const char *seal_login(struct req *r, const struct console_login_in *in)
{
	struct ctx *c = &r->ctx;
	const char *text = arena_fmt(c->arena, "%lld\n%s\n%s",
	                             (long long)when_plus(c->now, SEALED_S).us,
	                             in->email, in->password);
	struct blob b = seal(c->arena, place_of(r), text, strlen(text));

	return text_base64url(c->arena, b.p, b.n);
}

static enum rc too_old(struct ctx *c)
{
	return fail(c, RC_UNAUTHORIZED, "too_old",
	            "That took too long: please begin again");
}

static enum rc unseal_login(struct req *r, struct console_login_in *in)
{
	struct ctx *c = &r->ctx;
	struct blob b;
	char *text;
	size_t n;
	int64_t until = 0;

	b.p = text_unbase64url(c->arena, in->sealed, strlen(in->sealed), &b.n);
	if (!b.p || !unseal(c->arena, place_of(r), b, &text, &n))
		return too_old(c);
	char *email = strchr(text, '\n');
	char *password = email ? strchr(email + 1, '\n') : NULL;
	if (!password || !text_int(text, (size_t)(email - text), &until) ||
	    until < c->now.us)
		return too_old(c);
	*password = '\0';
	in->email = email + 1;
	in->password = password + 1;
	return RC_OK;
}

static enum rc login_page(struct req *r, int status, const char *fault,
                          const struct console_login_in *in, bool needs_code)
{
	json_t *data = html_data(&r->ctx);

	console_text(data, "fault", fault);
	console_text(data, "email", in ? in->email : NULL);
	console_flag(data, "needs_code", needs_code);
	if (in && needs_code)
		console_text(data, "sealed", seal_login(r, in));
	return console_page_status(r, status, "login", "Sign in", data);
}

enum rc console_login_get(struct req *r)
{
	return login_page(r, 200, NULL, NULL, false);
}

static void set_cookie(struct req *r, const char *value, const char *rest)
{
	bool is_https = text_starts(settings->base_url, "https://");

	reply_header(r, "Set-Cookie",
	             arena_fmt(r->ctx.arena,
	                       "%smerkato_console=%s; Path=/; HttpOnly; "
	                       "SameSite=Strict%s%s",
	                       is_https ? "__Host-" : "", value,
	                       is_https ? "; Secure" : "", rest));
}

static bool is_code(const struct ctx *c, const char *code)
{
	return c->err.code && !strcmp(c->err.code, code);
}

enum rc console_login_post(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct console_login_in in = { 0 };
	const char *cookie = NULL;
	enum rc rc = RC_OK;

	req_body(r, &in);
	if (in.sealed)
		rc = unseal_login(r, &in);
	else if (!in.email || !in.password)
		return login_page(r, 422, "Give your address and password", &in,
		                  false);
	if (!rc)
		rc = accounts_console_login(c, in.email, in.password, in.code,
		                            &cookie);
	if (!rc) {
		set_cookie(r, cookie, "");
		return reply_redirect(r, "/console");
	}
	bool needs_code = is_code(c, "second_factor_needed") ||
	                  is_code(c, "bad_second_factor");
	const char *why =
		is_code(c, "second_factor_needed") ? NULL : c->err.detail;
	if (rc_status(rc) >= 500)
		return rc;
	fail_clear(c);
	return login_page(r, needs_code && !why ? 200 : rc_status(rc), why, &in,
	                  needs_code);
}

enum rc console_logout_post(struct req *r)
{
	enum rc rc = accounts_console_logout(&r->ctx);

	if (rc)
		return rc;
	set_cookie(r, "", "; Max-Age=0");
	return console_done(r, "signed_out", "/console/login");
}
