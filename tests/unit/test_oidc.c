/*
 * Sign-in at an OpenID provider, against a small one of our own: a thread that
 * answers from what the test has put there, and signs with real keys.
 */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/base/text.h"
#include "handlers/accounts/accounts_inside.h"
#include "tests/support/people.h"

#define TEXT(...) arena_fmt(tc->arena, __VA_ARGS__)

/* Lives as long as the program; the thread only reads texts and writes asked.
 */
static struct {
	int listener, port;
	pthread_t thread;
	char issuer[64];
	char metadata[2000], keys[4000], tokens[6000], userinfo[1000];
	char asked[4000];
	EVP_PKEY *rsa, *ec, *stranger;
} idp;

static const char *answer_for(const char *request)
{
	if (strstr(request, "GET /.well-known/openid-configuration"))
		return idp.metadata;
	if (strstr(request, "GET /keys"))
		return idp.keys;
	if (strstr(request, "POST /token"))
		return idp.tokens;
	return idp.userinfo;
}

static bool is_whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = strcasestr(request, "Content-Length:");

	return end &&
	       (!length || strlen(end + 4) >= strtoul(length + 15, NULL, 10));
}

static void serve_one(int fd)
{
	char request[8000], head[200];
	size_t n = 0;
	ssize_t got = 1;

	request[0] = '\0';
	while (!is_whole(request) && got > 0 && n < sizeof(request) - 1) {
		got = read(fd, request + n, sizeof(request) - 1 - n);
		if (got > 0)
			n += (size_t)got;
		request[n] = '\0';
	}
	const char *body = answer_for(request);

	if (strstr(request, "POST /token"))
		snprintf(idp.asked, sizeof(idp.asked), "%.3999s", request);
	int n_head = snprintf(head, sizeof(head),
	                      "HTTP/1.1 200 OK\r\nContent-Type: "
	                      "application/json\r\nContent-Length: %zu\r\n"
	                      "Connection: close\r\n\r\n",
	                      strlen(body));

	if (write(fd, head, (size_t)n_head) < 0 ||
	    write(fd, body, strlen(body)) < 0)
		perror("provider");
	close(fd);
}

static void *serve(void *unused)
{
	for (;;) {
		int fd = accept(idp.listener, NULL, NULL);

		if (fd < 0)
			return unused;
		serve_one(fd);
	}
}

static bool start_provider(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	idp.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (idp.listener < 0 || bind(idp.listener, (struct sockaddr *)&a, n) ||
	    listen(idp.listener, 16) ||
	    getsockname(idp.listener, (struct sockaddr *)&a, &n))
		return false;
	idp.port = ntohs(a.sin_port);
	snprintf(idp.issuer, sizeof(idp.issuer), "http://127.0.0.1:%d",
	         idp.port);
	idp.rsa = EVP_RSA_gen(2048);
	idp.stranger = EVP_RSA_gen(2048);
	idp.ec = EVP_EC_gen("P-256");
	return idp.rsa && idp.ec && idp.stranger &&
	       !pthread_create(&idp.thread, NULL, serve, NULL);
}

static bool start(void)
{
	char value[200];

	if (!people_start() || !start_provider())
		return false;
	snprintf(value, sizeof(value), "test=%s|our client|our:secret",
	         idp.issuer);
	return settings_set("oidc_providers", value);
}

static void stop(void)
{
	shutdown(idp.listener, SHUT_RDWR);
	close(idp.listener);
	pthread_join(idp.thread, NULL);
	EVP_PKEY_free(idp.rsa);
	EVP_PKEY_free(idp.ec);
	EVP_PKEY_free(idp.stranger);
	database_stop();
}

/* Keys and signatures. */

static const char *number(EVP_PKEY *key, const char *name, int n)
{
	unsigned char bytes[512];
	BIGNUM *bn = NULL;

	NEED_TRUE(EVP_PKEY_get_bn_param(key, name, &bn) == 1, name);
	n = n ? n : BN_num_bytes(bn);
	BN_bn2binpad(bn, bytes, n);
	BN_free(bn);
	return text_base64url(tc->arena, bytes, (size_t)n);
}

static void publish(void)
{
	snprintf(idp.metadata, sizeof(idp.metadata),
	         "{\"issuer\":\"%s\",\"authorization_endpoint\":\"%s/auth\","
	         "\"token_endpoint\":\"%s/token\",\"jwks_uri\":\"%s/keys\","
	         "\"userinfo_endpoint\":\"%s/me\","
	         "\"authorization_response_iss_parameter_supported\":true}",
	         idp.issuer, idp.issuer, idp.issuer, idp.issuer, idp.issuer);
	snprintf(idp.keys, sizeof(idp.keys),
	         "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"use\":\"sig\","
	         "\"alg\":\"RS256\",\"n\":\"%s\",\"e\":\"%s\"},"
	         "{\"kty\":\"EC\",\"kid\":\"e1\",\"crv\":\"P-256\","
	         "\"x\":\"%s\",\"y\":\"%s\"}]}",
	         number(idp.rsa, OSSL_PKEY_PARAM_RSA_N, 0),
	         number(idp.rsa, OSSL_PKEY_PARAM_RSA_E, 0),
	         number(idp.ec, OSSL_PKEY_PARAM_EC_PUB_X, 32),
	         number(idp.ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32));
	snprintf(idp.userinfo, sizeof(idp.userinfo), "{\"sub\":\"abebe\"}");
}

static const char *raw_ecdsa(const unsigned char *der, size_t n)
{
	unsigned char raw[64];
	const unsigned char *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);

	NEED_TRUE(sig != NULL, "signature");
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	return text_base64url(tc->arena, raw, sizeof(raw));
}

static const char *sign(EVP_PKEY *key, const char *header, const char *claims)
{
	unsigned char sig[600];
	size_t n = sizeof(sig);
	const char *text =
		TEXT("%s.%s", text_base64url(tc->arena, header, strlen(header)),
	             text_base64url(tc->arena, claims, strlen(claims)));
	EVP_MD_CTX *m = EVP_MD_CTX_new();

	NEED_TRUE(EVP_DigestSignInit(m, NULL, EVP_sha256(), NULL, key) == 1 &&
	                  EVP_DigestSign(m, sig, &n, (const void *)text,
	                                 strlen(text)) == 1,
	          "sign");
	EVP_MD_CTX_free(m);
	return TEXT("%s.%s", text,
	            EVP_PKEY_is_a(key, "EC")
	                    ? raw_ecdsa(sig, n)
	                    : text_base64url(tc->arena, sig, n));
}

/* The way of a browser. */

struct trip {
	const char *state, *nonce, *cookie;
};

static const char *parameter(const char *url, const char *name)
{
	const char *at = strstr(url, TEXT("&%s=", name));

	NEED_TRUE(at != NULL, url);
	at += strlen(name) + 2;
	return arena_strndup(tc->arena, at, strcspn(at, "&"));
}

static struct trip leave(void)
{
	const struct answered *a =
		request("GET", "/api/auth/oidc/test/start", NULL);
	struct trip t;

	NEED_INT(a->status, 303, a->body);
	const char *url = answered_header(a, "Location");
	const char *cookie = answered_header(a, "Set-Cookie");

	CHECK_HAS(url, "/auth?response_type=code", "endpoint");
	CHECK_HAS(url, "code_challenge_method=S256", "PKCE");
	CHECK_HAS(url, "client_id=our%20client", "client");
	CHECK_HAS(cookie, "HttpOnly; SameSite=Lax", "cookie");
	t.state = parameter(url, "state");
	t.nonce = parameter(url, "nonce");
	t.cookie = TEXT("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
	return t;
}

static const char *issuer_parameter(void)
{
	return TEXT("http%%3A%%2F%%2F127.0.0.1%%3A%d", idp.port);
}

static const struct answered *come_back(const struct trip *t)
{
	return request("GET",
	               TEXT("/api/auth/oidc/test/callback?code=c1&state=%s"
	                    "&iss=%s",
	                    t->state, issuer_parameter()),
	               NULL, t->cookie);
}

static void give_token(const char *id_token)
{
	snprintf(idp.tokens, sizeof(idp.tokens),
	         "{\"access_token\":\"at\",\"token_type\":\"Bearer\","
	         "\"id_token\":\"%s\"}",
	         id_token);
}

static const char *claims_with(const struct trip *t, const char *more)
{
	long long now = (long long)(tc->now.us / 1000000);

	return TEXT("{\"iss\":\"%s\",\"sub\":\"abebe\",\"aud\":\"our client\","
	            "\"exp\":%lld,\"iat\":%lld,\"nonce\":\"%s\"%s}",
	            idp.issuer, now + 300, now, t->nonce, more);
}

#define EMAIL                                                       \
	",\"email\":\"abebe@example.com\",\"email_verified\":true," \
	"\"name\":\"Abebe\""
static const char rsa_header[] =
	"{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"r1\"}";
static const char ec_header[] = "{\"alg\":\"ES256\",\"kid\":\"e1\"}";

static const struct answered *sign_in(EVP_PKEY *key, const char *header,
                                      const char *more)
{
	struct trip t = leave();

	give_token(sign(key, header, claims_with(&t, more)));
	return come_back(&t);
}

static void a_newcomer_gets_an_account_and_comes_again(void)
{
	const struct answered *a = sign_in(idp.rsa, rsa_header, EMAIL);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "user.email"), "abebe@example.com", "who");
	CHECK_TEXT(answered_text(a, "user.email_verified"), "true", "proven");
	const char *id = answered_text(a, "user.id");

	CHECK_INT(request("GET", "/api/users/me", NULL,
	                  TEXT("Authorization: Bearer %s",
	                       answered_text(a, "access")))
	                  ->status,
	          200, "signed in");
	CHECK_HAS(idp.asked, "code_verifier=", "PKCE");
	CHECK_HAS(idp.asked, "Basic b3VyJTIwY2xpZW50Om91ciUzQXNlY3JldA==",
	          "form-encoded before base64");
	a = sign_in(idp.ec, ec_header, EMAIL);
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "user.id"), id, "the same account");
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"), 1, "one");
}

static void the_address_may_come_from_userinfo(void)
{
	snprintf(idp.userinfo, sizeof(idp.userinfo),
	         "{\"sub\":\"abebe\",\"email\":\"u@example.com\","
	         "\"email_verified\":true}");
	const struct answered *a = sign_in(idp.rsa, rsa_header, "");

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "user.email"), "u@example.com", "address");
	database_empty();
	snprintf(idp.userinfo, sizeof(idp.userinfo),
	         "{\"sub\":\"other\",\"email\":\"u@example.com\","
	         "\"email_verified\":true}");
	CHECK_INT(sign_in(idp.rsa, rsa_header, "")->status, 401,
	          "about somebody else");
	snprintf(idp.userinfo, sizeof(idp.userinfo),
	         "{\"sub\":\"abebe\",\"email\":\"u@example.com\"}");
	CHECK_INT(sign_in(idp.rsa, rsa_header, "")->status, 403,
	          "not verified there");
}

static void an_account_with_the_address_is_linked_by_its_password(void)
{
	const struct person *p = a_customer();
	const char *email =
		TEXT(",\"email\":\"%s\",\"email_verified\":true", p->email);
	const struct answered *a = sign_in(idp.rsa, rsa_header, email);

	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "access"), NULL, "not signed in");
	const char *link = answered_text(a, "link_token");

	NEED_TRUE(link != NULL, "a link");
	a = request("POST", "/api/auth/oidc/link",
	            TEXT("{\"link_token\":\"%s\",\"password\":\"not mine\"}",
	                 link));
	CHECK_INT(a->status, 401, "a wrong password");
	a = request("POST", "/api/auth/oidc/link",
	            TEXT("{\"link_token\":\"AA%s\",\"password\":\"%s\"}",
	                 link + 2, PEOPLE_PASSWORD));
	CHECK_INT(a->status, 422, "a changed link");
	a = request("POST", "/api/auth/oidc/link",
	            TEXT("{\"link_token\":\"%s\",\"password\":\"%s\"}", link,
	                 PEOPLE_PASSWORD));
	CHECK_INT(a->status, 200, a->body);
	CHECK_TEXT(answered_text(a, "user.email"), p->email, "mine");
	a = sign_in(idp.rsa, rsa_header, email);
	CHECK_TEXT(answered_text(a, "user.email"), p->email, "from now on");
}

struct bad_token {
	const char *name, *header, *find, *replace;
	bool stranger;
};

static const char *replaced(const char *s, const char *find,
                            const char *replace)
{
	const char *at = find ? strstr(s, find) : NULL;

	if (!at)
		return s;
	return TEXT("%.*s%s%s", (int)(at - s), s, replace, at + strlen(find));
}

static void a_flawed_id_token_is_refused(void)
{
	static const struct bad_token cases[] = {
		{ "another issuer", rsa_header,
		  "\"iss\":\"http:", "\"iss\":\"https:" },
		{ "another audience", rsa_header, "\"our client\"",
		  "\"other\"" },
		{ "two audiences and no azp", rsa_header, "\"our client\"",
		  "[\"our client\",\"other\"]" },
		{ "azp of another", rsa_header,
		  "\"sub\":", "\"azp\":\"other\",\"sub\":" },
		{ "another nonce", rsa_header, "\"nonce\":\"",
		  "\"nonce\":\"x" },
		{ "no nonce", rsa_header, "\"nonce\"", "\"once\"" },
		{ "no expiry", rsa_header, "\"exp\"", "\"expires\"" },
		{ "no subject", rsa_header, "\"sub\":\"abebe\"",
		  "\"sub\":\"\"" },
		{ "twice a member", rsa_header, "\"sub\":\"abebe\"",
		  "\"sub\":\"x\",\"sub\":\"abebe\"" },
		{ "for another access token", rsa_header, "\"sub\":",
		  "\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"sub\":" },
		{ "a stranger's key", rsa_header, NULL, NULL, true },
		{ "an unknown kid", "{\"alg\":\"RS256\",\"kid\":\"r9\"}", NULL,
		  NULL },
		{ "none", "{\"alg\":\"none\",\"kid\":\"r1\"}", NULL, NULL },
		{ "HS256", "{\"alg\":\"HS256\",\"kid\":\"r1\"}", NULL, NULL },
		{ "ES256 by an RSA key", "{\"alg\":\"ES256\",\"kid\":\"r1\"}",
		  NULL, NULL },
		{ "critical headers",
		  "{\"alg\":\"RS256\",\"kid\":\"r1\",\"crit\":[\"x\"]}", NULL,
		  NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bad_token *b = &cases[i];
		struct trip t = leave();
		const char *claims =
			replaced(claims_with(&t, EMAIL), b->find, b->replace);

		give_token(sign(b->stranger ? idp.stranger : idp.rsa, b->header,
		                claims));
		CHECK_INT(come_back(&t)->status, 401, b->name);
	}
	CHECK_INT(db_number("SELECT COUNT(*) FROM users"), 0, "nobody came in");
}

static void an_old_id_token_is_refused(void)
{
	struct trip t = leave();
	const char *claims = claims_with(&t, EMAIL);

	give_token(sign(idp.rsa, rsa_header, claims));
	tc->now = when_plus(tc->now, 361);
	CHECK_INT(come_back(&t)->status, 401, "expired");
	tc->now = when_plus(tc->now, -361 - 120);
	t = leave();
	tc->now = when_plus(tc->now, 120);
	claims = claims_with(&t, EMAIL);
	tc->now = when_plus(tc->now, -120);
	give_token(sign(idp.rsa, rsa_header, claims));
	CHECK_INT(come_back(&t)->status, 401, "from the future");
}

static void the_way_back_is_bound_to_browser_state_and_issuer(void)
{
	struct trip t = leave(), other = leave();

	give_token(sign(idp.rsa, rsa_header, claims_with(&t, EMAIL)));
	struct trip mixed = { t.state, t.nonce, other.cookie };

	CHECK_INT(come_back(&mixed)->status, 401, "another browser");
	CHECK_INT(request("GET",
	                  TEXT("/api/auth/oidc/test/callback?code=c&state=%s",
	                       t.state),
	                  NULL)
	                  ->status,
	          401, "no cookie");
	CHECK_INT(come_back(&t)->status, 200, "the right one");
	CHECK_INT(come_back(&t)->status, 401, "once");
	t = leave();
	CHECK_INT(request("GET",
	                  TEXT("/api/auth/oidc/test/callback?code=c&state=%s"
	                       "&iss=https%%3A%%2F%%2Fevil.example",
	                       t.state),
	                  NULL, t.cookie)
	                  ->status,
	          401, "another issuer");
	t = leave();
	CHECK_INT(request("GET",
	                  TEXT("/api/auth/oidc/test/callback?code=c&state=%s",
	                       t.state),
	                  NULL, t.cookie)
	                  ->status,
	          401, "no issuer, though it was promised");
	t = leave();
	CHECK_INT(request("GET",
	                  TEXT("/api/auth/oidc/test/callback?state=%s"
	                       "&error=access_denied&iss=%s",
	                       t.state, issuer_parameter()),
	                  NULL, t.cookie)
	                  ->status,
	          401, "refused there");
	t = leave();
	tc->now = when_plus(tc->now, (int64_t)11 * MINUTE);
	CHECK_INT(come_back(&t)->status, 401, "too late");
	CHECK_INT(request("GET", "/api/auth/oidc/none/start", NULL)->status,
	          404, "no such provider");
}

static void metadata_of_another_issuer_are_refused(void)
{
	snprintf(idp.metadata, sizeof(idp.metadata),
	         "{\"issuer\":\"https://evil.example\","
	         "\"authorization_endpoint\":\"https://evil.example/a\","
	         "\"token_endpoint\":\"https://evil.example/t\","
	         "\"jwks_uri\":\"https://evil.example/k\"}");
	CHECK_INT(request("GET", "/api/auth/oidc/test/start", NULL)->status,
	          401, "mixed up");
}

static void keys_may_be_rotated(void)
{
	struct trip t = leave();

	CHECK_INT(sign_in(idp.rsa, rsa_header, EMAIL)->status, 200, "first");
	t = leave();
	snprintf(idp.keys, sizeof(idp.keys),
	         "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r2\",\"n\":\"%s\","
	         "\"e\":\"%s\"}]}",
	         number(idp.stranger, OSSL_PKEY_PARAM_RSA_N, 0),
	         number(idp.stranger, OSSL_PKEY_PARAM_RSA_E, 0));
	give_token(sign(idp.stranger, "{\"alg\":\"RS256\",\"kid\":\"r2\"}",
	                claims_with(&t, EMAIL)));
	CHECK_INT(come_back(&t)->status, 200, "asked for again");
}

static const struct check_hooks hooks = {
	.start = start,
	.stop = stop,
	.before = publish,
	.after = people_after,
};

CHECK_MAIN_WITH("oidc", &hooks,
                TEST(a_newcomer_gets_an_account_and_comes_again),
                TEST(the_address_may_come_from_userinfo),
                TEST(an_account_with_the_address_is_linked_by_its_password),
                TEST(a_flawed_id_token_is_refused),
                TEST(an_old_id_token_is_refused),
                TEST(the_way_back_is_bound_to_browser_state_and_issuer),
                TEST(metadata_of_another_issuer_are_refused),
                TEST(keys_may_be_rotated))
