#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fcgi/base/settings.h"
#include "fcgi/http/reply.h"
#include "fcgi/http/token.h"
#include "tests/support/check.h"
#include "tests/support/inproc.h"
#include "tests/support/things.h"

static void bodies_are_refused_with_the_right_status(void)
{
	static const struct {
		const char *body, *header;
		int status;
	} cases[] = {
		{ "{\"name\":\"x\",\"amount\":1}", "X-A: b", 201 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/json; charset=utf-8", 201 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Type: text/plain",
		  415 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/json; charset=latin1", 415 },
		{ "{\"name\":\"x\",\"amount\":1}",
		  "Content-Type: application/jsonx", 415 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Encoding: gzip",
		  415 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: ", 411 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 2x", 400 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 999", 400 },
		{ "{\"name\":\"x\",\"amount\":1}", "Content-Length: 9999999",
		  413 },
		{ "{\"name\":\"x\",\"name\":\"y\",\"amount\":1}", "X-A: b",
		  400 },
		{ "{\"name\":\"x\",\"amount\":1", "X-A: b", 400 },
		{ "[1]", "X-A: b", 400 },
		{ "7", "X-A: b", 400 },
		{ "", "X-A: b", 400 },
		{ "{\"name\":\"\xff\",\"amount\":1}", "X-A: b", 400 },
		{ "{}", "X-A: b", 422 },
		{ "{\"name\":\"x\",\"amount\":0}", "X-A: b", 422 },
		{ "{\"name\":\"x\",\"amount\":1,\"price\":1}", "X-A: b", 422 },
		{ "{\"name\":7,\"amount\":\"1\"}", "X-A: b", 422 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct answered *a =
			request("POST", "/api/things", cases[i].body, bearer(),
		                cases[i].header);

		CHECK_INT(a->status, cases[i].status,
		          arena_fmt(tc->arena, "%s with %s", cases[i].body,
		                    cases[i].header));
	}
}

static void all_bad_fields_are_told_at_once(void)
{
	const struct answered *a = request(
		"POST", "/api/things", "{\"amount\":0,\"price\":1}", bearer());

	CHECK_INT(a->status, 422, "status");
	CHECK_TRUE(answered_text(a, "errors.name.0") != NULL, "name");
	CHECK_TRUE(answered_text(a, "errors.amount.0") != NULL, "amount");
	CHECK_TRUE(answered_text(a, "errors.price.0") != NULL, "price");
}

static void a_post_without_a_body_takes_none(void)
{
	CHECK_INT(request("POST", "/api/empty", NULL)->status, 204, "none");
	CHECK_INT(request("POST", "/api/empty", "{}")->status, 204, "empty");
	CHECK_INT(request("POST", "/api/empty", "{\"a\":1}")->status, 422,
	          "unknown member");
	CHECK_INT(request("POST", "/api/empty", "a=1",
	                  "Content-Type: application/x-www-form-urlencoded")
	                  ->status,
	          415, "a form");
}

static void raw_bodies_have_their_own_limit(void)
{
	CHECK_INT(request("POST", "/api/hook", "0123456789abcdef",
	                  "Content-Type: application/x-any")
	                  ->status,
	          204, "fits");
	CHECK_INT(request("POST", "/api/hook", "0123456789abcdefg")->status,
	          413, "one more");
}

static void a_created_object_is_located(void)
{
	const struct answered *a =
		request("POST", "/api/things", good_body, bearer());

	CHECK_INT(a->status, 201, "status");
	CHECK_TEXT(answered_header(a, "Location"),
	           "https://shop.example/api/things/x", "location");
	CHECK_HAS(a->etag, "\"v1-", "etag");
}

static void queries_are_strict(void)
{
	static const struct {
		const char *uri;
		int status;
	} cases[] = {
		{ "/api/things?least=3", 200 },
		{ "/api/things?", 200 },
		{ "/api/things?least=3&least=4", 400 },
		{ "/api/things?unknown=3", 400 },
		{ "/api/things?a[]=3", 400 },
		{ "/api/things?least=%zz", 400 },
		{ "/api/things?least=%00", 400 },
		{ "/api/things?least=x", 422 },
		{ "/api/things?least=1e2", 422 },
		{ "/api/things?least=1001", 422 },
		{ "/api/things?page=0", 422 },
		{ "/api/things?page=10001", 422 },
		{ "/api/things?page=x", 422 },
		{ "/api/things?page_size=101", 422 },
		{ "/api/things?page_size=100&page=10000", 200 },
		{ "/api/things?cursor=AAAA", 422 },
		{ "/api/things?cursor=", 200 },
		{ "/api/things?cursor=&page=2", 400 },
		{ "/api/things?ordering=amount,-name", 200 },
		{ "/api/things?ordering=price", 400 },
		{ "/api/things?ordering=amount,amount", 400 },
		{ "/api/things?ordering=", 400 },
		{ "/api/things?fields=id,name", 200 },
		{ "/api/things?fields=id,secret", 422 },
		{ "/api/things?fields=", 422 },
		{ "/api/things?page=0&unknown=1", 400 },
		{ "/api/mine?page=1", 400 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(request("GET", cases[i].uri, NULL, bearer())->status,
		          cases[i].status, cases[i].uri);
}

static void only_the_fields_asked_for_are_sent(void)
{
	const struct answered *a =
		request("GET", "/api/things?fields=name,amount", NULL);

	CHECK_HAS(a->body, "\"results\":[{\"name\":\"a\",\"amount\":1}",
	          "rows");
	CHECK_LACKS(a->body, "\"id\"", "nothing else");
}

static void pages_link_to_their_neighbours(void)
{
	const struct answered *a = request(
		"GET", "/api/things?page=2&least=3&ordering=name", NULL);

	CHECK_TEXT(answered_text(a, "count"), "2", "count");
	CHECK_TEXT(
		answered_text(a, "next"),
		"https://shop.example/api/things?least=3&ordering=name&page=3",
		"next");
	CHECK_TEXT(
		answered_text(a, "previous"),
		"https://shop.example/api/things?least=3&ordering=name&page=1",
		"previous");
	a = request("GET", "/api/things?page=3", NULL);
	CHECK_TEXT(answered_text(a, "next"), NULL, "the last");
}

static void a_cursor_goes_on_where_it_was_made(void)
{
	const struct answered *a = request(
		"GET", "/api/things?cursor=&least=3&ordering=-name", NULL);
	const char *next = answered_text(a, "next");

	CHECK_TEXT(answered_text(a, "count"), NULL, "not counted");
	NEED_TRUE(next != NULL, "next");
	const char *uri = strstr(next, "/api/");
	a = request("GET", uri, NULL);
	CHECK_INT(a->status, 200, uri);
	CHECK_TRUE(a->req->page.walks && a->req->page.has_after, "walks");
	CHECK_TEXT(a->req->page.after[0], "b", "value of the last row");
	CHECK_ID(a->req->page.after_id, seen.user, "id of the last row");
	CHECK_TRUE(a->req->page.order[0].descending, "order");
}

static void a_cursor_opens_no_other_list(void)
{
	const struct answered *a =
		request("GET", "/api/things?cursor=&least=3", NULL);
	const char *next = answered_text(a, "next");

	NEED_TRUE(next != NULL, "next");
	const char *cursor = strstr(next ? next : "", "cursor=");
	static const char *const others[] = {
		"/api/things?least=4&%s",
		"/api/things?%s",
		"/api/things?least=3&ordering=name&%s",
		"/api/things?least=3&%sA",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const char *mark = strstr(others[i], "%s");
		const char *uri = arena_fmt(tc->arena, "%.*s%s%s",
		                            (int)(mark - others[i]), others[i],
		                            cursor, mark + 2);

		CHECK_INT(request("GET", uri, NULL)->status, 422, uri);
	}
	CHECK_INT(
		request("GET",
	                arena_fmt(tc->arena, "/api/things?%s&least=3", cursor),
	                NULL)
			->status,
		200, "the same question in another order");
}

static const struct check_hooks hooks = { .start = things_start,
	                                  .before = things_before };

CHECK_MAIN_WITH("dispatch input", &hooks,
                TEST(bodies_are_refused_with_the_right_status),
                TEST(all_bad_fields_are_told_at_once),
                TEST(a_post_without_a_body_takes_none),
                TEST(raw_bodies_have_their_own_limit),
                TEST(a_created_object_is_located), TEST(queries_are_strict),
                TEST(only_the_fields_asked_for_are_sent),
                TEST(pages_link_to_their_neighbours),
                TEST(a_cursor_goes_on_where_it_was_made),
                TEST(a_cursor_opens_no_other_list))
