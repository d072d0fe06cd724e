/*
 * The store "s3" against a real server that S3_SERVER_ENDPOINT names, with the
 * keys S3_SERVER_ACCESS and S3_SERVER_SECRET: ./dev check long starts a Ceph
 * object gateway. What the double in s3_double.c checks in every run is held
 * against somebody else's reading of the protocol here.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fcgi/base/crypto.h"
#include "fcgi/base/settings.h"
#include "fcgi/http/client.h"
#include "tests/support/check.h"
#include "uploads/s3_sign.h"
#include "uploads/store.h"

static const char *endpoint, *access_key, *secret_key;

static bool start(void)
{
	endpoint = getenv("S3_SERVER_ENDPOINT");
	access_key = getenv("S3_SERVER_ACCESS");
	secret_key = getenv("S3_SERVER_SECRET");
	if (!endpoint || !access_key || !secret_key)
		check_skip("needs a server: run by ./dev check long");
	client_open();
	return settings_set("media_store", "s3") &&
	       settings_set("s3_endpoint", endpoint) &&
	       settings_set("s3_region", "eu-west-1") &&
	       settings_set("s3_bucket", "shop") &&
	       settings_set("s3_access_key", access_key) &&
	       settings_set("s3_secret_key", secret_key) && store_check();
}

static void stop(void)
{
	client_close();
}

static int fetch(const char *url, const char *const *headers, const char **body)
{
	struct answer a = { 0 };

	fail_clear(tc);
	NEED_RC(client_call(tc,
	                    &(struct call){ .service = "s3",
	                                    .method = "GET",
	                                    .url = url,
	                                    .headers = headers,
	                                    .plain_http = true,
	                                    .path_as_is = true },
	                    &a),
	        RC_OK, url);
	if (body)
		*body = arena_strndup(tc->arena, a.body, a.n_body);
	return a.status;
}

/* Requests that the store itself never makes: of the bucket, and of objects
 * with names that ours do not have. path is raw; query is signed and sent. */
static int signed_call(const char *method, const char *path, bool lists,
                       const char *data, const char **body)
{
	const struct s3_keys k = { access_key, secret_key, "eu-west-1" };
	const char *sent = data ? data : "";
	struct s3_pair headers[] = {
		{ "host", strstr(endpoint, "//") + 2 },
		{ "x-amz-content-sha256",
		  sha256_hex(tc->arena, sent, strlen(sent)) },
		{ "x-amz-date", s3_time(tc) },
	};
	const struct s3_pair pairs[] = { { "list-type", "2" },
		                         { "prefix", "p/" } };
	const struct s3_request r = { .method = method,
		                      .path = s3_path(tc, path),
		                      .query = pairs,
		                      .n_query = lists ? 2 : 0,
		                      .headers = headers,
		                      .n_headers = 3,
		                      .payload = headers[1].value };
	const char *lines[] = { arena_fmt(tc->arena, "x-amz-content-sha256: %s",
		                          headers[1].value),
		                arena_fmt(tc->arena, "x-amz-date: %s",
		                          headers[2].value),
		                arena_fmt(tc->arena, "Authorization: %s",
		                          s3_authorization(tc, &k, &r)),
		                NULL };
	struct answer a = { 0 };

	NEED_RC(client_call(
			tc,
			&(struct call){
				.service = "s3",
				.method = method,
				.url = arena_fmt(
					tc->arena, "%s%s%s", endpoint, r.path,
					lists ? "?list-type=2&prefix=p%2F"
					      : ""),
				.headers = lines,
				.body = data,
				.n_body = strlen(sent),
				.plain_http = true,
				.path_as_is = true },
			&a),
	        RC_OK, method);
	if (body)
		*body = arena_strndup(tc->arena, a.body, a.n_body);
	return a.status;
}

static void a_bucket_is_made(void)
{
	CHECK_INT(signed_call("PUT", "/shop", false, "", NULL), 200, "made");
	CHECK_INT(signed_call("PUT", "/shop", false, "", NULL), 200,
	          "made by its owner again");
}

static void every_byte_of_an_object_comes_back(void)
{
	const char *p = NULL, *body = NULL;
	char all[256];
	size_t n = 0;

	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	NEED_RC(store()->put(tc, AREA_PUBLIC, "p/1/plain-160.webp",
	                     "image/webp", all, sizeof(all)),
	        RC_OK, "put");
	NEED_RC(store()->get(tc, AREA_PUBLIC, "p/1/plain-160.webp", &p, &n),
	        RC_OK, "get");
	NEED_INT(n, sizeof(all), "size");
	CHECK_BYTES(p, all, n, "bytes");
	CHECK_INT(signed_call("GET", "/shop", true, NULL, &body), 200,
	          "a list with a signed query");
	CHECK_HAS(body, "<Key>p/1/plain-160.webp</Key>", "the object");
}

static void names_of_any_bytes_are_signed_as_sent(void)
{
	static const char *const names[] = {
		"/shop/p/2/with blank",
		"/shop/p/2/plus+and&amp=1",
		"/shop/p/3/\xe1\x89\xa1\xe1\x8a\x93",
		"/shop/p/4/tilde~dot.dash-under_score",
		"/shop/p/5/percent%20sign",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *body = NULL;

		CHECK_INT(signed_call("PUT", names[i], false, names[i], NULL),
		          200, names[i]);
		CHECK_INT(signed_call("GET", names[i], false, NULL, &body), 200,
		          names[i]);
		CHECK_TEXT(body, names[i], "its own bytes");
	}
}

static void what_is_dropped_is_gone(void)
{
	const char *p = NULL;
	size_t n = 0;

	NEED_RC(store()->put(tc, AREA_PUBLIC, "p/9", "image/webp", "x", 1),
	        RC_OK, "put");
	NEED_RC(store()->drop(tc, AREA_PUBLIC, "p/9"), RC_OK, "drop");
	CHECK_RC(store()->get(tc, AREA_PUBLIC, "p/9", &p, &n), RC_NOT_FOUND,
	         "get");
	fail_clear(tc);
	CHECK_RC(store()->drop(tc, AREA_PUBLIC, "p/9"), RC_OK, "again");
}

static const char *url_of(const char *rest)
{
	return arena_fmt(tc->arena, "%s/shop/%s", endpoint, rest);
}

static void only_what_is_public_is_open(void)
{
	const char *body = NULL;

	NEED_TRUE(settings_set("s3_public_acl", "true"), "set");
	NEED_RC(store()->put(tc, AREA_PUBLIC, "p/6", "image/webp", "seen", 4),
	        RC_OK, "public");
	NEED_RC(store()->put(tc, AREA_PRIVATE, "document/6", "image/png",
	                     "unseen", 6),
	        RC_OK, "private");
	NEED_TRUE(settings_set("s3_public_acl", "false"), "set back");
	CHECK_INT(fetch(url_of("p/6"), NULL, &body), 200, "public");
	CHECK_TEXT(body, "seen", "bytes");
	CHECK_INT(fetch(url_of("private/document/6"), NULL, NULL), 403,
	          "private");
}

static void signed_links_open_one_object_for_a_while(void)
{
	const char *body = NULL;

	NEED_RC(store()->put(tc, AREA_PRIVATE, "document/3", "image/png",
	                     "paper", 5),
	        RC_OK, "put");
	const char *link =
		store()->link(tc, AREA_PRIVATE, "document/3", 60, "paper.png");
	CHECK_INT(fetch(link, NULL, &body), 200, "a good link");
	CHECK_TEXT(body, "paper", "bytes");
	char *forged = arena_strdup(tc->arena, link);
	*strstr(forged, "document") = 'D';
	CHECK_INT(fetch(forged, NULL, &body), 403, "another object");
	CHECK_HAS(body, "SignatureDoesNotMatch", "why");
	tc->now = when_plus(tc->now, -120);
	link = store()->link(tc, AREA_PRIVATE, "document/3", 60, NULL);
	CHECK_INT(fetch(link, NULL, &body), 403, "too late");
	CHECK_HAS(body, "AccessDenied", "why");
}

static void keys_and_clocks_that_are_wrong_are_refused(void)
{
	const char *p = NULL;
	size_t n = 0;

	NEED_RC(store()->put(tc, AREA_PUBLIC, "p/4", "image/webp", "picture",
	                     7),
	        RC_OK, "put");
	NEED_TRUE(settings_set("s3_secret_key",
	                       arena_fmt(tc->arena, "%sx", secret_key)),
	          "set");
	CHECK_RC(store()->put(tc, AREA_PUBLIC, "p/4", "image/webp", "other", 5),
	         RC_UNAVAILABLE, "a wrong secret");
	fail_clear(tc);
	NEED_TRUE(settings_set("s3_secret_key", secret_key), "set back");
	struct when now = tc->now;
	tc->now = when_plus(now, -1200);
	CHECK_RC(store()->put(tc, AREA_PUBLIC, "p/4", "image/webp", "other", 5),
	         RC_UNAVAILABLE, "a wrong clock");
	tc->now = now;
	fail_clear(tc);
	NEED_RC(store()->get(tc, AREA_PUBLIC, "p/4", &p, &n), RC_OK, "get");
	CHECK_BYTES(p, "picture", 7, "untouched");
}

static const struct check_hooks hooks = { .start = start, .stop = stop };

CHECK_MAIN_WITH("s3_server", &hooks, TEST(a_bucket_is_made),
                TEST(every_byte_of_an_object_comes_back),
                TEST(names_of_any_bytes_are_signed_as_sent),
                TEST(what_is_dropped_is_gone),
                TEST(only_what_is_public_is_open),
                TEST(signed_links_open_one_object_for_a_while),
                TEST(keys_and_clocks_that_are_wrong_are_refused))
