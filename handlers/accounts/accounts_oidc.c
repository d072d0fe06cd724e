/*
 * Talking to an OpenID provider. All it says is input: the issuer is compared
 * byte for byte, endpoints come from its metadata only, the ID token is checked
 * as OpenID Connect Core 3.1.3.7 says. Metadata and keys are kept in memcached
 * and asked for again without it.
 */
#include "config.h"

#include "handlers/accounts/accounts_oidc.h"

#include <string.h>

#include "db/cache.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/log.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/client.h"
#include "fcgi/http/jose.h"

enum { TIMEOUT_MS = 5000, LEEWAY_S = 60, KEYS_S = HOUR, AGAIN_S = MINUTE };

enum rc oidc_refuse(struct ctx *c, const char *why)
{
	log_warn("oidc", "sign-in refused: %s", why);
	fail_clear(c);
	return fail(c, RC_UNAUTHORIZED, "sign_in_failed",
	            "The sign-in at the provider did not work");
}

static const char *cut(struct ctx *c, const char **at, char end)
{
	const char *from = *at;
	size_t n = strcspn(from, (char[]){ end, '\0' });

	*at = from + n + (from[n] != '\0');
	return arena_strndup(c->arena, from, n);
}

enum rc oidc_provider_get(struct ctx *c, const char *name,
                          struct oidc_provider *out)
{
	const char *all = settings->oidc_providers;

	while (*all) {
		const char *one = cut(c, &all, ';');
		struct oidc_provider p;

		one += strspn(one, " ");
		p.name = cut(c, &one, '=');
		p.issuer = cut(c, &one, '|');
		p.client_id = cut(c, &one, '|');
		p.client_secret = one;
		if (strcmp(p.name, name) != 0 || !*p.client_id)
			continue;
		*out = p;
		return RC_OK;
	}
	return fail(c, RC_NOT_FOUND, "not_found", "no such provider");
}

const char *oidc_redirect_uri(struct ctx *c, const struct oidc_provider *p)
{
	return arena_fmt(c->arena, "%s/api/auth/oidc/%s/callback",
	                 settings->base_url, p->name);
}

static const char *text_of(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static enum rc call_json(struct ctx *c, const struct call *call, json_t **out)
{
	struct answer a = { 0 };
	enum rc rc = client_call(c, call, &a);

	if (rc)
		return oidc_refuse(c, "the provider does not answer");
	if (a.status != 200)
		return oidc_refuse(c, arena_fmt(c->arena, "%s answered %d",
		                                call->method, a.status));
	if (json_read(c, a.body, a.n_body, out) || !json_is_object(*out))
		return oidc_refuse(c, "the answer is not a JSON object");
	return RC_OK;
}

static enum rc get_json(struct ctx *c, const char *url,
                        const char *const *headers, json_t **out)
{
	struct call call = { .service = "oidc",
		             .method = "GET",
		             .url = url,
		             .headers = headers,
		             .timeout_ms = TIMEOUT_MS };

	return call_json(c, &call, out);
}

static const char *cache_key(struct ctx *c, const char *what, const char *url)
{
	return arena_fmt(c->arena, "oidc:%s:%s", what,
	                 sha256_hex(c->arena, url, strlen(url)));
}

static json_t *cached(struct ctx *c, const char *key)
{
	struct cache_item item = { .key = key };
	json_t *j = NULL;

	if (!cache_get(c, &item, 1) || !item.found)
		return NULL;
	if (json_read(c, item.value, item.n, &j)) {
		fail_clear(c);
		return NULL;
	}
	return j;
}

static void keep(struct ctx *c, const char *key, json_t *j, int ttl_s)
{
	const char *text = json_text(c, j);

	cache_set(c, key, text, strlen(text), ttl_s);
}

enum rc oidc_discover(struct ctx *c, const struct oidc_provider *p,
                      json_t **out)
{
	const char *url = arena_fmt(
		c->arena, "%s/.well-known/openid-configuration", p->issuer);
	const char *key = cache_key(c, "metadata", url);
	enum rc rc = RC_OK;

	*out = cached(c, key);
	if (*out)
		return RC_OK;
	rc = get_json(c, url, NULL, out);
	if (rc)
		return rc;
	const char *issuer = text_of(*out, "issuer");

	if (!issuer || strcmp(issuer, p->issuer) != 0)
		return oidc_refuse(c, "the metadata name another issuer");
	if (!text_of(*out, "authorization_endpoint") ||
	    !text_of(*out, "token_endpoint") || !text_of(*out, "jwks_uri"))
		return oidc_refuse(c, "the metadata lack an endpoint");
	keep(c, key, *out, DAY);
	return RC_OK;
}

static enum rc fetch_keys(struct ctx *c, const char *url, json_t **out)
{
	enum rc rc = get_json(c, url, NULL, out);

	if (!rc)
		keep(c, cache_key(c, "keys", url), *out, KEYS_S);
	return rc;
}

/* Unknown keys are asked for once more, at most once a minute. */
static enum rc verify(struct ctx *c, json_t *metadata, const char *token,
                      json_t **claims)
{
	const char *url = text_of(metadata, "jwks_uri");
	json_t *keys = cached(c, cache_key(c, "keys", url));
	bool is_fresh = !keys;
	enum rc rc = RC_OK;

	if (!keys)
		rc = fetch_keys(c, url, &keys);
	if (rc)
		return rc;
	enum jose_result result = jose_verify(c, token, keys, claims);

	if (result == JOSE_UNKNOWN_KEY && !is_fresh &&
	    cache_add(c, cache_key(c, "again", url), "1", 1, AGAIN_S)) {
		rc = fetch_keys(c, url, &keys);
		if (rc)
			return rc;
		result = jose_verify(c, token, keys, claims);
	}
	return result == JOSE_GOOD
	               ? RC_OK
	               : oidc_refuse(c, "the ID token is not signed by the "
	                                "provider");
}

static bool is_for_us(json_t *claims, const char *client_id)
{
	json_t *aud = json_object_get(claims, "aud"), *one;
	const char *azp = text_of(claims, "azp");
	bool found = false;
	size_t i;

	if (azp && strcmp(azp, client_id) != 0)
		return false;
	if (json_is_string(aud))
		return strcmp(json_string_value(aud), client_id) == 0;
	json_array_foreach(aud, i, one) found =
		found || (json_is_string(one) &&
	                  strcmp(json_string_value(one), client_id) == 0);
	return found && (json_array_size(aud) == 1 || azp);
}

static bool is_in_time(struct ctx *c, json_t *claims)
{
	json_t *exp = json_object_get(claims, "exp");
	json_t *iat = json_object_get(claims, "iat");
	int64_t now = c->now.us / 1000000;

	return json_is_integer(exp) && json_is_integer(iat) &&
	       json_integer_value(exp) > now - LEEWAY_S &&
	       json_integer_value(iat) < now + LEEWAY_S;
}

/* OpenID Connect Core 3.1.3.6: the left half of the hash. */
static bool is_hash_of(struct ctx *c, json_t *claims, const char *access)
{
	const char *at_hash = text_of(claims, "at_hash");
	unsigned char digest[32];

	if (!json_object_get(claims, "at_hash"))
		return true;
	if (!at_hash || !access)
		return false;
	sha256(access, strlen(access), digest);
	return secret_equal_text(text_base64url(c->arena, digest, 16), at_hash);
}

static const char *flaw_of(struct ctx *c, const struct oidc_provider *p,
                           json_t *claims, const char *nonce,
                           const char *access)
{
	const char *iss = text_of(claims, "iss");
	const char *sub = text_of(claims, "sub");
	const char *theirs = text_of(claims, "nonce");

	if (!iss || strcmp(iss, p->issuer) != 0)
		return "another issuer";
	if (!sub || !*sub || strlen(sub) > 255)
		return "no subject";
	if (!is_for_us(claims, p->client_id))
		return "for another audience";
	if (!is_in_time(c, claims))
		return "not of now";
	if (!theirs || !secret_equal_text(theirs, nonce))
		return "another nonce";
	if (!is_hash_of(c, claims, access))
		return "for another access token";
	return NULL;
}

static bool wants_post(json_t *metadata)
{
	json_t *list = json_object_get(metadata,
	                               "token_endpoint_auth_methods_supported");
	json_t *one;
	bool post = false;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (!json_is_string(one))
			continue;
		if (strcmp(json_string_value(one), "client_secret_basic") == 0)
			return false;
		post = post || strcmp(json_string_value(one),
		                      "client_secret_post") == 0;
	}
	return post;
}

static void put_pair(struct buf *b, const char *name, const char *value)
{
	buf_fmt(b, "%s%s=", b->n ? "&" : "", name);
	buf_url(b, value);
}

/* RFC 6749 2.3.1: form-encoded before base64. */
static const char *basic_header(struct ctx *c, const struct oidc_provider *p)
{
	struct buf b;

	buf_init(&b, c->arena, 200);
	buf_url(&b, p->client_id);
	buf_putc(&b, ':');
	buf_url(&b, p->client_secret);
	return arena_fmt(c->arena, "Authorization: Basic %s",
	                 text_base64(c->arena, b.s, b.n));
}

static enum rc fetch_tokens(struct ctx *c, const struct oidc_provider *p,
                            json_t *metadata, const char *code,
                            const char *verifier, json_t **out)
{
	bool post = wants_post(metadata);
	const char *headers[] = {
		"Content-Type: application/x-www-form-urlencoded",
		"Accept: application/json", post ? NULL : basic_header(c, p),
		NULL
	};
	struct buf b;

	buf_init(&b, c->arena, 1000);
	put_pair(&b, "grant_type", "authorization_code");
	put_pair(&b, "code", code);
	put_pair(&b, "redirect_uri", oidc_redirect_uri(c, p));
	put_pair(&b, "code_verifier", verifier);
	if (post) {
		put_pair(&b, "client_id", p->client_id);
		put_pair(&b, "client_secret", p->client_secret);
	}
	struct call call = { .service = "oidc",
		             .method = "POST",
		             .url = text_of(metadata, "token_endpoint"),
		             .headers = headers,
		             .body = b.s,
		             .n_body = b.n,
		             .timeout_ms = TIMEOUT_MS };

	return call_json(c, &call, out);
}

/* Many providers keep the address out of the ID token. */
static enum rc ask_userinfo(struct ctx *c, json_t *metadata, const char *access,
                            const char *subject, json_t **out)
{
	const char *url = text_of(metadata, "userinfo_endpoint");
	const char *headers[] = { NULL, NULL };

	if (!url || !access)
		return RC_OK;
	headers[0] = arena_fmt(c->arena, "Authorization: Bearer %s", access);
	enum rc rc = get_json(c, url, headers, out);
	const char *sub = rc ? NULL : text_of(*out, "sub");

	if (!rc && (!sub || strcmp(sub, subject) != 0))
		rc = oidc_refuse(c, "userinfo is about somebody else");
	return rc;
}

static void take_claims(struct ctx *c, json_t *from, struct oidc_person *out)
{
	const char *email = text_of(from, "email");
	const char *name = text_of(from, "name");

	if (email && json_is_true(json_object_get(from, "email_verified")))
		out->email = text_email(c->arena, email);
	if (name)
		out->name = text_clean(c->arena, name, strlen(name), false);
	if (out->name)
		out->name = text_cut(c->arena, out->name, 100);
}

enum rc oidc_exchange(struct ctx *c, const struct oidc_provider *p,
                      const char *code, const char *verifier, const char *nonce,
                      struct oidc_person *out)
{
	json_t *metadata = NULL, *tokens = NULL, *claims = NULL, *info = NULL;
	enum rc rc = oidc_discover(c, p, &metadata);

	if (!rc)
		rc = fetch_tokens(c, p, metadata, code, verifier, &tokens);
	if (rc)
		return rc;
	const char *id_token = text_of(tokens, "id_token");
	const char *access = text_of(tokens, "access_token");

	if (!id_token)
		return oidc_refuse(c, "there is no ID token");
	rc = verify(c, metadata, id_token, &claims);
	if (rc)
		return rc;
	const char *flaw = flaw_of(c, p, claims, nonce, access);

	if (flaw)
		return oidc_refuse(c, flaw);
	*out = (struct oidc_person){ .issuer = p->issuer,
		                     .subject = text_of(claims, "sub") };
	take_claims(c, claims, out);
	if (!out->email)
		rc = ask_userinfo(c, metadata, access, out->subject, &info);
	if (!rc && info)
		take_claims(c, info, out);
	return rc;
}
