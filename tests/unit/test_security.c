#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/limit.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

/* Suspicion. */

static void failed_logins_are_events_and_open_a_case(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();

	for (int i = 0; i < 5; i++)
		login_status(p->email, "not my password");
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

/* Rules whose events come from elsewhere are named here, with where that is
 * tested; a rule that nothing can fire is no rule. */
static void every_rule_has_an_event_that_fires_it(void)
{
	static const char *const kinds[] = {
		"login.failed",     "totp.failed",        "password.forgot",
		"refresh.reused",   "email.changed",      "password.changed",
		"bank.changed",     "order.placed",       "payment.failed",
		"review.self",      "review.new_account", "order.self_purchase",
		"limit.hit",        "export.made",        "access.refused",
		"login.new_device",
	};
	struct rule_row *rules = NULL;
	size_t n = 0;

	NEED_RC(security_db_rules(tc, NULL, &rules, &n), RC_OK, "rules");
	CHECK_TRUE(n >= 15, "those of the promise");
	for (size_t i = 0; i < n; i++) {
		bool known = false, known_after = !rules[i].after_kind;

		for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
			known |= !strcmp(kinds[k], rules[i].kind);
			known_after |= rules[i].after_kind &&
			               !strcmp(kinds[k], rules[i].after_kind);
		}
		CHECK_TRUE(known && known_after, rules[i].name);
	}
}

static int64_t cases_of(const char *rule)
{
	return db_number(BODY("SELECT COUNT(*) FROM security_case WHERE rule ="
	                      " '%s' AND status = 'open'",
	                      rule));
}

static int64_t events_of(const char *kind)
{
	return db_number(BODY(
		"SELECT COUNT(*) FROM security_event WHERE kind = '%s'", kind));
}

/* Some who are limited or refused again and again, for whatever they ask. */

static void set_limits(const char *read)
{
	NEED_TRUE(settings_set("limit_read", read) && limit_create(), read);
}

static void hitting_the_limit_for_hours_is_scraping(void)
{
	set_limits("3/60");
	for (int minute = 0; minute < 20; minute++) {
		for (int i = 0; i < 8; i++)
			request("GET", "/api/vendors", NULL);
		CHECK_INT(events_of("limit.hit"), minute + 1,
		          "one event a window");
		CHECK_INT(cases_of("scraping"), minute == 19, "twenty");
		tc->now = when_plus(tc->now, MINUTE);
	}
	set_limits("0");
	CHECK_INT(request("GET", "/api/vendors", NULL)->status, 200, "later");
}

static void knocking_on_closed_doors_is_noticed(void)
{
	const struct person *p = a_customer();

	for (int i = 0; i < 49; i++)
		NEED_INT(GET("/api/admin/users", p)->status, 403, "no right");
	CHECK_INT(cases_of("access_refused_burst"), 0, "49");
	GET("/api/vendor/staff", p);
	CHECK_INT(cases_of("access_refused_burst"), 1, "50");
	for (int i = 0; i < 100; i++)
		GET("/api/admin/users", p);
	CHECK_TRUE(events_of("access.refused") <= 60,
	           "a flood of refusals leaves few rows");
	CHECK_INT(request("GET", "/api/admin/users", NULL)->status, 401,
	          "nobody");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_event"
	                    " WHERE kind = 'access.refused'"
	                    "   AND user_id IS NULL"),
	          0, "who is not signed in is told to, and that is all");
}

static void an_account_that_forgets_too_often_is_noticed(void)
{
	const struct person *p = a_customer();

	for (int i = 0; i < 5; i++)
		OPEN_POST("/api/auth/password/forgot",
		          BODY("{\"email\":\"%s\"}", p->email));
	CHECK_INT(events_of("password.forgot"), 5, "known or not");
	for (int i = 0; i < 15; i++)
		OPEN_POST("/api/auth/password/forgot",
		          BODY("{\"email\":\"nobody%d@example.com\"}", i));
	CHECK_INT(cases_of("reset_burst_address"), 1, "twenty from here");
}

static void a_stolen_refresh_token_ends_the_family(void)
{
	const struct person *p = a_customer();
	const char *body = BODY("{\"refresh\":\"%s\"}", p->refresh);

	CHECK_INT(OPEN_POST("/api/auth/refresh", body)->status, 200, "once");
	CHECK_INT(OPEN_POST("/api/auth/refresh", body)->status, 401, "twice");
	CHECK_INT(cases_of("refresh_reuse"), 1, "a case");
	CHECK_INT(GET("/api/users/me", p)->status, 401, "ended");
	CHECK_TRUE(n_told("account.alert") + n_told("account.sessions_ended") >=
	                   1,
	           "the owner is told");
}

static void a_slowed_person_waits(void)
{
	const struct person *p = a_customer();

	NEED_INT(PATCH("/api/admin/security-rules/payment_failures",
	               "{\"threshold\":2,\"actions\":[\"delay\"]}", an_admin(0))
	                 ->status,
	         200, "a rule that slows down");
	tc->actor = p->id;
	NEED_RC(security_event_add(tc, "payment.failed", p->id, id_new(), NULL),
	        RC_OK, "one");
	CHECK_RC(accounts_need_buyer(tc), RC_OK, "one");
	NEED_RC(security_event_add(tc, "payment.failed", p->id, id_new(), NULL),
	        RC_OK, "two");
	CHECK_RC(accounts_need_buyer(tc), RC_TOO_MANY, "two");
	CHECK_TRUE(tc->err.retry_after_s > 0 && tc->err.retry_after_s <= 31,
	           "30 s");
	fail_clear(tc);
	tc->now = when_plus(tc->now, 31);
	CHECK_RC(accounts_need_buyer(tc), RC_OK, "later");
	CHECK_RC(accounts_rules_replay(tc, 30), RC_OK, "back-test");
	PATCH("/api/admin/security-rules/payment_failures",
	      "{\"threshold\":5,\"actions\":[\"log\",\"case\"]}", an_admin(0));
}

/* The consumer of an outbox event may run again. */
static void an_event_of_the_outbox_counts_once(void)
{
	const struct person *p = a_customer();
	struct outbox_event e = { .id = id_new(), .created_at = tc->now };

	for (int i = 0; i < 3; i++)
		CHECK_RC(security_event_of(tc, &e, "order.placed", p->id,
		                           id_new()),
		         RC_OK, "again");
	CHECK_INT(events_of("order.placed"), 1, "once");
	CHECK_RC(security_event_of(tc, &e, "order.self_purchase", p->id,
	                           id_new()),
	         RC_OK, "another kind of the same event");
	CHECK_INT(events_of("order.self_purchase"), 1, "its own");
	CHECK_INT(cases_of("self_purchase"), 1, "a case at once");
}

/* Each of several is weighed by what there was at its own time. */
static void events_that_come_together_are_weighed_one_by_one(void)
{
	const struct person *p = a_customer(), *q = a_customer();
	struct outbox_event e[12];
	struct id users[12];

	for (int i = 0; i < 12; i++) {
		e[i] = (struct outbox_event){
			.id = id_new(),
			.subject = id_new(),
			.created_at = when_plus(tc->now, i - 12),
		};
		users[i] = i ? p->id : q->id;
	}
	CHECK_RC(security_events_of(tc, e, "order.placed", users, 12), RC_OK,
	         "a dozen");
	CHECK_INT(events_of("order.placed"), 12, "all");
	CHECK_INT(db_number("SELECT hits FROM security_case"
	                    " WHERE rule = 'order_burst'"),
	          2, "the tenth and the eleventh of one");
	CHECK_RC(security_events_of(tc, &e[11], "order.placed", &users[11], 1),
	         RC_CONFLICT, "again");
	fail_clear(tc);
	CHECK_INT(db_number("SELECT hits FROM security_case"), 2, "no more");
}

static void taking_the_catalog_away_often_is_noticed(void)
{
	const struct person *owner = an_owner();
	const struct person *clerk = a_staff(owner, MAY_STAFF_PRODUCTS);

	for (int i = 0; i < 10; i++)
		NEED_INT(GET("/api/vendor/products/export", clerk)->status, 200,
		         "may");
	CHECK_INT(cases_of("staff_export_volume"), 1, "ten a day");
}

static void the_audit_log_is_searched(void)
{
	const struct person *admin = an_admin(0), *p = a_customer();

	POST(uri_of("/api/admin/users/$/suspend", p->id),
	     "{\"reason\":\"fraud\"}", admin);
	const struct answered *a =
		GET(uri_of("/api/admin/audit?subject=$", p->id), admin);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "count"), "1", "by subject");
	CHECK_TEXT(answered_text(a, "results.0.what"), "user.suspended",
	           "what");
	CHECK_TEXT(answered_text(a, "results.0.why"), "fraud", "why");
	CHECK_TEXT(answered_text(a, "results.0.state_before.status"), "active",
	           "before");
	CHECK_TEXT(answered_text(a, "results.0.address"), "192.0.2.1", "where");
	a = GET(uri_of("/api/admin/audit?actor=$", p->id), admin);
	CHECK_TEXT(answered_text(a, "count"), "0", "by actor");
	a = GET("/api/admin/audit?what=user.suspended", admin);
	CHECK_TEXT(answered_text(a, "count"), "1", "by what");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("security", &hooks,
                TEST(failed_logins_are_events_and_open_a_case),
                TEST(a_rule_is_set_and_then_fires_by_its_new_threshold),
                TEST(a_bank_account_changed_on_a_new_device_is_a_case),
                TEST(every_rule_has_an_event_that_fires_it),
                TEST(hitting_the_limit_for_hours_is_scraping),
                TEST(knocking_on_closed_doors_is_noticed),
                TEST(an_account_that_forgets_too_often_is_noticed),
                TEST(a_stolen_refresh_token_ends_the_family),
                TEST(a_slowed_person_waits),
                TEST(an_event_of_the_outbox_counts_once),
                TEST(events_that_come_together_are_weighed_one_by_one),
                TEST(taking_the_catalog_away_often_is_noticed),
                TEST(the_audit_log_is_searched))
