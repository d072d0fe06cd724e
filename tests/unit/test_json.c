#include "config.h"

#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/json.h"
#include "tests/support/check.h"

struct line {
	struct id variant_id;
	int quantity;
	const char *note;
};

static const struct field line_fields[] = {
	FIELD(line, variant_id, .flags = REQUIRED),
	FIELD(line, quantity, .flags = REQUIRED, .min = 1, .max = 999),
	FIELD(line, note, .flags = NULLABLE, .max = 20),
	FIELDS_END,
};
static const struct shape line_shape = SHAPE(line, line_fields);

struct basket {
	const char *address;
	const char *currency;
	struct money limit;
	double lat;
	bool gift;
	struct when due;
	struct json_text extra;
	struct line *items;
	size_t n_items;
	const char **tags;
	size_t n_tags;
	struct line *first;
	int64_t total;
	const char *internal;
	int64_t version;
	uint64_t given;
};

static const struct field basket_fields[] = {
	FIELD(basket, address, .flags = REQUIRED, .min = 5, .max = 200),
	FIELD(basket, currency, .format = FORMAT_CURRENCY, .fallback = "ETB"),
	FIELD(basket, limit, .flags = NULLABLE),
	FIELD(basket, lat, .flags = NULLABLE, .min = -90, .max = 90),
	FIELD(basket, gift),
	FIELD(basket, due),
	FIELD(basket, extra),
	LIST(basket, items, n_items, line_shape, .min = 1, .max = 3),
	VALUES(basket, tags, n_tags, .max = 2),
	OBJECT(basket, first, line_shape, .flags = NULLABLE),
	FIELD(basket, total, .flags = READ_ONLY),
	FIELD(basket, internal, .flags = PRIVATE),
	FIELD(basket, version, .flags = NULLABLE),
	FIELDS_END,
};
static const struct shape basket_shape = SHAPE(basket, basket_fields);
static const struct shape patch_shape = SHAPE_PATCH(basket, basket_fields);

static enum rc read_text(const struct shape *s, const char *text,
                         struct basket *out)
{
	json_t *j = NULL;

	fail_clear(tc);
	enum rc rc = json_read(tc, text, strlen(text), &j);
	return rc ? rc : json_to_shape(tc, s, j, out);
}

/* "path:code path:code", in the order they were found. */
static const char *faults(void)
{
	struct buf b;

	buf_init(&b, tc->arena, 0);
	for (const struct field_fault *f = tc->err.fields; f; f = f->next)
		buf_fmt(&b, "%s%s:%s", b.n ? " " : "", f->path, f->code);
	return b.s;
}

static void malformed_json_is_refused_whole(void)
{
	static const char *const cases[] = {
		"",
		"{",
		"{}x",
		"{} {}",
		"[1,]",
		"{\"a\":1,\"a\":2}",
		"{\"a\":{\"b\":1,\"b\":1}}",
		"{'a':1}",
		"{\"a\":01}",
		"{\"a\":1e999}",
		"{\"a\":9223372036854775808}",
		"{\"a\":\"\xff\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\u0000\"}",
		"{\"a\":NaN}",
		"\xef\xbb\xbf{}",
		"{\"a\":\"b\nc\"}",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *j = NULL;

		fail_clear(tc);
		CHECK_RC(json_read(tc, cases[i], strlen(cases[i]), &j),
		         RC_BAD_REQUEST, cases[i]);
	}
	json_t *j = NULL;
	fail_clear(tc);
	CHECK_RC(json_read(tc, "{}\0", 3, &j), RC_BAD_REQUEST, "NUL behind");
	fail_clear(tc);
	CHECK_RC(json_read(tc, "{\"a\0b\":1}", 9, &j), RC_BAD_REQUEST,
	         "NUL within");
	fail_clear(tc);
	CHECK_RC(json_read(tc, "{\"a\\\0", 6, &j), RC_BAD_REQUEST,
	         "NUL behind a backslash");
}

static const char *nested(int depth)
{
	char *s = arena_alloc(tc->arena, (size_t)depth * 2 + 1);

	memset(s, '[', (size_t)depth);
	memset(s + depth, ']', (size_t)depth);
	return s;
}

static void depth_members_and_size_are_bounded(void)
{
	enum { LARGE = 1024 * 1024 + 1 };
	json_t *j = NULL;

	CHECK_RC(json_read(tc, nested(16), 32, &j), RC_OK, "depth 16");
	CHECK_RC(json_read(tc, nested(17), 34, &j), RC_BAD_REQUEST, "depth 17");
	char *s = arena_alloc(tc->arena, LARGE);
	memset(s, ',', LARGE);
	fail_clear(tc);
	CHECK_RC(json_read(tc, s, LARGE - 1, &j), RC_BAD_REQUEST, "members");
	CHECK_HAS(tc->err.detail, "too many", "members");
	fail_clear(tc);
	CHECK_RC(json_read(tc, s, LARGE, &j), RC_TOO_LARGE, "size");
	/* Marks inside of text are only text. */
	s[0] = '"';
	s[30000] = '"';
	fail_clear(tc);
	CHECK_RC(json_read(tc, s, 30001, &j), RC_OK, "text");
}

static void a_body_fills_its_struct(void)
{
	struct basket b = { 0 };

	NEED_RC(read_text(&basket_shape,
	                  "{\"address\":\"  Bole road 5 \",\"limit\":\"12.50\","
	                  "\"lat\":9,\"gift\":true,"
	                  "\"due\":\"2026-11-22T12:00:00Z\","
	                  "\"extra\":{\"b\":[1,2.5],\"a\":null},"
	                  "\"items\":[{\"variant_id\":"
	                  "\"0190c1a4-0000-7000-8000-000000000001\","
	                  "\"quantity\":2,\"note\":null}],"
	                  "\"tags\":[\"x\",\"y\"],\"first\":null}",
	                  &b),
	        RC_OK, "read");
	CHECK_TEXT(b.address, "Bole road 5", "trimmed");
	CHECK_TEXT(b.currency, "ETB", "fallback");
	CHECK_MONEY(b.limit, "12.50", "money");
	CHECK_REAL(b.lat, 9, 0, "an integer is a real, too");
	CHECK_TRUE(b.gift, "bool");
	CHECK_INT(b.due.us, 1795348800000000, "time");
	CHECK_TEXT(b.extra.s, "{\"a\":null,\"b\":[1,2.5]}", "canonical");
	NEED_TRUE(b.items && b.n_items == 1, "items");
	CHECK_INT(b.items[0].quantity, 2, "item");
	CHECK_TEXT(b.items[0].note, NULL, "null");
	NEED_INT(b.n_tags, 2, "tags");
	CHECK_TEXT(b.tags[1], "y", "tag");
	CHECK_TRUE(!b.first, "no object");
	CHECK_INT(b.version, INT_NONE, "absent and nullable");
}

static void all_faults_come_at_once_by_path(void)
{
	struct basket b = { 0 };

	CHECK_RC(
		read_text(&basket_shape,
	                  "{\"address\":\"x\",\"currency\":\"birr\","
	                  "\"limit\":12.5,\"lat\":\"9\",\"gift\":1,"
	                  "\"due\":\"tomorrow\",\"total\":5,\"internal\":\"x\","
	                  "\"items\":[{\"variant_id\":\"1\",\"quantity\":1.0},"
	                  "{\"quantity\":0,\"extra\":1},7],"
	                  "\"tags\":[\"a\",2],\"first\":{},\"colour\":1}",
	                  &b),
		RC_INVALID, "read");
	CHECK_TEXT(faults(),
	           "address:too_short currency:bad_currency limit:type "
	           "lat:type gift:type due:bad_time "
	           "items[0].variant_id:bad_id items[0].quantity:type "
	           "items[1].variant_id:required items[1].quantity:too_small "
	           "items[1].extra:unknown items[2]:type tags[1]:type "
	           "first.variant_id:required first.quantity:required "
	           "total:read_only internal:unknown colour:unknown",
	           "faults");
}

static void lists_have_bounds(void)
{
	struct basket b = { 0 };

	CHECK_RC(read_text(&basket_shape,
	                   "{\"address\":\"Bole road\",\"items\":[],"
	                   "\"tags\":[\"a\",\"b\",\"c\"]}",
	                   &b),
	         RC_INVALID, "read");
	CHECK_TEXT(faults(), "items:too_few tags:too_many", "bounds");
	CHECK_RC(read_text(&basket_shape,
	                   "{\"address\":\"Bole road\",\"items\":{},"
	                   "\"tags\":null,\"first\":[]}",
	                   &b),
	         RC_INVALID, "read");
	CHECK_TEXT(faults(), "items:type tags:null first:type", "types");
}

static void a_body_must_be_an_object(void)
{
	static const char *const cases[] = { "[]", "1", "\"x\"", "null" };
	struct basket b = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_RC(read_text(&basket_shape, cases[i], &b), RC_BAD_REQUEST,
		         cases[i]);
}

static void a_patch_knows_what_was_given(void)
{
	struct basket b = { 0 };

	CHECK_RC(read_text(&patch_shape, "{\"lat\":null,\"gift\":false}", &b),
	         RC_OK, "read");
	CHECK_TRUE(shape_given(&patch_shape, &b, "lat"), "null is given");
	CHECK_TRUE(shape_given(&patch_shape, &b, "gift"), "false is given");
	CHECK_FALSE(shape_given(&patch_shape, &b, "address"), "not given");
	CHECK_TEXT(b.currency, NULL, "no fallback");
	CHECK_RC(read_text(&patch_shape, "{\"address\":null,\"first\":{}}", &b),
	         RC_INVALID, "read");
	CHECK_TEXT(faults(),
	           "address:null first.variant_id:required "
	           "first.quantity:required",
	           "required ones may not be null, children are whole");
}

static void faults_are_counted_out(void)
{
	struct basket b = { 0 };
	struct buf text;
	int n = 0;

	buf_init(&text, tc->arena, 0);
	buf_puts(&text, "{\"address\":\"Bole road\"");
	for (int i = 0; i < 5000; i++)
		buf_fmt(&text, ",\"x%d\":1", i);
	buf_putc(&text, '}');
	CHECK_RC(read_text(&basket_shape, text.s, &b), RC_INVALID, "read");
	for (const struct field_fault *f = tc->err.fields; f; f = f->next)
		n++;
	CHECK_INT(n, 100, "faults");
}

static void structs_become_trees(void)
{
	struct line items[1] = { { .quantity = 2, .note = "<b>" } };
	struct basket b = { .address = "Bole",
		            .limit = { 1250 },
		            .lat = 9.5,
		            .extra = { "[1]" },
		            .items = items,
		            .n_items = 1,
		            .version = INT_NONE };

	CHECK_TEXT(json_text(tc, json_from_shape(tc, &basket_shape, &b)),
	           "{\"address\":\"Bole\",\"currency\":null,"
	           "\"limit\":\"12.50\",\"lat\":9.5,\"gift\":false,"
	           "\"due\":null,\"extra\":[1],\"items\":[{\"variant_id\":null,"
	           "\"quantity\":2,\"note\":\"<b>\"}],\"tags\":[],"
	           "\"first\":null,\"total\":0,\"version\":null}",
	           "tree");
	CHECK_INT(json_array_size(json_from_shapes(tc, &line_shape, items, 1)),
	          1, "list");
}

CHECK_MAIN("json", TEST(malformed_json_is_refused_whole),
           TEST(depth_members_and_size_are_bounded),
           TEST(a_body_fills_its_struct), TEST(all_faults_come_at_once_by_path),
           TEST(lists_have_bounds), TEST(a_body_must_be_an_object),
           TEST(a_patch_knows_what_was_given), TEST(faults_are_counted_out),
           TEST(structs_become_trees))
