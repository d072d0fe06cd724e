#include "config.h"

#include <string.h>

#include "db/sql.h"
#include "fcgi/base/crypto.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts_oauth.h"
#include "tests/support/people.h"

#define TEXT(...) arena_fmt(tc->arena, __VA_ARGS__)
#define FORM "Content-Type: application/x-www-form-urlencoded"

static const char redirect[] = "https://partner.example/back";
static const char verifier[] =
	"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-and-some-more";

struct program {
	const char *id, *secret, *basic;
};

static struct program a_program(const struct person *admin, const char *body)
{
	const struct answered *a = request("POST", "/api/admin/oauth-clients",
	                                   body, admin->bearer);

	NEED_INT(a->status, 201, a->body);
	struct program p = { answered_text(a, "id"),
		             answered_text(a, "client_secret"), NULL };
	const char *pair = TEXT("%s:%s", p.id, p.secret ? p.secret : "none");

	p.basic = TEXT("Authorization: Basic %s",
	               text_base64(tc->arena, pair, strlen(pair)));
	return p;
}

static const char partner[] =
	"{\"name\":\"Partner\",\"redirect_uris\":"
	"[\"https://partner.example/back\"],\"scopes\":[\"products\","
	"\"orders\"],\"grants\":[\"authorization_code\",\"refresh_token\"]}";

static const char *challenge(void)
{
	unsigned char digest[32];

	sha256(verifier, strlen(verifier), digest);
	return text_base64url(tc->arena, digest, 32);
}

static const char *authorize_uri(const struct program *p, const char *more)
{
	return TEXT("/oauth/authorize?response_type=code&client_id=%s"
	            "&redirect_uri=https%%3A%%2F%%2Fpartner.example%%2Fback"
	            "&state=s1&code_challenge=%s&code_challenge_method=S256%s",
	            p->id, challenge(), more);
}

/* The value of the hidden field. */
static const char *request_field(const struct answered *a)
{
	static const char mark[] = "name=\"request\" value=\"";
	const char *at = strstr(a->body, mark);

	NEED_TRUE(at != NULL, a->body);
	at += sizeof(mark) - 1;
	return arena_strndup(tc->arena, at, strcspn(at, "\""));
}

static const struct answered *decide(const char *sealed, const char *decision,
                                     const char *email, const char *password)
{
	return request("POST", "/oauth/authorize",
	               TEXT("request=%s&decision=%s&email=%s&password=%s",
	                    sealed, decision, email, password),
	               FORM, "Origin: http://localhost:8080");
}

static const char *password_form(void)
{
	char *s = arena_strdup(tc->arena, PEOPLE_PASSWORD);

	for (char *p = s; *p; p++)
		if (*p == ' ')
			*p = '+';
	return s;
}

static const char *parameter(const struct answered *a, const char *name)
{
	const char *url = answered_header(a, "Location");
	const char *at = url ? strstr(url, TEXT("%s=", name)) : NULL;

	NEED_TRUE(at != NULL, TEXT("%s in %s", name, url ? url : a->body));
	at += strlen(name) + 1;
	return arena_strndup(tc->arena, at, strcspn(at, "&"));
}

static const char *a_code(const struct program *p, const struct person *who,
                          const char *more)
{
	const struct answered *page =
		request("GET", authorize_uri(p, more), NULL);

	NEED_INT(page->status, 200, page->body);
	const struct answered *a = decide(request_field(page), "allow",
	                                  who->email, password_form());

	NEED_INT(a->status, 303, a->body);
	CHECK_TEXT(parameter(a, "state"), "s1", "state");
	CHECK_TEXT(parameter(a, "iss"), "http%3A%2F%2Flocalhost%3A8080",
	           "RFC 9207");
	return parameter(a, "code");
}

static const struct answered *token(const struct program *p, const char *form)
{
	return request("POST", "/oauth/token", form, FORM, p->basic);
}

static const char *exchange_form(const char *code)
{
	return TEXT("grant_type=authorization_code&code=%s&redirect_uri=%s"
	            "&code_verifier=%s",
	            code, redirect, verifier);
}

static int me(const char *path, const char *access)
{
	return request("GET", path, NULL,
	               TEXT("Authorization: Bearer %s", access))
	        ->status;
}

static void a_program_acts_for_a_person_within_its_scopes(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	const struct answered *a =
		token(&p, exchange_form(a_code(&p, owner, "")));

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "token_type"), "Bearer", "type");
	CHECK_TEXT(answered_text(a, "scope"), "products orders", "scope");
	CHECK_TEXT(answered_header(a, "Cache-Control"), "no-store", "no-store");
	const char *access = answered_text(a, "access_token");

	CHECK_INT(me("/api/vendor/store", access), 200, "as the store's staff");
	CHECK_INT(me("/api/users/me", access), 200, "who it is");
	CHECK_INT(me("/api/vendor/staff", access), 403, "never as the owner");
	CHECK_INT(me("/api/users/me/addresses", access), 403,
	          "nor where no scope is named");
	CHECK_INT(me("/api/users/me/export", access), 403, "nor the person");
	a = token(&p, TEXT("grant_type=refresh_token&refresh_token=%s",
	                   answered_text(a, "refresh_token")));
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(me("/api/vendor/store", answered_text(a, "access_token")),
	          200, "refreshed");
}

static void a_code_works_once_and_a_second_use_takes_back(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	const char *form = exchange_form(a_code(&p, owner, ""));
	const struct answered *a = token(&p, form);
	const char *access = answered_text(a, "access_token");

	CHECK_INT(me("/api/vendor/store", access), 200, "first");
	a = token(&p, form);
	CHECK_INT(a->status, 400, a->body);
	CHECK_TEXT(answered_text(a, "error"), "invalid_grant", "second");
	CHECK_INT(me("/api/vendor/store", access), 401, "taken back");
	form = exchange_form(a_code(&p, owner, ""));
	tc->now = when_plus(tc->now, 61);
	CHECK_INT(token(&p, form)->status, 400, "after a minute");
}

struct bad_exchange {
	const char *name, *redirect, *verifier;
};

static void a_code_needs_its_verifier_its_address_and_its_client(void)
{
	static const struct bad_exchange cases[] = {
		{ "another verifier", "https://partner.example/back",
		  "another-verifier-that-is-long-enough-to-be-one-1234" },
		{ "no verifier", "https://partner.example/back", "" },
		{ "another address", "https://partner.example/back/",
		  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk-and-some-more" },
	};
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	struct program q = a_program(admin, partner);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *code = a_code(&p, owner, "");
		const struct answered *a = token(
			&p, TEXT("grant_type=authorization_code&code=%s"
		                 "&redirect_uri=%s&code_verifier=%s",
		                 code, cases[i].redirect, cases[i].verifier));

		CHECK_INT(a->status, 400, cases[i].name);
		CHECK_TEXT(answered_text(a, "error"), "invalid_grant",
		           cases[i].name);
		CHECK_INT(token(&p, exchange_form(code))->status, 400,
		          "it is burnt");
	}
	CHECK_INT(token(&q, exchange_form(a_code(&p, owner, "")))->status, 400,
	          "another client");
}

static void requests_to_authorize_are_checked(void)
{
	const struct person *admin = an_admin(0);
	struct program p = a_program(admin, partner);
	const struct answered *a =
		request("GET",
	                TEXT("/oauth/authorize?response_type=code&client_id=%s"
	                     "&redirect_uri=https%%3A%%2F%%2Fevil.example",
	                     p.id),
	                NULL);

	CHECK_INT(a->status, 400, "never to a foreign address");
	CHECK_TEXT(answered_header(a, "Location"), NULL, "nowhere");
	a = request("GET",
	            "/oauth/authorize?response_type=code&client_id="
	            "0190f000-0000-7000-8000-000000000001&redirect_uri=x",
	            NULL);
	CHECK_INT(a->status, 400, "no client");
	a = request("GET",
	            TEXT("/oauth/authorize?response_type=code&client_id=%s"
	                 "&redirect_uri=https%%3A%%2F%%2Fpartner.example"
	                 "%%2Fback&state=s1",
	                 p.id),
	            NULL);
	CHECK_INT(a->status, 303, "no PKCE");
	CHECK_TEXT(parameter(a, "error"), "invalid_request", "no PKCE");
	a = request("GET", authorize_uri(&p, "&scope=payouts"), NULL);
	CHECK_TEXT(parameter(a, "error"), "invalid_scope", "too much");
	a = request("GET", authorize_uri(&p, "&scope=everything"), NULL);
	CHECK_TEXT(parameter(a, "error"), "invalid_scope", "unknown");
	a = request("GET", authorize_uri(&p, "&scope=products"), NULL);
	CHECK_INT(a->status, 200, a->body);
	CHECK_HAS(a->body, "Partner", "who asks");
	CHECK_HAS(answered_header(a, "Content-Security-Policy"),
	          "form-action 'self' https://partner.example;", "policy");
}

static void the_decision_is_the_persons(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	const char *sealed =
		request_field(request("GET", authorize_uri(&p, ""), NULL));
	const struct answered *a =
		decide(sealed, "deny", owner->email, password_form());

	CHECK_TEXT(parameter(a, "error"), "access_denied", "refused");
	a = decide(sealed, "allow", owner->email, "wrong+words+here");
	CHECK_INT(a->status, 401, "a wrong password");
	CHECK_HAS(a->body, "not right", "said on the page");
	a = decide(TEXT("%.*sAA%s", 20, sealed, sealed + 22), "allow",
	           owner->email, password_form());
	CHECK_INT(a->status, 400, "a changed request");
	tc->now = when_plus(tc->now, 11L * MINUTE);
	a = decide(sealed, "allow", owner->email, password_form());
	CHECK_INT(a->status, 400, "too late");
}

static void clients_prove_themselves(void)
{
	const struct person *admin = an_admin(0);
	struct program p =
		a_program(admin, "{\"name\":\"Robot\",\"scopes\":[\"reports\"],"
	                         "\"grants\":[\"client_credentials\"]}");
	const char *form = "grant_type=client_credentials";
	const struct answered *a = token(&p, form);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "refresh_token"), NULL, "no refresh token");
	CHECK_TEXT(answered_text(a, "scope"), "reports", "scope");
	a = request(
		"POST", "/oauth/token",
		TEXT("%s&client_id=%s&client_secret=%s", form, p.id, p.secret),
		FORM);
	CHECK_INT(a->status, 200, "in the body");
	a = request(
		"POST", "/oauth/token",
		TEXT("%s&client_id=%s&client_secret=%s", form, p.id, "wrong"),
		FORM);
	CHECK_INT(a->status, 401, "a wrong secret");
	CHECK_TEXT(answered_text(a, "error"), "invalid_client", "error");
	CHECK_HAS(answered_header(a, "WWW-Authenticate"), "Basic", "challenge");
	a = request("POST", "/oauth/token", form, FORM);
	CHECK_INT(a->status, 401, "nobody");
	a = token(&p, "grant_type=client_credentials&scope=payouts");
	CHECK_TEXT(answered_text(a, "error"), "invalid_scope", "too much");
	a = token(&p, "grant_type=password&username=a&password=b");
	CHECK_TEXT(answered_text(a, "error"), "unsupported_grant_type",
	           "no password grant");
	a = token(&p, "grant_type=authorization_code&code=x");
	CHECK_TEXT(answered_text(a, "error"), "unauthorized_client", "grant");
	a = token(&p, "grant_type=a&grant_type=b");
	CHECK_TEXT(answered_text(a, "error"), "invalid_request", "repeated");
	a = request("POST", "/oauth/token", "{}", p.basic,
	            "Content-Type: application/json");
	CHECK_TEXT(answered_text(a, "error"), "invalid_request", "JSON");
	CHECK_HAS(a->type, "application/json", "type");
}

static void a_token_never_exceeds_its_owner(void)
{
	const struct person *admin =
		an_admin(MAY_ADMIN_SETTINGS | MAY_ADMIN_USERS);
	struct program p =
		a_program(admin, "{\"name\":\"Robot\",\"scopes\":[\"users\"],"
	                         "\"grants\":[\"client_credentials\"]}");
	const struct answered *a = token(&p, "grant_type=client_credentials");
	const char *access = answered_text(a, "access_token");

	CHECK_INT(me("/api/admin/users", access), 200, "may");
	CHECK_INT(me("/api/admin/oauth-clients", access), 403, "not in scope");
	NEED_RC(accounts_db_roles_set(tc, admin->id, ROLE_ADMIN,
	                              MAY_ADMIN_SETTINGS),
	        RC_OK, "less for the owner");
	a = token(&p, "grant_type=client_credentials");
	CHECK_INT(me("/api/admin/users", answered_text(a, "access_token")), 403,
	          "so less for the program");
	a = request("POST", "/api/admin/oauth-clients",
	            "{\"name\":\"X\",\"scopes\":[\"payouts\"]}",
	            a_bearer(admin->id));
	CHECK_INT(a->status, 403, "nobody grants what they lack");
}

static void tokens_are_revoked_and_looked_into(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	struct program q = a_program(admin, partner);
	const struct answered *t =
		token(&p, exchange_form(a_code(&p, owner, "")));
	const char *access = answered_text(t, "access_token");
	const char *refresh = answered_text(t, "refresh_token");
	const struct answered *a =
		request("POST", "/oauth/introspect", TEXT("token=%s", access),
	                FORM, p.basic);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "active"), "true", "active");
	CHECK_TEXT(answered_text(a, "client_id"), p.id, "client");
	a = request("POST", "/oauth/introspect", TEXT("token=%s", access), FORM,
	            q.basic);
	CHECK_TEXT(a->body, "{\"active\":false}", "not another's");
	a = request("POST", "/oauth/revoke", TEXT("token=%s", refresh), FORM,
	            q.basic);
	CHECK_INT(a->status, 200, "another's: nothing happens");
	CHECK_INT(me("/api/vendor/store", access), 200, "nothing happened");
	a = request("POST", "/oauth/revoke", TEXT("token=%s", refresh), FORM,
	            p.basic);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(me("/api/vendor/store", access), 401, "ended");
	a = request("POST", "/oauth/introspect", TEXT("token=%s", access), FORM,
	            p.basic);
	CHECK_TEXT(a->body, "{\"active\":false}", "inactive");
	a = request("POST", "/oauth/revoke", "token=unknown", FORM, p.basic);
	CHECK_INT(a->status, 200, "unknown");
	a = request("POST", "/oauth/introspect", "token=unknown", FORM);
	CHECK_INT(a->status, 401, "who asks?");
}

static void our_own_refresh_tokens_are_none_of_a_programs(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	const struct answered *t =
		token(&p, exchange_form(a_code(&p, owner, "")));

	CHECK_INT(token(&p, TEXT("grant_type=refresh_token&refresh_token=%s",
	                         owner->refresh))
	                  ->status,
	          400, "ours there");
	CHECK_INT(request("POST", "/api/auth/refresh",
	                  TEXT("{\"refresh\":\"%s\"}",
	                       answered_text(t, "refresh_token")))
	                  ->status,
	          401, "theirs here");
	CHECK_INT(request("POST", "/api/auth/refresh",
	                  TEXT("{\"refresh\":\"%s\"}", owner->refresh))
	                  ->status,
	          200, "ours is as it was");
}

static void a_disabled_program_is_out(void)
{
	const struct person *admin = an_admin(0), *owner = an_owner();
	struct program p = a_program(admin, partner);
	const struct answered *t =
		token(&p, exchange_form(a_code(&p, owner, "")));
	const char *path = TEXT("/api/admin/oauth-clients/%s", p.id);
	const struct answered *a =
		request("PATCH", path, "{\"is_enabled\":false}", admin->bearer);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "client_secret"), NULL, "shown once only");
	CHECK_INT(token(&p, TEXT("grant_type=refresh_token&refresh_token=%s",
	                         answered_text(t, "refresh_token")))
	                  ->status,
	          401, "disabled");
	CHECK_INT(request("PATCH", path, "{\"is_enabled\":true}", admin->bearer)
	                  ->status,
	          200, "back");
	a = request("POST", TEXT("%s/rotate-secret", path), NULL,
	            admin->bearer);
	CHECK_INT(a->status, 200, a->body);
	CHECK_INT(token(&p, "grant_type=refresh_token&refresh_token=x")->status,
	          401, "the old secret");
	CHECK_INT(request("DELETE", path, NULL, admin->bearer)->status, 204,
	          "gone");
	CHECK_INT(request("GET", path, NULL, admin->bearer)->status, 404,
	          "gone");
	CHECK_INT(db_number("SELECT COUNT(*) FROM audit"
	                    " WHERE what LIKE 'client.%'"),
	          5, "audit");
}

static void a_program_listens_at_safe_places_only(void)
{
	static const struct {
		const char *uri;
		int status;
	} cases[] = {
		{ "https://partner.example/back", 201 },
		{ "http://127.0.0.1:8765/back", 201 },
		{ "http://[::1]/back", 201 },
		{ "http://localhost", 201 },
		{ "http://partner.example/back", 422 },
		{ "http://localhost.evil.example/back", 422 },
		{ "http://127.0.0.1.evil.example/back", 422 },
		{ "http://localhost@evil.example/back", 422 },
		{ "https://partner.example/back#part", 422 },
		{ "javascript:alert(1)", 422 },
	};
	const struct person *admin = an_admin(0);

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(request("POST", "/api/admin/oauth-clients",
		                  TEXT("{\"name\":\"P\",\"redirect_uris\":"
		                       "[\"%s\"],\"scopes\":[\"orders\"],"
		                       "\"grants\":[\"authorization_code\"]}",
		                       cases[i].uri),
		                  admin->bearer)
		                  ->status,
		          cases[i].status, cases[i].uri);
}

static void the_metadata_say_what_there_is(void)
{
	const struct answered *a =
		request("GET", "/.well-known/oauth-authorization-server", NULL);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "issuer"), "http://localhost:8080",
	           "issuer");
	CHECK_TEXT(answered_text(a, "token_endpoint"),
	           "http://localhost:8080/oauth/token", "token");
	CHECK_TEXT(answered_text(a, "response_types_supported.0"), "code",
	           "code");
	CHECK_TEXT(answered_text(a, "code_challenge_methods_supported.0"),
	           "S256", "PKCE");
}

static const struct check_hooks hooks = {
	.start = people_start,
	.stop = database_stop,
	.after = people_after,
};

CHECK_MAIN_WITH("oauth", &hooks,
                TEST(a_program_acts_for_a_person_within_its_scopes),
                TEST(a_code_works_once_and_a_second_use_takes_back),
                TEST(a_code_needs_its_verifier_its_address_and_its_client),
                TEST(requests_to_authorize_are_checked),
                TEST(the_decision_is_the_persons),
                TEST(clients_prove_themselves),
                TEST(a_token_never_exceeds_its_owner),
                TEST(tokens_are_revoked_and_looked_into),
                TEST(our_own_refresh_tokens_are_none_of_a_programs),
                TEST(a_disabled_program_is_out),
                TEST(a_program_listens_at_safe_places_only),
                TEST(the_metadata_say_what_there_is))
