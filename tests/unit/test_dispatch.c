#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"
#include "tests/support/things.h"

static void a_get_answers_with_every_header(void)
{
	const struct answered *a = request(
		"GET", "/api/things/0190f000-0000-7000-8000-000000000001",
		NULL);

	CHECK_INT(a->status, 200, "status");
	CHECK_TEXT(a->type, "application/json; charset=utf-8", "type");
	CHECK_TEXT(answered_text(a, "name"), "coffee", "body");
	CHECK_TEXT(answered_header(a, "X-Content-Type-Options"), "nosniff",
	           "nosniff");
	CHECK_TEXT(answered_header(a, "Content-Security-Policy"),
	           "default-src 'none'; frame-ancestors 'none'", "csp");
	CHECK_TEXT(answered_header(a, "Strict-Transport-Security"),
	           "max-age=31536000; includeSubDomains", "hsts");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "public, max-age=60",
	           "cache");
	CHECK_TRUE(answered_header(a, "X-Request-Id") != NULL, "id");
	CHECK_HAS(a->etag, "\"v3-", "etag with the version");
	CHECK_TRUE(seen.read_only, "a GET reads only");
	CHECK_FALSE(seen.use_primary, "public reads may use the replica");
}

static void a_trailing_slash_means_the_same(void)
{
	CHECK_INT(request("GET", "/api/things/", NULL)->status, 200, "list");
	CHECK_INT(request("POST", "/api/empty/", NULL)->status, 204, "post");
	CHECK_INT(request("GET",
	                  "/api/things/0190f000-0000-7000-8000-000000000001/",
	                  NULL)
	                  ->status,
	          200, "object");
}

static void odd_paths_are_not_found(void)
{
	static const char *const paths[] = {
		"/api%2Fthings",
		"/api/things%5C",
		"/api/things%00",
		"/api/../api/things",
		"/api/./things",
		"/api//things",
		"/api/things;x=1",
		"/api/things/%ff",
		"/api/things/%zz",
		"/api/things/%2",
		"/api/things//",
		"api/things",
		"/api/things%0a",
		"/api/things/%2e%2e/things",
		"",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const struct answered *a = request("GET", paths[i], NULL);

		CHECK_INT(a->status, 404, paths[i]);
		CHECK_TEXT(a->type, "application/problem+json; charset=utf-8",
		           paths[i]);
	}
	CHECK_INT(request("GET", "/api/thing%73", NULL)->status, 200,
	          "decoded once");
	CHECK_INT(request("GET", "/api/thing%2573", NULL)->status, 404,
	          "not decoded twice");
}

static void a_problem_names_the_request(void)
{
	const struct answered *a =
		request("GET", "/api/nothing", NULL, "X-Request-Id: abc-12345");

	CHECK_INT(a->status, 404, "status");
	CHECK_TEXT(answered_text(a, "title"), "Not found", "title");
	CHECK_TEXT(answered_text(a, "status"), "404", "status");
	CHECK_TEXT(answered_text(a, "request_id"), "abc-12345", "id");
	CHECK_TEXT(answered_header(a, "X-Request-Id"), "abc-12345", "header");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "private, no-store",
	           "faults are not kept");
}

static void what_is_not_there_looks_like_what_is_malformed(void)
{
	seen.handler_rc = RC_NOT_FOUND;
	const struct answered *absent =
		request("POST", "/api/things", good_body, bearer());
	const struct answered *malformed =
		request("GET", "/api/things/nonsense", NULL);

	CHECK_INT(absent->status, 404, "absent");
	CHECK_INT(malformed->status, 404, "malformed");
	CHECK_TEXT(answered_text(absent, "code"),
	           answered_text(malformed, "code"), "code");
	CHECK_TEXT(answered_text(absent, "detail"),
	           answered_text(malformed, "detail"), "detail");
	CHECK_LACKS(absent->body, "as told", "no word of the handler");
}

static void odd_request_ids_are_replaced(void)
{
	static const char *const odd[] = {
		"X-Request-Id: short",
		"X-Request-Id: has blank in it",
		"X-Request-Id: "
		"0123456789012345678901234567890123456789012345678901234567890"
		"1234",
		"X-Request-Id: <script>alert",
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		const struct answered *a =
			request("GET", "/api/things", NULL, odd[i]);
		const char *id = answered_header(a, "X-Request-Id");

		CHECK_INT(id ? strlen(id) : 0, 32, odd[i]);
		CHECK_LACKS(odd[i], id, "a new one");
	}
}

static void methods_are_allowed_by_the_table(void)
{
	const struct answered *a = request("DELETE", "/api/things", NULL);

	CHECK_INT(a->status, 405, "status");
	CHECK_TEXT(answered_header(a, "Allow"), "GET, HEAD, POST, OPTIONS",
	           "allow");
	CHECK_INT(request("TRACE", "/api/things", NULL)->status, 405, "trace");
	a = request("POST", "/api/mine", NULL, "X-HTTP-Method-Override: GET");
	CHECK_INT(a->status, 405, "override is ignored");
	a = request("OPTIONS", "/api/things", NULL);
	CHECK_INT(a->status, 204, "options");
	CHECK_TEXT(answered_header(a, "Allow"), "GET, HEAD, POST, OPTIONS",
	           "options allow");
	CHECK_INT(request("OPTIONS", "/api/none", NULL)->status, 404,
	          "options of nothing");
	CHECK_INT(request("HEAD", "/api/things", NULL)->status, 200, "head");
}

static void only_listed_origins_may_call(void)
{
	const struct answered *a = request(
		"OPTIONS", "/api/things", NULL, "Origin: https://app.example",
		"Access-Control-Request-Method: POST");

	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Origin"),
	           "https://app.example", "allowed");
	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Methods"),
	           "GET, HEAD, POST, OPTIONS", "methods");
	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Credentials"), NULL,
	           "no credentials");
	a = request("OPTIONS", "/api/things", NULL,
	            "Origin: https://evil.example",
	            "Access-Control-Request-Method: POST");
	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Origin"), NULL,
	           "stranger");
	a = request("GET", "/api/things", NULL, "Origin: null");
	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Origin"), NULL,
	           "null");
	a = request("GET", "/api/none", NULL, "Origin: https://app.example");
	CHECK_TEXT(answered_header(a, "Access-Control-Allow-Origin"),
	           "https://app.example", "faults can be read too");
	CHECK_TEXT(answered_header(request("GET", "/api/things", NULL), "Vary"),
	           "Origin", "caches keep them apart");
}

static void unlisted_hosts_are_misdirected(void)
{
	CHECK_INT(request("GET", "/api/things", NULL, "Host: shop.example")
	                  ->status,
	          200, "own");
	CHECK_INT(request("GET", "/api/things", NULL, "Host: Shop.Example:443")
	                  ->status,
	          200, "own with port");
	CHECK_INT(request("GET", "/api/things", NULL, "Host: evil.example")
	                  ->status,
	          421, "stranger");
	CHECK_INT(
		request("GET", "/api/things", NULL, "Host: localhost")->status,
		421, "loopback is only for demonstrations");
	CHECK_INT(request("GET", "/health", NULL, "Host: 10.1.2.3")->status,
	          204, "health is asked by address");
	settings_set("demo", "true");
	CHECK_INT(
		request("GET", "/api/things", NULL, "Host: [::1]:8080")->status,
		200, "demo");
	settings_set("demo", "false");
	settings_set("hosts", "a.example, b.example");
	CHECK_INT(
		request("GET", "/api/things", NULL, "Host: b.example")->status,
		200, "listed");
	settings_set("hosts", "");
}

static void the_client_address_is_the_rightmost_stranger(void)
{
	static const struct {
		const char *remote, *forwarded, *want;
	} cases[] = {
		{ "REMOTE_ADDR: 192.0.2.9", "X-Forwarded-For: 1.1.1.1",
		  "192.0.2.9" },
		{ "REMOTE_ADDR: 10.0.0.2", "X-Forwarded-For: 1.1.1.1, 2.2.2.2",
		  "2.2.2.2" },
		{ "REMOTE_ADDR: 10.0.0.2",
		  "X-Forwarded-For: 1.1.1.1, 2.2.2.2, 10.1.1.1", "2.2.2.2" },
		{ "REMOTE_ADDR: 10.0.0.2", "X-Forwarded-For: 1.1.1.1, junk",
		  "10.0.0.2" },
		{ "REMOTE_ADDR: 10.0.0.2", "X-Forwarded-For: 2001:db8::1",
		  "2001:db8::1" },
		{ "REMOTE_ADDR: 10.0.0.2", "X-Other: 1", "10.0.0.2" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a =
			request("GET", "/api/things", NULL, cases[i].remote,
		                cases[i].forwarded);

		CHECK_TEXT(a->req->ctx.address, cases[i].want,
		           cases[i].forwarded);
	}
}

static void tokens_are_checked_even_on_public_routes(void)
{
	static const struct {
		const char *first, *second;
		int status;
	} cases[] = {
		{ "Authorization: Bearer nonsense", NULL, 401 },
		{ "Authorization: Basic YTpi", NULL, 401 },
		{ "Authorization: Bearer", NULL, 401 },
		{ "Authorization: Bearer ", NULL, 401 },
		{ "Authorization: Bearer a", "Authorization: Bearer b", 400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a =
			request("GET", "/api/things", NULL, cases[i].first,
		                cases[i].second);

		CHECK_INT(a->status, cases[i].status, cases[i].first);
		CHECK_TRUE(answered_header(a, "WWW-Authenticate") != NULL,
		           "challenge");
	}
	CHECK_INT(request("GET", "/api/things", NULL, bearer())->status, 200,
	          "good");
	seen.session_ended = true;
	CHECK_INT(request("GET", "/api/things", NULL, bearer())->status, 401,
	          "ended session");
}

static void access_is_by_role_and_permission(void)
{
	static const struct {
		const char *path;
		unsigned roles, permissions;
		int status;
	} cases[] = {
		{ "/api/mine", ROLE_CUSTOMER, 0, 200 },
		{ "/api/mine", ROLE_VENDOR, 0, 403 },
		{ "/api/mine", ROLE_VENDOR | ROLE_CUSTOMER, 0, 200 },
		{ "/api/mine", ROLE_SUPER, 0, 403 },
		{ "/api/admin", ROLE_SUPER, 0, 200 },
		{ "/api/admin", ROLE_ADMIN, MAY_ADMIN_USERS, 200 },
		{ "/api/admin", ROLE_ADMIN, MAY_ADMIN_ORDERS, 403 },
		{ "/api/admin", ROLE_CUSTOMER, MAY_ADMIN_USERS, 403 },
		{ "/api/shop", ROLE_VENDOR, 0, 200 },
		{ "/api/shop", ROLE_STAFF, MAY_STAFF_ORDERS, 200 },
		{ "/api/shop", ROLE_STAFF, MAY_STAFF_PRODUCTS, 403 },
		{ "/api/shop", ROLE_ADMIN, MAY_ADMIN_ALL, 403 },
		{ "/api/shop", 0, 0, 403 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		seen.roles = cases[i].roles;
		seen.permissions = cases[i].permissions;
		CHECK_INT(
			request("GET", cases[i].path, NULL, bearer())->status,
			cases[i].status,
			arena_fmt(tc->arena, "case %zu %s", i, cases[i].path));
	}
	const struct answered *a = request("GET", "/api/mine", NULL);
	CHECK_INT(a->status, 401, "nobody");
	CHECK_TEXT(answered_header(a, "WWW-Authenticate"),
	           "Bearer realm=\"merkato\"", "challenge");
	a = request("GET", "/api/mine", NULL, bearer());
	CHECK_TEXT(answered_header(a, "Cache-Control"), "private, no-store",
	           "personal");
	CHECK_TEXT(answered_header(a, "Vary"), "Authorization, Cookie, Origin",
	           "personal");
}

static void who_may_not_learns_nothing_of_his_body(void)
{
	CHECK_INT(request("POST", "/api/things", "{", "Content-Type: text/x")
	                  ->status,
	          401, "nobody with a bad body");
	seen.roles = ROLE_VENDOR;
	CHECK_INT(request("POST", "/api/things?x=1", "{", bearer())->status,
	          403, "no right, bad query, bad body");
	CHECK_INT(seen.calls, 0, "no handler ran");
}

static void a_deadlock_is_tried_again(void)
{
	seen.deadlocks = 2;
	CHECK_INT(request("POST", "/api/things", good_body, bearer())->status,
	          201, "third time");
	CHECK_INT(seen.calls, 3, "calls");
	seen.calls = 0;
	seen.deadlocks = 3;
	const struct answered *a =
		request("POST", "/api/things", good_body, bearer());
	CHECK_INT(a->status, 503, "no fourth");
	CHECK_INT(seen.calls, 3, "calls");
	CHECK_TEXT(answered_header(a, "Retry-After"), "1", "when again");
}

static void inner_faults_tell_nothing(void)
{
	seen.handler_rc = RC_INTERNAL;
	const struct answered *a =
		request("POST", "/api/things", good_body, bearer());

	CHECK_INT(a->status, 500, "status");
	CHECK_LACKS(a->body, "as told", "detail");
	CHECK_LACKS(a->body, "told_to", "code");
	CHECK_TRUE(answered_text(a, "request_id") != NULL, "id");
	seen.handler_rc = RC_CONFLICT;
	a = request("POST", "/api/things", good_body, bearer());
	CHECK_INT(a->status, 409, "status");
	CHECK_TEXT(answered_text(a, "detail"), "as told", "detail");
	CHECK_TEXT(answered_text(a, "code"), "told_to", "code");
	CHECK_TEXT(answered_text(a, "type"), "urn:merkato:problem:told_to",
	           "type");
	seen.handler_rc = RC_UNAVAILABLE;
	a = request("POST", "/api/things", good_body, bearer());
	CHECK_INT(a->status, 503, "status");
	CHECK_TEXT(answered_header(a, "Retry-After"), "1", "when again");
}

static const struct check_hooks hooks = { .start = things_start,
	                                  .before = things_before };

CHECK_MAIN_WITH("dispatch", &hooks, TEST(a_get_answers_with_every_header),
                TEST(a_trailing_slash_means_the_same),
                TEST(odd_paths_are_not_found),
                TEST(a_problem_names_the_request),
                TEST(what_is_not_there_looks_like_what_is_malformed),
                TEST(odd_request_ids_are_replaced),
                TEST(methods_are_allowed_by_the_table),
                TEST(only_listed_origins_may_call),
                TEST(unlisted_hosts_are_misdirected),
                TEST(the_client_address_is_the_rightmost_stranger),
                TEST(tokens_are_checked_even_on_public_routes),
                TEST(access_is_by_role_and_permission),
                TEST(who_may_not_learns_nothing_of_his_body),
                TEST(a_deadlock_is_tried_again),
                TEST(inner_faults_tell_nothing))
