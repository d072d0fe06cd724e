#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

/* Staff. */

static void staff_are_invited_join_and_leave(void)
{
	const struct person *owner = an_owner(), *other = an_owner();
	const struct answered *a =
		POST("/api/vendor/staff",
	             "{\"email\":\"Helper@example.com\",\"permissions\":"
	             "[\"products\",\"orders\"]}",
	             owner);

	CHECK_INT(a->status, 201, a->body);
	CHECK_TEXT(answered_text(a, "status"), "invited", "status");
	const char *path = BODY("/api/vendor/staff/%s", answered_text(a, "id"));
	const char *token = told_token("account.staff_invited");

	CHECK_INT(GET(path, other)->status, 404, "another store's");
	CHECK_INT(PATCH(path, "{\"permissions\":[]}", other)->status, 404,
	          "PATCH");
	CHECK_INT(DELETE(path, other)->status, 404, "DELETE");
	a = POST("/api/vendor/staff",
	         "{\"email\":\"helper@example.com\",\"permissions\":[]}",
	         owner);
	CHECK_INT(a->status, 409, "invited already");
	a = POST("/api/vendor/staff",
	         "{\"email\":\"x@example.com\",\"permissions\":[\"vendors\"]}",
	         owner);
	CHECK_INT(a->status, 422, "not a right of staff");
	a = OPEN_POST("/api/auth/invitations/accept",
	              BODY("{\"token\":\"%s\"}", token));
	CHECK_INT(a->status, 422, "a newcomer needs name and password");
	a = OPEN_POST("/api/auth/invitations/accept",
	              BODY("{\"token\":\"%s\",\"name\":\"Helper\","
	                   "\"password\":\"red sea salt 9\"}",
	                   token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "vendor.slug"), owner->slug, "the store");
	CHECK_TEXT(answered_text(a, "permissions.1"), "orders", "rights");
	a = OPEN_POST("/api/auth/login", "{\"email\":\"helper@example.com\","
	                                 "\"password\":\"red sea salt 9\"}");
	CHECK_INT(a->status, 200, a->body);
	const char *bearer =
		BODY("Authorization: Bearer %s", answered_text(a, "access"));

	CHECK_INT(request("GET", "/api/vendor/store", NULL, bearer)->status,
	          200, "works here");
	CHECK_INT(request("GET", "/api/vendor/staff", NULL, bearer)->status,
	          403, "staff do not manage staff");
	a = PATCH(path, "{\"permissions\":[\"reviews\"]}", owner);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(request("GET", "/api/vendor/store", NULL, bearer)->status,
	          401, "a changed right makes older tokens invalid");
	CHECK_INT(DELETE(path, owner)->status, 204, "goes");
	a = OPEN_POST("/api/auth/login", "{\"email\":\"helper@example.com\","
	                                 "\"password\":\"red sea salt 9\"}");
	bearer = BODY("Authorization: Bearer %s", answered_text(a, "access"));
	CHECK_INT(request("GET", "/api/vendor/store", NULL, bearer)->status,
	          403, "not here any longer");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what LIKE 'staff.%'"),
	          4, "audit rows");
}

static void invitations_are_resent_revoked_and_expire(void)
{
	const struct person *owner = an_owner();
	const struct answered *a = POST(
		"/api/vendor/staff",
		"{\"email\":\"helper@example.com\",\"permissions\":[]}", owner);
	const char *path = BODY("/api/vendor/staff/%s", answered_text(a, "id"));
	const char *first = told_token("account.staff_invited");

	tc->now = when_plus(tc->now, 80L * HOUR);
	const struct person again = { .bearer = a_bearer(owner->id) };

	a = GET(path, &again);
	CHECK_TEXT(answered_text(a, "status"), "expired", "after 72 hours");
	a = POST(BODY("%s/resend", path), NULL, &again);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "invited", "again");
	const char *second = told_token("account.staff_invited");
	a = OPEN_POST("/api/auth/invitations/accept",
	              BODY("{\"token\":\"%s\",\"name\":\"H\","
	                   "\"password\":\"red sea salt 9\"}",
	                   first));
	CHECK_INT(a->status, 422, "the first is void");
	CHECK_INT(DELETE(path, &again)->status, 204, "revoked");
	a = OPEN_POST("/api/auth/invitations/accept",
	              BODY("{\"token\":\"%s\",\"name\":\"H\","
	                   "\"password\":\"red sea salt 9\"}",
	                   second));
	CHECK_INT(a->status, 422, "so is the second");
}

static void nobody_grants_what_they_lack(void)
{
	const struct person *owner = an_owner();
	struct id id = { { 0 } };

	tc->actor = owner->id;
	tc->vendor = owner->vendor;
	tc->roles = ROLE_STAFF;
	tc->permissions = MAY_STAFF_PRODUCTS;
	CHECK_RC(staff_invite(tc, "x@example.com",
	                      MAY_STAFF_PRODUCTS | MAY_STAFF_PAYOUTS_READ, &id),
	         RC_FORBIDDEN, "more than they have");
	fail_clear(tc);
	CHECK_RC(staff_invite(tc, "x@example.com", MAY_STAFF_PRODUCTS, &id),
	         RC_OK, "what they have");
	tc->permissions = MAY_STAFF_ORDERS;
	CHECK_RC(staff_grant(tc, id, MAY_STAFF_INVENTORY), RC_FORBIDDEN,
	         "nor later");
	fail_clear(tc);
}

/* Admins. */

static void admins_come_by_invitation_of_a_super_admin(void)
{
	const struct person *super = an_admin(0);
	const struct person *limited = an_admin(MAY_ADMIN_ALL);
	static const char body[] =
		"{\"email\":\"mod@example.com\",\"permissions\":[\"products\"]}";

	CHECK_INT(POST("/api/auth/register/admin", body, limited)->status, 403,
	          "not by a limited one");
	CHECK_INT(OPEN_POST("/api/auth/register/admin", body)->status, 401,
	          "nor by nobody");
	const struct answered *a =
		POST("/api/auth/register/admin", body, super);

	CHECK_INT(a->status, 201, a->body);
	a = OPEN_POST("/api/auth/invitations/accept",
	              BODY("{\"token\":\"%s\",\"name\":\"Mod\","
	                   "\"password\":\"red sea salt 9\"}",
	                   told_token("account.admin_invited")));
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "roles.0"), "admin", "role");
	CHECK_TEXT(answered_text(a, "permissions.0"), "products", "right");
	CHECK_TEXT(answered_text(a, "permissions.1"), NULL, "no more");
	a = POST("/api/auth/register/admin",
	         "{\"email\":\"mod@example.com\",\"permissions\":[]}", super);
	CHECK_INT(a->status, 422, "an admin for nothing");
}

static void invitations_of_admins_are_listed_resent_and_revoked(void)
{
	static const char body[] = "{\"email\":\"mod@example.com\","
				   "\"permissions\":[\"reviews\"]}";
	const struct person *super = an_admin(0);
	const struct person *limited = an_admin(MAY_ADMIN_USERS);
	const struct answered *a =
		POST("/api/auth/register/admin", body, super);

	CHECK_INT(a->status, 201, a->body);
	const char *first = told_token("account.admin_invited");
	const char *id = answered_text(a, "id");

	CHECK_INT(GET("/api/admin/invitations", limited)->status, 403, "who");
	a = GET("/api/admin/invitations", super);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "results.0.email"), "mod@example.com",
	           "to whom");
	CHECK_TEXT(answered_text(a, "results.0.status"), "invited", "status");
	CHECK_TEXT(answered_text(a, "results.0.permissions.0"), "reviews",
	           "what for");
	tc->now = when_plus(tc->now, 73 * 3600L);
	super = an_admin(0);
	a = GET("/api/admin/invitations", super);
	CHECK_TEXT(answered_text(a, "results.0.status"), "expired", "later");
	a = POST(BODY("/api/admin/invitations/%s/resend", id), NULL, super);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "invited", "anew");
	CHECK_TEXT(answered_text(a, "id"), id, "the same");
	const char *second = told_token("account.admin_invited");

	CHECK_INT(OPEN_POST("/api/auth/invitations/accept",
	                    BODY("{\"token\":\"%s\",\"name\":\"Mod\","
	                         "\"password\":\"red sea salt 9\"}",
	                         first))
	                  ->status,
	          422, "the old link is void");
	a = DELETE(BODY("/api/admin/invitations/%s", id), super);
	CHECK_INT(a->status, 204, a->body);
	CHECK_INT(OPEN_POST("/api/auth/invitations/accept",
	                    BODY("{\"token\":\"%s\",\"name\":\"Mod\","
	                         "\"password\":\"red sea salt 9\"}",
	                         second))
	                  ->status,
	          422, "revoked");
	a = GET("/api/admin/invitations", super);
	CHECK_TEXT(answered_text(a, "count"), "0", "gone");
	CHECK_INT(DELETE(BODY("/api/admin/invitations/%s", id), super)->status,
	          404, "once");
	CHECK_INT(
		POST(BODY("/api/admin/invitations/%s/resend", id), NULL, super)
			->status,
		404, "not again");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit WHERE what IN"
	                    " ('user.invited', 'user.invited_again',"
	                    "  'user.invitation_revoked')"),
	          3, "audit");
}

/* What takes somebody's rights or trade away needs the password of late. */
static void dangerous_decisions_need_the_password_again(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();
	const struct person *owner = an_owner();
	const struct {
		const char *method, *path, *body;
	} all[] = {
		{ "POST", uri_of("/api/admin/users/$/suspend", p->id),
		  "{\"reason\":\"fraud\"}" },
		{ "PATCH", uri_of("/api/admin/users/$", p->id),
		  "{\"roles\":[\"customer\",\"delivery\"]}" },
		{ "POST", uri_of("/api/admin/vendors/$/suspend", owner->vendor),
		  "{\"reason\":\"fraud\"}" },
		{ "PATCH", uri_of("/api/admin/vendors/$", owner->vendor),
		  "{\"commission_bp\":100}" },
		{ "POST", "/api/auth/register/admin",
		  "{\"email\":\"mod@example.com\",\"super_admin\":true}" },
	};

	tc->now = when_plus(tc->now, 11 * 60L);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct answered *a = request(all[i].method, all[i].path,
		                                   all[i].body, admin->bearer);

		CHECK_INT(a->status, 403, all[i].path);
		CHECK_HAS(a->body, "password_needed", all[i].path);
	}
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE status <> 'active'"),
	          0, "nothing was done");
	CHECK_INT(POST("/api/auth/password/confirm",
	               "{\"password\":\"" PEOPLE_PASSWORD "\"}", admin)
	                  ->status,
	          204, "again");
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		CHECK_TRUE(request(all[i].method, all[i].path, all[i].body,
		                   admin->bearer)
		                           ->status < 300,
		           all[i].path);
}

/* The same in the console, by a browser's cookie. */
struct visitor {
	const char *cookie, *csrf;
};

static const struct answered *visit(const struct visitor *v, const char *uri)
{
	return request("GET", uri, NULL, v->cookie);
}

static struct visitor at_the_console(const struct person *p)
{
	static const char mark[] = "name=\"csrf\" value=\"";
	const char *value = NULL;
	struct visitor v = { NULL, NULL };

	NEED_RC(accounts_console_login(tc, p->email, PEOPLE_PASSWORD, NULL,
	                               &value),
	        RC_OK, "signs in");
	v.cookie = BODY("Cookie: merkato_console=%s", value);
	const struct answered *a = visit(&v, "/console");
	const char *from = strstr(a->body, mark);

	NEED_TRUE(a->status == 200 && from, a->body);
	from += strlen(mark);
	v.csrf = arena_strndup(tc->arena, from, strcspn(from, "\""));
	return v;
}

static const struct answered *submit(const struct visitor *v, const char *uri,
                                     const char *form)
{
	return form_post(uri, BODY("csrf=%s&%s", v->csrf, form), v->cookie);
}

static void the_console_invites_and_revokes(void)
{
	const struct visitor v = at_the_console(an_admin(0));
	const struct visitor limited =
		at_the_console(an_admin(MAY_ADMIN_USERS));
	const struct answered *a = visit(&v, "/console/invitations");

	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(visit(&limited, "/console/invitations")->status, 403, "who");
	a = submit(&v, "/console/invitations/create",
	           "email=mod%40example.com&permissions=reviews"
	           "&permissions=users");
	CHECK_INT(a->status, 303, a->body);
	CHECK_INT(n_told("account.admin_invited"), 1, "a mail");
	a = visit(&v, "/console/invitations");
	CHECK_HAS(a->body, "mod@example.com", "listed");
	CHECK_HAS(a->body, "Abebe Bikila", "by whom");
	const char *from = strstr(a->body, "/console/invitations/0");

	NEED_TRUE(from != NULL, a->body);
	const char *path = arena_strndup(tc->arena, from,
	                                 strlen("/console/invitations/") +
	                                         ID_TEXT_MAX - 1);

	CHECK_INT(submit(&limited, BODY("%s/revoke", path), "")->status, 403,
	          "who");
	CHECK_INT(submit(&v, BODY("%s/resend", path), "")->status, 303,
	          "again");
	CHECK_INT(n_told("account.admin_invited"), 2, "another mail");
	CHECK_INT(submit(&v, BODY("%s/revoke", path), "")->status, 303,
	          "revoked");
	CHECK_LACKS(visit(&v, "/console/invitations")->body, "mod@example.com",
	            "gone");
}

static void the_console_asks_for_the_password_before_a_suspension(void)
{
	const struct visitor v = at_the_console(an_admin(0));
	const struct person *p = a_customer(), *owner = an_owner();
	const char *const paths[] = {
		uri_of("/console/users/$/suspend", p->id),
		uri_of("/console/vendors/$/suspend", owner->vendor),
	};

	tc->now = when_plus(tc->now, 11 * 60L);
	for (size_t i = 0; i < 2; i++) {
		const struct answered *a = submit(&v, paths[i], "reason=fraud");

		CHECK_INT(a->status, 403, paths[i]);
		CHECK_HAS(a->body, "Your password, please", paths[i]);
	}
	CHECK_INT(submit(&v, "/console/confirm", "password=not+mine&back=")
	                  ->status,
	          422, "a wrong one");
	CHECK_INT(submit(&v, "/console/confirm",
	                 "password=Tall+giraffes+eat+late&back=")
	                  ->status,
	          303, "again");
	for (size_t i = 0; i < 2; i++)
		CHECK_INT(submit(&v, paths[i], "reason=fraud")->status, 303,
		          paths[i]);
	CHECK_INT(GET("/api/users/me", p)->status, 401, "out");
}

static void a_limited_admin_does_not_decide_about_admins(void)
{
	const struct person *limited = an_admin(MAY_ADMIN_USERS);
	const struct person *peer = an_admin(MAY_ADMIN_PRODUCTS);
	const struct person *customer = a_customer();
	const char *path = uri_of("/api/admin/users/$", peer->id);

	CHECK_INT(PATCH(path, "{\"permissions\":[\"users\"]}", limited)->status,
	          403, "more for a peer");
	CHECK_INT(PATCH(uri_of("/api/admin/users/$", limited->id),
	                "{\"roles\":[\"super_admin\"]}", limited)
	                  ->status,
	          403, "more for oneself");
	CHECK_INT(PATCH(uri_of("/api/admin/users/$", customer->id),
	                "{\"roles\":[\"customer\",\"admin\"]}", limited)
	                  ->status,
	          403, "a new admin");
	CHECK_INT(POST(uri_of("/api/admin/users/$/suspend", peer->id),
	               "{\"reason\":\"x\"}", limited)
	                  ->status,
	          403, "a peer shut out");
	const struct answered *a =
		PATCH(uri_of("/api/admin/users/$", customer->id),
	              "{\"roles\":[\"customer\",\"delivery\"]}", limited);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "roles.1"), "delivery", "a courier");
	CHECK_INT(PATCH(uri_of("/api/admin/users/$", customer->id),
	                "{\"roles\":[\"customer\",\"vendor\"]}", limited)
	                  ->status,
	          422, "owners come with a store");
	CHECK_INT(GET("/api/users/me", customer)->status, 401,
	          "older tokens are invalid");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what = 'user.roles'"),
	          1, "audit");
}

static void the_last_super_admin_stays(void)
{
	const struct person *super = an_admin(0);
	const char *path = uri_of("/api/admin/users/$", super->id);
	const struct answered *a =
		PATCH(path, "{\"roles\":[\"customer\"]}", super);

	CHECK_INT(a->status, 409, a->body);
	CHECK_INT(DELETE("/api/users/me", super)->status, 409, "nor leaves");
	const struct person *second = an_admin(0);

	a = POST(BODY("%s/suspend", path), "{\"reason\":\"x\"}", super);
	CHECK_INT(a->status, 409, "nobody suspends themselves");
	a = PATCH(path, "{\"roles\":[\"customer\"]}", second);
	CHECK_INT(a->status, 200, "one of two may go");
	CHECK_INT(PATCH(uri_of("/api/admin/users/$", second->id),
	                "{\"roles\":[]}", second)
	                  ->status,
	          409, "the last of two not");
}

static void a_suspended_person_is_out_at_once(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_USERS);
	const struct person *p = a_customer();
	const struct answered *a =
		POST(uri_of("/api/admin/users/$/suspend", p->id),
	             "{\"reason\":\"fraud\"}", admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "suspended", "status");
	CHECK_INT(GET("/api/users/me", p)->status, 401, "at once");
	CHECK_INT(OPEN_POST("/api/auth/refresh",
	                    BODY("{\"refresh\":\"%s\"}", p->refresh))
	                  ->status,
	          401, "refresh");
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 403,
	          "told to the owner");
	CHECK_INT(login_status(p->email, "not my password"), 401,
	          "to nobody else");
	a = POST(uri_of("/api/admin/users/$/reinstate", p->id), NULL, admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 200, "back");
	CHECK_INT(
		POST(uri_of("/api/admin/users/$/reinstate", p->id), NULL, admin)
			->status,
		409, "once");
	CHECK_INT(n_told("account.suspended"), 1, "told");
}

/* Without memcached every request asks the database. */
static void a_suspension_works_while_memcached_is_away(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_USERS);
	const struct person *p = a_customer();
	const char *where = arena_strdup(tc->arena, settings->memcached);

	CHECK_INT(GET("/api/users/me", p)->status, 200, "cached");
	cache_close();
	NEED_TRUE(settings_set("memcached", "/nowhere/memcached.sock"), "away");
	const struct answered *a =
		POST(uri_of("/api/admin/users/$/suspend", p->id),
	             "{\"reason\":\"fraud\"}", admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(GET("/api/users/me", p)->status, 401, "at once");
	CHECK_INT(GET("/api/admin/users", admin)->status, 200, "others go on");
	cache_close();
	NEED_TRUE(settings_set("memcached", where), "back");
}

static void people_are_found_by_role_status_and_text(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_USERS);
	const struct person *owner = an_owner();

	a_customer();
	const struct answered *a = GET("/api/admin/users", admin);

	CHECK_TEXT(answered_text(a, "count"), "3", "all");
	CHECK_LACKS(a->body, "password", "no secrets");
	a = GET("/api/admin/users?role=vendor", admin);
	CHECK_TEXT(answered_text(a, "count"), "1", "role");
	CHECK_TEXT(answered_text(a, "results.0.email"), owner->email, "who");
	a = GET(BODY("/api/admin/users?q=%.8s", owner->email + 0), admin);
	CHECK_TRUE(answered_text(a, "results.0.id") != NULL, "text");
	a = GET("/api/admin/users?status=suspended", admin);
	CHECK_TEXT(answered_text(a, "count"), "0", "status");
	a = GET("/api/admin/users?q=%25", admin);
	CHECK_TEXT(answered_text(a, "count"), "0", "no wildcards");
	CHECK_INT(GET("/api/admin/users?status=x", admin)->status, 422, "bad");
	CHECK_INT(GET("/api/admin/users", a_customer())->status, 403, "who");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("staff", &hooks, TEST(staff_are_invited_join_and_leave),
                TEST(invitations_are_resent_revoked_and_expire),
                TEST(nobody_grants_what_they_lack),
                TEST(admins_come_by_invitation_of_a_super_admin),
                TEST(invitations_of_admins_are_listed_resent_and_revoked),
                TEST(dangerous_decisions_need_the_password_again),
                TEST(the_console_invites_and_revokes),
                TEST(the_console_asks_for_the_password_before_a_suspension),
                TEST(a_limited_admin_does_not_decide_about_admins),
                TEST(the_last_super_admin_stays),
                TEST(a_suspended_person_is_out_at_once),
                TEST(a_suspension_works_while_memcached_is_away),
                TEST(people_are_found_by_role_status_and_text))
