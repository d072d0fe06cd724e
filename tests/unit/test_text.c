#include "config.h"

#include <string.h>

#include "fcgi/base/text.h"
#include "tests/support/check.h"

static void good_and_bad_utf8_are_told_apart(void)
{
	static const struct {
		const char *s;
		size_t n;
		bool is_good;
	} cases[] = {
		{ "", 0, true },
		{ "plain", 5, true },
		{ "የኢትዮጵያ", 21, true },
		{ "\xc0\x80", 2, false },         /* over-long NUL */
		{ "\xed\xa0\x80", 3, false },     /* surrogate */
		{ "\xf4\x90\x80\x80", 4, false }, /* above U+10FFFF */
		{ "abcdefgh\xff", 9, false },
		{ "\xe1\x88", 2, false }, /* cut off */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_INT(text_is_utf8(cases[i].s, cases[i].n),
		          cases[i].is_good, cases[i].s);
}

static void text_is_cleaned(void)
{
	static const struct {
		const char *s, *want;
		bool long_text;
	} cases[] = {
		{ "  trimmed \t", "trimmed", false },
		{ "\xc2\xa0 nbsp \xe3\x80\x80", "nbsp", false },
		{ "\xef\xbb\xbf"
		  "bom",
		  "bom", false },
		{ "e\xcc\x81", "\xc3\xa9", false }, /* NFC */
		{ "a\nb", NULL, false },
		{ "a\nb", "a\nb", true },
		{ "a\r\nb", "a\nb", true },
		{ "a\rb", NULL, true },
		{ "a\tb", NULL, true },
		{ "a\x7f", NULL, false },
		{ "a\xc2\x85z", NULL, false }, /* U+0085 */
		{ "a\xe2\x80\xa8z", NULL, false },
		{ "\xff", NULL, false },
		{ "   ", "", false },
		{ "ቡና", "ቡና", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(text_clean(tc->arena, cases[i].s, strlen(cases[i].s),
		                      cases[i].long_text),
		           cases[i].want, cases[i].s);
}

static void lengths_and_cuts_count_code_points(void)
{
	CHECK_INT(text_length("የኢትዮጵያ"), 6, "length");
	CHECK_TEXT(text_cut(tc->arena, "የኢትዮጵያ", 2), "የኢ", "cut");
	CHECK_TEXT(text_cut(tc->arena, "ab", 5), "ab", "shorter");
	CHECK_TEXT(text_cut(tc->arena, "ab", 0), "", "nothing");
}

static void comparison_keys_ignore_case_and_width(void)
{
	CHECK_TEXT(text_fold(tc->arena, "HeLLo"), "hello", "ascii");
	CHECK_TEXT(text_fold(tc->arena, "STRASSE"),
	           text_fold(tc->arena, "straße"), "sharp s");
	CHECK_TEXT(text_fold(tc->arena, "ＡＢＣ"), "abc", "full width");
}

static void slugs_keep_letters_of_any_script(void)
{
	static const char *const cases[][2] = {
		{ "Café Crème—Déluxe (250g)", "cafe-creme-deluxe-250g" },
		{ "የኢትዮጵያ ቡና 500ግ", "የኢትዮጵያ-ቡና-500ግ" },
		{ "咖啡 豆", "咖啡-豆" },
		{ "  --a--  ", "a" },
		{ "!!!", "" },
		{ "", "" },
		{ "İstanbul", "istanbul" },
		{ "a/b\\c..d", "a-b-c-d" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *slug = text_slug(tc->arena, cases[i][0]);

		CHECK_TEXT(slug, cases[i][1], cases[i][0]);
		CHECK_TEXT(text_slug(tc->arena, slug), slug, "again");
	}
	char *twice = arena_strndup(tc->arena, "", 0);
	for (int i = 0; i < 100; i++)
		twice = arena_fmt(tc->arena, "%sab ", twice);
	const char *slug = text_slug(tc->arena, twice);
	CHECK_TRUE(text_length(slug) <= 80, "at most 80 code points");
	CHECK_TRUE(slug[strlen(slug) - 1] != '-', "no hyphen at its end");
}

static void mail_addresses_are_normalised_or_refused(void)
{
	static const char *const cases[][2] = {
		{ "abebe@example.com", "abebe@example.com" },
		{ "Abebe.K+x@EXAMPLE.com", "Abebe.K+x@example.com" },
		{ "a@bücher.example", "a@xn--bcher-kva.example" },
		{ "a@localhost", NULL },
		{ "a@b..com", NULL },
		{ "a@-b.com", NULL },
		{ "a@b-.com", NULL },
		{ "a@exa_mple.com", NULL },
		{ "a@b@c.com", NULL },
		{ ".a@b.com", NULL },
		{ "a.@b.com", NULL },
		{ "a..b@c.com", NULL },
		{ "a b@c.com", NULL },
		{ "\"a\"@c.com", NULL },
		{ "@c.com", NULL },
		{ "a@", NULL },
		{ "a", NULL },
		{ "a@[127.0.0.1]", NULL },
		{ "a\r\nBcc: x@y.com", NULL },
		{ "a@b.com\n", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(text_email(tc->arena, cases[i][0]), cases[i][1],
		           cases[i][0]);
	char local[80] = { 0 };
	memset(local, 'a', 65);
	CHECK_TEXT(
		text_email(tc->arena, arena_fmt(tc->arena, "%s@b.com", local)),
		NULL, "65 characters before the @");
	CHECK_TRUE(text_email(tc->arena,
	                      arena_fmt(tc->arena, "%s@b.com", local + 1)),
	           "64 characters before the @");
}

static void phone_numbers_become_e164(void)
{
	static const char *const cases[][2] = {
		{ "0911234567", "+251911234567" },
		{ "0711 23 45 67", "+251711234567" },
		{ "+251 (911) 23-45-67", "+251911234567" },
		{ "00251911234567", "+251911234567" },
		{ "+14155550100", "+14155550100" },
		{ "0111234567", NULL },
		{ "911234567", NULL },
		{ "+0911234567", NULL },
		{ "+1234567", NULL },
		{ "+1234567890123456", NULL },
		{ "09112345678", NULL },
		{ "0911-abc-567", NULL },
		{ "", NULL },
		{ "+", NULL },
		{ "００９", NULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK_TEXT(text_phone(tc->arena, cases[i][0]), cases[i][1],
		           cases[i][0]);
}

static void base64_and_hex_come_back(void)
{
	static const char *const cases[][3] = {
		{ "", "", "" },
		{ "f", "Zg==", "Zg" },
		{ "fo", "Zm8=", "Zm8" },
		{ "foo", "Zm9v", "Zm9v" },
		{ "foob", "Zm9vYg==", "Zm9vYg" },
		{ "\xff\xfe\xfd", "//79", "__79" },
	};
	size_t n;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *const *v = cases[i];
		size_t length = strlen(v[0]);

		CHECK_TEXT(text_base64(tc->arena, v[0], length), v[1], v[1]);
		CHECK_TEXT(text_base64url(tc->arena, v[0], length), v[2], v[2]);
		CHECK_TEXT(text_unbase64(tc->arena, v[1], strlen(v[1]), &n),
		           v[0], v[1]);
		CHECK_INT(n, length, v[1]);
		CHECK_TEXT(text_unbase64url(tc->arena, v[2], strlen(v[2]), &n),
		           v[0], v[2]);
	}
	static const char *const bad[] = { "Z",   "Zh",     "Zg==", "Zm8 ",
		                           "Zm9", "Zm9v\n", "Z*8A" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_TRUE(!text_unbase64url(tc->arena, bad[i], strlen(bad[i]),
		                             &n),
		           bad[i]);
	unsigned char bytes[3];
	CHECK_TEXT(text_hex(tc->arena, "\x01\xab\xff", 3), "01abff", "hex");
	CHECK_TRUE(text_unhex("01ABff", bytes, 3), "unhex");
	CHECK_BYTES(bytes, "\x01\xab\xff", 3, "unhex");
	CHECK_FALSE(text_unhex("01abf", bytes, 3), "odd");
	CHECK_FALSE(text_unhex("01abfg", bytes, 3), "no digit");
}

static void numbers_have_one_form(void)
{
	static const char *const bad[] = { "",
		                           "-",
		                           "+1",
		                           " 1",
		                           "1 ",
		                           "01",
		                           "-0",
		                           "1.0",
		                           "1e3",
		                           "0x10",
		                           "１",
		                           "--1",
		                           "9999999999999999999" };
	int64_t v = 7;
	double real = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_FALSE(text_int(bad[i], strlen(bad[i]), &v), bad[i]);
	CHECK_INT(v, 7, "left alone");
	CHECK_TRUE(text_int("-999999999999999999", 19, &v), "18 digits");
	CHECK_INT(v, -999999999999999999, "18 digits");
	CHECK_TRUE(text_int("0", 1, &v), "zero");

	static const char *const bad_reals[] = { "",    ".",   "1.",  ".5",
		                                 "1e3", "nan", "inf", "1.2.3",
		                                 "+1",  "1,5", " 1",  "-" };
	for (size_t i = 0; i < sizeof(bad_reals) / sizeof(*bad_reals); i++)
		CHECK_FALSE(
			text_real(bad_reals[i], strlen(bad_reals[i]), &real),
			bad_reals[i]);
	CHECK_TRUE(text_real("-12.5", 5, &real), "half");
	CHECK_REAL(real, -12.5, 0, "half");
	CHECK_TRUE(text_real("9.0320", 6, &real), "coordinate");
	CHECK_REAL(real, 9.032, 0, "coordinate");
}

CHECK_MAIN("text", TEST(good_and_bad_utf8_are_told_apart),
           TEST(text_is_cleaned), TEST(lengths_and_cuts_count_code_points),
           TEST(comparison_keys_ignore_case_and_width),
           TEST(slugs_keep_letters_of_any_script),
           TEST(mail_addresses_are_normalised_or_refused),
           TEST(phone_numbers_become_e164), TEST(base64_and_hex_come_back),
           TEST(numbers_have_one_form))
