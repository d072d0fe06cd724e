#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"
#include "tests/support/things.h"

static void an_unchanged_answer_is_304(void)
{
	const struct answered *a = request("GET", "/api/things", NULL);
	static const char *const forms[] = { "%s", "W/%s", "\"x\", %s", "*" };

	NEED_TRUE(a->etag != NULL, "etag");
	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
		const char *mark = strstr(forms[i], "%s");
		const char *header =
			mark ? arena_fmt(tc->arena, "If-None-Match: %.*s%s",
		                         (int)(mark - forms[i]), forms[i],
		                         a->etag)
			     : "If-None-Match: *";
		const struct answered *b =
			request("GET", "/api/things", NULL, header);

		CHECK_INT(b->status, 304, header);
		CHECK_INT(b->n, 0, "no body");
		CHECK_TEXT(b->etag, a->etag, "etag");
		CHECK_TEXT(answered_header(b, "Cache-Control"),
		           "public, max-age=60", "caching");
	}
	CHECK_INT(request("GET", "/api/things", NULL, "If-None-Match: \"x\"")
	                  ->status,
	          200, "another tag");
}

static void shared_caches_hold_nothing_asked_with_a_name(void)
{
	CHECK_TEXT(
		answered_header(request("GET", "/api/things", NULL, bearer()),
	                        "Cache-Control"),
		"private, max-age=60", "token");
	CHECK_TEXT(answered_header(
			   request("GET", "/api/things", NULL, "Cookie: a=b"),
			   "Cache-Control"),
	           "private, max-age=60", "cookie");
}

static void money_moves_once_for_a_key(void)
{
	const char *key = "Idempotency-Key: k1";
	const struct answered *a =
		request("POST", "/api/once", good_body, bearer());

	CHECK_INT(a->status, 400, "a key is needed");
	a = request("POST", "/api/once", good_body, bearer(),
	            "Idempotency-Key: has blank");
	CHECK_INT(a->status, 400, "a bad key");
	a = request("POST", "/api/once", good_body, bearer(), key);
	CHECK_INT(a->status, 201, "first");
	CHECK_INT(seen.calls, 1, "ran");
	const char *body = a->body;
	a = request("POST", "/api/once", "{ \"amount\":2,\n\"name\":\"teff\" }",
	            bearer(), key);
	CHECK_INT(a->status, 201, "again, written differently");
	CHECK_INT(seen.calls, 1, "did not run");
	CHECK_TEXT(a->body, body, "the stored answer");
	CHECK_TEXT(answered_header(a, "Location"),
	           "https://shop.example/api/things/x", "its location");
	a = request("POST", "/api/once", "{\"name\":\"teff\",\"amount\":3}",
	            bearer(), key);
	CHECK_INT(a->status, 409, "another body");
	CHECK_INT(seen.calls, 1, "did not run");
}

static void refused_work_is_not_stored(void)
{
	seen.handler_rc = RC_CONFLICT;
	CHECK_INT(request("POST", "/api/once", good_body, bearer(),
	                  "Idempotency-Key: k")
	                  ->status,
	          409, "refused");
	CHECK_INT(seen.once_stored, 0, "not stored");
	CHECK_INT(seen.ended, 1, "transaction ended");
	seen.handler_rc = RC_OK;
	seen.deadlocks = 1;
	CHECK_INT(request("POST", "/api/once", good_body, bearer(),
	                  "Idempotency-Key: k")
	                  ->status,
	          201, "after a deadlock");
	CHECK_INT(seen.ended, 3, "each attempt is a transaction");
}

static void the_console_shows_the_door(void)
{
	const struct answered *a = request("GET", "/console", NULL);

	CHECK_INT(a->status, 303, "status");
	CHECK_TEXT(answered_header(a, "Location"),
	           "https://shop.example/console/login", "login");
	CHECK_INT(request("GET", "/console", NULL, bearer())->status, 303,
	          "a token opens nothing here");
}

static void console_forms_prove_where_they_come_from(void)
{
	const struct answered *a = request("GET", "/console/login", NULL);
	const char *cookie = answered_header(a, "Set-Cookie");

	NEED_TRUE(cookie != NULL, "visit");
	CHECK_HAS(cookie, "__Host-merkato_visit=", "name");
	CHECK_HAS(cookie, "; Path=/; HttpOnly; SameSite=Strict; Secure",
	          "attributes");
	CHECK_HAS(answered_header(a, "Content-Security-Policy"),
	          "script-src 'self'; style-src 'self'", "csp");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "no-store", "cache");
	CHECK_TEXT(answered_header(a, "X-Frame-Options"), "DENY", "frames");
	const char *sent = arena_fmt(tc->arena, "Cookie: %.*s",
	                             (int)strcspn(cookie, ";"), cookie);
	const char *form =
		arena_fmt(tc->arena, "name=x&amount=1&csrf=%s", a->body);
	const char *type = "Content-Type: application/x-www-form-urlencoded";
	const char *own = "Origin: https://shop.example";
	static const struct {
		const char *origin, *site;
		int status;
	} cases[] = {
		{ "Origin: https://shop.example", "Sec-Fetch-Site: same-origin",
		  200 },
		{ "Origin: https://shop.example", "X-A: b", 200 },
		{ "Origin: https://shop.example", "Sec-Fetch-Site: cross-site",
		  403 },
		{ "Origin: https://evil.example", "X-A: b", 403 },
		{ "Origin: null", "X-A: b", 403 },
		{ "X-B: c", "X-A: b", 403 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(request("POST", "/console/login", form, type, sent,
		                  cases[i].origin, cases[i].site)
		                  ->status,
		          cases[i].status, cases[i].origin);
	CHECK_INT(request("POST", "/console/login", "name=x&amount=1", type,
	                  sent, own)
	                  ->status,
	          403, "no token");
	CHECK_INT(request("POST", "/console/login", form, type, own)->status,
	          403, "the token of another visit");
	CHECK_INT(request("POST", "/console/login", "{}", sent, own)->status,
	          415, "JSON is no form");
}

static const struct check_hooks hooks = { .start = things_start,
	                                  .before = things_before };

CHECK_MAIN_WITH("dispatch answers", &hooks, TEST(an_unchanged_answer_is_304),
                TEST(shared_caches_hold_nothing_asked_with_a_name),
                TEST(money_moves_once_for_a_key),
                TEST(refused_work_is_not_stored),
                TEST(the_console_shows_the_door),
                TEST(console_forms_prove_where_they_come_from))
