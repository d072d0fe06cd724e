#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/limit.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"

/* A small shop of routes, and what its handlers were asked. */
struct thing {
	struct id id;
	const char *name;
	int64_t version;
	int amount;
};
static const struct field thing_fields[] = {
	FIELD(thing, id),     FIELD(thing, name), FIELD(thing, version),
	FIELD(thing, amount), FIELDS_END,
};
static const struct shape thing_shape = SHAPE(thing, thing_fields);

struct order_in {
	const char *name;
	int amount;
};
static const struct field order_in_fields[] = {
	FIELD(order_in, name, .flags = REQUIRED, .max = 10),
	FIELD(order_in, amount, .flags = REQUIRED, .min = 1, .max = 99),
	FIELDS_END,
};
static const struct shape order_in_shape = SHAPE(order_in, order_in_fields);

struct filter {
	int64_t least;
};
static const struct field filter_fields[] = {
	FIELD(filter, least, .min = 0, .max = 1000),
	FIELDS_END,
};
static const struct shape filter_shape = SHAPE(filter, filter_fields);

/* What the tests look at and set. */
static struct {
	int calls, deadlocks, once_stored, ended;
	bool read_only, use_primary, session_ended;
	enum rc handler_rc;
	struct id user;
	unsigned roles, permissions;
	struct once_answer stored;
	unsigned char print[32];
} seen;

static const char an_id[] = "0190f000-0000-7000-8000-000000000001";

static enum rc thing_get(struct req *r)
{
	struct thing t = { .name = "coffee", .version = 3, .amount = 7 };
	enum rc rc = req_id(r, 0, &t.id);

	seen.calls++;
	seen.read_only = r->ctx.read_only;
	seen.use_primary = r->ctx.use_primary;
	return rc ? rc : reply(r, &t);
}

static enum rc things_get(struct req *r)
{
	struct thing rows[2] = { { .name = "a", .amount = 1 },
		                 { .name = "b", .amount = 2 } };
	struct page_info info = { .count = 2, .more = r->page.number < 3 };

	id_parse(an_id, &rows[0].id);
	id_parse(an_id, &rows[1].id);
	seen.calls++;
	return reply_page(r, rows, 2, &info);
}

static enum rc things_post(struct req *r)
{
	struct order_in in;
	struct thing t = { .version = 1 };

	req_body(r, &in);
	seen.calls++;
	if (seen.deadlocks-- > 0)
		return RC_DEADLOCK;
	if (seen.handler_rc)
		return fail(&r->ctx, seen.handler_rc, "told_to", "as told");
	t.name = in.name;
	t.amount = in.amount;
	id_parse(an_id, &t.id);
	return reply_created(r, &t, "/api/things/x");
}

static enum rc empty_post(struct req *r)
{
	seen.calls++;
	return reply_empty(r);
}

static enum rc page_get(struct req *r)
{
	return reply_text(r, 200, "text/html; charset=utf-8",
	                  r->csrf ? r->csrf : "",
	                  r->csrf ? strlen(r->csrf) : 0);
}

static const char *const orders[] = { "-amount", "name", NULL };

#define COMMON .limit = LIMIT_READ, .summary = "Test"
static const struct route routes[] = {
	{ "GET", "/api/things", things_get, .who = ROLE_ANYONE, COMMON,
	  .max_age_s = 60, .query = &filter_shape, .reply = &thing_shape,
	  .list = true, .orderings = orders },
	{ "GET", "/api/things/{id}", thing_get, .who = ROLE_ANYONE, COMMON,
	  .max_age_s = 60, .reply = &thing_shape },
	{ "POST", "/api/things", things_post, .who = ROLE_CUSTOMER, COMMON,
	  .body = &order_in_shape, .reply = &thing_shape, .status = 201 },
	{ "POST", "/api/once", things_post, .who = ROLE_CUSTOMER, COMMON,
	  .body = &order_in_shape, .reply = &thing_shape, .status = 201,
	  .once = true },
	{ "POST", "/api/empty", empty_post, .who = ROLE_ANYONE, COMMON,
	  .status = 204 },
	{ "GET", "/api/mine", things_get, .who = ROLE_CUSTOMER, COMMON,
	  .reply = &thing_shape },
	{ "GET", "/api/admin", things_get, .who = ROLE_MODERATOR,
	  .permission = MAY_ADMIN_USERS, COMMON, .reply = &thing_shape },
	{ "GET", "/api/shop", things_get, .who = ROLE_STORE,
	  .permission = MAY_STAFF_ORDERS, COMMON, .reply = &thing_shape },
	{ "GET", "/health", empty_post, .who = ROLE_ANYONE, .limit = LIMIT_NONE,
	  .summary = "Test", .status = 204 },
	{ "POST", "/api/hook", empty_post, .who = ROLE_ANYONE, COMMON,
	  .body_kind = BODY_RAW, .body_max = 16, .status = 204 },
	{ "GET", "/console/login", page_get, .who = ROLE_ANYONE, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW },
	{ "GET", "/console", page_get, .who = ROLE_MODERATOR, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW },
	{ "POST", "/console/login", page_get, .who = ROLE_ANYONE, COMMON,
	  .surface = SURFACE_CONSOLE, .pool = POOL_SLOW,
	  .body_kind = BODY_CONSOLE, .body = &order_in_shape },
	{ 0 },
};
static const struct route *const tables[] = { routes, NULL };

static enum rc identify(struct ctx *c, const struct token *t, const char *facts,
                        size_t n)
{
	(void)facts;
	(void)n;
	if (seen.session_ended)
		return RC_UNAUTHORIZED;
	c->actor = t->subject;
	c->roles = seen.roles;
	c->permissions = seen.permissions;
	return RC_OK;
}

static enum rc begin(struct ctx *c)
{
	(void)c;
	return RC_OK;
}

static enum rc end(struct ctx *c, enum rc rc)
{
	(void)c;
	seen.ended++;
	return rc;
}

static enum rc once_begin(struct ctx *c, const char *route, const char *key,
                          const unsigned char print[32],
                          struct once_answer *stored, bool *is_stored)
{
	(void)route;
	(void)key;
	if (seen.once_stored && memcmp(print, seen.print, 32) != 0)
		return fail(c, RC_CONFLICT, "other_body", "Another body");
	memcpy(seen.print, print, 32);
	*is_stored = seen.once_stored > 0;
	*stored = seen.stored;
	return RC_OK;
}

static enum rc once_end(struct ctx *c, const char *route, const char *key,
                        const struct once_answer *answer)
{
	(void)c;
	(void)route;
	(void)key;
	seen.once_stored++;
	seen.stored = *answer;
	return RC_OK;
}

static const struct dispatch_backend backend = {
	.identify = identify,
	.begin = begin,
	.end = end,
	.once_begin = once_begin,
	.once_end = once_end,
};

static bool start(void)
{
	key_set_master("a secret for tests that is long enough", 38);
	return token_load_keys();
}

static void before(void)
{
	memset(&seen, 0, sizeof(seen));
	id_parse(an_id, &seen.user);
	seen.roles = ROLE_CUSTOMER;
	settings_set("base_url", "https://shop.example");
	settings_set("cors_origins", "https://app.example");
	settings_set("trusted_proxies", "10.0.0.0/8");
	settings_set("limit_read", "0");
	routes_use(tables);
	dispatch_use(&backend);
	limit_create();
}

/* "Authorization: Bearer …" of the test's user. */
static const char *bearer(void)
{
	struct token t = { .use = "access",
		           .subject = seen.user,
		           .session = seen.user };
	const char *text;

	NEED_RC(token_make(tc, &t, 600, &text), RC_OK, "token");
	return arena_fmt(tc->arena, "Authorization: Bearer %s", text);
}

static const char good_body[] = "{\"name\":\"teff\",\"amount\":2}";

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

static void bodies_are_refused_with_the_right_status(void)
{
	static const struct {
		const char *body, *header;
		int status;
	} cases[] = {
		{ "{\"name\":\"x\",\"amount\":1}", "X-A: b", 201 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/json; charset=utf-8", 201 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Type: text/plain",
		  415 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/json; charset=latin1", 415 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/jsonx", 415 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Encoding: gzip",
		  415 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: ", 411 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 2x", 400 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 999", 400 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 9999999",
		  413 },
		{ "{\"name\":\"x\",\"name\":\"y\",\"amount\":1}", "X-A: b",
		  400 },
		{ "{\"name\":\"x\",\"amount\":1", "X-A: b", 400 },
		{ "[1]", "X-A: b", 400 },
		{ "7", "X-A: b", 400 },
		{ "", "X-A: b", 400 },
		{ "{\"name\":\"\xff\",\"amount\":1}", "X-A: b", 400 },
		{ "{}", "X-A: b", 422 },
		{ "{\"name\":\"x\",\"amount\":0}", "X-A: b", 422 },
		{ "{\"name\":\"x\",\"amount\":1,\"price\":1}", "X-A: b", 422 },
		{ "{\"name\":7,\"amount\":\"1\"}", "X-A: b", 422 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a =
			request("POST", "/api/things", cases[i].body, bearer(),
		                cases[i].header);

		CHECK_INT(a->status, cases[i].status,
		          arena_fmt(tc->arena, "%s with %s", cases[i].body,
		                    cases[i].header));
	}
}

static void all_bad_fields_are_told_at_once(void)
{
	const struct answered *a = request(
		"POST", "/api/things", "{\"amount\":0,\"price\":1}", bearer());

	CHECK_INT(a->status, 422, "status");
	CHECK_TRUE(answered_text(a, "errors.name.0") != NULL, "name");
	CHECK_TRUE(answered_text(a, "errors.amount.0") != NULL, "amount");
	CHECK_TRUE(answered_text(a, "errors.price.0") != NULL, "price");
}

static void a_post_without_a_body_takes_none(void)
{
	CHECK_INT(request("POST", "/api/empty", NULL)->status, 204, "none");
	CHECK_INT(request("POST", "/api/empty", "{}")->status, 204, "empty");
	CHECK_INT(request("POST", "/api/empty", "{\"a\":1}")->status, 422,
	          "unknown member");
	CHECK_INT(request("POST", "/api/empty", "a=1",
	                  "Content-Type: application/x-www-form-urlencoded")
	                  ->status,
	          415, "a form");
}

static void raw_bodies_have_their_own_limit(void)
{
	CHECK_INT(request("POST", "/api/hook", "0123456789abcdef",
	                  "Content-Type: application/x-any")
	                  ->status,
	          204, "fits");
	CHECK_INT(request("POST", "/api/hook", "0123456789abcdefg")->status,
	          413, "one more");
}

static void a_created_object_is_located(void)
{
	const struct answered *a =
		request("POST", "/api/things", good_body, bearer());

	CHECK_INT(a->status, 201, "status");
	CHECK_TEXT(answered_header(a, "Location"),
	           "https://shop.example/api/things/x", "location");
	CHECK_HAS(a->etag, "\"v1-", "etag");
}

static void queries_are_strict(void)
{
	static const struct {
		const char *uri;
		int status;
	} cases[] = {
		{ "/api/things?least=3", 200 },
		{ "/api/things?", 200 },
		{ "/api/things?least=3&least=4", 400 },
		{ "/api/things?unknown=3", 400 },
		{ "/api/things?a[]=3", 400 },
		{ "/api/things?least=%zz", 400 },
		{ "/api/things?least=%00", 400 },
		{ "/api/things?least=x", 422 },
		{ "/api/things?least=1e2", 422 },
		{ "/api/things?least=1001", 422 },
		{ "/api/things?page=0", 422 },
		{ "/api/things?page=10001", 422 },
		{ "/api/things?page=x", 422 },
		{ "/api/things?page_size=101", 422 },
		{ "/api/things?page_size=100&page=10000", 200 },
		{ "/api/things?cursor=AAAA", 422 },
		{ "/api/things?cursor=", 200 },
		{ "/api/things?cursor=&page=2", 400 },
		{ "/api/things?ordering=amount,-name", 200 },
		{ "/api/things?ordering=price", 400 },
		{ "/api/things?ordering=amount,amount", 400 },
		{ "/api/things?ordering=", 400 },
		{ "/api/things?fields=id,name", 200 },
		{ "/api/things?fields=id,secret", 422 },
		{ "/api/things?fields=", 422 },
		{ "/api/things?page=0&unknown=1", 400 },
		{ "/api/mine?page=1", 400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(request("GET", cases[i].uri, NULL, bearer())->status,
		          cases[i].status, cases[i].uri);
}

static void only_the_fields_asked_for_are_sent(void)
{
	const struct answered *a =
		request("GET", "/api/things?fields=name,amount", NULL);

	CHECK_HAS(a->body, "\"results\":[{\"name\":\"a\",\"amount\":1}",
	          "rows");
	CHECK_LACKS(a->body, "\"id\"", "nothing else");
}

static void pages_link_to_their_neighbours(void)
{
	const struct answered *a = request(
		"GET", "/api/things?page=2&least=3&ordering=name", NULL);

	CHECK_TEXT(answered_text(a, "count"), "2", "count");
	CHECK_TEXT(
		answered_text(a, "next"),
		"https://shop.example/api/things?least=3&ordering=name&page=3",
		"next");
	CHECK_TEXT(
		answered_text(a, "previous"),
		"https://shop.example/api/things?least=3&ordering=name&page=1",
		"previous");
	a = request("GET", "/api/things?page=3", NULL);
	CHECK_TEXT(answered_text(a, "next"), NULL, "the last");
}

static void a_cursor_goes_on_where_it_was_made(void)
{
	const struct answered *a = request(
		"GET", "/api/things?cursor=&least=3&ordering=-name", NULL);
	const char *next = answered_text(a, "next");

	CHECK_TEXT(answered_text(a, "count"), NULL, "not counted");
	NEED_TRUE(next != NULL, "next");
	const char *uri = strstr(next, "/api/");
	a = request("GET", uri, NULL);
	CHECK_INT(a->status, 200, uri);
	CHECK_TRUE(a->req->page.walks && a->req->page.has_after, "walks");
	CHECK_TEXT(a->req->page.after[0], "b", "value of the last row");
	CHECK_ID(a->req->page.after_id, seen.user, "id of the last row");
	CHECK_TRUE(a->req->page.order[0].descending, "order");
}

static void a_cursor_opens_no_other_list(void)
{
	const struct answered *a =
		request("GET", "/api/things?cursor=&least=3", NULL);
	const char *next = answered_text(a, "next");

	NEED_TRUE(next != NULL, "next");
	const char *cursor = strstr(next ? next : "", "cursor=");
	static const char *const others[] = {
		"/api/things?least=4&%s",
		"/api/things?%s",
		"/api/things?least=3&ordering=name&%s",
		"/api/things?least=3&%sA",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *mark = strstr(others[i], "%s");
		const char *uri = arena_fmt(tc->arena, "%.*s%s%s",
		                            (int)(mark - others[i]), others[i],
		                            cursor, mark + 2);

		CHECK_INT(request("GET", uri, NULL)->status, 422, uri);
	}
	CHECK_INT(
		request("GET",
	                arena_fmt(tc->arena, "/api/things?%s&least=3", cursor),
	                NULL)
			->status,
		200, "the same question in another order");
}

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

static const struct check_hooks hooks = { .start = start, .before = before };

CHECK_MAIN_WITH(
	"dispatch", &hooks, TEST(a_get_answers_with_every_header),
	TEST(a_trailing_slash_means_the_same), TEST(odd_paths_are_not_found),
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
	TEST(bodies_are_refused_with_the_right_status),
	TEST(all_bad_fields_are_told_at_once),
	TEST(a_post_without_a_body_takes_none),
	TEST(raw_bodies_have_their_own_limit),
	TEST(a_created_object_is_located), TEST(queries_are_strict),
	TEST(only_the_fields_asked_for_are_sent),
	TEST(pages_link_to_their_neighbours),
	TEST(a_cursor_goes_on_where_it_was_made),
	TEST(a_cursor_opens_no_other_list), TEST(an_unchanged_answer_is_304),
	TEST(shared_caches_hold_nothing_asked_with_a_name),
	TEST(a_deadlock_is_tried_again), TEST(inner_faults_tell_nothing),
	TEST(money_moves_once_for_a_key), TEST(refused_work_is_not_stored),
	TEST(the_console_shows_the_door),
	TEST(console_forms_prove_where_they_come_from))
