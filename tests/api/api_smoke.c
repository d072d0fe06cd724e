#include "config.h"

#include <string.h>

#include "tests/support/api.h"
#include "tests/support/api_stack.h"

/* The stack stands: what answers without a story. */

static void the_program_is_alive_and_ready(void)
{
	const struct api_answer *a = api_get("/healthz", NULL);

	CHECK_API(a, 200, "healthz");
	CHECK_TEXT(at_text(a, "status"), "ok", "healthz");
	a = api_get("/readyz", NULL);
	CHECK_API(a, 200, "readyz");
	CHECK_TRUE(at_true(a, "database"), "the database is there");
	CHECK_TRUE(at_true(a, "cache"), "the cache is there");
}

static void an_unknown_path_is_a_problem_with_the_request_id(void)
{
	static const char *const headers[] = { "X-Request-Id: smoke-12345678",
		                               NULL };
	const struct api_answer *a = api_call(&(struct api_call){
		.method = "GET", .path = "/api/nowhere", .headers = headers });

	CHECK_PROBLEM(a, 404, NULL, "an unknown path");
	CHECK_TEXT(at_text(a, "request_id"), "smoke-12345678", "its body");
	CHECK_TEXT(api_header(a, "X-Request-Id"), "smoke-12345678",
	           "its header");
}

static void a_wrong_method_is_told_the_right_ones(void)
{
	const struct api_answer *a = api_call(
		&(struct api_call){ .method = "DELETE", .path = "/healthz" });

	CHECK_PROBLEM(a, 405, NULL, "DELETE /healthz");
	CHECK_HAS(api_header(a, "Allow"), "GET", "Allow");
	CHECK_LACKS(api_header(a, "Allow"), "DELETE", "Allow");
}

static void a_head_is_a_get_without_its_body(void)
{
	const struct api_answer *a = api_call(
		&(struct api_call){ .method = "HEAD", .path = "/healthz" });

	CHECK_API(a, 200, "HEAD");
	CHECK_INT(a->n, 0, "bytes of body");
}

static void a_slash_at_the_end_means_the_same(void)
{
	CHECK_API(api_get("/healthz/", NULL), 200, "healthz/");
}

static void the_document_is_openapi_3_1(void)
{
	const struct api_answer *a = api_get("/api/openapi.json", NULL);

	CHECK_API(a, 200, "the document");
	CHECK_HAS(at_text(a, "openapi"), "3.1", "its version");
	CHECK_TRUE(json_object_size(at(a, "paths")) > 0, "it has paths");
}

static void a_repeated_get_of_a_public_thing_is_not_sent_again(void)
{
	const struct api_answer *a = api_get("/api/openapi.json", NULL);
	const char *const headers[] = {
		FMT("If-None-Match: %s", api_header(a, "ETag")), NULL
	};

	a = api_call(&(struct api_call){ .method = "GET",
	                                 .path = "/api/openapi.json",
	                                 .headers = headers });
	CHECK_API(a, 304, "the second");
	CHECK_INT(a->n, 0, "bytes of body");
}

static void answers_carry_the_safe_headers(void)
{
	const struct api_answer *a = api_get("/healthz", NULL);

	CHECK_TEXT(api_header(a, "X-Content-Type-Options"), "nosniff",
	           "nosniff");
	CHECK_TRUE(api_header(a, "Content-Security-Policy") != NULL, "CSP");
	CHECK_TRUE(api_header(a, "X-Powered-By") == NULL, "no X-Powered-By");
	CHECK_TRUE(
		!strpbrk(api_header(a, "Server") ? api_header(a, "Server") : "",
	                 "0123456789/"),
		"Server tells no version");
}

CHECK_MAIN_WITH("smoke", &api_hooks, TEST(the_program_is_alive_and_ready),
                TEST(an_unknown_path_is_a_problem_with_the_request_id),
                TEST(a_wrong_method_is_told_the_right_ones),
                TEST(a_head_is_a_get_without_its_body),
                TEST(a_slash_at_the_end_means_the_same),
                TEST(the_document_is_openapi_3_1),
                TEST(a_repeated_get_of_a_public_thing_is_not_sent_again),
                TEST(answers_carry_the_safe_headers))
