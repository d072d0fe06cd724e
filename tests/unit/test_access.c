/*
 * The access matrix, made from the route table: every route of the API is
 * called as everybody, with ids that nobody has, and lets in whom its row
 * names. Nobody gets 401, the wrong ones 403, the right ones anything else; no
 * call is an internal error.
 */
#include "config.h"

#include <string.h>

#include "fcgi/http/route.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

enum actor {
	NOBODY,
	CUSTOMER,
	OWNER,
	STAFF_WITH,
	STAFF_WITHOUT,
	DELIVERY,
	ADMIN_WITH,
	ADMIN_WITHOUT,
	SUPER,
	N_ACTORS
};
static const char *const names[] = {
	"nobody",
	"customer",
	"owner",
	"staff with the right",
	"staff without",
	"delivery",
	"admin with the right",
	"admin without",
	"super admin",
};

static const struct person *people[N_ACTORS];

static const struct person *make(enum actor who, const struct person *owner)
{
	switch (who) {
	case CUSTOMER:
		return a_customer();
	case OWNER:
		return owner;
	case STAFF_WITH:
		return a_staff(owner, MAY_STAFF_ALL);
	case STAFF_WITHOUT:
		return a_staff(owner, 0);
	case DELIVERY:
		return a_person(ROLE_DELIVERY, 0);
	case ADMIN_WITH:
		return an_admin(MAY_ADMIN_ALL);
	case ADMIN_WITHOUT:
		return a_person(ROLE_ADMIN, 0);
	case SUPER:
		return an_admin(0);
	case NOBODY:
	case N_ACTORS:
	default:
		return NULL;
	}
}

static void gather(void)
{
	const struct person *owner = an_owner();

	for (int i = 0; i < N_ACTORS; i++)
		people[i] = make((enum actor)i, owner);
}

/* What the row means, said once more and independently of dispatch. */
static bool is_meant(const struct route *r, enum actor who)
{
	bool staff_right = r->permission & MAY_STAFF_ALL;
	bool admin_right = r->permission & MAY_ADMIN_ALL;

	if (r->who & ROLE_ANYONE)
		return true;
	switch (who) {
	case CUSTOMER:
		return r->who & ROLE_CUSTOMER;
	case OWNER:
		return r->who & (ROLE_CUSTOMER | ROLE_VENDOR);
	case STAFF_WITH:
		return r->who & ROLE_STAFF;
	case STAFF_WITHOUT:
		return (r->who & ROLE_STAFF) && !staff_right;
	case DELIVERY:
		return r->who & ROLE_DELIVERY;
	case ADMIN_WITH:
		return r->who & ROLE_ADMIN;
	case ADMIN_WITHOUT:
		return (r->who & ROLE_ADMIN) && !admin_right;
	case SUPER:
		return r->who & (ROLE_ADMIN | ROLE_SUPER);
	case NOBODY:
	case N_ACTORS:
	default:
		return false;
	}
}

static const char *path_of(const struct route *r)
{
	struct buf b;
	char text[ID_TEXT_MAX];

	buf_init(&b, tc->arena, 200);
	for (const char *p = r->path; *p; p++) {
		if (*p != '{') {
			buf_putc(&b, *p);
			continue;
		}
		buf_puts(&b, id_text(id_new(), text));
		p = strchr(p, '}');
	}
	return b.s;
}

static bool is_about_access(const char *code)
{
	return code && (strcmp(code, "not_signed_in") == 0 ||
	                strcmp(code, "session_ended") == 0 ||
	                strcmp(code, "not_allowed") == 0);
}

static const struct answered *call(const struct route *r,
                                   const struct person *p)
{
	const char *path = path_of(r);
	bool is_get = strcmp(r->method, "GET") == 0;
	const char *body = is_get ? NULL : "{}";

	return p ? request(r->method, path, body, p->bearer)
	         : request(r->method, path, body);
}

static void check(const struct route *r, enum actor who)
{
	const struct answered *a = call(r, people[who]);
	const char *what = arena_fmt(
		tc->arena, "%s %s as %s: %d %s", r->method, r->path, names[who],
		a->status, a->req->ctx.err.code ? a->req->ctx.err.code : "");

	CHECK_TRUE(a->status < 500, what);
	if (is_meant(r, who))
		CHECK_FALSE((a->status == 401 || a->status == 403) &&
		                    is_about_access(a->req->ctx.err.code),
		            what);
	else
		CHECK_INT(a->status, who == NOBODY ? 401 : 403, what);
	if (a->status == 401 && who == NOBODY && !(r->who & ROLE_ANYONE))
		CHECK_TRUE(answered_header(a, "WWW-Authenticate") != NULL,
		           what);
}

/* Signing out and erasing make the next call a stranger's. */
static bool ends_sessions(const struct route *r)
{
	return strncmp(r->path, "/api/auth/", 10) == 0 ||
	       (strcmp(r->path, "/api/users/me") == 0 &&
	        strcmp(r->method, "DELETE") == 0);
}

static bool is_api(const struct route *r)
{
	return r->surface == SURFACE_API && strncmp(r->path, "/api/", 5) == 0;
}

static void every_route_admits_whom_it_names(void)
{
	int n = 0;

	gather();
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (!is_api(r))
			continue;
		n++;
		if (ends_sessions(r))
			gather();
		for (int who = 0; who < N_ACTORS; who++)
			check(r, (enum actor)who);
		if (ends_sessions(r))
			gather();
	}
	CHECK_TRUE(n > 60, "the routes of the API");
}

/* RFC 6750, and security.md: a bad token is 401 even on a public route. */
static void a_bad_token_opens_nothing(void)
{
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (!is_api(r))
			continue;
		const struct answered *a =
			request(r->method, path_of(r),
		                strcmp(r->method, "GET") == 0 ? NULL : "{}",
		                "Authorization: Bearer not.a.token");

		CHECK_INT(a->status, 401, r->path);
	}
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("access", &hooks, TEST(every_route_admits_whom_it_names),
                TEST(a_bad_token_opens_nothing))
