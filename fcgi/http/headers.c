#include "config.h"

#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"

static bool has(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, name))
			return true;
	}
	return false;
}

static void put(struct req *r, const char *name, const char *value)
{
	if (!has(r, name))
		reply_header(r, name, value);
}

static enum surface surface_of(const struct req *r)
{
	if (r->route)
		return r->route->surface;
	return text_starts(r->path, "/console") ? SURFACE_CONSOLE : SURFACE_API;
}

/* Where pictures come from, for the console's policy: "" = from here. */
static const char *media_origin(struct req *r)
{
	const char *base = settings->media_base_url;
	const char *host = strstr(base, "://");

	if (!host)
		return "";
	return arena_fmt(r->ctx.arena, " %.*s",
	                 (int)(host + 3 - base + (int)strcspn(host + 3, "/")),
	                 base);
}

static const char *content_policy(struct req *r, enum surface surface)
{
	switch (surface) {
	case SURFACE_CONSOLE:
		return arena_fmt(
			r->ctx.arena,
			"default-src 'none'; script-src 'self'; style-src "
			"'self'; img-src 'self'%s; connect-src 'self'; "
			"font-src 'self'; form-action 'self'; base-uri 'none'; "
			"object-src 'none'; frame-ancestors 'none'",
			media_origin(r));
	case SURFACE_PAGE:
		return "default-src 'none'; style-src 'self'; img-src 'self'; "
		       "form-action 'self'; base-uri 'none'; frame-ancestors "
		       "'none'";
	case SURFACE_API:
	case SURFACE_OAUTH:
	default:
		return "default-src 'none'; frame-ancestors 'none'";
	}
}

static bool is_public(const struct req *r)
{
	const struct route *route = r->route;

	return route && (route->who & ROLE_ANYONE) &&
	       (route->cache || route->max_age_s) &&
	       (r->status == 200 || r->status == 304);
}

/* A shared cache must never hold what was asked for with a token or cookie. */
static void put_caching(struct req *r)
{
	if (!is_public(r)) {
		put(r, "Cache-Control", "private, no-store");
		put(r, "Vary", "Authorization, Cookie, Origin");
		return;
	}
	bool is_named = req_variable(r, "HTTP_AUTHORIZATION") ||
	                req_variable(r, "HTTP_COOKIE");
	const char *scope = is_named ? "private" : "public";

	if (r->route->max_age_s > 0)
		put(r, "Cache-Control",
		    arena_fmt(r->ctx.arena, "%s, max-age=%d", scope,
		              r->route->max_age_s));
	else
		put(r, "Cache-Control",
		    is_named ? "private, max-age=0, must-revalidate"
		             : "public, max-age=0, must-revalidate");
	if (*settings->cors_origins)
		put(r, "Vary", "Origin");
}

void gate_headers(struct req *r)
{
	enum surface surface = surface_of(r);

	put(r, "X-Request-Id", r->ctx.request_id);
	put(r, "X-Content-Type-Options", "nosniff");
	put(r, "Content-Security-Policy", content_policy(r, surface));
	if (text_starts(settings->base_url, "https://"))
		put(r, "Strict-Transport-Security",
		    "max-age=31536000; includeSubDomains");
	if (surface == SURFACE_CONSOLE || surface == SURFACE_PAGE) {
		put(r, "X-Frame-Options", "DENY");
		put(r, "Cross-Origin-Opener-Policy", "same-origin");
		put(r, "Cross-Origin-Resource-Policy", "same-origin");
		put(r, "Referrer-Policy", "same-origin");
		put(r, "Permissions-Policy",
		    "camera=(), geolocation=(), microphone=(), payment=()");
	}
	if (surface == SURFACE_CONSOLE)
		put(r, "Cache-Control", "no-store");
	put_caching(r);
}
