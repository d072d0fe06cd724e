/* Leaving for a provider and coming back. */
#include "config.h"

#include "handlers/accounts/accounts_oidc.h"

#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum { RANDOM = 32, START_S = 10 * MINUTE };

static const char cookie_name[] = "merkato_oidc";

/* Not Strict: the way back begins at the provider's site. */
static void set_cookie(struct req *r, const char *value, int max_age)
{
	bool https = text_starts(settings->base_url, "https://");

	reply_header(r, "Set-Cookie",
	             arena_fmt(r->ctx.arena,
	                       "%s=%s; Path=/api/auth/oidc; Max-Age=%d; "
	                       "HttpOnly; SameSite=Lax%s",
	                       cookie_name, value, max_age,
	                       https ? "; Secure" : ""));
}

static void put_pair(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, "&%s=", name);
	buf_url(b, value);
}

static const char *challenge_of(struct ctx *c, const char *verifier)
{
	unsigned char digest[32];

	sha256(verifier, strlen(verifier), digest);
	return text_base64url(c->arena, digest, 32);
}

static const char *authorize_url(struct ctx *c, const struct oidc_provider *p,
                                 const char *endpoint, const char *state,
                                 const struct start_row *s)
{
	struct buf b;

	buf_init(&b, c->arena, 1000);
	buf_fmt(&b, "%s%sresponse_type=code", endpoint,
	        strchr(endpoint, '?') ? "&" : "?");
	put_pair(&b, "client_id", p->client_id);
	put_pair(&b, "redirect_uri", oidc_redirect_uri(c, p));
	put_pair(&b, "scope", "openid email profile");
	put_pair(&b, "state", state);
	put_pair(&b, "nonce", s->nonce);
	put_pair(&b, "code_challenge", challenge_of(c, s->verifier));
	put_pair(&b, "code_challenge_method", "S256");
	return b.s;
}

enum rc accounts_oidc_start_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct oidc_provider p = { 0 };
	json_t *metadata = NULL;
	enum rc rc = oidc_provider_get(c, req_param(r, 0), &p);

	if (!rc)
		rc = oidc_discover(c, &p, &metadata);
	if (rc)
		return rc;
	const char *state = random_token(c->arena, RANDOM);
	const char *browser = random_token(c->arena, RANDOM);
	struct start_row s = { .state_hash = token_hash(c, state),
		               .browser_hash = token_hash(c, browser),
		               .provider = p.name,
		               .nonce = random_token(c->arena, RANDOM),
		               .verifier = random_token(c->arena, RANDOM),
		               .created_at = c->now,
		               .expires_at = when_plus(c->now, START_S) };

	/* What the browser brings back is compared with this row. */
	c->read_only = false;
	rc = oidc_db_start_insert(c, &s);
	if (rc)
		return rc;
	set_cookie(r, browser, START_S);
	return reply_redirect(
		r, authorize_url(c, &p,
	                         json_string_value(json_object_get(
					 metadata, "authorization_endpoint")),
	                         state, &s));
}

/* RFC 9207: the answer names its issuer where the provider says so. */
static enum rc check_issuer(struct ctx *c, const struct oidc_provider *p,
                            const struct oidc_callback *in)
{
	json_t *metadata = NULL;
	enum rc rc = oidc_discover(c, p, &metadata);

	if (rc)
		return rc;
	bool needed = json_is_true(json_object_get(
		metadata, "authorization_response_iss_parameter_supported"));

	if ((needed && !in->iss) ||
	    (in->iss && strcmp(in->iss, p->issuer) != 0))
		return oidc_refuse(c, "the answer comes from another issuer");
	return RC_OK;
}

/* The start that this browser made, once. */
static enum rc take_start(struct req *r, const struct oidc_provider *p,
                          const char *state, struct start_row *s)
{
	struct ctx *c = &r->ctx;
	const char *browser = req_cookie(r, cookie_name);
	int64_t changed = 0;
	bool found = false;

	if (!browser || !state)
		return oidc_refuse(c, "no state");
	enum rc rc =
		oidc_db_start_spend(c, token_hash(c, state),
	                            token_hash(c, browser), p->name, &changed);

	if (rc)
		return rc;
	if (!changed)
		return oidc_refuse(c, "unknown or used state");
	rc = oidc_db_start_find(c, token_hash(c, state), s, &found);
	return rc || found ? rc : oidc_refuse(c, "unknown state");
}

enum rc accounts_oidc_callback_get(struct req *r)
{
	struct ctx *c = &r->ctx;
	struct oidc_callback in = { 0 };
	struct oidc_provider p = { 0 };
	struct start_row s = { 0 };
	struct oidc_person who = { 0 };
	struct oidc_signed_in out = { 0 };

	req_query(r, &in);
	enum rc rc = oidc_provider_get(c, req_param(r, 0), &p);

	/* A GET by protocol; the state makes it happen once. */
	c->read_only = false;
	c->use_primary = true;
	if (!rc)
		rc = take_start(r, &p, in.state, &s);
	if (!rc && (in.error || !in.code))
		rc = oidc_refuse(c, in.error ? "refused at the provider"
		                             : "no code");
	if (!rc)
		rc = check_issuer(c, &p, &in);
	if (!rc)
		rc = oidc_exchange(c, &p, in.code, s.verifier, s.nonce, &who);
	if (!rc)
		rc = oidc_enter(c, &who, &out);
	if (rc)
		return rc;
	set_cookie(r, "", 0);
	return reply(r, &out);
}

enum rc accounts_oidc_link_post(struct req *r)
{
	struct link_in in = { 0 };
	struct oidc_signed_in out = { 0 };

	req_body(r, &in);
	enum rc rc = oidc_link(&r->ctx, &in, &out);
	return rc ? rc : reply(r, &out);
}
