/* What the other API tests were answered, against the document; it runs after
 * them, over what they recorded. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/openapi.h"
#include "handlers/routes.h"
#include "tests/support/check.h"
#include "tests/support/schema_check.h"

#define FMT(...) arena_fmt(tc->arena, __VA_ARGS__)

static FILE *recorded;
static json_t *document;

static bool start(void)
{
	const char *name = getenv("API_RECORD");
	size_t n;

	recorded = name ? fopen(name, "re") : NULL;
	if (!recorded)
		check_skip("no API test has recorded its calls");
	routes_use(all_routes);
	const char *text = openapi_text(&n);
	document = json_loadb(text, n, 0, NULL);
	return document != NULL;
}

static void stop(void)
{
	fclose(recorded);
	json_decref(document);
}

static const char *variable(void *self, const char *name)
{
	return strcmp(name, "REQUEST_URI") ? NULL : self;
}

/* The row of the table that a recorded call belongs to; NULL = none. */
static const struct route *route_of(const char *method, const char *uri)
{
	struct req *r = arena_new(tc->arena, struct req);

	ctx_init(&r->ctx, tc->arena);
	r->method = method;
	r->from = (struct transport){
		.variable = variable,
		.self = arena_strdup(tc->arena, uri),
	};
	return gate_path(r) || route_match(r) ? NULL : r->route;
}

static const char *path_in_document(const struct route *route)
{
	size_t n = strlen(route->path);

	return arena_strndup(tc->arena, route->path,
	                     n > 1 && route->path[n - 1] == '/' ? n - 1 : n);
}

/* Refused before it was a request for any route, or its worker was killed: what
 * the program itself says to 411, 413, 500 and 503 names the request. */
static bool is_of_web_server(int status, json_t *body)
{
	static const int always[] = { 405, 408, 414, 431, 502, 505 };

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (status == always[i])
			return true;
	return (status == 411 || status == 413 || status == 500 ||
	        status == 503) &&
	       !json_object_get(body, "request_id");
}

static void check_call(json_t *call, bool *called)
{
	const char *method = json_string_value(json_object_get(call, "method"));
	const char *uri = json_string_value(json_object_get(call, "path"));
	int status = (int)json_integer_value(json_object_get(call, "status"));
	json_t *body = json_object_get(call, "body");
	const struct route *route = route_of(method, uri);

	if (!route || !strcmp(method, "HEAD") || !strcmp(method, "OPTIONS"))
		return;
	/* A refusal is no call. */
	if (status < 400)
		called[route_number(route)] = true;
	if (route->surface != SURFACE_API && route->surface != SURFACE_OAUTH)
		return;
	if (is_of_web_server(status, body))
		return;
	const char *why = schema_check(
		document,
		&(struct answer_seen){ .method = route->method,
	                               .path = path_in_document(route),
	                               .status = status,
	                               .type = json_string_value(
					       json_object_get(call, "type")),
	                               .body = json_is_null(body) ? NULL : body,
	                               .is_partial = strstr(uri, "fields=") !=
	                                             NULL });
	CHECK_TEXT(why, NULL, FMT("%s %s: %d", method, uri, status));
}

/* Without npm there is no provider to sign in at: api_oidc was skipped then. */
static bool can_be_tried(const struct route *r)
{
	return getenv("TEST_OIDC_DIR") ||
	       !text_starts(r->path, "/api/auth/oidc/");
}

static void every_reply_fits_and_every_route_was_of_use(void)
{
	bool *called = arena_new_array(tc->arena, bool, routes_count() + 1);
	char *line = NULL;
	size_t room = 0;
	int n = 0;

	while (getline(&line, &room, recorded) > 0) {
		json_t *call = json_loads(line, 0, NULL);

		NEED_TRUE(call != NULL, "a recorded call");
		check_call(call, called);
		json_decref(call);
		n++;
	}
	free(line);
	CHECK_TRUE(n > 0, "calls were recorded");
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (r->surface == SURFACE_API && can_be_tried(r))
			CHECK_TRUE(called[i],
			           FMT("%s %s did its work in no test",
			               r->method, r->path));
	}
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("replies", &hooks,
                TEST(every_reply_fits_and_every_route_was_of_use))
