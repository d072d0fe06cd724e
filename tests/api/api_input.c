#include "config.h"

#include <string.h>

#include "tests/support/api.h"

/*
 * What is not a good request, in every kind, through the web server: the exact
 * status and problem. Some are refused by the web server itself, in its own
 * way; those are looked at behind nginx.
 */

static const char addresses[] = "/api/users/me/addresses";

static bool is_behind_nginx(void)
{
	const char *server = api_header(api_get("/healthz", NULL), "Server");

	return server && strstr(server, "nginx") != NULL;
}

static const struct api_answer *send_json(const char *body, size_t n,
                                          const char *const *headers)
{
	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = addresses,
	                                    .body = body,
	                                    .n_body = n,
	                                    .type = "application/json",
	                                    .headers = headers,
	                                    .token = token_of("customer") });
}

/* n times the same text behind start. */
static char *repeated(const char *start, const char *piece, size_t n,
                      const char *end)
{
	size_t length = strlen(piece);
	char *s = arena_alloc(tc->arena,
	                      strlen(start) + n * length + strlen(end) + 1);
	char *p = stpcpy(s, start);

	for (size_t i = 0; i < n; i++)
		p = stpcpy(p, piece);
	stpcpy(p, end);
	return s;
}

static void bodies_that_are_no_json_are_400(void)
{
	const struct {
		const char *body, *code;
	} cases[] = {
		{ "{", "bad_json" },
		{ "{} {}", "bad_json" },
		{ "{\"name\":\"a\",\"name\":\"b\"}", "bad_json" },
		{ "{\"name\":\"\xff\"}", "bad_json" },
		{ "{\"name\":1e400}", "bad_json" },
		{ "{'name':1}", "bad_json" },
		{ "{\"name\":NaN}", "bad_json" },
		{ "name=a", "bad_json" },
		{ "[]", "not_an_object" },
		{ "7", NULL },
		{ repeated("{\"name\":", "[", 17, ""), "bad_json" },
		{ repeated("{\"name\":[", "{},", 10001, "{}]}"), "bad_json" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_PROBLEM(send_json(cases[i].body, 0, NULL), 400,
		              cases[i].code, FMT("%.40s", cases[i].body));
	CHECK_PROBLEM(send_json("{\"name\":\"a\"}\0", 13, NULL), 400,
	              "bad_json", "a NUL byte");
}

static void wrong_values_are_422_and_all_are_named(void)
{
	const struct api_answer *a = send_json(
		"{\"name\":1,\"line1\":null,\"surprise\":true}", 0, NULL);

	CHECK_PROBLEM(a, 422, "invalid_fields", "wrong values");
	CHECK_TRUE(at_text(a, "errors.name[0]") != NULL, "a number as name");
	CHECK_TRUE(at_text(a, "errors.line1[0]") != NULL, "null");
	CHECK_TRUE(at_text(a, "errors.surprise[0]") != NULL, "an unknown one");
	CHECK_TRUE(at_text(a, "errors.phone[0]") != NULL, "a missing one");
	CHECK_TEXT(at_text(a, "title"), "Some fields are not right", "title");
	CHECK_TRUE(at_text(a, "request_id") != NULL, "request id");
}

static void texts_have_bounds_and_no_control_characters(void)
{
	const struct {
		const char *body, *field;
	} cases[] = {
		{ repeated("{\"name\":\"", "a", 101, "\"}"), "errors.name[0]" },
		{ "{\"name\":\"\"}", "errors.name[0]" },
		{ "{\"name\":\"a\\u0001b\"}", "errors.name[0]" },
		{ "{\"name\":\"a\\nb\"}", "errors.name[0]" },
		{ "{\"phone\":\"none\"}", "errors.phone[0]" },
		{ "{\"lat\":91}", "errors.lat[0]" },
		{ "{\"lat\":\"9\"}", "errors.lat[0]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct api_answer *a = send_json(cases[i].body, 0, NULL);

		CHECK_PROBLEM(a, 422, "invalid_fields", cases[i].field);
		CHECK_TRUE(at_text(a, cases[i].field) != NULL,
		           FMT("%.40s", cases[i].body));
	}
}

static void only_plain_json_is_taken(void)
{
	static const char *const types[] = {
		"text/plain",
		"application/x-www-form-urlencoded",
		"application/jsonx",
		"application/json; charset=latin1",
		"application/json; x=y",
		"multipart/form-data; boundary=x",
	};
	static const char *const gzip[] = { "Content-Encoding: gzip", NULL };

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		CHECK_PROBLEM(api_call(&(struct api_call){
				      .method = "POST",
				      .path = addresses,
				      .body = "{}",
				      .type = types[i],
				      .token = token_of("customer") }),
		              415, "unsupported_type", types[i]);
	CHECK_PROBLEM(send_json("{}", 0, gzip), 415, "unsupported_encoding",
	              "a compressed body");
}

static void a_body_has_a_length_and_a_limit(void)
{
	const char *head = FMT("POST %s HTTP/1.1\r\nHost: localhost\r\n"
	                       "Authorization: Bearer %s\r\n"
	                       "Content-Type: application/json\r\n"
	                       "Connection: close\r\n",
	                       addresses, token_of("customer"));
	const char *none = FMT("%s\r\n", head);
	const char *bad = FMT("%sContent-Length: 2x\r\n\r\n{}", head);
	const char *negative = FMT("%sContent-Length: -2\r\n\r\n{}", head);
	const char *both = FMT("%sContent-Length: 12\r\n"
	                       "Transfer-Encoding: chunked\r\n\r\n"
	                       "2\r\n{}\r\n0\r\n\r\n",
	                       head);
	const char *big =
		repeated("{\"name\":\"", "aaaaaaaaaaaaaaaa", 66000, "\"}");

	CHECK_PROBLEM(send_json(big, 0, NULL), 413, NULL, "over 1 MB");
	if (!is_behind_nginx())
		return;
	CHECK_PROBLEM(api_raw(none, strlen(none)), 411, "length_required",
	              "no length");
	CHECK_PROBLEM(api_raw(bad, strlen(bad)), 400, NULL, "no number");
	CHECK_PROBLEM(api_raw(negative, strlen(negative)), 400, NULL,
	              "a negative length");
	CHECK_PROBLEM(api_raw(both, strlen(both)), 400, NULL, "two lengths");
}

static void queries_are_strict(void)
{
	static const struct {
		const char *query;
		int status;
		const char *code;
	} cases[] = {
		{ "?unknown=1", 400, "unknown_parameter" },
		{ "?q=a&q=b", 400, "malformed" },
		{ "?q[]=a", 400, "malformed" },
		{ "?q=%zz", 400, "malformed" },
		{ "?q=%00", 400, "malformed" },
		{ "?q=%ff", 400, "malformed" },
		{ "?ordering=secret", 400, "bad_ordering" },
		{ "?page=1&cursor=", 400, "page_and_cursor" },
		{ "?page=0", 422, "invalid_fields" },
		{ "?page=10001", 422, "invalid_fields" },
		{ "?page=1.0", 422, "invalid_fields" },
		{ "?page=%D9%A1", 422, "invalid_fields" },
		{ "?page_size=0", 422, "invalid_fields" },
		{ "?page_size=101", 422, "invalid_fields" },
		{ "?cursor=forged", 422, "invalid_fields" },
		{ "?fields=secret", 422, "invalid_fields" },
		{ "?min_price=NaN", 422, "invalid_fields" },
		{ "?min_price=1e3", 422, "invalid_fields" },
		{ "?min_price=+1", 422, "invalid_fields" },
		{ "?min_price=1.001", 422, "invalid_fields" },
		{ "?rating=6", 422, "invalid_fields" },
		{ "?lat=91&lng=0", 422, "invalid_fields" },
		{ "?lat=0&lng=181", 422, "invalid_fields" },
		{ "?lat=9&lng=38&radius=501", 422, "invalid_fields" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_PROBLEM(
			api_get(FMT("/api/products%s", cases[i].query), NULL),
			cases[i].status, cases[i].code, cases[i].query);
	CHECK_PROBLEM(
		api_get(repeated("/api/products?q=", "a", 2100, ""), NULL), 400,
		"malformed", "a long query");
	CHECK_PROBLEM(
		api_get(repeated("/api/products?a=", "1&a", 60, "=1"), NULL),
		400, "malformed", "too many parameters");
}

static void odd_paths_are_not_found(void)
{
	static const char *const paths[] = {
		"/api/products%2Fx", "/api/products%5Cx",
		"/api/./products",   "/api/../api/products",
		"/api//products",    "/api/products;x=1",
		"/api/products/%ff", "/api/products/%2e%2e",
		"/api/nothing",
	};

	if (!is_behind_nginx())
		return;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		const char *text = FMT("GET %s HTTP/1.1\r\nHost: localhost\r\n"
		                       "Connection: close\r\n\r\n",
		                       paths[i]);

		CHECK_PROBLEM(api_raw(text, strlen(text)), 404, "no_such_path",
		              paths[i]);
	}
}

static void the_web_server_refuses_in_the_same_form(void)
{
	const struct {
		const char *line;
		int status;
	} cases[] = {
		{ "GET", 400 },
		{ "get /api/products HTTP/1.1", 400 },
		{ "GET api HTTP/1.1", 400 },
		{ "GET /api/products/%00 HTTP/1.1", 400 },
		{ "GET /api/products/%zz HTTP/1.1", 400 },
		{ "GET /../etc/passwd HTTP/1.1", 400 },
		{ "GET /api/products HTTP/9.9", 505 },
		{ "TRACE /api/products HTTP/1.1", 405 },
		{ "CONNECT /api/products HTTP/1.1", 405 },
		{ repeated("GET /api/products?q=", "a", 9000, " HTTP/1.1"),
		  414 },
	};

	if (!is_behind_nginx())
		return;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *text = FMT("%s\r\nHost: localhost\r\n"
		                       "Connection: close\r\n\r\n",
		                       cases[i].line);
		const struct api_answer *a = api_raw(text, strlen(text));

		CHECK_PROBLEM(a, cases[i].status, NULL,
		              FMT("%.40s", cases[i].line));
		CHECK_TEXT(api_header(a, "X-Content-Type-Options"), "nosniff",
		           "its headers");
	}
	const char *headers[2] = { repeated("X-Large: ", "a", 9000, ""), NULL };
	CHECK_PROBLEM(api_call(&(struct api_call){ .method = "GET",
	                                           .path = "/api/products",
	                                           .headers = headers }),
	              431, NULL, "large headers");
}

static void methods_are_those_of_the_path(void)
{
	static const char *const methods[] = { "DELETE", "PUT", "PROPFIND",
		                               "FOO" };
	static const char *const override[] = {
		"X-HTTP-Method-Override: DELETE", "X-Original-URL: /console",
		"X-Rewrite-URL: /console", NULL
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		/* lighttpd itself knows no other methods than its own. */
		if (!strcmp(methods[i], "FOO") && dev_int("pids.lighttpd"))
			continue;
		const struct api_answer *a = api_call(&(struct api_call){
			.method = methods[i], .path = "/api/products" });

		CHECK_PROBLEM(a, 405, "method_not_allowed", methods[i]);
		CHECK_TEXT(api_header(a, "Allow"), "GET, HEAD, OPTIONS",
		           methods[i]);
	}
	CHECK_API(api_call(&(struct api_call){ .method = "GET",
	                                       .path = "/api/products",
	                                       .headers = override }),
	          200, "nobody overrides a method or path");
}

static void tokens_must_be_good(void)
{
	static const struct {
		const char *header;
		int status;
		const char *code;
	} cases[] = {
		{ "Authorization: Bearer nonsense", 401, "bad_token" },
		{ "Authorization: Bearer a.b.c", 401, "bad_token" },
		{ "Authorization: Basic YTpi", 401, "bad_authorization" },
		{ "Authorization: Bearer", 401, "bad_authorization" },
		{ "Authorization: Bearer a, Bearer b", 400,
		  "bad_authorization" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *headers[] = { cases[i].header, NULL };
		const struct api_answer *a =
			api_call(&(struct api_call){ .method = "GET",
		                                     .path = "/api/products",
		                                     .headers = headers });

		CHECK_PROBLEM(a, cases[i].status, cases[i].code,
		              cases[i].header);
		CHECK_HAS(api_header(a, "WWW-Authenticate"),
		          "Bearer realm=", cases[i].header);
	}
	static const char *const two[] = { "Authorization: Bearer a",
		                           "Authorization: Bearer b", NULL };
	CHECK_PROBLEM(api_call(&(struct api_call){ .method = "GET",
	                                           .path = "/api/products",
	                                           .headers = two }),
	              400, NULL, "two headers");
}

static void malformed_ids_are_not_found(void)
{
	static const char *const ids[] = {
		"nonsense",
		"0",
		"-1",
		"018f0000-0000-7000-8000-00000000000",
		"018f0000-0000-7000-8000-0000000000000",
		"018f0000-0000-7000-8000-00000000000g",
		"%20",
		"%27%20OR%201",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++)
		CHECK_PROBLEM(api_get(FMT("/api/variants/%s", ids[i]), NULL),
		              404, NULL, ids[i]);
}

static const struct api_answer *send_form(const char *body, const char *type,
                                          const char *const *headers)
{
	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = "/console/login",
	                                    .body = body,
	                                    .type = type,
	                                    .headers = headers });
}

static void forms_are_strict(void)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *own[] = { FMT("Origin: %s", dev_text("base_url")), NULL };
	static const char *const foreign[] = { "Origin: https://evil.example",
		                               NULL };
	static const char *const null_origin[] = { "Origin: null", NULL };

	CHECK_API(send_form("email=%zz", form, own), 400, "bad percent");
	CHECK_API(send_form("email=%00", form, own), 400, "a NUL byte");
	CHECK_API(send_form("email=\xff", form, own), 400, "not UTF-8");
	CHECK_API(send_form("email=a&password=b", form, own), 403, "no token");
	CHECK_API(send_form("email=a", form, NULL), 403, "no origin");
	CHECK_API(send_form("email=a", form, null_origin), 403, "null origin");
	CHECK_API(send_form("email=a", form, foreign), 403, "foreign origin");
	CHECK_API(send_form("{}", "application/json", own), 415, "JSON");
}

static const struct api_answer *upload(const char *body, const char *type)
{
	return api_call(&(struct api_call){ .method = "POST",
	                                    .path = "/api/product-images",
	                                    .body = body,
	                                    .type = type,
	                                    .token = token_of("vendor") });
}

static void uploads_are_strict(void)
{
	static const char form[] = "multipart/form-data; boundary=X";
	static const char part[] =
		"--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n";
	const struct {
		const char *body, *type;
		int status;
		const char *code;
	} cases[] = {
		{ "{}", "application/json", 415, "unsupported_type" },
		{ part, "multipart/form-data", 400, "bad_multipart" },
		{ part, repeated("multipart/form-data; boundary=", "b", 71, ""),
		  400, "bad_multipart" },
		{ part, form, 400, "bad_multipart" },
		{ "junk", form, 400, "bad_multipart" },
		{ repeated("", part, 21, "--X--\r\n"), form, 413,
		  "too_many_parts" },
		{ "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n"
		  "Content-Transfer-Encoding: base64\r\n\r\nv\r\n--X--\r\n",
		  form, 400, "bad_multipart" },
		{ "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n"
		  "Content-Type: multipart/mixed; boundary=Y\r\n\r\nv\r\n"
		  "--X--\r\n",
		  form, 400, "bad_multipart" },
		{ repeated("--X\r\nContent-Disposition: form-data; name=\"a\""
		           "\r\nX-Large: ",
		           "a", 5000, "\r\n\r\nv\r\n--X--\r\n"),
		  form, 400, "bad_multipart" },
		{ "--X--\r\n", form, 422, "invalid_fields" },
		{ repeated("", part, 1, "--X--\r\n"), form, 422,
		  "invalid_fields" },
		{ repeated("--X\r\nContent-Disposition: form-data; "
		           "name=\"file\"; filename=\"a\"\r\n\r\n",
		           "aaaaaaaaaaaaaaaa", 700000, "\r\n--X--\r\n"),
		  form, 413, NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_PROBLEM(upload(cases[i].body, cases[i].type),
		              cases[i].status, cases[i].code,
		              FMT("upload %zu: %.40s", i, cases[i].body));
}

static void broken_cookies_are_no_session(void)
{
	static const char *const cookies[] = {
		"Cookie: merkato_console=\"; =;;;",
		"Cookie: merkato_console=a; merkato_console=b",
		"Cookie: merkato_console=",
		"Cookie: ;",
	};

	for (size_t i = 0; i < sizeof(cookies) / sizeof(*cookies); i++) {
		const char *headers[] = { cookies[i], NULL };

		CHECK_API(api_call(&(struct api_call){ .method = "GET",
		                                       .path = "/console",
		                                       .headers = headers }),
		          303, cookies[i]);
	}
}

static void unknown_hosts_get_no_page(void)
{
	static const char text[] =
		"GET /api/products HTTP/1.1\r\nHost: evil.example\r\n"
		"Connection: close\r\n\r\n";
	const struct api_answer *a = api_raw(text, sizeof(text) - 1);

	CHECK_TRUE(a->status == 0 || a->status == 403 || a->status == 421,
	           FMT("answered with %d", a->status));
}

CHECK_MAIN_WITH("input", &api_hooks, TEST(bodies_that_are_no_json_are_400),
                TEST(wrong_values_are_422_and_all_are_named),
                TEST(texts_have_bounds_and_no_control_characters),
                TEST(only_plain_json_is_taken),
                TEST(a_body_has_a_length_and_a_limit), TEST(queries_are_strict),
                TEST(odd_paths_are_not_found),
                TEST(the_web_server_refuses_in_the_same_form),
                TEST(methods_are_those_of_the_path), TEST(tokens_must_be_good),
                TEST(malformed_ids_are_not_found), TEST(forms_are_strict),
                TEST(uploads_are_strict), TEST(broken_cookies_are_no_session),
                TEST(unknown_hosts_get_no_page))
