/* Ids, money and times at their borders. */
#include "config.h"

#include <string.h>

#include "fcgi/base/value.h"
#include "tests/support/check.h"

static void ids_are_sortable_uuids_of_version_seven(void)
{
	struct id last = id_new();
	char text[ID_TEXT_MAX];
	struct id back;

	for (int i = 0; i < 20000; i++) {
		struct id next = id_new();

		if (id_compare(last, next) >= 0) {
			CHECK_INT(i, -1,
			          "an id is not greater than the one before");
			return;
		}
		last = next;
	}
	CHECK_INT(last.b[6] >> 4, 7, "version");
	CHECK_INT(last.b[8] >> 6, 2, "variant");
	CHECK_INT(strlen(id_text(last, text)), 36, "length of the text");
	CHECK_TRUE(id_parse(text, &back), "text is read");
	CHECK_ID(back, last, "there and back");
	CHECK_REAL((double)id_when(last).us, (double)when_now().us, 60e6,
	           "time");
}

static void malformed_ids_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"018f0000-0000-7000-8000-00000000000",
		"018f0000-0000-7000-8000-0000000000000",
		"018f0000x0000-7000-8000-000000000000",
		"018f0000-0000-7000-8000-00000000000g",
		"{18f0000-0000-7000-8000-000000000000",
	};
	struct id out = { { 9 } };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_FALSE(id_parse(bad[i], &out), bad[i]);
	CHECK_INT(out.b[0], 9, "out is untouched");
	CHECK_TRUE(id_parse("018F0000-0000-7000-8000-0000000000AB", &out),
	           "upper case");
}

static void money_is_read_and_written_exactly(void)
{
	static const struct {
		const char *text, *back; /* back NULL = refused */
	} cases[] = {
		{ "0", "0.00" },
		{ "1250", "1250.00" },
		{ "1250.5", "1250.50" },
		{ "-3.10", "-3.10" },
		{ "0.07", "0.07" },
		{ "92233720368547758.07", "92233720368547758.07" },
		{ "92233720368547758.08", NULL },
		{ "1.234", NULL },
		{ "01", NULL },
		{ "+1", NULL },
		{ " 1", NULL },
		{ "1e3", NULL },
		{ "1.", NULL },
		{ ".5", NULL },
		{ "1,000", NULL },
		{ "", NULL },
		{ "-", NULL },
	};
	char out[MONEY_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct money m = { 0 };
		bool ok = money_parse(cases[i].text, &m);

		CHECK_TEXT(ok ? money_text(m, out) : NULL, cases[i].back,
		           cases[i].text);
	}
	money_set_digits(0);
	struct money yen = { 0 };
	CHECK_TRUE(money_parse("500", &yen), "yen");
	CHECK_TEXT(money_text(yen, out), "500", "no digits");
	CHECK_FALSE(money_parse("500.0", &yen), "yen have no fraction");
	money_set_digits(2);
}

static void money_arithmetic_notices_overflow(void)
{
	struct money out = { 7 };
	struct money most = { INT64_MAX };

	CHECK_FALSE(money_add(most, (struct money){ 1 }, &out), "add");
	CHECK_FALSE(money_sub((struct money){ -2 }, most, &out), "sub");
	CHECK_FALSE(money_times(most, 2, &out), "times");
	CHECK_FALSE(money_share(most, 3, 2, &out), "share");
	CHECK_INT(out.minor, 7, "out is untouched");
	CHECK_TRUE(money_share(most, 1, 2, &out), "128 bit in between");
	CHECK_INT(out.minor, INT64_MAX / 2 + 1, "half up");
}

static void shares_are_rounded_half_away_from_zero(void)
{
	static const struct {
		int64_t minor, numerator, denominator, want;
	} cases[] = {
		{ 5, 1, 2, 3 },
		{ -5, 1, 2, -3 },
		{ 4, 1, 3, 1 },
		{ 5, 1, 3, 2 },
		{ 1, 1, 3, 0 },
		{ 12345, 1000, 10000, 1235 },
		{ 12344, 1000, 10000, 1234 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct money out = { 0 };

		CHECK_TRUE(money_share((struct money){ cases[i].minor },
		                       cases[i].numerator, cases[i].denominator,
		                       &out),
		           "share");
		CHECK_INT(out.minor, cases[i].want, "rounded");
	}
}

/* Small and repeatable: xorshift64 (Marsaglia, 2003). */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void parts_always_add_up_and_are_near_their_exact_share(void)
{
	uint64_t seed = 88172645463325252u;

	for (int round = 0; round < 20000; round++) {
		int64_t weights[8];
		struct money parts[8];
		size_t n = 1 + random_next(&seed) % 8;
		int64_t total =
			(int64_t)(random_next(&seed) % 2000001) - 1000000;
		int64_t sum = 0, weight = 0;

		for (size_t i = 0; i < n; i++) {
			weights[i] = (int64_t)(random_next(&seed) % 1000);
			weight += weights[i];
		}
		weights[0] += weight == 0;
		weight += weight == 0;
		money_split((struct money){ total }, weights, n, parts);
		for (size_t i = 0; i < n; i++) {
			double exact = (double)total * (double)weights[i] /
			               (double)weight;
			double off = (double)parts[i].minor - exact;

			sum += parts[i].minor;
			if (off >= 1.0 || off <= -1.0)
				CHECK_REAL((double)parts[i].minor, exact, 1.0,
				           "near its share");
		}
		if (sum != total)
			CHECK_INT(sum, total, "the parts add up");
	}
	struct money third[3];
	money_split((struct money){ 100 }, (int64_t[]){ 1, 1, 1 }, 3, third);
	CHECK_INT(third[0].minor, 34, "ties go to the earlier part");
	CHECK_INT(third[1].minor, 33, "second");
	money_split((struct money){ 5 }, (int64_t[]){ 0, 1, 0 }, 3, third);
	CHECK_INT(third[1].minor, 5, "no weight, no part");
}

static void times_are_read_and_written_in_rfc_3339(void)
{
	static const struct {
		const char *text, *back;
	} cases[] = {
		{ "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z" },
		{ "2026-11-22T15:00:00+03:00", "2026-11-22T12:00:00Z" },
		{ "2026-11-22T12:00:00.5Z", "2026-11-22T12:00:00.500000Z" },
		{ "1969-12-31T23:59:59.999999Z",
		  "1969-12-31T23:59:59.999999Z" },
		{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z" },
		{ "2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z" },
		{ "1900-02-29T00:00:00Z", NULL },
		{ "2026-02-31T00:00:00Z", NULL },
		{ "2026-13-01T00:00:00Z", NULL },
		{ "2026-01-01T24:00:00Z", NULL },
		{ "2026-01-01T00:00:60Z", NULL },
		{ "2026-01-01T00:00:00", NULL },
		{ "2026-01-01", NULL },
		{ "2026-1-1T00:00:00Z", NULL },
		{ "2026-01-01T00:00:00Zx", NULL },
		{ "", NULL },
	};
	char out[WHEN_TEXT_MAX];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct when w = { 0 };

		CHECK_TEXT(when_parse(cases[i].text, &w) ? when_text(w, out)
		                                         : NULL,
		           cases[i].back, cases[i].text);
	}
}

static void dates_survive_splitting_and_joining(void)
{
	uint64_t seed = 20261122;

	for (int i = 0; i < 20000; i++) {
		struct when w = { (int64_t)(random_next(&seed) %
			                    200000000000000000u) -
			          50000000000000000 };
		struct when_parts p = when_split(w);

		if (when_join(&p).us != w.us)
			CHECK_INT(when_join(&p).us, w.us, "there and back");
	}
	struct when sunday = { 0 };
	CHECK_TRUE(when_parse("2026-11-22T00:00:00Z", &sunday), "a Sunday");
	CHECK_INT(when_split(sunday).weekday, 0, "weekday");
}

CHECK_MAIN("value", TEST(ids_are_sortable_uuids_of_version_seven),
           TEST(malformed_ids_are_refused),
           TEST(money_is_read_and_written_exactly),
           TEST(money_arithmetic_notices_overflow),
           TEST(shares_are_rounded_half_away_from_zero),
           TEST(parts_always_add_up_and_are_near_their_exact_share),
           TEST(times_are_read_and_written_in_rfc_3339),
           TEST(dates_survive_splitting_and_joining))
