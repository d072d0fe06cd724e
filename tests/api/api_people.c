/* What people do with their own accounts, through the front door. */
#include "config.h"

#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/support/api_shop.h"
#include "tests/support/api_stack.h"

#define NEW_PASSWORD "yirgacheffe-on-time-4"

/* The token in a mail to that address. */
static const char *mailed(const char *address, const char *word)
{
	struct mail_found m = mail_to(address, word);

	return FMT("{\"token\":\"%s\"}",
	           link_value(mail_link(&m, "token="), "token"));
}

static void a_session_is_renewed_looked_at_and_ended(void)
{
	struct joined one = api_customer();
	struct joined other = api_signed_in(one.email);
	const struct api_answer *a =
		api_post("/api/auth/refresh",
	                 FMT("{\"refresh\":\"%s\"}", one.refresh), NULL);

	NEED_API(a, 200, "renewed");
	one.access = at_text(a, "access");
	a = api_get("/api/auth/sessions", one.access);
	CHECK_API(a, 200, "sessions");
	int mine = at_find(a, "results", "id", at_text(a, "results[0].id"));
	for (size_t i = 0; i < at_count(a, "results"); i++)
		if (!at_true(a, FMT("results[%zu].is_current", i)))
			mine = (int)i;
	CHECK_API(api_delete(FMT("/api/auth/sessions/%s",
	                         at_text(a, FMT("results[%d].id", mine))),
	                     one.access),
	          204, "the other is ended");
	CHECK_API(api_get("/api/users/me", other.access), 401, "at once");
	CHECK_API(api_post("/api/auth/logout", "{}", one.access), 204, "out");
	CHECK_API(api_get("/api/users/me", one.access), 401, "is out");
	one = api_signed_in(one.email);
	CHECK_API(api_post("/api/auth/logout-all", NULL, one.access), 204,
	          "out everywhere");
}

static void a_profile_and_its_addresses_change(void)
{
	struct joined one = api_customer();
	const struct api_answer *a = api_patch(
		"/api/users/me",
		"{\"name\":\"Hana T.\",\"phone\":\"0911234567\"}", one.access);

	CHECK_API(a, 200, "profile");
	CHECK_TEXT(at_text(a, "phone"), "+251911234567", "in full");
	a = api_post("/api/users/me/addresses",
	             "{\"name\":\"Hana\",\"phone\":\"0911234567\","
	             "\"line1\":\"Bole Road 12\",\"city\":\"Addis Ababa\"}",
	             one.access);
	NEED_API(a, 201, "an address");
	const char *path = FMT("/api/users/me/addresses/%s", at_text(a, "id"));
	CHECK_API(api_get(path, one.access), 200, "read");
	a = api_patch(path, "{\"label\":\"Home\"}", one.access);
	CHECK_API(a, 200, "changed");
	CHECK_TEXT(at_text(a, "label"), "Home", "label");
	CHECK_API(api_delete(path, one.access), 204, "gone");
	CHECK_API(api_patch("/api/users/me/notification-settings",
	                    "{\"mail_watches\":false}", one.access),
	          200, "what is mailed");
}

static const char *code_at(const char *secret, time_t at)
{
	static char code[8];
	char *raw;
	size_t n;

	NEED_INT(oath_base32_decode(secret, strlen(secret), &raw, &n), OATH_OK,
	         "the secret");
	NEED_INT(oath_totp_generate(raw, n, at, 30, 0, 6, code), OATH_OK,
	         "a code");
	free(raw);
	return code;
}

static void a_second_factor_comes_and_goes(void)
{
	struct joined one = api_customer();
	const struct api_answer *a =
		api_post("/api/auth/2fa/enroll", NULL, one.access);

	NEED_API(a, 200, "enrolled");
	const char *secret = at_text(a, "secret");
	a = api_post("/api/auth/2fa/confirm",
	             FMT("{\"totp\":\"%s\"}", code_at(secret, time(NULL))),
	             one.access);
	NEED_API(a, 200, "confirmed");
	const char *spare = at_text(a, "recovery_codes[0]");
	CHECK_TRUE(spare != NULL, "recovery codes");
	CHECK_API(api_login(one.email, API_PASSWORD), 401,
	          "the password alone will not do");
	CHECK_API(api_post("/api/auth/2fa/disable",
	                   FMT("{\"password\":\"" API_PASSWORD
	                       "\",\"recovery_code\":\"%s\"}",
	                       spare),
	                   one.access),
	          204, "off");
	CHECK_API(api_login(one.email, API_PASSWORD), 200, "it does again");
}

static void a_password_is_forgotten_and_changed(void)
{
	struct joined one = api_customer();

	CHECK_API(api_post("/api/auth/password/confirm",
	                   "{\"password\":\"" API_PASSWORD "\"}", one.access),
	          204, "confirmed");
	CHECK_API(api_post("/api/auth/password/change",
	                   "{\"current_password\":\"" API_PASSWORD
	                   "\",\"password\":\"" NEW_PASSWORD "\"}",
	                   one.access),
	          200, "changed");
	CHECK_API(api_post("/api/auth/password/forgot",
	                   FMT("{\"email\":\"%s\"}", one.email), NULL),
	          200, "forgotten");
	const char *token = mailed(one.email, "reset");
	token = arena_strndup(tc->arena, token, strlen(token) - 1);
	CHECK_API(api_post("/api/auth/password/reset",
	                   FMT("%s,\"password\":\"" API_PASSWORD "\"}", token),
	                   NULL),
	          200, "a new one");
	api_signed_in(one.email);
}

static void an_address_is_confirmed_again_and_changed(void)
{
	const char *name = unique("late");
	const char *email = FMT("%s@example.org", name);

	NEED_API(api_post("/api/auth/register/customer",
	                  FMT("{\"email\":\"%s\",\"password\":\"" API_PASSWORD
	                      "\",\"name\":\"Late\"}",
	                      email),
	                  NULL),
	         201, "registration");
	CHECK_API(api_post("/api/auth/verify-email/resend",
	                   FMT("{\"email\":\"%s\"}", email), NULL),
	          200, "once more");
	struct joined one = api_customer();
	const char *other = FMT("new-%s@example.org", name);
	CHECK_API(api_post("/api/auth/email/change",
	                   FMT("{\"email\":\"%s\",\"password\":\"" API_PASSWORD
	                       "\"}",
	                       other),
	                   one.access),
	          200, "asked for");
	CHECK_API(api_post("/api/auth/email/confirm", mailed(other, "token="),
	                   NULL),
	          200, "confirmed by the new one");
	api_signed_in(other);
}

static void an_account_is_erased(void)
{
	struct joined one = api_customer();

	CHECK_API(api_post("/api/auth/password/confirm",
	                   "{\"password\":\"" API_PASSWORD "\"}", one.access),
	          204, "it is really them");
	CHECK_API(api_delete("/api/users/me", one.access), 204, "erased");
	CHECK_API(api_login(one.email, API_PASSWORD), 401, "and gone");
}

static void a_notification_is_read(void)
{
	const char *vendor = token_of("vendor");
	struct joined one = api_customer();

	api_paid_order(api_on_sale("vendor", "9.00", 3).variant, 1, one.access);
	NEED_SOON(at_count(api_get("/api/notifications", vendor), "results") >
	                  0,
	          "the store is told");
	const char *id =
		at_text(api_get("/api/notifications", vendor), "results[0].id");
	const struct api_answer *a =
		api_post(FMT("/api/notifications/%s/read", id), NULL, vendor);
	CHECK_API(a, 200, "read");
	CHECK_TRUE(at_text(a, "read_at") != NULL, "when");
}

CHECK_MAIN_WITH("people", &api_hooks,
                TEST(a_session_is_renewed_looked_at_and_ended),
                TEST(a_profile_and_its_addresses_change),
                TEST(a_second_factor_comes_and_goes),
                TEST(a_password_is_forgotten_and_changed),
                TEST(an_address_is_confirmed_again_and_changed),
                TEST(an_account_is_erased), TEST(a_notification_is_read))
