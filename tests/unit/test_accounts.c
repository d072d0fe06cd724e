#include "config.h"

#include <string.h>

#include "db/cache.h"
#include "db/sql.h"
#include "fcgi/base/metrics.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

#define SEND(uri, body, ...) request("POST", uri, body, ##__VA_ARGS__)
#define ASK(uri, ...) request("GET", uri, NULL, ##__VA_ARGS__)

static const char *with(const char *fmt, const char *s)
{
	size_t n = strcspn(fmt, "$");

	return arena_fmt(tc->arena, "%.*s%s%s", (int)n, fmt, s, fmt + n + 1);
}

static const struct answered *log_in(const char *email, const char *password)
{
	return SEND("/api/auth/login",
	            arena_fmt(tc->arena,
	                      "{\"email\":\"%s\",\"password\":\"%s\"}", email,
	                      password));
}

static const struct answered *refresh(const char *token)
{
	return SEND("/api/auth/refresh", with("{\"refresh\":\"$\"}", token));
}

static const char *bearer(const char *access)
{
	return with("Authorization: Bearer $", access);
}

static const char registration[] =
	"{\"email\":\"Almaz@Example.com\",\"password\":\"blue nile falls 7\","
	"\"name\":\"Almaz Ayana\"}";

static void a_customer_registers_confirms_and_signs_in(void)
{
	const struct answered *a =
		SEND("/api/auth/register/customer", registration);

	CHECK_INT(a->status, 201, a->body);
	CHECK_INT(n_told("account.verify"), 1, "a mail is on its way");
	a = log_in("almaz@example.com", "blue nile falls 7");
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "user.email_verified"), "false", "not yet");
	const char *token = told_token("account.verify");

	a = SEND("/api/auth/verify-email", with("{\"token\":\"$\"}", token));
	CHECK_INT(a->status, 200, a->body);
	a = SEND("/api/auth/verify-email", with("{\"token\":\"$\"}", token));
	CHECK_INT(a->status, 422, "a link works once");
	CHECK_HAS(a->body, "\"token\"", "the field is named");
	a = log_in("ALMAZ@example.com", "blue nile falls 7");
	CHECK_INT(a->status, 200, "letters of an address are of no account");
	CHECK_TEXT(answered_text(a, "token_type"), "Bearer", "type");
	CHECK_TEXT(answered_text(a, "expires_in"), "900", "15 minutes");
	CHECK_TEXT(answered_text(a, "user.email_verified"), "true", "now");
	CHECK_TEXT(answered_text(a, "user.roles.0"), "customer", "role");
	a = ASK("/api/users/me", bearer(answered_text(a, "access")));
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "name"), "Almaz Ayana", "name");
	CHECK_LACKS(a->body, "pbkdf2", "no hash");
}

static void ones_own_account_is_one_statement(void)
{
	const struct person *p = a_customer();

	CHECK_INT(GET("/api/users/me", p)->status, 200, "session read");
	CHECK_INT(GET("/api/users/me", p)->req->ctx.n_statements, 1,
	          "statements");
}

/* The store is asked for only by whose roles say that there is one. */
static void owners_and_staff_see_their_store(void)
{
	const struct person *owner = an_owner();
	const struct person *clerk = a_staff(owner, MAY_STAFF_PRODUCTS);
	const struct answered *a = GET("/api/users/me", owner);
	const char *store = answered_text(a, "vendor.id");

	CHECK_TRUE(store && *store, a->body);
	CHECK_INT(a->req->ctx.n_statements, 2, "session; person with store");
	a = GET("/api/users/me", clerk);
	CHECK_TEXT(answered_text(a, "vendor.id"), store, "the same");
	CHECK_HAS(a->body, "\"products\"", "what they may there");
	/* Whoever asks: a new owner's login still has the old roles. */
	struct person_row p = { 0 };

	NEED_RC(accounts_db_person_get(tc, clerk->id, &p), RC_OK, "row");
	CHECK_FALSE(id_is_none(p.store_id), "by the row's roles");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users u"
	                    "  LEFT JOIN vendor o ON o.owner_id = u.id"
	                    "  LEFT JOIN vendor_staff w"
	                    "    ON w.user_id = u.id AND w.status = 'active'"
	                    " WHERE COALESCE(o.id, w.vendor_id) IS NOT NULL"
	                    "   AND u.roles & 6 = 0"),
	          0, "nobody has a store without the role");
}

static void a_taken_address_is_told_by_mail_only(void)
{
	const struct person *p = a_customer();
	const char *body = arena_fmt(
		tc->arena, "{\"email\":\"%s\",\"password\":\"new words here\"}",
		p->email);
	const struct answered *first =
		SEND("/api/auth/register/customer", registration);
	const struct answered *second =
		SEND("/api/auth/register/customer", body);

	CHECK_INT(second->status, first->status, "status");
	CHECK_TEXT(second->body, first->body, "body");
	CHECK_INT(n_told("account.exists"), 1, "its owner is told");
	for (int i = 0; i < 5; i++)
		SEND("/api/auth/register/customer", body);
	CHECK_INT(n_told("account.exists"), 3, "three times an hour at most");
	CHECK_INT(log_in(p->email, "new words here")->status, 401,
	          "the password is still the old one");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD)->status, 200, "old");
}

static void a_new_link_voids_the_old_one(void)
{
	SEND("/api/auth/register/customer", registration);
	const char *first = told_token("account.verify");

	tc->now = when_plus(tc->now, 1);
	const struct answered *a = SEND("/api/auth/verify-email/resend",
	                                "{\"email\":\"almaz@example.com\"}");

	CHECK_INT(a->status, 200, a->body);
	work_off("account.resend");
	const char *second = told_token("account.verify");

	CHECK_TRUE(strcmp(first, second) != 0, "two links");
	a = SEND("/api/auth/verify-email", with("{\"token\":\"$\"}", first));
	CHECK_INT(a->status, 422, "the first is void");
	for (int i = 0; i < 4; i++)
		SEND("/api/auth/verify-email/resend",
		     "{\"email\":\"almaz@example.com\"}");
	work_off("account.resend");
	CHECK_INT(n_told("account.verify"), 3, "three an hour");
	const struct answered *known =
		SEND("/api/auth/verify-email/resend",
	             "{\"email\":\"almaz@example.com\"}");
	const struct answered *unknown =
		SEND("/api/auth/verify-email/resend",
	             "{\"email\":\"nobody@example.com\"}");

	CHECK_INT(known->status, unknown->status, "status");
	CHECK_TEXT(known->body, unknown->body, "body");
	tc->now = when_plus(tc->now, 49L * HOUR);
	a = SEND("/api/auth/verify-email",
	         with("{\"token\":\"$\"}", told_token("account.verify")));
	CHECK_INT(a->status, 422, "a link lives 48 hours");
}

struct password_case {
	const char *password;
	int status;
	const char *code;
};

static void weak_passwords_are_refused(void)
{
	static const struct password_case cases[] = {
		{ "seven77", 422, "too_short" },
		{ "password", 422, "too_common" },
		{ "P@ssw0rd2024!", 422, "too_common" },
		{ "iloveyou123", 422, "too_common" },
		{ "12345678", 422, "too_common" },
		{ "11111111", 422, "too_common" },
		{ "qwertyuiop", 422, "too_common" },
		{ "w@example.com", 422, "too_similar" },
		{ "Merkato2026!!", 422, "too_similar" },
		{ "Workneh T", 422, "too_similar" },
		{ "four plain words here", 201, NULL },
		{ "\xe1\x89\xa1\xe1\x8a\x93\xe1\x8a\xa0", 201, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct answered *a =
			SEND("/api/auth/register/customer",
		             arena_fmt(tc->arena,
		                       "{\"email\":\"w@example.com\",\"name\":"
		                       "\"Workneh T\",\"password\":\"%s\"}",
		                       cases[i].password));

		CHECK_INT(a->status, cases[i].status, cases[i].password);
		if (cases[i].code)
			CHECK_TEXT(a->req->ctx.err.fields->code, cases[i].code,
			           cases[i].password);
	}
	char *lengthy = arena_alloc(tc->arena, 300);

	memset(lengthy, 'x', 257);
	lengthy[1] = 'y';
	const struct answered *a =
		SEND("/api/auth/register/customer",
	             with("{\"email\":\"w@example.com\",\"password\":\"$\"}",
	                  lengthy));

	CHECK_INT(a->status, 422, "257 bytes");
}

static void wrong_and_unknown_are_answered_alike(void)
{
	const struct person *p = a_customer();
	const struct answered *wrong = log_in(p->email, "not my password");
	const struct answered *unknown =
		log_in("nobody@example.com", "not my password");

	CHECK_INT(wrong->status, 401, "wrong");
	CHECK_INT(unknown->status, 401, "unknown");
	CHECK_TEXT(answered_text(wrong, "detail"),
	           answered_text(unknown, "detail"), "words");
	CHECK_INT(wrong->n, unknown->n, "length");
}

/* The same letters in two spellings of Unicode are one password. */
static void a_password_is_compared_in_its_normal_form(void)
{
	const struct answered *a = SEND(
		"/api/auth/register/customer",
		"{\"email\":\"renee@example.com\","
		"\"password\":\"caf\xc3\xa9 at the lake\",\"name\":\"R\"}");

	CHECK_INT(a->status, 201, a->body);
	CHECK_INT(
		log_in("renee@example.com", "cafe\xcc\x81 at the lake")->status,
		200, "decomposed");
	CHECK_INT(log_in("renee@example.com", "cafe at the lake")->status, 401,
	          "another letter");
}

/* Time is what people measure from outside; rounds and statements are what it
 * comes of, and can be counted. */
struct effort {
	uint64_t rounds, statements;
};

static struct effort effort_of(const char *uri, const char *body)
{
	struct effort e = { counter_read(COUNTER_PASSWORD_ROUNDS),
		            counter_read(COUNTER_SQL_STATEMENTS) };
	const struct answered *a = SEND(uri, body);

	CHECK_TRUE(a->status < 500, a->body);
	e.rounds = counter_read(COUNTER_PASSWORD_ROUNDS) - e.rounds;
	e.statements = counter_read(COUNTER_SQL_STATEMENTS) - e.statements;
	return e;
}

static void known_and_unknown_cost_the_same(void)
{
	static const struct {
		const char *uri, *body;
		int hashes;
		bool hides; /* statements are alike, too */
	} all[] = {
		{ "/api/auth/login",
		  "{\"email\":\"$\",\"password\":\"not my password\"}", 1,
		  false },
		{ "/api/auth/register/customer",
		  "{\"email\":\"$\",\"password\":\"blue nile falls 7\"}", 1,
		  false },
		{ "/api/auth/password/forgot", "{\"email\":\"$\"}", 0, true },
		{ "/api/auth/verify-email/resend", "{\"email\":\"$\"}", 0,
		  true },
	};
	const struct person *p = a_customer();

	/* Statements are prepared once. */
	for (size_t i = 0; i < 4; i++) {
		effort_of(all[i].uri, with(all[i].body, "first@example.com"));
		effort_of(all[i].uri, with(all[i].body, p->email));
	}
	for (size_t i = 0; i < 4; i++) {
		struct effort known =
			effort_of(all[i].uri, with(all[i].body, p->email));
		struct effort unknown = effort_of(
			all[i].uri,
			with(all[i].body, BODY("new%zu@example.com", i)));

		CHECK_INT(known.rounds, unknown.rounds, all[i].uri);
		CHECK_INT(known.rounds,
		          all[i].hashes * settings->password_rounds,
		          all[i].uri);
		if (all[i].hides)
			CHECK_INT(known.statements, unknown.statements,
			          all[i].uri);
	}
}

static void an_old_hash_costs_as_much_and_is_made_anew(void)
{
	const struct person *p = a_customer();
	const char *rounds = BODY("%lld", (long long)settings->password_rounds);

	NEED_TRUE(settings_set("password_rounds", "3000"), "dearer");
	struct effort e = effort_of(
		"/api/auth/login",
		BODY("{\"email\":\"%s\",\"password\":\"not my password\"}",
	             p->email));

	CHECK_INT(e.rounds, 3000, "as much as for nobody");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD)->status, 200, "right");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users WHERE password_hash"
	                    " LIKE 'pbkdf2_sha256$3000$%'"),
	          1, "hashed anew in silence");
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD)->status, 200, "again");
	NEED_TRUE(settings_set("password_rounds", rounds), "as it was");
}

static void five_failures_lock_the_pair_and_nobody_else(void)
{
	const struct person *p = a_customer();

	for (int i = 0; i < 5; i++)
		CHECK_INT(log_in(p->email, "not my password")->status, 401,
		          "a failure");
	const struct answered *a = log_in(p->email, PEOPLE_PASSWORD);

	CHECK_INT(a->status, 429, "locked, though the password is right");
	CHECK_TRUE(answered_header(a, "Retry-After") != NULL, "Retry-After");
	a = request("POST", "/api/auth/login",
	            arena_fmt(tc->arena,
	                      "{\"email\":\"%s\",\"password\":\"%s\"}",
	                      p->email, PEOPLE_PASSWORD),
	            "REMOTE-ADDR: 198.51.100.7");
	CHECK_INT(a->status, 200, "the owner gets in from elsewhere");
	CHECK_INT(log_in(a_customer()->email, PEOPLE_PASSWORD)->status, 200,
	          "so does another account from there");
	for (int i = 0; i < 5; i++)
		CHECK_INT(log_in("nobody@example.com", "x y z u v")->status,
		          401, "unknown");
	CHECK_INT(log_in("nobody@example.com", "x y z u v")->status, 429,
	          "an unknown address is locked alike");
	tc->now = when_plus(tc->now, 15L * MINUTE + 1);
	CHECK_INT(log_in(p->email, PEOPLE_PASSWORD)->status, 200,
	          "after 15 minutes");
}

static void an_address_that_tries_many_accounts_is_stopped(void)
{
	int stopped = 0;

	for (int i = 0; i < 12; i++)
		stopped += log_in(arena_fmt(tc->arena, "n%d@example.com", i),
		                  "any old words")
		                   ->status == 429;
	CHECK_INT(stopped, 2, "ten accounts from one address, no more");
}

static void success_forgives_the_failures_before(void)
{
	const struct person *p = a_customer();

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++)
			log_in(p->email, "not my password");
		CHECK_INT(log_in(p->email, PEOPLE_PASSWORD)->status, 200,
		          "the fifth is right");
	}
	CHECK_INT(db_number("SELECT COUNT(*) FROM login_attempt"), 0, "rows");
}

static void refresh_tokens_rotate_and_reuse_ends_the_family(void)
{
	const struct person *p = a_customer();
	const struct answered *a = refresh(p->refresh);

	CHECK_INT(a->status, 200, a->body);
	const char *next = answered_text(a, "refresh");
	const char *access = answered_text(a, "access");

	CHECK_INT(ASK("/api/users/me", bearer(access))->status, 200, "new");
	CHECK_INT(refresh(p->refresh)->status, 401, "a spent one");
	CHECK_INT(refresh(next)->status, 401, "the family has ended");
	CHECK_INT(ASK("/api/users/me", bearer(access))->status, 401,
	          "and its access tokens with it");
	CHECK_INT(n_told("account.sessions_ended"), 1, "the owner is told");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_event"
	                    " WHERE kind = 'refresh.reused'"),
	          1, "event");
	CHECK_INT(db_number("SELECT COUNT(*) FROM security_case"
	                    " WHERE rule = 'refresh_reuse'"),
	          1, "case");
	CHECK_INT(refresh("not a token")->status, 422, "malformed");
	CHECK_INT(
		refresh("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")->status,
		401, "unknown");
}

static void logging_out_ends_access_tokens_at_once(void)
{
	const struct person *p = a_customer();
	const char *other = a_bearer(p->id);

	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 200, "before");
	CHECK_INT(request("POST", "/api/auth/logout", NULL, p->bearer)->status,
	          204, "logout");
	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 401, "after");
	CHECK_INT(refresh(p->refresh)->status, 401, "refresh too");
	CHECK_INT(ASK("/api/users/me", other)->status, 200, "elsewhere not");
	CHECK_INT(request("POST", "/api/auth/logout-all", NULL, other)->status,
	          204, "everywhere");
	CHECK_INT(ASK("/api/users/me", other)->status, 401, "ended");
	CHECK_INT(SEND("/api/auth/logout", "{}")->status, 401, "nobody");
}

static void logging_out_works_by_refresh_token(void)
{
	const struct person *p = a_customer();
	const struct answered *a = SEND(
		"/api/auth/logout", with("{\"refresh\":\"$\"}", p->refresh));

	CHECK_INT(a->status, 204, a->body);
	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 401, "ended");
	a = SEND("/api/auth/logout", with("{\"refresh\":\"$\"}", p->refresh));
	CHECK_INT(a->status, 204, "twice is fine");
}

static void sessions_are_listed_and_ended_by_their_owner_only(void)
{
	const struct person *p = a_customer(), *q = a_customer();
	char text[ID_TEXT_MAX];
	const char *path = arena_fmt(tc->arena, "/api/auth/sessions/%s",
	                             id_text(p->session, text));

	a_bearer(p->id);
	const struct answered *a = ASK("/api/auth/sessions", p->bearer);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "count"), "2", "two");
	CHECK_HAS(a->body, "\"is_current\":true", "mine is marked");
	CHECK_INT(request("DELETE", path, NULL, q->bearer)->status, 404,
	          "somebody else's is not there");
	CHECK_INT(request("DELETE", path, NULL, p->bearer)->status, 204,
	          "mine");
	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 401, "gone");
}

static void a_changed_role_is_felt_at_once_and_without_a_cache(void)
{
	const struct person *p = a_person(ROLE_ADMIN, MAY_ADMIN_VENDORS);

	CHECK_INT(ASK("/api/admin/vendors", p->bearer)->status, 200, "before");
	NEED_RC(accounts_db_roles_set(tc, p->id, ROLE_CUSTOMER, 0), RC_OK,
	        "demote");
	/* memcached keeps what it had for less than a minute. */
	NEED_TRUE(cache_flush(tc), "flush");
	CHECK_INT(ASK("/api/admin/vendors", p->bearer)->status, 401,
	          "the token is of an older version");
	CHECK_INT(ASK("/api/admin/vendors", a_bearer(p->id))->status, 403,
	          "and the new one has no right");
}

static void the_profile_is_changed_by_its_version(void)
{
	const struct person *p = a_customer();
	const struct answered *a =
		request("PATCH", "/api/users/me",
	                "{\"name\":\"Derartu\",\"phone\":\"0911223344\"}",
	                p->bearer, "If-Match: \"1\"");

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "phone"), "+251911223344", "E.164");
	a = request("PATCH", "/api/users/me", "{\"name\":\"X\"}", p->bearer,
	            "If-Match: \"1\"");
	CHECK_INT(a->status, 412, "it has moved on");
	a = request("PATCH", "/api/users/me", "{\"name\":\"Tirunesh\"}",
	            p->bearer);
	CHECK_TEXT(answered_text(a, "name"), "Tirunesh", "whatever it is");
	CHECK_INT(a->req->ctx.n_statements, 2, "write and read");
	a = request("PATCH", "/api/users/me", "{\"roles\":[\"super_admin\"]}",
	            p->bearer);
	CHECK_INT(a->status, 422, "roles come from elsewhere");
	a = request("PATCH", "/api/users/me", "{\"email\":\"x@example.com\"}",
	            p->bearer);
	CHECK_INT(a->status, 422, "so do addresses");
}

static void keys_rotate_without_logging_anybody_out(void)
{
	const struct person *p = a_customer();

	NEED_TRUE(settings_set("jwt_keys",
	                       "k2:5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b,"
	                       "derived"),
	          "two keys");
	NEED_TRUE(token_load_keys(), "load");
	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 200, "the old key");
	const char *next = a_bearer(p->id);

	CHECK_INT(ASK("/api/users/me", next)->status, 200, "the new key");
	NEED_TRUE(settings_set("jwt_keys",
	                       "k2:5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b"),
	          "one key");
	NEED_TRUE(token_load_keys(), "load");
	CHECK_INT(ASK("/api/users/me", p->bearer)->status, 401,
	          "the old key has gone");
	CHECK_INT(ASK("/api/users/me", next)->status, 200, "the new one not");
	NEED_TRUE(settings_set("jwt_keys", "") && token_load_keys(), "back");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("accounts", &hooks,
                TEST(a_customer_registers_confirms_and_signs_in),
                TEST(ones_own_account_is_one_statement),
                TEST(owners_and_staff_see_their_store),
                TEST(a_taken_address_is_told_by_mail_only),
                TEST(a_new_link_voids_the_old_one),
                TEST(weak_passwords_are_refused),
                TEST(wrong_and_unknown_are_answered_alike),
                TEST(a_password_is_compared_in_its_normal_form),
                TEST(known_and_unknown_cost_the_same),
                TEST(an_old_hash_costs_as_much_and_is_made_anew),
                TEST(five_failures_lock_the_pair_and_nobody_else),
                TEST(an_address_that_tries_many_accounts_is_stopped),
                TEST(success_forgives_the_failures_before),
                TEST(refresh_tokens_rotate_and_reuse_ends_the_family),
                TEST(logging_out_ends_access_tokens_at_once),
                TEST(logging_out_works_by_refresh_token),
                TEST(sessions_are_listed_and_ended_by_their_owner_only),
                TEST(a_changed_role_is_felt_at_once_and_without_a_cache),
                TEST(the_profile_is_changed_by_its_version),
                TEST(keys_rotate_without_logging_anybody_out))
