/* The store "s3" against a server that checks every signature. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "tests/contract/s3_double.h"
#include "tests/support/check.h"
#include "uploads/s3_sign.h"
#include "uploads/store.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"

static bool start(void)
{
	static char endpoint[64];
	int port = s3_double_start("AKIDEXAMPLE", SECRET, "eu-west-1");

	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", port);
	client_open();
	return port && settings_set("media_store", "s3") &&
	       settings_set("s3_endpoint", endpoint) &&
	       settings_set("s3_region", "eu-west-1") &&
	       settings_set("s3_bucket", "shop") &&
	       settings_set("s3_access_key", "AKIDEXAMPLE") &&
	       settings_set("s3_secret_key", SECRET) && store_check();
}

static void stop(void)
{
	client_close();
	s3_double_stop();
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

static enum rc put(enum area area, const char *key, const char *text)
{
	fail_clear(tc);
	return store()->put(tc, area, key, "image/webp", text, strlen(text));
}

static void an_object_goes_there_and_comes_back(void)
{
	char all[256];
	const char *p = NULL;
	size_t n = 0;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	NEED_RC(store()->put(tc, AREA_PUBLIC, "p/1/a-160.webp", "image/webp",
	                     all, sizeof(all)),
	        RC_OK, "put");
	const struct s3_object *o = s3_double_find("/shop/p/1/a-160.webp");
	NEED_TRUE(o, "it is there");
	CHECK_TEXT(o->type, "image/webp", "type");
	CHECK_TEXT(o->cache, "public, max-age=31536000, immutable", "caching");
	CHECK_TEXT(o->acl, "", "rights are the bucket's");
	NEED_RC(store()->get(tc, AREA_PUBLIC, "p/1/a-160.webp", &p, &n), RC_OK,
	        "get");
	NEED_INT(n, sizeof(all), "size");
	CHECK_BYTES(p, all, n, "bytes");
	NEED_RC(store()->drop(tc, AREA_PUBLIC, "p/1/a-160.webp"), RC_OK,
	        "drop");
	CHECK_TRUE(!s3_double_find("/shop/p/1/a-160.webp"), "gone");
	CHECK_RC(store()->get(tc, AREA_PUBLIC, "p/1/a-160.webp", &p, &n),
	         RC_NOT_FOUND, "get");
	CHECK_RC(store()->drop(tc, AREA_PUBLIC, "p/1/a-160.webp"), RC_OK,
	         "drop again");
}

static void private_objects_lie_apart_and_uncached(void)
{
	NEED_RC(put(AREA_PRIVATE, "document/1", "paper"), RC_OK, "put");
	const struct s3_object *o = s3_double_find("/shop/private/document/1");
	NEED_TRUE(o, "it is there");
	CHECK_TEXT(o->cache, "", "caching");
	NEED_TRUE(settings_set("s3_public_acl", "true"), "set");
	NEED_RC(put(AREA_PRIVATE, "document/2", "paper"), RC_OK, "put");
	NEED_RC(put(AREA_PUBLIC, "p/2", "picture"), RC_OK, "put");
	NEED_TRUE(settings_set("s3_public_acl", "false"), "set back");
	CHECK_TEXT(s3_double_find("/shop/private/document/2")->acl, "",
	           "never public");
	CHECK_TEXT(s3_double_find("/shop/p/2")->acl, "public-read", "public");
}

/* Fetched without any header of ours. */
static int fetch(const char *url, const char **body)
{
	struct answer a = { 0 };

	fail_clear(tc);
	NEED_RC(client_call(tc,
	                    &(struct call){ .service = "s3",
	                                    .method = "GET",
	                                    .url = url,
	                                    .path_as_is = true },
	                    &a),
	        RC_OK, url);
	if (body)
		*body = a.body;
	return a.status;
}

static void links_open_private_objects_for_a_while(void)
{
	const char *body = NULL;

	NEED_RC(put(AREA_PRIVATE, "document/3", "paper"), RC_OK, "put");
	const char *link =
		store()->link(tc, AREA_PRIVATE, "document/3", 60, "paper.jpg");
	CHECK_INT(fetch(link, &body), 200, s3_double_error());
	CHECK_TEXT(body, "paper", "bytes");
	char *forged = arena_strdup(tc->arena, link);
	*strstr(forged, "document") = 'D';
	CHECK_INT(fetch(forged, NULL), 403, "another object");
	CHECK_TEXT(s3_double_error(), "SignatureDoesNotMatch", "why");
	struct when now = tc->now;
	tc->now = when_plus(now, -120);
	link = store()->link(tc, AREA_PRIVATE, "document/3", 60, NULL);
	tc->now = now;
	CHECK_INT(fetch(link, NULL), 403, "expired");
	CHECK_TEXT(s3_double_error(), "AccessDenied", "why");
}

static void a_wrong_secret_is_told_from_a_missing_object(void)
{
	const char *p = NULL;
	size_t n = 0;

	NEED_RC(put(AREA_PUBLIC, "p/4", "picture"), RC_OK, "put");
	NEED_TRUE(settings_set("s3_secret_key", SECRET "x"), "set");
	CHECK_RC(put(AREA_PUBLIC, "p/4", "other"), RC_UNAVAILABLE, "put");
	CHECK_TEXT(s3_double_error(), "SignatureDoesNotMatch", "why");
	fail_clear(tc);
	CHECK_RC(store()->get(tc, AREA_PUBLIC, "p/4", &p, &n), RC_UNAVAILABLE,
	         "get");
	NEED_TRUE(settings_set("s3_secret_key", SECRET), "set back");
	CHECK_BYTES(s3_double_find("/shop/p/4")->p, "picture", 7, "untouched");
	tc->now = when_plus(tc->now, -1000);
	CHECK_RC(put(AREA_PUBLIC, "p/4", "other"), RC_UNAVAILABLE,
	         "a clock that is wrong");
	CHECK_TEXT(s3_double_error(), "RequestTimeTooSkewed", "why");
}

static void a_server_that_is_slow_is_asked_again(void)
{
	int before = s3_double_count();

	s3_double_fail(2);
	CHECK_RC(put(AREA_PUBLIC, "p/5", "picture"), RC_OK, "the third time");
	CHECK_INT(s3_double_count() - before, 3, "requests");
	s3_double_fail(3);
	CHECK_RC(put(AREA_PUBLIC, "p/6", "picture"), RC_UNAVAILABLE,
	         "not for ever");
	CHECK_INT(s3_double_count() - before, 6, "requests");
	CHECK_TRUE(!s3_double_find("/shop/p/6"), "not there");
}

static void settings_of_the_store_are_checked_at_start(void)
{
	static const char *const cases[][3] = {
		{ "media_store", "tape", "s3" },
		{ "s3_endpoint", "s3.example", NULL },
		{ "s3_bucket", "", "shop" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *endpoint =
			arena_strdup(tc->arena, settings->s3_endpoint);

		NEED_TRUE(settings_set(cases[i][0], cases[i][1]), "set");
		CHECK_FALSE(store_check(), cases[i][0]);
		NEED_TRUE(settings_set(cases[i][0],
		                       cases[i][2] ? cases[i][2] : endpoint),
		          "set back");
	}
	CHECK_TRUE(store_check(), "as before");
}

CHECK_MAIN_WITH("s3", &hooks, TEST(an_object_goes_there_and_comes_back),
                TEST(private_objects_lie_apart_and_uncached),
                TEST(links_open_private_objects_for_a_while),
                TEST(a_wrong_secret_is_told_from_a_missing_object),
                TEST(a_server_that_is_slow_is_asked_again),
                TEST(settings_of_the_store_are_checked_at_start))
