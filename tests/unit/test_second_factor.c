#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <liboath/oath.h>

#include "db/cache.h"
#include "fcgi/base/settings.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

static const struct answered *get(const char *uri, const char *header)
{
	return request("GET", uri, NULL, header);
}

static const struct answered *post(const char *uri, const char *body,
                                   const struct person *p)
{
	return request("POST", uri, body, p->bearer);
}

static const char *code_at(const char *secret32, int64_t at_s)
{
	char *secret = NULL, *code = arena_alloc(tc->arena, 7);
	size_t n = 0;

	NEED_INT(oath_base32_decode(secret32, strlen(secret32), &secret, &n),
	         OATH_OK, "base32");
	NEED_INT(oath_totp_generate(secret, n, (time_t)at_s, 30, 0, 6, code),
	         OATH_OK, "code");
	free(secret);
	return code;
}

static const struct answered *log_in_with(const struct person *p,
                                          const char *more)
{
	return request("POST", "/api/auth/login",
	               arena_fmt(tc->arena,
	                         "{\"email\":\"%s\",\"password\":\"%s\"%s}",
	                         p->email, PEOPLE_PASSWORD, more));
}

static const char *quoted(const char *name, const char *value)
{
	return arena_fmt(tc->arena, ",\"%s\":\"%s\"", name, value);
}

static void a_second_factor_is_asked_for_once_it_is_on(void)
{
	const struct person *p = a_customer();
	const struct answered *a = post("/api/auth/2fa/enroll", NULL, p);

	CHECK_INT(a->status, 200, a->body);
	CHECK_HAS(answered_text(a, "qr_svg"), "<svg", "a picture");
	CHECK_HAS(answered_text(a, "otpauth_url"),
	          "otpauth://totp/Merkato:", "url");
	const char *secret = answered_text(a, "secret");
	int64_t now = tc->now.us / 1000000;

	CHECK_INT(log_in_with(p, "")->status, 200, "not yet");
	a = post("/api/auth/2fa/confirm", "{\"totp\":\"000000\"}", p);
	CHECK_INT(a->status, 422, "a wrong code");
	const char *first = code_at(secret, now);

	a = post("/api/auth/2fa/confirm",
	         arena_fmt(tc->arena, "{\"totp\":\"%s\"}", first), p);
	CHECK_INT(a->status, 200, a->body);
	const char *spare = answered_text(a, "recovery_codes.0");

	NEED_TRUE(spare != NULL, "recovery codes");
	a = log_in_with(p, "");
	CHECK_INT(a->status, 401, "the password alone");
	CHECK_TEXT(a->req->ctx.err.code, "second_factor_needed", "why");
	CHECK_INT(log_in_with(p, quoted("totp", first))->status, 401,
	          "a code works once");
	const char *next = code_at(secret, now + 30);

	CHECK_INT(log_in_with(p, quoted("totp", next))->status, 200, "next");
	CHECK_INT(log_in_with(p, quoted("recovery_code", spare))->status, 200,
	          "a spare one");
	CHECK_INT(log_in_with(p, quoted("recovery_code", spare))->status, 401,
	          "once");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"
	                    " WHERE totp_secret IS NOT NULL"
	                    "   AND LENGTH(totp_secret) > 40"),
	          1, "sealed");
	const struct person *again = p;

	a = post("/api/auth/2fa/disable",
	         arena_fmt(tc->arena, "{\"password\":\"%s\"}", PEOPLE_PASSWORD),
	         again);
	CHECK_INT(a->status, 403, "not by password alone");
	tc->now = when_plus(tc->now, 90);
	a = post("/api/auth/2fa/disable",
	         arena_fmt(tc->arena, "{\"password\":\"%s\",\"totp\":\"%s\"}",
	                   PEOPLE_PASSWORD, code_at(secret, now + 90)),
	         again);
	CHECK_INT(a->status, 204, a->body);
	CHECK_INT(log_in_with(p, "")->status, 200, "off");
}

static void admins_need_one_where_that_is_asked(void)
{
	const struct person *admin = an_admin(0);
	const char *cookie = NULL;

	CHECK_INT(get("/api/admin/users", admin->bearer)->status, 200, "free");
	NEED_TRUE(settings_set("require_2fa", "true"), "asked for");
	cache_flush(tc);
	const char *bearer = a_bearer(admin->id);

	CHECK_INT(get("/api/admin/users", bearer)->status, 403, "no admin");
	CHECK_INT(get("/api/users/me", bearer)->status, 200, "but a person");
	CHECK_RC(accounts_console_login(tc, admin->email, PEOPLE_PASSWORD, NULL,
	                                &cookie),
	         RC_FORBIDDEN, "nor the console");
	CHECK_TEXT(tc->err.code, "second_factor_missing", "why");
	fail_clear(tc);
	const struct person now = { .bearer = bearer };
	const struct answered *a = post("/api/auth/2fa/enroll", NULL, &now);

	CHECK_INT(a->status, 200, a->body);
	a = post("/api/auth/2fa/confirm",
	         arena_fmt(tc->arena, "{\"totp\":\"%s\"}",
	                   code_at(answered_text(a, "secret"),
	                           tc->now.us / 1000000)),
	         &now);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(get("/api/admin/users", bearer)->status, 200, "at once");
	NEED_TRUE(settings_set("require_2fa", "false"), "as it was");
}

static void a_sealed_secret_moved_to_another_row_does_not_open(void)
{
	const struct person *p = a_customer(), *q = a_customer();
	struct user_row u = { 0 };
	bool is_right = true;

	post("/api/auth/2fa/enroll", NULL, p);
	NEED_RC(accounts_db_user_get(tc, p->id, &u), RC_OK, "user");
	u.totp_secret = u.totp_pending;
	u.id = q->id;
	CHECK_RC(totp_check(tc, &u, "123456", &is_right), RC_INTERNAL,
	         "tampered");
	CHECK_FALSE(is_right, "never right");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("second factor", &hooks,
                TEST(a_second_factor_is_asked_for_once_it_is_on),
                TEST(admins_need_one_where_that_is_asked),
                TEST(a_sealed_secret_moved_to_another_row_does_not_open))
