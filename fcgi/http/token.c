#include "config.h"

#include "fcgi/http/token.h"

#include <jwt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/json.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"

enum {
	KEYS_MAX = 4,
	KID_MAX = 32,
	SECRET_MIN = 32,
	SECRET_MAX = 256,
	TOKEN_MAX = 4096,
	LEEWAY_S = 30
};

static const char audience[] = "merkato";

struct key {
	char kid[KID_MAX + 1];
	int64_t signs_from; /* Unix seconds; opens tokens before, too */
	unsigned char secret[SECRET_MAX];
	int n;
};

/* Read once at start, before fork; the first whose time has come signs. */
static struct {
	struct key keys[KEYS_MAX];
	size_t n;
} ring;

/*
 * Tokens that were found good, by the hash of their text: a person sends the
 * same one for a quarter of an hour, and reading it again costs more than all
 * else that a cached answer needs. What changes with time is looked at each
 * time. One place for each hash; they go when the keys are read again.
 */
enum { KNOWN = 256, KNOWN_SCOPE = 128 };
struct known {
	unsigned char hash[32];
	struct token token; /* use NULL = free place */
	struct when not_before;
	char scope[KNOWN_SCOPE];
};
static struct known known[KNOWN];

static bool complain(const char *why)
{
	fprintf(stderr, "MERKATO_JWT_KEYS: %s\n", why);
	return false;
}

static bool is_kid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= '0' && s[i] <= '9') &&
		    !(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= 'A' && s[i] <= 'Z') && s[i] != '-')
			return false;
	return n > 0 && n <= KID_MAX;
}

static const struct key *find_key(const char *kid)
{
	for (size_t i = 0; i < ring.n; i++)
		if (!strcmp(ring.keys[i].kid, kid))
			return &ring.keys[i];
	return NULL;
}

/* "k2@1795370000" → 2 and the time: a key that is known everywhere before it
 * signs anywhere. */
static bool take_start(const char *s, size_t *n_kid, int64_t *signs_from)
{
	const char *at = memchr(s, '@', *n_kid);

	*signs_from = 0;
	if (!at)
		return true;
	size_t n_time = *n_kid - (size_t)(at - s) - 1;
	*n_kid = (size_t)(at - s);
	return text_int(at + 1, n_time, signs_from) && *signs_from >= 0;
}

static bool add_key(const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);
	size_t n_kid = colon ? (size_t)(colon - s) : 0;
	size_t n_secret = colon ? n - n_kid - 1 : 0;
	int64_t signs_from;

	if (!take_start(s, &n_kid, &signs_from))
		return complain("after a key's @ stand the Unix seconds from "
		                "which it signs");
	if (ring.n == KEYS_MAX)
		return complain("there are too many keys");
	if (!is_kid(s, n_kid))
		return complain("a key id is letters, digits and hyphens, at "
		                "most 32, before a colon");
	if (n_secret < SECRET_MIN || n_secret > SECRET_MAX)
		return complain("a secret has 32 to 256 bytes");
	struct key *key = &ring.keys[ring.n];
	memset(key, 0, sizeof(*key));
	memcpy(key->kid, s, n_kid);
	if (find_key(key->kid))
		return complain("a key id is there twice");
	memcpy(key->secret, colon + 1, n_secret);
	key->n = (int)n_secret;
	key->signs_from = signs_from;
	ring.n++;
	return true;
}

static const char derived[] = "derived";

/* From the master secret; named alone in a list so that a first rotation logs
 * nobody out. */
static bool add_derived(void)
{
	struct key *key = &ring.keys[ring.n];

	if (ring.n == KEYS_MAX || find_key(derived))
		return complain("there are too many keys");
	memset(key, 0, sizeof(*key));
	memcpy(key->kid, derived, sizeof(derived));
	memcpy(key->secret, key_for("access"), 32);
	key->n = 32;
	ring.n++;
	return true;
}

static bool is_derived(const char *s, size_t n)
{
	return n == sizeof(derived) - 1 && strncmp(s, derived, n) == 0;
}

bool token_load_keys(void)
{
	const char *s = settings->jwt_keys;

	ring.n = 0;
	memset(known, 0, sizeof(known));
	if (!s || !*s)
		return add_derived();
	while (*s) {
		size_t n = strcspn(s, ",");

		if (is_derived(s, n) ? !add_derived() : !add_key(s, n))
			return false;
		s += n + (s[n] == ',');
	}
	return ring.n > 0 || complain("there is no key");
}

/* Signing. */

static char *claims_text(struct ctx *c, const struct token *t, int64_t now_s,
                         int64_t seconds)
{
	char subject[ID_TEXT_MAX], session[ID_TEXT_MAX], client[ID_TEXT_MAX];
	char jti[ID_TEXT_MAX];

	json_t *claims = json_pack(
		"{s:s, s:s, s:s, s:s*, s:s*, s:s, s:s, s:I, s:s*, s:I, s:I, s:I}",
		"iss", settings->base_url, "aud", audience, "sub",
		id_text(t->subject, subject), "sid",
		id_is_none(t->session) ? NULL : id_text(t->session, session),
		"cid",
		id_is_none(t->client) ? NULL : id_text(t->client, client),
		"jti", id_text(id_is_none(t->jti) ? id_new() : t->jti, jti),
		"use", t->use, "ver", (json_int_t)t->version, "scope", t->scope,
		"iat", (json_int_t)now_s, "nbf", (json_int_t)now_s, "exp",
		(json_int_t)now_s + seconds);
	if (!claims)
		return NULL;
	char *text = json_dumps(claims, JSON_COMPACT);
	json_decref(claims);
	char *copy = arena_strdup(c->arena, text);
	free(text);
	return copy;
}

static char *sign(struct ctx *c, const struct key *key, const char *claims)
{
	jwt_t *jwt = NULL;
	char *text = NULL, *copy;

	if (jwt_new(&jwt))
		return NULL;
	/* A failed jwt_set_alg would leave an unsigned token behind. */
	if (!jwt_add_header(jwt, "kid", key->kid) &&
	    !jwt_add_grants_json(jwt, claims) &&
	    !jwt_set_alg(jwt, JWT_ALG_HS256, key->secret, key->n))
		text = jwt_encode_str(jwt);
	copy = arena_strdup(c->arena, text);
	free(text);
	jwt_free(jwt);
	return copy;
}

static const struct key *signing_key(int64_t now_s)
{
	for (size_t i = 0; i < ring.n; i++)
		if (ring.keys[i].signs_from <= now_s)
			return &ring.keys[i];
	return &ring.keys[0];
}

enum rc token_make(struct ctx *c, const struct token *t, int64_t seconds,
                   const char **out)
{
	if (!ring.n || !t->use)
		return fail(c, RC_INTERNAL, "no_key", "Tokens are not set up.");
	int64_t now_s = c->now.us / 1000000;
	char *claims = claims_text(c, t, now_s, seconds);
	char *text = claims ? sign(c, signing_key(now_s), claims) : NULL;
	if (!text)
		return fail(c, RC_INTERNAL, "no_token",
		            "The token could not be made.");
	*out = text;
	return RC_OK;
}

/* Checking. */

/* The sender learns that the token is bad, never why. */
static enum rc refuse(struct ctx *c)
{
	fail_clear(c);
	return fail(c, RC_UNAUTHORIZED, "bad_token",
	            "The access token is not valid.");
}

/* A part of the token as a JSON object, read by our own strict reader. */
static json_t *part_object(struct ctx *c, const char *s, size_t n)
{
	size_t n_text = 0;
	json_t *j = NULL;

	const char *text = text_unbase64url(c->arena, s, n, &n_text);
	if (!text || json_read(c, text, n_text, &j) || !json_is_object(j))
		return NULL;
	return j;
}

static bool says(json_t *j, const char *name, const char *what)
{
	const char *s = json_string_value(json_object_get(j, name));

	return s && !strcmp(s, what);
}

/* Exactly alg, typ and kid: crit, jku, jwk, x5u and their like are ways to
 * choose the key or the rules. */
static const struct key *header_key(json_t *header)
{
	const char *kid = json_string_value(json_object_get(header, "kid"));

	if (!kid || json_object_size(header) != 3 ||
	    !says(header, "alg", "HS256") || !says(header, "typ", "JWT"))
		return NULL;
	return find_key(kid);
}

static bool is_signed(const char *text, const struct key *key)
{
	jwt_t *jwt = NULL;

	/* With no key or an empty one the library takes anything. */
	if (key->n < SECRET_MIN || jwt_decode(&jwt, text, key->secret, key->n))
		return false;
	/* HS384 and HS512 with our key, and "none", decode as well. */
	bool is_ours = jwt_get_alg(jwt) == JWT_ALG_HS256;
	jwt_free(jwt);
	return is_ours;
}

static bool take_time(json_t *claims, const char *name, int64_t *out)
{
	json_t *j = json_object_get(claims, name);

	if (!json_is_integer(j))
		return false;
	*out = json_integer_value(j);
	return *out > 0 && *out < (int64_t)1 << 40;
}

/* An id that must be there, or one that may be absent. */
static bool take_id(json_t *claims, const char *name, bool is_needed,
                    struct id *out)
{
	json_t *j = json_object_get(claims, name);

	if (!j)
		return !is_needed;
	return json_is_string(j) && id_parse(json_string_value(j), out) &&
	       !id_is_none(*out);
}

static bool take_times(json_t *claims, struct token *t, struct when *not_before)
{
	int64_t iat, nbf, exp;

	if (!take_time(claims, "iat", &iat) ||
	    !take_time(claims, "nbf", &nbf) || !take_time(claims, "exp", &exp))
		return false;
	t->issued.us = iat * 1000000;
	t->expires.us = exp * 1000000;
	not_before->us = nbf * 1000000;
	return exp > iat;
}

static bool is_current(const struct ctx *c, const struct token *t,
                       struct when not_before)
{
	/* Whole seconds, as the claims have them. */
	const struct when now = { c->now.us - c->now.us % 1000000 };
	int64_t latest = when_plus(now, LEEWAY_S).us;

	return t->expires.us > when_plus(now, -LEEWAY_S).us &&
	       not_before.us <= latest && t->issued.us <= latest;
}

static bool take_claims(struct ctx *c, json_t *claims, const char *use,
                        struct token *t, struct when *not_before)
{
	json_t *version = json_object_get(claims, "ver");
	json_t *scope = json_object_get(claims, "scope");

	if (!says(claims, "iss", settings->base_url) ||
	    !says(claims, "aud", audience) || !says(claims, "use", use))
		return false;
	if (!json_is_integer(version) || (scope && !json_is_string(scope)))
		return false;
	t->use = use;
	t->version = json_integer_value(version);
	t->scope = arena_strdup(c->arena, json_string_value(scope));
	return take_id(claims, "sub", true, &t->subject) &&
	       take_id(claims, "jti", true, &t->jti) &&
	       take_id(claims, "sid", false, &t->session) &&
	       take_id(claims, "cid", false, &t->client) &&
	       take_times(claims, t, not_before);
}

static bool recall(struct ctx *c, const struct known *k,
                   const unsigned char hash[32], const char *use,
                   struct token *t, struct when *not_before)
{
	if (!k->token.use || strcmp(k->token.use, use) != 0 ||
	    !secret_equal(k->hash, hash, sizeof(k->hash)))
		return false;
	*t = k->token;
	*not_before = k->not_before;
	if (t->scope)
		t->scope = arena_strdup(c->arena, k->scope);
	return true;
}

static void remember(struct known *k, const unsigned char hash[32],
                     const struct token *t, struct when not_before)
{
	size_t n = t->scope ? strlen(t->scope) + 1 : 0;

	if (n > sizeof(k->scope))
		return;
	memcpy(k->hash, hash, sizeof(k->hash));
	k->token = *t;
	k->not_before = not_before;
	if (n) {
		memcpy(k->scope, t->scope, n);
		k->token.scope = k->scope;
	}
}

/* All but whether it is still, or already, good. */
static bool read_token(struct ctx *c, const char *text, const char *use,
                       struct token *out, struct when *not_before)
{
	struct token t = { 0 };
	size_t n_signature;

	const char *dot = strchr(text, '.');
	const char *dot2 = dot ? strchr(dot + 1, '.') : NULL;
	if (!dot2 || strchr(dot2 + 1, '.'))
		return false;
	json_t *header = part_object(c, text, (size_t)(dot - text));
	json_t *claims = part_object(c, dot + 1, (size_t)(dot2 - dot - 1));
	if (!header || !claims)
		return false;
	/* One signature has one text. */
	const void *signature = text_unbase64url(
		c->arena, dot2 + 1, strlen(dot2 + 1), &n_signature);
	const struct key *key = header_key(header);
	if (!signature || n_signature != 32 || !key || !is_signed(text, key) ||
	    !take_claims(c, claims, use, &t, not_before))
		return false;
	*out = t;
	return true;
}

enum rc token_check(struct ctx *c, const char *text, const char *use,
                    struct token *out)
{
	struct token t = { 0 };
	struct when not_before = { 0 };
	unsigned char hash[32];
	size_t n = strnlen(text, TOKEN_MAX + 1);

	if (n > TOKEN_MAX)
		return refuse(c);
	sha256(text, n, hash);
	struct known *k = &known[hash[0] % KNOWN];
	if (!recall(c, k, hash, use, &t, &not_before)) {
		if (!read_token(c, text, use, &t, &not_before))
			return refuse(c);
		remember(k, hash, &t, not_before);
	}
	if (!is_current(c, &t, not_before))
		return refuse(c);
	*out = t;
	return RC_OK;
}
