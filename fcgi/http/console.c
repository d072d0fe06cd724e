#include "config.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"

/*
 * Browsers: a cookie instead of a bearer token, so every POST must prove that a
 * page of ours sent it: Origin, Sec-Fetch-Site, and a token in the form that is
 * bound to the session. Somebody without a session (the login form) gets the
 * token bound to a cookie of the visit.
 */

enum { VISIT_BYTES = 24 };

static bool is_https(void)
{
	return text_starts(settings->base_url, "https://");
}

static const char *cookie_name(const char *secure, const char *plain)
{
	return is_https() ? secure : plain;
}

static const char *visit_token(struct req *r, const char *visit)
{
	unsigned char mac[32];

	hmac_sha256(key_for("csrf"), 32, visit, strlen(visit), mac);
	return text_base64url(r->ctx.arena, mac, sizeof(mac));
}

/* Binds the forms of somebody who is not signed in. */
static void begin_visit(struct req *r)
{
	const char *name = cookie_name("__Host-merkato_visit", "merkato_visit");
	const char *visit = req_cookie(r, name);

	if (!visit) {
		visit = random_token(r->ctx.arena, VISIT_BYTES);
		reply_header(r, "Set-Cookie",
		             arena_fmt(r->ctx.arena,
		                       "%s=%s; Path=/; HttpOnly; "
		                       "SameSite=Strict%s",
		                       name, visit,
		                       is_https() ? "; Secure" : ""));
	}
	r->csrf = visit_token(r, visit);
}

enum rc gate_cookie(struct req *r)
{
	const char *cookie = req_cookie(
		r, cookie_name("__Host-merkato_console", "merkato_console"));
	enum rc rc = RC_UNAUTHORIZED;

	if (cookie && gate_backend->identify_cookie)
		rc = gate_backend->identify_cookie(r, cookie);
	if (rc == RC_UNAUTHORIZED) {
		fail_clear(&r->ctx);
		r->ctx.actor = (struct id){ { 0 } };
		r->ctx.roles = r->ctx.permissions = 0;
		begin_visit(r);
		return RC_OK; /* admit decides */
	}
	return rc;
}

static enum rc refuse(struct req *r, const char *text)
{
	return fail(&r->ctx, RC_FORBIDDEN, "cross_site", "%s", text);
}

/* On a laptop the same server answers to several names. */
static bool is_demo_origin(struct req *r, const char *origin)
{
	const char *host = req_variable(r, "HTTP_HOST");

	return settings->demo && host && text_starts(origin, "http://") &&
	       !strcmp(origin + 7, host) && !gate_host(r);
}

enum rc gate_same_origin(struct req *r)
{
	const char *origin = req_variable(r, "HTTP_ORIGIN");
	const char *site = req_variable(r, "HTTP_SEC_FETCH_SITE");

	if (!origin)
		return refuse(r, "Forms must say where they come from");
	if (strcmp(origin, gate_base_origin(r->ctx.arena)) != 0 &&
	    !is_demo_origin(r, origin))
		return refuse(r, "The form comes from another site");
	if (site && strcmp(site, "same-origin") != 0)
		return refuse(r, "The form comes from another site");
	return RC_OK;
}

enum rc gate_csrf(struct req *r, const char *given)
{
	if (!r->csrf || !given || !secret_equal_text(given, r->csrf))
		return refuse(r,
		              "The form is out of date: load the page again");
	return RC_OK;
}
