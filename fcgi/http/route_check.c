#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/http/route.h"

/* A start with a half-described route would be an open door or a lie in the
 * document: each rule here names what is missing, and main stops. */

static int fault(const struct route *r, const char *what)
{
	fprintf(stderr, "route %s %s: %s\n", r->method, r->path ? r->path : "?",
	        what);
	return 1;
}

static bool is_get(const struct route *r)
{
	return !strcmp(r->method, "GET");
}

static bool has_answer(const struct route *r)
{
	if (r->reply || r->type || r->surface == SURFACE_CONSOLE ||
	    r->surface == SURFACE_PAGE)
		return true;
	return r->status == 202 || r->status == 204 ||
	       (r->status >= 300 && r->status < 400);
}

static size_t n_params(const char *path)
{
	size_t n = 0;

	for (; *path; path++)
		n += *path == '{';
	return n;
}

static int check_basics(const struct route *r)
{
	static const char *const methods[] = { "GET", "POST", "PUT", "PATCH",
		                               "DELETE" };
	bool known = false;
	int n = 0;

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++)
		known |= !strcmp(r->method, methods[i]);
	if (!known)
		n += fault(r, "unknown method");
	if (!r->path || r->path[0] != '/')
		return n + fault(r, "the path must begin with /");
	if (n_params(r->path) > REQUEST_PARAMS_MAX)
		n += fault(r, "too many parameters in the path");
	if (!r->handler)
		n += fault(r, "no handler");
	if (!r->who)
		n += fault(r, "no .who: say ROLE_ANYONE aloud");
	if ((r->who & ROLE_ANYONE) && r->permission)
		n += fault(r, "anyone needs no permission");
	if (r->limit == LIMIT_MISSING || r->limit >= LIMIT_N)
		n += fault(r, "no .limit");
	if (!r->summary || !*r->summary)
		n += fault(r, "no .summary");
	if (!has_answer(r))
		n += fault(r, "no .reply, .type or empty .status");
	if (r->surface == SURFACE_CONSOLE && r->pool != POOL_SLOW)
		n += fault(r, "console routes belong to the slow pool");
	return n;
}

static int check_access(const struct route *r)
{
	int n = 0;

	if ((r->permission & MAY_STAFF_ALL) && !(r->who & ROLE_STAFF))
		n += fault(r, "a staff permission without ROLE_STAFF");
	if ((r->permission & MAY_ADMIN_ALL) && !(r->who & ROLE_ADMIN))
		n += fault(r, "an admin permission without ROLE_ADMIN");
	if (r->permission && (r->who & ROLE_STAFF) &&
	    !(r->permission & MAY_STAFF_ALL) && !(r->who & ROLE_CUSTOMER))
		n += fault(r, "staff would be let in without a permission");
	if (r->permission && (r->who & ROLE_ADMIN) &&
	    !(r->permission & MAY_ADMIN_ALL) && !(r->who & ROLE_CUSTOMER))
		n += fault(r, "admins would be let in without a permission");
	return n;
}

static int check_cache(const struct route *r)
{
	int n = 0;

	if (!r->cache && !r->depends && !r->depends_on)
		return 0;
	if (!is_get(r) || !(r->who & ROLE_ANYONE))
		n += fault(r, "only public GETs have shared answers");
	if (!r->cache)
		n += fault(r, ".depends without .cache");
	if (!r->depends && !r->depends_on)
		n += fault(r, ".cache without .depends");
	if (r->depends_on && !n_params(r->path))
		n += fault(r, ".depends_on without a path parameter");
	return n;
}

static int check_input(const struct route *r)
{
	int n = 0;

	if (is_get(r) && (r->body || r->body_kind != BODY_JSON))
		n += fault(r, "a GET has no body");
	if (is_get(r) && (r->touches || r->once || r->once_optional))
		n += fault(r, "a GET changes nothing");
	if (r->once && r->once_optional)
		n += fault(r, ".once and .once_optional");
	if ((r->once || r->once_optional) && r->body_kind == BODY_MULTIPART)
		n += fault(r, "uploads have no idempotency key");
	/* Pages for people show their rows as they like. */
	if (r->list && (!is_get(r) || (!r->reply && r->surface == SURFACE_API)))
		n += fault(r, "a list is a GET with a .reply");
	if (r->like && !route_like(r))
		n += fault(r, ".like names no route");
	if (r->orderings && !r->list)
		n += fault(r, ".orderings without .list");
	return n;
}

static int check_doubles(size_t number)
{
	const struct route *r = route_at(number);
	int n = 0;

	for (size_t i = 0; i < number; i++) {
		const struct route *other = route_at(i);

		if (!strcmp(r->method, other->method) && other->path &&
		    r->path && !strcmp(r->path, other->path))
			n += fault(r, "is there twice");
	}
	return n;
}

int routes_check(void)
{
	int n = 0;

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		n += check_basics(r) + check_access(r) + check_cache(r) +
		     check_input(r) + check_doubles(i);
	}
	return n;
}
