#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

static const char *path_of(const char *fmt, struct id id)
{
	char text[ID_TEXT_MAX];
	size_t n = strcspn(fmt, "$");

	return arena_fmt(tc->arena, "%.*s%s%s", (int)n, fmt, id_text(id, text),
	                 fmt + n + 1);
}

#define BODY(...) arena_fmt(tc->arena, __VA_ARGS__)
#define GET(uri, p) request("GET", uri, NULL, (p)->bearer)
#define POST(uri, body, p) request("POST", uri, body, (p)->bearer)
#define PATCH(uri, body, p) request("PATCH", uri, body, (p)->bearer)
#define DELETE(uri, p) request("DELETE", uri, NULL, (p)->bearer)
#define OPEN_POST(uri, body) request("POST", uri, body)

static int log_in(const char *email, const char *password)
{
	return OPEN_POST("/api/auth/login",
	                 BODY("{\"email\":\"%s\",\"password\":\"%s\"}", email,
	                      password))
	        ->status;
}

/* Passwords. */

static void a_forgotten_password_is_reset_by_mail(void)
{
	const struct person *p = a_customer();
	const struct answered *known =
		OPEN_POST("/api/auth/password/forgot",
	                  BODY("{\"email\":\"%s\"}", p->email));
	const struct answered *unknown =
		OPEN_POST("/api/auth/password/forgot",
	                  "{\"email\":\"nobody@example.com\"}");

	CHECK_INT(known->status, 200, known->body);
	CHECK_INT(unknown->status, 200, "alike");
	CHECK_TEXT(unknown->body, known->body, "alike");
	CHECK_INT(n_told("account.reset"), 1, "one mail");
	const char *token = told_token("account.reset");
	const struct answered *a = OPEN_POST(
		"/api/auth/password/reset",
		BODY("{\"token\":\"%s\",\"password\":\"password1\"}", token));

	CHECK_INT(a->status, 422, "a common one");
	a = OPEN_POST("/api/auth/password/reset",
	              BODY("{\"token\":\"%s\",\"password\":\"red sea salt 9\"}",
	                   token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(GET("/api/users/me", p)->status, 401, "all sessions ended");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 401, "the old one");
	CHECK_INT(log_in(p->email, "red sea salt 9"), 200, "the new one");
	a = OPEN_POST("/api/auth/password/reset",
	              BODY("{\"token\":\"%s\",\"password\":\"red sea salt 8\"}",
	                   token));
	CHECK_INT(a->status, 422, "once");
	CHECK_INT(n_told("account.password_changed"), 1, "told");
	for (int i = 0; i < 5; i++)
		OPEN_POST("/api/auth/password/forgot",
		          BODY("{\"email\":\"%s\"}", p->email));
	CHECK_INT(n_told("account.reset"), 3, "three an hour");
	tc->now = when_plus(tc->now, HOUR + 1);
	a = OPEN_POST("/api/auth/password/reset",
	              BODY("{\"token\":\"%s\",\"password\":\"red sea salt 7\"}",
	                   told_token("account.reset")));
	CHECK_INT(a->status, 422, "an hour");
}

static void a_link_for_one_purpose_is_none_for_another(void)
{
	const struct person *p = a_customer();

	OPEN_POST("/api/auth/password/forgot",
	          BODY("{\"email\":\"%s\"}", p->email));
	const char *token = told_token("account.reset");

	CHECK_INT(OPEN_POST("/api/auth/verify-email",
	                    BODY("{\"token\":\"%s\"}", token))
	                  ->status,
	          422, "verify");
	CHECK_INT(OPEN_POST("/api/auth/email/confirm",
	                    BODY("{\"token\":\"%s\"}", token))
	                  ->status,
	          422, "email");
	CHECK_INT(OPEN_POST("/api/auth/invitations/accept",
	                    BODY("{\"token\":\"%s\"}", token))
	                  ->status,
	          422, "invitation");
}

static void a_changed_password_ends_all_other_sessions(void)
{
	const struct person *p = a_customer();
	const char *other = a_bearer(p->id);
	const struct answered *a =
		POST("/api/auth/password/change",
	             "{\"current_password\":\"wrong one here\","
	             "\"password\":\"red sea salt 9\"}",
	             p);

	CHECK_INT(a->status, 422, "the current one is needed");
	CHECK_HAS(a->body, "current_password", "field");
	a = POST("/api/auth/password/change",
	         BODY("{\"current_password\":\"%s\","
	              "\"password\":\"red sea salt 9\"}",
	              PEOPLE_PASSWORD),
	         p);
	CHECK_INT(a->status, 200, a->body);
	const char *mine =
		BODY("Authorization: Bearer %s", answered_text(a, "access"));

	CHECK_INT(request("GET", "/api/users/me", NULL, mine)->status, 200,
	          "mine goes on");
	CHECK_INT(request("GET", "/api/users/me", NULL, other)->status, 401,
	          "the other has ended");
	CHECK_INT(GET("/api/users/me", p)->status, 401,
	          "and so has the old token");
	CHECK_INT(log_in(p->email, "red sea salt 9"), 200, "new");
}

static void delicate_changes_need_the_password_of_late(void)
{
	const struct person *p = a_customer();

	tc->now = when_plus(tc->now, 11 * MINUTE);
	const struct answered *a = DELETE("/api/users/me", p);

	CHECK_INT(a->status, 403, a->body);
	a = POST("/api/auth/password/confirm", "{\"password\":\"not mine\"}",
	         p);
	CHECK_INT(a->status, 422, "a wrong one");
	a = POST("/api/auth/password/confirm",
	         BODY("{\"password\":\"%s\"}", PEOPLE_PASSWORD), p);
	CHECK_INT(a->status, 204, a->body);
	CHECK_INT(DELETE("/api/users/me", p)->status, 204, "now");
}

static void another_address_is_proven_before_it_counts(void)
{
	const struct person *p = a_customer(), *q = a_customer();
	const struct answered *a = POST(
		"/api/auth/email/change",
		"{\"email\":\"New@Example.com\",\"password\":\"not mine\"}", p);

	CHECK_INT(a->status, 422, "the password");
	a = POST("/api/auth/email/change",
	         BODY("{\"email\":\"New@Example.com\",\"password\":\"%s\"}",
	              PEOPLE_PASSWORD),
	         p);
	CHECK_INT(a->status, 200, a->body);
	const struct answered *taken =
		POST("/api/auth/email/change",
	             BODY("{\"email\":\"%s\",\"password\":\"%s\"}", q->email,
	                  PEOPLE_PASSWORD),
	             p);

	CHECK_TEXT(taken->body, a->body, "a taken one is answered alike");
	CHECK_INT(n_told("account.exists"), 1, "its owner is told");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 200, "the old one still");
	const char *token = told_token("account.address_change");

	CHECK_TEXT(json_string_value(json_object_get(
			   told("account.address_change"), "email")),
	           "New@example.com", "to the new one");
	a = OPEN_POST("/api/auth/email/confirm",
	              BODY("{\"token\":\"%s\"}", token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(log_in("new@example.com", PEOPLE_PASSWORD), 200, "new");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 401, "old");
	CHECK_TEXT(json_string_value(json_object_get(
			   told("account.address_changed"), "email")),
	           p->email, "the old one is told");
	CHECK_INT(OPEN_POST("/api/auth/email/confirm",
	                    BODY("{\"token\":\"%s\"}", token))
	                  ->status,
	          422, "once");
}

/* Addresses. */

static const char an_address[] =
	"{\"name\":\"Almaz\",\"phone\":\"0911223344\",\"line1\":\"Bole 1\","
	"\"city\":\"Addis Ababa\"}";

static void addresses_are_ones_own(void)
{
	const struct person *p = a_customer(), *q = a_customer();
	const struct answered *a =
		POST("/api/users/me/addresses", an_address, p);

	CHECK_INT(a->status, 201, a->body);
	CHECK_TEXT(answered_text(a, "is_default"), "true", "the first one");
	CHECK_TEXT(answered_text(a, "country"), "ET", "country");
	const char *path =
		BODY("/api/users/me/addresses/%s", answered_text(a, "id"));

	CHECK_HAS(answered_header(a, "Location"), path, "Location");
	CHECK_INT(GET(path, p)->status, 200, "mine");
	CHECK_INT(GET(path, q)->status, 404, "not yours");
	CHECK_INT(PATCH(path, "{\"city\":\"x\"}", q)->status, 404, "PATCH");
	CHECK_INT(DELETE(path, q)->status, 404, "DELETE");
	a = POST("/api/users/me/addresses", an_address, p);
	const char *second = answered_text(a, "id");

	CHECK_TEXT(answered_text(a, "is_default"), "false", "the second");
	a = PATCH(BODY("/api/users/me/addresses/%s", second),
	          "{\"is_default\":true,\"city\":\"Adama\"}", p);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(GET(path, p), "is_default"), "false",
	           "there is one default");
	a = GET("/api/users/me/addresses", p);
	CHECK_TEXT(answered_text(a, "count"), "2", "two");
	CHECK_INT(PATCH(path, "{\"lat\":9.0}", p)->status, 422, "half a place");
	a = POST("/api/users/me/addresses",
	         "{\"name\":\"A\",\"phone\":\"12\",\"owner\":1}", p);
	CHECK_INT(a->status, 422, "all faults at once");
	CHECK_HAS(a->body, "\"phone\"", "phone");
	CHECK_HAS(a->body, "\"owner\"", "unknown");
	CHECK_HAS(a->body, "\"line1\"", "missing");
	CHECK_INT(DELETE(path, p)->status, 204, "gone");
	CHECK_INT(GET(path, p)->status, 404, "gone");
	struct address_brief brief = { 0 };
	struct id id = { { 0 } };

	NEED_TRUE(id_parse(second, &id), "id");
	CHECK_RC(accounts_address_get(tc, p->id, id, &brief), RC_OK, "mine");
	CHECK_TEXT(brief.city, "Adama", "city");
	CHECK_RC(accounts_address_get(tc, q->id, id, &brief), RC_NOT_FOUND,
	         "theirs");
	fail_clear(tc);
}

/* Erasure and export. */

static enum rc list_orders(struct ctx *c, struct id user, json_t *into)
{
	(void)c;
	(void)user;
	json_object_set_new(into, "n", json_integer(7));
	return RC_OK;
}

static int n_forgotten;
static enum rc forget_orders(struct ctx *c, struct id user)
{
	(void)c;
	(void)user;
	n_forgotten++;
	return RC_OK;
}

static const struct accounts_part orders_part = {
	.name = "orders",
	.list_personal = list_orders,
	.forget = forget_orders,
};
static const struct accounts_part *const parts[] = { &orders_part, NULL };

static void a_person_takes_everything_along(void)
{
	const struct person *p = a_customer();

	accounts_use(parts);
	POST("/api/users/me/addresses", an_address, p);
	log_in(p->email, "not my password");
	const struct answered *a = GET("/api/users/me/export", p);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "account.email"), p->email, "account");
	CHECK_TEXT(answered_text(a, "addresses.0.city"), "Addis Ababa",
	           "addresses");
	CHECK_TEXT(answered_text(a, "sessions.0.kind"), "login", "sessions");
	CHECK_TEXT(answered_text(a, "security_events.0.kind"), "login.failed",
	           "events");
	CHECK_TEXT(answered_text(a, "orders.n"), "7", "other modules");
	CHECK_LACKS(a->body, "pbkdf2", "no hash");
	CHECK_LACKS(a->body, "_hash", "nor any other");
	accounts_use(NULL);
}

static void an_erased_person_is_a_pseudonym(void)
{
	const struct person *p = an_owner();

	accounts_use(parts);
	POST("/api/users/me/addresses", an_address, p);
	const struct answered *a = DELETE("/api/users/me", p);

	CHECK_INT(a->status, 204, a->body);
	CHECK_INT(n_forgotten, 1, "other modules forget too");
	CHECK_INT(GET("/api/users/me", p)->status, 401, "signed out");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 401, "no way back");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users WHERE email IS NULL"
	                    " AND phone IS NULL AND status = 'erased'"
	                    " AND password_hash IS NULL"),
	          1, "the row stays");
	CHECK_INT(db_number("SELECT COUNT(*) FROM address"), 0, "addresses");
	CHECK_INT(db_number("SELECT COUNT(*) FROM vendor"
	                    " WHERE status = 'suspended'"),
	          1, "the store is closed");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session WHERE address <> ''"),
	          0, "places");
	struct account_new again = { .email = p->email,
		                     .name = "Again",
		                     .roles = ROLE_CUSTOMER };
	struct id id;

	CHECK_RC(accounts_create_user(tc, &again, &id), RC_OK,
	         "the address is free again");
	accounts_use(NULL);
}

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

	tc->now = when_plus(tc->now, 80 * HOUR);
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

static void a_limited_admin_does_not_decide_about_admins(void)
{
	const struct person *limited = an_admin(MAY_ADMIN_USERS);
	const struct person *peer = an_admin(MAY_ADMIN_PRODUCTS);
	const struct person *customer = a_customer();
	const char *path = path_of("/api/admin/users/$", peer->id);

	CHECK_INT(PATCH(path, "{\"permissions\":[\"users\"]}", limited)->status,
	          403, "more for a peer");
	CHECK_INT(PATCH(path_of("/api/admin/users/$", limited->id),
	                "{\"roles\":[\"super_admin\"]}", limited)
	                  ->status,
	          403, "more for oneself");
	CHECK_INT(PATCH(path_of("/api/admin/users/$", customer->id),
	                "{\"roles\":[\"customer\",\"admin\"]}", limited)
	                  ->status,
	          403, "a new admin");
	CHECK_INT(POST(path_of("/api/admin/users/$/suspend", peer->id),
	               "{\"reason\":\"x\"}", limited)
	                  ->status,
	          403, "a peer shut out");
	const struct answered *a =
		PATCH(path_of("/api/admin/users/$", customer->id),
	              "{\"roles\":[\"customer\",\"delivery\"]}", limited);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "roles.1"), "delivery", "a courier");
	CHECK_INT(PATCH(path_of("/api/admin/users/$", customer->id),
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
	const char *path = path_of("/api/admin/users/$", super->id);
	const struct answered *a =
		PATCH(path, "{\"roles\":[\"customer\"]}", super);

	CHECK_INT(a->status, 409, a->body);
	CHECK_INT(DELETE("/api/users/me", super)->status, 409, "nor leaves");
	const struct person *second = an_admin(0);

	a = POST(BODY("%s/suspend", path), "{\"reason\":\"x\"}", super);
	CHECK_INT(a->status, 409, "nobody suspends themselves");
	a = PATCH(path, "{\"roles\":[\"customer\"]}", second);
	CHECK_INT(a->status, 200, "one of two may go");
	CHECK_INT(PATCH(path_of("/api/admin/users/$", second->id),
	                "{\"roles\":[]}", second)
	                  ->status,
	          409, "the last of two not");
}

static void a_suspended_person_is_out_at_once(void)
{
	const struct person *admin = an_admin(MAY_ADMIN_USERS);
	const struct person *p = a_customer();
	const struct answered *a =
		POST(path_of("/api/admin/users/$/suspend", p->id),
	             "{\"reason\":\"fraud\"}", admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "suspended", "status");
	CHECK_INT(GET("/api/users/me", p)->status, 401, "at once");
	CHECK_INT(OPEN_POST("/api/auth/refresh",
	                    BODY("{\"refresh\":\"%s\"}", p->refresh))
	                  ->status,
	          401, "refresh");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 403, "told to the owner");
	CHECK_INT(log_in(p->email, "not my password"), 401, "to nobody else");
	a = POST(path_of("/api/admin/users/$/reinstate", p->id), NULL, admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD), 200, "back");
	CHECK_INT(POST(path_of("/api/admin/users/$/reinstate", p->id), NULL,
	               admin)
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
		POST(path_of("/api/admin/users/$/suspend", p->id),
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

/* Suspicion. */

static void failed_logins_are_events_and_open_a_case(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();

	for (int i = 0; i < 5; i++)
		log_in(p->email, "not my password");
	const struct answered *a =
		GET("/api/admin/security-events?kind=login.failed", admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "count"), "5", "events");
	a = GET("/api/admin/security-cases?status=open", admin);
	CHECK_TEXT(answered_text(a, "count"), "1", "one case");
	CHECK_TEXT(answered_text(a, "results.0.rule"), "login_failures_account",
	           "rule");
	CHECK_TEXT(answered_text(a, "results.0.facts.count"), "5", "facts");
	const char *path = BODY("/api/admin/security-cases/%s",
	                        answered_text(a, "results.0.id"));

	CHECK_INT(POST(BODY("%s/dismiss", path), "{}", admin)->status, 422,
	          "a reason");
	a = POST(BODY("%s/dismiss", path), "{\"reason\":\"a forgetful man\"}",
	         admin);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "status"), "dismissed", "status");
	CHECK_INT(POST(BODY("%s/confirm", path), "{\"reason\":\"x\"}", admin)
	                  ->status,
	          409, "once");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what = 'case.decided'"),
	          1, "audit");
	CHECK_INT(db_number("SELECT threshold FROM security_rule"
	                    " WHERE name = 'login_failures_account'"),
	          5, "a dismissal tunes nothing");
}

static void a_rule_is_set_and_then_fires_by_its_new_threshold(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();
	const struct answered *a = PATCH(
		"/api/admin/security-rules/order_burst",
		"{\"threshold\":2,\"actions\":[\"case\",\"hold_payout\"]}",
		admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "version"), "2", "version");
	for (int i = 0; i < 2; i++)
		NEED_RC(security_event_add(tc, "order.placed", p->id, id_new(),
		                           NULL),
		        RC_OK, "order");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_case"
	                    " WHERE rule = 'order_burst'"
	                    "   AND rule_version = 2"),
	          1, "case");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE payouts_held_until IS NOT NULL"),
	          1, "payouts held");
	a = PATCH("/api/admin/security-rules/order_burst",
	          "{\"actions\":[\"explode\"]}", admin);
	CHECK_INT(a->status, 422, "unknown action");
	CHECK_INT(PATCH("/api/admin/security-rules/none", "{\"threshold\":2}",
	                admin)
	                  ->status,
	          404, "unknown rule");
	CHECK_INT(PATCH("/api/admin/security-rules/order_burst",
	                "{\"threshold\":2}", an_admin(MAY_ADMIN_USERS))
	                  ->status,
	          403, "a right of settings");
	PATCH("/api/admin/security-rules/order_burst",
	      "{\"threshold\":10,\"actions\":[\"log\",\"case\"]}", admin);
}

static void a_bank_account_changed_on_a_new_device_is_a_case(void)
{
	const struct person *p = an_owner();

	NEED_RC(security_event_add(tc, "bank.changed", p->id, p->vendor, NULL),
	        RC_OK, "on the usual device");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_case"), 0,
	          "nothing");
	NEED_RC(security_event_add(tc, "login.new_device", p->id,
	                           (struct id){ { 0 } }, NULL),
	        RC_OK, "new device");
	tc->now = when_plus(tc->now, 60);
	NEED_RC(security_event_add(tc, "bank.changed", p->id, p->vendor, NULL),
	        RC_OK, "change");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_case"
	                    " WHERE rule = 'new_device_then_bank'"),
	          1, "case");
	CHECK_INT(n_told("account.alert"), 1, "the owner is told");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session"
	                    " WHERE password_at IS NULL"),
	          1, "the password is needed again");
}

static void a_slowed_person_waits(void)
{
	const struct person *p = a_customer();

	tc->actor = p->id;
	for (int i = 0; i < 9; i++)
		NEED_RC(security_event_add(tc, "coupon.unknown", p->id,
		                           (struct id){ { 0 } }, NULL),
		        RC_OK, "guess");
	CHECK_RC(accounts_need_unslowed(tc), RC_OK, "nine");
	NEED_RC(security_event_add(tc, "coupon.unknown", p->id,
	                           (struct id){ { 0 } }, NULL),
	        RC_OK, "guess");
	CHECK_RC(accounts_need_unslowed(tc), RC_TOO_MANY, "ten");
	CHECK_TRUE(tc->err.retry_after_s > 0 && tc->err.retry_after_s <= 31,
	           "30 s");
	fail_clear(tc);
	tc->now = when_plus(tc->now, 31);
	CHECK_RC(accounts_need_unslowed(tc), RC_OK, "later");
	CHECK_RC(accounts_rules_replay(tc, 30), RC_OK, "back-test");
}

static void the_audit_log_is_searched(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();

	POST(path_of("/api/admin/users/$/suspend", p->id),
	     "{\"reason\":\"fraud\"}", admin);
	const struct answered *a =
		GET(path_of("/api/admin/audit?subject=$", p->id), admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "count"), "1", "by subject");
	CHECK_TEXT(answered_text(a, "results.0.what"), "user.suspended",
	           "what");
	CHECK_TEXT(answered_text(a, "results.0.why"), "fraud", "why");
	CHECK_TEXT(answered_text(a, "results.0.state_before.status"), "active",
	           "before");
	CHECK_TEXT(answered_text(a, "results.0.address"), "192.0.2.1", "where");
	a = GET(path_of("/api/admin/audit?actor=$", p->id), admin);
	CHECK_TEXT(answered_text(a, "count"), "0", "by actor");
	a = GET("/api/admin/audit?what=user.suspended", admin);
	CHECK_TEXT(answered_text(a, "count"), "1", "by what");
}

/* Pages. */

static const struct answered *form_post(const char *uri, const char *body)
{
	return request("POST", uri, body,
	               "Content-Type: application/x-www-form-urlencoded",
	               "Origin: http://localhost:8080",
	               "Sec-Fetch-Site: same-origin");
}

static void opening_a_mailed_link_changes_nothing(void)
{
	OPEN_POST("/api/auth/register/customer",
	          "{\"email\":\"almaz@example.com\","
	          "\"password\":\"blue nile falls 7\"}");
	const char *token = told_token("account.verify");
	const char *uri = BODY("/account/verify?token=%s", token);
	const struct answered *a = request("GET", uri, NULL);

	CHECK_INT(a->status, 200, a->body);
	CHECK_HAS(a->body, "<button", "a button");
	request("GET", uri, NULL);
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE verified_at IS NOT NULL"),
	          0, "nothing yet");
	a = request("POST", "/account/verify", BODY("token=%s", token),
	            "Content-Type: application/x-www-form-urlencoded",
	            "Origin: http://evil.example");
	CHECK_INT(a->status, 403, "from another site");
	a = form_post("/account/verify", BODY("token=%s", token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE verified_at IS NOT NULL"),
	          1, "now");
	a = form_post("/account/verify", BODY("token=%s", token));
	CHECK_INT(a->status, 422, "once");
	CHECK_INT(request("GET", "/account/other?token=x", NULL)->status, 404,
	          "no such page");
}

static void the_reset_page_sets_a_password(void)
{
	const struct person *p = a_customer();

	OPEN_POST("/api/auth/password/forgot",
	          BODY("{\"email\":\"%s\"}", p->email));
	const char *token = told_token("account.reset");
	const struct answered *a = form_post(
		"/account/reset", BODY("token=%s&password=password1", token));

	CHECK_INT(a->status, 422, "a common one");
	CHECK_HAS(a->body, "most common", "why");
	a = form_post("/account/reset",
	              BODY("token=%s&password=red+sea+salt+9", token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(log_in(p->email, "red sea salt 9"), 200, "new");
}

/* A mail that cannot be written would be tried for ever. */
static void every_mail_asked_for_has_a_template(void)
{
	static const char *const topics[] = {
		"account.verify",
		"account.exists",
		"account.reset",
		"account.address_change",
		"account.address_changing",
		"account.address_changed",
		"account.password_changed",
		"account.admin_invited",
		"account.staff_invited",
		"account.new_device",
		"account.sessions_ended",
		"account.second_factor",
		"account.suspended",
		"account.reinstated",
		"account.alert",
		"account.locked",
		"account.erased",
		"vendor.applied",
		"vendor.approved",
		"vendor.rejected",
		"vendor.suspended",
		"vendor.bank_changed",
	};

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		CHECK_TRUE(html_has(BODY("mail/%s.txt", topics[i])), topics[i]);
		CHECK_TRUE(html_has(BODY("mail/%s.html", topics[i])),
		           topics[i]);
	}
}

static void old_things_are_tidied_away(void)
{
	const struct person *p = a_customer();
	bool more = true;

	log_in(p->email, "not my password");
	tc->now = when_plus(tc->now, 2 * DAY);
	NEED_RC(accounts_job_tidy(tc, &more), RC_OK, "tidy");
	CHECK_FALSE(more, "all done");
	CHECK_INT(db_number("SELECT COUNT(*) FROM login_attempt"), 0, "tries");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session"), 1, "lives");
	tc->now = when_plus(tc->now, 200 * DAY);
	NEED_RC(accounts_job_tidy(tc, &more), RC_OK, "tidy");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session"), 0, "sessions");
	CHECK_INT(db_number("SELECT COUNT(*) FROM refresh_token"), 0, "tokens");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_event"), 0,
	          "events");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("people", &hooks, TEST(a_forgotten_password_is_reset_by_mail),
                TEST(a_link_for_one_purpose_is_none_for_another),
                TEST(a_changed_password_ends_all_other_sessions),
                TEST(delicate_changes_need_the_password_of_late),
                TEST(another_address_is_proven_before_it_counts),
                TEST(addresses_are_ones_own),
                TEST(a_person_takes_everything_along),
                TEST(an_erased_person_is_a_pseudonym),
                TEST(staff_are_invited_join_and_leave),
                TEST(invitations_are_resent_revoked_and_expire),
                TEST(nobody_grants_what_they_lack),
                TEST(admins_come_by_invitation_of_a_super_admin),
                TEST(a_limited_admin_does_not_decide_about_admins),
                TEST(the_last_super_admin_stays),
                TEST(a_suspended_person_is_out_at_once),
                TEST(a_suspension_works_while_memcached_is_away),
                TEST(people_are_found_by_role_status_and_text),
                TEST(failed_logins_are_events_and_open_a_case),
                TEST(a_rule_is_set_and_then_fires_by_its_new_threshold),
                TEST(a_bank_account_changed_on_a_new_device_is_a_case),
                TEST(a_slowed_person_waits), TEST(the_audit_log_is_searched),
                TEST(opening_a_mailed_link_changes_nothing),
                TEST(the_reset_page_sets_a_password),
                TEST(every_mail_asked_for_has_a_template),
                TEST(old_things_are_tidied_away))
