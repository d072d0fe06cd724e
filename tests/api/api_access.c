#include "config.h"

#include <string.h>

#include "fcgi/http/openapi.h"
#include "fcgi/http/route.h"
#include "handlers/routes.h"
#include "tests/support/api.h"

/*
 * The table of routes against the running product: every route is called as
 * everybody there is, and lets in exactly whom its row names. What is let in
 * here has no object to act on, so nothing is changed; whose an object is
 * api_foreign.c asks.
 */

static const char absent_id[] = "018f0000-0000-7000-8000-000000000000";

struct actor {
	const char *who; /* in dev.json; NULL = nobody */
	const char *token;
	unsigned roles, permissions;
};

static const struct {
	const char *text;
	unsigned bit;
} roles[] = {
#define X(name, bit, text) { text, ROLE_##name },
	ROLE_TABLE(X)
#undef X
};

static const struct {
	const char *text;
	unsigned bit;
} permissions[] = {
#define X(name, bit, text) { text, (unsigned)MAY_##name },
	PERMISSION_TABLE(X)
#undef X
};

static bool is_in(const struct api_answer *a, const char *list,
                  const char *word)
{
	for (size_t i = 0; i < at_count(a, list); i++) {
		const char *one = at_text(a, FMT("%s[%zu]", list, i));

		if (one && !strcmp(one, word))
			return true;
	}
	return false;
}

/* Who that is, as the product itself tells. */
static struct actor actor_of(const char *who, const char *token)
{
	struct actor out = { .who = who, .token = token };
	const struct api_answer *a = api_get("/api/users/me", token);
	unsigned half = 0;

	NEED_API(a, 200, who);
	for (size_t i = 0; i < sizeof(roles) / sizeof(*roles); i++) {
		if (is_in(a, "roles", roles[i].text))
			out.roles |= roles[i].bit;
	}
	if (out.roles & ROLE_STAFF)
		half |= MAY_STAFF_ALL;
	if (out.roles & ROLE_ADMIN)
		half |= MAY_ADMIN_ALL;
	for (size_t i = 0; i < sizeof(permissions) / sizeof(*permissions);
	     i++) {
		if ((permissions[i].bit & half) &&
		    is_in(a, "permissions", permissions[i].text))
			out.permissions |= permissions[i].bit;
	}
	return out;
}

/* The rule in the words of api.md, apart from how dispatch asks it. */
static bool is_let_in(const struct actor *a, const struct route *r)
{
	unsigned staff = r->permission & MAY_STAFF_ALL;
	unsigned admin = r->permission & MAY_ADMIN_ALL;

	if (r->who & ROLE_ANYONE)
		return true;
	if (a->roles & ROLE_SUPER && r->who & (ROLE_SUPER | ROLE_ADMIN))
		return true;
	if (a->roles & r->who &
	    (ROLE_CUSTOMER | ROLE_VENDOR | ROLE_DELIVERY | ROLE_CLIENT))
		return true;
	if (a->roles & r->who & ROLE_STAFF && (a->permissions & staff) == staff)
		return true;
	return a->roles & r->who & ROLE_ADMIN &&
	       (a->permissions & admin) == admin;
}

static const char *path_with(const struct route *r, const char *id)
{
	struct buf b;

	buf_init(&b, tc->arena, 128);
	for (const char *p = r->path; *p; p++) {
		if (*p != '{') {
			buf_putc(&b, *p);
			continue;
		}
		buf_puts(&b, id);
		p = strchr(p, '}');
	}
	return b.s;
}

static bool is_get(const struct route *r)
{
	return !strcmp(r->method, "GET");
}

static const struct api_answer *call(const struct route *r, const char *id,
                                     const char *body, const char *token)
{
	return api_call(&(struct api_call){ .method = r->method,
	                                    .path = path_with(r, id),
	                                    .body = body,
	                                    .token = token,
	                                    .idempotency_key =
	                                            r->once ? "new" : NULL });
}

static const char *code_of(const struct api_answer *a)
{
	const char *code = a->json ? at_text(a, "code") : NULL;

	return code ? code : "";
}

/* A body that is no JSON: who may not, learns nothing of it, and who may,
 * changes nothing. */
static void check_one(const struct actor *a, const struct route *r)
{
	const char *name = FMT("%s %s as %s", r->method, r->path,
	                       a->who ? a->who : "nobody");
	const struct api_answer *got =
		call(r, absent_id, is_get(r) ? NULL : "{", a->token);

	if (!is_let_in(a, r)) {
		CHECK_PROBLEM(got, a->who ? 403 : 401,
		              a->who ? "not_allowed" : "not_signed_in", name);
		if (!a->who)
			CHECK_TRUE(api_header(got, "WWW-Authenticate") != NULL,
			           name);
		return;
	}
	CHECK_TRUE(got->status && got->status < 500,
	           FMT("%s: %d", name, got->status));
	CHECK_TRUE(strcmp(code_of(got), "not_allowed") != 0 &&
	                   strcmp(code_of(got), "not_signed_in") != 0,
	           FMT("%s is let in: %s", name, code_of(got)));
	if (!is_get(r) && r->body_kind == BODY_JSON && !r->query)
		CHECK_PROBLEM(got, 400, NULL, name);
}

static void check_all(const struct actor *a)
{
	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);

		if (r->surface == SURFACE_API && r->limit != LIMIT_NONE)
			check_one(a, r);
	}
}

static bool start(void)
{
	routes_use(all_routes);
	return api_start();
}

static void nobody_is_let_in_where_anyone_may(void)
{
	const struct actor nobody = { 0 };

	check_all(&nobody);
}

static void everybody_is_let_in_as_the_table_says(void)
{
	static const char *const people[] = { "customer",  "customer2",
		                              "vendor",    "vendor2",
		                              "staff",     "delivery",
		                              "moderator", "admin" };

	for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
		const struct actor a = actor_of(people[i], token_of(people[i]));

		CHECK_TRUE(a.roles != 0, people[i]);
		check_all(&a);
	}
}

/* Sets the rights of the demonstration's employee; the body as JSON text. */
static void grant(const char *rights)
{
	const struct api_answer *a =
		api_get("/api/vendor/staff?page_size=100", token_of("vendor"));
	int at_row = at_find(a, "results", "email",
	                     dev_text("accounts.staff.email"));

	NEED_TRUE(at_row >= 0, "the employee is listed");
	a = api_patch(FMT("/api/vendor/staff/%s",
	                  at_text(a, FMT("results[%d].id", at_row))),
	              FMT("{\"permissions\":%s}", rights), token_of("vendor"));
	NEED_API(a, 200, rights);
}

static void staff_is_let_in_by_right(void)
{
	static const char *const rights[] = {
		"[\"orders\"]",
		"[\"products\",\"inventory\"]",
		"[\"reviews\"]",
		/* as it was */
		("[\"products\",\"inventory\",\"orders\",\"reviews\","
		 "\"payouts:read\"]"),
	};

	for (size_t i = 0; i < sizeof(rights) / sizeof(*rights); i++) {
		grant(rights[i]);
		/* Their older tokens have ended. */
		const struct api_answer *a =
			api_login(dev_text("accounts.staff.email"),
		                  dev_text("accounts.staff.password"));
		NEED_API(a, 200, "signs in again");
		const struct actor staff =
			actor_of("staff", at_text(a, "access"));

		check_all(&staff);
	}
}

/* Somebody whom a route lets in, and who is in dev.json. */
static const char *token_for(const struct route *r)
{
	static const char *const people[] = { "admin", "vendor", "customer",
		                              "delivery" };
	static const unsigned held[] = { ROLE_SUPER, ROLE_VENDOR, ROLE_CUSTOMER,
		                         ROLE_DELIVERY };

	for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
		const struct actor a = { .who = people[i], .roles = held[i] };

		if (is_let_in(&a, r))
			return token_of(people[i]);
	}
	return NULL;
}

static void absent_and_malformed_ids_are_not_found(void)
{
	static const char *const ids[] = { absent_id, "nonsense", "018f0000" };

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		bool reads = is_get(r) || !strcmp(r->method, "DELETE");

		if (r->surface != SURFACE_API || !strstr(r->path, "{id}") ||
		    !reads || r->body)
			continue;
		for (size_t j = 0; j < sizeof(ids) / sizeof(*ids); j++)
			CHECK_PROBLEM(
				call(r, ids[j], NULL, token_for(r)), 404, NULL,
				FMT("%s %s: %s", r->method, r->path, ids[j]));
	}
}

static void the_metrics_are_for_listed_addresses(void)
{
	CHECK_API(api_get("/metrics", NULL), 200, "from this machine");
}

static void the_document_tells_the_same_roles(void)
{
	const struct api_answer *a = api_get("/api/openapi.json", NULL);

	for (size_t i = 0; i < routes_count(); i++) {
		const struct route *r = route_at(i);
		struct buf want;
		json_t *path = json_object_get(
			json_object_get(a->json, "paths"), r->path);
		char method[8] = "";

		if (r->surface != SURFACE_API || !path)
			continue;
		for (size_t j = 0; r->method[j]; j++)
			method[j] = (char)(r->method[j] - 'A' + 'a');
		buf_init(&want, tc->arena, 64);
		openapi_roles(&want, r->who);
		json_t *told = json_object_get(json_object_get(path, method),
		                               "x-roles");
		CHECK_TEXT(told ? json_text(tc, told) : NULL, want.s,
		           FMT("%s %s", r->method, r->path));
	}
}

static const struct check_hooks hooks = { .start = start, .stop = api_stop };

CHECK_MAIN_WITH("access", &hooks, TEST(nobody_is_let_in_where_anyone_may),
                TEST(everybody_is_let_in_as_the_table_says),
                TEST(staff_is_let_in_by_right),
                TEST(absent_and_malformed_ids_are_not_found),
                TEST(the_metrics_are_for_listed_addresses),
                TEST(the_document_tells_the_same_roles))
