/* The signer against the worked examples of the S3 documentation
 * ("Signature Calculations for the Authorization Header", "… Using Query
 * Parameters"). */
#include "config.h"

#include "tests/support/check.h"
#include "uploads/s3_sign.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HOST "examplebucket.s3.amazonaws.com"

static const struct s3_keys keys = { "AKIAIOSFODNN7EXAMPLE",
	                             "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
	                             "us-east-1" };

static void before(void)
{
	tc->now.us = 1369353600LL * 1000000; /* 24 May 2013 */
}

static const struct check_hooks hooks = { .before = before };

static void check(const struct s3_request *r, const char *names,
                  const char *signature, const char *what)
{
	CHECK_TEXT(s3_authorization(tc, &keys, r),
	           arena_fmt(tc->arena,
	                     "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/"
	                     "20130524/us-east-1/s3/aws4_request, "
	                     "SignedHeaders=%s, Signature=%s",
	                     names, signature),
	           what);
}

static void a_ranged_get_is_signed(void)
{
	/* In any order: the signer sorts. */
	const struct s3_pair headers[] = {
		{ "x-amz-date", "20130524T000000Z" },
		{ "range", "bytes=0-9" },
		{ "x-amz-content-sha256", EMPTY },
		{ "host", HOST },
	};

	check(&(struct s3_request){ .method = "GET",
	                            .path = s3_path(tc, "/test.txt"),
	                            .headers = headers,
	                            .n_headers = 4,
	                            .payload = EMPTY },
	      "host;range;x-amz-content-sha256;x-amz-date",
	      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
	      "GET object");
}

static void a_put_with_an_odd_key_is_signed(void)
{
	const char *hash =
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034"
		"a8b803f8b072";
	const struct s3_pair headers[] = {
		{ "date", "Fri, 24 May 2013 00:00:00 GMT" },
		{ "host", HOST },
		{ "x-amz-content-sha256", hash },
		{ "x-amz-date", "20130524T000000Z" },
		{ "x-amz-storage-class", "  REDUCED_REDUNDANCY  " },
	};

	CHECK_TEXT(s3_path(tc, "/test$file.text"), "/test%24file.text", "path");
	check(&(struct s3_request){ .method = "PUT",
	                            .path = s3_path(tc, "/test$file.text"),
	                            .headers = headers,
	                            .n_headers = 5,
	                            .payload = hash },
	      "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
	      "PUT object");
}

static void queries_are_signed_by_name(void)
{
	const struct s3_pair headers[] = {
		{ "host", HOST },
		{ "x-amz-content-sha256", EMPTY },
		{ "x-amz-date", "20130524T000000Z" },
	};
	const struct s3_pair list[] = { { "prefix", "J" },
		                        { "max-keys", "2" } };
	const struct s3_pair lifecycle = { "lifecycle", "" };
	struct s3_request r = { .method = "GET",
		                .path = "/",
		                .query = &lifecycle,
		                .n_query = 1,
		                .headers = headers,
		                .n_headers = 3,
		                .payload = EMPTY };

	check(&r, "host;x-amz-content-sha256;x-amz-date",
	      "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
	      "a name without value");
	r.query = list;
	r.n_query = 2;
	check(&r, "host;x-amz-content-sha256;x-amz-date",
	      "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
	      "sorted");
}

static void links_are_signed(void)
{
	const struct s3_pair host = { "host", HOST };

	CHECK_TEXT(
		s3_presigned_query(
			tc, &keys,
			&(struct s3_request){ .method = "GET",
	                                      .path = "/test.txt",
	                                      .headers = &host,
	                                      .n_headers = 1,
	                                      .payload = "UNSIGNED-PAYLOAD" },
			86400),
		"X-Amz-Algorithm=AWS4-HMAC-SHA256&"
		"X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2F"
		"s3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
		"X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
		"aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d4"
		"04",
		"link");
}

static void paths_are_encoded_once_and_slashes_kept(void)
{
	CHECK_TEXT(s3_path(tc, "/b/a b+ቡ/~x."), "/b/a%20b%2B%E1%89%A1/~x.",
	           "path");
}

CHECK_MAIN_WITH("s3_sign", &hooks, TEST(a_ranged_get_is_signed),
                TEST(a_put_with_an_odd_key_is_signed),
                TEST(queries_are_signed_by_name), TEST(links_are_signed),
                TEST(paths_are_encoded_once_and_slashes_kept))
