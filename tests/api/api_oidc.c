#include "config.h"

#include <curl/curl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/buf.h"
#include "tests/support/api.h"
#include "tests/support/api_stack.h"

/*
 * Signing in at a certified OpenID provider, oidc-provider of npm, that runs
 * beside the stack (tests/contract/oidc): a browser's whole way through both.
 * ./dev check installs it and names its place in TEST_OIDC_DIR and its port
 * in TEST_OIDC_PORT; what no honest provider does, test_oidc.c does.
 */

enum { STEPS_MAX = 12, READY_S = 30 };

/* As long as the program: the provider ends when its input is closed. */
static struct {
	pid_t pid;
	int input;
} provider;

static bool is_ready(int from)
{
	struct pollfd p = { .fd = from, .events = POLLIN };
	char said[200] = "";
	size_t n = 0;

	while (!strstr(said, "ready") && n < sizeof(said) - 1 &&
	       poll(&p, 1, READY_S * 1000) > 0) {
		ssize_t got = read(from, said + n, sizeof(said) - 1 - n);

		if (got <= 0)
			break;
		n += (size_t)got;
		said[n] = '\0';
	}
	return strstr(said, "ready") != NULL;
}

static char *callback_of(const char *name)
{
	return FMT("%s/api/auth/oidc/%s/callback", dev_text("base_url"), name);
}

static bool run_provider(const char *dir, const char *port)
{
	int in[2], out[2];
	char *args[] = { arena_strdup(tc->arena, "node"),
		         FMT("%s/provider.mjs", dir),
		         arena_strdup(tc->arena, port),
		         callback_of("one"),
		         callback_of("two"),
		         NULL };
	posix_spawn_file_actions_t actions;

	if (pipe(in) || pipe(out))
		return false;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	for (int i = 0; i < 2; i++) {
		posix_spawn_file_actions_addclose(&actions, in[i]);
		posix_spawn_file_actions_addclose(&actions, out[i]);
	}
	int e = posix_spawnp(&provider.pid, "node", &actions, NULL, args,
	                     environ);
	posix_spawn_file_actions_destroy(&actions);
	close(in[0]);
	close(out[1]);
	provider.input = in[1];
	bool ready = e == 0 && is_ready(out[0]);
	close(out[0]);
	return ready;
}

static bool start(void)
{
	if (!getenv("TEST_OIDC_DIR") || !getenv("TEST_OIDC_PORT"))
		check_skip("the certified OpenID provider is not installed "
		           "(npm)");
	return api_start();
}

static void stop(void)
{
	if (provider.pid) {
		close(provider.input);
		waitpid(provider.pid, NULL, 0);
	}
	api_stop();
}

/* A browser: it keeps the provider's cookies itself and the product's one by
 * hand, so that a test can lose it. */

struct browser {
	CURL *curl;
	const char *cookie; /* "Cookie: …" for the product */
	struct buf page;
};

static size_t take_page(char *p, size_t size, size_t n, void *to)
{
	buf_put(to, p, size * n);
	return size * n;
}

static void drop_curl(void *curl)
{
	curl_easy_cleanup(curl);
}

static struct browser a_browser(void)
{
	struct browser b = { .curl = curl_easy_init() };

	if (!provider.pid)
		NEED_TRUE(run_provider(getenv("TEST_OIDC_DIR"),
		                       getenv("TEST_OIDC_PORT")),
		          "the provider starts");
	arena_defer(tc->arena, drop_curl, b.curl);
	curl_easy_setopt(b.curl, CURLOPT_COOKIEFILE, "");
	curl_easy_setopt(b.curl, CURLOPT_PROXY, "");
	curl_easy_setopt(b.curl, CURLOPT_TIMEOUT, 30L);
	curl_easy_setopt(b.curl, CURLOPT_WRITEFUNCTION, take_page);
	return b;
}

/* One page of the provider; where it sends on to, NULL = nowhere. */
static const char *visit(struct browser *b, const char *url, const char *form)
{
	const char *next = NULL;

	buf_init(&b->page, tc->arena, 8192);
	curl_easy_setopt(b->curl, CURLOPT_WRITEDATA, &b->page);
	curl_easy_setopt(b->curl, CURLOPT_URL, url);
	if (form)
		curl_easy_setopt(b->curl, CURLOPT_POSTFIELDS, form);
	else
		curl_easy_setopt(b->curl, CURLOPT_HTTPGET, 1L);
	NEED_INT(curl_easy_perform(b->curl), CURLE_OK, url);
	curl_easy_getinfo(b->curl, CURLINFO_REDIRECT_URL, &next);
	return next ? arena_strdup(tc->arena, next) : NULL;
}

/* The address that the page's form goes to. */
static const char *form_action(const struct browser *b)
{
	const char *p = strstr(b->page.s, "action=\"");

	NEED_TRUE(p != NULL, b->page.s);
	p += strlen("action=\"");
	return arena_strndup(tc->arena, p, strcspn(p, "\""));
}

/* Leaves the shop for a provider; the address there. */
static const char *leave(struct browser *b, const char *name)
{
	const struct api_answer *a =
		api_get(FMT("/api/auth/oidc/%s/start", name), NULL);

	NEED_API(a, 303, name);
	const char *cookie = api_header(a, "Set-Cookie");

	NEED_TRUE(cookie != NULL, "the browser is remembered");
	CHECK_TRUE(strstr(cookie, "HttpOnly; SameSite=Lax") != NULL, cookie);
	b->cookie = FMT("Cookie: %.*s", (int)strcspn(cookie, ";"), cookie);
	return api_header(a, "Location");
}

/* Through the provider's pages until it sends back to the shop: that address.
 * form answers the page that asks who it is. */
static const char *sign_in_there(struct browser *b, const char *url,
                                 const char *form)
{
	const char *home = FMT("%s/", dev_text("base_url"));

	for (int i = 0; i < STEPS_MAX; i++) {
		if (!strncmp(url, home, strlen(home)))
			return url;
		const char *next = visit(b, url, NULL);

		if (!next && strstr(b->page.s, "value=\"login\""))
			next = visit(b, form_action(b), form);
		else if (!next)
			next = visit(b, form_action(b), "prompt=consent");
		NEED_TRUE(next != NULL, b->page.s);
		url = next;
	}
	NEED_TRUE(false, "the provider sends back");
	return NULL;
}

static const struct api_answer *come_back(const struct browser *b,
                                          const char *url)
{
	const char *const headers[] = { b->cookie, NULL };

	return api_call(
		&(struct api_call){ .method = "GET",
	                            .path = url + strlen(dev_text("base_url")),
	                            .headers = b->cookie ? headers : NULL });
}

static const char *as(const char *who)
{
	return FMT("prompt=login&login=%s&password=x", who);
}

static const struct api_answer *whole_way(const char *name, const char *who)
{
	struct browser b = a_browser();
	const char *there = leave(&b, name);

	return come_back(&b, sign_in_there(&b, there, as(who)));
}

static void check_story(const char *name)
{
	const char *who = unique("abebe");
	const struct api_answer *a = whole_way(name, who);

	NEED_API(a, 200, "a newcomer");
	CHECK_TEXT(at_text(a, "user.email"), FMT("%s@example.com", who), name);
	CHECK_TEXT(at_text(a, "user.name"), FMT("Person %s", who), name);
	CHECK_TRUE(at_true(a, "user.email_verified"), "the provider vouched");
	const char *id = at_text(a, "user.id");
	const struct api_answer *me =
		api_get("/api/users/me", at_text(a, "access"));

	CHECK_API(me, 200, "is signed in");
	CHECK_TEXT(at_text(me, "id"), id, "as that person");
	CHECK_API(api_post("/api/auth/refresh",
	                   FMT("{\"refresh\":\"%s\"}", at_text(a, "refresh")),
	                   NULL),
	          200, "stays signed in");
	a = whole_way(name, who);
	CHECK_API(a, 200, "comes again");
	CHECK_TEXT(at_text(a, "user.id"), id, "to the same account");
	CHECK_INT(peek_int("SELECT COUNT(*) FROM users WHERE email_key ="
	                   " '%s@example.com'",
	                   who),
	          1, "one account");
}

static void people_sign_in_with_an_rsa_token(void)
{
	check_story("one");
}

static void people_sign_in_with_an_ec_token_and_userinfo(void)
{
	check_story("two");
}

/* Who answers for themselves only: no account comes of it. */
static void an_unproven_address_opens_nothing(void)
{
	const struct api_answer *a = whole_way("one", unique("unproven"));

	CHECK_PROBLEM(a, 403, "email_not_verified", "not vouched for");
}

static void an_existing_account_is_linked_by_its_password(void)
{
	const char *who = unique("linked");
	const char *email = FMT("%s@example.com", who);

	NEED_API(api_post("/api/auth/register/customer",
	                  FMT("{\"email\":\"%s\",\"name\":\"Here before\","
	                      "\"password\":\"tall giraffes eat late\"}",
	                      email),
	                  NULL),
	         201, "has an account");
	struct mail_found m = mail_to(email, NULL);
	const char *link = mail_link(&m, "token=");

	NEED_API(api_post("/api/auth/verify-email",
	                  FMT("{\"token\":\"%s\"}", link_value(link, "token")),
	                  NULL),
	         200, "proves the address");
	const struct api_answer *a = whole_way("one", who);

	NEED_API(a, 200, "comes by the provider");
	CHECK_TRUE(!at_text(a, "access"), "and is not let in yet");
	const char *token = at_text(a, "link_token");

	NEED_TRUE(token != NULL, "a proof is asked for");
	CHECK_API(api_post("/api/auth/oidc/link",
	                   FMT("{\"link_token\":\"%s\",\"password\":"
	                       "\"something else\"}",
	                       token),
	                   NULL),
	          401, "a wrong proof");
	a = api_post("/api/auth/oidc/link",
	             FMT("{\"link_token\":\"%s\",\"password\":"
	                 "\"tall giraffes eat late\"}",
	                 token),
	             NULL);
	CHECK_API(a, 200, "the account's own password");
	CHECK_TEXT(at_text(a, "user.name"), "Here before", "the account");
	a = whole_way("one", who);
	CHECK_API(a, 200, "is known from now on");
	CHECK_TEXT(at_text(a, "user.email"), email, "by subject");
}

static void a_way_back_works_once_and_in_its_browser(void)
{
	struct browser b = a_browser(), other = a_browser();
	const char *url = sign_in_there(&b, leave(&b, "one"), as("sara"));
	struct browser nobody = { 0 };

	leave(&other, "one");
	CHECK_PROBLEM(come_back(&nobody, url), 401, "sign_in_failed",
	              "without its cookie");
	CHECK_PROBLEM(come_back(&other, url), 401, "sign_in_failed",
	              "in another browser");
	CHECK_API(come_back(&b, url), 200, "where it began");
	CHECK_PROBLEM(come_back(&b, url), 401, "sign_in_failed", "again");
}

/* The mix-up: an answer of one provider is brought to another's address. */
static void an_answer_of_another_provider_is_refused(void)
{
	struct browser b = a_browser(), two = a_browser();
	const char *url = sign_in_there(&b, leave(&b, "one"), as("sara"));
	const char *there = leave(&two, "two");
	const char *state = link_value(there, "state");
	const char *code = link_value(url, "code");

	CHECK_PROBLEM(come_back(&two, FMT("%s/api/auth/oidc/two/callback?code="
	                                  "%s&state=%s&iss=http%%3A%%2F%%2F"
	                                  "127.0.0.1%%3A%s",
	                                  dev_text("base_url"), code, state,
	                                  getenv("TEST_OIDC_PORT"))),
	              401, "sign_in_failed", "the other issuer's answer");
}

/* A code that was never given, and one that was given for another start. */
static void a_foreign_code_is_refused(void)
{
	struct browser b = a_browser(), thief = a_browser();
	const char *url = sign_in_there(&b, leave(&b, "one"), as("sara"));
	const char *there = leave(&thief, "one");
	const char *iss = strstr(url, "&iss=");

	NEED_TRUE(iss != NULL, url);
	CHECK_PROBLEM(
		come_back(
			&thief,
			FMT("%s/api/auth/oidc/one/callback?code=%s&state=%s%s",
	                    dev_text("base_url"), link_value(url, "code"),
	                    link_value(there, "state"), iss)),
		401, "sign_in_failed", "another one's code (PKCE)");
	there = leave(&thief, "one");
	CHECK_PROBLEM(come_back(&thief, FMT("%s/api/auth/oidc/one/callback?"
	                                    "code=invented&state=%s%s",
	                                    dev_text("base_url"),
	                                    link_value(there, "state"), iss)),
	              401, "sign_in_failed", "an invented code");
}

static void who_turns_back_there_is_told(void)
{
	struct browser b = a_browser();
	const char *there = leave(&b, "one");

	/* Without the challenge the provider refuses, and says so here. */
	const char *pkce = strstr(there, "&code_challenge=");

	NEED_TRUE(pkce != NULL, there);
	const char *url = sign_in_there(
		&b, FMT("%.*s", (int)(pkce - there), there), as("sara"));

	CHECK_TEXT(link_value(url, "error"), "invalid_request", url);
	CHECK_PROBLEM(come_back(&b, url), 401, "sign_in_failed",
	              "an error is no sign-in");
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("oidc", &hooks, TEST(people_sign_in_with_an_rsa_token),
                TEST(people_sign_in_with_an_ec_token_and_userinfo),
                TEST(an_unproven_address_opens_nothing),
                TEST(an_existing_account_is_linked_by_its_password),
                TEST(a_way_back_works_once_and_in_its_browser),
                TEST(an_answer_of_another_provider_is_refused),
                TEST(a_foreign_code_is_refused),
                TEST(who_turns_back_there_is_told))
