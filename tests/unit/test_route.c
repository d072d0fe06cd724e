#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/http/reply.h"
#include "fcgi/http/route.h"
#include "tests/support/check.h"

static enum rc nothing(struct req *r)
{
	return reply_empty(r);
}

#define ROW(method, path, ...)                                             \
	{                                                                  \
		method, path, nothing, .who = ROLE_ANYONE,                 \
				       .limit = LIMIT_READ, .status = 204, \
				       .summary = "Test", ##__VA_ARGS__    \
	}

static const struct route first[] = {
	ROW("GET", "/api/products"),
	ROW("POST", "/api/products"),
	ROW("GET", "/api/products/{id}"),
	ROW("PATCH", "/api/products/{id}"),
	ROW("GET", "/api/products/suggest"),
	ROW("GET", "/api/products/{id}/variants"),
	{ 0 },
};
static const struct route second[] = {
	ROW("GET", "/"),
	ROW("GET", "/api/a/{x}/b/{y}"),
	ROW("DELETE", "/api/variants/"),
	{ 0 },
};
static const struct route *const tables[] = { first, second, NULL };

static struct req *asked(const char *method, const char *path)
{
	struct req *r = arena_new(tc->arena, struct req);

	ctx_init(&r->ctx, tc->arena);
	r->method = method;
	r->path = path;
	return r;
}

static void before(void)
{
	routes_use(tables);
}

static void a_path_finds_its_route(void)
{
	static const struct {
		const char *method, *path, *want;
		enum rc rc;
	} cases[] = {
		{ "GET", "/api/products", "/api/products", RC_OK },
		{ "HEAD", "/api/products", "/api/products", RC_OK },
		{ "GET", "/api/products/7", "/api/products/{id}", RC_OK },
		{ "GET", "/api/products/suggest", "/api/products/suggest",
		  RC_OK },
		{ "GET", "/api/products/suggest/variants",
		  "/api/products/{id}/variants", RC_OK },
		{ "GET", "/", "/", RC_OK },
		{ "DELETE", "/api/variants", "/api/variants/", RC_OK },
		{ "GET", "/api/a/1/b/2", "/api/a/{x}/b/{y}", RC_OK },
		{ "GET", "/api/a/1/b", NULL, RC_NOT_FOUND },
		{ "GET", "/api/productsx", NULL, RC_NOT_FOUND },
		{ "GET", "/api", NULL, RC_NOT_FOUND },
		{ "PATCH", "/api/products/suggest", NULL, RC_METHOD },
		{ "DELETE", "/api/products", NULL, RC_METHOD },
		{ "TRACE", "/api/products", NULL, RC_METHOD },
		{ "get", "/api/products", NULL, RC_METHOD },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct req *r = asked(cases[i].method, cases[i].path);

		CHECK_RC(route_match(r), cases[i].rc, cases[i].path);
		CHECK_TEXT(r->route ? r->route->path : NULL, cases[i].want,
		           cases[i].path);
	}
}

static void parameters_are_taken_from_the_path(void)
{
	struct req *r = asked("GET", "/api/a/የኢትዮጵያ/b/2");

	NEED_RC(route_match(r), RC_OK, "match");
	CHECK_TEXT(req_param(r, 0), "የኢትዮጵያ", "first");
	CHECK_TEXT(req_param(r, 1), "2", "second");
	CHECK_TEXT(req_param(r, 2), "", "no third");
}

static void a_refused_method_names_the_allowed_ones(void)
{
	struct req *r = asked("DELETE", "/api/products");

	CHECK_RC(route_match(r), RC_METHOD, "refused");
	NEED_INT(r->n_headers, 1, "one header");
	CHECK_TEXT(r->headers[0].name, "Allow", "name");
	CHECK_TEXT(r->headers[0].value, "GET, HEAD, POST, OPTIONS", "value");
	CHECK_TEXT(route_allow(asked("GET", "/nowhere")), "", "no path");
}

static void routes_have_numbers(void)
{
	CHECK_INT(routes_count(), 9, "count");
	for (size_t i = 0; i < routes_count(); i++)
		CHECK_INT(route_number(route_at(i)), i, route_at(i)->path);
}

static void a_very_deep_path_is_not_found(void)
{
	CHECK_RC(route_match(asked("GET", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/"
	                                  "q/r/s/t/u/v")),
	         RC_NOT_FOUND, "deep");
}

/* How many faults the check finds in one route; its words are not shown. */
static int faults_of(const struct route *route)
{
	struct route *rows = arena_new_array(tc->arena, struct route, 2);
	const struct route *const *one = NULL;
	const struct route **list =
		arena_new_array(tc->arena, const struct route *, 2);
	int kept = dup(2);

	rows[0] = *route;
	list[0] = rows;
	one = list;
	routes_use(one);
	if (!freopen("/dev/null", "w", stderr))
		return -1;
	int n = routes_check();
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
	return n;
}

static void half_described_routes_do_not_start(void)
{
	static const struct route good = ROW("POST", "/api/x");
	struct route r = good;

	CHECK_INT(faults_of(&r), 0, "good");
	r.who = 0;
	CHECK_INT(faults_of(&r), 1, "nobody");
	r = good;
	r.limit = LIMIT_MISSING;
	CHECK_INT(faults_of(&r), 1, "limit");
	r = good;
	r.summary = "";
	CHECK_INT(faults_of(&r), 1, "summary");
	r = good;
	r.status = 0;
	CHECK_INT(faults_of(&r), 1, "reply");
	r = good;
	r.handler = NULL;
	CHECK_INT(faults_of(&r), 1, "handler");
	r = good;
	r.cache = CACHE_LISTING;
	r.depends = TAG_CATALOG;
	CHECK_INT(faults_of(&r), 1, "a cached POST");
	r = good;
	r.method = "GET";
	r.cache = CACHE_LISTING;
	CHECK_INT(faults_of(&r), 1, "cached without a tag");
	r = good;
	r.who = ROLE_STORE;
	r.permission = MAY_ADMIN_USERS;
	CHECK_TRUE(faults_of(&r) > 0, "permission of other people");
	r = good;
	r.method = "GET";
	r.touches = TAG_CATALOG;
	CHECK_INT(faults_of(&r), 1, "a GET that touches");
	r = good;
	r.surface = SURFACE_CONSOLE;
	CHECK_INT(faults_of(&r), 1, "console in the fast pool");
	r = good;
	r.path = "/a/{b}/{c}/{d}/{e}/{f}";
	CHECK_INT(faults_of(&r), 1, "too many parameters");
}

static void the_same_route_twice_does_not_start(void)
{
	static const struct route twice[] = {
		ROW("GET", "/api/x"),
		ROW("GET", "/api/x"),
		{ 0 },
	};
	static const struct route *const both[] = { twice, NULL };
	int kept = dup(2);

	routes_use(both);
	if (!freopen("/dev/null", "w", stderr))
		return;
	int n = routes_check();
	fflush(stderr);
	dup2(kept, 2);
	close(kept);
	CHECK_INT(n, 1, "twice");
}

static const struct check_hooks hooks = { .before = before };

CHECK_MAIN_WITH("route", &hooks, TEST(a_path_finds_its_route),
                TEST(parameters_are_taken_from_the_path),
                TEST(a_refused_method_names_the_allowed_ones),
                TEST(routes_have_numbers), TEST(a_very_deep_path_is_not_found),
                TEST(half_described_routes_do_not_start),
                TEST(the_same_route_twice_does_not_start))
