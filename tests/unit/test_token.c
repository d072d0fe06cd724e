#include "config.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}"
#define SUB "0190c1a4-0000-7000-8000-000000000001"
#define NOW 1795348800

static bool start(void)
{
	return settings_set("base_url", "https://shop.example") &&
	       settings_set("jwt_keys", "k1:" SECRET ",k2:fedcba9876543210"
	                                "fedcba9876543210") &&
	       token_load_keys();
}

static void before(void)
{
	tc->now.us = (int64_t)NOW * 1000000;
}

static const struct check_hooks hooks = { .start = start, .before = before };

/* A token by hand, so that every byte may be wrong. */
static const char *forged(const char *header, const char *claims,
                          const EVP_MD *hash, const char *secret)
{
	struct arena *a = tc->arena;
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	const char *text =
		arena_fmt(a, "%s.%s", text_base64url(a, header, strlen(header)),
	                  text_base64url(a, claims, strlen(claims)));
	HMAC(hash, secret, (int)strlen(secret), (const unsigned char *)text,
	     strlen(text), mac, &n);
	return arena_fmt(a, "%s.%s", text, text_base64url(a, mac, n));
}

static const char *claims(const char *changed, const char *value)
{
	static const struct {
		const char *name, *value;
	} all[] = {
		{ "iss", "\"https://shop.example\"" },
		{ "aud", "\"merkato\"" },
		{ "sub", "\"" SUB "\"" },
		{ "jti", "\"" SUB "\"" },
		{ "use", "\"access\"" },
		{ "ver", "3" },
		{ "iat", "1795348800" },
		{ "nbf", "1795348800" },
		{ "exp", "1795349700" },
	};
	char *s = arena_fmt(tc->arena, "{\"extra\":1");

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *v = changed && !strcmp(changed, all[i].name)
		                        ? value
		                        : all[i].value;

		if (v)
			s = arena_fmt(tc->arena, "%s,\"%s\":%s", s, all[i].name,
			              v);
	}
	return arena_fmt(tc->arena, "%s}", s);
}

static enum rc check(const char *text)
{
	struct token t;

	fail_clear(tc);
	return token_check(tc, text, "access", &t);
}

static void a_token_comes_back_as_it_was_made(void)
{
	struct token t = { .use = "access", .version = 7, .scope = "orders" };
	struct token got = { 0 };
	const char *text = NULL;

	t.subject = id_new();
	t.session = id_new();
	NEED_RC(token_make(tc, &t, 900, &text), RC_OK, "make");
	NEED_RC(token_check(tc, text, "access", &got), RC_OK, "check");
	CHECK_ID(got.subject, t.subject, "subject");
	CHECK_ID(got.session, t.session, "session");
	CHECK_TRUE(id_is_none(got.client), "no client");
	CHECK_FALSE(id_is_none(got.jti), "an id of its own");
	CHECK_INT(got.version, 7, "version");
	CHECK_TEXT(got.scope, "orders", "scope");
	CHECK_TEXT(got.use, "access", "use");
	CHECK_INT(got.expires.us, (int64_t)(NOW + 900) * 1000000, "expires");
	CHECK_RC(token_check(tc, text, "mail", &got), RC_UNAUTHORIZED,
	         "another use");
}

static void times_have_half_a_minute_of_leeway(void)
{
	struct token t = { .use = "access", .subject = id_new() }, got;
	const char *text = NULL;

	NEED_RC(token_make(tc, &t, 900, &text), RC_OK, "make");
	static const struct {
		int64_t at;
		enum rc want;
	} cases[] = {
		{ NOW - 31, RC_UNAUTHORIZED },  { NOW - 30, RC_OK },
		{ NOW + 900, RC_OK },           { NOW + 929, RC_OK },
		{ NOW + 930, RC_UNAUTHORIZED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		tc->now.us = cases[i].at * 1000000;
		fail_clear(tc);
		CHECK_RC(token_check(tc, text, "access", &got), cases[i].want,
		         arena_fmt(tc->arena, "second %lld",
		                   (long long)(cases[i].at - NOW)));
	}
}

/* The second look finds the token remembered. */
static void a_token_is_the_same_at_every_look(void)
{
	struct token t = { .use = "access", .version = 7 }, got = { 0 };
	const char *text = NULL, *scope = "orders:read reports";

	t.subject = id_new();
	t.session = id_new();
	t.client = id_new();
	for (int with_scope = 0; with_scope < 3; with_scope++) {
		/* One that is too long to be remembered, too. */
		t.scope = with_scope == 2 ? arena_fmt(tc->arena, "%0200d", 1)
		                          : (with_scope ? scope : NULL);
		NEED_RC(token_make(tc, &t, 900, &text), RC_OK, "make");
		for (int look = 0; look < 3; look++) {
			const char *what = arena_fmt(tc->arena, "%d, look %d",
			                             with_scope, look);

			memset(&got, 0, sizeof(got));
			NEED_RC(token_check(tc, text, "access", &got), RC_OK,
			        what);
			CHECK_ID(got.subject, t.subject, what);
			CHECK_ID(got.session, t.session, what);
			CHECK_ID(got.client, t.client, what);
			CHECK_INT(got.version, 7, what);
			CHECK_TEXT(got.scope, t.scope, what);
			CHECK_TEXT(got.use, "access", what);
			CHECK_INT(got.expires.us,
			          (int64_t)(NOW + 900) * 1000000, what);
			CHECK_RC(token_check(tc, text, "mail", &got),
			         RC_UNAUTHORIZED, what);
			fail_clear(tc);
		}
	}
	tc->now.us = (int64_t)(NOW + 930) * 1000000;
	CHECK_RC(token_check(tc, text, "access", &got), RC_UNAUTHORIZED,
	         "remembered, but over");
}

static void a_token_by_hand_is_taken(void)
{
	/* Else the refusals below would prove nothing. */
	CHECK_RC(
		check(forged(HEADER, claims(NULL, NULL), EVP_sha256(), SECRET)),
		RC_OK, "by hand");
	CHECK_RC(check(forged("{\"alg\":\"HS256\",\"typ\":\"JWT\","
	                      "\"kid\":\"k2\"}",
	                      claims(NULL, NULL), EVP_sha256(),
	                      "fedcba9876543210fedcba9876543210")),
	         RC_OK, "the second key");
}

static void wrong_claims_are_refused(void)
{
	static const char *const cases[][2] = {
		{ "iss", NULL },
		{ "iss", "\"https://evil.example\"" },
		{ "iss", "1" },
		{ "aud", NULL },
		{ "aud", "\"other\"" },
		{ "sub", NULL },
		{ "sub", "\"1\"" },
		{ "sub", "7" },
		{ "sub", "\"00000000-0000-0000-0000-000000000000\"" },
		{ "jti", NULL },
		{ "use", NULL },
		{ "use", "\"refresh\"" },
		{ "ver", NULL },
		{ "ver", "\"3\"" },
		{ "ver", "3.0" },
		{ "iat", NULL },
		{ "iat", "1795348840" },
		{ "nbf", NULL },
		{ "nbf", "1795348840" },
		{ "nbf", "\"1795348800\"" },
		{ "exp", NULL },
		{ "exp", "\"1795349700\"" },
		{ "exp", "1795349700.5" },
		{ "exp", "1795348700" },
		{ "exp", "1e10" },
		{ "exp", "9223372036854775807" },
		{ "exp", "null" },
		{ "exp", "1795349700,\"exp\":1795349701" },
		{ "ver", "3,\"scope\":1" },
		{ "ver", "3,\"sid\":\"x\"" },
		{ "ver", "3,\"cid\":null" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_RC(check(forged(HEADER, claims(cases[i][0], cases[i][1]),
		                      EVP_sha256(), SECRET)),
		         RC_UNAUTHORIZED,
		         arena_fmt(tc->arena, "%s: %s", cases[i][0],
		                   cases[i][1] ? cases[i][1] : "missing"));
	CHECK_RC(check(forged(HEADER, "[]", EVP_sha256(), SECRET)),
	         RC_UNAUTHORIZED, "a list");
	CHECK_RC(check(forged(HEADER, "{", EVP_sha256(), SECRET)),
	         RC_UNAUTHORIZED, "no JSON");
}

static void wrong_headers_are_refused(void)
{
	static const char *const cases[] = {
		"{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		"{\"alg\":\"HS512\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		"{\"alg\":\"hs256\",\"typ\":\"JWT\",\"kid\":\"k1\"}",
		"{\"alg\":[\"HS256\"],\"typ\":\"JWT\",\"kid\":\"k1\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
		"{\"alg\":\"HS256\",\"kid\":\"k1\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"k1\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k3\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":1}",
		"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../k1\"}",
		("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\","
		 "\"crit\":[\"exp\"]}"),
		("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k1\","
		 "\"jku\":\"https://evil.example\"}"),
		("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"k3\","
		 "\"kid\":\"k1\"}"),
		"[]",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_RC(check(forged(cases[i], claims(NULL, NULL),
		                      EVP_sha256(), SECRET)),
		         RC_UNAUTHORIZED, cases[i]);
	/* The header says HS512 and the signature is one, with our key. */
	CHECK_RC(check(forged(cases[1], claims(NULL, NULL), EVP_sha512(),
	                      SECRET)),
	         RC_UNAUTHORIZED, "HS512");
	CHECK_RC(
		check(forged(HEADER, claims(NULL, NULL), EVP_sha512(), SECRET)),
		RC_UNAUTHORIZED, "HS512 under HS256");
}

static void wrong_signatures_are_refused(void)
{
	struct arena *a = tc->arena;
	const char *good =
		forged(HEADER, claims(NULL, NULL), EVP_sha256(), SECRET);
	size_t n = strlen(good);

	CHECK_RC(check(forged(HEADER, claims(NULL, NULL), EVP_sha256(), "")),
	         RC_UNAUTHORIZED, "an empty key");
	CHECK_RC(check(forged(HEADER, claims(NULL, NULL), EVP_sha256(),
	                      "fedcba9876543210fedcba9876543210")),
	         RC_UNAUTHORIZED, "the other key");
	const char *last = strrchr(good, '.');
	CHECK_RC(check(arena_fmt(a, "%.*s.", (int)(last - good), good)),
	         RC_UNAUTHORIZED, "no signature");
	CHECK_RC(check(arena_fmt(a, "%.*s", (int)(last - good), good)),
	         RC_UNAUTHORIZED, "two parts");
	CHECK_RC(check(arena_fmt(a, "%s.x", good)), RC_UNAUTHORIZED,
	         "four parts");
	CHECK_RC(check(arena_fmt(a, "%s=", good)), RC_UNAUTHORIZED, "padding");
	CHECK_RC(check(arena_fmt(a, " %s", good)), RC_UNAUTHORIZED, "a blank");
	CHECK_RC(check(""), RC_UNAUTHORIZED, "empty");
	CHECK_RC(check(".."), RC_UNAUTHORIZED, "dots");
	/* Any other byte anywhere. */
	int taken = 0;
	for (size_t i = 0; i < n; i++) {
		char *bad = arena_strdup(a, good);

		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		taken += check(bad) != RC_UNAUTHORIZED;
	}
	CHECK_INT(taken, 0, "changed tokens taken");
	char *large = arena_alloc(a, 5000);
	memset(large, 'A', 4999);
	CHECK_RC(check(large), RC_UNAUTHORIZED, "5 kB");
}

/* In another worker the key may be known already: it opens at once. */
static void a_key_signs_when_its_time_has_come(void)
{
	const long long from = tc->now.us / 1000000 + 60;
	struct token t = { .use = "access", .subject = id_new() }, got;
	const char *early = NULL, *late = NULL;

	NEED_TRUE(settings_set("jwt_keys",
	                       arena_fmt(tc->arena, "k9@%lld:%s,k1:%s", from,
	                                 SECRET "9", SECRET)),
	          "two keys");
	NEED_TRUE(token_load_keys(), "loaded");
	NEED_RC(token_make(tc, &t, 900, &early), RC_OK, "before");
	tc->now = when_plus(tc->now, 60);
	NEED_RC(token_make(tc, &t, 900, &late), RC_OK, "after");
	tc->now = when_plus(tc->now, -60);
	NEED_TRUE(settings_set("jwt_keys", "k1:" SECRET), "the old one alone");
	NEED_TRUE(token_load_keys(), "loaded");
	CHECK_RC(token_check(tc, early, "access", &got), RC_OK, "the old key");
	CHECK_RC(token_check(tc, late, "access", &got), RC_UNAUTHORIZED,
	         "the new key");
	NEED_TRUE(settings_set("jwt_keys", arena_fmt(tc->arena, "k9@%lld:%s",
	                                             from + 900, SECRET "9")),
	          "the new one alone");
	NEED_TRUE(token_load_keys(), "loaded");
	tc->now = when_plus(tc->now, 60);
	CHECK_RC(token_check(tc, late, "access", &got), RC_OK,
	         "opens before it signs");
	CHECK_TRUE(start(), "as before");
}

static void bad_key_lists_stop_the_start(void)
{
	static const char *const cases[] = {
		"k1",
		"k1:short",
		":" SECRET,
		"k/1:" SECRET,
		"k1:" SECRET ",k1:" SECRET,
		"k1@:" SECRET,
		"k1@soon:" SECRET,
		"@5:" SECRET,
		"a:" SECRET ",b:" SECRET ",c:" SECRET ",d:" SECRET ",e:" SECRET,
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		NEED_TRUE(settings_set("jwt_keys", cases[i]), cases[i]);
		CHECK_FALSE(token_load_keys(), cases[i]);
	}
	key_set_master(SECRET SECRET, 64);
	NEED_TRUE(settings_set("jwt_keys", ""), "none");
	CHECK_TRUE(token_load_keys(), "one is derived");
	struct token t = { .use = "access", .subject = id_new() }, got;
	const char *text = NULL;
	NEED_RC(token_make(tc, &t, 900, &text), RC_OK, "make");
	CHECK_RC(token_check(tc, text, "access", &got), RC_OK, "check");
	CHECK_RC(
		check(forged(HEADER, claims(NULL, NULL), EVP_sha256(), SECRET)),
		RC_UNAUTHORIZED, "the old key");
	CHECK_TRUE(start(), "as before");
}

CHECK_MAIN_WITH("token", &hooks, TEST(a_token_comes_back_as_it_was_made),
                TEST(times_have_half_a_minute_of_leeway),
                TEST(a_token_is_the_same_at_every_look),
                TEST(a_token_by_hand_is_taken), TEST(wrong_claims_are_refused),
                TEST(wrong_headers_are_refused),
                TEST(wrong_signatures_are_refused),
                TEST(a_key_signs_when_its_time_has_come),
                TEST(bad_key_lists_stop_the_start))
