#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/http/form.h"
#include "fcgi/http/route.h"
#include "tests/support/check.h"
#include "tests/support/fake_request.h"

struct wish {
	const char *q;
	struct money min_price;
	int stars;
	bool in_stock;
	struct id vendor;
	double lat;
	const char **options;
	size_t n_options;
	int64_t *ids;
	size_t n_ids;
	const char *note;
};

static const struct field wish_fields[] = {
	FIELD(wish, q, .max = 20),
	FIELD(wish, min_price, .flags = NULLABLE),
	FIELD(wish, stars, .min = 1, .max = 5, .fallback = "3"),
	FIELD(wish, in_stock),
	FIELD(wish, vendor),
	FIELD(wish, lat, .flags = NULLABLE),
	{ .name = "option.*",
	  .at = offsetof(struct wish, options),
	  .count_at = offsetof(struct wish, n_options),
	  .kind = KIND_LIST,
	  .element = KIND_TEXT,
	  .max = 3 },
	VALUES(wish, ids, n_ids, .max = 4),
	FIELD(wish, note, .flags = NULLABLE | LONG_TEXT),
	FIELDS_END,
};
static const struct shape wish_shape = SHAPE(wish, wish_fields);

static const char *faults(void)
{
	struct buf b;

	buf_init(&b, tc->arena, 0);
	for (const struct field_fault *f = tc->err.fields; f; f = f->next)
		buf_fmt(&b, "%s%s:%s", b.n ? " " : "", f->path, f->code);
	return b.s;
}

static enum rc read_query(const char *text, struct wish *out)
{
	struct pair *pairs = NULL;
	size_t n = 0;

	fail_clear(tc);
	enum rc rc = form_query(tc, text, &pairs, &n);
	return rc ? rc
	          : pairs_to_shape(tc, &wish_shape, pairs, n, PAIRS_QUERY, out);
}

static enum rc read_form(const char *text, struct wish *out)
{
	struct pair *pairs = NULL;
	size_t n = 0;

	fail_clear(tc);
	enum rc rc = form_body(tc, text, strlen(text), &pairs, &n);
	return rc ? rc
	          : pairs_to_shape(tc, &wish_shape, pairs, n, PAIRS_FORM, out);
}

static void queries_are_decoded_once(void)
{
	struct pair *pairs = NULL;
	size_t n = 0;

	NEED_RC(form_query(tc, "a=1+2&b%20=%25%34%31&c&d=&%E1%89%A1=x&", &pairs,
	                   &n),
	        RC_OK, "read");
	NEED_INT(n, 5, "pairs");
	CHECK_TEXT(pairs_find(pairs, n, "a"), "1 2", "plus");
	CHECK_TEXT(pairs_find(pairs, n, "b "), "%41", "once");
	CHECK_TEXT(pairs_find(pairs, n, "c"), "", "no value");
	CHECK_TEXT(pairs_find(pairs, n, "ቡ"), "x", "any script");
	CHECK_TEXT(pairs_find(pairs, n, "e"), NULL, "absent");
	CHECK_TEXT(pairs_take(pairs, &n, "a"), "1 2", "taken");
	CHECK_INT(n, 4, "one less");
	CHECK_TEXT(pairs_find(pairs, n, "a"), NULL, "gone");
	CHECK_RC(form_query(tc, NULL, &pairs, &n), RC_OK, "no query");
	CHECK_INT(n, 0, "no query");
}

static void malformed_queries_are_refused(void)
{
	static const char *const cases[] = {
		"a=%",       "a=%4",     "a=%4g",   "a=%00",       "a=%ff",
		"a=\xff",    "a=%c0%80", "a=1&a=2", "a[]=1",       "a%5B%5D=1",
		"a=1&%61=2", "=1",       "a=\x01",  "a=%ed%a0%80", "a=%+1",
	};
	struct pair *pairs;
	size_t n;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		fail_clear(tc);
		CHECK_RC(form_query(tc, cases[i], &pairs, &n), RC_BAD_REQUEST,
		         cases[i]);
	}
	struct buf many;
	buf_init(&many, tc->arena, 0);
	for (int i = 0; i < 50; i++)
		buf_fmt(&many, "%sa%d=1", i ? "&" : "", i);
	CHECK_RC(form_query(tc, many.s, &pairs, &n), RC_OK, "50 parameters");
	buf_puts(&many, "&b=1");
	CHECK_RC(form_query(tc, many.s, &pairs, &n), RC_BAD_REQUEST,
	         "51 parameters");
	char *wide = arena_alloc(tc->arena, 2050);
	memset(wide, 'a', 2048);
	CHECK_RC(form_query(tc, wide, &pairs, &n), RC_OK, "2,048 bytes");
	wide[2048] = 'a';
	CHECK_RC(form_query(tc, wide, &pairs, &n), RC_BAD_REQUEST,
	         "2,049 bytes");
}

static void a_query_fills_its_struct(void)
{
	struct wish w = { 0 };

	NEED_RC(read_query("q=%20buna%20&min_price=10.50&in_stock=1&ids=3,4&"
	                   "option.size=L&option.colour=dark+red",
	                   &w),
	        RC_OK, "read");
	CHECK_TEXT(w.q, "buna", "trimmed");
	CHECK_MONEY(w.min_price, "10.50", "money");
	CHECK_INT(w.stars, 3, "fallback");
	CHECK_TRUE(w.in_stock, "bool");
	CHECK_TRUE(w.lat != w.lat, "absent and nullable");
	NEED_TRUE(w.ids && w.n_ids == 2, "ids");
	CHECK_INT(w.ids[1], 4, "ids");
	NEED_INT(w.n_options, 2, "options");
	CHECK_TEXT(w.options[0], "size=L", "option");
	CHECK_TEXT(w.options[1], "colour=dark red", "option");
}

static void bad_values_are_told_all_at_once(void)
{
	struct wish w = { 0 };

	CHECK_RC(read_query("q=%0A&min_price=1e3&stars=6&in_stock=yes&"
	                    "vendor=7&lat=nan&ids=1,x,3&option.a=1&option.b=2&"
	                    "option.c=3&option.d=4",
	                    &w),
	         RC_INVALID, "read");
	CHECK_TEXT(faults(),
	           "min_price:bad_money stars:too_large in_stock:bad_bool "
	           "vendor:bad_id lat:bad_number option.*:too_many "
	           "ids[1]:bad_number",
	           "faults");
	CHECK_RC(read_query("stars=&q=", &w), RC_INVALID, "empty number");
	CHECK_TEXT(faults(), "stars:bad_number", "empty number");
}

static void unknown_parameters_make_a_query_malformed(void)
{
	struct wish w = { 0 };

	CHECK_RC(read_query("q=a&colour=red&size=1", &w), RC_BAD_REQUEST,
	         "two");
	CHECK_TEXT(tc->err.code, "unknown_parameter", "code");
	CHECK_TEXT(faults(), "colour:unknown size:unknown", "both are named");
	CHECK_RC(read_query("option.=1", &w), RC_BAD_REQUEST,
	         "nothing starred");
	CHECK_RC(read_query("option=1", &w), RC_BAD_REQUEST, "no star");
}

static void forms_leave_fields_empty(void)
{
	struct wish w = { .in_stock = true };

	NEED_RC(read_form("q=&min_price=&stars=&ids=1&ids=2&note=", &w), RC_OK,
	        "read");
	CHECK_TRUE(money_is_none(w.min_price), "none");
	CHECK_INT(w.stars, 3, "fallback");
	CHECK_TEXT(w.q, "", "empty text");
	CHECK_TEXT(w.note, NULL, "empty nullable text");
	CHECK_INT(w.n_ids, 2, "check boxes");
	CHECK_RC(read_form("note=a%0D%0Ab", &w), RC_OK, "lines");
	CHECK_TEXT(w.note, "a\nb", "lines");
	CHECK_RC(read_form("q=1&q=2&colour=1", &w), RC_INVALID, "faults");
	CHECK_TEXT(faults(), "colour:unknown q:repeated", "faults");
}

static void cookies_are_read_strictly(void)
{
	static const char *const cases[][2] = {
		{ "s=abc", "abc" },
		{ "a=1; s=abc", "abc" },
		{ "a=1;s=abc ;b=2", "abc" },
		{ "s=\"abc\"", "abc" },
		{ "s=", "" },
		{ "ss=abc", NULL },
		{ "s", NULL },
		{ "S=abc", NULL },
		{ "s=a; s=b", NULL },
		{ "s=a b", NULL },
		{ "s=a\"b", NULL },
		{ "s=a,b", NULL },
		{ "s=a\\b", NULL },
		{ "s=\xe1", NULL },
		{ "bad\x01; s=abc", "abc" },
		{ "", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(form_cookie(tc->arena, cases[i][0], "s"),
		           cases[i][1], cases[i][0]);
	CHECK_TEXT(form_cookie(tc->arena, NULL, "s"), NULL, "no header");
}

static void bodies_are_read_exactly(void)
{
	static const struct {
		const char *length;
		enum rc want;
	} cases[] = {
		{ NULL, RC_LENGTH },
		{ "", RC_LENGTH },
		{ "x", RC_BAD_REQUEST },
		{ "-1", RC_BAD_REQUEST },
		{ "+3", RC_BAD_REQUEST },
		{ " 3", RC_BAD_REQUEST },
		{ "3 ", RC_BAD_REQUEST },
		{ "0x3", RC_BAD_REQUEST },
		{ "8", RC_BAD_REQUEST },
		{ "101", RC_TOO_LARGE },
		{ "3", RC_OK },
		{ "0", RC_OK },
		{ "99999999999999999999999", RC_TOO_LARGE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *length = cases[i].length;
		struct fake_request f = {
			.variables = { length ? "CONTENT_LENGTH" : NULL,
			               length },
			.body = "abcdefg",
			.n = 7,
			.step = 2
		};
		struct req r = fake_request(&f, tc);

		CHECK_RC(body_read(&r, 100), cases[i].want,
		         length ? length : "none");
		if (length && !strcmp(length, "3")) {
			CHECK_TEXT(r.body, "abc", "three bytes");
			CHECK_INT(f.n, 4, "never more");
		}
	}
}

static void if_match_compares_versions(void)
{
	static const struct {
		const char *header;
		enum rc want;
	} cases[] = {
		{ NULL, RC_OK },
		{ "\"v3-abc\"", RC_OK },
		{ "\"3\"", RC_OK },
		{ "*", RC_OK },
		{ "\"v2-abc\", \"v3-abc\"", RC_OK },
		{ "\"v2-abc\"", RC_PRECONDITION },
		{ "W/\"v3-abc\"", RC_PRECONDITION },
		{ "\"v31-abc\"", RC_PRECONDITION },
		{ "3", RC_PRECONDITION },
		{ "\"\"", RC_PRECONDITION },
		{ "\"abc\"", RC_PRECONDITION },
		{ ",", RC_PRECONDITION },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *header = cases[i].header;
		struct fake_request f = {
			.variables = { header ? "HTTP_IF_MATCH" : NULL, header }
		};
		struct req r = fake_request(&f, tc);

		CHECK_RC(req_if_match(&r, 3), cases[i].want,
		         header ? header : "none");
	}
}

static void path_parameters_that_are_no_ids_are_not_found(void)
{
	struct fake_request f = { 0 };
	struct req r = fake_request(&f, tc);
	struct id id;

	r.params[0] = "0190c1a4-0000-7000-8000-000000000001";
	r.params[1] = "1";
	CHECK_RC(req_id(&r, 0, &id), RC_OK, "an id");
	CHECK_RC(req_id(&r, 1, &id), RC_NOT_FOUND, "none");
	CHECK_RC(req_id(&r, 3, &id), RC_NOT_FOUND, "absent");
	CHECK_TEXT(req_param(&r, 9), "", "out of range");
}

static void asked_fields_are_known(void)
{
	const struct route route = { .reply = &wish_shape };
	struct fake_request f = { 0 };
	struct req r = fake_request(&f, tc);

	r.route = &route;
	r.fields = 1 << 1;
	CHECK_TRUE(req_wants(&r, "min_price"), "asked for");
	CHECK_FALSE(req_wants(&r, "q"), "not asked for");
	CHECK_FALSE(req_wants(&r, "nothing"), "no such field");
}

CHECK_MAIN("form", TEST(queries_are_decoded_once),
           TEST(malformed_queries_are_refused), TEST(a_query_fills_its_struct),
           TEST(bad_values_are_told_all_at_once),
           TEST(unknown_parameters_make_a_query_malformed),
           TEST(forms_leave_fields_empty), TEST(cookies_are_read_strictly),
           TEST(bodies_are_read_exactly), TEST(if_match_compares_versions),
           TEST(path_parameters_that_are_no_ids_are_not_found),
           TEST(asked_fields_are_known))
