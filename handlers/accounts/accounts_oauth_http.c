/* The endpoints of the OAuth 2.0 server. */
#include "config.h"

#include "handlers/accounts/accounts_oauth.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/form.h"
#include "fcgi/http/html.h"

enum { REQUEST_S = 10 * MINUTE, CHALLENGE_TEXT = 43 };

/* RFC 8414. */
enum rc accounts_oauth_metadata_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	size_t n = 0;
	const char **names =
		permission_names(c, MAY_STAFF_ALL | MAY_ADMIN_ALL, &n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	const char *text = json_given(
		c,
		json_pack(
			"{s:s, s:s, s:s, s:s, s:s, s:[s], s:[s,s,s], s:[s],"
			" s:[s,s,s], s:o, s:b, s:s}",
			"issuer", settings->base_url, "authorization_endpoint",
			absolute_url(r, "/oauth/authorize"), "token_endpoint",
			absolute_url(r, "/oauth/token"), "revocation_endpoint",
			absolute_url(r, "/oauth/revoke"),
			"introspection_endpoint",
			absolute_url(r, "/oauth/introspect"),
			"response_types_supported", "code",
			"grant_types_supported", OAUTH_GRANT_CODE,
			OAUTH_GRANT_REFRESH, OAUTH_GRANT_CLIENT,
			"code_challenge_methods_supported", "S256",
			"token_endpoint_auth_methods_supported",
			"client_secret_basic", "client_secret_post", "none",
			"scopes_supported", list,
			"authorization_response_iss_parameter_supported", 1,
			"service_documentation", absolute_url(r, "/api/docs")));

	return reply_text(r, 200, "application/json", text, strlen(text));
}

/* Authorize. */

/* Where the browser goes, with code or error (RFC 6749 4.1.2, RFC 9207). */
static enum rc go_back(struct req *r, const struct authorize_in *in,
                       const char *name, const char *value)
{
	struct buf b;

	/* Only to an address that has been looked at. */
	if (!in->redirect_uri)
		abort();
	buf_init(&b, r->ctx.arena, 500);
	buf_puts(&b, in->redirect_uri);
	buf_puts(&b, strchr(in->redirect_uri, '?') ? "&" : "?");
	buf_fmt(&b, "%s=", name);
	buf_url(&b, value);
	if (in->state) {
		buf_puts(&b, "&state=");
		buf_url(&b, in->state);
	}
	buf_puts(&b, "&iss=");
	buf_url(&b, settings->base_url);
	return reply_redirect(r, b.s);
}

/* Faults of client or address stay here; *error is for the client. */
static enum rc check_request(struct ctx *c, const struct authorize_in *in,
                             struct client_row *client, int64_t *bits,
                             const char **error)
{
	enum rc rc = oauth_client_get(c, in->client_id, client);

	if (rc)
		return rc;
	if (!in->redirect_uri ||
	    !oauth_has_redirect(c, client, in->redirect_uri))
		return fail(c, RC_BAD_REQUEST, "invalid_request",
		            "redirect_uri is not one of the client's");
	*error = NULL;
	*bits = client->scopes;
	if (!in->response_type || strcmp(in->response_type, "code") != 0)
		*error = "unsupported_response_type";
	else if (!oauth_has_grant(client, OAUTH_GRANT_CODE))
		*error = "unauthorized_client";
	else if (!in->code_challenge || !in->code_challenge_method ||
	         strcmp(in->code_challenge_method, "S256") != 0 ||
	         strlen(in->code_challenge) != CHALLENGE_TEXT)
		*error = "invalid_request";
	else if ((in->scope && !oauth_scope_bits(in->scope, bits)) ||
	         (*bits & ~client->scopes))
		*error = "invalid_scope";
	return RC_OK;
}

/* The request travels through the form under our own seal. */

static const char *seal_request(struct ctx *c, const struct authorize_in *in)
{
	const char *text = json_given(
		c, json_pack("{s:s, s:s, s:s?, s:s?, s:s, s:I}", "client_id",
	                     in->client_id, "redirect_uri", in->redirect_uri,
	                     "scope", in->scope, "state", in->state,
	                     "code_challenge", in->code_challenge, "until",
	                     (json_int_t)when_plus(c->now, REQUEST_S).us));
	struct blob sealed =
		seal(c->arena, "oauth:authorize", text, strlen(text));

	return text_base64url(c->arena, sealed.p, sealed.n);
}

static const char *member(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static enum rc open_request(struct ctx *c, const char *text,
                            struct authorize_in *in)
{
	size_t n = 0, n_clear = 0;
	void *sealed = text_unbase64url(c->arena, text, strlen(text), &n);
	char *clear = NULL;
	json_t *j = NULL;

	if (!sealed ||
	    !unseal(c->arena, "oauth:authorize", (struct blob){ sealed, n },
	            &clear, &n_clear) ||
	    json_read(c, clear, n_clear, &j) ||
	    json_integer_value(json_object_get(j, "until")) < c->now.us)
		return fail(c, RC_BAD_REQUEST, "invalid_request",
		            "The page is out of date; begin again");
	*in = (struct authorize_in){
		.response_type = "code",
		.client_id = member(j, "client_id"),
		.redirect_uri = member(j, "redirect_uri"),
		.scope = member(j, "scope"),
		.state = member(j, "state"),
		.code_challenge = member(j, "code_challenge"),
		.code_challenge_method = "S256",
	};
	return RC_OK;
}

static const char *origin_of(struct ctx *c, const char *uri)
{
	const char *host = strstr(uri, "://");

	if (!host)
		return "";
	return arena_strndup(c->arena, uri,
	                     (size_t)(host + 3 - uri) +
	                             strcspn(host + 3, "/?"));
}

static enum rc show_consent(struct req *r, int status,
                            const struct authorize_in *in,
                            const struct client_row *client, int64_t bits,
                            const char *email)
{
	struct ctx *c = &r->ctx;
	json_t *data = html_data(c), *scopes = json_array(),
	       *faults = json_array();
	size_t n = 0;
	const char **names = permission_names(c, bits, &n);
	const char *origin = origin_of(c, in->redirect_uri);

	for (size_t i = 0; i < n; i++)
		json_array_append_new(scopes,
		                      json_pack("{s:s}", "name", names[i]));
	if (c->err.detail)
		json_array_append_new(
			faults, json_pack("{s:s}", "text", c->err.detail));
	json_object_set_new(data, "title", json_string("Allow access?"));
	json_object_set_new(data, "client", json_string(client->name));
	json_object_set_new(data, "host", json_string(origin));
	json_object_set_new(data, "scopes", scopes);
	json_object_set_new(data, "faults", faults);
	json_object_set_new(data, "request", json_string(seal_request(c, in)));
	json_object_set_new(data, "email", json_string(email ? email : ""));
	/* Browsers hold the redirect after the form against form-action. */
	reply_header(r, "Content-Security-Policy",
	             arena_fmt(c->arena,
	                       "default-src 'none'; style-src 'self'; "
	                       "form-action 'self' %s; base-uri 'none'; "
	                       "frame-ancestors 'none'",
	                       origin));
	return reply_html(r, status, "account/consent.html", data);
}

enum rc accounts_oauth_authorize_get(struct req *r)
{
	struct authorize_in in = { 0 };
	struct client_row client = { 0 };
	const char *error = NULL;
	int64_t bits = 0;

	req_query(r, &in);
	enum rc rc = check_request(&r->ctx, &in, &client, &bits, &error);

	if (rc)
		return rc;
	if (error)
		return go_back(r, &in, "error", error);
	return show_consent(r, 200, &in, &client, bits, NULL);
}

static enum rc allow(struct req *r, const struct consent_in *form,
                     const struct authorize_in *in,
                     const struct client_row *client, int64_t bits)
{
	struct ctx *c = &r->ctx;
	bool is_totp = form->code && strlen(form->code) == 6;
	struct credentials who = {
		.email = form->email ? text_email(c->arena, form->email) : NULL,
		.password = form->password ? form->password : "",
		.totp = is_totp ? form->code : NULL,
		.recovery_code = form->code && *form->code && !is_totp
		                         ? form->code
		                         : NULL,
	};
	struct user_row u = { 0 };
	const char *code = NULL;

	if (!who.email)
		who.email = "nobody@invalid";
	enum rc rc = login_check(c, &who, &u);

	if (rc == RC_UNAUTHORIZED || rc == RC_FORBIDDEN || rc == RC_TOO_MANY)
		return show_consent(r, rc_status(rc), in, client, bits,
		                    form->email);
	if (!rc)
		rc = oauth_code_make(c, client, in, oauth_scope_text(c, bits),
		                     u.id, &code);
	return rc ? rc : go_back(r, in, "code", code);
}

enum rc accounts_oauth_authorize_post(struct req *r)
{
	struct consent_in form = { 0 };
	struct authorize_in in = { 0 };
	struct client_row client = { 0 };
	const char *error = NULL;
	int64_t bits = 0;

	req_body(r, &form);
	enum rc rc = open_request(&r->ctx, form.request, &in);

	if (!rc)
		rc = check_request(&r->ctx, &in, &client, &bits, &error);
	if (rc)
		return rc;
	if (error)
		return go_back(r, &in, "error", error);
	if (strcmp(form.decision, "allow") != 0)
		return go_back(r, &in, "error", "access_denied");
	return allow(r, &form, &in, &client, bits);
}

/* Token, revoke, introspect. */

static bool is_form(struct req *r)
{
	const char *type = req_variable(r, "CONTENT_TYPE");

	return type && text_starts(type, "application/x-www-form-urlencoded");
}

/* RFC 6749 section 2.3.1: both parts are form-encoded before base64. */
static enum rc read_basic(struct req *r, struct token_request *in)
{
	struct ctx *c = &r->ctx;
	const char *given = req_variable(r, "HTTP_AUTHORIZATION");
	size_t n = 0, n_pairs = 0;
	struct pair *pairs = NULL;

	if (!given || !text_starts(given, "Basic "))
		return RC_OK;
	char *clear = text_unbase64(c->arena, given + 6, strlen(given + 6), &n);
	char *colon = clear ? strchr(clear, ':') : NULL;

	if (!colon || strlen(clear) != n)
		return fail(c, RC_UNAUTHORIZED, "invalid_client",
		            "The Authorization header cannot be read");
	*colon = '\0';
	const char *form = arena_fmt(c->arena, "i=%s&s=%s", clear, colon + 1);

	if (form_body(c, form, strlen(form), &pairs, &n_pairs) ||
	    n_pairs != 2) {
		fail_clear(c);
		return fail(c, RC_UNAUTHORIZED, "invalid_client",
		            "The Authorization header cannot be read");
	}
	in->basic_id = pairs_find(pairs, n_pairs, "i");
	in->basic_secret = pairs_find(pairs, n_pairs, "s");
	return RC_OK;
}

static enum rc bad_request(struct ctx *c, const char *why)
{
	fail_clear(c);
	return fail(c, RC_BAD_REQUEST, "invalid_request", "%s", why);
}

/* Unknown parameters are ignored, repeated ones refused (RFC 6749 3.2). */
static enum rc read_pairs(struct req *r, struct pair **pairs, size_t *n)
{
	struct ctx *c = &r->ctx;

	if (!is_form(r))
		return bad_request(c, "The body must be a form");
	if (form_body(c, r->body, r->n_body, pairs, n))
		return bad_request(c, "The form cannot be read");
	for (size_t i = 0; i < *n; i++)
		for (size_t k = i + 1; k < *n; k++)
			if (strcmp((*pairs)[i].name, (*pairs)[k].name) == 0)
				return bad_request(c,
				                   "A parameter is repeated");
	return RC_OK;
}

static enum rc read_request(struct req *r, struct token_request *in,
                            const char **token)
{
	struct pair *pairs = NULL;
	size_t n = 0;
	enum rc rc = read_pairs(r, &pairs, &n);

	if (rc)
		return rc;
	*in = (struct token_request){
		.grant_type = pairs_find(pairs, n, "grant_type"),
		.code = pairs_find(pairs, n, "code"),
		.redirect_uri = pairs_find(pairs, n, "redirect_uri"),
		.code_verifier = pairs_find(pairs, n, "code_verifier"),
		.refresh_token = pairs_find(pairs, n, "refresh_token"),
		.scope = pairs_find(pairs, n, "scope"),
		.client_id = pairs_find(pairs, n, "client_id"),
		.client_secret = pairs_find(pairs, n, "client_secret"),
	};
	*token = pairs_find(pairs, n, "token");
	return read_basic(r, in);
}

static void no_store(struct req *r)
{
	reply_header(r, "Cache-Control", "no-store");
	reply_header(r, "Pragma", "no-cache");
}

static enum rc challenge(struct req *r, enum rc rc)
{
	if (rc == RC_UNAUTHORIZED)
		reply_header(r, "WWW-Authenticate", "Basic realm=\"merkato\"");
	return rc;
}

enum rc accounts_oauth_token_post(struct req *r)
{
	struct token_request in = { 0 };
	struct oauth_tokens t = { 0 };
	const char *token = NULL;

	no_store(r);
	enum rc rc = read_request(r, &in, &token);

	if (!rc)
		rc = oauth_token(&r->ctx, &in, &t);
	return rc ? challenge(r, rc) : reply(r, &t);
}

static enum rc prove(struct req *r, struct client_row *client,
                     const char **token)
{
	struct token_request in = { 0 };

	no_store(r);
	enum rc rc = read_request(r, &in, token);

	if (!rc)
		rc = oauth_client_prove(&r->ctx, &in, client);
	if (!rc && !*token)
		rc = bad_request(&r->ctx, "token is missing");
	return challenge(r, rc);
}

enum rc accounts_oauth_revoke_post(struct req *r)
{
	struct client_row client = { 0 };
	const char *token = NULL;
	enum rc rc = prove(r, &client, &token);

	if (!rc)
		rc = oauth_revoke(&r->ctx, &client, token);
	return rc ? rc : reply_text(r, 200, "application/json", "{}", 2);
}

static const char inactive[] = "{\"active\":false}";

enum rc accounts_oauth_introspect_post(struct req *r)
{
	struct client_row client = { 0 };
	struct oauth_seen seen = { 0 };
	const char *token = NULL;
	enum rc rc = prove(r, &client, &token);

	if (!rc && !client.secret_hash.p)
		rc = challenge(r,
		               fail(&r->ctx, RC_UNAUTHORIZED, "invalid_client",
		                    "A public client may not ask"));
	if (!rc)
		rc = oauth_introspect(&r->ctx, &client, token, &seen);
	if (rc)
		return rc;
	if (!seen.active)
		return reply_text(r, 200, "application/json", inactive,
		                  sizeof(inactive) - 1);
	return reply(r, &seen);
}
