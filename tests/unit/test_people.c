#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/html.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

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
	work_off("account.forgot");
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
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 401, "the old one");
	CHECK_INT(login_status(p->email, "red sea salt 9"), 200, "the new one");
	a = OPEN_POST("/api/auth/password/reset",
	              BODY("{\"token\":\"%s\",\"password\":\"red sea salt 8\"}",
	                   token));
	CHECK_INT(a->status, 422, "once");
	CHECK_INT(n_told("account.password_changed"), 1, "told");
	for (int i = 0; i < 5; i++)
		OPEN_POST("/api/auth/password/forgot",
		          BODY("{\"email\":\"%s\"}", p->email));
	work_off("account.forgot");
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
	work_off("account.forgot");
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
	CHECK_INT(login_status(p->email, "red sea salt 9"), 200, "new");
}

static void delicate_changes_need_the_password_of_late(void)
{
	const struct person *p = a_customer();

	tc->now = when_plus(tc->now, 11L * MINUTE);
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
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 200,
	          "the old one still");
	const char *token = told_token("account.address_change");

	CHECK_TEXT(json_string_value(json_object_get(
			   told("account.address_change"), "email")),
	           "New@example.com", "to the new one");
	a = OPEN_POST("/api/auth/email/confirm",
	              BODY("{\"token\":\"%s\"}", token));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(login_status("new@example.com", PEOPLE_PASSWORD), 200, "new");
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 401, "old");
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
	login_status(p->email, "not my password");
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
	CHECK_INT(login_status(p->email, PEOPLE_PASSWORD), 401, "no way back");
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

/* Pages. */

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
	a = form_post("/account/verify", BODY("token=%s", token), NULL);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE verified_at IS NOT NULL"),
	          1, "now");
	a = form_post("/account/verify", BODY("token=%s", token), NULL);
	CHECK_INT(a->status, 422, "once");
	CHECK_INT(request("GET", "/account/other?token=x", NULL)->status, 404,
	          "no such page");
}

static void the_reset_page_sets_a_password(void)
{
	const struct person *p = a_customer();

	OPEN_POST("/api/auth/password/forgot",
	          BODY("{\"email\":\"%s\"}", p->email));
	work_off("account.forgot");
	const char *token = told_token("account.reset");
	const struct answered *a =
		form_post("/account/reset",
	                  BODY("token=%s&password=password1", token), NULL);

	CHECK_INT(a->status, 422, "a common one");
	CHECK_HAS(a->body, "most common", "why");
	a = form_post("/account/reset",
	              BODY("token=%s&password=red+sea+salt+9", token), NULL);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(login_status(p->email, "red sea salt 9"), 200, "new");
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

	login_status(p->email, "not my password");
	tc->now = when_plus(tc->now, 2L * DAY);
	NEED_RC(accounts_job_tidy(tc, &more), RC_OK, "tidy");
	CHECK_FALSE(more, "all done");
	CHECK_INT(db_number("SELECT COUNT(*) FROM login_attempt"), 0, "tries");
	CHECK_INT(db_number("SELECT COUNT(*) FROM session"), 1, "lives");
	tc->now = when_plus(tc->now, 200L * DAY);
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
                TEST(opening_a_mailed_link_changes_nothing),
                TEST(the_reset_page_sets_a_password),
                TEST(every_mail_asked_for_has_a_template),
                TEST(old_things_are_tidied_away))
