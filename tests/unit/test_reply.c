#include "config.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/route.h"
#include "tests/support/check.h"

struct row {
	struct id id;
	const char *name;
	int64_t version;
};
static const struct field row_fields[] = {
	FIELD(row, id),
	FIELD(row, name),
	FIELD(row, version),
	FIELDS_END,
};
static const struct shape row_shape = SHAPE(row, row_fields);

static const struct route api = { .method = "GET",
	                          .path = "/api/rows",
	                          .who = ROLE_ANYONE,
	                          .reply = &row_shape };
static const struct route oauth = { .method = "POST",
	                            .path = "/oauth/token",
	                            .surface = SURFACE_OAUTH };

static struct req *answering(const struct route *route)
{
	struct req *r = arena_new(tc->arena, struct req);

	ctx_init(&r->ctx, tc->arena);
	r->ctx.request_id = "request-1";
	r->route = route;
	r->method = "GET";
	r->path = "/api/rows";
	r->fields = ALL_FIELDS;
	r->page = (struct page){ .number = 1, .size = 20 };
	buf_init(&r->out, tc->arena, 0);
	return r;
}

static const char *header(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_headers; i++) {
		if (!strcmp(r->headers[i].name, name))
			return r->headers[i].value;
	}
	return NULL;
}

static void before(void)
{
	settings_set("base_url", "https://shop.example");
}

static void a_long_list_tells_that_its_count_is_cut(void)
{
	static const struct {
		int64_t count;
		const char *want;
	} cases[] = {
		{ 0, "{\"count\":0,\"next\":null,\"previous\":null,"
		     "\"results\":[]}" },
		{ 10000, "{\"count\":10000,\"next\":null,\"previous\":null,"
		         "\"results\":[]}" },
		{ 10001, "{\"count\":10000,\"count_capped\":true,\"next\":null,"
		         "\"previous\":null,\"results\":[]}" },
		{ -1, "{\"next\":null,\"previous\":null,\"results\":[]}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct req *r = answering(&api);
		struct page_info info = { .count = cases[i].count };

		CHECK_RC(reply_page(r, NULL, 0, &info), RC_OK, "page");
		CHECK_TEXT(r->out.s, cases[i].want, "body");
	}
}

static void further_members_stand_before_the_rows(void)
{
	struct req *r = answering(&api);
	struct page_info info = { .count = 0 };

	CHECK_RC(reply_page_with(r, NULL, 0, &info, "\"facets\":{\"a\":1}"),
	         RC_OK, "page");
	CHECK_HAS(r->out.s, "\"facets\":{\"a\":1},\"results\":[]", "body");
}

static void links_are_encoded_once(void)
{
	struct req *r = answering(&api);
	struct page_info info = { .count = 50, .more = true };
	struct pair queries[] = { { "q", "ቡና & \"x\"", 13 },
		                  { "page", "1", 1 } };

	r->path = "/api/ቡና/a b";
	r->queries = queries;
	r->n_queries = 2;
	CHECK_RC(reply_page(r, NULL, 0, &info), RC_OK, "page");
	CHECK_HAS(r->out.s,
	          "\"next\":\"https://shop.example/api/%E1%89%A1%E1%8A%93/"
	          "a%20b?q=%E1%89%A1%E1%8A%93%20%26%20%22x%22&page=2\"",
	          "next");
}

static void headers_with_line_ends_are_our_bug(void)
{
	static const char *const bad[] = { "a\r\nSet-Cookie: x", "a\nb",
		                           "a\rb" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0) {
			reply_header(answering(&api), "X-Name", bad[i]);
			_exit(0);
		}
		NEED_INT(waitpid(pid, &status, 0), pid, "child");
		CHECK_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0,
		           bad[i]);
	}
}

static void redirects_stay_where_they_may_go(void)
{
	static const struct {
		const char *to, *location;
		enum rc rc;
	} cases[] = {
		{ "/console", "https://shop.example/console", RC_OK },
		{ "https://pay.example/x", "https://pay.example/x", RC_OK },
		{ "//evil.example", NULL, RC_INTERNAL },
		{ "/\\evil.example", NULL, RC_INTERNAL },
		{ "javascript:alert(1)", NULL, RC_INTERNAL },
		{ "", NULL, RC_INTERNAL },
		{ "/x\r\nSet-Cookie: a=b", NULL, RC_INTERNAL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct req *r = answering(&api);

		CHECK_RC(reply_redirect(r, cases[i].to), cases[i].rc,
		         cases[i].to);
		CHECK_TEXT(header(r, "Location"), cases[i].location,
		           cases[i].to);
	}
}

static void reasons_of_one_field_stand_together(void)
{
	struct req *r = answering(&api);

	(void)!fail_field(&r->ctx, "a", "x", "first");
	(void)!fail_field(&r->ctx, "b", "x", "other");
	(void)!fail_field(&r->ctx, "a", "x", "second \"quoted\"");
	reply_fault(r, RC_INVALID);
	CHECK_INT(r->status, 422, "status");
	CHECK_HAS(r->out.s,
	          "\"errors\":{\"a\":[\"first\",\"second \\\"quoted\\\"\"],"
	          "\"b\":[\"other\"]}",
	          "errors");
}

static void a_fault_forgets_the_answer_begun(void)
{
	struct req *r = answering(&api);
	struct row row = { .name = "x", .version = 1 };

	CHECK_RC(reply(r, &row), RC_OK, "answer");
	CHECK_TRUE(r->etag != NULL, "begun");
	(void)!fail(&r->ctx, RC_CONFLICT, "moved", "It has moved");
	reply_fault(r, RC_CONFLICT);
	CHECK_TEXT(r->etag, NULL, "no tag");
	CHECK_TEXT(r->out.s,
	           "{\"type\":\"urn:merkato:problem:moved\",\"title\":"
	           "\"Conflicts with the current state\",\"status\":409,"
	           "\"code\":\"moved\",\"detail\":\"It has moved\","
	           "\"request_id\":\"request-1\"}",
	           "problem");
}

static void waiting_is_told_in_seconds(void)
{
	struct req *r = answering(&api);

	r->ctx.err.retry_after_s = 7;
	reply_fault(r, RC_TOO_MANY);
	CHECK_TEXT(header(r, "Retry-After"), "7", "seven");
	r = answering(&api);
	reply_fault(r, RC_UNSURE);
	CHECK_TEXT(header(r, "Retry-After"), "1", "at least one");
	r = answering(&api);
	reply_fault(r, RC_CONFLICT);
	CHECK_TEXT(header(r, "Retry-After"), NULL, "not for every fault");
}

static void oauth_clients_get_their_own_words(void)
{
	struct req *r = answering(&oauth);

	(void)!fail(&r->ctx, RC_BAD_REQUEST, "invalid_grant", "Used up");
	reply_fault(r, RC_BAD_REQUEST);
	CHECK_TEXT(r->out.s,
	           "{\"error\":\"invalid_grant\",\"error_description\":\"Used "
	           "up\"}",
	           "grant");
	r = answering(&oauth);
	(void)!fail_field(&r->ctx, "grant_type", "required", "Is needed");
	reply_fault(r, RC_INVALID);
	CHECK_INT(r->status, 400, "not 422");
	CHECK_TEXT(r->out.s,
	           "{\"error\":\"invalid_request\",\"error_description\":"
	           "\"grant_type: Is needed\"}",
	           "field");
	r = answering(&oauth);
	reply_fault(r, RC_UNAVAILABLE);
	CHECK_HAS(r->out.s, "\"status\":503", "problem");
}

static const struct check_hooks hooks = { .before = before };

CHECK_MAIN_WITH("reply", &hooks, TEST(a_long_list_tells_that_its_count_is_cut),
                TEST(further_members_stand_before_the_rows),
                TEST(links_are_encoded_once),
                TEST(headers_with_line_ends_are_our_bug),
                TEST(redirects_stay_where_they_may_go),
                TEST(reasons_of_one_field_stand_together),
                TEST(a_fault_forgets_the_answer_begun),
                TEST(waiting_is_told_in_seconds),
                TEST(oauth_clients_get_their_own_words))
