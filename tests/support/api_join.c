#include "config.h"

#include "tests/support/api_join.h"

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

/* Both kinds of people prove their address by the link in the mail. */
const char *api_join(const char *path, const char *body, const char *email)
{
	CHECK_API(api_post(path, body, NULL), 201, "registration");
	CHECK_PROBLEM(api_login(email, "not-the-password-9"), 401, NULL,
	              "a wrong password");
	struct mail_found m = mail_to(email, "token=");
	const char *token = link_value(mail_link(&m, "token="), "token");
	const char *verify = FMT("{\"token\":\"%s\"}", token);
	CHECK_API(api_post("/api/auth/verify-email", verify, NULL), 200,
	          "the mailed link");
	CHECK_TRUE(api_post("/api/auth/verify-email", verify, NULL)->status >=
	                   400,
	           "the link works once");
	const struct api_answer *a = api_login(email, JOIN_PASSWORD);
	NEED_API(a, 200, "login");
	return at_text(a, "access");
}

const char *api_join_customer(const char *word)
{
	const char *name = unique(word);
	const char *email = FMT("%s@example.org", name);

	return api_join("/api/auth/register/customer",
	                FMT("{\"email\":\"%s\",\"password\":\"" JOIN_PASSWORD
	                    "\",\"name\":\"Hana Tesfaye\"}",
	                    email),
	                email);
}

const char *api_join_vendor(const char *word)
{
	const char *name = unique(word);
	const char *email = FMT("store-%s@example.org", name);

	return api_join("/api/auth/register/vendor",
	                FMT("{\"email\":\"%s\",\"password\":\"" JOIN_PASSWORD
	                    "\",\"name\":\"Abebe Kebede\","
	                    "\"store_name\":\"Store %s\","
	                    "\"phone\":\"0911234567\",\"address\":\"Piassa\","
	                    "\"lat\":9.03,\"lng\":38.75}",
	                    email, name),
	                email);
}
