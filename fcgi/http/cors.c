#include "config.h"

#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"

/*
 * Browsers of other origins (Fetch standard, "CORS protocol"): an exact list,
 * and never credentials: the API knows bearer tokens only, so a cookie would
 * open nothing.
 */

/* The path decides before there is a route: faults need the headers too. */
static bool is_shared(const struct req *r)
{
	if (r->route)
		return r->route->surface == SURFACE_API ||
		       r->route->surface == SURFACE_OAUTH;
	return !strncmp(r->path, "/api/", 5) || !strncmp(r->path, "/oauth/", 7);
}

static const char *allowed_origin(struct req *r)
{
	const char *origin = req_variable(r, "HTTP_ORIGIN");

	if (!origin || !*settings->cors_origins || !strcmp(origin, "null"))
		return NULL;
	if (gate_list_has(settings->cors_origins, "*"))
		return "*";
	return gate_list_has(settings->cors_origins, origin) ? origin : NULL;
}

void gate_cors(struct req *r)
{
	const char *origin = is_shared(r) ? allowed_origin(r) : NULL;

	if (!origin)
		return;
	reply_header(r, "Access-Control-Allow-Origin", origin);
	reply_header(r, "Access-Control-Expose-Headers",
	             "ETag, Location, X-Request-Id, RateLimit, "
	             "RateLimit-Policy, Retry-After, X-Degraded");
}

enum rc gate_options(struct req *r)
{
	const char *methods = route_allow(r);

	if (!*methods)
		return fail(&r->ctx, RC_NOT_FOUND, "no_such_path",
		            "There is nothing at this path");
	if (req_variable(r, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") &&
	    is_shared(r) && allowed_origin(r)) {
		reply_header(r, "Access-Control-Allow-Methods", methods);
		reply_header(r, "Access-Control-Allow-Headers",
		             "Authorization, Content-Type, Idempotency-Key, "
		             "If-Match, If-None-Match, X-Request-Id, "
		             "X-Cart-Token");
		reply_header(r, "Access-Control-Max-Age", "600");
	}
	reply_header(r, "Allow", methods);
	return reply_empty(r);
}
