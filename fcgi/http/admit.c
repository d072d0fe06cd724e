#include "config.h"

#include <string.h>
#include <strings.h>

#include "fcgi/http/gate.h"
#include "fcgi/http/reply.h"

/* RFC 6750 section 3: the challenge names what is wrong, never why a token was
 * not believed. */
static enum rc challenge(struct req *r, enum rc rc, const char *code,
                         const char *header, const char *text)
{
	reply_header(r, "WWW-Authenticate", header);
	return fail(&r->ctx, rc, code, "%s", text);
}

enum rc gate_bearer(struct req *r, struct token **token)
{
	const char *given = req_variable(r, "HTTP_AUTHORIZATION");

	*token = NULL;
	if (!given)
		return RC_OK;
	/* Two headers arrive joined by a comma (RFC 9110 section 5.3). */
	if (strchr(given, ','))
		return challenge(r, RC_BAD_REQUEST, "bad_authorization",
		                 "Bearer realm=\"merkato\", "
		                 "error=\"invalid_request\"",
		                 "There may be one Authorization header");
	if (strncasecmp(given, "Bearer ", 7) != 0)
		return challenge(r, RC_UNAUTHORIZED, "bad_authorization",
		                 "Bearer realm=\"merkato\"",
		                 "Authorization must be a bearer token");
	struct token *t = arena_new(r->ctx.arena, struct token);
	enum rc rc = token_check(&r->ctx, given + 7, "access", t);
	if (rc) {
		fail_clear(&r->ctx);
		return challenge(r, RC_UNAUTHORIZED, "bad_token",
		                 "Bearer realm=\"merkato\", "
		                 "error=\"invalid_token\"",
		                 "The access token is not valid");
	}
	*token = t;
	return RC_OK;
}

static bool has_rights(const struct ctx *c, unsigned needed)
{
	return (c->permissions & needed) == needed;
}

/* Any one of the roles somebody holds is enough. */
static bool is_admitted(const struct ctx *c, const struct route *route)
{
	unsigned held = c->roles & route->who;

	if (held & ROLE_CLIENT)
		return true;
	/* Programs act where a permission, their scope, is named. */
	if (!id_is_none(c->client) && !route->permission)
		return false;
	if (held & (ROLE_CUSTOMER | ROLE_VENDOR | ROLE_DELIVERY))
		return true;
	if ((c->roles & ROLE_SUPER) && (route->who & ROLE_MODERATOR))
		return true;
	if ((held & ROLE_STAFF) &&
	    has_rights(c, route->permission & MAY_STAFF_ALL))
		return true;
	return (held & ROLE_ADMIN) &&
	       has_rights(c, route->permission & MAY_ADMIN_ALL);
}

enum rc gate_admit(struct req *r)
{
	const struct ctx *c = &r->ctx;

	if (r->route->who & ROLE_ANYONE)
		return RC_OK;
	if (id_is_none(c->actor) && id_is_none(c->client))
		return challenge(r, RC_UNAUTHORIZED, "not_signed_in",
		                 r->route->surface == SURFACE_OAUTH
		                         ? "Basic realm=\"merkato\""
		                         : "Bearer realm=\"merkato\"",
		                 "Sign in first");
	if (is_admitted(c, r->route))
		return RC_OK;
	r->noticed = "access.refused";
	return fail(&r->ctx, RC_FORBIDDEN, "not_allowed",
	            "Your account does not have the right to do this");
}
