#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "fcgi/base/buf.h"
#include "fcgi/base/shape.h"
#include "tests/support/check.h"

struct part_of {
	struct id id;
	int n;
};

static const struct field part_fields[] = {
	FIELD(part_of, id),
	FIELD(part_of, n),
	FIELDS_END,
};
static const struct shape part_shape = SHAPE(part_of, part_fields);

struct all_kinds {
	const char *name;
	int small;
	int64_t big;
	bool yes;
	double lat;
	struct id id;
	struct money price;
	struct when at;
	struct json_text extra;
	struct blob hash;
	const char *secret;
	const char *note;
	struct part_of *one;
	struct part_of *parts;
	size_t n_parts;
	const char **tags;
	size_t n_tags;
	struct id *ids;
	size_t n_ids;
	int64_t *numbers;
	size_t n_numbers;
};

static const struct field all_fields[] = {
	FIELD(all_kinds, name),
	FIELD(all_kinds, small),
	FIELD(all_kinds, big),
	FIELD(all_kinds, yes),
	FIELD(all_kinds, lat),
	FIELD(all_kinds, id),
	FIELD(all_kinds, price),
	FIELD(all_kinds, at),
	FIELD(all_kinds, extra),
	FIELD(all_kinds, hash),
	FIELD(all_kinds, secret, .flags = PRIVATE),
	FIELD(all_kinds, note, .flags = OMIT_NONE),
	OBJECT(all_kinds, one, part_shape),
	LIST(all_kinds, parts, n_parts, part_shape),
	VALUES(all_kinds, tags, n_tags),
	VALUES(all_kinds, ids, n_ids),
	VALUES(all_kinds, numbers, n_numbers),
	FIELDS_END,
};
static const struct shape all_shape = SHAPE(all_kinds, all_fields);

static const char *written(const struct all_kinds *a, uint64_t mask)
{
	struct buf b;

	buf_init(&b, tc->arena, 0);
	shape_write(&b, &all_shape, a, mask);
	return b.s;
}

static struct all_kinds filled(void)
{
	static struct part_of parts[2] = { { .n = 1 }, { .n = 2 } };
	static const char *tags[] = { "a\"b", "ቡ" };
	static int64_t numbers[] = { -1, 2 };
	struct all_kinds a = { .name = "Yirga\n",
		               .small = -3,
		               .big = 1LL << 50,
		               .yes = true,
		               .lat = 9.0320,
		               .price = { 125000 },
		               .at = { 1795348800000000 },
		               .extra = { "{\"k\":[1]}" },
		               .hash = { "x", 1 },
		               .secret = "hidden",
		               .one = &parts[1],
		               .parts = parts,
		               .n_parts = 2,
		               .tags = tags,
		               .n_tags = 2,
		               .numbers = numbers,
		               .n_numbers = 2 };

	a.id.b[15] = 7;
	parts[0].id = a.id;
	a.ids = &parts[0].id;
	a.n_ids = 1;
	return a;
}

static void every_kind_is_written_as_json(void)
{
	struct all_kinds a = filled();

	CHECK_TEXT(
		written(&a, ALL_FIELDS),
		"{\"name\":\"Yirga\\n\",\"small\":-3,"
		"\"big\":1125899906842624,\"yes\":true,\"lat\":9.032,"
		"\"id\":\"00000000-0000-0000-0000-000000000007\","
		"\"price\":\"1250.00\",\"at\":\"2026-11-22T12:00:00Z\","
		"\"extra\":{\"k\":[1]},\"one\":{\"id\":null,\"n\":2},"
		"\"parts\":[{\"id\":\"00000000-0000-0000-0000-000000000007\","
		"\"n\":1},{\"id\":null,\"n\":2}],"
		"\"tags\":[\"a\\\"b\",\"ቡ\"],"
		"\"ids\":[\"00000000-0000-0000-0000-000000000007\"],"
		"\"numbers\":[-1,2]}",
		"all");
}

static void absent_values_are_null(void)
{
	struct all_kinds a = { 0 };

	for (const struct field *f = all_fields; f->name; f++)
		shape_set_none(f, &a);
	CHECK_TEXT(written(&a, ALL_FIELDS),
	           "{\"name\":null,\"small\":null,\"big\":null,\"yes\":false,"
	           "\"lat\":null,\"id\":null,\"price\":null,\"at\":null,"
	           "\"extra\":null,\"one\":null,\"parts\":[],\"tags\":[],"
	           "\"ids\":[],\"numbers\":[]}",
	           "none");
}

static void a_mask_picks_top_level_fields(void)
{
	struct all_kinds a = filled();
	int price = shape_find(&all_shape, "price", 5);
	int secret = shape_find(&all_shape, "secret", 6);

	CHECK_INT(shape_find(&all_shape, "pric", 4), -1, "prefix");
	CHECK_INT(shape_find(&all_shape, "prices", 6), -1, "longer");
	CHECK_TEXT(written(&a, (uint64_t)1 << price | 1),
	           "{\"name\":\"Yirga\\n\",\"price\":\"1250.00\"}", "two");
	CHECK_TEXT(written(&a, (uint64_t)1 << secret), "{}", "private");
	CHECK_TEXT(written(&a, 0), "{}", "nothing");
}

static void lists_of_structs_are_written(void)
{
	struct part_of parts[2] = { { .n = 1 }, { .n = 2 } };
	struct buf b;

	buf_init(&b, tc->arena, 0);
	shape_write_list(&b, &part_shape, parts, 2, 2);
	shape_write_list(&b, &part_shape, NULL, 0, ALL_FIELDS);
	CHECK_TEXT(b.s, "[{\"n\":1},{\"n\":2}][]", "list");
}

static void reals_are_short_and_without_exponent(void)
{
	static const struct {
		double v;
		int digits;
		const char *want;
	} cases[] = {
		{ 0, 0, "0" },
		{ -0.0, 0, "0" },
		{ 4.5, 2, "4.5" },
		{ 4.666666, 2, "4.67" },
		{ -0.004, 2, "0" },
		{ 0.1 + 0.2, 0, "0.3" },
		{ 38.7577605, 0, "38.757761" },
		{ -179.999999, 0, "-179.999999" },
		{ 1e-7, 0, "0" },
		{ 0.000001, 0, "0.000001" },
		{ 999.9999999, 0, "1000" },
		{ 1e14, 0, "100000000000000" },
		{ 1e19, 0, "10000000000000000000.0" },
		{ 1.0 / 0.0, 0, "null" },
		{ 100, 9, "100" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct field f[] = { FIELD(all_kinds, lat), FIELDS_END };
		struct shape s = SHAPE(all_kinds, f);
		struct all_kinds a = { .lat = cases[i].v };
		struct buf b;

		f[0].digits = cases[i].digits;
		buf_init(&b, tc->arena, 0);
		shape_write(&b, &s, &a, ALL_FIELDS);
		CHECK_TEXT(b.s,
		           arena_fmt(tc->arena, "{\"lat\":%s}", cases[i].want),
		           cases[i].want);
	}
}

/* The code that setting one text gives, NULL = taken. */
static const char *code_of(struct field f, const char *text)
{
	struct all_kinds a = { 0 };
	struct verdict v = shape_take_text(tc, &f, text, strlen(text), &a);

	return v.code;
}

/* NOLINTNEXTLINE(readability-function-size): one table of cases */
static void texts_are_checked_by_their_field(void)
{
	static const char *const sizes[] = { "S", "M", NULL };
	static const struct {
		struct field f;
		const char *text, *code;
	} cases[] = {
		{ FIELD(all_kinds, name, .max = 3), "abc", NULL },
		{ FIELD(all_kinds, name, .max = 3), "ቡናዎ", NULL },
		{ FIELD(all_kinds, name, .max = 3), "abcd", "too_long" },
		{ FIELD(all_kinds, name, .min = 2), "a", "too_short" },
		{ FIELD(all_kinds, name, .flags = REQUIRED), "  ", "required" },
		{ FIELD(all_kinds, name), "", NULL },
		{ FIELD(all_kinds, name), "a\nb", "bad_text" },
		{ FIELD(all_kinds, name, .flags = LONG_TEXT), "a\nb", NULL },
		{ FIELD(all_kinds, name), "\xff", "bad_text" },
		{ FIELD(all_kinds, name, .one_of = sizes), "M", NULL },
		{ FIELD(all_kinds, name, .one_of = sizes), "m", "not_one_of" },
		{ FIELD(all_kinds, name, .format = FORMAT_EMAIL), "a@b",
		  "bad_email" },
		{ FIELD(all_kinds, name, .format = FORMAT_PHONE), "12",
		  "bad_phone" },
		{ FIELD(all_kinds, name, .format = FORMAT_SLUG), "a-b", NULL },
		{ FIELD(all_kinds, name, .format = FORMAT_SLUG), "A b",
		  "bad_slug" },
		{ FIELD(all_kinds, name, .format = FORMAT_CURRENCY), "ETB",
		  NULL },
		{ FIELD(all_kinds, name, .format = FORMAT_CURRENCY), "TBA",
		  "bad_currency" },
		{ FIELD(all_kinds, name, .format = FORMAT_CURRENCY), "etb",
		  "bad_currency" },
		{ FIELD(all_kinds, name, .format = FORMAT_URL),
		  "https://shop.example/a?b=c", NULL },
		{ FIELD(all_kinds, name, .format = FORMAT_URL),
		  "javascript:alert(1)", "bad_url" },
		{ FIELD(all_kinds, name, .format = FORMAT_URL),
		  "https://a@b.example/", "bad_url" },
		{ FIELD(all_kinds, name, .format = FORMAT_URL), "https:///x",
		  "bad_url" },
		{ FIELD(all_kinds, name, .format = FORMAT_URL), "http://a/\"x",
		  "bad_url" },
		{ FIELD(all_kinds, name, .format = FORMAT_TOKEN), "a b",
		  "bad_token" },
		{ FIELD(all_kinds, name, .format = FORMAT_PASSWORD, .min = 8,
		        .max = 256),
		  " spaced ", NULL },
		{ FIELD(all_kinds, name, .format = FORMAT_PASSWORD, .min = 8,
		        .max = 256),
		  "seven77", "too_short" },
		{ FIELD(all_kinds, small, .min = 1, .max = 999), "999", NULL },
		{ FIELD(all_kinds, small, .min = 1, .max = 999), "1000",
		  "too_large" },
		{ FIELD(all_kinds, small, .min = 1, .max = 999), "0",
		  "too_small" },
		{ FIELD(all_kinds, small), "2147483647", NULL },
		{ FIELD(all_kinds, small), "2147483648", "too_large" },
		{ FIELD(all_kinds, small), "-2147483648", "too_small" },
		{ FIELD(all_kinds, small), "1.0", "bad_number" },
		{ FIELD(all_kinds, small), " 1", "bad_number" },
		{ FIELD(all_kinds, yes), "true", NULL },
		{ FIELD(all_kinds, yes), "maybe", "bad_bool" },
		{ FIELD(all_kinds, lat, .min = -90, .max = 90), "90.1",
		  "too_large" },
		{ FIELD(all_kinds, lat, .min = -90, .max = 90), "-90", NULL },
		{ FIELD(all_kinds, lat), "1e5", "bad_number" },
		{ FIELD(all_kinds, id), "0190c1a4-0000-7000-8000-000000000001",
		  NULL },
		{ FIELD(all_kinds, id), "0190c1a4", "bad_id" },
		{ FIELD(all_kinds, id), "00000000-0000-0000-0000-000000000000",
		  "bad_id" },
		{ FIELD(all_kinds, price, .min = 1), "0.00", "too_small" },
		{ FIELD(all_kinds, price, .max = 100), "1.00", NULL },
		{ FIELD(all_kinds, price, .max = 100), "1.01", "too_large" },
		{ FIELD(all_kinds, price), "1.001", "bad_money" },
		{ FIELD(all_kinds, price), "1e2", "bad_money" },
		{ FIELD(all_kinds, at), "2026-02-31T00:00:00Z", "bad_time" },
		{ FIELD(all_kinds, at), "2026-11-22T12:00:00Z", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(code_of(cases[i].f, cases[i].text), cases[i].code,
		           cases[i].text);
}

static void a_bad_text_is_reported_under_its_path(void)
{
	struct all_kinds a = { .small = 5 };
	const struct field f = FIELD(all_kinds, small, .max = 9);

	CHECK_FALSE(shape_set_text(tc, &f, "items[2].n", "10", 2, &a), "bad");
	NEED_TRUE(tc->err.fields, "a fault");
	CHECK_TEXT(tc->err.fields->path, "items[2].n", "path");
	CHECK_TEXT(tc->err.fields->code, "too_large", "code");
	CHECK_INT(a.small, 5, "left alone");
	CHECK_TRUE(shape_set_text(tc, &f, "n", "9", 1, &a), "good");
	CHECK_INT(a.small, 9, "stored");
}

static void values_become_text_as_they_stand_in_json(void)
{
	struct all_kinds a = filled();

	for (const struct field *f = all_fields; f->name; f++) {
		const char *text = shape_get_text(tc, f, &a);
		struct all_kinds again = { 0 };

		if (f->kind == KIND_OBJECT || f->kind == KIND_LIST ||
		    f->kind == KIND_BLOB) {
			CHECK_TEXT(text, NULL, f->name);
			continue;
		}
		if (!text || f->kind == KIND_TEXT || f->kind == KIND_JSON)
			continue;
		CHECK_TRUE(shape_set_text(tc, f, f->name, text, strlen(text),
		                          &again),
		           f->name);
		CHECK_TEXT(shape_get_text(tc, f, &again), text, f->name);
	}
}

static void a_listing_of_twenty_is_quick(void)
{
	enum { ROWS = 20, ROUNDS = 200 };
	struct all_kinds rows[ROWS];
	struct buf b;
	int64_t best = INT64_MAX;

	for (int i = 0; i < ROWS; i++)
		rows[i] = filled();
	buf_init(&b, tc->arena, 65536);
	for (int i = 0; i < ROUNDS; i++) {
		int64_t from = when_ticks();

		buf_clear(&b);
		shape_write_list(&b, &all_shape, rows, ROWS, ALL_FIELDS);
		if (when_ticks() - from < best)
			best = when_ticks() - from;
	}
	printf("20 rows of %zu bytes: %lld us\n", b.n / ROWS, (long long)best);
	/* A sanitized build on a busy machine is many times slower than the
	 * 10 us that a release build keeps to. */
	CHECK_TRUE(best < 1000, "20 rows");
}

CHECK_MAIN("shape", TEST(every_kind_is_written_as_json),
           TEST(absent_values_are_null), TEST(a_mask_picks_top_level_fields),
           TEST(lists_of_structs_are_written),
           TEST(reals_are_short_and_without_exponent),
           TEST(texts_are_checked_by_their_field),
           TEST(a_bad_text_is_reported_under_its_path),
           TEST(values_become_text_as_they_stand_in_json),
           TEST(a_listing_of_twenty_is_quick))
